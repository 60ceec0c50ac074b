import fc from "fast-check";
import { expect, test } from "vitest";
import { stateFrom } from "../../src/core/evolve.ts";
import { withoutTexts } from "../../src/core/without-texts.ts";
import { eventsOf as givenEventsOf, finding, needs, provides, running, skips } from "./given.ts";
import { eventsOf, wish } from "./histories.ts";

/** Whatever `histories.ts` has people, agents, runners and models write. */
const texts = ["A link shortener", "add the section", finding.path, "written-by", "written by"];

test("no text of a person or an agent survives the erasure of any history", () => {
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 120, size: "max" }), (wishes) => {
      const bare = JSON.stringify(eventsOf(wishes).map(withoutTexts));
      for (const text of texts) expect(bare).not.toContain(text);
    }),
    { numRuns: 200 },
  );
});

test("a history without texts leads to the same statuses", () => {
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 120, size: "max" }), (wishes) => {
      const events = eventsOf(wishes);
      let whole = stateFrom([]);
      let bare = stateFrom([]);
      for (const event of events) {
        whole = stateFrom([event], whole);
        bare = stateFrom([withoutTexts(event)], bare);
        expect(shapeOf(bare)).toEqual(shapeOf(whole));
      }
    }),
    { numRuns: 200 },
  );
});

test("the histories say every one of those texts, so the claim speaks of something", () => {
  const said = JSON.stringify(
    fc.sample(fc.array(wish, { minLength: 80, maxLength: 120 }), { numRuns: 80, seed: 7 }).flatMap(eventsOf),
  );
  for (const text of texts) expect(said).toContain(text);
});

test("what an agent calls a thing is a number afterwards, the same wherever it is named; a secret keeps its name", () => {
  const events = givenEventsOf([
    ...running,
    needs("the logo, as SVG", { type: "file" }),
    needs("the photo", { type: "file" }),
    needs("OPENAI_API_KEY"),
    provides("The Logo, as SVG"),
    skips("the photo"),
    provides("OPENAI_API_KEY"),
  ]);
  const names = events.flatMap((event) => {
    const bare = withoutTexts(event);
    if (bare.type === "DependencyRequested") return [bare.dependency.name];
    return bare.type === "DependencyGranted" || bare.type === "DependencySkipped" ? [bare.name] : [];
  });
  const [logo, photo] = names;
  expect(names).toEqual([logo, photo, "OPENAI_API_KEY", logo, photo, "OPENAI_API_KEY"]);
  expect([logo, photo]).toEqual([expect.stringMatching(/^NAME_\d+$/u), expect.stringMatching(/^NAME_\d+$/u)]);
  expect(logo).not.toBe(photo);
});

function shapeOf(state: ReturnType<typeof stateFrom>) {
  if (state.status === "absent") return state.status;
  const phases = state.phases.map(({ steps, attempt, gate, feedback }) => ({
    steps,
    attempt,
    review: gate?.review,
    feedback: feedback.map((item) => item.state),
  }));
  const questions = state.questions.map(({ number, answer }) => [
    number,
    answer?.by,
    answer?.option,
    answer?.delivered,
  ]);
  const dependencies = state.dependencies.map(({ state, grant, steps }) => [state, grant, steps]);
  return { status: state.status, blockedBy: state.blockedBy?.kind, phases, questions, dependencies };
}
