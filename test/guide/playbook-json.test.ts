import { describe, expect, test } from "vitest";
import type { Phase } from "../../src/core/playbook.ts";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { hashPlaybook, playbookFromJson, playbookToJson } from "../../src/guide/playbook-json.ts";
import { smallFolder, withGuideFolder } from "./guide-folder.ts";

/** A phase in the shape that it had before criteria were data. */
function beforeCriteria({ number, name, title, allowedPaths, budgetUsd, steps }: Phase, checks: readonly string[]) {
  return { number, name, title, allowedPaths, budgetUsd, steps, checks };
}

describe("a frozen playbook", () => {
  test("comes back from JSON with its hash", async () => {
    await withGuideFolder(smallFolder, async (folder) => {
      const { playbook, hash } = await loadPlaybook(folder, "small");
      const back = playbookFromJson(playbookToJson(playbook));
      expect(back).toEqual(playbook);
      expect(hashPlaybook(back)).toBe(hash);
    });
  });

  test("has one JSON text whatever the order of its fields", async () => {
    await withGuideFolder(smallFolder, async (folder) => {
      const { playbook } = await loadPlaybook(folder, "small");
      const { name, title, phases, ...rest } = playbook;
      expect(playbookToJson({ ...rest, phases, title, name })).toBe(playbookToJson(playbook));
    });
  });

  test("gets the criteria of its time when it was frozen before there were any", async () => {
    await withGuideFolder(smallFolder, async (folder) => {
      const { playbook } = await loadPlaybook(folder, "small");
      const phases = playbook.phases.map((phase) => beforeCriteria(phase, ["tests-exist", "env-ignored"]));
      const [phase] = playbookFromJson(JSON.stringify({ ...playbook, phases })).phases;
      expect(phase?.criteria.map((criterion) => [criterion.severity, criterion.kind, criterion.id])).toEqual(
        ["outputs-exist", "long-enough", "sections-present", "no-placeholder", "env-ignored", "tests-exist", "no-secrets"].map(
          (id) => ["must", "deterministic", id],
        ),
      );
      expect(phase).toMatchObject({ verifierGuide: "", testCommand: null, mayBeSkipped: false });
      expect(phase?.steps).toEqual(playbook.phases[0]?.steps);
      expect(phase).not.toHaveProperty("checks");
    });
  });

  test("is refused when it names a check that never was", async () => {
    await withGuideFolder(smallFolder, async (folder) => {
      const { playbook } = await loadPlaybook(folder, "small");
      const phases = playbook.phases.map((phase) => beforeCriteria(phase, ["is-good"]));
      expect(() => playbookFromJson(JSON.stringify({ ...playbook, phases }))).toThrow("reading a frozen playbook");
    });
  });

  test.each([
    ["no JSON", "{"],
    ["another shape", '{"name":"small"}'],
    ["a field that nobody knows", '{"name":"a","title":"A","phases":[],"colour":"red"}'],
  ])("is refused when it is %s", (_, text) => {
    expect(() => playbookFromJson(text)).toThrow("reading a frozen playbook");
  });
});
