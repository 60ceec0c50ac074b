import type { Clock } from "../control/ports/surroundings.ts";

export interface RateLimit {
  /** Counts one more of the key. Whole seconds until its window ends where it has had its share, otherwise null. */
  take(key: string): number | null;
  /**
   * Takes before the outcome is known, so that who asks at once gets no more than who asks one by one. Null where the key has
   * had its share, what is under way included.
   */
  lend(key: string): Loan | null;
  /** Whole seconds after which a new try makes sense: one where what is under way takes up the rest, which may yet come back. */
  waitOf(key: string): number | null;
}

export interface Loan {
  /** It counts. */
  keep(): void;
  /** It is as if it had never been taken. */
  giveBack(): void;
}

export interface RateLimitOptions {
  readonly clock: Clock;
  /** Of one key in one window. */
  readonly max: number;
  readonly windowMs: number;
  /** How many keys are remembered at once. With more the oldest windows are forgotten: memory is bounded, whoever calls. */
  readonly keysMax?: number;
}

interface Window {
  count: number;
  lent: number;
  readonly endsAt: number;
}

const keysMaxUsual = 10_000;

/** Fixed windows in the memory of this process. A key's window begins with its first call. */
export function createRateLimit({ clock, max, windowMs, keysMax = keysMaxUsual }: RateLimitOptions): RateLimit {
  /** In the order in which they began. */
  const windows = new Map<string, Window>();

  function windowOf(key: string, now: number): Window | null {
    const window = windows.get(key);
    if (window !== undefined && window.endsAt > now) return window;
    windows.delete(key);
    return null;
  }

  function makeRoom(now: number): void {
    for (const [key, { endsAt }] of windows) {
      if (endsAt > now && windows.size < keysMax) return;
      windows.delete(key);
    }
  }

  function openWindow(key: string, now: number): Window {
    const known = windowOf(key, now);
    if (known !== null) return known;
    makeRoom(now);
    const window = { count: 0, lent: 0, endsAt: now + windowMs };
    windows.set(key, window);
    return window;
  }

  function waitIn({ count, lent, endsAt }: Window, now: number): number | null {
    if (count >= max) return secondsUntil(endsAt, now);
    return count + lent >= max ? 1 : null;
  }

  return {
    take(key) {
      const now = clock.now().getTime();
      const window = openWindow(key, now);
      const wait = waitIn(window, now);
      if (wait === null) window.count += 1;
      return wait;
    },
    lend(key) {
      const now = clock.now().getTime();
      const window = openWindow(key, now);
      if (waitIn(window, now) !== null) return null;
      window.lent += 1;
      return {
        keep() {
          window.lent -= 1;
          window.count += 1;
        },
        giveBack() {
          window.lent -= 1;
        },
      };
    },
    waitOf(key) {
      const now = clock.now().getTime();
      const window = windowOf(key, now);
      return window === null ? null : waitIn(window, now);
    },
  };
}

function secondsUntil(moment: number, now: number): number {
  return Math.ceil((moment - now) / 1_000);
}
