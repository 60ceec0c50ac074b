import type { RunId, TaskId } from "../../core/ids.ts";
import { placeValuesOf } from "../../core/place-values.ts";
import type { Finding } from "../../core/report.ts";
import { currentPhaseOf, liveRunOf, outlineOfPhase, type ExistingTask } from "../../core/state.ts";
import { protocolVersion, type SessionAnswer, type SessionAnswerOfVersion4 } from "../../protocol/runner.ts";
import { handleCommand } from "../handle-command.ts";
import { keyOf } from "../people.ts";
import { definedIn, playbookOf } from "../phase-definition.ts";
import { readTask } from "../read-task.ts";
import { networkOf } from "./job.ts";
import { RunnerRefused, workflowPath, type ServingRunner } from "./session.ts";

/** Conversations, plans of a task, and products in a folder of their own. */
const phasesSinceProtocol = 5;

/** As a runner of that version understands it (Q32). */
export function inVersionSpoken(answer: SessionAnswer): SessionAnswer | SessionAnswerOfVersion4 {
  if (answer.protocol >= protocolVersion) return answer;
  const {
    guides: _guides,
    maxTokens: _maxTokens,
    roles: _roles,
    questionRounds: _rounds,
    conversation: _conversation,
    ...job
  } = answer.job;
  const { mode: _mode, plans: _plans, root: _root, reviewers: _reviewers, afterFailure: _after, ...phase } = job.phase;
  const steps = phase.steps.map(({ source: _source, role: _role, questionRoundsMax: _max, ...step }) => step);
  const criteria = phase.criteria.filter((criterion) => criterion.kind === "judged" || isOfVersion4(criterion.check));
  const findings = job.findings.map((finding) => ({ ...finding, check: checkOfVersion4(finding.check) }));
  return { ...answer, job: { ...job, findings, phase: { ...phase, steps, criteria } } };
}

const checksOfVersion4: readonly string[] = [
  "outputs-exist",
  "long-enough",
  "sections-present",
  "no-placeholder",
  "env-ignored",
  "no-secrets",
  "tests-exist",
  "paths-allowed",
  "links-resolve",
  "code-exists",
  "ids-known",
  "ids-cited",
  "tests-pass",
];

function isOfVersion4(check: Finding["check"]): boolean {
  return check.startsWith("judged:") || checksOfVersion4.includes(check);
}

/** Its name only says where to look: what is to be mended stands in the message. */
function checkOfVersion4(check: Finding["check"]): Finding["check"] {
  return isOfVersion4(check) ? check : "outputs-exist";
}

/** Says on the issue, once a task, that the action should be updated. Never throws: the run goes on all the same. */
export async function noteOutdatedAction(serving: ServingRunner, taskId: TaskId, spoken: number): Promise<void> {
  try {
    const task = await readTask(serving.store, taskId);
    if (task.status === "absent") return;
    const key = keyOf(`action-outdated:${taskId}`);
    const notice = { kind: "action-outdated", spoken, current: protocolVersion } as const;
    await serving.github.notify(task.repository, task.issue.number, key, notice, task);
  } catch (error) {
    serving.log.warn({ taskId, err: error }, "telling that the action is outdated");
  }
}

/** It would do the steps of a conversation once, and write the plan of a task for nobody. */
export async function refuseOldPhase(
  serving: ServingRunner,
  task: ExistingTask,
  runId: RunId,
  protocol: number,
): Promise<void> {
  const progress = currentPhaseOf(task);
  const run = liveRunOf(task);
  if (progress === null || protocol >= phasesSinceProtocol || run?.runId !== runId || run.started) return;
  const { mode, plans, title } = outlineOfPhase(task, progress.phase);
  const isPlain = mode === "steps" && plans === null && task.planned.length === 0;
  if (isPlain && placeValuesOf(task).root === "") return;
  const message =
    `the action is too old for the phase ${title} of this task: set the uses: line of ${workflowPath} to the app's ` +
    `ACTION_REF, then /run`;
  await handleCommand(serving, task.taskId, { type: "PauseTask", reason: { kind: "dispatch-refused", message } });
  serving.wake();
  throw new RunnerRefused("unsupported-protocol", message);
}

/** An action that does not know of networks would leave one open that is to be closed. */
export async function refuseOpenNetwork(serving: ServingRunner, task: ExistingTask, runId: RunId): Promise<void> {
  const progress = currentPhaseOf(task);
  const run = liveRunOf(task);
  if (progress === null || run?.runId !== runId || run.started) return;
  const phase = definedIn(await playbookOf(serving, task), task, progress.phase);
  const network = networkOf(serving, task, phase);
  if (network === undefined) return;
  const message =
    `the action is too old to keep the network of this phase at "${network.access}": set the uses: line of ` +
    `${workflowPath} to the app's ACTION_REF, then /run`;
  await handleCommand(serving, task.taskId, { type: "PauseTask", reason: { kind: "dispatch-refused", message } });
  serving.wake();
  throw new RunnerRefused("unsupported-protocol", message);
}
