import fc from "fast-check";
import { expect, test } from "vitest";
import { decide } from "../../src/core/decide.ts";
import { dropsRun } from "../../src/core/block.ts";
import { evolve, stateFrom } from "../../src/core/evolve.ts";
import type { RunId } from "../../src/core/ids.ts";
import type { ReworkSource } from "../../src/core/events.ts";
import { react } from "../../src/core/react.ts";
import {
  agentStatusOf,
  budgetLeftOf,
  currentPhaseOf,
  grantsOf,
  isSettled,
  liveRunOf,
  openDependenciesOf,
  openQuestionsOf,
  planDueOf,
  openVetoesOf,
  progressPercentOf,
  purseOf,
  taskBranchOf,
  type TaskState,
} from "../../src/core/state.ts";
import { eventCodecs } from "../../src/store/event-schemas.ts";
import { reviewer, writer } from "./given.ts";
import { eventsOf, history, wish, type Wish } from "./histories.ts";

test.each([
  ["folding any accepted history never throws, and every fact of it can be shown", foldsAndShows],
  ["replay in two halves equals replay whole", replaysInHalves],
  ["the same input twice changes nothing", repeatsChangeNothing],
  ["at most one run of a task is live", oneLiveRun],
  ["no run is asked for while something blocks the task", noRunWhileBlocked],
  ["attempt numbers of a phase never decrease, and none that failed verification is used again", attemptsGrow],
  ["a settled task hears of nothing but its erasure and of what was under way", settledStays],
  ["a gate is presented only where its attempt was verified, or a person took it as it is", presentedWhenVerified],
  ["a task that waits for nobody has a run, or the app is at work on it", somethingIsDue],
  ["what was asked is answered, asked again, or shown as open", feedbackIsKept],
  ["a run that has started leaves the task only with an end of its own", startedRunsEnd],
  ["what is left of a budget is never more than phase and task have", budgetLeftIsLeft],
  ["a phase never starts before its predecessor's gate merged, or somebody skipped it", phasesInOrder],
  [
    "nothing is merged by itself but what one who may has approved, that is not red, and nobody objects to",
    mergesWithCare,
  ],
  ["a phase that the requester merged alone is followed only after another writer's word", requesterIsNotAlone],
  ["after two reworks for the repository's checks people have their say", reworksTwiceFor("ci", "conflict")],
  ["after two reworks for conflicts with the base people have their say", reworksTwiceFor("conflict", "ci")],
  ["a veto with a reason is due until it is taken up, taken back, or its decision is gone", vetoesAreKept],
  ["the same findings three times in a row, or two attempts that change nothing, start no run", goesNotInCircles],
  ["of the attempts to mend what failed one at most is under way, and the others say what came of them", attemptsEnd],
  ["a task never waits with nothing open, nor works while it lacks what it must have", waitsForSomething],
  ["questions are numbered from 1 without holes, and keep their numbers", questionsAreNumbered],
  ["what a stranger says to a question counts for nothing", strangersAnswerNothing],
  ["an answer that a run was given is never taken back, and a step ends what was told", answersStay],
  ["a name never changes its slot, and a slot never its name; there are ten", slotsStay],
  ["a value is lent by a person's word, or where it is newer than the request for it", grantsAreNewer],
  ["whatever was spent is counted once, and a budget changes by a person's word alone", moneyIsCounted],
  ["what is said in a conversation is answered once, in order, unless somebody ends it before", turnsAreAnswered],
  ["a conversation that waits for a comment has answered all of them", waitsForWords],
  ["what is said in a conversation by a stranger counts for nothing", strangersTalkToNobody],
  ["the core is deterministic", decidesTheSame],
])("%s", (_claim, check) => {
  fc.assert(fc.property(fc.array(wish, { maxLength: 120, size: "max" }), check), { numRuns: 300 });
});

