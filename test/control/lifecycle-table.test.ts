/** Every webhook that the app hears, in every state of a task. What people do in several steps is in lifecycle.test.ts. */
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { currentPhaseOf, isSettled, liveRunOf } from "../../src/core/state.ts";
import {
  commentPayload,
  installationPayload,
  issuePayload,
  listed,
  payloadOf,
  pullRequestPayload,
  says,
} from "./payloads.ts";
import { repository, world, type World } from "./world.ts";

/** The comment in which somebody answered the first of two questions. */
const answerId = 77;

const hourMs = 60 * 60_000;

const states = {
  absent: async () => undefined,
  draft: (told) => told.label("create_app", { sender: "reader" }),
  pending: (told) => told.label(),
  "at work": async (told) => {
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
  },
  verifying: async (told) => {
    await told.label();
    const runner = await told.openRun();
    for (const step of runner.job.stepsToDo) await runner.step(step);
    await told.settle();
    told.github.failNext("readTree", "before", () => new RetryLater("502", hourMs), { times: 99 });
    await runner.end({ kind: "completed" });
    await told.settle();
    told.logged.length = 0;
  },
  review: async (told) => {
    await told.label();
    await told.runPhase();
  },
  "rework at work": async (told) => {
    await states.review(told);
    await told.comment("rework", "owner", 7, "More.");
    await told.openRun();
  },
  "waiting for an answer": async (told) => {
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.question("Which colour?");
    await runner.question("Who pays?");
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    told.github.changeRun(runner.job.runId, { status: "completed", conclusion: "success" });
    await says(told, "/answer 1: Red", { id: answerId });
  },
  "waiting for a key": async (told) => {
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.needs("STRIPE_KEY");
    await runner.end({ kind: "waiting-dependency" });
    await told.settle();
    told.github.changeRun(runner.job.runId, { status: "completed", conclusion: "success" });
  },
  paused: async (told) => {
    await states["at work"](told);
    await told.comment("pause");
  },
  completed: async (told) => {
    await told.label();
    await told.playOn();
  },
  cancelled: async (told) => {
    await states.review(told);
    await told.comment("cancel");
  },
  failed: async (told) => {
    await told.label();
    await told.deliver({ kind: "repository-changed", repository, change: "deleted", sender: "owner" });
  },
} satisfies Readonly<Record<string, (told: World) => Promise<unknown>>>;
type State = keyof typeof states;

/** What comes of a webhook in each state; what is not named stays as it was. */
type Cells = Readonly<Partial<Record<State, string>>>;

interface Row {
  /** What happened on GitHub before the webhook; false where nothing could. */
  readonly happened?: (told: World, gate: number) => unknown;
  readonly payload: (gate: number) => object;
  readonly cells: Cells;
}

const inert = (payload: Row["payload"]): Row => ({ payload, cells: {} });
const issue =
  (action: string, more: Parameters<typeof issuePayload>[1] = {}) =>
  () =>
    issuePayload(action, more);
const pull =
  (action: string, rest: object = {}) =>
  (number: number) =>
    pullRequestPayload(action, { number, rest });
const ofRepository =
  (action: string, where = repository) =>
  () =>
    payloadOf(action, {}, "owner", where);
const ofInstallation =
  (action: string, rest: object = {}) =>
  () =>
    installationPayload(action, rest);
const ofRun = (action: string) => () =>
  payloadOf(action, { workflow_run: { id: 100, path: ".github/workflows/phasegate.yml" } });
const hasGate = (told: World, gate: number) => told.github.pulls.has(gate);
const renamed = { ...repository, name: "shortener" };
const transferred = { ...repository, owner: "other", installationId: 9 };

const onOpenGate = (result: string): Cells => ({
  "at work": result,
  "waiting for an answer": result,
  "waiting for a key": result,
  verifying: result,
  review: result,
  "rework at work": result,
  paused: result,
});

const suspended = (reason: string): Cells => ({
  pending: `run cancelled, paused: ${reason}`,
  "at work": `run cancelled, paused: ${reason}`,
  "waiting for an answer": `paused: ${reason}`,
  "waiting for a key": `paused: ${reason}`,
  verifying: `paused: ${reason}`,
  review: `paused: ${reason}`,
  "rework at work": `run cancelled, paused: ${reason}`,
});

