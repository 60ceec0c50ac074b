import { hasPermission } from "./auth.ts";
import { isRefName } from "./git.ts";
import { editText } from "./routes/issue-changes.ts";
import { GraphqlFailure } from "./graphql-errors.ts";
import { findNode } from "./graphql-nodes.ts";
import type { Viewer } from "./graphql-git.ts";
import { issueCommentObject, pullObject, reviewCommentObject, threadObject } from "./graphql-objects.ts";
import type { GraphqlObject } from "./graphql-values.ts";
import { issueOf, pullJson, reviewCommentJson } from "./payloads-pulls.ts";
import { refMoved } from "./refs.ts";
import { refuseProtected } from "./routes/git-data.ts";
import { setDraft } from "./routes/pulls.ts";
import { nodeId } from "./state.ts";
import type { Pull, Repository, ReviewThread } from "./state.ts";

type Input<Fields> = { readonly input: Fields & { readonly clientMutationId?: string | null } };
type RefUpdate = {
  readonly name: string;
  readonly beforeOid?: string | null;
  readonly afterOid: string;
  readonly force?: boolean | null;
};

const NO_OID = "0".repeat(40);

/** The mutations that the sandbox knows, as fields of the root. */
export function mutationRoot(viewer: Viewer): GraphqlObject {
  return {
    updateRefs: ({ input }: Input<{ repositoryId: string; refUpdates: readonly RefUpdate[] }>) =>
      updateRefs(viewer, input.repositoryId, input.refUpdates).then(() => answer(input, {})),
    markPullRequestReadyForReview: ({ input }: Input<{ pullRequestId: string }>) =>
      changeDraft(viewer, input.pullRequestId, "ready").then((pullRequest) => answer(input, { pullRequest })),
    updatePullRequest: ({ input }: Input<{ pullRequestId: string; title?: string | null; body?: string | null }>) =>
      changeText(viewer, input.pullRequestId, input).then((pullRequest) => answer(input, { pullRequest })),
    convertPullRequestToDraft: ({ input }: Input<{ pullRequestId: string }>) =>
      changeDraft(viewer, input.pullRequestId, "draft").then((pullRequest) => answer(input, { pullRequest })),
    resolveReviewThread: ({ input }: Input<{ threadId: string }>) =>
      answer(input, { thread: setResolved(viewer, input.threadId, "resolved") }),
    unresolveReviewThread: ({ input }: Input<{ threadId: string }>) =>
      answer(input, { thread: setResolved(viewer, input.threadId, "unresolved") }),
    minimizeComment: ({ input }: Input<{ subjectId: string; classifier: string }>) =>
      answer(input, { minimizedComment: setMinimized(viewer, input.subjectId, input.classifier) }),
    unminimizeComment: ({ input }: Input<{ subjectId: string }>) =>
      answer(input, { unminimizedComment: setMinimized(viewer, input.subjectId, null) }),
  };
}

/** All refs or none. Forty zeros: before, the ref must not exist; after, it is deleted. */
async function updateRefs(viewer: Viewer, repositoryId: string, updates: readonly RefUpdate[]): Promise<void> {
  const { context, actor } = viewer;
  const { repository } = requireNode(viewer, repositoryId, "Repository");
  requireWrite(viewer, repository, ["contents"]);
  const git = context.git(repository);
  const changes = [];
  for (const update of updates) changes.push(await checkUpdate(viewer, repository, update));
  const lines = changes.map(({ ref, before, after }) => `update ${ref} ${after ?? NO_OID} ${before ?? NO_OID}\n`);
  const result = await git.run(["update-ref", "--stdin"], { input: `start\n${lines.join("")}prepare\ncommit\n` });
  if (result.exitCode !== 0) throw new GraphqlFailure("STALE_DATA", `Reference update failed: ${result.stderr.trim()}`);
  for (const { ref, before, after } of changes) {
    if (before !== after) await refMoved(context, { repository, account: actor.account, ref, before, after });
  }
}

async function checkUpdate(
  viewer: Viewer,
  repository: Repository,
  update: RefUpdate,
): Promise<{ ref: string; before: string | null; after: string | null }> {
  const git = viewer.context.git(repository);
  const { name } = update;
  if (!name.startsWith("refs/") || !isRefName(name)) {
    throw new GraphqlFailure("UNPROCESSABLE", `Reference name "${name}" is not a fully qualified ref name.`);
  }
  const before = await git.ref(name);
  const after = update.afterOid === NO_OID ? null : update.afterOid;
  const expected = update.beforeOid ?? null;
  if (expected !== null && expected !== (before ?? NO_OID)) {
    const found = before === null ? "does not exist" : `is at ${before}`;
    throw new GraphqlFailure("STALE_DATA", `Reference update failed: "${name}" ${found} but expected ${expected}.`);
  }
  if (after === null) {
    if (before === null) throw new GraphqlFailure("UNPROCESSABLE", `Reference "${name}" does not exist.`);
    if (name === `refs/heads/${repository.defaultBranch}`) {
      throw new GraphqlFailure("UNPROCESSABLE", "Cannot delete the default branch.");
    }
    return { ref: name, before, after };
  }
  refuseProtected(repository, name);
  const type = await git.type(after);
  if (type === null || (name.startsWith("refs/heads/") && type !== "commit")) {
    throw new GraphqlFailure("UNPROCESSABLE", `Object "${after}" does not exist or is not a commit.`);
  }
  const forced = update.force === true;
  if (before !== null && !forced && !(await git.isAncestor(before, after))) {
    throw new GraphqlFailure("UNPROCESSABLE", `Update of "${name}" is not a fast forward.`);
  }
  return { ref: name, before, after };
}

