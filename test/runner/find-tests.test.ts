import { describe, expect, test } from "vitest";
import type { Tree } from "../../src/core/report.ts";
import { findTests } from "../../src/runner/find-tests.ts";

function treeOf(files: Readonly<Record<string, string>>): Tree {
  const paths = Object.keys(files).sort();
  return { paths, read: async (path) => await Promise.resolve(files[path] ?? null) };
}

const manifest = (more: object = {}, script = "vitest run"): string =>
  JSON.stringify({ scripts: { test: script }, ...more });
const needs = { devDependencies: { vitest: "1" } };

describe("a project's own test command", () => {
  test.each([
    [
      "npm with a lock file",
      { "package.json": manifest(needs), "package-lock.json": "" },
      "npm test",
      "npm ci --no-audit --no-fund",
    ],
    [
      "npm without",
      { "package.json": manifest(needs) },
      "npm test",
      "npm install --no-audit --no-fund --no-package-lock",
    ],
    ["a package that needs no other", { "package.json": manifest(), "package-lock.json": "" }, "npm test", null],
    ["pnpm", { "package.json": manifest(needs), "pnpm-lock.yaml": "" }, "pnpm test", "pnpm install --frozen-lockfile"],
    ["yarn", { "package.json": manifest(needs), "yarn.lock": "" }, "yarn test", "yarn install --frozen-lockfile"],
    ["bun", { "package.json": manifest(needs), "bun.lock": "" }, "bun run test", "bun install --frozen-lockfile"],
    [
      "a named package manager",
      { "package.json": manifest({ ...needs, packageManager: "pnpm@9.1.0" }) },
      "pnpm test",
      "pnpm install",
    ],
    ["deno", { "deno.json": "{}" }, "deno test --allow-all", null],
    [
      "deno with a task",
      { "deno.jsonc": '{ "tasks": { "dev": "x", "test": "deno test -A" } }' },
      "deno task test",
      null,
    ],
    ["uv", { "uv.lock": "", "pyproject.toml": "" }, "uv run pytest", "uv sync --frozen"],
    ["poetry", { "poetry.lock": "", "pyproject.toml": "" }, "poetry run pytest", "poetry install --no-interaction"],
    [
      "pytest",
      { "pyproject.toml": "[project]\n[tool.pytest.ini_options]" },
      "python3 -m pytest",
      expect.stringContaining("-m pip install"),
    ],
    [
      "unittest",
      { "requirements.txt": "flask", "test_links.py": "" },
      "python3 -m unittest discover",
      expect.stringContaining('-r "$file"'),
    ],
    ["go", { "go.mod": "module links" }, "go test ./...", null],
    ["cargo", { "Cargo.toml": "[package]" }, "cargo test", null],
    ["mix", { "mix.exs": "" }, "mix test", expect.stringContaining("mix deps.get")],
    ["gradle's wrapper", { gradlew: "", "build.gradle": "" }, "sh gradlew --no-daemon test", null],
    ["maven's wrapper", { mvnw: "", "pom.xml": "" }, "sh mvnw --batch-mode test", null],
    ["maven", { "pom.xml": "" }, "mvn --batch-mode test", null],
    ["make", { Makefile: "all: x\ntest: all\n\t./check\n" }, "make test", null],
  ])("is found for %s", async (_what, files: Record<string, string>, command, install) => {
    expect(await findTests(treeOf(files), null)).toMatchObject({ command, install });
  });

  test.each([
    ["nothing that is known", { "README.md": "test: me" }],
    ["npm's own placeholder", { "package.json": manifest(needs, 'echo "Error: no test specified" && exit 1') }],
    ["a package without a test script", { "package.json": '{ "scripts": { "start": "x" } }' }],
    ["a manifest that is no JSON", { "package.json": "{" }],
    ["a Makefile that only sets a variable so named", { Makefile: "test := unit\n" }],
    ["a manifest below the root", { "server/go.mod": "module links" }],
  ])("is not found in %s", async (_what, files: Record<string, string>) => {
    expect(await findTests(treeOf(files), null)).toBeNull();
  });

  test("of the playbook counts more; what it needs is told by the files", async () => {
    const tree = treeOf({ "package.json": manifest(needs), "package-lock.json": "" });
    expect(await findTests(tree, "CI=1 make check")).toEqual({
      command: "CI=1 make check",
      install: "npm ci --no-audit --no-fund",
      programs: ["make", "npm"],
    });
  });

  test("names the programs that the machine must have, and no file of the project", async () => {
    expect((await findTests(treeOf({ gradlew: "" }), null))?.programs).toEqual(["sh", "java"]);
    expect((await findTests(treeOf({}), "./check.sh --all"))?.programs).toEqual([]);
  });
});
