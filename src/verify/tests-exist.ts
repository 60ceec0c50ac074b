import type { Finding, Tree } from "../core/report.ts";

const CODE = String.raw`(?:[cm]?[jt]sx?|py|rb|go|rs|java|kts?|groovy|scala|cs|fs|vb|php|swift|dart|exs?|erl|clj[cs]?|hs|ml|lua|pl|t|r|R|jl|c|cc|cpp|cxx|m|mm|zig|nim|cr|sh|bats|vue|svelte|feature)`;

/** Where test files lie, or how they are named, by the conventions of the languages' own tools. */
const TEST_FILES: readonly RegExp[] = [
  new RegExp(
    String.raw`(?:^|/)(?:tests?|specs?|__tests__|e2e|cypress|integration_test|testthat)/(?:.*/)?[^/]+\.${CODE}$`,
    "u",
  ),
  new RegExp(String.raw`\.(?:test|spec|e2e|cy|it)\.${CODE}$`, "u"),
  new RegExp(String.raw`[_-](?:tests?|spec|SUITE)\.${CODE}$`, "u"),
  new RegExp(String.raw`(?:^|/)test[_-][^/]+\.${CODE}$`, "u"),
  /[a-z0-9](?:Tests?|TestCase|Spec|Specs|IT)\.(?:java|kts?|groovy|scala|cs|fs|vb|php|swift|hs|ts|js|m|mm)$/u,
  /\.bats$|(?:^|\/)t\/[^/]+\.t$/u,
];

/** Files around tests that hold none. */
const NOT_TESTS =
  /(?:^|\/)(?:node_modules|vendor|\.venv|fixtures?|testdata|__snapshots__|__pycache__)\/|(?:^|\/)(?:__init__|conftest)\.py$/u;

/** Languages whose tests live inside the source files. */
const INLINE_TESTS: readonly { readonly files: RegExp; readonly mark: RegExp }[] = [
  { files: /\.rs$/u, mark: /#\[(?:\w+::)?test\b|#\[cfg\(test\)\]/u },
  { files: /\.zig$/u, mark: /^\s*test\s+["{]/mu },
  { files: /\.d$/u, mark: /^\s*unittest\b/mu },
];

const FILES_READ_MAX = 500;

/** At least one file that looks like a test and has content. Whether tests pass is not asked here: nothing is executed. */
export async function checkTestsExist(tree: Tree): Promise<readonly Finding[]> {
  const candidates = tree.paths.filter((path) => !NOT_TESTS.test(path));
  const named = candidates.filter((path) => TEST_FILES.some((pattern) => pattern.test(path)));
  for (const path of named.slice(0, FILES_READ_MAX)) {
    const text = await tree.read(path);
    if (text === null || text.trim() !== "") return [];
  }
  for (const { files, mark } of INLINE_TESTS) {
    for (const path of candidates.filter((candidate) => files.test(candidate)).slice(0, FILES_READ_MAX)) {
      const text = await tree.read(path);
      if (text !== null && mark.test(text)) return [];
    }
  }
  const message =
    'there is no test file: write tests where the language\'s test tool looks for them, such as "test/…", "*.test.ts", "test_*.py" or "*_test.go".';
  return [{ check: "tests-exist", step: null, path: null, line: null, message }];
}
