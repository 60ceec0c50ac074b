/** A gate that conflicts with its base, merged by a run; told with the real action and CLI. */
import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";
import { guideFolder, notesAgent, request, runs, writes } from "./notes/agent.ts";
import { eventsOf, gateNumber, gateText, saidOn, wandaOf } from "./notes/gate-looks.ts";

const note = "docs/notes/01_first.md";
const branch = "phasegate/1-1-notes";
const noteWith = (text: string) => `# Note\n\n## Note\n\n${text}\n`;

function git({ sandbox }: Story, ...args: readonly string[]): string {
  return execFileSync("git", ["--git-dir", sandbox.gitDirOf(repositoryName), ...args], { encoding: "utf8" }).trim();
}

describe("a gate that conflicts with main", () => {
  story(
    "is merged with it by the agent, on top of what a person pushed, and can be merged again",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          runs(`cat ${note} || true`),
          writes(({ result }) => {
            const seen = /<<<<<<< phase\n(.*)\n=======\n(.*)\n>>>>>>> base/u.exec(result);
            return seen === null ? "Of the phase." : `${seen[1]} ${seen[2]}`;
          }),
        ],
      }),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue({ ...request, labels: ["write_note"] });
      await told.next("ReviewCreated");
      const number = gateNumber(told);
      const byHand = await wandaOf(told).push({ branch, files: { "docs/notes/by-hand.md": "# By hand\n" } });
      const baseSha = await owner.push({ branch: "main", files: { [note]: noteWith("Of main."), "main.txt": "1\n" } });
      expect((await owner.pull(number)).mergeable).toBe(false);

      await told.settled();
      told.pass(1);
      expect(await told.next("ConflictFound")).toMatchObject({ phase: 1, headSha: byHand, base: "main", baseSha });
      expect(await told.next("ReworkRequested")).toMatchObject({ source: "conflict", by: [] });
      await told.next("ReviewCreated");
      await told.settled();
      const [, merged, ...others] = eventsOf(told, "StepPublished");
      expect(others).toEqual([]);
      expect(git(told, "log", "-1", "--format=%P", merged?.commitSha ?? "")).toBe(`${byHand} ${baseSha}`);
      expect(git(told, "show", `${branch}:${note}`)).toBe(noteWith("Of the phase. Of main.").trim());
      expect(git(told, "show", `${branch}:docs/notes/by-hand.md`)).toBe("# By hand");
      expect(git(told, "show", `${branch}:main.txt`)).toBe("1");
      expect((await owner.pull(number)).mergeable).toBe(true);
      expect(await gateText(told)).not.toContain("resolving a conflict");
      expect((await saidOn(told, number)).join("\n")).toContain("A conflict with the base branch");

      await owner.merge(number);
      await told.next("TaskCompleted");
      expect(git(told, "show", `main:${note}`)).toBe(noteWith("Of the phase. Of main.").trim());
      expect(eventsOf(told, "ConflictFound")).toHaveLength(1);
    },
  );
});
