import { describe, expect, test } from "vitest";
import { simulateInFolder } from "./in-folder.ts";
import { mutants } from "./mutants.ts";

const seeds = 45;
const linesShown = 60;

/** What must come about in some of the stories, as they tell it. */
const happenings: readonly RegExp[] = [
  /PhaseVerified .*"passed":false/u,
  /ReworkRequested .*"source":"review"/u,
  /ReworkRequested .*"source":"veto"/u,
  /ReworkRequested .*"source":"ci"/u,
  /CiObserved .*"held"/u,
  /CiObserved .*"green"/u,
  /CiReleased/u,
  /PhaseSkipped/u,
  /FinalGateMerged/u,
  /DecisionVetoed .*"reason":null/u,
  /TaskPaused .*"verification-failed"/u,
  /TaskPaused .*"settings-invalid"/u,
  /TaskPaused .*"approval-needed"/u,
  /PhaseAccepted/u,
  /app: merges #/u,
  /TurnAnswered/u,
  /ConversationClosed/u,
  /ConflictFound/u,
  /ReworkRequested .*"source":"conflict"/u,
  /RunEnded .*the runner was silent for/u,
  /stranger: forges/u,
  /stranger: .* asks for the work of/u,
  /is run again by hand/u,
  /says nonsense/u,
  /was never taken up by a machine/u,
  /GitHub: answers 429/u,
  /GitHub: knows no token/u,
  /PhasesPlanned/u,
  /TaskPaused .*"plan-invalid"/u,
  /RippleFound .*"phase":\d/u,
  /ReworkRequested .*"source":"ripple"/u,
  /RippleSettled/u,
  /pushes \S+spec\S+ again/u,
];

describe("the whole app in a world of trouble", () => {
  test(`keeps its promises and settles, whatever happens in ${seeds} stories`, async () => {
    const lines: string[] = [];
    for (let seed = 0; seed < seeds; seed += 1) {
      const { failure, story } = await simulateInFolder(seed);
      const again = `npm run simulate -- --seed ${seed}`;
      expect(failure, `${story.slice(-linesShown).join("\n")}\n${again}`).toBeNull();
      lines.push(...story);
    }
    // Stories in which nothing happens would keep every promise.
    const unseen = happenings.filter((each) => !lines.some((line) => each.test(line)));
    expect(unseen).toEqual([]);
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
  "a step is acknowledged before it is stored",
  "signatures of webhooks are not looked at",
  "any job counts as the one that was dispatched",
  "anybody counts as a writer",
  "a dispatch does not look for an earlier one",
  "a comment is written again",
  "names count as new whenever they are seen",
  "the comment of a request is made anew each time",
  "a limit never ends",
  "an approval counts for any head",
  "all checks of the repository count as green",
  "ticks are not seen",
  "who asked for it may approve it all the same",
  "everybody has the app merge",
  "each phase goes into the default branch",
  "a veto leads to nothing",
  "a rework forgets which vetoes it took up",
  "red checks are reworked for ever",
  "gates stay open",
  "checks are shown once",
  "nobody looks whether what was approved has changed",
  "a plan ends with its first phase",
  "a specification stays as it is",
  "nobody says what came of a task",
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
