import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../../src/control/ports/diagnosis.ts";
import { findingsCount, findingsList } from "../../../src/github/texts/findings-list.ts";
import { sayIn } from "../../../src/github/texts/words.ts";

const ok: Diagnosis = { check: "actions", level: "ok", message: "GitHub lists the workflow as active", mend: null };
const warning: Diagnosis = {
  check: "checks",
  level: "warning",
  message: "statuses count for nothing",
  mend: "Accept statuses: read: https://github.com/x, then look again",
};
const fault: Diagnosis = {
  check: "model-credential",
  level: "fault",
  message: "@wanda wrote <b>&[x](y)\n/run",
  mend: "https://github.com/o/r/settings",
};

describe("what was found", () => {
  test("is listed with faults first, each with the way to mend it, and calls nobody", () => {
    expect(findingsList([ok, warning, fault], sayIn("en"))).toMatchInlineSnapshot(`
      "- ❌ **model\\-credential:** @&#8203;wanda wrote \\<b\\>&amp;\\[x\\]\\(y\\) /run [Mend it here](https://github.com/o/r/settings).
      - ⚠️ **checks:** statuses count for nothing
        Accept statuses: read: [link](https://github.com/x), then look again
      - ✅ **actions:** GitHub lists the workflow as active"
    `);
  });

  test.each([
    [[ok], "all is well"],
    [[ok, warning], "1 to know"],
    [[fault, warning, warning], "1 thing to mend, 2 to know"],
    [[fault, fault], "2 things to mend"],
  ])("is counted: %#", (findings, words) => {
    expect(findingsCount(findings, sayIn("en"))).toBe(words);
  });
});
