import type { Phase, Step } from "../core/playbook.ts";
import type { Finding, Tree } from "../core/report.ts";
import type { ClaimedPhase } from "./dialogue-tools.ts";

export interface Claimed {
  readonly phase: Phase;
  /** The step that is under way, and those after it: their own checks say what is missing. */
  readonly stepsAhead: readonly string[];
  readonly workTree: string;
  readonly checkStep: (tree: Tree, phase: Phase, step: Step) => Promise<readonly Finding[]>;
}

const pathsNamedMax = 20;

/** What the agent says is done, compared with what there is; for the agent. */
export async function untrueClaims(
  claims: readonly ClaimedPhase[],
  tree: Tree,
  { phase, stepsAhead, workTree, checkStep }: Claimed,
): Promise<readonly string[]> {
  if (claims.length === 0) return [];
  const faults: string[] = [];
  const numbers = [...new Set(claims.map((claim) => claim.phase))].filter((number) => number !== phase.number);
  if (numbers.length > 0) {
    faults.push(`you said that phase ${numbers.join(", ")} is complete, but this is phase ${phase.number}.`);
  }
  const there = new Set(tree.paths);
  const named = claims.flatMap(({ files }) => files).map((path) => relativePath(path, workTree));
  const missing = [...new Set(named)].filter((path) => !there.has(path));
  if (missing.length > 0) {
    const shown = missing.slice(0, pathsNamedMax).join(", ");
    const more = missing.length > pathsNamedMax ? `, and ${missing.length - pathsNamedMax} more` : "";
    faults.push(`you named files that are not there: ${shown}${more}. Write them, or name what is there.`);
  }
  for (const other of phase.steps.filter(({ slug }) => !stepsAhead.includes(slug))) {
    const absent = (await checkStep(tree, phase, other)).find(({ check }) => check === "outputs-exist");
    if (absent === undefined) continue;
    const what = absent.path === null ? absent.message : `${absent.path}: ${absent.message}`;
    faults.push(`you said that the phase is complete, but its step ${other.slug} is not: ${what}`);
  }
  return faults;
}

/** As the tree names it. */
export function relativePath(path: string, workTree: string): string {
  const inside = path.startsWith(`${workTree}/`) ? path.slice(workTree.length + 1) : path;
  return inside.replace(/^(?:\.\/)+/, "");
}
