import type { Log } from "../control/ports/surroundings.ts";
import type { Repository } from "../core/events.ts";
import type { ExistingTask } from "../core/state.ts";
import type { Language } from "../core/task-input.ts";
import type { Api, Octokit } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { labelPrefix, stateLabelOf, type StateLabel } from "./texts/labels.ts";
import { sayIn } from "./texts/words.ts";

const rememberedMax = 1_000;
/** As many as an issue can have. */
const labelsPerPage = 100;

export interface LabelSettings {
  /** Of descriptions where the repository says none (Q22). */
  readonly language: Language;
  readonly log: Log;
}

/** Sets exactly one label `phasegate:*` on the issue of a task. Nothing of the task hangs on it: a refusal is a line in the log. */
export type ShowLabel = (repository: Repository, task: ExistingTask) => Promise<void>;

export function createStateLabels(api: Api, { language, log }: LabelSettings): ShowLabel {
  /** What was set last, by issue: an unchanged state costs no request. */
  const shown = new Map<string, { readonly ordinal: number; readonly label: string }>();
  /** Labels that their repository has. */
  const made = new Set<string>();

  return async (repository, task) => {
    // All tasks of the repository share it: no form of one issue says its language.
    const label = stateLabelOf(task, sayIn(task.settings.language ?? language));
    const issue = `${repository.repositoryId}#${task.issue.number}`;
    const before = shown.get(issue);
    // An older task of the issue has its own status comment, but the label is the newest one's.
    if (before !== undefined && (before.ordinal > task.ordinal || before.label === label.name)) return;
    shown.delete(issue);
    try {
      await set(repository, task.issue.number, label);
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      log.warn({ repository: nameOf(repository), label: label.name, err: error }, "label of the state not set");
    }
    if (shown.size >= rememberedMax) shown.clear();
    shown.set(issue, { ordinal: task.ordinal, label: label.name });
  };

  async function set(repository: Repository, issueNumber: number, label: StateLabel): Promise<void> {
    const there = await readOrNull(api, {
      repository,
      permissions: { issues: "read" },
      doing: `reading the labels of #${issueNumber} in ${nameOf(repository)}`,
      send: (octokit) => labelsOf(octokit, repository, issueNumber),
    });
    if (there === null) return;
    const ours = there.filter((name) => name.startsWith(labelPrefix));
    if (ours.length === 1 && ours[0] === label.name) return;
    await makeOnce(repository, label);
    await api.write({
      repository,
      permissions: { issues: "write" },
      doing: `labelling #${issueNumber} in ${nameOf(repository)}`,
      // One write instead of one for each label. It names all labels of the issue, so they are read in the same breath.
      send: async (octokit) => {
        const others = (await labelsOf(octokit, repository, issueNumber)).filter(
          (name) => !name.startsWith(labelPrefix),
        );
        await octokit.rest.issues.setLabels({
          ...pathOf(repository),
          issue_number: issueNumber,
          labels: [...others, label.name],
        });
      },
    });
  }

  /** GitHub makes an unknown label by itself, but grey and without a word. */
  async function makeOnce(repository: Repository, label: StateLabel): Promise<void> {
    const key = `${repository.repositoryId} ${label.name}`;
    if (made.has(key)) return;
    await makeLabel(api, repository, label);
    if (made.size >= rememberedMax) made.clear();
    made.add(key);
  }
}

/** Nothing where the repository has it, whatever its color. */
export async function makeLabel(api: Api, repository: Repository, label: StateLabel): Promise<void> {
  const there = await readOrNull(api, {
    repository,
    permissions: { issues: "read" },
    doing: `looking for the label ${label.name} in ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.issues.getLabel({ ...pathOf(repository), name: label.name }),
  });
  if (there !== null) return;
  try {
    await api.write({
      repository,
      permissions: { issues: "write" },
      doing: `making the label ${label.name} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.issues.createLabel({ ...pathOf(repository), ...label }),
    });
  } catch (error) {
    // Somebody was faster.
    if (!(error instanceof RequestFailed) || error.status !== 422) throw error;
  }
}

async function labelsOf(octokit: Octokit, repository: Repository, issueNumber: number): Promise<readonly string[]> {
  const { data } = await octokit.rest.issues.listLabelsOnIssue({
    ...pathOf(repository),
    issue_number: issueNumber,
    per_page: labelsPerPage,
  });
  return data.map(({ name }) => name);
}
