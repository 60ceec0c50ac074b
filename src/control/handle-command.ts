import type { CommandFacts, TaskCommand } from "../core/commands.ts";
import { decide, type Policy, type Refusal } from "../core/decide.ts";
import type { Effect } from "../core/effects.ts";
import type { TaskEvent, TaskEventType } from "../core/events.ts";
import { evolve } from "../core/evolve.ts";
import { runIdFrom, type TaskId } from "../core/ids.ts";
import { react, type Reaction } from "../core/react.ts";
import { isSettled, liveRunOf, type TaskState } from "../core/state.ts";
import { nothingSpent } from "../core/usage.ts";
import type { NewEffect } from "./ports/queues.ts";
import { StaleVersion, type CommitUnit, type Store } from "./ports/store.ts";
import type { Clock, Log, NewId } from "./ports/surroundings.ts";
import { stateOf } from "./read-task.ts";

/** Tries on a stream that others write to at the same time; each loss means that somebody else made progress. */
const triesMax = 20;

/** Mere progress is shown on GitHub this often at most (Q11). */
const statusIntervalMs = 30_000;

export interface CommandHandling {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly policy: Policy;
  readonly log: Log;
}

/** What is marked in the same transaction as the events. A refused command marks nothing: its caller may have more to say. */
export interface Cause {
  readonly inboxKey?: string;
  readonly effectKey?: string;
  readonly userId?: string;
}

export type Handled =
  | { readonly kind: "accepted"; readonly state: TaskState; readonly events: readonly TaskEvent[] }
  | { readonly kind: "refused"; readonly state: TaskState; readonly refusal: Refusal };

/** A command without the facts that the shell adds. */
export type Asked = TaskCommand extends infer Command
  ? Command extends TaskCommand
    ? Omit<Command, keyof CommandFacts>
    : never
  : never;

/** Load, fold, decide, commit. Tries again only where another command was committed first. */
export async function handleCommand(
  handling: CommandHandling,
  taskId: TaskId,
  asked: Asked,
  cause: Cause = {},
): Promise<Handled> {
  const { store, clock, newId, policy, log } = handling;
  for (let tries = 1; ; tries += 1) {
    const past = await store.readEvents(taskId);
    const before = stateOf(past);
    const command: TaskCommand = {
      at: clock.now().toISOString(),
      newRunId: runIdFrom(newId()),
      ...(await liveSpentOf(handling, taskId, before)),
      ...asked,
    };
    const decision = decide(command, before, policy);
    if (decision.kind === "refused") {
      log.info({ taskId, command: asked.type, refusal: decision.refusal }, "command refused");
      return { kind: "refused", state: before, refusal: decision.refusal };
    }
    if (decision.events.length === 0) {
      if (cause.inboxKey !== undefined) await store.markProcessed(cause.inboxKey);
      if (cause.effectKey !== undefined) await store.markEffectDone(cause.effectKey);
      return { kind: "accepted", state: before, events: [] };
    }
    const events = [...decision.events, ...breakOff(command, past, decision.events, policy)];
    const { state, effects } = consequences(handling, taskId, before, past.length, events);
    try {
      await store.commit(unitOf(taskId, past.length, events, state, effects, cause));
    } catch (error) {
      if (error instanceof StaleVersion && tries < triesMax) continue;
      throw error;
    }
    for (const event of events) log.info({ taskId, event }, "event");
    return { kind: "accepted", state, events };
  }
}

const minuteMs = 60_000;

/** What stops a task that goes in circles; nothing for all others. A phase that was completed, or a person's word, begins the count anew. */
function breakOff(
  { at, newRunId, liveSpent = nothingSpent }: CommandFacts,
  past: readonly TaskEvent[],
  made: readonly TaskEvent[],
  policy: Policy,
): readonly TaskEvent[] {
  const events = [...past, ...made];
  const since = Date.parse(at) - minuteMs;
  const begun = events.findLastIndex(
    ({ type, at: moment }) => Date.parse(moment) <= since || type === "TaskResumed" || type === "PhaseCompleted",
  );
  const count = events.length - 1 - begun;
  if (count <= policy.eventsPerMinuteMax) return [];
  const reason = { kind: "runaway", events: count } as const;
  const state = made.reduce(evolve, stateOf(past));
  if (state.status === "absent" || state.blockedBy?.kind === "runaway") return [];
  const suspended = decide({ type: "SuspendTask", at, newRunId, liveSpent, reason, by: null }, state, policy);
  return suspended.kind === "accepted" ? suspended.events : [];
}

