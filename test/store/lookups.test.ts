import { expect, test } from "vitest";
import type { TaskEvent } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import {
  createTask,
  dispatched,
  eventsOf,
  needs,
  phase1Ready,
  run1,
  runLost,
  sessionOpened,
  taskId,
} from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { minute, unitOf } from "./temporary-store.ts";

const another = taskIdFrom("task-2");

/** The same history, lived by another task. */
function lifeOf(events: readonly TaskEvent[], repositoryId: number, ordinal: number): readonly TaskEvent[] {
  return events.map((event) => {
    if (event.type === "TaskCreated") {
      return { ...event, taskId: another, ordinal, repository: { ...event.repository, repositoryId } };
    }
    return event.type === "RunRequested" ? { ...event, runId: runIdFrom(`other-${event.runId}`) } : event;
  });
}

function unitOfAnother(events: readonly TaskEvent[]) {
  return { ...unitOf([]), taskId: another, events, state: stateFrom(events) };
}

onEachDatabase(({ freshStore }) => {
  test("the tasks of an issue are found, the newest first", async () => {
    const store = await freshStore();
    await store.commit(unitOf(eventsOf([createTask()])));
    await store.commit(unitOfAnother(lifeOf(eventsOf([createTask()]), 2, 2)));
    expect(await store.tasksOfIssue(2, 7)).toEqual([another, taskId]);
    expect(await store.tasksOfIssue(3, 7)).toEqual([]);
    expect(await store.tasksOfIssue(2, 8)).toEqual([]);
  });

  test("open tasks are those that have not ended, of one repository or installation where asked", async () => {
    const store = await freshStore();
    await store.commit(unitOf(eventsOf([createTask()])));
    await store.commit(unitOfAnother(lifeOf(eventsOf([createTask()]), 3, 1)));
    expect(await store.openTasks()).toEqual([taskId, another]);
    expect(await store.openTasks({ repositoryId: 3 })).toEqual([another]);
    expect(await store.openTasks({ installationId: 1 })).toEqual([taskId, another]);
    expect(await store.openTasks({ installationId: 2 })).toEqual([]);
    const past = eventsOf([createTask()]);
    await store.commit(unitOf([{ type: "TaskCancelled", at: minute(1), by: "owner" }], past));
    expect(await store.openTasks()).toEqual([another]);
  });

  test("open tasks of which somebody awaits a name are found by themselves", async () => {
    const store = await freshStore();
    await store.commit(unitOf(eventsOf([createTask(), dispatched(), sessionOpened(), needs("STRIPE_KEY")])));
    await store.commit(unitOfAnother(lifeOf(eventsOf([createTask()]), 3, 1)));
    expect(await store.openTasks({ awaitsNames: true })).toEqual([taskId]);
    expect(await store.openTasks({ awaitsNames: true, repositoryId: 3 })).toEqual([]);
  });

  test("a pull request leads to its task, in its own repository only", async () => {
    const store = await freshStore();
    const events = eventsOf(phase1Ready);
    await store.commit(unitOf(events));
    expect(await store.taskOfPullRequest(2, 31)).toBe(taskId);
    expect(await store.taskOfPullRequest(3, 31)).toBeNull();
    expect(await store.taskOfPullRequest(2, 32)).toBeNull();
  });

  test("a run leads to its task, also when it is over", async () => {
    const store = await freshStore();
    await store.commit(unitOf(eventsOf([createTask(), dispatched(), sessionOpened(), runLost()])));
    expect(await store.taskOfRun(run1)).toBe(taskId);
    expect(await store.taskOfRun(runIdFrom("after-run-1"))).toBe(taskId);
    expect(await store.taskOfRun(runIdFrom("never"))).toBeNull();
  });

  test("open runs are those that a task waits for, with their last sign of life", async () => {
    const store = await freshStore();
    const requested = eventsOf([createTask()]);
    await store.commit(unitOf(requested));
    const waiting = { taskId, runId: run1, requestedAt: minute(0), workflowRunId: null, lastHeardAt: null };
    expect(await store.openRuns()).toEqual([waiting]);

    const running = eventsOf([createTask(), dispatched(), sessionOpened()]);
    await store.commit(unitOf(running.slice(requested.length), requested));
    const session = { taskId, runId: run1, sealKey: "", closedAt: null };
    await store.saveRunSession({ ...session, tokenHash: "first", openedAt: minute(1), lastHeardAt: minute(1) });
    await store.saveRunSession({ ...session, tokenHash: "second", openedAt: minute(2), lastHeardAt: minute(4) });
    expect(await store.openRuns()).toEqual([{ ...waiting, workflowRunId: 100, lastHeardAt: minute(4) }]);

    const lost = eventsOf([createTask(), dispatched(), sessionOpened(), runLost()]);
    await store.commit(unitOf(lost.slice(running.length), running));
    expect(await store.openRuns()).toEqual([{ ...waiting, runId: runIdFrom("after-run-1") }]);
  });

  test("the last webhook is the one that was received last, whatever came of it, and no other message", async () => {
    const store = await freshStore();
    expect(await store.lastWebhookAt()).toBeNull();
    const message = { lane: "a", body: "{}" };
    await store.takeIn({ ...message, key: "webhook:2", kind: "webhook", receivedAt: minute(2) });
    await store.takeIn({ ...message, key: "webhook:1", kind: "webhook", receivedAt: minute(1) });
    await store.takeIn({ ...message, key: "sweep:1", kind: "sweep", receivedAt: minute(3) });
    await store.markProcessed("webhook:2");
    expect(await store.lastWebhookAt()).toBe(minute(2));
  });
});
