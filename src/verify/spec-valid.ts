import type { Phase } from "../core/playbook.ts";
import type { Finding, Tree } from "../core/report.ts";
import { activeSpecs, archivedSpecs, isSpecId, parseSpec } from "./spec.ts";
import { stepFor } from "./step-of-path.ts";
import type { Looked } from "./tree-check.ts";

/** More specifications than this nobody works on at once. */
const SPECS_READ_MAX = 50;

/**
 * Every specification in `.phasegate/specs/active` is valid, bears the name of its id, and no id is in the archive already.
 * Costs one file for each of them, 50 at most.
 */
export async function checkSpecValid(tree: Tree, phase: Phase): Promise<Looked> {
  const findings: Finding[] = [];
  const add = (path: string, line: number | null, message: string): void => {
    findings.push({ check: "spec-valid", step: stepFor(phase, path), path, line, message });
  };
  const archived = new Map(
    tree.paths.filter((path) => path.startsWith(archivedSpecs)).map((path) => [nameOf(path), path]),
  );
  let looked = 0;
  for (const path of tree.paths.filter((candidate) => candidate.startsWith(activeSpecs)).slice(0, SPECS_READ_MAX)) {
    const name = nameOf(path);
    // Beside specifications lies at most what keeps or explains the folder.
    if (name === ".gitkeep" || name === "README.md") continue;
    if (path !== `${activeSpecs}${name}` || !isSpecId(name.replace(/\.yaml$/u, "")) || !name.endsWith(".yaml")) {
      add(
        path,
        null,
        `a specification lies at ${activeSpecs}spec-YYYY-MM-DD-NNN.yaml: give this file such a name, or take it out.`,
      );
      continue;
    }
    const text = await tree.read(path);
    looked += 1;
    if (text === null) {
      add(path, null, "the specification is not readable text: write it as UTF-8 of at most 1 MiB.");
      continue;
    }
    const parsed = parseSpec(path, text);
    if (parsed.kind === "faulty") for (const { line, message } of parsed.faults) add(path, line, `${message}.`);
    const earlier = archived.get(name);
    if (earlier !== undefined)
      add(path, null, `the id is in the archive already ("${earlier}"): take the next free number of the day.`);
  }
  return { findings, looked };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