/** What the live run has spent, as far as it said so: should it end here without a word of its own, that counts. */
async function liveSpentOf(
  { store }: CommandHandling,
  taskId: TaskId,
  state: TaskState,
): Promise<Pick<CommandFacts, "liveSpent">> {
  if (state.status === "absent" || liveRunOf(state)?.started !== true) return {};
  const live = await store.readLive(taskId);
  return live === null ? {} : { liveSpent: live.spent };
}

function unitOf(
  taskId: TaskId,
  expectedVersion: number,
  events: readonly TaskEvent[],
  state: TaskState,
  effects: readonly NewEffect[],
  cause: Cause,
): CommitUnit {
  return {
    taskId,
    expectedVersion,
    events,
    state,
    effects,
    userId: cause.userId ?? null,
    ...(cause.inboxKey === undefined ? {} : { inboxKey: cause.inboxKey }),
    ...(cause.effectKey === undefined ? {} : { effectKey: cause.effectKey }),
  };
}

/** Has the status shown, in its own lane: two who write it at the same time would make two comments of it. */
export async function queueStatus(
  handling: CommandHandling,
  taskId: TaskId,
  cause: Cause,
  urgency: "now" | "soon" = "now",
): Promise<void> {
  return queueEffect(handling, taskId, { kind: "ShowStatus" }, urgency, cause);
}

/** Makes an effect due that no event asks for: one of those that are queued once, however often they are asked for. */
export async function queueEffect(
  handling: CommandHandling,
  taskId: TaskId,
  effect: Extract<Effect, { kind: "ShowStatus" | "ShowCheck" | "ReadCi" | "CompareItems" | "LookAtBase" }>,
  urgency: Reaction["urgency"],
  cause: Cause,
): Promise<void> {
  const { store, clock } = handling;
  for (let tries = 1; ; tries += 1) {
    const past = await store.readEvents(taskId);
    const due = queued(handling, taskId, stateOf(past), "", { effect, urgency }, clock.now().toISOString());
    try {
      return await store.commit(unitOf(taskId, past.length, [], stateOf(past), [due], cause));
    } catch (error) {
      if (!(error instanceof StaleVersion) || tries >= triesMax) throw error;
    }
  }
}

/** Nothing of it is lost where it is not done again: what would be asked of people twice, or done against what they did since. */
const neverAgain: readonly Effect["kind"][] = ["RequestReview", "ReopenGate"];

/** What these events make of effects before them: done, or not wanted any more. */
const overtaken: { readonly [Type in TaskEventType]?: readonly Effect["kind"][] } = {
  PhaseVerified: ["VerifyPhase"],
  FeedbackResolved: ["AnswerFeedback"],
  ReviewWithdrawn: ["ReleaseCi"],
  CiReleased: ["ReleaseCi"],
  TaskResumed: ["NotifyBlocked"],
};

/**
 * The effects of a task's current phase under their own keys, for a store that has lost its queue. Nobody knows which of them
 * were done: each looks at the state first, and then at GitHub. What a task that has ended made due is done.
 */
export function dueAgain(
  handling: Pick<CommandHandling, "policy">,
  taskId: TaskId,
  events: readonly TaskEvent[],
): readonly NewEffect[] {
  const last = stateOf(events);
  if (last.status === "absent" || isSettled(last)) return [];
  const begun = Math.max(
    0,
    events.findLastIndex(({ type }) => type === "PhaseStarted"),
  );
  const due = new Map<string, NewEffect>();
  let state = stateOf(events.slice(0, begun));
  for (const [index, event] of events.slice(begun).entries()) {
    for (const [name, { effect }] of due) if (overtaken[event.type]?.includes(effect.kind) === true) due.delete(name);
    const led = consequences(handling, taskId, state, begun + index, [event]);
    state = led.state;
    for (const each of led.effects) {
      const name = JSON.stringify(each.effect);
      due.delete(name);
      if (!neverAgain.includes(each.effect.kind)) due.set(name, each);
    }
  }
  return [...due.values()];
}

