import { describe, expect, test } from "vitest";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { hashPlaybook, playbookFromJson, playbookToJson } from "../../src/guide/playbook-json.ts";
import { smallFolder, withGuideFolder } from "./guide-folder.ts";

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
      const { name, title, phases } = playbook;
      expect(playbookToJson({ phases, title, name })).toBe(playbookToJson(playbook));
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
