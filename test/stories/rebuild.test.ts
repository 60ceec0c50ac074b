/** The database is deleted in the midst of a task, and `npm run rebuild` brings it back from what GitHub holds. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { runProgram } from "../support/run-program.ts";
import { story, type Story } from "../support/story.ts";
import { asks, guideFolder, notesAgent, question, request, writes } from "./notes/agent.ts";
import { commentsOf, commentWith, noteOf, runsRequested } from "./notes/looks.ts";

/** `npm run rebuild`, as the operator starts it. */
const rebuild = (env: NodeJS.ProcessEnv, ...named: readonly string[]) => runProgram("rebuild.ts", env, ...named);

/** Answers what the operator reads. */
async function loseDatabase(told: Story): Promise<string> {
  const { appEnvironment: env } = told;
  const folder = env["DATA_DIR"] ?? "";
  let read = "";
  await told.settled();
  await told.restart(async () => {
    for (const file of await readdir(folder)) await rm(path.join(folder, file));
    read = (await rebuild(env, repositoryName)).stdout;
  });
  await told.settled();
  return read;
}

describe("a database that is deleted in the midst of a task", () => {
  story(
    "once while it waits for an answer and once at a gate: after a rebuild the task finishes as if nothing had been",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          asks(question("Which colour should it have?", { options: ["red", "blue"], default: "red" })),
          writes(({ result }) => `Told: ${result}`),
        ],
      }),
    },
    async (told) => {
      const { owner, sandbox } = told;
      await owner.openIssue(request);
      expect((await told.next("TaskPaused")).reason).toEqual({ kind: "waiting-question" });
      const asked = await commentWith(told, "Which colour should it have?");
      const beside = await rebuild(told.appEnvironment, repositoryName);
      expect([beside.code, beside.stderr]).toEqual([1, expect.stringContaining("another Phasegate is using it; stop")]);
      const elsewhere = await rebuild(told.appEnvironment, "acme/nothing");
      expect([elsewhere.code, elsewhere.stderr]).toEqual([
        1,
        expect.stringContaining("is not installed in acme/nothing"),
      ]);

      expect(await loseDatabase(told)).toMatch(
        /^task 1: brought back with \d+ events; it is pending in phase 1, and waits \(waiting-question\)\n1 brought back, 0 already there, 0 refused\n/u,
      );
      expect((await commentWith(told, "Which colour should it have?")).id).toBe(asked.id);
      await owner.answer(1, "2");
      await told.next("ReviewCreated");
      expect(noteOf(told, "notes/01_first")).toContain("blue");

      expect(await loseDatabase(told)).toMatch(/^task 1: brought back with \d+ events; it is review in phase 1\n/u);
      await told.acceptGate(1);
      await told.next("PhaseCompleted");
      await told.next("ReviewCreated");
      await told.acceptGate(2);
      await told.next("TaskCompleted");
      await told.settled();

      expect(runsRequested(told)).toBe(3);
      expect((await owner.pulls("all")).map(({ state }) => state)).toEqual(["closed", "closed"]);
      const comments = (await commentsOf(told)).map(({ body }) => body);
      expect(comments).toHaveLength(3);
      expect((await owner.issue(1)).state).toBe("closed");
      // No branch, no pull request and no workflow sees the record.
      expect([...sandbox.repositoryOf(repositoryName).runs.values()]).toHaveLength(3);
    },
  );
});

test("a rebuild that is given no repository says how it is started, and one without settings which are missing", async () => {
  expect(await rebuild({})).toMatchObject({ code: 2, stderr: "usage: npm run rebuild -- owner/repository\n" });
  const unset = await rebuild({}, repositoryName);
  expect([unset.code, unset.stderr]).toEqual([2, expect.stringContaining("PRIVATE_KEY: not set")]);
});
