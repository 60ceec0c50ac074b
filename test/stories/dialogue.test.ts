/** Questions, told with the real CLI: the task stops, nothing runs, and another machine goes on with the answer. */
import { describe, expect } from "vitest";
import { story } from "../support/story.ts";
import { asks, guideFolder, notesAgent, once, question, request, says, writes } from "./notes/agent.ts";
import {
  asked,
  commentWith,
  earlierJobsAtWork,
  labelsOf,
  lastAsked,
  noteOf,
  runsRequested,
  workTreesIn,
} from "./notes/looks.ts";

describe("a question", () => {
  story(
    "of two waits for both answers, by number and by quote, and they are the tool's own result on another machine",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          asks(
            question("Which colour should it have?", { options: ["red", "blue"], default: "red" }),
            question("Who is it for?", { category: "business" }),
          ),
          writes(({ result }) => result.replaceAll(/^.*boundary.*$/gmu, "")),
        ],
      }),
    },
    async (told) => {
      const { owner, stranger } = told;
      await owner.openIssue(request);
      expect((await told.next("TaskPaused")).reason).toEqual({ kind: "waiting-question" });
      const comment = await commentWith(told, "Which colour should it have?");
      expect(comment.body).toContain("Who is it for?");
      expect(comment.body).toMatch(/2\. blue/u);
      expect(comment.body).toContain("/answer 1: 1");
      expect(await labelsOf(told)).toContain("phasegate:waiting-question");
      const [firstTree = ""] = workTreesIn(lastAsked(told));

      await stranger.answer(1, "1: green");
      await owner.answer(1, "1: 2");
      await told.next("QuestionAnswered");
      await told.settled();
      expect(runsRequested(told)).toBe(1);
      // Struck through, so that quoting all of the comment answers what is open.
      const { id, body } = await commentWith(told, "Who is it for?");
      expect([id, body]).toEqual([comment.id, expect.stringContaining("option 2, blue")]);

      await owner.quoteReply(1, comment.id, "For people who print.");
      await told.next("QuestionAnswered");
      await told.next("ReviewCreated");
      await told.settled();

      expect(runsRequested(told)).toBe(2);
      expect(earlierJobsAtWork(told)).toBe(0);
      const note = noteOf(told, "notes/01_first");
      expect(note).toContain("| blue");
      expect(note).toContain("| For people who print.");
      expect(note).not.toContain("green");
      const result = asked(told)
        .flatMap(({ toolResults }) => toolResults)
        .find(({ call }) => call.name === "mcp__phasegate__ask_user");
      expect([result?.isError, result?.text]).toEqual([false, expect.stringContaining("| blue")]);
      // The same conversation, in another home: what was said on the first machine is still there.
      const trees = workTreesIn(lastAsked(told));
      expect([trees[0], trees.length]).toEqual([firstTree, 2]);
      expect(await labelsOf(told)).not.toContain("phasegate:waiting-question");
      const [gate] = await owner.pulls();
      expect(gate?.body).toContain("For people who print.");
    },
  );

  const answered = Promise.withResolvers<void>();
  story(
    "that need not be answered is not waited for, and its late answer reaches the next step; one in words is answered in words",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          asks(question("How long should it be?", { default: "short", required: false })),
          once(
            answered.promise,
            writes(({ result }) => `Told meanwhile: ${result.includes("short") ? "go on with short" : result}`),
          ),
        ],
        "notes/02_second": [
          says(
            [
              "[USER_QUESTION]",
              "category: confirmation",
              "question: Is this the last one?",
              "options:",
              "- yes",
              "- no",
              "default: yes",
              "required: true",
              "[/USER_QUESTION]",
            ].join("\n"),
          ),
          writes(({ messages }) =>
            messages
              .filter(({ role }) => role === "user")
              .flatMap(({ text }) => text.match(/^\| .*$/gmu) ?? [])
              .join(" "),
          ),
        ],
      }),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(request);
      await told.next("QuestionsAsked");
      expect((await commentWith(told, "How long should it be?")).body).toContain("It does not wait.");
      await owner.answer(1, "three pages");
      await told.next("QuestionAnswered");
      answered.resolve();

      expect((await told.next("TaskPaused")).reason).toEqual({ kind: "waiting-question" });
      expect(noteOf(told, "notes/01_first")).toContain("go on with short");
      await commentWith(told, "Is this the last one?");
      await owner.answer(1, "2");
      await told.next("ReviewCreated");
      expect(noteOf(told, "notes/02_second")).toContain("| three pages | no");
      expect(runsRequested(told)).toBe(2);
    },
  );
});
