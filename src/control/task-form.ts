/** What an issue asks for, read when the task is made, and again until it can start: what is missing is asked as one comment. */
import type { FrozenPrompt } from "../core/commands.ts";
import type { Repository } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import type { InputFault } from "../core/input-fault.ts";
import { phrase, type Phrase } from "../core/phrase.ts";
import type { TaskInput } from "../core/task-input.ts";
import type { GitHub } from "./ports/github.ts";
import type { Spoken } from "./ports/notices.ts";
import { saveTaskText } from "./gate-feedback.ts";
import { handleCommand } from "./handle-command.ts";
import type { Intent, IssueAsSent } from "./intents.ts";
import { keyOf, personOf, taskById } from "./people.ts";
import type { Processing } from "./process-message.ts";

/** Reads an issue's text: the fields of its form, and all that is wrong with them. */
export type ReadForm = (
  issue: IssueAsSent,
  limits: { readonly budgetUsdMax: number },
) => { readonly input: TaskInput; readonly faults: readonly InputFault[] };

/**
 * The text as the authorised webhook shows it. GitHub is not asked again: between the label and that answer somebody else
 * could have changed the text, and nobody with write would have seen it.
 */
export async function freezePrompt(
  { store, github, freeze, readForm, taskBudgetUsd }: Processing,
  taskId: TaskId,
  repository: Repository,
  issue: IssueAsSent,
): Promise<{ readonly prompt: FrozenPrompt; readonly faults: readonly InputFault[]; readonly spoken: Spoken }> {
  const title = freeze(issue.title);
  const body = freeze(issue.body);
  const frozen = JSON.stringify({ title: title.text, text: body.text });
  // The next task of the issue may be frozen with the same words at the moment in which this one is erased.
  const hash = await saveTaskText(store, taskId, frozen);
  const { settings } = await github.readSettings(repository);
  const { input, faults } = readForm(issue, { budgetUsdMax: settings.limits.taskBudgetUsd ?? taskBudgetUsd });
  const spoken = { input, settings };
  const hiddenRemoved = title.hiddenRemoved + body.hiddenRemoved;
  const missing = await missingBranch(github, repository, input);
  if (faults.length > 0 || missing !== null) {
    return {
      prompt: { hash, hiddenRemoved, input: null },
      faults: missing === null ? faults : [...faults, missing],
      spoken,
    };
  }
  // What the settings say counts as of now: a folder that changes under a task would tear it apart.
  const outputDirectory = input.outputDirectory ?? (settings.outputDirectory === "" ? null : settings.outputDirectory);
  return { prompt: { hash, hiddenRemoved, input: { ...input, outputDirectory } }, faults, spoken };
}

/** A branch that is named and not there would stop the first run, when nobody looks any more. */
async function missingBranch(
  github: Pick<GitHub, "headOf">,
  repository: Repository,
  { baseBranch }: TaskInput,
): Promise<InputFault | null> {
  if (baseBranch === null || (await github.headOf(repository, baseBranch)) !== null) return null;
  return {
    field: "Base branch",
    given: baseBranch,
    expected: phrase`a branch of this repository, or nothing for the default one`,
  };
}

/** The same comment for a task, whatever becomes of its text. One that is whole from the start gets none. */
export async function showFaults(
  { github }: Processing,
  task: {
    readonly repository: Repository;
    readonly issueNumber: number;
    readonly ordinal: number;
    readonly spoken: Spoken;
  },
  faults: readonly InputFault[],
): Promise<void> {
  const { repository, issueNumber, ordinal, spoken } = task;
  // Not the task's id: a try that broke off before the task was stored has another one.
  const key = keyOf(`form:${repository.repositoryId}:${issueNumber}:${ordinal}`);
  await github.showFaults(repository, issueNumber, key, faults, spoken);
}

/**
 * Only a draft is read again. Whoever may edit sees at once what is still missing, but only a writer's edit starts the task,
 * and only where nothing but the form had held it up: a label that was set without the right still takes a writer's `/run`.
 */
export async function onIssueEdited(
  processing: Processing,
  { repository, issueNumber, sender, issue }: Extract<Intent, { kind: "issue-edited" }>,
  inboxKey: string,
): Promise<void> {
  const [newest = null] = await processing.store.tasksOfIssue(repository.repositoryId, issueNumber);
  const task = await taskById(processing, newest);
  if (task?.status !== "draft") return;
  const { prompt, faults, spoken } = await freezePrompt(processing, task.taskId, repository, issue);
  await showFaults(processing, { repository, issueNumber, ordinal: task.ordinal, spoken }, faults);
  if (faults.length > 0) return;
  const by = await personOf(processing, repository, sender);
  if (!by.mayWrite || !(await personOf(processing, repository, task.createdBy)).mayWrite) return;
  await handleCommand(processing, task.taskId, { type: "RunTask", by, prompt }, { inboxKey, userId: sender });
}

/** Goes on after "was not carried out:". */
export function wordsOfFaults(faults: readonly InputFault[]): Phrase {
  const fields = [...new Set(faults.map(({ field }) => JSON.stringify(field)))].join(", ");
  return phrase`in the issue ${fields} is missing or can't be read; a comment there says what is expected`;
}
