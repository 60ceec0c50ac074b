/** Going on elsewhere, told with the real CLI: after a job that was stopped in the midst, and without what was kept. */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { describe, expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";
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

/** Behind the app's back; answers how many there were. */
async function forgetCheckpoints({ appEnvironment }: Story): Promise<number> {
  const { DATA_DIR: dataDir = "", DATABASE_URL: databaseUrl } = appEnvironment;
  const forget = "DELETE FROM checkpoints";
  if (databaseUrl === undefined) {
    const database = new DatabaseSync(path.join(dataDir, "phasegate.sqlite"));
    const { changes } = database.prepare(forget).run();
    database.close();
    return Number(changes);
  }
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rowCount } = await client.query(forget);
  await client.end();
  return rowCount ?? 0;
}

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
      expect(await forgetCheckpoints(told)).toBe(1);
      await owner.answer(1, "ochre");
      await told.next("ReviewCreated");

      expect(noteOf(told, "notes/02_second")).toContain("Asked before: ochre");
      // Whoever does nothing wrong has nothing in the record.
      expect(told.events.filter(({ type }) => type === "SecurityNoted")).toEqual([]);
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
