/** Going on elsewhere, told with the real CLI: after a job that was stopped in the midst, and without what was kept. */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story } from "../support/story.ts";
import { asks, guideFolder, notesAgent, question, request, runs, writes } from "./notes/agent.ts";
import { commentWith, lastAsked, noteOf, workTreesIn } from "./notes/looks.ts";

describe("a job that is stopped in the midst of a tool", () => {
  story(
    "leaves what it has, and the next one goes on in the same conversation with the same files",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          runs("mkdir -p docs/notes && echo draft > docs/notes/01_first.draft.md && echo drafted"),
          runs("test -e ../again || { touch ../again; sleep 60; }; cat docs/notes/01_first.draft.md"),
          runs("cat docs/notes/01_first.draft.md; rm docs/notes/01_first.draft.md"),
          writes(({ result }) => `It said: ${result}, and goes on.`),
        ],
      }),
    },
    async (told) => {
      const { owner, sandbox } = told;
      const slept = new Promise<void>((resolve) => {
        sandbox.observe((event) => {
          if (event.kind === "log" && event.line.includes("sleep 60")) resolve();
        });
      });
      await owner.openIssue(request);
      await told.next("RunStarted");
      await slept;
      const [run] = sandbox.repositoryOf(repositoryName).runs.values();
      await owner.request("POST", `/actions/runs/${run?.id}/cancel`);
      await told.next("RunEnded");
      await told.settled();
      await owner.comment(1, "/run");
      await told.next("ReviewCreated");

      expect(noteOf(told, "notes/01_first")).toContain("It said: draft");
      expect(workTreesIn(lastAsked(told))).toHaveLength(2);
      const steps = told.events.flatMap((event) => (event.type === "StepCompleted" ? [event.step] : []));
      expect(steps).toEqual(["01_first", "02_second"]);
    },
  );
});

describe("a checkpoint that is lost", () => {
  story(
    "lets the phase go on from its branch, with the answers, and says so",
    {
      guideFolder,
      decide: notesAgent({
        "notes/02_second": [
          (scene) => {
            const answer = /^\| (.*)$/mu.exec(scene.messages[0]?.text ?? "")?.[1];
            return answer === undefined
              ? asks(question("Which colour?"))(scene)
              : writes(`Asked before: ${answer}`)(scene);
          },
        ],
      }),
    },
    async (told) => {
      const { owner, sandbox } = told;
      await owner.openIssue(request);
      await told.next("TaskPaused");
      await told.settled();
      const database = new DatabaseSync(path.join(told.appEnvironment["DATA_DIR"] ?? "", "phasegate.sqlite"));
      expect(database.prepare("DELETE FROM checkpoints").run().changes).toBe(1);
      database.close();
      await owner.answer(1, "ochre");
      await told.next("ReviewCreated");

      expect(noteOf(told, "notes/02_second")).toContain("Asked before: ochre");
      const steps = told.events.flatMap((event) => (event.type === "StepCompleted" ? [event.step] : []));
      expect(steps).toEqual(["01_first", "02_second"]);
      const logs = [...sandbox.repositoryOf(repositoryName).runs.values()].flatMap(({ jobs }) =>
        jobs.map(({ log }) => log),
      );
      expect(logs.at(-1)).toMatch(/checkpoint/iu);
      await commentWith(told, "Which colour?");
    },
  );
});
