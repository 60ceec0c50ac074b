/** Telling source files and tests from the rest by their paths, by the conventions of the languages' own tools. */

const CODE = String.raw`(?:[cm]?[jt]sx?|py|rb|go|rs|java|kts?|groovy|scala|cs|fs|vb|php|swift|dart|exs?|erl|clj[cs]?|hs|ml|lua|pl|t|r|R|jl|c|cc|cpp|cxx|m|mm|zig|nim|cr|sh|bats|vue|svelte|feature)`;

const CODE_FILE = new RegExp(String.raw`\.${CODE}$`, "u");

/** Where test files lie, or how they are named. */
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

/** Files that a tool fetched, made, or only reads while it tests. */
const NOBODYS =
  /(?:^|\/)(?:node_modules|vendor|\.venv|\.git|fixtures?|testdata|__snapshots__|__pycache__)\/|(?:^|\/)(?:__init__|conftest)\.py$/u;

/** Settings of tools that are written as code. */
const SETTINGS = /(?:^|\/)(?:[^/]+\.config|\.[^/]+rc)\.[cm]?[jt]s$|\.d\.ts$/u;

/** Pages, queries and notebooks: a product may consist of them, a test may not. */
const OTHER_SOURCES = /\.(?:html?|sql|ipynb|astro|elm|ex|gd|pas|f90|asm|ps1|bash|zsh|d|v|sol|tf)$/u;

export function isTestFile(path: string): boolean {
  return !NOBODYS.test(path) && TEST_FILES.some((pattern) => pattern.test(path));
}

/** Whether the file lies where tools put theirs. */
export function isNobodys(path: string): boolean {
  return NOBODYS.test(path);
}

/** A file that the product itself may consist of. */
export function isSourceFile(path: string): boolean {
  if (NOBODYS.test(path) || SETTINGS.test(path) || path.startsWith("docs/")) return false;
  return (CODE_FILE.test(path) || OTHER_SOURCES.test(path)) && !isTestFile(path);
}
