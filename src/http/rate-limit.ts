import type { Clock } from "../control/ports/surroundings.ts";

export interface RateLimit {
  /** Counts one more of the key. Whole seconds until its window ends where it has had its share, otherwise null. */
  take(key: string): number | null;
  /** The same without counting. */
  waitOf(key: string): number | null;
}

export interface RateLimitOptions {
  readonly clock: Clock;
  /** Of one key in one window. */
  readonly max: number;
  readonly windowMs: number;
  /** How many keys are remembered at once. With more the oldest windows are forgotten: memory is bounded, whoever calls. */
  readonly keysMax?: number;
}

const keysMaxUsual = 10_000;

/** Fixed windows in the memory of this process. A key's window begins with its first call. */
export function createRateLimit({ clock, max, windowMs, keysMax = keysMaxUsual }: RateLimitOptions): RateLimit {
  /** In the order in which they began. */
  const windows = new Map<string, { count: number; readonly endsAt: number }>();

  function windowOf(key: string, now: number) {
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

  return {
    take(key) {
      const now = clock.now().getTime();
      const window = windowOf(key, now);
      if (window === null) {
        makeRoom(now);
        windows.set(key, { count: 1, endsAt: now + windowMs });
        return null;
      }
      if (window.count >= max) return secondsUntil(window.endsAt, now);
      window.count += 1;
      return null;
    },
    waitOf(key) {
      const now = clock.now().getTime();
      const window = windowOf(key, now);
      return window === null || window.count < max ? null : secondsUntil(window.endsAt, now);
    },
  };
}

function secondsUntil(moment: number, now: number): number {
  return Math.ceil((moment - now) / 1_000);
}