/** Folds the events one by one, since what an event makes due depends on the state right after it. */
function consequences(
  handling: Pick<CommandHandling, "policy">,
  taskId: TaskId,
  from: TaskState,
  version: number,
  events: readonly TaskEvent[],
) {
  let state = from;
  const effects: NewEffect[] = [];
  for (const [index, event] of events.entries()) {
    const before = state.status === "absent" ? null : state;
    state = evolve(state, event);
    if (state.status === "absent") continue;
    for (const [place, reaction] of react(event, before, state).entries()) {
      effects.push(queued(handling, taskId, state, `${taskId}:${version + index + 1}:${place}`, reaction, event.at));
    }
  }
  return { state, effects };
}

function queued(
  { policy }: Pick<CommandHandling, "policy">,
  taskId: TaskId,
  state: TaskState,
  key: string,
  { effect, urgency }: Reaction,
  at: string,
): NewEffect {
  const ofRepository = state.status === "absent" ? null : state.settings.reviewDebounceSeconds;
  const afterReviewMs = ofRepository === null ? policy.reviewDebounceMs : ofRepository * 1_000;
  const waitMs = { now: 0, soon: statusIntervalMs, "after-review": afterReviewMs };
  const notBefore = typeof urgency === "string" ? new Date(Date.parse(at) + waitMs[urgency]).toISOString() : urgency.at;
  const lane = laneOf(taskId, effect);
  // One row for each: however often it changes, what is shown or read is the newest.
  const isOne = queuedOnce.includes(effect.kind);
  return { key: isOne ? lane : key, lane, effect, notBefore, coalesce: isOne };
}

const queuedOnce: readonly Effect["kind"][] = [
  "ShowStatus",
  "ShowCheck",
  "ReadCi",
  "LookAtBase",
  "CompareItems",
  "KeepRecord",
];

/** What changes the branch and the gate keeps its order; what ends things or speaks to people never waits behind it. */
function laneOf(taskId: TaskId, effect: Effect): string {
  switch (effect.kind) {
    case "DispatchRun":
    case "PublishStep":
    case "OpenGate":
    case "VerifyPhase":
    case "PresentGate":
    case "ReleaseCi":
    case "ReopenGate":
    case "OpenFinalGate":
      return `task:${taskId}`;
    case "ReadReviews":
    case "StartRework":
    case "StartVetoRework":
    case "StartCiRework":
      return `review:${taskId}`;
    // Each waits for others to be done, and nothing may wait for it.
    case "ReadCi":
      return `ci:${taskId}:${effect.headSha}`;
    case "LookAtBase":
      return `base:${taskId}:${effect.headSha}`;
    case "MergeGate":
      return `merge:${taskId}:${effect.headSha}`;
    case "ShowCheck":
      return `check:${taskId}:${effect.phase ?? "final"}`;
    case "CancelRun":
    case "CloseGate":
    case "DeleteBranch":
    case "DeleteTaskBranch":
    case "CloseIssue":
      return `end:${taskId}`;
    // What GitHub forbids must not keep words alive.
    case "EraseTask":
    case "DropCheckpoint":
      return `erase:${taskId}`;
    // Each request has a comment of its own, and its changes follow each other.
    case "ShowRequest":
      return `request:${effect.requestId}`;
    case "ShowReply":
      return `reply:${taskId}:${effect.number}`;
    // What is due much later stands in nobody's way.
    case "RemindQuestions":
      return `later:${effect.requestId}`;
    case "EndLimit":
    case "EndDay":
      return `later:${taskId}:${effect.kind}:${effect.pausedAt}`;
    case "ReadPlan":
      return `plan:${taskId}`;
    case "CompareItems":
      return `items:${taskId}`;
    case "ShowStatus":
      return `status:${taskId}`;
    // Nothing is kept any more once it is dropped.
    case "KeepRecord":
    case "DropRecord":
      return `record:${taskId}`;
    case "NotifyBlocked":
    case "NotifyRefused":
    case "AnswerFeedback":
    case "RequestReview":
    case "NotifyCi":
    case "NotifyRipple":
    case "NotifySettled":
    case "NotifyUnverified":
    case "AskVetoReason":
    case "PostSummary":
      return `notice:${taskId}`;
  }
}
