import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { defaultSettings } from "../../src/core/settings.ts";
import { nearMissIn, parseSettings, SettingsFile, settingsPath } from "../../src/github/settings-file.ts";
import { readWorkflowFile, workflowPath } from "../../src/github/workflow-file.ts";
import { setSecret } from "../sandbox/actions-settings.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

describe("the text of the settings", () => {
  test.each([
    ["", defaultSettings],
    ["# nothing yet\n", defaultSettings],
    ["merge: auto\n", { ...defaultSettings, merge: "auto" }],
    ["requester_may_approve: false # we are two\n", { ...defaultSettings, requesterMayApprove: false }],
    ["ci: approved\r\nmerge: manual\r\n", { ...defaultSettings, ci: "approved" }],
    ["integration: task\n", { ...defaultSettings, integration: "task" }],
    ["---\nci: ready\n", { ...defaultSettings, ci: "ready" }],
    ["\uFEFFmerge: auto\n", { ...defaultSettings, merge: "auto" }],
  ])("%j is read", (text, settings) => {
    expect(parseSettings(text)).toEqual({ kind: "settings", settings });
  });

  test.each([
    ["merge: yes please\n", 'line 1: merge: expected manual or auto, got "yes please"'],
    ["# first\nrequester_may_approve: no\n", 'line 2: requester_may_approve: expected true or false, got "no"'],
    ["merge: auto\nci:\n", "line 2: ci: expected ready or approved, got nothing"],
    ["merge: [auto]\n", "line 1: merge: expected manual or auto, got something with parts of its own"],
    ["merge: auto\n\nmerg: auto\n", 'line 3: unknown setting "merg"; did you mean merge?'],
    [
      "requester-may-approve: true\n",
      'line 1: unknown setting "requester-may-approve"; did you mean requester_may_approve?',
    ],
    ["budget: 3\n", 'line 1: unknown setting "budget"; there are merge, requester_may_approve, integration, ci'],
    ["- merge\n", 'line 1: expected settings such as "merge: auto", got something with parts of its own'],
    ["auto\n", 'line 1: expected settings such as "merge: auto", got "auto"'],
    ["merge: auto\nmerge: manual\n", "line 2: Map keys must be unique"],
    ["merge: auto\n---\nmerge: manual\n", "line 2: Source contains multiple documents"],
    ["merge: 'auto\n", "line 2: Missing closing 'quote"],
    ["merge: !!js/function x\n", "line 1: Unresolved tag"],
  ])("%j is refused, with line, setting, what was expected and what is there", (text, fault) => {
    const read = parseSettings(text);
    expect(read).toMatchObject({ kind: "invalid" });
    expect(read.kind === "invalid" && read.message).toContain(`${settingsPath}: ${fault}`);
  });

  test("names all of its faults, up to a few", () => {
    const read = parseSettings("merge: x\nci: y\na: 1\nb: 2\nc: 3\nd: 4\n");
    expect(read.kind === "invalid" && read.message.split("; line").length).toBe(5);
    expect(read.kind === "invalid" && read.message).toMatch(/; 1 more$/u);
  });

  test("whose aliases multiply is refused instead of worked out", () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [name, of] of ["ba", "cb", "dc", "ed"].map((pair) => Array.from(pair))) {
      lines.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${of}`).join(", ")}]`);
    }
    expect(parseSettings(lines.join("\n"))).toMatchObject({ kind: "invalid" });
  });
});

test.each([
  [["setting.yaml"], "setting.yaml"],
  [["README.md", "Settings.yml"], "Settings.yml"],
  [["settings.json"], "settings.json"],
  [["settngs.yml"], "settngs.yml"],
  [["playbooks.yml", "settings.md"], null],
])("among %j the name that is almost right is %s", (names, near) => {
  expect(nearMissIn(names)).toBe(near);
});

test("the schema for editors is the current one", () => {
  const published: unknown = JSON.parse(
    readFileSync(new URL("../../guide/settings.schema.json", import.meta.url), "utf8"),
  );
  expect(published).toEqual(z.toJSONSchema(SettingsFile));
});

describe("before a run", () => {
  let bed: GitHubTestbed;

  afterEach(() => bed.stop());

  const workflow = { [workflowPath]: readWorkflowFile({ actionRef: "a/b@c", appUrl: "https://phasegate.example" }) };

  async function start(files: Readonly<Record<string, string>>): Promise<void> {
    bed = await startGitHubTestbed({ files: { "README.md": "# Shop\n", ...workflow, ...files } });
    setSecret(bed.sandbox.context, bed.sandbox.repositoryOf("octo/shop"), "ANTHROPIC_API_KEY", "value");
  }

  const read = async () => {
    const { fault, settings } = await bed.github.preflight(bed.repository);
    return { fault, settings };
  };
  const readsOfSettings = () => bed.sent().filter((line) => /phasegate$|\/git\/blobs\//u.test(line));

  test("a repository without the file has the defaults", async () => {
    await start({});
    expect(await read()).toEqual({ fault: null, settings: defaultSettings });
  });

  test("the file of the default branch's head counts, and is asked for again only where the branch moved", async () => {
    await start({ [settingsPath]: "merge: auto\n" });
    expect(await read()).toEqual({ fault: null, settings: { ...defaultSettings, merge: "auto" } });
    expect(readsOfSettings().length).toBe(2);
    await read();
    expect(readsOfSettings()).toEqual([]);
    await bed.owner.push({ branch: "main", files: { "a.txt": "a" } });
    expect((await read()).settings.merge).toBe("auto");
    expect(readsOfSettings()).toEqual(["GET /repos/octo/shop/contents/.github%2Fphasegate"]);
    await bed.owner.push({ branch: "main", files: { [settingsPath]: "merge: manual\n" } });
    expect((await read()).settings.merge).toBe("manual");
  });

  test("a file that can't be read is a fault, and the defaults hold meanwhile", async () => {
    await start({ [settingsPath]: "merge: always\n" });
    expect(await read()).toEqual({
      fault: {
        kind: "settings-invalid",
        message: `${settingsPath}: line 1: merge: expected manual or auto, got "always"`,
      },
      settings: defaultSettings,
    });
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      "of almost the right name",
      { ".github/phasegate/setting.yaml": "merge: auto\n" },
      "there is .github/phasegate/setting.yaml, which is not read; rename it",
    ],
    ["that is a folder", { [`${settingsPath}/x.yml`]: "" }, "expected a file, got a dir"],
    ["whose folder is a file", { ".github/phasegate": "merge: auto" }, ".github/phasegate is no folder"],
    ["that is too large", { [settingsPath]: "#".repeat(20_000) }, "too large: expected at most 16384 bytes, got 20000"],
    ["that is no text", { [settingsPath]: "merge: auto\0" }, "it is not UTF-8 text"],
  ])("a file %s is a fault", async (_claim, files, fault) => {
    await start(files);
    expect((await read()).fault).toEqual({ kind: "settings-invalid", message: `${settingsPath}: ${fault}` });
  });

  test("what keeps any run from starting is named first", async () => {
    await start({ [settingsPath]: "merge: always\n" });
    bed.sandbox.repositoryOf("octo/shop").secrets.clear();
    expect((await read()).fault).toEqual({ kind: "no-model-secret" });
  });
});
