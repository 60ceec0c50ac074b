import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

/** As long as CI gives it; `npm run fuzz` goes on for minutes, and looks at memory, too. */
const msMax = 10_000;

// Reason for so long: two rounds are told at least, also on a machine that is busy with others.
test("whatever runners, strangers and GitHub send, it is answered as documented, and nothing that is refused or a lie changes anything", async () => {
  const begun = performance.now();
  const { faults, answers, rounds } = await fuzz({
    seed: 1,
    goesOn: (done) => done < 2 || performance.now() - begun < msMax,
  });
  expect(faults).toEqual([]);
  expect(rounds).toBeGreaterThan(1);
  // It would find nothing if nothing got through.
  const accepted = ["session 200", "events 200", "step 200", "request 200", "checkpoint 200", "webhook 202"];
  const refused = ["session 403", "step 400", "events 401", "webhook 401", "outcome 400"];
  expect([...accepted, ...refused].filter((answer) => answers[answer] === undefined)).toEqual([]);
}, 180_000);
