import type { Phase } from "../core/playbook.ts";
import type { ConfigurationFault } from "../core/repository-files.ts";
import type { SpecificationsFound } from "../core/spec-to-start.ts";
import type { Tree } from "../core/report.ts";
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
  const { faults, looked } = await specFaults(tree);
  const findings = faults.map(({ file: path, line, message }) => {
    return { check: "spec-valid", step: stepFor(phase, path), path, line, message } as const;
  });
  return { findings, looked };
}

/** The same without a phase. */
export async function specFaults(tree: Tree): Promise<SpecificationsFound> {
  const faults: ConfigurationFault[] = [];
  const add = (file: string, rule: string, message: string): void => {
    faults.push({ file, line: null, rule, message });
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
        "wrong-name",
        `a specification lies at ${activeSpecs}spec-YYYY-MM-DD-NNN.yaml: give this file such a name, or take it out.`,
      );
      continue;
    }
    const text = await tree.read(path);
    looked += 1;
    if (text === null) {
      add(path, "no-text", "the specification is not readable text: write it as UTF-8 of at most 1 MiB.");
      continue;
    }
    const parsed = parseSpec(path, text);
    if (parsed.kind === "faulty") {
      for (const { line, rule, message } of parsed.faults)
        faults.push({ file: path, line, rule, message: `${message}.` });
    }
    const earlier = archived.get(name);
    if (earlier !== undefined)
      add(
        path,
        "repeated-id",
        `the id is in the archive already ("${earlier}"): take the next free number of the day.`,
      );
  }
  return { faults, looked };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
