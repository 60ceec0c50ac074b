import { describe, expect, test } from "vitest";
import { createTurns } from "../../src/github/turns.ts";

/** A pause ends when the test says so. */
function pauses() {
  const asked: number[] = [];
  const ends: (() => void)[] = [];
  return {
    asked,
    sleep: (ms: number) =>
      new Promise<void>((resolve) => {
        asked.push(ms);
        ends.push(resolve);
      }),
    end: async () => {
      ends.shift()?.();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    },
  };
}

describe("work under one key", () => {
  test("is done one after the other, with a pause after each, a failed one too", async () => {
    const { asked, sleep, end } = pauses();
    const turn = createTurns<number>(1_000, sleep);
    const begun: string[] = [];
    const first = turn(1, async () => {
      begun.push("first");
      throw new Error("refused");
    });
    const second = turn(1, async () => begun.push("second"));
    await expect(first).rejects.toThrow("refused");
    expect(begun).toEqual(["first"]);
    await end();
    await second;
    expect(begun).toEqual(["first", "second"]);
    expect(asked).toEqual([1_000, 1_000]);
  });

  test("does not wait for that under another", async () => {
    const { sleep } = pauses();
    const turn = createTurns<number>(1_000, sleep);
    await turn(1, async () => "one");
    expect(await turn(2, async () => "two")).toBe("two");
  });
});