const abandoned = (end: string): Cells => ({
  draft: end,
  pending: `run cancelled, ${end}`,
  "at work": `run cancelled, ${end}`,
  "waiting for an answer": end,
  "waiting for a key": end,
  verifying: end,
  review: end,
  "rework at work": `run cancelled, ${end}`,
  paused: end,
});

const moved: Cells = {
  draft: "moved",
  pending: "moved",
  "at work": "moved",
  "waiting for an answer": "moved",
  "waiting for a key": "moved",
  verifying: "moved",
  review: "moved",
  "rework at work": "moved",
  paused: "moved",
};

const newTask = "new task: created, started, phase started, run requested, dispatched";
const created: Cells = { absent: newTask, completed: newTask, cancelled: newTask, failed: newTask };

const table: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  issues: {
    ...Object.fromEntries(
      [
        "assigned unassigned edited locked unlocked milestoned demilestoned pinned unpinned unlabeled typed untyped",
        "field_added field_removed",
      ]
        .join(" ")
        .split(" ")
        .map((action) => [action, inert(issue(action, { label: "create_app" }))]),
    ),
    labeled: { payload: issue("labeled", { label: "create_app" }), cells: created },
    opened: { payload: issue("opened"), cells: created },
    closed: {
      happened: ({ github }) => github.openIssue(7, { open: false }),
      payload: issue("closed"),
      cells: suspended("issue-closed"),
    },
    // It is open already, or a pause of another kind stands: a reopened issue lifts its own pause alone.
    reopened: inert(issue("reopened")),
    deleted: {
      happened: ({ github }) => void github.issues.delete(7),
      payload: issue("deleted"),
      cells: abandoned("cancelled"),
    },
    transferred: {
      happened: ({ github }) => void github.issues.delete(7),
      payload: issue("transferred"),
      cells: abandoned("cancelled"),
    },
  },
  issue_comment: {
    created: {
      payload: () => commentPayload("/run"),
      cells: {
        draft: "started, phase started, run requested, dispatched",
        paused: "resumed, run requested, dispatched",
      },
    },
    "created, with the answer": {
      payload: () => commentPayload("/answer 2: The users."),
      cells: { "waiting for an answer": "answered, resumed, run requested, dispatched" },
    },
    "created, with the key left out": {
      payload: () => commentPayload("/skip STRIPE_KEY"),
      cells: { "waiting for a key": "skipped, resumed, run requested, dispatched" },
    },
    edited: inert(() => commentPayload("/run", { action: "edited" })),
    "edited, with another answer": {
      payload: () => commentPayload("/answer 1: Green", { action: "edited", id: answerId }),
      cells: { "waiting for an answer": "answered" },
    },
    deleted: inert(() => commentPayload("/run", { action: "deleted" })),
    "deleted, with the answer": {
      payload: () => commentPayload("/answer 1: Red", { action: "deleted", id: answerId }),
      cells: { "waiting for an answer": "answer withdrawn" },
    },
    pinned: inert(() => commentPayload("/run", { action: "pinned" })),
    unpinned: inert(() => commentPayload("/run", { action: "unpinned" })),
  },
  pull_request: {
    ...Object.fromEntries(
      [
        "assigned unassigned auto_merge_enabled auto_merge_disabled converted_to_draft dequeued enqueued labeled",
        "unlabeled locked unlocked milestoned demilestoned merged opened ready_for_review review_requested",
        "review_request_removed edited stacked",
      ]
        .join(" ")
        .split(" ")
        .map((action) => [action, inert(pull(action))]),
    ),
    synchronize: {
      happened: (told, gate) => {
        const branch = told.github.pulls.get(gate)?.branch;
        return branch !== undefined && told.github.push(branch, "docs/own.md", "By hand.");
      },
      payload: pull("synchronize"),
      cells: {},
    },
    closed: {
      happened: (told, gate) => hasGate(told, gate) && told.github.changePull(gate, { open: false }),
      payload: pull("closed"),
      cells: {
        "at work": "run cancelled, paused: gate-closed",
        "waiting for an answer": "paused: gate-closed",
        "waiting for a key": "paused: gate-closed",
        verifying: "paused: gate-closed",
        review: "paused: gate-closed",
        "rework at work": "run cancelled, paused: gate-closed",
      },
    },
    "closed, since it was merged": {
      happened: (told, gate) => hasGate(told, gate) && told.github.merge(gate, "owner"),
      payload: pull("closed"),
      cells: {
        "at work": "run cancelled, phase completed, phase started, run requested, dispatched",
        // Whoever merged has decided without what was asked.
        "waiting for an answer": "phase completed, phase started, run requested, dispatched",
        "waiting for a key": "phase completed, phase started, run requested, dispatched",
        // The dispatch waits its turn behind the verification that GitHub put off, which has become moot.
        verifying: "phase completed, phase started, run requested",
        review: "phase completed, phase started, run requested, dispatched",
        "rework at work": "run cancelled, phase completed, phase started, run requested, dispatched",
        paused: "phase completed, paused: paused",
      },
    },
    reopened: inert(pull("reopened")),
    "edited, now for another branch": {
      happened: (told, gate) => hasGate(told, gate) && told.github.changePull(gate, { base: "develop" }),
      payload: pull("edited", { changes: { base: { ref: { from: "main" } } } }),
      cells: {
        "at work": "run cancelled, paused: gate-retargeted",
        "waiting for an answer": "paused: gate-retargeted",
        "waiting for a key": "paused: gate-retargeted",
        verifying: "paused: gate-retargeted",
        review: "paused: gate-retargeted",
        "rework at work": "run cancelled, paused: gate-retargeted",
      },
    },
  },
  pull_request_review: {
    submitted: {
      happened: (told, gate) =>
        hasGate(told, gate) && told.github.review(gate, { verdict: "changes_requested", body: "Better." }),
      payload: pull("submitted"),
      cells: onOpenGate("feedback, changes requested"),
    },
    edited: inert(pull("edited")),
    dismissed: {
      happened: (told, gate) => hasGate(told, gate) && told.github.review(gate, { verdict: "dismissed" }),
      payload: pull("dismissed"),
      cells: {},
    },
  },
  pull_request_review_comment: {
    created: {
      happened: (told, gate) => hasGate(told, gate) && told.github.thread(gate),
      payload: pull("created"),
      cells: onOpenGate("feedback"),
    },
    edited: inert(pull("edited")),
    deleted: inert(pull("deleted")),
  },
  pull_request_review_thread: {
    resolved: {
      happened: (told, gate) => hasGate(told, gate) && told.github.thread(gate, { resolved: true }),
      payload: pull("resolved"),
      cells: onOpenGate("feedback, resolved"),
    },
    unresolved: {
      happened: (told, gate) => hasGate(told, gate) && told.github.thread(gate),
      payload: pull("unresolved"),
      cells: onOpenGate("feedback"),
    },
  },
  repository: {
    created: inert(ofRepository("created")),
    edited: inert(ofRepository("edited")),
    privatized: inert(ofRepository("privatized")),
    publicized: inert(ofRepository("publicized")),
    unarchived: inert(ofRepository("unarchived")),
    archived: { payload: ofRepository("archived"), cells: suspended("repository-archived") },
    renamed: { payload: ofRepository("renamed", renamed), cells: moved },
    transferred: { payload: ofRepository("transferred", transferred), cells: moved },
    deleted: { payload: ofRepository("deleted"), cells: abandoned("failed") },
  },
  installation: {
    created: {
      payload: () => ({ ...ofInstallation("created", { repositories: [listed()] })(), installation: { id: 9 } }),
      cells: moved,
    },
    deleted: { payload: ofInstallation("deleted"), cells: suspended("no-access") },
    suspend: { payload: ofInstallation("suspend"), cells: suspended("no-access") },
    unsuspend: inert(ofInstallation("unsuspend")),
    new_permissions_accepted: inert(ofInstallation("new_permissions_accepted")),
  },
  installation_repositories: {
    added: inert(ofInstallation("added", { repositories_added: [listed()] })),
    removed: {
      payload: ofInstallation("removed", { repositories_removed: [listed()] }),
      cells: suspended("no-access"),
    },
  },
  workflow_run: {
    requested: inert(ofRun("requested")),
    in_progress: inert(ofRun("in_progress")),
    completed: {
      happened: (told) => {
        const run = told.github.runs.at(-1);
        if (run === undefined) return false;
        return told.github.changeRun(run.runId, { status: "completed", conclusion: "failure" });
      },
      // Always of the first run: the rework's is another.
      payload: ofRun("completed"),
      cells: {
        pending: "run lost, paused: app-unreachable",
        "at work": "run lost, run requested, dispatched",
      },
    },
  },
};

