import { describe, expect, test } from "vitest";
import { checkTestsExist } from "../../src/verify/tests-exist.ts";
import { memoryTree } from "./memory-tree.ts";

describe("checkTestsExist", () => {
  test.each([
    "test/link.js",
    "tests/test_link.py",
    "src/link.test.ts",
    "src/link.spec.tsx",
    "web/__tests__/link.jsx",
    "link_test.go",
    "spec/link_spec.rb",
    "src/test/java/app/LinkTest.java",
    "Tests/AppTests/LinkTests.swift",
    "App.Tests/LinkTests.cs",
    "tests/LinkTest.php",
    "test/link_test.exs",
    "test/widget_test.dart",
    "tests/testthat/test-link.R",
    "test/LinkSpec.hs",
    "test/run.bats",
    "e2e/journey.spec.mjs",
    "src/test_link.c",
    "t/link.t",
  ])("takes %s for a test", async (path) => {
    const { findings } = await checkTestsExist(memoryTree({ [path]: "it works" }));
    expect(findings).toEqual([]);
  });

  test.each([
    ["src/lib.rs", "#[cfg(test)]\nmod tests {}"],
    ["src/main.zig", 'test "adds" {}'],
  ])("finds tests inside %s", async (path, text) => {
    expect((await checkTestsExist(memoryTree({ [path]: text }))).findings).toEqual([]);
    expect((await checkTestsExist(memoryTree({ [path]: "nothing" }))).findings).toHaveLength(1);
  });

  test.each([
    "src/latest.ts",
    "src/contest.py",
    "src/testimonials.ts",
    "src/attest/index.ts",
    "test/README.md",
    "test/fixtures/link.json",
    "test/fixtures/link.js",
    "tests/__init__.py",
    "node_modules/x/test/x.js",
    "docs/testing/01_test_plan.md",
  ])("does not take %s for a test", async (path) => {
    expect((await checkTestsExist(memoryTree({ [path]: "it works" }))).findings).toHaveLength(1);
  });

  test("does not count an empty file", async () => {
    expect((await checkTestsExist(memoryTree({ "test/link.js": "\n" }))).findings).toHaveLength(1);
  });
});
