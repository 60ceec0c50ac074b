/** What the app itself adds to a step's commit: the workflow that a definition compiles to, and how far specifications are. */
import type { Change } from "../core/change.ts";
import type { Phase, Playbook } from "../core/playbook.ts";
import type { Tree } from "../core/report.ts";
import type { ExistingTask } from "../core/state.ts";
import { baseOf } from "./base-branch.ts";
import type { Performing } from "./performing.ts";
import { frozenPlaybook } from "./phase-definition.ts";
import type { Store } from "./ports/store.ts";
import type { Verifier } from "./ports/verifier.ts";

export interface StepCommit {
  readonly playbook: Playbook;
  readonly phase: Phase;
  readonly changes: readonly Change[];
  readonly branch: string;
  /** Head of the branch that the phase starts from. */
  readonly baseSha: string;
}

/** Nothing where the step changes nothing: a commit of the app alone would look like work. */
export async function ownChanges(
  performing: Pick<Performing, "github" | "verifier" | "clock">,
  task: ExistingTask,
  commit: StepCommit,
): Promise<readonly Change[]> {
  if (commit.changes.length === 0) return [];
  const { github } = performing;
  const sha = (await github.headOf(task.repository, commit.branch)) ?? commit.baseSha;
  const tree = withChanges(await github.readTree(task.repository, sha), commit.changes);
  return [...(await compiled(performing, task, commit, tree)), ...(await specs(performing, task, commit, tree))];
}

/** The compiled workflows that the tree lacks. */
async function compiled(
  { github, verifier }: Pick<Performing, "github" | "verifier">,
  { repository }: ExistingTask,
  { phase }: StepCommit,
  tree: Tree,
): Promise<readonly Change[]> {
  const wanted = await workflowsOf(verifier, phase, tree);
  const missing: Change[] = [];
  for (const { path, text } of wanted) {
    if (!tree.paths.includes(path) || (await tree.read(path)) !== text) missing.push(written(path, text));
  }
  return missing.length > 0 && (await github.mayWriteWorkflows(repository)) ? missing : [];
}

/** What the definitions of a phase compile to. Faulty ones are left to the checks. */
async function workflowsOf(
  verifier: Pick<Verifier, "compiledFrom" | "isDefinitionPath">,
  phase: Phase,
  tree: Tree,
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const found = [];
  for (const path of definitionsOf(verifier, phase).filter((definition) => tree.paths.includes(definition))) {
    const workflow = verifier.compiledFrom(path, (await tree.read(path)) ?? "");
    if (workflow !== null) found.push(workflow);
  }
  return found;
}

/** Those that a phase completes: it may write them and the scripts that they run. One that only lays them down compiles nothing. */
function definitionsOf(
  verifier: Pick<Verifier, "isDefinitionPath">,
  { allowedPaths, steps }: Phase,
): readonly string[] {
  const named = [...allowedPaths, ...steps.flatMap((step) => [...step.allowedPaths, ...step.outputs])];
  if (!named.some((path) => /(?:^|\/)scripts\//u.test(path))) return [];
  return [...new Set(named)].filter((path) => verifier.isDefinitionPath(path));
}

/**
 * The compiled workflow that the base lacks although a phase before this one completed its definition;
 * null where nothing is missing. The dry run and all that follows are of what runs there.
 */
export async function awaitedWorkflow(
  { github, verifier, store, playbooks }: Awaiting,
  task: ExistingTask,
  phaseNumber: number,
): Promise<{ readonly path: string; readonly text: string; readonly branch: string } | null> {
  const playbook = await frozenPlaybook({ store, playbooks }, task);
  const earlier = (playbook?.phases ?? []).filter(({ number }) => number < phaseNumber);
  // Most playbooks write none: then nothing is read.
  if (playbook === null || !earlier.some((phase) => definitionsOf(verifier, phase).length > 0)) return null;
  const { name: branch, headSha } = await baseOf({ github }, task);
  const tree = await github.readTree(task.repository, headSha);
  for (const phase of earlier) {
    for (const { path, text } of await workflowsOf(verifier, phase, tree)) {
      const there = tree.paths.includes(path) ? await tree.read(path) : null;
      if (there === null || plain(there) !== plain(text)) return { path, text, branch };
    }
  }
  return null;
}

interface Awaiting extends Pick<Performing, "github" | "playbooks"> {
  readonly store: Pick<Store, "readText">;
  readonly verifier: Pick<Verifier, "compiledFrom" | "isDefinitionPath">;
}

/** What a person's browser or editor makes of a text. */
function plain(text: string): string {
  return text.replaceAll("\r\n", "\n").trimEnd();
}

async function specs(
  { verifier, clock }: Pick<Performing, "verifier" | "clock">,
  task: ExistingTask,
  { playbook, phase, changes }: StepCommit,
  tree: Tree,
): Promise<readonly Change[]> {
  const own = new Set(changes.map(({ path }) => path));
  const steps = task.phases.find((candidate) => candidate.phase === phase.number)?.steps ?? [];
  const isLast = playbook.phases.at(-1)?.number === phase.number && steps.every(({ completed }) => completed);
  const found: Change[] = [];
  for (const path of tree.paths.filter((candidate) => verifier.isActiveSpec(candidate))) {
    const text = await tree.read(path);
    if (text === null) continue;
    const moment = { task, at: clock.now().toISOString(), by: "phasegate", isWritten: own.has(path), isLast };
    const after = verifier.specAfter({ path, text }, moment);
    if (after === null) continue;
    if (after.path !== path) found.push({ kind: "deleted", path });
    found.push(written(after.path, after.text));
  }
  return found;
}

/** The tree as it is with the changes. */
function withChanges(tree: Tree, changes: readonly Change[]): Tree {
  const last = new Map(changes.map((change) => [change.path, change]));
  const kept = tree.paths.filter((path) => !last.has(path));
  const added = [...last.values()].flatMap((change) => (change.kind === "written" ? [change.path] : []));
  return {
    paths: [...kept, ...added].sort(),
    async read(path) {
      const change = last.get(path);
      if (change === undefined) return tree.read(path);
      return change.kind === "written" ? Buffer.from(change.content).toString("utf8") : null;
    },
  };
}

function written(path: string, text: string): Change {
  return { kind: "written", path, mode: "100644", content: Buffer.from(text) };
}
