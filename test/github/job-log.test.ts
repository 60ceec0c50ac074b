import { describe, expect, test } from "vitest";
import { failingPart, plainLines } from "../../src/github/job-log.ts";

const stamped = (...lines: readonly string[]) => lines.map((line) => `2026-11-21T02:20:00.1234567Z ${line}\n`).join("");

const log = stamped(
  "Current runner version: '2.330.0'",
  "##[group]Run actions/checkout@v4",
  "with:",
  "##[endgroup]",
  "##[group]Run npm ci || true",
  "##[endgroup]",
  "##[error]an error that the step swallows",
  "##[group]Run npm test",
  "npm test",
  "shell: /usr/bin/bash -e {0}",
  "##[endgroup]",
  "\u001B[31m✗\u001B[39m adds",
  "##[error]Process completed with exit code 1.",
  "Post job cleanup.",
  "##[error]the cache could not be saved",
  "Cleaning up orphan processes",
);

describe("a job's log", () => {
  test("loses its times, its colours and what nobody sees", () => {
    const text =
      "\uFEFF2026-11-21T02:20:00.1Z \u001B[1;31mred\u001B[0m\r\n10%\r50%\r100%\nbell\u0007 \u202Eback\ttab\n";
    expect(plainLines(text)).toEqual(["red", "100%", "bell back\ttab", ""]);
  });

  test("loses the links and titles that a terminal would act on", () => {
    expect(plainLines("\u001B]8;;https://evil.example\u0007here\u001B]8;;\u001B\\ \u001B]0;title\u0007!")).toEqual([
      "here !",
    ]);
  });

  test("begins with the step that failed, not with what was swallowed before or went wrong while cleaning up", () => {
    expect(failingPart(log, 8_000).split("\n")).toEqual([
      "Run npm test",
      "npm test",
      "shell: /usr/bin/bash -e {0}",
      "✗ adds",
      "error: Process completed with exit code 1.",
      "",
      "Before that step:",
      "Current runner version: '2.330.0'",
      "Run actions/checkout@v4",
      "with:",
      "Run npm ci || true",
      "error: an error that the step swallows",
    ]);
  });

  test("keeps the end of a step that is too long, in whole lines, and leaves out the rest", () => {
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
    const part = failingPart(stamped("before", "##[group]Run x", ...lines, "##[error]exit 1"), 200);
    expect(part.length).toBeLessThanOrEqual(200);
    expect(part).toMatch(/^line \d+\n/u);
    expect(part).toMatch(/line 499\nerror: exit 1$/u);
    expect(part).not.toContain("before");
  });

  test("keeps the end of a single line that is too long", () => {
    expect(failingPart(`##[group]Run x\n${"a".repeat(500)}the end`, 20)).toBe(`${"a".repeat(13)}the end`);
  });

  test("without any mark is its end", () => {
    expect(failingPart("one\ntwo\n", 100)).toBe("one\ntwo");
    expect(failingPart("", 100)).toBe("");
  });
});
