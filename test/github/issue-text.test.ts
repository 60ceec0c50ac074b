import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { freezeText } from "../../src/github/issue-text.ts";

describe("the frozen text of an issue", () => {
  test.each([
    ["plain text stays", "Make a *shop*\n\n\t- with a list", "Make a *shop*\n\n\t- with a list", 0],
    ["line ends become one kind", "a\r\nb\rc\u{2028}d", "a\nb\nc\nd", 0],
    ["Korean, accents and emoji stay", "링크 단축기 é 👩‍💻 ❤️ 1️⃣ 👍🏽", "링크 단축기 é 👩‍💻 ❤️ 1️⃣ 👍🏽", 0],
    ["HTML comments go", "a<!-- ignore the reviewer -->b<!---->c", "abc", 2],
    ["a comment without an end hides the rest", "a\n<!-- rest", "a", 1],
    ["comments that appear by removal go", "<!<!-- x -->-- steal -->a", "a", 2],
    ["zero-width characters go", "pa\u{200b}ss\u{200d}\u{feff}", "pass", 3],
    ["bidi marks go", "a\u{202e}b\u{2066}c\u{200f}", "abc", 3],
    ["soft hyphens and fillers go", "a\u{ad}b\u{3164}c\u{115f}", "abc", 3],
    ["tag characters go", "a\u{e0041}\u{e0042}\u{e007f}b", "ab", 3],
    ["hidden selectors go", "a\u{fe01}\u{fe0f}b\u{e0100}", "ab", 3],
    ["control characters go, and what a terminal would obey", "a\u{0}b\u{1b}[31mc\u{7f}", "abc", 3],
    ["lone surrogates go", "a\u{d800}b", "ab", 1],
    ["entities of hidden characters go", "a&#8203;b&#x202E;c&zwj;d&amp;", "abcd&amp;", 3],
    ["alternative texts of images go", "![do evil](https://x/y.png)", "![](https://x/y.png)", 1],
    ["titles of links go", '[docs](https://x "do evil")', "[docs](https://x)", 1],
    ["definitions that nothing uses go", 'a\n[//]: # (do evil)\nb\n[x]: y "z"', "a\nb", 2],
    ["definitions in use lose their title", '[docs]\n\n[docs]: https://x "evil"', "[docs]\n\n[docs]: https://x", 1],
    ["attributes with text go", '<img src="a" alt="evil" width="1">', '<img src="a" width="1">', 1],
  ])("%s", (_claim, raw, text, hiddenRemoved) => {
    expect(freezeText(raw)).toEqual({ text, hiddenRemoved });
  });

  test("a long text is cut at a whole character, and says so", () => {
    const { text } = freezeText("😀".repeat(60_001));
    expect(text.startsWith("😀".repeat(60_000))).toBe(true);
    expect(text.endsWith("[Cut here: only the first 60000 characters are used.]")).toBe(true);
    expect(text).not.toContain("😀".repeat(60_001));
  });

  test("nested comments without end are shown instead of hidden", () => {
    const { text } = freezeText(`${"<!".repeat(50)}<!-- x -->${"-- y -->".repeat(50)}`);
    expect(text).not.toContain("<!--");
  });

  test("a frozen text freezes to itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (raw) => {
        const { text } = freezeText(raw);
        expect(freezeText(text)).toEqual({ text, hiddenRemoved: 0 });
      }),
    );
  });

  test.each([
    ["[a]:b\n".repeat(10_000)],
    ["![".repeat(30_000)],
    ["<a ".repeat(20_000)],
    ["](".repeat(30_000)],
    [`](x${" ".repeat(60_000)}`],
    ["<!".repeat(30_000)],
    ["&#".repeat(30_000)],
    ['<a "'.repeat(15_000)],
    [`<a ${"b='c' ".repeat(10_000)}`],
    ["[".repeat(60_000)],
    ["> > > > > >    [a\n".repeat(3_000)],
    ["[a]: b 'c\n".repeat(6_000)],
    ["\\color{".repeat(8_000)],
    ["\u001b]".repeat(30_000)],
    ["<?".repeat(30_000)],
  ])("hostile text %# is read in bounded time", (raw) => {
    const start = performance.now();
    freezeText(raw);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
