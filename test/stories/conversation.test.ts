/** A conversation on the issue, told with the real CLI: each comment is a turn on another machine, and `/done` ends it. */
import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { reportAnswer } from "../model/answer-report.ts";
import type { Decide } from "../model/model-server.ts";
import { repositoryName } from "../support/github-world.ts";
import { story } from "../support/story.ts";
import { asked, commentsOf, commentWith, lastAsked, runsRequested, workTreesIn } from "./notes/looks.ts";

const question = { title: "What is this?", body: "Tell me what this repository is for.", labels: ["custom"] };

/** Talks, and writes `notes.md` where the newest comment asks for notes. */
const talks: Decide = (request) => {
  const report = reportAnswer(request);
  if (report !== null) return report;
  const { messages } = request;
  const at = messages.findLastIndex(({ role, text }) => role === "user" && /^Step: talk\/01_turn$/mu.test(text));
  const prompt = messages[at]?.text ?? "";
  const hasWritten = messages.slice(at).some(({ toolCalls }) => toolCalls.length > 0);
  const workTree = /^Work tree: (\S+)$/mu.exec(prompt)?.[1] ?? "";
  if (prompt.includes("Please take notes.") && !hasWritten) {
    const input = { file_path: `${workTree}/notes.md`, content: "# Notes\n\nTaken.\n" };
    return { blocks: [{ type: "tool_use", name: "Write", input }] };
  }
  const text = hasWritten ? "I wrote `notes.md`. Thanks, @owner." : "It is a place to try things.\n\n- small\n- quiet";
  return { blocks: [{ type: "text", text }] };
};

describe("a conversation", () => {
  story(
    "goes on over machines in one conversation of the CLI, and its changes come as one pull request",
    { decide: talks },
    async (told) => {
      const { owner, stranger } = told;
      await owner.openIssue(question);
      expect((await told.next("TaskPaused")).reason).toEqual({ kind: "conversation" });
      const reply = await commentWith(told, "It is a place to try things.");
      expect(reply.body).toContain("\n- small\n- quiet");
      expect(await owner.pulls()).toEqual([]);
      const [firstTree = ""] = workTreesIn(lastAsked(told));

      await stranger.comment(1, "Please take notes.");
      await told.settled();
      expect(runsRequested(told)).toBe(1);

      await owner.comment(1, "Please take notes.");
      expect((await told.next("TaskPaused")).reason).toEqual({ kind: "conversation" });
      const second = await commentWith(told, "I wrote `notes.md`.");
      expect(second.body).toMatch(/Changed in \[`[0-9a-f]{7}`\]/u);
      expect(second.body).not.toContain("@owner");
      // The same conversation on another machine: what was said on the first is still there.
      const withWords = asked(told).findLast(({ messages }) =>
        messages.some(({ text }) => text.includes("take notes")),
      );
      expect(withWords === undefined ? [] : workTreesIn(withWords)).toHaveLength(2);
      expect(withWords === undefined ? "" : workTreesIn(withWords)[0]).toBe(firstTree);
      const [gate, ...others] = await owner.pulls();
      expect([gate?.draft, others]).toEqual([true, []]);

      await owner.comment(1, "/done");
      await told.next("ReviewCreated");
      await told.settled();
      const [ready] = await owner.pulls();
      expect(ready?.draft).toBe(false);
      const git = ["--git-dir", told.sandbox.gitDirOf(repositoryName), "show", "phasegate/1-1-talk:notes.md"];
      expect(execFileSync("git", git, { encoding: "utf8" })).toBe("# Notes\n\nTaken.\n");

      await owner.merge(ready?.number ?? 0);
      await told.next("TaskCompleted");
      expect((await commentsOf(told)).filter(({ body }) => body.includes("It is a place"))).toHaveLength(1);
      expect(runsRequested(told)).toBe(2);
    },
  );
});
