/** What GitHub does not show: every class of it is taken out of whatever goes into a prompt, counted, and told to people. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { freezeText } from "../../src/github/issue-text.ts";
import { statusText } from "../../src/github/texts/status.ts";
import { context, created, running, viewOf } from "../github/texts-fixtures.ts";

interface Corpus {
  /** `EVIL` stands where nobody sees it. */
  readonly hidden: readonly { readonly what: string; readonly raw: string }[];
  readonly characters: readonly { readonly what: string; readonly raw: string; readonly shown: string }[];
  /** Is seen, and stays as it is. */
  readonly seen: readonly { readonly what: string; readonly raw: string }[];
}

const file = path.join(import.meta.dirname, "..", "fixtures", "hidden-text", "corpus.json");
const corpus = JSON.parse(readFileSync(file, "utf8")) as Corpus;

describe("hidden text", () => {
  test.each(corpus.hidden)("$what is taken out and counted", ({ raw }) => {
    const { text, hiddenRemoved } = freezeText(raw);
    expect(text).not.toContain("EVIL");
    expect(hiddenRemoved).toBeGreaterThan(0);
    expect(freezeText(text)).toEqual({ text, hiddenRemoved: 0 });
  });

  test.each(corpus.hidden)("$what is taken out in the midst of other text, which stays", ({ what, raw }) => {
    const { text } = freezeText(`Before.\n\n${raw}\n\nAfter.`);
    expect(text).toMatch(/^Before\.\n/u);
    expect(text).not.toContain("EVIL");
    // What hides all that follows it hides that from people, too.
    expect(text.endsWith("After.")).toBe(!what.includes("without an end"));
  });

  test.each(corpus.characters)("of characters: $what", ({ raw, shown }) => {
    const { text, hiddenRemoved } = freezeText(raw);
    expect(text).toBe(shown);
    expect(hiddenRemoved).toBeGreaterThan(0);
  });

  test.each(corpus.seen)("is not: $what", ({ raw }) => {
    expect(freezeText(raw)).toEqual({ text: raw, hiddenRemoved: 0 });
  });

  test("is told in the status comment, by how much it was", () => {
    const told = statusText(viewOf([created(), ...running]), context);
    expect(told).toMatch(/3 hidden/u);
  });
});
