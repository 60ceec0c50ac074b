import { describe, expect, test } from "vitest";
import { simulateInFolder } from "./in-folder.ts";
import { mutants } from "./mutants.ts";

const seeds = 50;
const linesShown = 60;

describe("the whole app in a world of trouble", () => {
  test(`keeps its promises and settles, whatever happens in ${seeds} stories`, async () => {
    for (let seed = 0; seed < seeds; seed += 1) {
      const { failure, story } = await simulateInFolder(seed);
      const again = `npm run simulate -- --seed ${seed}`;
      expect(failure, `${story.slice(-linesShown).join("\n")}\n${again}`).toBeNull();
    }
  }, 120_000);

  test("tells the same story for the same seed", async () => {
    const [once, again] = [await simulateInFolder(11), await simulateInFolder(11)];
    expect(once.story.length).toBeGreaterThan(100);
    expect(again.hash).toBe(once.hash);
    expect((await simulateInFolder(12)).hash).not.toBe(once.hash);
  });
});

/** A seed that notices each; `npm run simulate -- --mutants` looks for all of them. */
const noticed: Readonly<Record<string, number>> = {
  "the inbox forgets which messages it has": 0,
  "effects count as done before they are performed": 0,
  "effects keep no order": 12,
  "anybody counts as a writer": 0,
  "a dispatch does not look for an earlier one": 1,
  "a comment is written again": 1,
};

describe("a fault in the app or its surroundings is noticed", () => {
  test.each(Object.entries(noticed))("%s", async (name, seed) => {
    expect((await simulateInFolder(seed, mutants[name])).failure).not.toBeNull();
  });
});
