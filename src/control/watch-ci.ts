/** What the repository's own checks say of a gate's head: read, looked at again while they run, and handed to the agent. */
import type { CiState } from "../core/ci.ts";
import {
  branchOf,
  currentPhaseOf,
  isHeadShown,
  outlineOfPhase,
  presentedHeadOf,
  type ExistingTask,
  type PhaseProgress,
} from "../core/state.ts";
import type { Feedback as FeedbackText } from "../protocol/runner.ts";
import { itemOfWords, saveWords } from "./gate-feedback.ts";
import { handleCommand, queueEffect, type Asked, type CommandHandling } from "./handle-command.ts";
import { keyOf } from "./people.ts";
import type { EffectOf, Performing } from "./performing.ts";
import type { Preflight } from "./ports/github.ts";
import { NotYet } from "./ports/retry-later.ts";
import { wordsOfVetoes } from "./take-up-vetoes.ts";

const secondMs = 1_000;
/** Between two looks at checks that run; a webhook is faster. */
const looksMs: readonly number[] = [30, 60, 120, 300].map((seconds) => seconds * secondMs);
const lookMsMax = 600 * secondMs;
/** Most of a day. Checks that take longer are left to their webhooks. */
const looksMax = 100;

/** One commit has many checks, and each sends webhooks. */
const togetherMs = 5 * secondMs;

/** What a prompt can hold. */
const jobsMax = 5;
const logCharactersMax = 4_000;
const nameCharactersMax = 100;

/** True where the repository's workflows wait for the approval (Q29). */
export function isCiLater({ settings, ciIsSensitive }: Pick<Preflight, "settings" | "ciIsSensitive">): boolean {
  return settings.ci === null ? ciIsSensitive : settings.ci === "approved";
}

/** Has the head of the task's gate looked at; soon, and once for however many ask for it. */
export async function queueLookAtCi(handling: CommandHandling, task: ExistingTask): Promise<void> {
  const phase = currentPhaseOf(task);
  const headSha = phase === null ? null : presentedHeadOf(phase);
  if (phase === null || headSha === null || !isHeadShown(task, { phase: phase.phase, headSha })) return;
  const at = new Date(handling.clock.now().getTime() + togetherMs).toISOString();
  await queueEffect(handling, task.taskId, { kind: "ReadCi", phase: phase.phase, headSha }, { at }, {});
}

export async function readCi(
  performing: Performing,
  task: ExistingTask,
  effect: EffectOf<"ReadCi">,
  putOffs: number,
): Promise<Asked | null> {
  if (!isHeadShown(task, effect)) return null;
  const { phase, headSha } = effect;
  const asked = { type: "RecordCi", phase, headSha, ci: await lookAtCi(performing, task, effect) } as const;
  if (asked.ci.kind !== "waiting" || putOffs >= looksMax) return asked;
  await handleCommand(performing, task.taskId, asked);
  throw new NotYet("the repository's own checks are not done", looksMs[putOffs] ?? lookMsMax);
}

async function lookAtCi(
  { github, store, clock }: Performing,
  task: ExistingTask,
  { phase, headSha }: EffectOf<"ReadCi">,
): Promise<CiState> {
  const { repository } = task;
  const shown = (await store.readEvents(task.taskId)).findLast(
    (event) => (event.type === "ReviewCreated" || event.type === "CiReleased") && event.headSha === headSha,
  );
  const now = clock.now().toISOString();
  const branch = branchOf(task, phase);
  const ci = await github.readCi(repository, { sha: headSha, branch, releasedAt: shown?.at ?? now, now });
  // What said something was not held back; and what was let go is not, either.
  if (ci.kind !== "waiting" && ci.kind !== "never-started") return ci;
  if (currentPhaseOf(task)?.gate?.releasedSha === headSha) return ci;
  return isCiLater(await github.preflight(repository)) ? { kind: "held", reason: null, failed: [] } : ci;
}

/** One attempt with the logs of what failed. */
export async function startCiRework(
  performing: Performing,
  task: ExistingTask,
  effect: EffectOf<"StartCiRework">,
): Promise<Asked | null> {
  const phase = currentPhaseOf(task);
  if (phase === null || task.blockedBy !== null || !isHeadShown(task, effect)) return null;
  // Repeated by somebody meanwhile, and green.
  if (phase.ci?.headSha !== effect.headSha || phase.ci.kind !== "red") return null;
  // Those that people asked for meanwhile count anew (Q12).
  if (phase.ciReworks >= performing.policy.ciReworksMax) return notifyCi(performing, task, effect);
  const words = [
    await wordsOfCi(performing, task, phase, phase.ci),
    // One attempt with all that is open.
    ...(await wordsOfVetoes(performing, task, phase)),
  ];
  return {
    type: "RequestRework",
    by: [],
    mayWrite: true,
    source: "ci",
    feedback: words.map(itemOfWords),
    reviewIds: [],
    textHash: await saveWords(performing.store, task.taskId, words),
  };
}

async function wordsOfCi(
  { github }: Performing,
  task: ExistingTask,
  { phase, steps }: PhaseProgress,
  { headSha, failed }: CiState & { readonly headSha: string },
): Promise<FeedbackText> {
  const logs = await github.readFailedLogs(task.repository, headSha);
  const names = failed.map(({ name }) => shown(name).slice(0, nameCharactersMax)).slice(0, jobsMax);
  const more = failed.length > jobsMax ? `, and ${failed.length - jobsMax} more` : "";
  const what = `The repository's own checks failed on the commit ${headSha}: ${names.join(", ")}${more}.`;
  const follows =
    logs.length === 0
      ? "Their logs could not be read: find out what they run, and mend what makes it fail."
      : "Mend what makes them fail. The ends of their logs follow.";
  return {
    id: `ci:${headSha}`,
    request: "change",
    step: steps.at(-1)?.slug ?? outlineOfPhase(task, phase).steps.at(-1)?.slug ?? "",
    path: null,
    line: null,
    hunk: null,
    comments: [
      { by: "checks", text: `${what} ${follows}` },
      ...logs.slice(0, jobsMax).map(({ name, log }) => ({
        by: shown(name).slice(0, nameCharactersMax),
        text: shown(log).slice(-logCharactersMax).toWellFormed(),
      })),
    ],
  };
}

/** Without what a person who reads the log would not see. Its angle brackets are no HTML. */
function shown(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(/(?![\n\t])[\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, "");
}

/** Never started, or red after the last rework: said once for each head. */
export async function notifyCi(
  { github }: Performing,
  task: ExistingTask,
  effect: Omit<EffectOf<"NotifyCi">, "kind">,
): Promise<null> {
  const phase = currentPhaseOf(task);
  const ci = phase?.ci ?? null;
  if (phase === null || ci === null || !isHeadShown(task, effect) || ci.headSha !== effect.headSha) return null;
  if (ci.kind !== "red" && ci.kind !== "never-started") return null;
  const { headSha, ...state } = ci;
  const notice = { kind: "ci", ci: state, reworks: phase.ciReworks, headSha } as const;
  const pullRequest = phase.gate?.pullRequest ?? task.issue.number;
  await github.notify(task.repository, pullRequest, keyOf(`ci:${task.taskId}:${headSha}:${ci.kind}`), notice, task);
  return null;
}
