import { z } from "zod";
import type { Intent, IssueAsSent, PushedEnds } from "../control/intents.ts";
import type { Repository } from "../core/events.ts";
import { specsFolder } from "../core/spec-to-start.ts";
import { answersOf } from "./answers.ts";
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
const IssueEdited = z.object({
  issue: z.object({ number: Id, pull_request: z.unknown().optional(), ...IssueText }),
  changes: z.object({ body: z.unknown().optional(), title: z.unknown().optional() }).optional(),
});
const Moment = z.iso.datetime({ offset: true }).nullish().catch(null);
const Comment = z.object({
  issue: z.object({ number: Id, pull_request: z.unknown().optional(), ...IssueText }),
  comment: z.object({
    id: Id,
    node_id: z.string().default(""),
    body: z.string().nullish(),
    user: Account.nullable(),
    created_at: Moment,
  }),
});
const IssueChanged = z.object({ issue: z.object({ number: Id, pull_request: z.unknown().optional() }) });
const PullRequest = z.object({ pull_request: z.object({ number: Id }) });
/** A fork that was deleted has no repository. */
const End = z.object({ sha: z.string().min(1), repo: z.object({ id: Id }).nullish() });
const PullRequestPushed = z.object({ pull_request: z.object({ number: Id, head: End, base: End }) });
const PullRequestEdited = PullRequest.extend({
  changes: z
    .object({ base: z.unknown().optional(), body: z.unknown().optional(), title: z.unknown().optional() })
    .optional(),
});
const ReviewComment = z.object({
  pull_request: z.object({ number: Id, title: z.string().default(""), body: z.string().nullish() }),
  comment: z
    .object({
      id: Id,
      node_id: z.string().default(""),
      body: z.string().nullish(),
      user: Account.nullish(),
      created_at: Moment,
    })
    .optional(),
});
const Sha = z.string().min(1);
const Run = z.object({ workflow_run: z.object({ id: Id, path: z.string().optional(), head_sha: Sha.optional() }) });
const App = z.object({ id: Id, slug: z.string().optional() }).nullish();
const CheckRun = z.object({ check_run: z.object({ head_sha: Sha, app: App }) });
const CheckSuite = z.object({ check_suite: z.object({ head_sha: Sha, app: App }) });
const Status = z.object({ sha: Sha, state: z.string() });
const Push = z.object({
  ref: z.string(),
  deleted: z.boolean().default(false),
  repository: z.object({ default_branch: z.string() }),
  after: z.string().default(""),
  commits: z
    .array(
      z.object({
        added: z.array(z.string()).default([]),
        modified: z.array(z.string()).default([]),
        removed: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});

/** Webhooks of an installation as a whole have no repository. */
const Installation = z.object({ action: z.string().optional(), installation: z.object({ id: Id }), sender: Account });
const ListedRepository = z.object({ id: Id, name: z.string().min(1), full_name: z.string().regex(/^[^/]+\/[^/]+$/u) });
const Listed = z.object({
  repositories: z.array(ListedRepository).nullish(),
  repositories_added: z.array(ListedRepository).nullish(),
  repositories_removed: z.array(ListedRepository).nullish(),
});

/**
 * A webhook in our words. Never throws: what is odd or of no concern is ignored with the reason.
 * Bots command nothing, ourselves included; what a pull request, a run or a check came to is a fact whoever caused it.
 * `appId` is ours.
 */
export function translateWebhook(event: string, payload: unknown, appId: number | null = null): Intent {
  if (event === "installation" || event === "installation_repositories") return accessOf(event, payload);
  const envelope = Envelope.safeParse(payload);
  if (!envelope.success) return ignored(`${event}: ${faultOf(envelope.error)}`);
  const repository = repositoryOf(envelope.data);
  const { sender } = envelope.data;
  const name = `${event}.${envelope.data.action ?? ""}`;
  switch (name) {
    case "pull_request.closed":
    case "pull_request.reopened":
    case "pull_request.edited":
      return parsed(name, PullRequestEdited, payload, ({ pull_request, changes }) =>
        name === "pull_request.edited" && changes?.base === undefined
          ? editedOf(name, repository, envelope.data, pull_request.number, changes)
          : { kind: "gate-changed", repository, pullRequest: pull_request.number, sender: sender.login },
      );
    case "issues.closed":
    case "issues.reopened":
    case "issues.deleted":
    case "issues.transferred": {
      const change = issueChanges[name];
      return parsed(name, IssueChanged, payload, ({ issue }) =>
        issue.pull_request !== undefined
          ? ignored(`${name}: a pull request`)
          : { kind: "issue-changed", repository, issueNumber: issue.number, change, sender: sender.login },
      );
    }
    case "repository.renamed":
    case "repository.transferred":
    case "repository.archived":
    case "repository.unarchived":
    case "repository.deleted":
      return { kind: "repository-changed", repository, change: repositoryChanges[name], sender: sender.login };
    case "workflow_run.completed":
      return parsed(name, Run, payload, ({ workflow_run: run }) =>
        run.path === undefined || run.path.split("@")[0] === workflowPath
          ? { kind: "run-completed", repository, workflowRunId: run.id }
          : run.head_sha === undefined
            ? ignored(`${name}: another workflow, of no commit`)
            : { kind: "ci-changed", repository, headSha: run.head_sha },
      );
    case "check_run.completed":
      return parsed(name, CheckRun, payload, ({ check_run: check }) => checkOf(name, repository, check, appId));
    case "check_suite.completed":
      return parsed(name, CheckSuite, payload, ({ check_suite: check }) => checkOf(name, repository, check, appId));
    case "status.":
      return parsed(name, Status, payload, ({ sha, state }) =>
        state === "pending" ? ignored(`${name}: still pending`) : { kind: "ci-changed", repository, headSha: sha },
      );
    case "push.":
      return parsed(name, Push, payload, (push) => pushOf(name, repository, sender, push));
  }
  // Whoever opens it, the app with its onboarding included: what it changes of the configuration is looked at.
  if (name === "pull_request.opened" || (name === "pull_request.synchronize" && sender.type === "Bot")) {
    return parsed(name, PullRequestPushed, payload, (pull) => {
      const pushed = endsOf(pull);
      return pushed === null
        ? ignored(`${name}: from another repository`)
        : { kind: "pull-request-pushed", repository, pushed };
    });
  }
  if (sender.type === "Bot") return ignored(`${name}: sent by a bot`);
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
              sender: sender.login,
              issue: asSent(issue),
            },
      );
    case "issues.edited":
      return parsed(name, IssueEdited, payload, ({ issue, changes }) =>
        issue.pull_request !== undefined
          ? ignored(`${name}: a pull request`)
          : changes?.body === undefined && changes?.title === undefined
            ? ignored(`${name}: the text is the same`)
            : {
                kind: "issue-edited",
                repository,
                issueNumber: issue.number,
                sender: sender.login,
                issue: asSent(issue),
              },
      );
    case "issues.opened":
      return parsed(name, IssueOpened, payload, ({ issue }) => openedOf(name, repository, issue));
    case "issue_comment.created":
    case "issue_comment.edited":
    case "issue_comment.deleted": {
      const change = commentChanges[name];
      return parsed(name, Comment, payload, (data) => commentOf(name, change, repository, envelope.data, data));
    }
    case "pull_request_review_comment.created":
      return parsed(name, ReviewComment, payload, (data) => reviewCommentOf(repository, envelope.data, data));
    case "pull_request.synchronize":
      return parsed(name, PullRequestPushed, payload, (pull) => {
        const pushed = endsOf(pull);
        const pullRequest = pull.pull_request.number;
        return {
          kind: "reviews-changed",
          repository,
          pullRequest,
          isPush: true,
          ...(pushed === null ? {} : { pushed }),
        };
      });
    case "pull_request_review.submitted":
    case "pull_request_review.dismissed":
    case "pull_request_review.edited":
    case "pull_request_review_comment.edited":
    case "pull_request_review_comment.deleted":
    case "pull_request_review_thread.resolved":
    case "pull_request_review_thread.unresolved":
      return parsed(name, PullRequest, payload, ({ pull_request }) => ({
        kind: "reviews-changed",
        repository,
        pullRequest: pull_request.number,
      }));
    default:
      return ignored(`${name}: of no concern`);
  }
}

