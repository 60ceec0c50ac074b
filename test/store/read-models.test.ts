import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import {
  answers,
  asks,
  budget,
  command,
  createTask,
  dispatched,
  eventsOf,
  foundIn,
  gateOpened,
  gateReady,
  merged,
  needs,
  phase1Ready,
  provides,
  runEnded,
  runEndedWith,
  runLost,
  running,
  says,
  sessionOpened,
  skips,
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
import { noInput } from "../../src/core/task-input.ts";

const cancelled = command({ type: "CancelTask", by: writer });
const approved = command({
  type: "RecordReviews",
  pullRequest: 31,
  headSha: "head-1-1",
  reviews: [{ reviewId: 1, by: "writer", verdict: "approved", reviewedSha: "head-1-1" }],
  feedback: [],
});

function openedUnder(account: string, runId: string, workflowRunId: number): TaskCommand {
  const url = `https://github.test/runs/${workflowRunId}`;
  return command({ type: "OpenSession", runId: runIdFrom(runId), workflowRunId, url, account });
}

function errorReported(id: string): TaskCommand {
  return command({
    type: "ReportError",
    runId: runIdFrom("run-1"),
    step: "01_idea",
    requestId: `run-1/${id}`,
    error: "missing_file",
    message: "README.md is not there",
    details: "words of the agent",
  });
}

function itemsChanged(sha: string, ids: readonly string[], steps: readonly string[]): TaskCommand {
  const path = "docs/planning/01_idea.md";
  return command({
    type: "RecordRipple",
    changed: {
      since: "merge-31",
      sha,
      by: "owner",
      items: ids.map((id) => ({ id, kind: "changed", path, phase: 1 })),
      touched: steps.map((step) => ({ phase: 1, step, paths: [path] })),
      checked: [],
      feedback: [],
      textHash: `words of ${sha}`,
    },
  });
}

/** Questions, some answered, dependencies in every state, and an error. */
const dialogue: readonly TaskCommand[] = [
  ...running,
  asks("1", [
    { question: "Who pays?" },
    { question: "What is it called?", options: [], default: null, required: false },
  ]),
  needs("MAPS_KEY", { id: "2", description: "to draw a map" }),
  needs("MAIL_KEY", { id: "3", required: false }),
  needs("a domain", { id: "4", type: "service" }),
  needs("PAY_KEY", { id: "5" }),
  errorReported("6"),
  says("2", 1, 500),
  says("words of a person", 2, 501),
  provides("PAY_KEY"),
  command({ type: "WithdrawAnswer", commentId: 501, by: "owner" }),
  command({ type: "RefuseValue", runId: runIdFrom("run-1"), name: "PAY_KEY", message: "401: words of a service" }),
  runEndedWith({ kind: "waiting-dependency" }),
  provides("MAPS_KEY"),
  skips("a domain"),
];

const histories: Record<string, readonly TaskCommand[]> = {
  "a draft": [createTask(stranger)],
  "a phase that is merged": [...phase1Ready, approved, merged(31)],
  "a change of what was approved, found again as another one, and put back": [
    ...phase1Ready,
    merged(31),
    itemsChanged("main-1", ["REQ-001"], ["01_idea", "02_market"]),
    itemsChanged("main-2", ["REQ-001", "REQ-002"], ["02_market"]),
    itemsChanged("main-3", [], []),
  ],
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
  "a dialogue": dialogue,
  "a dialogue that goes on": [
    ...dialogue,
    provides("PAY_KEY"),
    dispatched("run-provided", 101),
    openedUnder("account-1", "run-provided", 101),
    answers([{ number: 2, text: "Links" }]),
    stepCompleted("01_idea", "run-provided"),
  ],
  "a limit, and another account": [
    createTask(),
    dispatched(),
    openedUnder("account-1", "run-1", 100),
    stepCompleted("01_idea"),
    runLost("run-1", "run-2"),
    dispatched("run-2", 101),
    openedUnder("account-1", "run-2", 101),
    runEndedWith({ kind: "rate-limited", resetsAt: null, message: "too many requests" }, "run-2"),
    budget(8),
    command(
      { type: "RunTask", by: writer, prompt: { hash: "hash-of-prompt", hiddenRemoved: 0, input: noInput } },
      "run-3",
    ),
    dispatched("run-3", 102),
    openedUnder("account-2", "run-3", 102),
    stepCompleted("02_market", "run-3"),
  ],
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
  "questions",
  "dependencies",
  "reported_errors",
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

onEachDatabase(({ name, freshPlace, freshStore }) => {
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

  test("questions are kept with their answers, and what became of those (D2)", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(eventsOf(dialogue)));
    const columns = "number, request_id, position, question, options, default_answer, required";
    expect(await place.rows(`select ${columns} from questions order by number`)).toEqual([
      {
        number: 1,
        request_id: "run-1/1",
        position: 1,
        question: "Who pays?",
        options: '["subscription","freemium","advertising"]',
        default_answer: "freemium",
        required: 1,
      },
      {
        number: 2,
        request_id: "run-1/1",
        position: 2,
        question: "What is it called?",
        options: "[]",
        default_answer: null,
        required: 0,
      },
    ]);
    const answered =
      "select answer, answer_option, answered_by, answer_comment_id, delivered from questions order by number";
    const first = { answer: "freemium", answer_option: 2, answered_by: "owner", answer_comment_id: 500, delivered: 0 };
    const none = { answer: null, answer_option: null, answered_by: null, answer_comment_id: null, delivered: 0 };
    expect(await place.rows(answered)).toEqual([first, none]);
    const past = eventsOf(dialogue);
    await store.commit(unitOf([{ type: "AnswersDelivered", at: minute(9), numbers: [1] }], past));
    expect(await place.rows(answered)).toEqual([{ ...first, delivered: 1 }, none]);
  });

  test("dependencies are kept with their slots, and who decided about them (D1)", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(eventsOf(dialogue)));
    const columns = "name, required, state, decided_by, slot, refused";
    expect(await place.rows(`select ${columns} from dependencies order by position`)).toEqual([
      { name: "MAPS_KEY", required: 1, state: "granted", decided_by: "owner", slot: 2, refused: null },
      { name: "MAIL_KEY", required: 0, state: "open", decided_by: null, slot: null, refused: null },
      { name: "a domain", required: 1, state: "skipped", decided_by: "owner", slot: null, refused: null },
      { name: "PAY_KEY", required: 1, state: "open", decided_by: null, slot: 1, refused: "401: words of a service" },
    ]);
    expect(await place.rows("select distinct steps from dependencies")).toEqual([
      { steps: '[{"phase":1,"step":"01_idea"}]' },
    ]);
  });

  test("errors that the agent reported are kept, also those that the state lets go (D4)", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const more = Array.from({ length: 9 }, (_, index) => errorReported(`error-${index}`));
    await store.commit(unitOf(eventsOf([...running, ...more])));
    expect(await place.rows("select distinct run_id, phase, step, type, message, cause from reported_errors")).toEqual([
      {
        run_id: "run-1",
        phase: 1,
        step: "01_idea",
        type: "missing_file",
        message: "README.md is not there",
        cause: "agent",
      },
    ]);
    expect(await place.rows("select count(distinct request_id) as errors from reported_errors")).toEqual([
      { errors: 9 },
    ]);
  });

  test("what was spent is kept for each attempt, under the account that its run works under (H1)", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const past = eventsOf(histories["a limit, and another account"] ?? []);
    for (const [index, event] of past.entries()) await store.commit(unitOf([event], past.slice(0, index)));
    expect(await place.rows("select run_id, step, attempt, account from usage_metrics order by version")).toEqual([
      { run_id: "run-1", step: "01_idea", attempt: 1, account: "account-1" },
      { run_id: "run-1", step: null, attempt: 1, account: "account-1" },
      { run_id: "run-2", step: null, attempt: 1, account: "account-1" },
      { run_id: "run-3", step: "02_market", attempt: 1, account: "account-2" },
    ]);
    expect(await place.rows("select account from tasks")).toEqual([{ account: "account-2" }]);
    expect(await place.rows("select id, account from runs order by id")).toEqual([
      { id: "run-1", account: "account-1" },
      { id: "run-2", account: "account-1" },
      { id: "run-3", account: "account-2" },
    ]);
    expect(await place.rows("select phase, budget_usd, purse_usd from phases order by phase")).toEqual([
      { phase: 1, budget_usd: 5, purse_usd: 8 },
      { phase: 2, budget_usd: 5, purse_usd: null },
    ]);
  });

  test("another process that goes on with a task knows under which account it works", async () => {
    const place = await freshPlace();
    const past = eventsOf(histories["a limit, and another account"] ?? []);
    const begins = past.findIndex((event) => event.type === "RunStarted" && event.runId === "run-2");
    const first = await place.open();
    await first.commit(unitOf(past.slice(0, begins)));
    await first.close();
    let serial = 0;
    const second = await place.open({ newId: () => `second-${(serial += 1)}` });
    await second.commit(unitOf(past.slice(begins), past.slice(0, begins)));
    expect(await place.rows("select account from runs where id = 'run-2'")).toEqual([{ account: "account-1" }]);
  });

  test("limits in a row are counted until a step is completed", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const past = eventsOf(histories["a limit, and another account"] ?? []);
    const limited = past.findIndex((event) => event.type === "RunEnded" && event.outcome.kind === "rate-limited") + 1;
    await store.commit(unitOf(past.slice(0, limited)));
    const query = "select limited_runs from phases where phase = 1";
    expect(await place.rows(query)).toEqual([{ limited_runs: 1 }]);
    await store.commit(unitOf(past.slice(limited), past.slice(0, limited)));
    expect(await place.rows(query)).toEqual([{ limited_runs: 0 }]);
  });

  test("of a dialogue that is erased nothing stays but who did what (Q33)", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(eventsOf(dialogue)));
    const checkpoint = { taskId, checkpointId: "c1", runId: runIdFrom("run-1"), phase: 1, createdAt: minute(1) };
    await store.saveCheckpoint({ ...checkpoint, keyId: "k1", sealed: Buffer.from("sealed words") });
    const request = {
      key: "request:run-1/7",
      kind: "request",
      lane: "repository:2",
      body: "words of the agent",
    } as const;
    await store.takeIn({ ...request, receivedAt: minute(1) });
    await store.eraseTask(taskId);
    expect(await store.readCheckpoint(taskId)).toBeNull();
    expect(await store.dueMessages(minute(1), 1)).toMatchObject([{ key: request.key, kind: "request", body: "" }]);
    const left = await store.readEvents(taskId);
    await store.close();
    const rows = await readModelsIn(place);
    const words = /words|Who pays|it called|freemium|subscription|a map|for the bot|a domain|README/u;
    expect(JSON.stringify([left, rows])).not.toMatch(words);
    expect(await place.rows("select number, answered_by, answer_option from questions order by number")).toEqual([
      { number: 1, answered_by: "owner", answer_option: 2 },
      { number: 2, answered_by: null, answer_option: null },
    ]);
    expect(rows).toEqual(await readModelsAfter(await freshPlace(), [left]));
  });

  test("what the agent does right now is erased, too, and what it spent stays (Q33)", async () => {
    const store = await freshStore();
    await store.commit(unitOf(eventsOf(dialogue)));
    const live = { currentStep: "01_idea", spent, lastUpdate: minute(1) };
    const recentActions = [{ at: minute(1), text: "Read words.md" }];
    await store.updateLive(taskId, { ...live, currentAction: "Write", currentDocument: "words.md", recentActions });
    await store.eraseTask(taskId);
    const silent = { currentAction: null, currentStep: null, currentDocument: null, recentActions: [] };
    expect(await store.readLive(taskId)).toEqual({ ...live, ...silent });
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
      { attempt: 1, passed: 0, findings: JSON.stringify([foundIn(1)]) },
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
