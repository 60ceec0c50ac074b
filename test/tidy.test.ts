/** House rules as ordinary tests. Each message names the file, the rule and the remedy. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { inputNames } from "../action/inputs.ts";

const root = path.join(import.meta.dirname, "..");

/** What each folder of src may import of the others. Nobody is missing: a new folder must be written down here. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: [],
  yaml: [],
  control: ["core", "protocol"],
  store: ["core", "control/ports"],
  github: ["core", "control/ports", "control/intents.ts"],
  guide: ["core", "yaml"],
  verify: ["core", "yaml"],
  runner: ["core", "protocol"],
  http: ["core", "protocol", "control/ports"],
  setup: ["core", "control/config.ts", "control/ports"],
  // A program of its own beside the app, which answers `/doctor` with it, too: it looks at GitHub through the app's own client.
  doctor: ["core", "control/ports", "github", "setup/app-manifest.ts"],
};

function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => path.join(folder, file));
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/gu)].map(([, specifier = ""]) => specifier);
}

describe("imports", () => {
  test("point inwards: adapters never import each other", () => {
    const faults: string[] = [];
    for (const file of filesBelow("src", ".ts")) {
      const [, folder = "", ...rest] = file.split(path.sep);
      if (rest.length === 0) continue;
      const allowed = mayImport[folder];
      if (allowed === undefined) {
        faults.push(
          `${file}: the folder src/${folder} is not in the table of test/tidy.test.ts; add what it may import`,
        );
        continue;
      }
      for (const specifier of importsOf(file).filter((candidate) => candidate.startsWith("."))) {
        const target = path.relative(path.join(root, "src"), path.resolve(root, path.dirname(file), specifier));
        const inside = [folder, ...allowed].some((place) => target === place || target.startsWith(`${place}/`));
        if (!inside)
          faults.push(
            `${file} imports ${target}: src/${folder} may import ${allowed.join(", ") || "nothing of src"}; pass it in from start-app.ts or action/main.ts`,
          );
      }
    }
    expect(faults).toEqual([]);
  });

  test("only the programs read the environment, the clock and random ids", () => {
    const byHand = ["doctor", "backup", "restore", "rebuild", "rotate-key"].map((name) => `src/${name}.ts`);
    const programs = ["src/main.ts", ...byHand, "action/main.ts"];
    const faults = [...filesBelow("src", ".ts"), ...filesBelow("action", ".ts")]
      .filter((file) => !programs.includes(file))
      .flatMap((file) => {
        const code = readFileSync(path.join(root, file), "utf8")
          .split("\n")
          .filter((line) => !/^\s*(?:\/\/|\*|\/\*)/u.test(line))
          .join("\n");
        return ["process.env", "Date.now()", "new Date()", "randomUUID("]
          .filter((forbidden) => code.includes(forbidden))
          .map((forbidden) => `${file}: ${forbidden} belongs into ${programs.join(" or ")}; take it as a parameter`);
      });
    expect(faults).toEqual([]);
  });
});

describe("what is written down twice", () => {
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  const yaml = (file: string): unknown => parse(readFileSync(path.join(root, file), "utf8"));

  test("the action's inputs are those that action.yml names and the README lists", () => {
    const action = yaml("action.yml");
    const inputs = Object.keys((action as { inputs: object }).inputs);
    expect([...inputNames].sort()).toEqual([...inputs].sort());
    for (const name of inputs) expect(readme).toContain(`| \`${name}\` |`);
  });

  test("the app's permissions are those that the README explains", () => {
    const app = yaml("app.yml") as { default_permissions: Record<string, string>; default_events: string[] };
    for (const [name, level] of Object.entries(app.default_permissions))
      expect(readme).toContain(`| \`${name}\` | ${level} |`);
    for (const event of app.default_events) expect(readme).toContain(`\`${event}\``);
  });

  test("the README lists every setting that the app reads, and no other", () => {
    const config = readFileSync(path.join(root, "src/control/config.ts"), "utf8");
    const read = new Set(
      [...config.matchAll(/(?:get|required|numberOf)\(\s*"([A-Z_]+)"/gu)].map(([, name = ""]) => name),
    );
    read.delete("GHE_HOST");
    const listed = [...readme.matchAll(/^\| `([A-Z][A-Z_]+)` \|/gmu)].map(([, name = ""]) => name);
    expect([...listed].sort()).toEqual([...read].sort());
  });
});

test("nothing in the repository names a package registry's host", () => {
  const files = ["package.json", "package-lock.json", "README.md", ".npmrc", ".ci/run", ".github/workflows/ci.yml"];
  for (const file of files) {
    const text = readFileSync(path.join(root, file), "utf8");
    expect(text, `${file}: leave the registry to npm's own configuration`).not.toMatch(
      /"resolved"|registry\s*=|https?:\/\/[\w.-]*registry/u,
    );
  }
});
