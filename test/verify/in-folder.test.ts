/** A product that lives in a folder of its repository is checked there. */
import { describe, expect, test } from "vitest";
import type { CheckId } from "../../src/core/report.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { criteriaOf, ideaStep, memoryTree, phaseOf } from "./memory-tree.ts";

const root = "apps/links";
const step = { ...ideaStep, sections: [], outputs: [`${root}/docs/idea.md`], allowedPaths: [`${root}/**`] };
const inFolder = (...checks: readonly CheckId[]) =>
  phaseOf([step], { root, allowedPaths: [`${root}/**`], criteria: criteriaOf(...checks) });
const idea = `# Idea\n\nIt follows from [the market](market.md), and that is all that has to be said of it here.\n`;

async function found(
  files: Readonly<Record<string, string>>,
  ...checks: readonly CheckId[]
): Promise<readonly unknown[]> {
  const { findings } = await verifyPhase(memoryTree(files), inFolder(...checks));
  return findings.map(({ check, path }) => [check, path]);
}

describe("a product in a folder", () => {
  test("has its documents, links, code and tests there", async () => {
    const files = {
      "apps/links/docs/idea.md": idea,
      "apps/links/docs/market.md": "# Market\n",
      "apps/links/package.json": `{"name":"links","main":"src/main.js","scripts":{"test":"node --test"}}`,
      "apps/links/src/main.js": "export const links = 1;\n",
      "apps/links/test/main.test.js": `import test from "node:test";\ntest("works", () => {});\n`,
      "apps/links/.gitignore": ".env\n",
    };
    const checks = ["outputs-exist", "links-resolve", "code-exists", "tests-exist", "env-ignored"] as const;
    expect(await found(files, ...checks)).toEqual([]);
  });

  test("is told of what is wrong by paths of the repository", async () => {
    expect(await found({ "apps/links/docs/idea.md": idea }, "links-resolve", "env-ignored")).toEqual([
      ["links-resolve", "apps/links/docs/idea.md"],
      ["env-ignored", "apps/links/.gitignore"],
    ]);
  });

  test("is not helped by what lies beside it", async () => {
    const beside = { "docs/idea.md": idea, "docs/market.md": "# Market\n", ".gitignore": ".env\n" };
    expect(await found(beside, "outputs-exist", "env-ignored")).toEqual([
      ["outputs-exist", "apps/links/docs/idea.md"],
      ["env-ignored", "apps/links/.gitignore"],
    ]);
  });
});
