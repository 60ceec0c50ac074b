import { RetryLater } from "./ports/retry-later.ts";
import type { Timer } from "./ports/surroundings.ts";

const triesMax = 8;
/** After each try one more: a fault that names no time has some to pass. */
const pauseMs = 10_000;

/**
 * For programs that do one thing after the other: does `work`, and does it again when GitHub lets it. `say` hears of each wait.
 * Throws `RetryLater` where GitHub puts it off each time.
 */
export async function waitForGitHub<Result>(
  timer: Timer,
  say: (line: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RetryLater) || tries === triesMax) throw error;
      const waitMs = Math.max(error.retryAfterMs, tries * pauseMs);
      say(`${error.message}; waiting ${Math.ceil(waitMs / 1_000)} s`);
      await new Promise<void>((resolve) => {
        timer(waitMs, resolve);
      });
    }
  }
}
