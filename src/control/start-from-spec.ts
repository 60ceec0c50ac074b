/** A specification that somebody with write pushed to the default branch starts a task, where a tag of it names a playbook. */
import { noInput } from "../core/task-input.ts";
import type { IssueAsSent, Intent } from "./intents.ts";
import { personOf } from "./people.ts";
import type { Processing } from "./process-message.ts";

type BaseMoved = Extract<Intent, { kind: "base-moved" }>;

export interface SpecIssue {
  readonly issueNumber: number;
  readonly label: string;
  readonly sender: string;
  readonly issue: IssueAsSent;
}

/** Opens the issue of each; what follows is as if the person had set the label. */
export async function openSpecIssues(
  processing: Processing,
  { repository, specs }: BaseMoved,
): Promise<readonly SpecIssue[]> {
  if (specs === undefined) return [];
  const { github, playbooks, verifier, log } = processing;
  const { mayWrite } = await personOf(processing, repository, specs.sender);
  if (!mayWrite) return [];
  const tree = await github.readTree(repository, specs.sha);
  const { byLabel } = playbooks.forRepository(await github.readRepositoryFiles(repository, null));
  const opened: SpecIssue[] = [];
  for (const path of specs.paths.filter((candidate) => tree.paths.includes(candidate))) {
    const spec = verifier.specToStart(path, (await tree.read(path)) ?? "");
    const label = spec?.tags.find((tag) => byLabel(tag) !== null);
    if (spec === null || label === undefined) {
      log.info({ repositoryId: repository.repositoryId, path }, "a pushed specification starts nothing");
      continue;
    }
    const { settings } = await github.readSettings(repository);
    const spoken = { input: noInput, settings };
    const { number: issueNumber, title, body } = await github.openSpecIssue(repository, spec, label, spoken);
    opened.push({ issueNumber, label, sender: specs.sender, issue: { title, body } });
  }
  return opened;
}
