import type { Effect } from "../core/effects.ts";
import { handleCommand } from "./handle-command.ts";
import { performEffect } from "./perform-effect.ts";
import type { Performing } from "./performing.ts";
import type { ClaimedEffect, ClaimedMessage } from "./ports/queues.ts";
import { NotYet, RetryLater } from "./ports/retry-later.ts";
import type { Timer } from "./ports/surroundings.ts";
import { processMessage, tellSetAside, type Processing } from "./process-message.ts";
import { createSweep, reconcileEveryMs, reconcileRuns, sweepEveryMs } from "./reconcile.ts";
import { dayOf, queueRetention } from "./retention.ts";
import { createNamesWatch } from "./watch-names.ts";

/** Lanes at work at the same time, messages and effects each. */
const parallelMax = 8;
/** Tries of what fails for a reason of its own, before a person is told. Of an effect, one in which the process died counts. */
const triesMax = 8;
/** Tries of what GitHub or the network put off; with the longest pause, most of a day. */
const putOffMax = 300;
const pausesMs: readonly number[] = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000];
const pauseMsMax = 300_000;
/** For a store that several processes share; ours takes what a dead process held when it opens. */
const leaseMs = 10 * 60_000;
/** Longest sleep of the engine, should a timer or a wake-up be missed. */
const napMsMax = 5_000;
const errorCharactersMax = 2_000;

const onlyTells: readonly Effect["kind"][] = [
  "ShowStatus",
  "NotifyBlocked",
  "NotifyRefused",
  "AnswerFeedback",
  "ShowReply",
  "RequestReview",
  // The next sweep reads them again.
  "ReadReviews",
  "RemindQuestions",
  "ShowCheck",
  "NotifyCi",
  "NotifyUnverified",
  "AskVetoReason",
  "PostSummary",
  // A webhook or the next sweep has it read again.
  "ReadCi",
  "LookAtBase",
  "CompareItems",
  "NotifyRipple",
  "NotifySettled",
  // The next turn of the task keeps all of it.
  "KeepRecord",
];

export interface Working extends Processing, Performing {
  readonly timer: Timer;
}

export interface Engine {
  /** Looks for work now. */
  wake(): void;
  /** Resolves when nothing is under way and nothing is due. */
  idle(): Promise<void>;
  /** Takes no new work, waits for what is under way at most `graceMs`, and hands back the rest. */
  stop(graceMs: number): Promise<void>;
}