async function changeDraft(viewer: Viewer, id: string, wanted: "draft" | "ready"): Promise<GraphqlObject> {
  const { context, actor } = viewer;
  const { repository, pull } = requireNode(viewer, id, "PullRequest");
  requireWrite(viewer, repository, ["pull_requests"]);
  if (issueOf(repository, pull).state === "closed") {
    throw new GraphqlFailure("UNPROCESSABLE", "Pull request is closed and its draft state cannot be changed.");
  }
  await setDraft(context, repository, pull, actor.account, wanted === "draft");
  return pullObject(viewer, repository, pull);
}

async function changeText(
  viewer: Viewer,
  id: string,
  { title, body }: { readonly title?: string | null; readonly body?: string | null },
): Promise<GraphqlObject> {
  const { context, actor } = viewer;
  const { repository, pull } = requireNode(viewer, id, "PullRequest");
  requireWrite(viewer, repository, ["pull_requests"]);
  // Null is as good as nothing said.
  const changes = { ...(typeof title === "string" ? { title } : {}), ...(typeof body === "string" ? { body } : {}) };
  await editText(context, repository, issueOf(repository, pull), actor.account, changes);
  return pullObject(viewer, repository, pull);
}

function setResolved(viewer: Viewer, id: string, wanted: "resolved" | "unresolved"): GraphqlObject {
  const { actor } = viewer;
  const { repository, thread } = requireNode(viewer, id, "PullRequestReviewThread");
  // Resolving changes nothing in git, and GitHub asks for both all the same.
  requireWrite(viewer, repository, ["pull_requests", "contents"]);
  const isResolved = wanted === "resolved";
  if (thread.isResolved !== isResolved) {
    thread.isResolved = isResolved;
    thread.resolvedBy = isResolved ? actor.account : null;
    emitThread(viewer, repository, thread, wanted);
  }
  return threadObject(viewer, repository, thread);
}

function emitThread(viewer: Viewer, repository: Repository, thread: ReviewThread, action: string): void {
  const { context, actor } = viewer;
  const pull = repository.pulls.get(thread.pullNumber);
  if (pull === undefined) throw new Error(`reading review thread ${thread.id}: it has no pull request`);
  const comments = thread.commentIds.flatMap((id) => {
    const comment = repository.reviewComments.get(id);
    return comment === undefined ? [] : [reviewCommentJson(context, repository, comment)];
  });
  const payload = {
    pull_request: pullJson(context, repository, pull),
    thread: { node_id: nodeId("PRRT", thread.id), comments },
  };
  context.emit({ event: "pull_request_review_thread", action, repository, sender: actor.account, payload });
}

function setMinimized(viewer: Viewer, id: string, classifier: string | null): GraphqlObject {
  const node = findNode(viewer, id);
  if (node?.type !== "IssueComment" && node?.type !== "PullRequestReviewComment") throw unknownNode(id);
  const { repository } = node;
  const permissions = node.type === "IssueComment" ? ["issues", "pull_requests"] : ["pull_requests"];
  const { context, actor } = viewer;
  if (!permissions.some((one) => hasPermission(context, actor, repository, one, "write"))) throw forbidden();
  node.comment.minimizedReason = classifier === null ? null : classifier.toLowerCase().replaceAll("_", "-");
  if (node.type === "IssueComment") return issueCommentObject(viewer, repository, node.comment);
  return reviewCommentObject(viewer, repository, node.comment);
}

type NodeOf<Type> = Extract<NonNullable<ReturnType<typeof findNode>>, { type: Type }>;

function requireNode(viewer: Viewer, id: string, type: "Repository"): NodeOf<"Repository">;
function requireNode(viewer: Viewer, id: string, type: "PullRequest"): NodeOf<"PullRequest"> & { pull: Pull };
function requireNode(
  viewer: Viewer,
  id: string,
  type: "PullRequestReviewThread",
): NodeOf<"PullRequestReviewThread"> & { thread: ReviewThread };
function requireNode(viewer: Viewer, id: string, type: string): unknown {
  const node = findNode(viewer, id);
  if (node?.type !== type) throw unknownNode(id);
  return node;
}

function requireWrite({ context, actor }: Viewer, repository: Repository, permissions: readonly string[]): void {
  if (repository.archived) throw new GraphqlFailure("FORBIDDEN", "Repository was archived so is read-only.");
  if (!permissions.every((one) => hasPermission(context, actor, repository, one, "write"))) throw forbidden();
}

function forbidden(): GraphqlFailure {
  return new GraphqlFailure("FORBIDDEN", "Resource not accessible by integration");
}

function unknownNode(id: string): GraphqlFailure {
  return new GraphqlFailure("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
}

function answer(input: { readonly clientMutationId?: string | null }, fields: GraphqlObject): GraphqlObject {
  return { clientMutationId: input.clientMutationId ?? null, ...fields };
}
