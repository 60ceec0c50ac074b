import picomatch from "picomatch";
import type { Phase } from "../core/playbook.ts";
import type { Finding, Tree } from "../core/report.ts";
import { stepFor } from "./step-of-path.ts";
import type { Looked } from "./tree-check.ts";
import { definitionFolder, parseWorkflowDefinition } from "./workflow-definition.ts";

const DEFINITIONS_READ_MAX = 50;

/**
 * Every definition in `.github/phasegate/workflows` can be compiled, and the scripts that it names are there
 * in a phase that may write them. Costs one file for each of them, 50 at most.
 */
export async function checkWorkflowValid(tree: Tree, phase: Phase): Promise<Looked> {
  const findings: Finding[] = [];
  const add = (path: string, line: number | null, message: string): void => {
    findings.push({ check: "workflow-valid", step: stepFor(phase, path), path, line, message });
  };
  const files = new Set(tree.paths);
  const mayWrite = picomatch([...phase.allowedPaths], { dot: true });
  let looked = 0;
  for (const path of tree.paths
    .filter((candidate) => candidate.startsWith(definitionFolder))
    .slice(0, DEFINITIONS_READ_MAX)) {
    if (path === `${definitionFolder}README.md`) continue;
    if (!/^[^/]+\.yml$/u.test(path.slice(definitionFolder.length))) {
      add(
        path,
        null,
        `a definition lies at ${definitionFolder}<name>.yml: give this file such a name, or take it out.`,
      );
      continue;
    }
    const text = await tree.read(path);
    looked += 1;
    if (text === null) {
      add(path, null, "the definition is not readable text: write it as UTF-8 of at most 1 MiB.");
      continue;
    }
    const parsed = parseWorkflowDefinition(path, text);
    if (parsed.kind === "faulty") {
      for (const { line, message } of parsed.faults) add(path, line, `${message}.`);
      continue;
    }
    for (const step of parsed.definition.steps) {
      if (step.type !== "script" || files.has(step.config.run) || !mayWrite(step.config.run)) continue;
      add(path, null, `"${step.id}" runs "${step.config.run}", and there is no such file: write it.`);
    }
  }
  return { findings, looked };
}
