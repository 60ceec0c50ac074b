import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import {
  command,
  createTask,
  dispatched,
  eventsOf,
  finding,
  gateOpened,
  gateReady,
  merged,
  phase1Ready,
  runEnded,
  runLost,
  sessionOpened,
  spent,
  reviewed,
  reworkAsked,
  stepAnswers,
  stepCompleted,
  stranger,
  taskId,
  thread,
  verified,
  wish,
  writer,
} from "../core/given.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { onEachDatabase, type Place } from "./databases.ts";
import { minute, unitOf } from "./temporary-store.ts";

const cancelled = command({ type: "CancelTask", by: writer });
const approved = command({
  type: "RecordReviews",
  pullRequest: 31,
  headSha: "head-1-1",
  reviews: [{ reviewId: 1, by: "writer", verdict: "approved", reviewedSha: "head-1-1" }],
  feedback: [],
});

const histories: Record<string, readonly TaskCommand[]> = {
  "a draft": [createTask(stranger)],
  "a phase that is merged": [...phase1Ready, approved, merged(31)],
  "a second phase that is cancelled": [...phase1Ready, merged(31), dispatched("run-2", 200), cancelled],
  "a rework": [
    ...phase1Ready.slice(0, 9),
    verified(1, false),
    dispatched("rework-1", 101),
    sessionOpened("rework-1", 101),
    stepCompleted("02_market", "rework-1"),
    runEnded("completed", "rework-1"),
    verified(1, true, 2),
    gateReady(1),
  ],
  "a rework that a review asked for": [
    ...phase1Ready,
    reviewed("head-1-1", [wish(1, "owner")], [{ ...thread("T1", "02_market"), resolved: false }]),
    reworkAsked("rework-1", [thread("T1", "02_market")], [1]),
    dispatched("rework-1", 101),
    sessionOpened("rework-1", 101),
    stepAnswers("02_market", "rework-1", [{ id: "thread:T1", kind: "fixed" }]),
    command({ type: "RecordResolved", phase: 1, ids: ["thread:T1"] }),
  ],
  "runs that are lost": [createTask(), dispatched(), sessionOpened(), runLost(), runLost("after-run-1", "third")],
  "a pause": [createTask(), command({ type: "PauseTask", reason: { kind: "no-model-secret" } })],
  "a gate that is closed": [
    createTask(),
    dispatched(),
    sessionOpened(),
    stepCompleted("01_idea"),
    gateOpened(1, 31),
    command({ type: "RecordGateClosed", pullRequest: 31 }),
  ],
};

const liveColumns = ["current_action", "current_step", "current_document", "agent_actions", "last_update"];
const tables = [
  "tasks",
  "runs",
  "phases",
  "steps",
  "reviews",
  "feedback",
  "verifications",
  "usage_metrics",
  "agent_statuses",
];

async function readModelsIn(place: Place): Promise<unknown> {
  const found: unknown[] = [];
  for (const table of tables) found.push([table, await place.rows(`select * from ${table} order by 1, 2, 3`)]);
  return found;
}

async function readModelsAfter(place: Place, chunks: readonly (readonly TaskEvent[])[]): Promise<unknown> {
  const store = await place.open();
  const before: TaskEvent[] = [];
  for (const events of chunks) {
    await store.commit(unitOf(events, before));
    before.push(...events);
  }
  await store.close();
  return readModelsIn(place);
}

function chunksOf(events: readonly TaskEvent[], sizes: readonly number[]): readonly (readonly TaskEvent[])[] {
  const chunks: (readonly TaskEvent[])[] = [];
  let taken = 0;
  for (const size of [...sizes, events.length]) {
    if (taken >= events.length) break;
    chunks.push(events.slice(taken, taken + size));
    taken += size;
  }
  return chunks;
}

