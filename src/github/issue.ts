import type { IssueText } from "../control/ports/github.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";

/** Null where the issue is gone, was moved, or is a pull request. The text is raw: freeze it before use. */
export async function readIssue(api: Api, repository: Repository, number: number): Promise<IssueText | null> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { issues: "read" },
    doing: `reading issue ${number} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.issues.get({ ...pathOf(repository), issue_number: number }),
  });
  if (answer === null || answer.data.pull_request !== undefined || answer.data.number !== number) return null;
  const { data } = answer;
  return {
    title: data.title,
    body: data.body ?? "",
    author: data.user?.login ?? "ghost",
    authorIsBot: data.user?.type === "Bot",
    labels: data.labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? []))),
    open: data.state === "open",
  };
}

/** As completed. One that is closed or gone is left as it is. */
export async function closeIssue(api: Api, repository: Repository, number: number): Promise<void> {
  const issue = await readIssue(api, repository, number);
  if (issue === null || !issue.open) return;
  await api.write({
    repository,
    permissions: { issues: "write" },
    doing: `closing issue ${number} of ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.issues.update({
        ...pathOf(repository),
        issue_number: number,
        state: "closed",
        state_reason: "completed",
      }),
  });
}