const issueChanges = {
  "issues.closed": "closed",
  "issues.reopened": "reopened",
  "issues.deleted": "deleted",
  "issues.transferred": "transferred",
} as const;

const commentChanges = {
  "issue_comment.created": "created",
  "issue_comment.edited": "edited",
  "issue_comment.deleted": "deleted",
} as const;

const repositoryChanges = {
  "repository.renamed": "renamed",
  "repository.transferred": "transferred",
  "repository.archived": "archived",
  "repository.unarchived": "unarchived",
  "repository.deleted": "deleted",
} as const;

/** Whoever sent it: what the app may reach is a fact. */
function accessOf(event: string, payload: unknown): Intent {
  const envelope = Installation.safeParse(payload);
  if (!envelope.success) return ignored(`${event}: ${faultOf(envelope.error)}`);
  const { installation, sender } = envelope.data;
  const name = `${event}.${envelope.data.action ?? ""}`;
  const changed = (change: AccessChange, repositories: readonly Repository[] | null): Intent =>
    repositories?.length === 0
      ? ignored(`${name}: no repositories`)
      : { kind: "access-changed", installationId: installation.id, change, repositories, sender: sender.login };
  const listed = (of: (data: z.infer<typeof Listed>) => Intent): Intent => parsed(name, Listed, payload, of);
  const named = (list: readonly z.infer<typeof ListedRepository>[] | null | undefined) =>
    list?.map((each) => listedFrom(installation.id, each)) ?? null;
  switch (name) {
    case "installation.suspend":
      return changed("suspended", null);
    case "installation.deleted":
      return changed("removed", null);
    case "installation.unsuspend":
    case "installation.new_permissions_accepted":
      return changed("back", null);
    case "installation.created":
      // A new installation has a new id: only the list tells which tasks are reached again.
      return listed(({ repositories }) => changed("back", named(repositories)));
    case "installation_repositories.added":
      return listed(({ repositories_added }) => changed("back", named(repositories_added)));
    case "installation_repositories.removed":
      return listed(({ repositories_removed }) => changed("removed", named(repositories_removed)));
    default:
      return ignored(`${name}: of no concern`);
  }
}

