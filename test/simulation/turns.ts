import { setImmediate as turn } from "node:timers/promises";
import type { Random } from "./random.ts";

/** Far above what one moment's work takes. */
const drainedCallsMax = 2_000;

/** What becomes of one call. The caller waits so long before it hears the error; or the answer, where there is no error. */
export interface CallFault {
  readonly moment: "before" | "after";
  readonly error: Error | null;
  readonly hangMs: number;
}

interface Call {
  readonly owner: object;
  readonly name: string;
  readonly notBefore: number;
  readonly run: () => Promise<void>;
}

/**
 * Every call that the app makes to its store or to GitHub waits here until it is its turn; one at a time.
 * So the order in which answers arrive comes from the seed, and a crash can fall between any two of them.
 */
export class Turns {
  #waiting: Call[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  ask<T>(owner: object, name: string, work: () => Promise<T>, faultOf: () => CallFault | null): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const run = async () => {
      const fault = faultOf();
      const error = fault?.error ?? null;
      let answer = async () => (error === null ? undefined : reject(error));
      try {
        const value = fault?.moment === "before" ? null : await work();
        if (error === null) answer = async () => resolve(value as T);
      } catch (own) {
        if (error === null) answer = async () => reject(own);
      }
      const hangMs = fault?.hangMs ?? 0;
      if (hangMs === 0) return answer();
      this.#waiting.push({ owner, name: `${name} hangs`, notBefore: this.#now() + hangMs, run: answer });
    };
    this.#waiting.push({ owner, name, notBefore: 0, run });
    return promise;
  }

  /** Nothing is under way, not even what hangs. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isIdle(): boolean {
    return !this.#waiting.some(({ notBefore }) => notBefore <= this.#now());
  }

  /** Lets one call through, with all that follows from its answer until the next calls. */
  async next(random: Random): Promise<void> {
    const due = this.#waiting.filter(({ notBefore }) => notBefore <= this.#now());
    if (due.length === 0) return;
    const call = random.pick(due);
    this.#waiting = this.#waiting.filter((each) => each !== call);
    await call.run();
    await turn();
  }

  /** False where no end of it can be seen: then the app works without getting anywhere. */
  async drain(random: Random): Promise<boolean> {
    for (let calls = 0; !this.isIdle; calls += 1) {
      if (calls > drainedCallsMax) return false;
      await this.next(random);
    }
    return true;
  }

  /** The owner died: its calls neither begin nor answer. */
  forget(owner: object): void {
    this.#waiting = this.#waiting.filter((call) => call.owner !== owner);
  }

  /** When the next of those that hang ends; null where none does. */
  nextEnd(): number | null {
    return this.#waiting.length === 0 ? null : Math.min(...this.#waiting.map(({ notBefore }) => notBefore));
  }
}
