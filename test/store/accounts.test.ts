import { expect, test } from "vitest";
import type { TaskEvent } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import { taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { workOf } from "./given-work.ts";
import { minute } from "./temporary-store.ts";

const another = taskIdFrom("task-2");
const third = taskIdFrom("task-3");

onEachDatabase(({ freshStore }) => {
  test("an account is limited until it is free, and the newest word about it counts", async () => {
    const store = await freshStore();
    expect(await store.accountLimit("account-1")).toBeNull();
    await store.limitAccount("account-1", { since: minute(1), resetsAt: minute(9), message: "five hours are used up" });
    await store.limitAccount("account-2", { since: minute(1), resetsAt: null, message: "overloaded" });
    await store.limitAccount("account-1", { since: minute(2), resetsAt: null, message: "too many requests" });
    expect(await store.accountLimit("account-1")).toEqual({
      since: minute(2),
      resetsAt: null,
      message: "too many requests",
    });
    await store.freeAccount("account-1");
    await store.freeAccount("account-1");
    expect(await store.accountLimit("account-1")).toBeNull();
    expect(await store.accountLimit("account-2")).toEqual({ since: minute(1), resetsAt: null, message: "overloaded" });
  });

  test("moments of a limit are kept in the form whose text order is their order in time", async () => {
    const store = await freshStore();
    const since = "2026-11-21T10:00:00Z";
    await store.limitAccount("account-1", { since, resetsAt: "2026-11-21T15:00:00+02:00", message: "" });
    expect(await store.accountLimit("account-1")).toEqual({
      since: "2026-11-21T10:00:00.000Z",
      resetsAt: "2026-11-21T13:00:00.000Z",
      message: "",
    });
  });

  test("the account of a repository is that of its newest run that began", async () => {
    const store = await freshStore();
    expect(await store.accountOfRepository(2)).toBeNull();
    await store.commit(workOf({ taskId, repositoryId: 2, at: minute(1), account: "account-1" }));
    await store.commit(workOf({ taskId: another, repositoryId: 2, issue: 8, at: minute(3), account: "account-2" }));
    await store.commit(workOf({ taskId: third, repositoryId: 3, issue: 9, at: minute(5), account: "account-3" }));
    expect(await store.accountOfRepository(2)).toBe("account-2");
    expect(await store.accountOfRepository(3)).toBe("account-3");
    expect(await store.accountOfRepository(4)).toBeNull();
    await store.commit(
      workOf({ taskId: taskIdFrom("task-4"), repositoryId: 2, issue: 10, at: minute(7), account: null }),
    );
    expect(await store.accountOfRepository(2)).toBe("account-2");
  });

  test("tasks of an account are those whose last run worked under it, without those that ended, oldest first", async () => {
    const store = await freshStore();
    const younger = workOf({ taskId: another, repositoryId: 3, at: minute(2), account: "account-1" });
    await store.commit(younger);
    await store.commit(workOf({ taskId, repositoryId: 2, at: minute(1), account: "account-1" }));
    await store.commit(workOf({ taskId: third, repositoryId: 2, issue: 9, at: minute(3), account: "account-2" }));
    expect(await store.openTasksOfAccount("account-1")).toEqual([taskId, another]);
    expect(await store.openTasksOfAccount("account-2")).toEqual([third]);
    expect(await store.openTasksOfAccount("account-3")).toEqual([]);

    const moved: TaskEvent = {
      type: "AccountIdentified",
      at: minute(4),
      runId: runIdFrom("run-of-task-2"),
      account: "account-2",
    };
    const past = younger.events;
    await store.commit({
      ...younger,
      expectedVersion: past.length,
      events: [moved],
      state: stateFrom([...past, moved]),
    });
    expect(await store.openTasksOfAccount("account-1")).toEqual([taskId]);
    expect(await store.openTasksOfAccount("account-2")).toEqual([another, third]);
    const cancelled: TaskEvent = { type: "TaskCancelled", at: minute(5), by: "owner" };
    const then = [...past, moved];
    await store.commit({
      ...younger,
      expectedVersion: then.length,
      events: [cancelled],
      state: stateFrom([...then, cancelled]),
    });
    expect(await store.openTasksOfAccount("account-2")).toEqual([third]);
  });
});
