import fc from "fast-check";
import { expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import { decide } from "../../src/core/decide.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { dropsRun, evolve, stateFrom } from "../../src/core/evolve.ts";
import { changesetIdOf, runIdFrom, type RunId } from "../../src/core/ids.ts";
import type { BlockReason } from "../../src/core/outcome.ts";
import { react } from "../../src/core/react.ts";
import {
  agentStatusOf,
  budgetLeftOf,
  currentPhaseOf,
  initialState,
  liveRunOf,
  progressPercentOf,
  type ExistingTask,
  type TaskState,
} from "../../src/core/state.ts";
import { command, createTask, finding, prompt, spent, stranger, writer } from "./given.ts";

/** One random wish. Most of them aim at what is live, so that histories get long; `stale` ones aim beside it. */
const wish = fc.record({
  what: fc.constantFrom(
    "run",
    "run",
    "cancel",
    "dispatch",
    "dispatch",
    "session",
    "session",
    "session",
    "step",
    "step",
    "step",
    "step",
    "published",
    "published",
    "refuse",
    "gateOpened",
    "gateOpened",
    "end",
    "end",
    "end",
    "lost",
    "failed",
    "limit",
    "budget",
    "slice",
    "verifyPass",
    "verifyPass",
    "verifyFail",
    "ready",
    "ready",
    "approve",
    "request",
    "merge",
    "merge",
    "close",
    "pause",
  ),
  stale: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  byStranger: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  pick: fc.nat(20),
});
const pausesOf: readonly BlockReason[] = [
  { kind: "no-workflow-file" },
  { kind: "effect-failed", effect: "OpenGate", message: "403" },
  { kind: "budget-exhausted", scope: "task", spentUsd: 25, budgetUsd: 25 },
];
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

test.each([
  ["folding any accepted history never throws, and every fact of it can be shown", foldsAndShows],
  ["replay in two halves equals replay whole", replaysInHalves],
  ["the same input twice changes nothing", repeatsChangeNothing],
  ["no two runs of one task are live at once", oneLiveRun],
  ["a run that has started leaves the task only with an end of its own", startedRunsEnd],
  ["what is left of a budget is never more than phase and task have", budgetLeftIsLeft],
  ["a phase never starts before its predecessor's gate merged", phasesInOrder],
  ["the core is deterministic", decidesTheSame],
])("%s", (_claim, check) => {
  fc.assert(fc.property(fc.array(wish, { maxLength: 80 }), check), { numRuns: 300 });
});

test("random histories reach every status and every event, so the properties speak of something", () => {
  const statuses = new Set<string>();
  const types = new Set<string>();
  for (const wishes of fc.sample(fc.array(wish, { minLength: 60, maxLength: 160 }), { numRuns: 400, seed: 7 })) {
    for (const { events, state } of history(wishes)) {
      statuses.add(state.status);
      for (const event of events) types.add(event.type);
    }
  }
  expect([...statuses].sort()).toEqual(["cancelled", "completed", "draft", "in_progress", "pending", "review"]);
  // All of the union but `TaskFailed`, which no rule of today leads to.
  expect(types.size).toBe(20);
});

function foldsAndShows(wishes: Wish[]): void {
  for (const { state, before, events } of history(wishes)) {
    agentStatusOf(state);
    const percent = progressPercentOf(state);
    expect(percent).toBeGreaterThanOrEqual(0);
    expect(percent).toBeLessThanOrEqual(100);
    expect(state.recentActions.length).toBeLessThanOrEqual(5);
    let step: TaskState = before;
    for (const event of events) {
      const next = evolve(step, event);
      if (next.status !== "absent") react(event, step.status === "absent" ? null : step, next);
      step = next;
    }
  }
}

function replaysInHalves(wishes: Wish[]): void {
  const events = eventsOf(wishes);
  const whole = stateFrom(events);
  const middle = Math.floor(events.length / 2);
  expect(stateFrom(events.slice(middle), stateFrom(events.slice(0, middle)))).toEqual(whole);
}

function repeatsChangeNothing(wishes: Wish[]): void {
  for (const { command: asked, state } of history(wishes)) {
    const again = decide(asked, state);
    expect(again.kind === "accepted" ? again.events : []).toEqual([]);
  }
}

function oneLiveRun(wishes: Wish[]): void {
  const live = new Set<RunId>();
  for (const event of eventsOf(wishes)) {
    if (event.type === "RunRequested") {
      live.add(event.runId);
      expect(live.size).toBe(1);
    }
    if (event.type === "RunEnded") live.delete(event.runId);
    // The requested run never was: nothing was dispatched for it.
    if (event.type === "TaskPaused" && dropsRun(event.reason)) live.clear();
  }
}

/** A pause without a runner in it never takes away one that is at work. */
function startedRunsEnd(wishes: Wish[]): void {
  for (const { before, state, events } of history(wishes)) {
    const run = before.status === "absent" ? null : liveRunOf(before);
    if (run?.started !== true || liveRunOf(state)?.runId === run.runId) continue;
    expect(events.some((event) => event.type === "RunEnded" && event.runId === run.runId)).toBe(true);
  }
}

/** Of a run, neither its phase nor its task may spend more than is left. */
function budgetLeftIsLeft(wishes: Wish[]): void {
  for (const { state } of history(wishes)) {
    const { leftUsd, spentUsd, budgetUsd } = budgetLeftOf(state);
    const taskUsd = state.phases.reduce((sum, phase) => sum + phase.spent.costUsd, 0);
    expect(leftUsd).toBeGreaterThanOrEqual(0);
    expect(leftUsd).toBeLessThanOrEqual(Math.max(0, state.taskBudgetUsd - taskUsd));
    expect(leftUsd).toBe(Math.max(0, budgetUsd - spentUsd));
  }
}

function phasesInOrder(wishes: Wish[]): void {
  const merged = new Set<number>();
  for (const event of eventsOf(wishes)) {
    if (event.type === "PhaseStarted" && event.phase > 1) expect(merged).toContain(event.phase - 1);
    if (event.type === "PhaseCompleted") merged.add(event.phase);
  }
}

function decidesTheSame(wishes: Wish[]): void {
  expect(eventsOf(wishes)).toEqual(eventsOf(wishes));
}

function eventsOf(wishes: readonly Wish[]): readonly TaskEvent[] {
  return [...history(wishes)].flatMap(({ events }) => events);
}

/** Plays the wishes against the core and yields what each accepted one did. */
function* history(wishes: readonly Wish[]) {
  let state: TaskState = initialState;
  let serial = 0;
  for (const next of [null, ...wishes]) {
    serial += 1;
    const asked =
      next === null
        ? createTask(wishes[0]?.byStranger ? stranger : writer)
        : commandOf(next, state, `run-${serial}`, serial);
    if (asked === null) continue;
    const decision = decide(asked, state);
    if (decision.kind === "refused" || decision.events.length === 0) continue;
    const before: TaskState = state;
    state = stateFrom(decision.events, state);
    if (state.status !== "absent") yield { command: asked, before, events: decision.events, state };
  }
}

function commandOf(
  { what, stale, byStranger, pick }: Wish,
  state: TaskState,
  newRunId: string,
  serial: number,
): TaskCommand | null {
  if (state.status === "absent") return null;
  const by = byStranger ? stranger : writer;
  const live = liveRunOf(state);
  const runId = stale || live === null ? runIdFrom("run-of-yesterday") : live.runId;
  const phase = currentPhaseOf(state);
  const number = stale ? 9 : (phase?.phase ?? 1);
  const steps = phase?.steps ?? [];
  const step = stale ? "99_other" : (steps[pick % Math.max(steps.length, 1)]?.slug ?? "01_idea");
  const pullRequest = stale ? 999 : (phase?.gate?.pullRequest ?? 30 + number);
  const say = (body: Parameters<typeof command>[0]) => command(body, newRunId);
  const end = (outcome: Extract<TaskCommand, { type: "EndRun" }>["outcome"]) =>
    say({ type: "EndRun", runId, outcome, spent });
  switch (what) {
    case "run":
      return say({ type: "RunTask", by, prompt });
    case "cancel":
      return pick === 0 ? say({ type: "CancelTask", by }) : null;
    case "dispatch":
      return say({ type: "RecordDispatch", runId, workflowRunId: numberOf(runId), url: "https://github.test/run" });
    case "session":
      return say({ type: "OpenSession", runId, workflowRunId: numberOf(runId), url: "https://github.test/run" });
    case "step":
      return say({ type: "CompleteStep", runId, step, changesetId: changesetIdOf(runId, step), files: 1, spent });
    case "published":
    case "refuse": {
      const changesetId = steps.find((candidate) => candidate.slug === step)?.changesetId ?? changesetIdOf(runId, step);
      return what === "published"
        ? say({ type: "RecordPublished", phase: number, step, changesetId, commitSha: `sha-${serial}` })
        : say({ type: "RefuseChangeset", phase: number, step, changesetId, findings: [finding] });
    }
    case "gateOpened":
      return say({
        type: "RecordGateOpened",
        phase: number,
        pullRequest,
        url: "https://github.test/pull",
        draft: true,
      });
    case "end":
      return end({ kind: "completed" });
    case "lost":
      return end({ kind: "lost", message: "silence" });
    case "failed":
      return end({ kind: "failed", message: "gave up", findings: [finding] });
    case "limit":
      return end({ kind: "rate-limited", resetsAt: null, message: "limit" });
    case "budget":
      return end({ kind: "budget-exhausted", spentUsd: 5, budgetUsd: 5 });
    case "slice":
      return end({ kind: "slice-ended" });
    case "verifyPass":
    case "verifyFail":
      return say({
        type: "RecordVerification",
        phase: number,
        attempt: (phase?.failedAttempts ?? 0) + 1,
        headSha: `head-${serial}`,
        passed: what === "verifyPass",
        checks: [],
        findings: what === "verifyPass" ? [] : [finding],
      });
    case "ready":
      return verifiedNow(state) ? say({ type: "RecordGateReady", phase: number, headSha: "head" }) : null;
    case "approve":
    case "request":
      return say({
        type: "RecordReview",
        pullRequest,
        by,
        verdict: what === "approve" ? "approved" : "changes_requested",
        reviewedSha: stale ? "older" : "head",
        headSha: "head",
      });
    case "merge":
      return pick < 8 ? say({ type: "RecordMerge", pullRequest, by: by.login, mergeSha: `merge-${serial}` }) : null;
    case "close":
      return pick < 4 ? say({ type: "RecordGateClosed", pullRequest }) : null;
    case "pause":
      return say({
        type: "PauseTask",
        reason: pausesOf[pick % pausesOf.length] ?? { kind: "no-workflow-file" },
      });
  }
}

function verifiedNow(state: ExistingTask): boolean {
  return currentPhaseOf(state)?.verification?.passed === true;
}

function numberOf(runId: RunId): number {
  return Number(/\d+$/u.exec(runId)?.[0] ?? 0);
}