type AccessChange = Extract<Intent, { kind: "access-changed" }>["change"];

function listedFrom(
  installationId: number,
  { id, name, full_name: fullName }: z.infer<typeof ListedRepository>,
): Repository {
  return { installationId, repositoryId: id, owner: fullName.split("/")[0] ?? "", name };
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

type CommentChange = Extract<Intent, { kind: "comment" }>["change"];

/** The sender is who did it just now, the author whose words they were at first; GitHub lets maintainers edit anybody's. */
function commentOf(
  name: string,
  change: CommentChange,
  repository: Repository,
  { sender }: Envelope,
  { issue, comment }: z.infer<typeof Comment>,
): Intent {
  const isAuthors = comment.user?.login === sender.login;
  // A comment can be brought along by somebody else (a transfer, an import): then nobody said it here.
  if (change === "created" && !isAuthors) return ignored(`${name}: sender and author differ`);
  if (comment.user?.type === "Bot") return ignored(`${name}: written by a bot`);
  const body = change === "deleted" ? "" : (comment.body ?? "");
  if (change !== "deleted" && body.trim() === "") return ignored(`${name}: empty`);
  const said = {
    repository,
    issueNumber: issue.number,
    onPullRequest: issue.pull_request !== undefined,
    commentId: comment.id,
    commentNodeId: comment.node_id,
    sender: sender.login,
    body,
    // What somebody else put into a comment is neither its author's answer nor the editor's.
    answers: isAuthors ? answersOf(body) : [],
    issue: asSent(issue),
  };
  // A command was given once: an edit gives no second one.
  const command = change === "created" ? parseCommand(body) : null;
  if (command === null) return { kind: "comment", change, ...said };
  return { kind: "command", command, writtenAt: comment.created_at ?? null, ...said };
}

/** A box that somebody ticked is an edit of the text. Our own edits, and other bots', say nothing. */
function editedOf(
  name: string,
  repository: Repository,
  { sender }: Envelope,
  pullRequest: number,
  changes: z.infer<typeof PullRequestEdited>["changes"],
): Intent {
  if (sender.type === "Bot") return ignored(`${name}: sent by a bot`);
  if (changes?.body === undefined && changes?.title === undefined) return ignored(`${name}: the text is the same`);
  return { kind: "gate-edited", repository, pullRequest, sender: sender.login };
}

/** Actions' own check runs and suites are left out: the end of their workflow run tells of them all. */
function checkOf(
  name: string,
  repository: Repository,
  check: { readonly head_sha: string; readonly app?: z.infer<typeof App> },
  appId: number | null,
): Intent {
  if (check.app?.id === appId) return ignored(`${name}: our own`);
  if (check.app?.slug === "github-actions") return ignored(`${name}: its workflow run tells`);
  return { kind: "ci-changed", repository, headSha: check.head_sha };
}

const specPath = /^\.phasegate\/specs\/active\/[^/]+\.yaml$/u;
/** More at once is a move of files, not a wish for work. */
const specsMax = 5;

/** Of the default branch, and of those that tasks collect their phases on. */
function pushOf(
  name: string,
  repository: Repository,
  sender: Envelope["sender"],
  { ref, deleted, repository: of, after, commits }: z.infer<typeof Push>,
): Intent {
  const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null;
  if (branch === null || deleted) return ignored(`${name}: no branch`);
  const isDefault = branch === of.default_branch;
  if (!isDefault && !branch.startsWith("phasegate/")) return ignored(`${name}: a branch of others`);
  const paths = [...new Set(commits.flatMap(({ added }) => added))].filter((path) => specPath.test(path));
  const isAsked = isDefault && sender.type !== "Bot" && paths.length > 0;
  const specs = { paths: paths.slice(0, specsMax), sha: after, sender: sender.login };
  const touchesSpecs = commits
    .flatMap(({ added, modified, removed }) => [...added, ...modified, ...removed])
    .some((path) => path.startsWith(`${specsFolder}/active/`));
  return {
    kind: "base-moved",
    repository,
    branch,
    isDefault,
    ...(touchesSpecs && after !== "" ? { specsSha: after } : {}),
    ...(isAsked ? { specs } : {}),
  };
}

/**
 * A comment on a line, in a review or by itself. One message is one intent: a command is the more urgent of the two, and
 * GitHub sends `pull_request_review.submitted` beside every such comment, which has the reviews read.
 */
function reviewCommentOf(
  repository: Repository,
  { sender }: Envelope,
  { pull_request: pull, comment }: z.infer<typeof ReviewComment>,
): Intent {
  const body = comment?.body ?? "";
  const command = comment?.user?.login === sender.login ? parseCommand(body) : null;
  if (comment === undefined || command === null)
    return { kind: "reviews-changed", repository, pullRequest: pull.number };
  return {
    kind: "command",
    command,
    repository,
    issueNumber: pull.number,
    onPullRequest: true,
    commentId: comment.id,
    commentNodeId: comment.node_id,
    sender: sender.login,
    writtenAt: comment.created_at ?? null,
    body,
    answers: answersOf(body),
    issue: asSent(pull),
  };
}

/** Null where the branch is another repository's: whoever may not push here must not have us read hundreds of files again and again. */
function endsOf({ pull_request: { head, base } }: z.infer<typeof PullRequestPushed>): PushedEnds | null {
  const isOwn = head.repo != null && head.repo.id === base.repo?.id;
  return isOwn ? { headSha: head.sha, baseSha: base.sha } : null;
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
