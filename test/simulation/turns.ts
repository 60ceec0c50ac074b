import { setImmediate as turn } from "node:timers/promises";
import type { Random } from "./random.ts";

/** Far above what one moment's work takes. */
const drainedCallsMax = 2_000;

/** What becomes of one call. `hang` keeps the caller waiting so long before it hears the error. */
export interface CallFault {
  readonly moment: "before" | "after";
  readonly error: Error;
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
      try {
        const value = fault?.moment === "before" ? null : await work();
        if (fault === null) return resolve(value as T);
      } catch (error) {
        if (fault === null) return reject(error);
      }
      if (fault === null) return;
      const fail = async () => reject(fault.error);
      if (fault.hangMs === 0) return fail();
      this.#waiting.push({ owner, name: `${name} hangs`, notBefore: this.#now() + fault.hangMs, run: fail });
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
