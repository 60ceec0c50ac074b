import { setImmediate as turn } from "node:timers/promises";
import type { Clock, Timer } from "../../src/control/ports/surroundings.ts";

interface Alarm {
  readonly at: number;
  readonly then: () => void;
}

/** A clock that stands still until a test moves it, and timers that go by it. */
export class SimulatedTime implements Clock {
  #now: number;
  readonly #alarms = new Set<Alarm>();
  #nextSet = Promise.withResolvers<void>();

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  readonly timer: Timer = (ms, then) => {
    const alarm = { at: this.#now + ms, then };
    this.#alarms.add(alarm);
    this.#nextSet.resolve();
    this.#nextSet = Promise.withResolvers();
    return () => void this.#alarms.delete(alarm);
  };

  /** The process died, and its timers with it. */
  forgetAlarms(): void {
    this.#alarms.clear();
  }

  /** Resolves when somebody sets an alarm. */
  alarmSet(): Promise<void> {
    return this.#nextSet.promise;
  }

  /** Milliseconds until each alarm that is set. */
  alarms(): readonly number[] {
    return [...this.#alarms].map(({ at }) => at - this.#now);
  }

  /** As `advance`, but what was due in between comes at the end: nobody looked meanwhile. */
  async leap(ms: number, settle: (alarmSet: Promise<void>) => Promise<void>): Promise<void> {
    this.#now += ms;
    await this.advance(0, settle);
  }

  /** Moves on, alarm by alarm; after each of them `settle` waits for what it caused, given the next alarm that is set. */
  async advance(ms: number, settle: (alarmSet: Promise<void>) => Promise<void>): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#alarms].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      const settled = settle(this.alarmSet());
      next.then();
      await settled;
      // The store compresses in other threads, whose answers arrive between two turns of the loop.
      await turn();
    }
    this.#now = end;
  }
}
