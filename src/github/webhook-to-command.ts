import { z } from "zod";
import type { Intent, IssueAsSent } from "../control/intents.ts";
import type { Repository } from "../core/events.ts";
import { parseCommand } from "./slash-commands.ts";
import { workflowPath } from "./workflow-file.ts";

const Account = z.object({ login: z.string().min(1), type: z.string() });
const Id = z.int().positive();

/** What every webhook of a repository has, as far as we look. */
const Envelope = z.object({
  action: z.string().optional(),
  installation: z.object({ id: Id }),
  repository: z.object({ id: Id, name: z.string().min(1), owner: z.object({ login: z.string().min(1) }) }),
  sender: Account,
});
type Envelope = z.infer<typeof Envelope>;

const IssueText = { title: z.string(), body: z.string().nullish() };
const IssueLabeled = z.object({
  issue: z.object({ number: Id, pull_request: z.unknown().optional(), ...IssueText }),
  label: z.object({ name: z.string() }),
});
const IssueOpened = z.object({
  issue: z.object({
    number: Id,
    user: Account.nullable(),
    labels: z.array(z.object({ name: z.string() })),
    pull_request: z.unknown().optional(),
    ...IssueText,
  }),
});
const Comment = z.object({
  issue: z.object({ number: Id, pull_request: z.unknown().optional(), ...IssueText }),
  comment: z.object({ id: Id, body: z.string().nullable(), user: Account.nullable() }),
});
const PullRequest = z.object({ pull_request: z.object({ number: Id }) });
const Review = z.object({ pull_request: z.object({ number: Id }), review: z.object({ id: Id }) });
const Run = z.object({ workflow_run: z.object({ id: Id, path: z.string().optional() }) });

/**
 * A webhook in our words. Never throws: what is odd or of no concern is ignored with the reason.
 * Bots command nothing, ourselves included; what a pull request or a run came to is a fact whoever caused it.
 */
export function translateWebhook(event: string, payload: unknown): Intent {
  const envelope = Envelope.safeParse(payload);
  if (!envelope.success) return ignored(`${event}: ${faultOf(envelope.error)}`);
  const repository = repositoryOf(envelope.data);
  const name = `${event}.${envelope.data.action ?? ""}`;
  switch (name) {
    case "pull_request.closed":
    case "pull_request.reopened":
      return parsed(name, PullRequest, payload, ({ pull_request }) => ({
        kind: "gate-changed",
        repository,
        pullRequest: pull_request.number,
        sender: envelope.data.sender.login,
      }));
    case "workflow_run.completed":
      return parsed(name, Run, payload, ({ workflow_run: run }) =>
        run.path !== undefined && run.path.split("@")[0] !== workflowPath
          ? ignored(`${name}: another workflow`)
          : { kind: "run-completed", repository, workflowRunId: run.id },
      );
  }
  if (envelope.data.sender.type === "Bot") return ignored(`${name}: sent by a bot`);
  switch (name) {
    case "issues.labeled":
      return parsed(name, IssueLabeled, payload, ({ issue, label }) =>
        issue.pull_request !== undefined
          ? ignored(`${name}: a pull request`)
          : {
              kind: "label-added",
              repository,
              issueNumber: issue.number,
              label: label.name,
              sender: envelope.data.sender.login,
              issue: asSent(issue),
            },
      );
    case "issues.opened":
      return parsed(name, IssueOpened, payload, ({ issue }) => openedOf(name, repository, issue));
    case "issue_comment.created":
      return parsed(name, Comment, payload, (data) => commentOf(name, repository, envelope.data, data));
    case "pull_request_review.submitted":
      return parsed(name, Review, payload, ({ pull_request, review }) => ({
        kind: "review-submitted",
        repository,
        pullRequest: pull_request.number,
        reviewId: review.id,
      }));
    default:
      return ignored(`${name}: of no concern`);
  }
}

function openedOf(name: string, repository: Repository, issue: z.infer<typeof IssueOpened>["issue"]): Intent {
  if (issue.pull_request !== undefined) return ignored(`${name}: a pull request`);
  if (issue.user === null || issue.user.type === "Bot") return ignored(`${name}: written by a bot or nobody`);
  if (issue.labels.length === 0) return ignored(`${name}: no labels`);
  return {
    kind: "issue-opened",
    repository,
    issueNumber: issue.number,
    labels: issue.labels.map((label) => label.name),
    author: issue.user.login,
    issue: asSent(issue),
  };
}

function commentOf(
  name: string,
  repository: Repository,
  { sender }: Envelope,
  { issue, comment }: z.infer<typeof Comment>,
): Intent {
  // A comment can be brought along by somebody else (a transfer, an import): then nobody said it here.
  if (comment.user?.login !== sender.login) return ignored(`${name}: sender and author differ`);
  const command = parseCommand(comment.body ?? "");
  if (command === null) return ignored(`${name}: no command`);
  return {
    kind: "command",
    repository,
    issueNumber: issue.number,
    onPullRequest: issue.pull_request !== undefined,
    commentId: comment.id,
    sender: sender.login,
    command,
    issue: asSent(issue),
  };
}

function asSent({ title, body }: { readonly title: string; readonly body?: string | null | undefined }): IssueAsSent {
  return { title, body: body ?? "" };
}

function repositoryOf({ installation, repository }: Envelope): Repository {
  return {
    installationId: installation.id,
    repositoryId: repository.id,
    owner: repository.owner.login,
    name: repository.name,
  };
}

function parsed<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  payload: unknown,
  intentOf: (data: z.infer<Schema>) => Intent,
): Intent {
  const result = schema.safeParse(payload);
  return result.success ? intentOf(result.data) : ignored(`${name}: ${faultOf(result.error)}`);
}

function faultOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "unreadable" : `${issue.path.join(".") || "payload"}: ${issue.message}`;
}

function ignored(why: string): Intent {
  return { kind: "ignored", why };
}
