import type { Finding, Tree } from "../core/report.ts";
import type { ItemsChanged } from "../core/ripple.ts";
import { branchOf, currentPhaseOf, type ExistingTask } from "../core/state.ts";
import { baseOf } from "./base-branch.ts";
import { readStoredChangeset } from "./changeset.ts";
import { changesBetween } from "./find-ripple.ts";
import { handleCommand, type Asked } from "./handle-command.ts";
import type { EffectOf, Performing } from "./performing.ts";
import { phaseDefinition } from "./phase-definition.ts";
import { gateOf, openGate } from "./show-gate.ts";

const nothingChanged: Finding = {
  check: "outputs-exist",
  step: null,
  path: null,
  line: null,
  message:
    "the run ended without a single change in the repository; write the files that the steps of this phase ask for",
};

export async function verifyPhase(
  performing: Performing,
  state: ExistingTask,
  effect: EffectOf<"VerifyPhase">,
): Promise<Asked | null> {
  const { github, verifier } = performing;
  if (state.status !== "in_progress" || state.run !== null) return null;
  if (currentPhaseOf(state)?.phase !== effect.phase) return null;
  const head = await github.headOf(state.repository, branchOf(state, effect.phase));
  // A run of one step may end before the gate's own turn has come.
  const gate = gateOf(state, effect.phase) ?? (await openGate(performing, state, effect.phase));
  const conversation = currentPhaseOf(state)?.conversation ?? null;
  // People may talk, and change nothing.
  if (conversation !== null && (head === null || gate === null)) {
    const { headSha } = await baseOf(performing, state);
    const nothing = { passed: true, checks: [], findings: [], notes: [] } as const;
    return {
      type: "RecordVerification",
      phase: effect.phase,
      attempt: effect.attempt,
      headSha: head ?? headSha,
      ...nothing,
    };
  }
  // All of it may hold as it is, where the agent has said so of each part.
  if (gate === null && isRippleAnswered(state, effect.phase)) return { type: "SettleRipple", phase: effect.phase };
  if (head === null || gate === null) {
    // Nothing that a person could merge: the agent's failure, and the next attempt is told so.
    const { headSha } = await baseOf(performing, state);
    return {
      type: "RecordVerification",
      phase: effect.phase,
      attempt: effect.attempt,
      headSha: head ?? headSha,
      passed: false,
      checks: [],
      findings: [nothingChanged],
      notes: [],
    };
  }
  if ("type" in gate) await handleCommand(performing, state.taskId, gate);
  const tree = await github.readTree(state.repository, head);
  const definition = await phaseDefinition(performing, state, effect.phase);
  const changedPaths = await pathsOfPhase(performing, state, effect.phase, { head, tree });
  const said = currentPhaseOf(state)?.report ?? null;
  // What an earlier attempt said of its work says nothing of this one's.
  const report = await verifier.verifyPhase(tree, definition, {
    changedPaths,
    // That of a conversation's turn holds for as long as no turn changes anything.
    report: said?.attempt === effect.attempt || conversation !== null ? said : null,
  });
  return {
    type: "RecordVerification",
    phase: effect.phase,
    attempt: effect.attempt,
    headSha: head,
    passed: report.passed,
    checks: report.checks,
    findings: report.findings,
    notes: report.notes,
    changed: await changedByPhase(performing, state, head, tree),
  };
}

/** What the phase changes of what was approved before it: since its branch and the base parted, for the base may have moved. */
async function changedByPhase(
  performing: Performing,
  state: ExistingTask,
  sha: string,
  tree: Tree,
): Promise<ItemsChanged | null> {
  if (state.itemsAt === null) return null;
  const { headSha: baseSha } = await baseOf(performing, state);
  const since = await performing.github.mergeBaseOf(state.repository, { headSha: sha, baseSha });
  const by = state.prompt?.startedBy ?? state.createdBy;
  return since === null ? null : changesBetween(performing, state, { since, sha, tree, by: async () => by });
}

function isRippleAnswered(state: ExistingTask, number: number): boolean {
  const phase = state.phases.find((candidate) => candidate.phase === number);
  const isRipple = state.ripples.some((ripple) => ripple.phase === number);
  return isRipple && phase?.feedback.every(({ answer }) => answer !== null) === true;
}

/** What the steps of the phase wrote, by the changesets that were published. */
async function pathsOfPhase(
  performing: Performing,
  state: ExistingTask,
  phase: number,
  at: { readonly head: string; readonly tree: Tree },
): Promise<readonly string[]> {
  const paths = new Set<string>();
  const progress = state.phases.find((candidate) => candidate.phase === phase);
  const turns = progress?.conversation?.replies.filter(({ changed, commitSha }) => changed && commitSha !== null) ?? [];
  const ids = new Set([...(progress?.steps ?? []), ...turns].map(({ changesetId }) => changesetId));
  for (const changesetId of ids) {
    if (changesetId === null) continue;
    const stored = await performing.store.readChangeset(changesetId);
    if (stored === null) return pathsOnBranch(performing, state, at);
    for (const change of readStoredChangeset(stored, changesetId)) {
      if (change.kind === "written") paths.add(change.path);
    }
  }
  return [...paths];
}

/** Where the changesets were lost with a database: whatever the branch has otherwise than where it began. */
async function pathsOnBranch(
  performing: Performing,
  state: ExistingTask,
  { head, tree }: { readonly head: string; readonly tree: Tree },
): Promise<readonly string[]> {
  const { github } = performing;
  const { headSha: baseSha } = await baseOf(performing, state);
  const since = await github.mergeBaseOf(state.repository, { headSha: head, baseSha });
  if (since === null) return tree.paths;
  const before = await github.readTree(state.repository, since);
  return tree.paths.filter((path) => {
    const id = before.contentId?.(path) ?? null;
    return id === null || tree.contentId?.(path) !== id;
  });
}
