/** GitHub's lists miss for a while what was just made: they answer as they did before. */
import type { GitHub } from "../../src/control/ports/github.ts";

/** No list is older. */
export const lagMsMax = 30_000;

const lists: ReadonlySet<keyof GitHub> = new Set([
  "readReviews",
  "readThreads",
  "readCi",
  "listNames",
  "failedDeliveries",
] as const);

export class LaggingLists {
  readonly #known = new Map<string, { readonly at: number; readonly answer: unknown }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async read(
    name: keyof GitHub,
    args: readonly unknown[],
    lags: boolean,
    read: () => Promise<unknown>,
  ): Promise<unknown> {
    if (!lists.has(name)) return read();
    const key = JSON.stringify([name, ...args.slice(1)]);
    const known = this.#known.get(key);
    if (lags && known !== undefined && known.at >= this.#now() - lagMsMax) return known.answer;
    const answer = await read();
    this.#known.set(key, { at: this.#now(), answer });
    return answer;
  }
}
