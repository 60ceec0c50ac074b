import { handleCommand } from "./handle-command.ts";
import { performEffect, type Performing } from "./perform-effect.ts";
import { RetryLater, type ClaimedEffect, type ClaimedMessage } from "./ports.ts";
import { processMessage, type Processing } from "./process-message.ts";
import { reconcileRuns } from "./reconcile.ts";

/** Lanes at work at the same time, messages and effects each. */
const parallelMax = 8;
/** Tries of what fails for a reason of its own, before a person is told. */
const triesMax = 8;
/** Tries of what GitHub or the network put off; with the longest pause, most of a day. */
const putOffMax = 300;
const pausesMs = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000] as const;
/** After this time without a mark an effect is somebody else's again. */
const leaseMs = 10 * 60_000;
const reconcileEveryMs = 60_000;
/** Longest sleep of the engine, should a timer or a wake-up be missed. */
const napMaxMs = 5_000;

export interface Engine {
  /** Looks for work now. */
  wake(): void;
  /** Resolves when nothing is under way and nothing is due. */
  idle(): Promise<void>;
  /** Takes no new work, waits for what is under way at most `graceMs`, and hands back the rest. */
  stop(graceMs: number): Promise<void>;
}

/** Works through the inbox and the effects at its own pace. */
export function startEngine(working: Processing & Performing): Engine {
  const { store, clock, log } = working;
  const messages = new Map<string, Promise<void>>();
  const effects = new Map<string, Promise<void>>();
  const laneOfMessage = new Map<string, string>();
  const waitingForIdle: (() => void)[] = [];
  let stopping = false;
  let pumping = false;
  let again = false;
  let timer: NodeJS.Timeout | null = null;
  let reconciledAt = 0;

  async function pump(): Promise<void> {
    if (pumping) {
      again = true;
      return;
    }
    pumping = true;
    try {
      do {
        again = false;
        if (!stopping) await claim();
      } while (again);
    } catch (error) {
      log.error({ err: error }, "looking for work");
    } finally {
      pumping = false;
    }
    await nap();
  }

  async function claim(): Promise<void> {
    const now = clock.now();
    if (now.getTime() - reconciledAt >= reconcileEveryMs) {
      reconciledAt = now.getTime();
      await reconcileRuns(working);
    }
    if (messages.size < parallelMax) {
      const busy = new Set(laneOfMessage.values());
      for (const message of await store.dueMessages(now.toISOString(), parallelMax)) {
        if (messages.has(message.key) || busy.has(message.lane) || messages.size >= parallelMax) continue;
        busy.add(message.lane);
        laneOfMessage.set(message.key, message.lane);
        track(messages, message.key, workOn(message), () => laneOfMessage.delete(message.key));
      }
    }
    if (effects.size < parallelMax) {
      const leaseUntil = new Date(now.getTime() + leaseMs).toISOString();
      const claimed = await store.claimEffects(now.toISOString(), leaseUntil, parallelMax - effects.size);
      for (const effect of claimed) track(effects, effect.key, attempt(effect), () => undefined);
    }
  }

  function track(running: Map<string, Promise<void>>, key: string, work: Promise<void>, done: () => void): void {
    const settled = work
      .catch((error: unknown) => log.error({ key, err: error }, "work failed beyond its own handling"))
      .finally(() => {
        running.delete(key);
        done();
        void pump();
      });
    running.set(key, settled);
  }

  async function workOn(message: ClaimedMessage): Promise<void> {
    try {
      await processMessage(working, message);
    } catch (error) {
      const retryAt = retryAtAfter(error, message.attempts);
      log.warn({ key: message.key, attempts: message.attempts, retryAt, err: error }, "processing a message");
      await store.markFailed(message.key, textOf(error), retryAt);
    }
  }

  async function attempt(claimed: ClaimedEffect): Promise<void> {
    try {
      await performEffect(working, claimed);
    } catch (error) {
      const { key, taskId, effect } = claimed;
      const retryAt = retryAtAfter(error, claimed.attempts);
      log.warn(
        { key, taskId, effect: effect.kind, attempts: claimed.attempts, retryAt, err: error },
        "performing an effect",
      );
      // The person is told before the effect is set aside, so that no crash in between keeps it secret.
      if (retryAt === null && effect.kind !== "ShowStatus" && !effect.kind.startsWith("Notify")) {
        const reason = { kind: "effect-failed", effect: effect.kind, message: textOf(error) } as const;
        await handleCommand(working, taskId, { type: "PauseTask", reason });
      }
      await store.markEffectFailed(key, textOf(error), retryAt);
    }
  }

  function retryAtAfter(error: unknown, attempts: number): string | null {
    const putOff = error instanceof RetryLater;
    if (attempts + 1 >= (putOff ? putOffMax : triesMax)) return null;
    const pause = pausesMs[Math.min(attempts, pausesMs.length - 1)] ?? napMaxMs;
    return new Date(clock.now().getTime() + Math.max(pause, putOff ? error.retryAfterMs : 0)).toISOString();
  }

  async function nap(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (stopping) return;
    const due = await store.nextDueAt();
    const waitMs = due === null ? napMaxMs : Date.parse(due) - clock.now().getTime();
    const nothingUnderWay = messages.size === 0 && effects.size === 0 && !pumping;
    if (nothingUnderWay && waitMs > 0) for (const resolve of waitingForIdle.splice(0)) resolve();
    timer = setTimeout(() => void pump(), Math.min(Math.max(waitMs, 50), napMaxMs));
  }

  void pump();
  return {
    wake: () => void pump(),
    idle: () =>
      new Promise((resolve) => {
        waitingForIdle.push(resolve);
        void pump();
      }),
    async stop(graceMs) {
      stopping = true;
      if (timer !== null) clearTimeout(timer);
      const underWay = Promise.allSettled([...messages.values(), ...effects.values()]);
      let giveUp: NodeJS.Timeout | undefined;
      const patience = new Promise((resolve) => {
        giveUp = setTimeout(resolve, graceMs);
      });
      await Promise.race([underWay, patience]);
      clearTimeout(giveUp);
      for (const key of effects.keys()) await store.releaseEffect(key);
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, 2_000);
}
