/** `npm run rotate-key` as the operator starts it, beside the app that runs, on both databases. */
import { expect, test } from "vitest";
import { checkpointOf } from "../control/checkpoint-of.ts";
import { runProgram } from "../support/run-program.ts";
import { story } from "../support/story.ts";

function key(id: string, byte: number): string {
  return `${id}:${Buffer.alloc(32, byte).toString("base64")}`;
}
const k1 = key("k1", 1);
const k2 = key("k2", 2);

const wentOnFrom: string[] = [];

story(
  "given a checkpoint and a record under an older key, then a wrong key is named, the right one seals both anew, once, and the task goes on from them",
  {
    alsoOnPostgres: true,
    // The app seals with the older key and knows the newer one, as while its operator restarts one process after the other.
    environment: { CHECKPOINT_KEYS: `${k1},${k2}` },
    runner: {
      leaves: (job) => (job.checkpoint === null && job.phase.number === 1 ? checkpointOf(job, job.runId) : null),
      goesOn: ({ checkpointId }) => wentOnFrom.push(checkpointId),
    },
  },
  async (told) => {
    const { owner, appEnvironment } = told;
    const rotateKey = (keys: string) => runProgram("rotate-key.ts", { ...appEnvironment, CHECKPOINT_KEYS: keys });
    const { number } = await owner.openIssue({ title: "Links", body: "Short ones.", labels: ["create_app"] });
    const { runId } = await told.next("RunRequested");
    await told.next("TaskPaused");
    await told.settled();

    const wrong = await rotateKey(`${k2},${key("k1", 3)}`);
    expect([wrong.code, wrong.stderr]).toEqual([1, ""]);
    expect(wrong.stdout).toMatch(
      /^checkpoint of task .* with key "k1": it was changed or moved, or the key of that name is another one now\n/u,
    );
    expect(wrong.stdout).toContain('checkpoints under "k1": 1\n1 could not be done; mend what is named above');

    const done =
      /checkpoints under "k2": 1\nnothing uses k1, app-\w+ any more, but runs that began under them and .*\n$/u;
    for (const sealed of [1, 0]) {
      const ended = await rotateKey(`${k2},${k1}`);
      expect([ended.code, ended.stderr]).toEqual([0, ""]);
      expect(ended.stdout).toMatch(done);
      expect(ended.stdout).toContain(
        `sealed anew with "k2": checkpoints: ${sealed}; under it now: the records of tasks: 1\n`,
      );
    }

    await owner.comment(number, "/answer 2");
    await told.next("ReviewCreated");
    expect(wentOnFrom.at(-1)).toBe(runId);
  },
);

test("without settings it says which are missing", async () => {
  const ended = await runProgram("rotate-key.ts", {});
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("PRIVATE_KEY: not set")]);
});
