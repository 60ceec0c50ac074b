/** What `guide/AUTHORING.md` shows can be copied as it is. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { RepositoryFile } from "../../src/core/repository-files.ts";
import { readGuideFolder } from "../../src/guide/guide-files.ts";
import { repositoryPlaybooks } from "../../src/guide/repository-playbooks.ts";

const guide = path.join(import.meta.dirname, "..", "..", "guide");
const text = readFileSync(path.join(guide, "AUTHORING.md"), "utf8");

/** Each block of code names its file in the first line. */
const shown: readonly RepositoryFile[] = [...text.matchAll(/^```\w+\n(?:# |<!-- )(\S+)(?: -->)?\n([\s\S]*?)^```$/gmu)].map(
  ([, file = "", content = ""]) => ({ path: file, content: { kind: "bytes", bytes: Buffer.from(content) } }),
);

test("the files that the authors' guide shows make a playbook without faults", async () => {
  expect(shown.map(({ path: file }) => file.replace(".github/phasegate/", ""))).toEqual([
    "playbooks/release.yml",
    "guides/release/01_notes.md",
    "guides/verification/release.md",
    "agents/release-writer.md",
  ]);
  const { byLabel, faults, labels } = repositoryPlaybooks(await readGuideFolder(guide), shown, {
    phaseBudgetUsd: 5,
    taskBudgetUsd: 25,
  });
  expect(faults).toEqual([]);
  expect(labels).toEqual(["release", "ship"]);
  expect(byLabel("ship")?.kind).toBe("playbook");
});