onEachDatabase(({ name, freshPlace }) => {
  test("read models that grew commit by commit equal those of a fresh fold", async () => {
    const folded = new Map<readonly TaskCommand[], unknown>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(histories)),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 }),
        async (commands, sizes) => {
          const events = eventsOf(commands);
          const grown = await readModelsAfter(await freshPlace(), chunksOf(events, sizes));
          const whole = folded.get(commands) ?? (await readModelsAfter(await freshPlace(), [events]));
          folded.set(commands, whole);
          expect(grown).toEqual(whole);
        },
      ),
      { numRuns: name === "PostgreSQL" ? 6 : 25 },
    );
  });

  test("feedback is kept file by file, open or resolved, with what became of it (C2.2)", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(eventsOf(histories["a rework that a review asked for"] ?? [])));
    expect(await place.rows("select id, request, given_by, path, line, step, status, answer from feedback")).toEqual([
      {
        id: "thread:T1",
        request: "change",
        given_by: "owner",
        path: "docs/planning/02_market.md",
        line: 3,
        step: "02_market",
        status: "resolved",
        answer: "fixed",
      },
    ]);
  });

  test("a task that is erased keeps its history without words, and read models still equal a fresh fold (Q33)", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const past = eventsOf(histories["a rework that a review asked for"] ?? []);
    await store.commit(unitOf(past));
    await store.saveText("words-for-rework-1", "words of a person");
    await store.saveText("words-of-thread:T1", "words of the agent");
    await store.saveText("hash-of-prompt", "words of the issue");
    await store.saveChangeset(changesetIdOf(runIdFrom("rework-1"), "02_market"), "[]");
    await store.appendRunLog(runIdFrom("rework-1"), [{ number: 1, line: "words of a log" }]);
    await store.eraseTask(taskId);
    const left = await store.readEvents(taskId);
    expect(left.map(({ type }) => type)).toEqual(past.map(({ type }) => type));
    expect(JSON.stringify(left)).not.toMatch(/link shortener|02_market\.md/u);
    for (const hash of ["words-for-rework-1", "words-of-thread:T1", "hash-of-prompt"]) {
      expect(await store.readText(hash)).toBeNull();
    }
    expect(await store.readChangeset(changesetIdOf(runIdFrom("rework-1"), "02_market"))).toBeNull();
    expect(await store.readRunLog(runIdFrom("rework-1"))).toEqual([]);
    await store.close();
    expect(await readModelsIn(place)).toEqual(await readModelsAfter(await freshPlace(), [left]));
  });

  test("the rows show where the task stands and what it has been through", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(eventsOf(histories["a rework"] ?? [])));
    expect(await place.rows("select id, status, current_phase, run_id, cost_usd from tasks")).toEqual([
      { id: taskId, status: "review", current_phase: 1, run_id: null, cost_usd: expect.closeTo(5 * spent.costUsd, 9) },
    ]);
    expect(await place.rows("select phase, name, branch, started_at, failed_attempts from phases")).toEqual([
      { phase: 1, name: "planning", branch: "phasegate/7-1-planning", started_at: minute(0), failed_attempts: 1 },
      { phase: 2, name: "design", branch: "phasegate/7-2-design", started_at: null, failed_attempts: 0 },
    ]);
    expect(await place.rows("select phase, step, position, completed from steps")).toEqual([
      { phase: 1, step: "01_idea", position: 1, completed: 1 },
      { phase: 1, step: "02_market", position: 2, completed: 1 },
      { phase: 2, step: "01_screens", position: 1, completed: 0 },
    ]);
    expect(await place.rows("select phase, pull_request, status, draft, approved_by from reviews")).toEqual([
      { phase: 1, pull_request: 31, status: "in_review", draft: 0, approved_by: "[]" },
    ]);
    expect(await place.rows("select attempt, passed, findings from verifications")).toEqual([
      { attempt: 1, passed: 0, findings: JSON.stringify([finding]) },
      { attempt: 2, passed: 1, findings: "[]" },
    ]);
    expect(await place.rows("select run_id, step, input_tokens from usage_metrics order by version")).toEqual([
      { run_id: "run-1", step: "01_idea", input_tokens: 10 },
      { run_id: "run-1", step: "02_market", input_tokens: 10 },
      { run_id: "run-1", step: null, input_tokens: 10 },
      { run_id: "rework-1", step: "02_market", input_tokens: 10 },
      { run_id: "rework-1", step: null, input_tokens: 10 },
    ]);
    expect(await place.rows("select status, progress, current_phase, blocked_by from agent_statuses")).toEqual([
      { status: "waiting_review", progress: 66, current_phase: "planning", blocked_by: null },
    ]);
  });

  test("what blocks a task lies in its agent status, and goes when it goes on", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const events = eventsOf(histories["a pause"] ?? []);
    await store.commit(unitOf(events));
    const query = "select status, blocked_by, blocked_reason from agent_statuses";
    expect(await place.rows(query)).toEqual([
      { status: "paused", blocked_by: "no-model-secret", blocked_reason: '{"kind":"no-model-secret"}' },
    ]);
    await store.commit(unitOf([{ type: "TaskResumed", at: minute(1), by: "owner" }], events));
    expect(await place.rows(query)).toEqual([{ status: "idle", blocked_by: null, blocked_reason: null }]);
  });

  test("a commit leaves the live columns alone", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const events = eventsOf([createTask()]);
    await store.commit(unitOf(events));
    const live = {
      currentAction: "Write docs/planning/01_idea.md",
      currentStep: "01_idea",
      currentDocument: "docs/planning/01_idea.md",
      recentActions: [{ at: minute(2), text: "Read README.md" }],
      spent,
      lastUpdate: minute(3),
    };
    await store.updateLive(taskId, live);
    await store.commit(unitOf([{ type: "TaskResumed", at: minute(4), by: "owner" }], events));
    expect(await store.readLive(taskId)).toEqual(live);
    expect(await place.rows(`select ${liveColumns.join(", ")} from agent_statuses`)).toEqual([
      {
        current_action: live.currentAction,
        current_step: "01_idea",
        current_document: live.currentDocument,
        agent_actions: JSON.stringify(live.recentActions),
        last_update: minute(3),
      },
    ]);
  });
});
