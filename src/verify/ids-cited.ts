import type { Phase } from "../core/playbook.ts";
import type { Finding, Tree } from "../core/report.ts";
import { isSourceFile, isTestFile } from "./code-files.ts";
import { readDocuments } from "./documents.ts";
import type { DocumentFile } from "./documents.ts";
import { entriesOf, idsIn } from "./ids.ts";
import { definitionsOf } from "./ids-known.ts";
import { stepOfPath } from "./step-of-path.ts";
import type { Looked } from "./tree-check.ts";

/** Other files that are opened to find a citation; beyond them nothing is said of what was not found. */
const CODE_READ_MAX = 200;

const DEFINING = /^docs\/(?:planning|design)\//u;

/**
 * What the documents of earlier phases define is cited by a later document, by code or by a test.
 * What the phase itself defines is left alone, since whoever cites it comes later.
 * Costs one file for each document (200 at most), then the README, tests and code one by one until every id is found (200 at most).
 */
export async function checkIdsCited(tree: Tree, phase: Phase): Promise<Looked> {
  const documents = await readDocuments(tree);
  const definitions = definitionsOf(documents.flatMap(entriesOf));
  const missing = new Map(
    [...definitions].filter(([, { path }]) => DEFINING.test(path) && stepOfPath(phase, path) === null),
  );
  forgetCited(missing, documents);
  let looked = documents.length;
  if (missing.size > 0) {
    const readme = tree.paths.filter((path) => path === "README.md");
    const code = [...readme, ...tree.paths.filter(isTestFile), ...tree.paths.filter(isSourceFile)];
    for (const path of code.slice(0, CODE_READ_MAX)) {
      if (missing.size === 0) break;
      looked += 1;
      for (const id of idsIn((await tree.read(path)) ?? "", "all")) missing.delete(id);
    }
    if (code.length > CODE_READ_MAX) return { findings: [], looked };
  }
  const findings = [...missing.values()].map(({ id, path, line }): Finding => {
    const message = `"${id}" is cited by no later document, no code and no test: cite it where it is carried out, or take it out.`;
    return { check: "ids-cited", step: null, path, line, message };
  });
  return { findings, looked };
}

/** Takes out what a document after the defining one cites, in prose or in a diagram. */
function forgetCited(missing: Map<string, { readonly path: string }>, documents: readonly DocumentFile[]): void {
  const order = new Map(documents.map(({ path }, index) => [path, index]));
  for (const [index, { document }] of documents.entries()) {
    for (const { text } of document.lines) {
      for (const id of idsIn(text, "all")) {
        const definition = missing.get(id);
        if (definition !== undefined && (order.get(definition.path) ?? 0) < index) missing.delete(id);
      }
    }
  }
}
