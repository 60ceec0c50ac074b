import { describe, expect, test } from "vitest";
import { formText } from "../../../src/github/texts/form.ts";
import { sayIn } from "../../../src/github/texts/words.ts";
import { phrase } from "../../../src/core/phrase.ts";

describe("the comment on what an issue lacks", () => {
  test("names each field with what was given and what was expected, and nothing of it calls or links", () => {
    const text = formText(
      [
        {
          field: "Budget in US dollars",
          given: "@wanda `#7`",
          expected: phrase`an amount in US dollars from 0.01 to ${25}`,
        },
        { field: "Text", given: "", expected: phrase`what you want` },
      ],
      sayIn("en"),
    );

    expect(text).toContain("2 things are missing");
    expect(text).toContain("- **Budget in US dollars:** got `` @wanda `#7` ``; expected an amount");
    expect(text).toContain("- **Text:** it is empty; expected what you want.");
  });

  test("says when nothing is missing any more", () => {
    expect(formText([], sayIn("en"))).toContain("says all that the task needs");
  });
});