const words: Readonly<Partial<Record<TaskEvent["type"], string>>> = {
  TaskCreated: "created",
  TaskStarted: "started",
  PhaseStarted: "phase started",
  RunRequested: "run requested",
  RunDispatched: "dispatched",
  TaskResumed: "resumed",
  TaskCancelled: "cancelled",
  TaskFailed: "failed",
  RepositoryMoved: "moved",
  PhaseCompleted: "phase completed",
  ChangesRequested: "changes requested",
  FeedbackGiven: "feedback",
  FeedbackResolved: "resolved",
  QuestionAnswered: "answered",
  AnswerWithdrawn: "answer withdrawn",
  DependencySkipped: "skipped",
};

function wordsOf(event: TaskEvent): string {
  if (event.type === "TaskPaused") return `paused: ${event.reason.kind}`;
  if (event.type === "RunEnded") return `run ${event.outcome.kind}`;
  return words[event.type] ?? event.type;
}

async function tasksOf(told: World) {
  return told.store.tasksOfIssue(repository.repositoryId, 7);
}

/** What a webhook came to, in the words of the table, and whether the world is another one since. */
async function tell(told: World, row: Row): Promise<{ readonly result: string; readonly changed: boolean }> {
  const before = await tasksOf(told);
  const past = before[0] === undefined ? [] : await told.store.readEvents(before[0]);
  const task = before[0] === undefined ? null : await told.taskById(before[0]);
  const gate = (task === null ? null : currentPhaseOf(task)?.gate?.pullRequest) ?? 31;
  const happened = row.happened !== undefined && row.happened(told, gate) !== false;
  await told.webhook(eventOf.get(row) ?? "", row.payload(gate));
  const after = await tasksOf(told);
  const isNew = after.length > before.length;
  const events = after[0] === undefined ? [] : (await told.store.readEvents(after[0])).slice(isNew ? 0 : past.length);
  if (events.length === 0) return { result: "unchanged", changed: happened };
  return { result: `${isNew ? "new task: " : ""}${events.map(wordsOf).join(", ")}`, changed: true };
}

