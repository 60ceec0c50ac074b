import type { Clock, Timer } from "../../src/control/ports/surroundings.ts";

const startedAt = Date.parse("2026-11-21T10:00:00.000Z");

/**
 * A clock that leaps, and timers that fire late for it, as those of a busy machine do. What it shows may be set back;
 * timers go by what has really passed.
 */
export class SimClock implements Clock {
  #passed = startedAt;
  #skewMs = 0;
  #alarms: { readonly at: number; readonly then: () => void }[] = [];

  now(): Date {
    return new Date(this.#passed + this.#skewMs);
  }

  /** Unskewed, in milliseconds. */
  get passed(): number {
    return this.#passed;
  }

  get passedSinceStart(): number {
    return this.#passed - startedAt;
  }

  setBack(ms: number): void {
    this.#skewMs -= ms;
  }

  readonly timer: Timer = (ms, then) => {
    const alarm = { at: this.#passed + ms, then };
    this.#alarms.push(alarm);
    return () => void (this.#alarms = this.#alarms.filter((each) => each !== alarm));
  };

  forgetAlarms(): void {
    this.#alarms = [];
  }

  advance(ms: number): void {
    this.#passed += ms;
    const due = this.#alarms.filter(({ at }) => at <= this.#passed).sort((one, other) => one.at - other.at);
    this.#alarms = this.#alarms.filter(({ at }) => at > this.#passed);
    for (const { then } of due) then();
  }
}
