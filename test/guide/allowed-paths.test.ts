import picomatch from "picomatch";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWithin } from "../../src/guide/allowed-paths.ts";

describe("isWithin", () => {
  test.each([
    ["docs/planning/01_idea.md", ["docs/planning/**"]],
    ["docs/planning/*.md", ["docs/planning/**"]],
    ["docs/planning/{a,b}/**", ["docs/planning/**"]],
    ["docs/planning/**", ["docs/planning/**"]],
    ["src/[ab].ts", ["**"]],
    ["README.md", ["*.md", "docs/**"]],
    ["*.md", ["*.md"]],
  ])("finds %s within %j", (glob, wider) => {
    expect(isWithin(glob, wider)).toBe(true);
  });

  test.each([
    ["**", ["docs/**"]],
    ["docs/**", ["docs/planning/**"]],
    ["docs/planning2/x.md", ["docs/planning/**"]],
    ["{docs/planning,src}/**", ["docs/planning/**"]],
    ["src/x.md", ["docs/**", "*.md"]],
    ["docs/{planning,../src}/x", ["docs/planning/**"]],
  ])("finds %s outside %j", (glob, wider) => {
    expect(isWithin(glob, wider)).toBe(false);
  });

  test("never lets a narrower glob match a path that the wider ones refuse", () => {
    const segment = fc.constantFrom("docs", "a", "b", "*", "**", "{a,b}", "x.md", "*.md", "?", "[ab]");
    const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));
    const name = fc.constantFrom("docs", "a", "b", "x.md", ".hidden");
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((segments) => segments.join("/"));
    fc.assert(
      fc.property(glob, fc.array(glob, { minLength: 1, maxLength: 2 }), path, (narrow, wider, candidate) => {
        const matches = picomatch(narrow, { dot: true })(candidate);
        return !isWithin(narrow, wider) || !matches || picomatch(wider, { dot: true })(candidate);
      }),
      { numRuns: 2_000 },
    );
  });
});