/** Works through the inbox and the effects at its own pace. */
export function startEngine(working: Working): Engine {
  const { store, clock, log, timer } = working;
  const messages = new Map<string, { readonly lane: string; readonly ended: Promise<void> }>();
  const effects = new Map<string, { readonly ended: Promise<void> }>();
  /** Effects whose end the store could not take: given back once it answers, for they would wait until their lease ends. */
  const unmarked = new Map<string, { readonly sinceMs: number; readonly leaseUntil: string }>();
  /** What ended since the store was asked for messages that are due: its answer may still name them. */
  const endedMeanwhile = new Set<string>();
  const listeningSince = clock.now();
  let reconciling: Promise<void> | null = null;
  let reconciledAt = Number.NEGATIVE_INFINITY;
  const sweep = createSweep(working);
  const names = createNamesWatch(working);
  let looks = 0;
  let runsAt = Number.NEGATIVE_INFINITY;
  let sweptAt = Number.NEGATIVE_INFINITY;
  /** The last day of which there is a message for it. */
  let retentionOn = "";
  /** The look for work that is under way; there is one at a time. */
  let looking: Promise<void> | null = null;
  let lookAgain = false;
  let callOffNap: () => void = () => undefined;
  const stopping = new AbortController();
  const waitingForIdle: (() => void)[] = [];

  function wake(): void {
    lookAgain = true;
    if (stopping.signal.aborted || looking !== null) return;
    looking = look().finally(() => {
      looking = null;
      if (lookAgain) wake();
    });
  }

  async function look(): Promise<void> {
    let napMs = napMsMax;
    try {
      while (lookAgain && !stopping.signal.aborted) {
        lookAgain = false;
        const now = clock.now();
        beginReconciling(now);
        await beginMessages(now);
        await beginEffects(now);
        // What is due and not begun waits for something that is under way, whose end looks again.
        const due = await store.nextDueAt(now.toISOString());
        if (due !== null) napMs = Math.min(Date.parse(due) - clock.now().getTime(), napMsMax);
      }
    } catch (error) {
      log.error({ err: error }, "looking for work");
    }
    if (stopping.signal.aborted || lookAgain) return;
    callOffNap();
    callOffNap = timer(Math.max(napMs, 0), wake);
    if (messages.size + effects.size > 0 || reconciling !== null) return;
    for (const resolve of waitingForIdle.splice(0)) resolve();
  }

  /** Beside everything else: GitHub may be slow to answer, and what is due must not wait for that. */
  function beginReconciling(now: Date): void {
    const everyMs = Math.min(reconcileEveryMs, working.policy.namesEveryMs);
    if (reconciling !== null || now.getTime() - reconciledAt < everyMs) return;
    reconciledAt = now.getTime();
    reconciling = reconcile(now)
      .catch((error: unknown) => log.error({ err: error }, "reconciling"))
      .finally(() => {
        reconciling = null;
        wake();
      });
  }

  async function reconcile(now: Date): Promise<void> {
    // However often names are looked at: a run that fell silent is asked for at GitHub.
    if (now.getTime() - runsAt >= reconcileEveryMs) {
      runsAt = now.getTime();
      await reconcileRuns(working, listeningSince, (looks += 1));
    }
    await names.run();
    if (now.getTime() - sweptAt < sweepEveryMs) return;
    const isFirst = sweptAt === Number.NEGATIVE_INFINITY;
    sweptAt = now.getTime();
    // Who has just come up has missed something; after that one sweep in five minutes is enough, however many of us there are.
    const turn = isFirst ? working.newId() : String(Math.floor(sweptAt / sweepEveryMs));
    const message = {
      key: `sweep:${turn}`,
      kind: "sweep",
      lane: "sweep",
      body: "",
      receivedAt: now.toISOString(),
    } as const;
    await store.takeIn(message);
    const day = dayOf(now);
    if (day === retentionOn) return;
    await queueRetention(working, day);
    retentionOn = day;
  }

  async function beginMessages(now: Date): Promise<void> {
    if (messages.size >= parallelMax) return;
    endedMeanwhile.clear();
    const due = await store.dueMessages(now.toISOString(), parallelMax);
    for (const message of due) {
      if (endedMeanwhile.has(message.key)) continue;
      if (stopping.signal.aborted || messages.size >= parallelMax) return;
      // A message may be marked before its last words are said: until then its lane is taken.
      if ([...messages.values()].some(({ lane }) => lane === message.lane)) continue;
      const ended = settled(message.key, workOn(message), () => messages.delete(message.key));
      messages.set(message.key, { lane: message.lane, ended });
    }
  }

  async function beginEffects(now: Date): Promise<void> {
    if (stopping.signal.aborted || effects.size >= parallelMax) return;
    await giveBackUnmarked(now);
    const leaseUntil = new Date(now.getTime() + leaseMs).toISOString();
    const claimed = await store.claimEffects(now.toISOString(), leaseUntil, parallelMax - effects.size);
    for (const effect of claimed) {
      // Whose lease ran out while we are still at it: the claim has renewed it.
      if (effects.has(effect.key)) continue;
      if (stopping.signal.aborted) {
        await store.releaseEffect(effect.key, { wasTried: false });
        continue;
      }
      const work = attempt(effect).catch((error: unknown) => {
        unmarked.set(effect.key, { sinceMs: clock.now().getTime(), leaseUntil });
        throw error;
      });
      const ended = settled(effect.key, work, () => effects.delete(effect.key));
      effects.set(effect.key, { ended });
    }
  }

  async function giveBackUnmarked(now: Date): Promise<void> {
    for (const [key, { sinceMs, leaseUntil }] of unmarked) {
      // With a store that cannot write, trying again at once would never end.
      if (now.getTime() - sinceMs < napMsMax) continue;
      // After that another may hold it.
      if (now.getTime() < Date.parse(leaseUntil) && !effects.has(key))
        await store.releaseEffect(key, { wasTried: true });
      unmarked.delete(key);
    }
  }

  async function settled(key: string, work: Promise<void>, done: () => void): Promise<void> {
    try {
      await work;
      done();
      endedMeanwhile.add(key);
      wake();
    } catch (error) {
      done();
      // After a stop the store may be closed already; the next start takes up what was not marked.
      if (stopping.signal.aborted) log.info({ key, err: error }, "left to the next start");
      // Nothing wakes us for it: with a store that cannot write, trying again at once would never end.
      else log.error({ key, err: error }, "work failed beyond its own handling");
    }
  }

  async function workOn(message: ClaimedMessage): Promise<void> {
    const { key, attempts, putOffs } = message;
    try {
      if (message.kind === "sweep") await sweepNow(message.key);
      else await processMessage(working, message);
    } catch (error) {
      const next = nextTry(error, message);
      const fields = { key, attempts, putOffs, retryAt: next.at, err: error };
      if (next.at === null) {
        log.error(fields, "message set aside");
        await tellSetAside(working, message, error).catch((cause: unknown) =>
          log.warn({ key, err: cause }, "saying that a message was set aside"),
        );
      } else if (error instanceof NotYet) log.info(fields, "a message waits");
      else log.warn(fields, "processing a message");
      if (next.kind === "put-off") await store.putOff(key, textOf(error), next.at);
      else await store.markFailed(key, textOf(error), next.at);
    }
  }

  async function sweepNow(key: string): Promise<void> {
    await sweep.run();
    await store.markProcessed(key);
  }

  async function attempt(claimed: ClaimedEffect): Promise<void> {
    const { key, taskId, effect, attempts, putOffs } = claimed;
    try {
      if (attempts - putOffs >= triesMax) throw new Error(`the app ended in the midst of ${triesMax} tries`);
      await performEffect(working, claimed);
    } catch (error) {
      const next = nextTry(error, claimed);
      const fields = { key, taskId, effect: effect.kind, attempts, putOffs, retryAt: next.at, err: error };
      if (next.at === null) log.error(fields, "effect set aside");
      else if (error instanceof NotYet) log.info(fields, "an effect waits");
      else log.warn(fields, "performing an effect");
      if (next.kind === "put-off") await store.putOffEffect(key, textOf(error), next.at);
      else if (next.at !== null) await store.markEffectFailed(key, textOf(error), next.at);
      else await setAside(claimed, error);
    }
  }

  async function setAside({ key, taskId, effect }: ClaimedEffect, error: unknown): Promise<void> {
    // What only tells people is given up: the next change tells them anew, and nothing must wait behind it.
    if (onlyTells.includes(effect.kind)) return store.markEffectDone(key);
    // The person is told before the effect is set aside, so that no crash in between keeps it secret.
    const message = error instanceof Error ? error.message.slice(0, errorCharactersMax) : String(error);
    const reason = { kind: "effect-failed", effect: effect.kind, message } as const;
    await handleCommand(working, taskId, { type: "PauseTask", reason });
    await store.markEffectFailed(key, textOf(error), null);
  }

  function nextTry(
    error: unknown,
    { attempts, putOffs }: { readonly attempts: number; readonly putOffs: number },
  ): { readonly kind: "put-off"; readonly at: string } | { readonly kind: "failed"; readonly at: string | null } {
    const moment = (pauseMs: number) => new Date(clock.now().getTime() + pauseMs).toISOString();
    if (error instanceof RetryLater) {
      if (putOffs + 1 >= putOffMax) return { kind: "failed", at: null };
      return { kind: "put-off", at: moment(Math.max(pauseAfter(putOffs), error.retryAfterMs)) };
    }
    const tries = attempts - putOffs;
    return { kind: "failed", at: tries + 1 >= triesMax ? null : moment(pauseAfter(tries)) };
  }

  wake();
  return {
    wake,
    idle: () =>
      new Promise((resolve) => {
        if (stopping.signal.aborted) return resolve();
        waitingForIdle.push(resolve);
        wake();
      }),
    async stop(graceMs) {
      stopping.abort();
      callOffNap();
      const underWay = async () => {
        // A look that has begun may still add to what is under way.
        await looking;
        await Promise.all([...messages.values(), ...effects.values()].map(({ ended }) => ended));
        await reconciling;
      };
      let callOffGrace: () => void = () => undefined;
      const grace = new Promise<void>((resolve) => {
        callOffGrace = timer(graceMs, resolve);
      });
      await Promise.race([underWay(), grace]);
      callOffGrace();
      for (const key of effects.keys()) await store.releaseEffect(key, { wasTried: false });
      for (const resolve of waitingForIdle.splice(0)) resolve();
    },
  };
}

function pauseAfter(count: number): number {
  return pausesMs[count] ?? pauseMsMax;
}

/** With its causes, since the first sentence often only says what was being done. */
function textOf(error: unknown): string {
  const sentences: string[] = [];
  for (let cause = error; cause !== undefined && sentences.length < 4;) {
    sentences.push(cause instanceof Error ? cause.message : (JSON.stringify(cause) ?? "nothing said"));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return [...new Set(sentences)].join(": ").slice(0, errorCharactersMax);
}
