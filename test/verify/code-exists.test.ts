import { describe, expect, test } from "vitest";
import { checkCodeExists } from "../../src/verify/code-exists.ts";
import { memoryTree } from "./memory-tree.ts";

async function check(files: Readonly<Record<string, string | null>>): Promise<readonly string[]> {
  const { findings } = await checkCodeExists(memoryTree(files));
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
}

function node(manifest: unknown, others: Readonly<Record<string, string>> = {}) {
  return { "package.json": JSON.stringify(manifest, null, 2), "src/main.js": "start();", ...others };
}

describe("checkCodeExists", () => {
  test.each([
    ["package.json", "{}", "src/main.ts"],
    ["pyproject.toml", "", "app/main.py"],
    ["requirements-dev.txt", "", "app.py"],
    ["go.mod", "", "cmd/app/main.go"],
    ["Cargo.toml", "", "src/main.rs"],
    ["pom.xml", "", "src/main/java/App.java"],
    ["server/build.gradle.kts", "", "server/src/App.kt"],
    ["App.csproj", "", "Program.cs"],
    ["Gemfile", "", "lib/app.rb"],
    ["composer.json", "", "public/index.php"],
    ["pubspec.yaml", "", "lib/main.dart"],
    ["Makefile", "", "main.c"],
    ["index.html", "<p>", "index.html"],
  ])("takes %s with its source for a project", async (manifest, text, source) => {
    expect(await check({ [source]: "x", [manifest]: text || "x" })).toEqual([]);
  });

  test.each([
    ["nothing but documents", { "docs/plan.md": "x", "docs/index.html": "x" }, 2],
    ["no manifest", { "src/main.ts": "x" }, 1],
    ["nothing but tests", { "go.mod": "x", "main_test.go": "x" }, 1],
    ["nothing but settings", { "package.json": "{}", "vite.config.ts": "x", "src/env.d.ts": "x" }, 1],
    ["nothing but an empty file", { "go.mod": "x", "main.go": "\n" }, 1],
    ["only what a tool fetched", { "node_modules/a/package.json": "{}", "node_modules/a/index.js": "x" }, 2],
  ])("wants more than %s", async (_, files, faults) => {
    expect(await check(files)).toHaveLength(faults);
  });

  test.each([
    ["main", { main: "src/main.js" }],
    ["main without its ending", { main: "./src/main" }],
    ["a folder with an index", { main: "lib" }],
    ["a build result", { main: "dist/main.js", bin: { app: "./build/cli.js" } }],
    ["what git ignores", { main: "compiled/main.js" }],
    ["a script", { scripts: { start: "node src/main.js", dev: "NODE_ENV=dev node --watch src/main.js --port 1" } }],
    ["a script of a tool", { scripts: { test: "node --test", lint: "eslint src/nowhere.js", build: "tsc -p ." } }],
    ["a pattern", { scripts: { test: "node --test test/*.test.js" } }],
    ["another folder", { scripts: { start: "cd web && node nowhere.js" } }],
    ["inline code", { scripts: { start: "node -e \"require('./nowhere.js')\"" } }],
    ["what is no text", { main: 7, bin: null, scripts: [1, { a: 2 }] }],
    ["a path out of the repository", { main: "../../nowhere.js" }],
  ])("is content with %s", async (_, manifest) => {
    expect(await check(node(manifest, { ".gitignore": "compiled/\n" }))).toEqual([]);
  });

  test.each([
    ["main", { main: "src/app.js" }, 2, '"main" names the file "src/app.js"'],
    ["bin", { name: "a", bin: "./cli.js" }, 3, 'write "cli.js"'],
    ["one of several bins", { bin: { good: "src/main.js", bad: "bin.js" } }, 4, '"bin.bad"'],
    [
      "a script",
      { scripts: { test: "node --test", start: "npx tsx --env-file=.env src/server.ts" } },
      4,
      '"scripts.start"',
    ],
    ["the second command of a script", { scripts: { start: "tsc && node server.js" } }, 3, '"server.js"'],
    ["a script in Python", { scripts: { seed: "python3 tools/seed.py" } }, 3, '"tools/seed.py"'],
  ])("misses a file that %s names", async (_, manifest, line, words) => {
    expect(await check(node(manifest))).toEqual([expect.stringMatching(new RegExp(`^package\\.json:${line} `, "u"))]);
    expect((await check(node(manifest)))[0]).toContain(words);
  });

  test("looks for the files of a package beside its manifest", async () => {
    const files = { "web/package.json": '{"main":"src/app.js"}', "src/app.js": "x" };
    expect(await check(files)).toEqual([expect.stringContaining('write "web/src/app.js"')]);
    expect(await check({ ...files, "web/src/app.js": "x" })).toEqual([]);
  });

  test.each(["{", "[]", '"text"', ""])("says that %j is no manifest", async (text) => {
    expect(await check({ "package.json": text, "a.js": "x" })).toEqual([expect.stringContaining("not valid JSON")]);
  });
});
