/** What people approved is changed later, told with the real action and CLI. */
import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story } from "../support/story.ts";
import { guideFolder, notesAgent, request, writes } from "./notes/agent.ts";
import { eventsOf, gateNumber, gateText } from "./notes/gate-looks.ts";
import { asked, commentWith, noteOf } from "./notes/looks.ts";

const first = (words: string) => `# Note\n\n## Note\n\n- REQ-001 ${words}\n`;

describe("a requirement that somebody changes after its gate was merged", () => {
  story(
    "opens what cites it again as one small pull request, tells which gates that touches, and ends the task with it",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [writes("- REQ-001 Count in tens")],
        "notes/02_second": [writes("As REQ-001 wants it: ten, twenty.")],
        "more/01_third": [writes("Nothing is counted here.")],
        "ripple/1-02_second": [
          ({ workTree }) => {
            const content = "# Note\n\n## Note\n\nAs REQ-001 wants it: one, two, three.\n";
            const input = { file_path: `${workTree}/docs/notes/02_second.md`, content };
            return [{ type: "tool_use", name: "Write", input }];
          },
        ],
      }),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(request);
      await told.next("ReviewCreated");
      await told.acceptGate(1);
      await told.next("ReviewCreated");
      expect(await gateText(told)).toContain("Closes #1");

      const change = { "docs/notes/01_first.md": first("Count in ones") };
      await owner.push({ branch: "main", message: "Count in ones", files: change });
      const found = await told.next("RippleFound");
      expect(found).toMatchObject({
        phase: 3,
        changed: {
          items: [{ id: "REQ-001" }],
          touched: [{ step: "02_second" }],
          checked: [{ phase: 1, passed: true }],
        },
      });
      const notice = await commentWith(told, "Approved items were changed");
      expect(notice.body).toContain("Phase 1, Notes");
      expect(notice.body).toContain("`docs/notes/02_second.md`");
      // The merge of what was the last gate must not close the issue now.
      expect(await gateText(told)).toContain("Part of #1");

      await told.acceptGate(2);
      await told.next("ReviewCreated");
      expect((await owner.issue(1)).state).toBe("open");
      const prompt = asked(told).findLast(({ messages }) =>
        messages.some(({ text }) => text.includes("ripple/1-02_second")),
      );
      const words = prompt?.messages.map(({ text }) => text).join("\n") ?? "";
      expect(words).toMatch(/REQ-001 was changed in docs\/notes\/01_first\.md\. It was: .*tens.* It is now: .*ones/u);
      const number = gateNumber(told);
      expect((await owner.pull(number)).title).toContain("What follows from REQ");
      const git = [
        "--git-dir",
        told.sandbox.gitDirOf(repositoryName),
        "diff",
        "--name-only",
        "main...phasegate/1-3-ripple",
      ];
      expect(execFileSync("git", git, { encoding: "utf8" })).toBe("docs/notes/02_second.md\n");
      expect(noteOf(told, "ripple/notes/02_second")).toContain("one, two, three");
      expect(eventsOf(told, "FeedbackAnswered")).toMatchObject([{ answer: "fixed" }]);
      await told.acceptGate(3);
      await told.next("TaskCompleted");
      await told.settled();
      expect((await owner.issue(1)).state).toBe("closed");
    },
  );
});
