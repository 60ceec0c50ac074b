/** What seeds of the simulation found, told by hand. */
import { describe, expect, test } from "vitest";
import { world } from "../control/world.ts";
import type { TaskId } from "../../src/core/ids.ts";

describe("a task that is erased", () => {
  test("takes its waiting messages along, and holds up nobody", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    const { taskId } = await told.task();
    const release = told.github.hangNext("permissionOf", "before");
    await told.send({
      kind: "command",
      repository: (await told.task()).repository,
      issueNumber: 7,
      onPullRequest: false,
      commentId: 1,
      commentNodeId: "IC_1",
      body: "/status",
      answers: [],
      sender: "owner",
      command: { name: "status", argument: "" },
    });
    await told.github.until(() => told.github.calls.at(-1) === "permissionOf");
    await runner.step("01_idea");
    await told.store.eraseTask(taskId);
    release();
    await told.settle();
    expect(await told.store.isWaiting(`step:${runner.job.runId}:01_idea`)).toBe(false);
    expect(told.complaints()).toEqual([]);
  });

  test("leaves the words of the next task of the same issue, which began in the same moment", async () => {
    let erased: TaskId | null = null;
    const told = await world({
      storeOf: (store) => ({
        ...store,
        commit: async (unit) => {
          if (erased !== null && unit.events[0]?.type === "TaskCreated") await store.eraseTask(erased);
          return store.commit(unit);
        },
      }),
    });
    await told.label();
    erased = (await told.task()).taskId;
    await told.comment("cancel");
    await told.label();
    expect((await told.task()).taskId).not.toBe(erased);
    expect((await told.openRun()).job.prompt.title).toBe("A link shortener");
  });
});

test("whoever closes an issue is not taken for the person who closed its gate", async () => {
  const causes: (string | null)[] = [];
  const told = await world({
    storeOf: (store) => ({
      ...store,
      commit: (unit) => {
        const [first] = unit.events;
        if (first?.type === "TaskPaused" && first.reason.kind === "gate-closed") causes.push(unit.userId);
        return store.commit(unit);
      },
    }),
  });
  await told.label();
  await told.runPhase();
  // Its webhook is slower than that of the issue.
  told.github.changePull(31, { open: false });
  told.github.openIssue(7, { open: false });
  const { repository } = await told.task();
  await told.deliver({ kind: "issue-changed", repository, issueNumber: 7, change: "closed", sender: "reader" });
  expect(causes).toEqual([null]);
});
