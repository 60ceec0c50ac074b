/** What stops a task that would only cost money. */
import { describe, expect } from "vitest";
import { story } from "../support/story.ts";
import { guideFolder, notesAgent, request, says } from "./notes/agent.ts";
import { eventsOf } from "./notes/gate-looks.ts";
import { commentWith, labelsOf } from "./notes/looks.ts";

describe("an agent that changes nothing", () => {
  story(
    "twice in a row pauses the task, and the issue says why and what a person can do",
    { guideFolder, decide: notesAgent({ "code/01_sum": [says("I thought about it.")] }) },
    async (told) => {
      await told.owner.openIssue({ ...request, labels: ["check_code"] });
      expect((await told.next("TaskPaused")).reason).toMatchObject({ kind: "no-progress", why: "no-change" });
      const { body } = await commentWith(told, "changed no file");
      expect(body).toContain("/retry");
      expect(eventsOf(told, "RunEnded")).toHaveLength(2);
      expect(eventsOf(told, "GateOpened")).toEqual([]);
      expect(await labelsOf(told)).toContain("phasegate:paused");
    },
  );
});
