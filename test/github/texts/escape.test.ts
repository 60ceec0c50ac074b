import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { code, link, plain, title } from "../../../src/github/texts/escape.ts";

describe("words of others in our Markdown", () => {
  test.each([
    ["a mention", "hi @reviewer and @octo/team", "hi @&#8203;reviewer and @&#8203;octo/team"],
    ["a closing keyword", "closes #3, fixes GH-4", "closes \\#&#8203;3, fixes GH\\-&#8203;4"],
    ["a link", "[x](https://evil) www.evil.com", "\\[x\\]\\(https:&#8203;//evil\\) www&#8203;.evil.com"],
    ["HTML", "<img src=x> &lt;", "\\<img src\\=x\\> &amp;lt;"],
    ["an image", "![](x)", "\\!\\[\\]\\(x\\)"],
    ["formatting", "**b** _i_ `c` ~s~ # h", "\\*\\*b\\*\\* \\_i\\_ \\`c\\` \\~s\\~ \\# h"],
    ["several lines", "a\n- b\r\n> c", "a \\- b \\> c"],
    ["a table cell", "a | b", "a \\| b"],
    ["a backslash before a sign", "\\*a*", "\\\\\\*a\\*"],
    ["hidden characters", "a\u{202e}b\u{200b}c", "abc"],
    ["an emoji code", ":tada:", ":&#8203;tada:"],
  ])("%s is inert", (_claim, text, markdown) => {
    expect(plain(text)).toBe(markdown);
  });

  test("is cut at its limit", () => {
    expect(plain("x".repeat(300), 10)).toBe(`${"x".repeat(9)}…`);
  });

  test.each([
    ["a`b", "``a`b``"],
    ["`", "`` ` ``"],
    ["a|b", "`a\\|b`"],
    ["@reviewer\n#3", "`@reviewer #3`"],
    ["", ""],
  ])("%j is a code span", (text, markdown) => {
    expect(code(text)).toBe(markdown);
  });

  test("nothing gets out of a code span", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("`", "a", " ", "\n", "\\", "@") }), (text) => {
        const markdown = code(text);
        const fence = /^`+/u.exec(markdown)?.[0] ?? "";
        const inside = markdown.slice(fence.length, markdown.length - fence.length);
        expect(markdown === "" || markdown.endsWith(fence)).toBe(true);
        expect(Array.from(inside.matchAll(/`+/gu), ([run]) => run)).not.toContain(fence);
      }),
    );
  });

  test("a link leads to the web or nowhere, and cannot be left", () => {
    expect(link("x", "https://a/b c)(d")).toBe("[x](https://a/b%20c%29%28d)");
    expect(link("x", "javascript:alert(1)")).toBe("x");
  });

  test.each([
    ["Fix: closes #3 for @reviewer [skip ci]", "Fix: closes # 3 for @ reviewer (skip ci)"],
    ["resolves https://github.com/o/r/issues/1", "resolves https: github.com/o/r/issues/1"],
    ["fixes GH-12\nskip-checks: true", "fixes GH 12 skip-checks: true"],
  ])("the title %j does nothing when it becomes a commit", (text, expected) => {
    expect(title(text)).toBe(expected);
  });
});
