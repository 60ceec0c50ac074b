import type { Tree } from "../core/report.ts";
import { isNobodys, isTestFile } from "./code-files.ts";
import type { Looked } from "./tree-check.ts";

/** Languages whose tests live inside the source files. */
const INLINE_TESTS: readonly { readonly files: RegExp; readonly mark: RegExp }[] = [
  { files: /\.rs$/u, mark: /#\[(?:\w+::)?test\b|#\[cfg\(test\)\]/u },
  { files: /\.zig$/u, mark: /^\s*test\s+["{]/mu },
  { files: /\.d$/u, mark: /^\s*unittest\b/mu },
];

const FILES_READ_MAX = 500;

/**
 * At least one file that looks like a test and has content. Whether tests pass is not asked here: nothing is executed.
 * Costs one file where there are tests; up to 1,000 where there are none.
 */
export async function checkTestsExist(tree: Tree): Promise<Looked> {
  const looked = tree.paths.length;
  for (const path of tree.paths.filter(isTestFile).slice(0, FILES_READ_MAX)) {
    const text = await tree.read(path);
    if (text === null || text.trim() !== "") return { findings: [], looked };
  }
  for (const { files, mark } of INLINE_TESTS) {
    for (const path of tree.paths.filter((path) => !isNobodys(path) && files.test(path)).slice(0, FILES_READ_MAX)) {
      const text = await tree.read(path);
      if (text !== null && mark.test(text)) return { findings: [], looked };
    }
  }
  const message =
    'there is no test file: write tests where the language\'s test tool looks for them, such as "test/…", "*.test.ts", "test_*.py" or "*_test.go".';
  return { findings: [{ check: "tests-exist", step: null, path: null, line: null, message }], looked };
}
