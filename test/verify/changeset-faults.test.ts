import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/change.ts";
import { changesetFaults } from "../../src/verify/changeset-faults.ts";

const everywhere = { allowedPaths: ["**"] };

function written(path: string, content = "text", mode: "100644" | "100755" | "120000" = "100644"): Change {
  return { kind: "written", path, mode, content: new TextEncoder().encode(content) };
}

function deleted(path: string): Change {
  return { kind: "deleted", path };
}

function rules(changes: readonly Change[], allowedPaths: readonly string[] = ["**"]): readonly string[] {
  return changesetFaults(changes, { allowedPaths }).map(({ rule }) => rule);
}

describe("changesetFaults", () => {
  test("finds nothing in ordinary changes", () => {
    const changes = [
      written("README.md"),
      written("src/a.ts", "", "100755"),
      written("docs/한국어.md"),
      written("src/github/client.ts"),
      written(".env.example"),
      written(".gitignore"),
      written("src/claude3.md"),
      written("docs/latest", "planning/01_idea.md", "120000"),
      written("a/b/up", "../c/./d", "120000"),
      deleted("old/file.ts"),
    ];
    expect(changesetFaults(changes, everywhere)).toEqual([]);
  });

  test.each([
    "",
    "/etc/passwd",
    "C:/x",
    "c:x",
    "../x",
    "a/../../x",
    "a/./b",
    ".",
    "a//b",
    "a/",
    "a\\b",
    "a\nb",
    "a\u0000b",
    "a\u0085b",
    "\ud800",
    "x".repeat(300),
    "가".repeat(100),
    "a/".repeat(600) + "b",
  ])("refuses the form of %j", (path) => {
    expect(rules([written(path)])).toContain("path-form");
    expect(rules([deleted(path)])).toContain("path-form");
  });

  test.each([
    [".phasegate/specs/active/spec-2026-11-26-001.yaml", [".phasegate/specs/**"], []],
    [".github/phasegate/workflows/nightly.yml", [".github/phasegate/workflows/nightly.yml"], []],
    // A step that may write everywhere is not for them.
    [".phasegate/specs/active/spec-2026-11-26-001.yaml", ["**"], ["denied"]],
    [".github/phasegate/workflows/nightly.yml", ["**", ".phasegate/specs/**"], ["denied"]],
    [".github/workflows/nightly.yml", [".github/**", ".github/workflows/**"], ["denied"]],
    [".github/phasegate.yml", [".github/phasegate/workflows/**", "**"], ["denied"]],
    [".phasegate/specs/.gitattributes", [".phasegate/specs/**"], ["denied"]],
    [".PHASEGATE/specs/a.yaml", [".phasegate/specs/**"], ["denied"]],
    [".phasegate/specs/../../.github/workflows/a.yml", [".phasegate/specs/**"], ["path-form"]],
  ])("opens %j to a step that may write %j: %j", (path, allowedPaths, found) => {
    expect(rules([written(path)], allowedPaths)).toEqual(found);
  });

  test("refuses a file in place of a folder, and a folder in place of a file, that decides who must review", () => {
    expect(rules([written("docs")])).toEqual(["denied"]);
    expect(rules([written("Docs", "src", "120000")])).toEqual(["denied"]);
    expect(rules([written("CODEOWNERS/x")])).toEqual(["denied"]);
    expect(rules([written("docs/codeowners/x/y")])).toEqual(["denied"]);
    // Where it was a file, it may make way for the folder.
    expect(rules([deleted("docs"), written("docs/a.md"), written("src/codeowners/x.ts")])).toEqual([]);
  });

  test.each([
    ".git",
    ".git/config",
    ".GIT/hooks/pre-commit",
    "a/.Git/x",
    ".git /config",
    ".git./config",
    ".git . ./config",
    ".g\u200cit/config",
    "\ufeff.git/config",
    ".gı\u200dt/config",
    "git~1/config",
    "GIT~2/config",
    ".git::$INDEX_ALLOCATION/config",
    ".git:stream",
  ])("refuses %j, which is or could be git's own folder", (path) => {
    expect(rules([written(path)])).toContain("git-folder");
  });

  test.each([
    ".github/workflows/ci.yml",
    ".GitHub/workflows/ci.yml",
    ".github",
    ".g\u200cithub/x",
    "CODEOWNERS",
    "CodeOwners",
    "docs/CODEOWNERS",
    ".github/CODEOWNERS",
    ".gitmodules",
    ".gitattributes",
    "src/.gitattributes",
    ".claude/settings.json",
    "packages/a/.claude/settings.json",
    ".CLAUDE",
    ".mcp.json",
    ".phasegate/x",
    ".phaſegate/x",
    "gitmod~1",
    "GI7EBA~1",
    ".gitattributes.",
    ".claude ",
  ])("refuses %j in any phase", (path) => {
    expect(rules([written(path)])).toEqual(["denied"]);
    expect(rules([deleted(path)])).toEqual(["denied"]);
  });

  test.each(["src/CODEOWNERS", "docs/github/x", "packages/.github/x", "gitmodules", "claude/x.md", "mcp.json"])(
    "lets %s pass",
    (path) => {
      expect(rules([written(path)])).toEqual([]);
    },
  );

  test("refuses what lies outside the phase, also to delete", () => {
    const allowed = ["docs/planning/**"];
    expect(rules([written("docs/planning/.hidden/a.md")], allowed)).toEqual([]);
    expect(rules([written("src/a.ts")], allowed)).toEqual(["outside-phase"]);
    expect(rules([deleted("docs/design/a.md")], allowed)).toEqual(["outside-phase"]);
    expect(rules([written("Docs/planning/a.md")], allowed)).toEqual(["outside-phase"]);
  });

  test.each([
    ["is absolute", "/etc/passwd"],
    ["leaves the tree", "../../x"],
    ["leaves the tree and comes back", "../../repo/x"],
    ["leaves from within", "a/../../../x"],
    ["leads into git's folder", "../.git/config"],
    ["leads into a look-alike of it", "../GIT~1/config"],
    ["is a drive", "C:/x"],
    ["has a backslash", "..\\x"],
    ["has a line break", "a\nb"],
    ["is empty", ""],
    ["is endless", "a/".repeat(3_000)],
  ])("refuses a link whose target %s", (_, target) => {
    expect(rules([written("docs/link", target, "120000")])).toEqual(["link"]);
  });

  test("refuses a link to bytes that are no text", () => {
    const link: Change = { kind: "written", path: "a", mode: "120000", content: Uint8Array.of(0xff, 0xfe) };
    expect(rules([link])).toEqual(["link"]);
  });

  test("refuses modes that the type does not have", () => {
    const submodule = written("a");
    Object.assign(submodule, { mode: "160000" });
    expect(rules([submodule])).toEqual(["mode"]);
  });

  test("refuses one file under two spellings", () => {
    expect(rules([written("a.md"), written("A.md")])).toEqual(["duplicate"]);
    expect(rules([written("a.md"), written("a.md")])).toEqual(["duplicate"]);
    expect(rules([written("caf\u00e9"), written("cafe\u0301")])).toEqual(["duplicate"]);
    expect(rules([written("a.md"), deleted("a.md")])).toEqual(["duplicate"]);
  });

  test("lets a file change the case of its name", () => {
    expect(rules([deleted("readme.md"), written("README.md")])).toEqual([]);
    expect(rules([written("README.md"), deleted("readme.md")])).toEqual([]);
  });

  test("refuses a path that is both file and folder", () => {
    expect(rules([written("a"), written("a/b")])).toEqual(["file-and-folder"]);
    expect(rules([written("x/A/c/d"), written("x/a")])).toEqual(["file-and-folder"]);
    expect(rules([deleted("a"), written("a/b")])).toEqual([]);
    expect(rules([written("a"), deleted("a/b")])).toEqual([]);
  });

  test("refuses too many files, too large a file, and too many bytes", () => {
    const many = Array.from({ length: 2_001 }, (_, index) => written(`f${index}`, ""));
    expect(rules(many)).toEqual(["too-many-files"]);
    expect(rules(many.slice(1))).toEqual([]);
    const mebibyte = 1_048_576;
    const large = (path: string, size: number): Change => ({
      kind: "written",
      path,
      mode: "100644",
      content: new Uint8Array(size),
    });
    expect(rules([large("a", 5 * mebibyte)])).toEqual([]);
    expect(rules([large("a", 5 * mebibyte + 1)])).toEqual(["file-too-large"]);
    expect(rules(["a", "b", "c", "d"].map((path) => large(path, 5 * mebibyte)))).toEqual([]);
    expect(rules(["a", "b", "c", "d"].map((path) => large(path, 5 * mebibyte)).concat(large("e", 1)))).toEqual([
      "too-many-bytes",
    ]);
  });

  test("shows a hostile path without its control and direction characters, cut short", () => {
    const [fault] = changesetFaults([written(`a\u001b[31m\u202e${"x".repeat(900)}/../b`)], everywhere);
    expect(fault?.path).toMatch(/^a\\u\{1b\}\[31m\\u\{202e\}x+…$/u);
    expect(fault?.path?.length).toBeLessThanOrEqual(201);
  });

  test("never lets a path through that leads outside or into git's folder", () => {
    const part = fc.constantFrom(
      "a",
      "..",
      ".",
      "",
      ".git",
      ".GIT",
      "git~1",
      ".git ",
      "\\",
      "docs",
      ".github",
      "x.md",
      "\n",
    );
    const path = fc.array(part, { maxLength: 5 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(path, (candidate) => {
        if (changesetFaults([written(candidate)], everywhere).length > 0) return true;
        return /^(?:a|docs|x\.md)(?:\/(?:a|docs|x\.md|\.github))*$/u.test(candidate);
      }),
      { numRuns: 2_000 },
    );
  });

  test("answers for any paths and targets", () => {
    const change = fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { maxLength: 10 }), (entries) => {
        const changes = entries.map(([path, content, link]) => written(path, content, link ? "120000" : "100644"));
        for (const { message } of changesetFaults(changes, everywhere)) expect(message.length).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});