test("random histories reach every status and every event, so the properties speak of something", () => {
  const statuses = new Set<string>();
  const types = new Set<string>();
  for (const wishes of fc.sample(fc.array(wish, { minLength: 60, maxLength: 160 }), { numRuns: 800, seed: 7 })) {
    for (const { events, state } of history(wishes)) {
      statuses.add(state.status);
      for (const event of events) types.add(event.type);
    }
  }
  const all = ["cancelled", "completed", "draft", "failed", "in_progress", "pending", "review"];
  expect([...statuses].sort()).toEqual(all);
  expect([...types].sort()).toEqual(Object.keys(eventCodecs).sort());
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
  for (const { command: asked, events, state } of history(wishes)) {
    // Once the task goes on, the same figure is said of the phase; the shell hears each comment once.
    if (asked.type === "SetBudget" && events.some(({ type }) => type === "TaskResumed")) continue;
    // What is refused a second time was tried a second time.
    if (asked.type === "NoteSecurity") continue;
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

function noRunWhileBlocked(wishes: Wish[]): void {
  for (const { before, events } of history(wishes)) {
    let state: TaskState = before;
    for (const event of events) {
      if (event.type === "RunRequested") expect(state.status === "absent" ? null : state.blockedBy).toBeNull();
      state = evolve(state, event);
    }
  }
}

function attemptsGrow(wishes: Wish[]): void {
  const newest = new Map<number, number>();
  const failed = new Set<string>();
  for (const event of eventsOf(wishes)) {
    if (event.type === "PhaseVerified" && !event.passed) failed.add(`${event.phase}/${event.attempt}`);
    if (event.type !== "RunRequested") continue;
    expect(event.attempt).toBeGreaterThanOrEqual(newest.get(event.phase) ?? 1);
    expect(failed).not.toContain(`${event.phase}/${event.attempt}`);
    newest.set(event.phase, event.attempt);
  }
}

/** What an effect had already done on GitHub when the task ended is a fact all the same. */
const underWay = ["StepPublished", "GateOpened", "FinalGateOpened", "CiReleased", "FeedbackResolved"];
const writers = [writer.login, reviewer.login];

function settledStays(wishes: Wish[]): void {
  const cancel: Wish = { what: "cancel", stale: false, byStranger: false, pick: 0 };
  for (const { before, events, state } of history([...wishes, cancel, ...wishes])) {
    if (before.status === "absent" || !isSettled(before)) continue;
    expect(["TaskErased", ...underWay]).toEqual(expect.arrayContaining(events.map(({ type }) => type)));
    expect(state.status).toBe(before.status);
  }
}

function presentedWhenVerified(wishes: Wish[]): void {
  for (const { before, events } of history(wishes)) {
    if (before.status === "absent" || !events.some(({ type }) => type === "ReviewCreated")) continue;
    const phase = currentPhaseOf(before);
    expect(liveRunOf(before)).toBeNull();
    expect(phase?.accepted !== null || phase.verification?.passed === true).toBe(true);
  }
}

/** Nothing stands still with nobody told: neither a run, nor the app, nor a reason that a person reads. */
function somethingIsDue(wishes: Wish[]): void {
  for (const { state } of history(wishes)) {
    // The app opens the last pull request.
    if (currentPhaseOf(state)?.completed && taskBranchOf(state) !== null) continue;
    // The app reads the plan.
    if (planDueOf(state) !== null) continue;
    if (state.status === "pending" && state.blockedBy === null) expect(state.run).not.toBeNull();
  }
}

/** Whoever asked finds an answer by the time that the gate is presented again, or a reaction that says there is none. */
function feedbackIsKept(wishes: Wish[]): void {
  const told = new Set<string>();
  for (const { before, events, state } of history(wishes)) {
    let step: TaskState = before;
    for (const event of events) {
      const next = evolve(step, event);
      if (event.type === "ReworkRequested") for (const id of event.ids) told.delete(id);
      if (next.status !== "absent") {
        for (const { effect } of react(event, step.status === "absent" ? null : step, next)) {
          if (effect.kind === "AnswerFeedback") for (const id of effect.ids) told.add(id);
        }
      }
      if (event.type === "ReviewCreated" && step.status !== "absent") {
        const rework = currentPhaseOf(step)?.rework ?? null;
        const answered = currentPhaseOf(step)?.feedback.filter(({ answer }) => answer !== null) ?? [];
        for (const id of rework?.ids ?? []) {
          expect(told.has(id) || answered.some((item) => item.id === id)).toBe(true);
        }
      }
      step = next;
    }
    const ids = state.phases.flatMap(idsOf);
    expect(new Set(ids).size).toBe(ids.length);
  }
}

function idsOf({ phase, feedback }: { phase: number; feedback: readonly { id: string }[] }): readonly string[] {
  return feedback.map(({ id }) => `${phase}/${id}`);
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

function waitsForSomething(wishes: Wish[]): void {
  for (const { before, events, state } of history(wishes)) {
    const questions = openQuestionsOf(state).length;
    const dependencies = openDependenciesOf(state).length;
    if (state.blockedBy?.kind === "waiting-question") expect(questions).toBeGreaterThan(0);
    if (state.blockedBy?.kind === "waiting-dependency") expect([questions, dependencies > 0]).toEqual([0, true]);
    let step: TaskState = before;
    for (const event of events) {
      if (event.type === "RunRequested" && step.status !== "absent") {
        expect([openQuestionsOf(step), openDependenciesOf(step)]).toEqual([[], []]);
      }
      step = evolve(step, event);
    }
  }
}

function turnsAreAnswered(wishes: Wish[]): void {
  const settled = new Map<string, string>();
  for (const { before, events, state } of history(wishes)) {
    for (const { phase, conversation } of state.phases) {
      const numbers = conversation?.said.map(({ number }) => number) ?? [];
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      for (const turn of conversation?.said ?? []) {
        const key = `${phase}/${turn.number}`;
        if (settled.has(key)) expect([turn.settled, turn.textHash]).toEqual([true, settled.get(key)]);
        if (turn.settled) settled.set(key, turn.textHash);
        const was = before.status === "absent" ? null : before.phases.find((each) => each.phase === phase);
        const isNews =
          turn.settled && was?.conversation?.said.some((each) => each.number === turn.number && !each.settled);
        if (isNews === true) {
          expect(events.some(({ type }) => type === "TurnAnswered" || type === "ConversationClosed")).toBe(true);
        }
      }
    }
  }
}

function waitsForWords(wishes: Wish[]): void {
  for (const { state } of history(wishes)) {
    if (state.blockedBy?.kind !== "conversation") continue;
    const conversation = currentPhaseOf(state)?.conversation ?? null;
    expect(liveRunOf(state)).toBeNull();
    expect(conversation?.replies.length).toBeGreaterThan(0);
    expect(conversation?.doneBy).toBeNull();
    expect(conversation?.said.filter(({ settled }) => !settled)).toEqual([]);
  }
}

function strangersTalkToNobody(wishes: Wish[]): void {
  const people = ["owner", "reader"];
  for (const event of eventsOf(wishes)) if (event.type === "TurnSaid") expect(people).toContain(event.by);
}

function questionsAreNumbered(wishes: Wish[]): void {
  const words = new Map<number, string>();
  for (const { state } of history(wishes)) {
    expect(state.questions.map(({ number }) => number)).toEqual(state.questions.map((_, index) => index + 1));
    for (const { number, question, index } of state.questions) {
      expect(words.get(number) ?? `${question}${index}`).toBe(`${question}${index}`);
      words.set(number, `${question}${index}`);
    }
  }
}

function strangersAnswerNothing(wishes: Wish[]): void {
  for (const { state } of history(wishes)) {
    for (const { answer } of state.questions) expect(["owner", "reviewer", "reader", undefined]).toContain(answer?.by);
  }
}

function answersStay(wishes: Wish[]): void {
  for (const { command: asked, before, events, state } of history(wishes)) {
    if (before.status === "absent") continue;
    for (const event of events) {
      if (event.type === "AnswerWithdrawn") {
        expect(before.questions[event.number - 1]?.answer).toMatchObject({ carried: false, delivered: false });
      }
      if (event.type !== "AnswersDelivered" || asked.type !== "CompleteStep") continue;
      for (const number of event.numbers) {
        const answer = state.questions[number - 1]?.answer;
        expect(asked.told).toContainEqual({ number, at: answer?.at });
        expect(answer?.delivered).toBe(true);
      }
    }
  }
}

function slotsStay(wishes: Wish[]): void {
  const slots = new Map<string, number>();
  for (const { state } of history(wishes)) {
    for (const { slot, dependency } of grantsOf(state)) {
      expect(slots.get(dependency.name) ?? slot).toBe(slot);
      slots.set(dependency.name, slot);
      expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).toContain(slot);
    }
    expect(new Set(slots.values()).size).toBe(slots.size);
  }
}

/** Reckoned from the events alone: when it was first asked for, or for which run its value was found wrong. */
function grantsAreNewer(wishes: Wish[]): void {
  const askedAt = new Map<string, string>();
  const runs = new Map<RunId, string>();
  for (const { command: asked, events } of history(wishes)) {
    for (const event of events) {
      if (event.type === "RunRequested") runs.set(event.runId, event.at);
      if (event.type === "DependencyRequested" && !askedAt.has(event.dependency.name)) {
        askedAt.set(event.dependency.name, event.at);
      }
      if (event.type === "DependencyRefused") askedAt.set(event.name, runs.get(event.runId) ?? event.at);
      if (event.type !== "DependencyGranted") continue;
      if (event.by !== null) {
        expect(writers).toContain(event.by);
        continue;
      }
      const seen = asked.type === "RecordNames" ? asked.names.find(({ name }) => name === event.name) : undefined;
      expect(Date.parse(seen?.updatedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(askedAt.get(event.name) ?? ""));
    }
  }
}

function moneyIsCounted(wishes: Wish[]): void {
  let spentUsd = 0;
  const purses = new Map<number | null, number>([[null, 25]]);
  for (const { before, events, state } of history(wishes)) {
    for (const event of events) {
      if (event.type === "StepCompleted" || event.type === "RunEnded") spentUsd += event.spent.costUsd;
      if (event.type !== "BudgetSet" || before.status === "absent") continue;
      expect(writers).toContain(event.by);
      const spent = before.phases.filter(({ phase }) => event.phase === null || phase === event.phase);
      expect(event.usd).toBeGreaterThan(spent.reduce((sum, each) => sum + each.spent.costUsd, 0));
      purses.set(event.phase, event.usd);
    }
    expect(state.phases.reduce((sum, phase) => sum + phase.spent.costUsd, 0)).toBeCloseTo(spentUsd, 6);
    expect(state.taskBudgetUsd).toBe(purses.get(null));
    for (const { number } of state.playbook.phases) expect(purseOf(state, number)).toBe(purses.get(number) ?? 5);
  }
}

function phasesInOrder(wishes: Wish[]): void {
  const over = new Set<number>();
  const begun: number[] = [];
  for (const event of eventsOf(wishes)) {
    if (event.type === "PhaseStarted") {
      expect(begun.filter((phase) => !over.has(phase))).toEqual([]);
      // What follows from a change may come between the two of the playbook.
      if (event.phase === 2) expect(begun).toContain(1);
      begun.push(event.phase);
    }
    if (
      ["PhaseCompleted", "PhaseSkipped", "RippleSettled", "ConversationSettled"].includes(event.type) &&
      "phase" in event
    ) {
      over.add(Number(event.phase));
    }
  }
}

/** Each effect that an event of the history makes due, with the state behind it. */
function* effectsOf(wishes: Wish[]) {
  for (const { before, events } of history(wishes)) {
    let state: TaskState = before;
    for (const event of events) {
      const next = evolve(state, event);
      if (next.status === "absent") continue;
      for (const { effect } of react(event, state.status === "absent" ? null : state, next))
        yield { effect, state: next };
      state = next;
    }
  }
}

/** Reckoned from the facts of the gate, not by the helper that decides it. */
function mergesWithCare(wishes: Wish[]): void {
  for (const { effect, state } of effectsOf(wishes)) {
    if (effect.kind !== "MergeGate") continue;
    const phase = currentPhaseOf(state);
    const { gate = null, ci = null } = phase ?? {};
    expect(state).toMatchObject({ status: "review", blockedBy: null, settings: { merge: "auto" } });
    expect([gate?.headSha, gate?.releasedSha]).toContain(effect.headSha);
    expect(ci?.headSha).toBe(effect.headSha);
    expect(["green", "none"]).toContain(ci?.kind);
    expect(gate?.requestedBy).toEqual([]);
    const requester = state.settings.requesterMayApprove ? null : writer.login;
    expect(gate?.approvedBy.filter((login) => login !== requester)).not.toEqual([]);
    const taken = phase?.feedback.map(({ id }) => id) ?? [];
    for (const { number, veto } of phase?.decisions.list ?? []) {
      if (veto !== null) expect(taken).toContain(`veto:${phase?.phase}:${phase?.decisions.attempt}:${number}`);
    }
  }
}

function requesterIsNotAlone(wishes: Wish[]): void {
  for (const { command: asked, before, events } of history(wishes)) {
    let state: TaskState = before;
    for (const event of events) {
      if (event.type === "PhaseStarted" && state.status !== "absent" && !state.settings.requesterMayApprove) {
        const merged = state.phases.at(-1);
        const requesters = [state.issue.author, state.prompt?.startedBy];
        const said = [merged?.completed?.by, ...(merged?.gate?.approvedBy ?? [])];
        const isFree = merged === undefined || merged.completed?.skipped === true || asked.type === "ApprovePhase";
        if (!isFree) expect(said.filter((login) => !requesters.includes(login))).not.toEqual([]);
        if (asked.type === "ApprovePhase") expect(requesters).not.toContain(asked.by.login);
      }
      state = evolve(state, event);
    }
  }
}

/** What else the app starts by itself is no word of people. */
function reworksTwiceFor(source: ReworkSource, other: ReworkSource): (wishes: Wish[]) => void {
  return (wishes) => {
    const inRow = new Map<number, number>();
    for (const event of eventsOf(wishes)) {
      if (event.type !== "ReworkRequested" || event.source === other) continue;
      inRow.set(event.phase, event.source === source ? (inRow.get(event.phase) ?? 0) + 1 : 0);
      expect(inRow.get(event.phase)).toBeLessThanOrEqual(2);
    }
  };
}

function vetoesAreKept(wishes: Wish[]): void {
  for (const { state, events } of history(wishes)) {
    const phase = currentPhaseOf(state);
    if (phase === null) continue;
    const isOpen = openVetoesOf(phase).some(({ veto }) => veto.reason !== null);
    expect(phase.vetoedAt !== null).toBe(isOpen);
    if (!isOpen || !events.some(({ type }) => type === "ReviewCreated")) continue;
    const due = react({ type: "ReviewCreated", at: "", phase: phase.phase, headSha: "" }, null, state);
    expect(due.map(({ effect }) => effect.kind)).toContain("StartVetoRework");
  }
}

function goesNotInCircles(wishes: Wish[]): void {
  for (const { before, events } of history(wishes)) {
    let state: TaskState = before;
    for (const event of events) {
      const phase = state.status === "absent" ? null : currentPhaseOf(state);
      const isAnew = event.type === "RunRequested" && event.phase === phase?.phase;
      if (isAnew && events.some(({ type }) => type === "PhaseVerified")) {
        expect(phase?.sameFindings).toBeLessThan(3);
        expect(phase?.idleAttempts).toBeLessThan(2);
      }
      state = evolve(state, event);
    }
  }
}

function attemptsEnd(wishes: Wish[]): void {
  for (const { state } of history(wishes)) {
    for (const { reworkAttempts } of state.phases) {
      for (const { completedAt, result, attemptNumber, failedCriteria } of reworkAttempts) {
        expect(completedAt === null).toBe(result === null);
        expect(attemptNumber).toBeGreaterThanOrEqual(1);
        expect(failedCriteria).not.toEqual([]);
      }
      for (const { completedAt } of reworkAttempts.slice(0, -1)) expect(completedAt).not.toBeNull();
    }
  }
}

function decidesTheSame(wishes: Wish[]): void {
  expect(eventsOf(wishes)).toEqual(eventsOf(wishes));
}
