import { withPathsOfPhase, type Phase } from "../core/playbook.ts";
import type { Finding } from "../core/report.ts";
import { branchOf, isSettled, type ExistingTask } from "../core/state.ts";
import { baseOf } from "./base-branch.ts";
import { readStoredChangeset } from "./changeset.ts";
import type { Asked } from "./handle-command.ts";
import { ownChanges } from "./own-changes.ts";
import type { EffectOf, Performing } from "./performing.ts";
import { definedIn, playbookOf } from "./phase-definition.ts";

export async function publishStep(
  performing: Performing,
  state: ExistingTask,
  effect: EffectOf<"PublishStep">,
): Promise<Asked | null> {
  const { store, github, verifier } = performing;
  const phase = state.phases.find((candidate) => candidate.phase === effect.phase);
  const step = phase?.steps.find((candidate) => candidate.slug === effect.step);
  if (isSettled(state) || phase === undefined || phase.completed !== null) return null;
  if (step?.changesetId !== effect.changesetId || step.commitSha !== null) return null;
  const playbook = await playbookOf(performing, state);
  const definition = definedIn(playbook, state, effect.phase);
  const stored = await store.readChangeset(effect.changesetId);
  if (stored === null) return publishedBefore(performing, state, effect);
  const changes = readStoredChangeset(stored, effect.changesetId);
  const { merging } = phase;
  const allowed = merging === null ? definition : withPathsOfPhase(definition);
  const findings = await verifier.changesetFindings(changes, allowed, effect.step);
  const { step: slug, changesetId } = effect;
  const refusal = { type: "RefuseChangeset", phase: effect.phase, step: slug, changesetId } as const;
  if (findings.length > 0) return { ...refusal, findings };
  const { name, headSha: baseSha } = await baseOf(performing, state);
  const branch = branchOf(state, effect.phase);
  // A merge holds what both sides say and nothing else; the next commit catches up.
  const own =
    merging === null
      ? await ownChanges(performing, state, { playbook, phase: definition, changes, branch, baseSha })
      : [];
  const published = await github.publish(state.repository, {
    branch,
    defaultBranch: name,
    changesetId,
    message: commitSubject(definition, slug, state),
    taskId: state.taskId,
    changes: [...changes, ...own],
    mergedSha: merging?.baseSha ?? null,
  });
  if ("replaced" in published) return { ...refusal, findings: refusedPaths(published.replaced, slug, replacedMessage) };
  if ("unmerged" in published) return { ...refusal, findings: refusedPaths(published.unmerged, slug, unmergedMessage) };
  const { commitSha } = published;
  return { type: "RecordPublished", phase: effect.phase, step: slug, changesetId, commitSha };
}

/** Its changes were lost with a database: either they have become a commit, or they are to be made again. */
async function publishedBefore(
  { github }: Performing,
  state: ExistingTask,
  { phase, step, changesetId }: EffectOf<"PublishStep">,
): Promise<Asked> {
  const which = { phase, step, changesetId } as const;
  const commitSha = await github.findPublished(state.repository, branchOf(state, phase), changesetId);
  if (commitSha !== null) return { type: "RecordPublished", ...which, commitSha };
  return { type: "RefuseChangeset", ...which, findings: [{ ...changesLost, step }] };
}

const changesLost: Finding = {
  check: "outputs-exist",
  step: null,
  path: null,
  line: null,
  message: "what this step changed was lost before it was published; make it again",
};

/** One is enough to refuse; people are shown some more. */
const pathsShownMax = 20;

/** Files that would vanish, since a written one takes their place. */
const replacedMessage =
  "a changed file would take this file's place without deleting it: choose another name, or delete this file first.";

/** Somebody pushed to the branch what the run could not see: another attempt has it before it. */
const unmergedMessage =
  "the branch and its base both changed this file, and the merge says nothing of it: make one text of both sides.";

function refusedPaths(paths: readonly string[], step: string, message: string): readonly Finding[] {
  return paths
    .slice(0, pathsShownMax)
    .map((path) => ({ check: "paths-allowed", step, path: path.slice(0, 200), line: null, message }));
}

/** First line of a step's commit. Nothing of it comes from the issue or the model. */
function commitSubject(phase: Phase, slug: string, state: ExistingTask): string {
  const title = phase.steps.find((step) => step.slug === slug)?.title ?? slug;
  const attempt = state.phases.find((candidate) => candidate.phase === phase.number)?.attempt ?? 1;
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  return `Phase ${phase.number} ${phase.title}: ${title}${again} (#${state.issue.number})`;
}
