import { expect, test } from "vitest";
import { taskIdFrom } from "../../src/core/ids.ts";
import { addSpent, nothingSpent, type Spent } from "../../src/core/usage.ts";
import { taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { workOf } from "./given-work.ts";
import { minute } from "./temporary-store.ts";

const another = taskIdFrom("task-2");

const idea: Spent = {
  usage: { inputTokens: 1, outputTokens: 20, cacheCreationInputTokens: 300, cacheReadInputTokens: 4_000 },
  costUsd: 0.25,
};
const market: Spent = {
  usage: {
    inputTokens: 50_000,
    outputTokens: 600_000,
    cacheCreationInputTokens: 7_000_000,
    cacheReadInputTokens: 3_000_000_000,
  },
  costUsd: 0.5,
};
const old: Spent = {
  usage: { inputTokens: 2, outputTokens: 2, cacheCreationInputTokens: 2, cacheReadInputTokens: 2 },
  costUsd: 0.125,
};

onEachDatabase(({ freshStore }) => {
  test("usage is the sum of all that was spent, kind by kind, and counts the tasks (H1.2)", async () => {
    const store = await freshStore();
    expect(await store.usage({})).toEqual({ ...nothingSpent, tasks: 0 });
    await store.commit(workOf({ taskId, repositoryId: 2, at: minute(5), account: "account-1", spent: [idea, market] }));
    await store.commit(workOf({ taskId: another, repositoryId: 3, at: minute(1), account: null, spent: [old] }));
    expect(await store.usage({})).toEqual({ ...addSpent(addSpent(idea, market), old), tasks: 2 });
  });

  test("usage is that of an account, of a task, or since a moment, and of all that is asked for together", async () => {
    const store = await freshStore();
    const third = taskIdFrom("task-3");
    await store.commit(workOf({ taskId, repositoryId: 2, at: minute(5), account: "account-1", spent: [idea] }));
    await store.commit(workOf({ taskId: another, repositoryId: 3, at: minute(1), account: "account-1", spent: [old] }));
    await store.commit(
      workOf({ taskId: third, repositoryId: 4, at: minute(9), account: "account-2", spent: [market] }),
    );
    expect(await store.usage({ account: "account-1" })).toEqual({ ...addSpent(idea, old), tasks: 2 });
    expect(await store.usage({ taskId: third })).toEqual({ ...market, tasks: 1 });
    expect(await store.usage({ since: minute(5) })).toEqual({ ...addSpent(idea, market), tasks: 2 });
    expect(await store.usage({ account: "account-1", since: "2026-11-21T10:05:00Z" })).toEqual({ ...idea, tasks: 1 });
    expect(await store.usage({ account: "account-2", taskId })).toEqual({ ...nothingSpent, tasks: 0 });
  });

  test("what phases of a name cost is that of merged ones, in the repository's tasks of the playbook, newest first", async () => {
    const store = await freshStore();
    const isMerged = true;
    const here = { repositoryId: 2, account: null, isMerged } as const;
    await store.commit(workOf({ ...here, taskId, at: minute(1), spent: [idea, market] }));
    await store.commit(workOf({ ...here, taskId: another, issue: 8, at: minute(2), spent: [old] }));
    const others = [
      { ...here, issue: 9, isMerged: false },
      { ...here, issue: 10, playbook: "add_feature" },
      { ...here, repositoryId: 3 },
    ];
    for (const [index, other] of others.entries()) {
      await store.commit(workOf({ ...other, taskId: taskIdFrom(`other-${index}`), at: minute(3), spent: [market] }));
    }
    expect(await store.costsOfPhase(2, "create_app", "planning")).toEqual([0.125, 0.75]);
    expect(await store.costsOfPhase(2, "add_feature", "planning")).toEqual([0.5]);
    expect(await store.costsOfPhase(2, "create_app", "design")).toEqual([]);
  });

  test("of many phases the newest twenty are told", async () => {
    const store = await freshStore();
    for (let count = 1; count <= 21; count += 1) {
      const spent = [{ ...nothingSpent, costUsd: count }];
      const task = { taskId: taskIdFrom(`task-${count}`), issue: count, at: minute(count), spent };
      await store.commit(workOf({ ...task, repositoryId: 2, account: null, isMerged: true }));
    }
    const costs = await store.costsOfPhase(2, "create_app", "planning");
    expect(costs).toEqual(Array.from({ length: 20 }, (_, index) => 21 - index));
  });
});