const eventOf = new Map(
  Object.entries(table).flatMap(([event, rows]) => Object.values(rows).map((row) => [row, event] as const)),
);

/** What holds after every webhook, whatever it came to. */
async function faultsOf(told: World): Promise<readonly string[]> {
  const { store } = told;
  const faults = told.logged.filter(({ level }) => level === "error").map(({ message }) => `logged: ${message}`);
  const waiting = await store.dueMessages("2030-01-01T00:00:00.000Z", 9);
  faults.push(...waiting.map(({ key }) => `not processed: ${key}`));
  const openTasks = await store.openTasks();
  const openRuns = await store.openRuns();
  for (const taskId of await tasksOf(told)) {
    const state = stateFrom(await store.readEvents(taskId));
    if (state.status === "absent") continue;
    if (openTasks.includes(taskId) === isSettled(state)) faults.push(`${taskId} is open in one place only`);
    const runs = openRuns.filter((run) => run.taskId === taskId).map(({ runId }) => runId);
    if (runs.join(" ") !== (liveRunOf(state)?.runId ?? "")) faults.push(`open runs of ${taskId}: ${runs.join(" ")}`);
  }
  const jobs = told.github.runs.filter(({ status }) => status !== "completed");
  if (jobs.length > 1) faults.push(`${jobs.length} jobs at once`);
  return faults;
}

describe("each webhook in each state has a defined end", () => {
  test("and the table has every action that GitHub's examples know", () => {
    const known = z.array(z.object({ name: z.string(), actions: z.array(z.string()) })).parse(examples);
    const missing = Object.entries(table).flatMap(([event, rows]) => {
      const actions = known.find(({ name }) => name === event)?.actions ?? [];
      return actions.filter((action) => rows[action] === undefined).map((action) => `${event}.${action}`);
    });
    expect(missing).toEqual([]);
  });

  test.each(Object.keys(states) as State[])("%s", async (state) => {
    const results: Record<string, string> = {};
    const expected: Record<string, string> = {};
    let told: World | null = null;
    for (const [event, rows] of Object.entries(table)) {
      for (const [action, row] of Object.entries(rows)) {
        const name = `${event}.${action}`;
        expected[name] = row.cells[state] ?? "unchanged";
        told ??= await inState(state);
        const { result, changed } = await tell(told, row);
        results[name] = [result, ...(await faultsOf(told))].join("; ");
        // Where nothing came of it, the next webhook finds the same world.
        if (changed) told = null;
      }
    }
    expect(results).toEqual(expected);
  });
});

async function inState(state: State): Promise<World> {
  const told = await world();
  await states[state](told);
  await told.settle();
  return told;
}
