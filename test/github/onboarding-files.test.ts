import { expect, test } from "vitest";
import { readOnboardingFiles } from "../../src/github/onboarding-files.ts";
import { parseSettings, SettingsFile, settingsPath } from "../../src/github/settings-file.ts";

const files = readOnboardingFiles({
  actionRef: `phasegate/phasegate@${"0".repeat(40)}`,
  appUrl: "https://phasegate.example",
});
const settings = files.find(({ path }) => path === settingsPath)?.text ?? "";
/** As after a person took the mark of the comment away from each setting. */
const taken = settings.replaceAll(/^#(?! \S)/gmu, "");

test("the settings of a new repository set nothing", () => {
  expect(parseSettings(settings)).toMatchObject({ kind: "given", given: {} });
  expect(settings).toContain("$schema=https://phasegate.example/schemas/settings.json");
});

test("the settings of a new repository show every one of them, with a value that is taken", () => {
  const read = parseSettings(taken);

  expect(read).toMatchObject({ kind: "given" });
  const shown = read.kind === "faults" ? [] : Object.keys(read.given).toSorted();
  const current = Object.entries(SettingsFile.shape).filter(([, field]) => field.meta()?.["deprecated"] !== true);
  expect(shown).toEqual(current.map(([name]) => name).toSorted());
});

test("a template of specifications comes for each kind that the guides have", () => {
  const templates = files.filter(({ kind }) => kind === "template");
  expect(templates.map(({ path }) => path)).toEqual(
    ["feature", "fix", "refactor"].map((kind) => `.phasegate/specs/templates/${kind}.yaml`),
  );
});

test("no file holds a place that was to be filled in", () => {
  for (const { path, text } of files) expect(`${path}: ${text}`).not.toMatch(/\{\{[A-Z_]+\}\}/u);
});
