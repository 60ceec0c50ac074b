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

/** Those that a few seeds notice; `npm run simulate -- --mutants` looks for all of them. */
const soonNoticed = [
  "the inbox forgets which messages it has",
  "effects count as done before they are performed",
  "effects keep no order",
  "anybody counts as a writer",
  "a dispatch does not look for an earlier one",
  "a comment is written again",
  "names count as new whenever they are seen",
  "the comment of a request is made anew each time",
  "a limit never ends",
] as const;

/** Which seed it is changes with the app. */
const mutantSeedsMax = 100;

describe("a fault in the app or its surroundings is noticed", () => {
  test.each(soonNoticed)(
    "%s",
    async (name) => {
      let failure: string | null = null;
      for (let seed = 0; failure === null && seed < mutantSeedsMax; seed += 1) {
        ({ failure } = await simulateInFolder(seed, mutants[name]));
      }
      expect(failure).not.toBeNull();
    },
    120_000,
  );
});
