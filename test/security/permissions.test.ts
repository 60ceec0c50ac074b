/** Least privilege: what `app.yml` asks for is what the app needs, and each optional permission may be missing. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isMap, isScalar, parseDocument } from "yaml";
import { describe, expect, test } from "vitest";
import { compareRights } from "../../src/doctor/compare-rights.ts";
import { readAppRights } from "../../src/setup/app-manifest.ts";
import { ourApp } from "../sandbox/registration.ts";
import { story } from "../support/story.ts";

const root = path.join(import.meta.dirname, "..", "..");
const appYml = readFileSync(path.join(root, "app.yml"), "utf8");
const rights = readAppRights(appYml);
const about = { check: "installation", who: "the installation", mend: "accept it" };

/** e.g. `contents: write`: whatever a token of ours is narrowed to, anywhere. */
function namedInCalls(): ReadonlySet<string> {
  const folder = path.join(root, "src", "github");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const texts = files.map((file) => readFileSync(path.join(folder, file), "utf8"));
  const literals = texts.flatMap((text) =>
    [...text.matchAll(/\{[^{}]*:\s*"(?:read|write)"[^{}]*\}/gu)].map(([all]) => all),
  );
  return new Set(
    literals.flatMap((literal) =>
      [...literal.matchAll(/(\w+): "(read|write)"/gu)].map(([, name = "", level = ""]) => `${name}: ${level}`),
    ),
  );
}

const without = (name: string) =>
  Object.fromEntries(Object.entries(ourApp.permissions).filter(([each]) => each !== name));

describe("the App's manifest", () => {
  test("says of each permission which feature needs it", () => {
    const permissions = parseDocument(appYml).get("default_permissions");
    const said = isMap(permissions) ? permissions.items : [];
    // What stands before the first of a map, the parser takes for the map's.
    const ofFirst = isMap(permissions) ? (permissions.commentBefore ?? "") : "";
    const reasons = said.map(({ key }, at) => (isScalar(key) ? (key.commentBefore ?? (at === 0 ? ofFirst : "")) : ""));
    const unsaid = said.filter((_, at) => (reasons[at] ?? "").trim().length < 20);
    expect(unsaid.map(({ key }) => String(key))).toEqual([]);
    expect(said).toHaveLength(Object.keys(rights.permissions).length);
  });

  test("asks for just what calls of the app are narrowed to, permission by permission and level by level", () => {
    // Not in the manifest: read where somebody granted it all the same.
    const beyond = ["administration: read"];
    const used = [...namedInCalls()].filter((each) => !beyond.includes(each));
    const asked = Object.entries(rights.permissions).map(([name, level]) => `${name}: ${level}`);
    expect(asked.filter((each) => !used.includes(each))).toEqual([]);
    expect(used.filter((each) => !asked.includes(each.replace(/read$/u, "write")) && !asked.includes(each))).toEqual(
      [],
    );
  });

  test.each(Object.keys(rights.permissions).filter((name) => !rights.optionalPermissions.includes(name)))(
    "without %s, which is needed, a fault is found",
    (name) => {
      const [finding] = compareRights(rights, { permissions: without(name), events: rights.events }, about);
      expect(finding).toMatchObject({ level: "fault", message: expect.stringContaining(`lacks ${name}: `) });
    },
  );
});

describe("an installation that did not grant", () => {
  for (const name of rights.optionalPermissions) {
    story(
      `${name} has its tasks all the same, and /doctor says what is missing and what that costs`,
      {
        permissions: without(name),
        provokes: name === "checks" ? ["no check run: the app may not write checks there"] : [],
      },
      async (told) => {
        const { owner } = told;
        const { number } = await owner.openIssue({ title: "Links", body: "Short ones.", labels: ["create_app"] });
        await told.next("ReviewCreated");
        await told.acceptGate(1);
        await told.next("PhaseCompleted");
        await told.next("ReviewCreated");
        await owner.comment(number, "/doctor");
        await told.settled();
        const answer = (await owner.comments(number)).map(({ body }) => body).find((body) => body.includes("optional"));
        expect(answer).toMatch(
          new RegExp(`lacks the optional ${name.replaceAll("_", String.raw`\\?_`)}: \\w+: .{20}`, "u"),
        );
      },
    );
  }
});
