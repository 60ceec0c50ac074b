/** Review threads: REST knows neither whether one is resolved nor which comments belong together. */
import { z } from "zod";
import type { ThreadState } from "../control/ports/gates.ts";
import type { AnswerShown, Spoken } from "../control/ports/notices.ts";
import type { Repository } from "../core/events.ts";
import type { Language } from "../core/task-input.ts";
import type { Api } from "./api.ts";
import { markedBody, markerOf } from "./marker.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { answerText } from "./texts/answers.ts";
import { linksOf } from "./texts/links.ts";
import { languageOf, sayIn } from "./texts/words.ts";

const threadsPerPage = 50;
const threadPagesMax = 20;
const commentsPerPage = 50;
const commentPagesMax = 20;

export interface ThreadSettings {
  readonly webUrl: string;
  /** Of texts where neither a task nor its repository says (Q22). */
  readonly language: Language;
  readonly appSlug: () => Promise<string>;
}

export interface ThreadReply {
  readonly pullRequest: number;
  readonly threadId: string;
  readonly key: string;
  readonly answer: AnswerShown;
  readonly resolve: boolean;
  readonly spoken: Spoken;
}

export async function readThreads(
  api: Api,
  settings: Pick<ThreadSettings, "appSlug">,
  repository: Repository,
  pullRequest: number,
): Promise<readonly ThreadState[]> {
  const bot = `${await settings.appSlug()}[bot]`;
  const doing = `reading the review threads of #${pullRequest} in ${nameOf(repository)}`;
  const threads: ThreadState[] = [];
  let after: string | null = null;
  for (let page = 1; page <= threadPagesMax; page += 1) {
    const answer: unknown = await readOrNull(api, {
      repository,
      permissions: { pull_requests: "read" },
      doing,
      send: (octokit) =>
        octokit.graphql(threadsQuery, {
          ...pathOf(repository),
          number: pullRequest,
          threads: threadsPerPage,
          comments: commentsPerPage,
          after,
        }),
    });
    if (answer === null) return threads;
    const list = ThreadsAnswer.parse(answer).repository?.pullRequest?.reviewThreads;
    if (list === undefined) return threads;
    for (const thread of list.nodes) {
      const comments = await allComments(api, repository, thread);
      const first = comments[0];
      // A thread that lost its last comment is about to vanish.
      if (first !== undefined) threads.push(threadFrom(thread, first, comments, bot));
    }
    if (!list.pageInfo.hasNextPage) return threads;
    after = list.pageInfo.endCursor;
  }
  throw new Error(`${doing}: more than ${threadPagesMax * threadsPerPage}`);
}

/** Replies once for each key, then resolves where asked. What an earlier try left behind is found by a hidden marker. */
export async function answerThread(
  api: Api,
  settings: ThreadSettings,
  repository: Repository,
  reply: ThreadReply,
): Promise<void> {
  const thread = await readThread(api, repository, reply.threadId);
  const comments = thread === null ? [] : await allComments(api, repository, thread);
  const first = comments[0];
  if (thread === null || first === undefined) return;
  const marker = markerOf("answer", reply.key);
  const bot = `${await settings.appSlug()}[bot]`;
  // Ours only: anybody can write a comment with our marker in it.
  const there = comments.some((each) => each.body.startsWith(marker) && authorOf(each).by === bot);
  if (!there) {
    const body = markedBody(
      marker,
      answerText(
        reply.answer,
        linksOf(settings.webUrl, repository),
        sayIn(languageOf(reply.spoken, settings.language)),
      ),
    );
    if (!(await postReply(api, repository, reply, { thread, first, marker, body }))) return;
  }
  if (reply.resolve && !thread.isResolved) await resolveThread(api, repository, reply);
}

/** False where the thread is gone by now. */
async function postReply(
  api: Api,
  repository: Repository,
  { pullRequest, threadId }: ThreadReply,
  given: { readonly thread: Thread; readonly first: Comment; readonly marker: string; readonly body: string },
): Promise<boolean> {
  const { thread, first, marker, body } = given;
  try {
    await api.write({
      repository,
      permissions: { pull_requests: "write" },
      doing: `answering a review thread of #${pullRequest} in ${nameOf(repository)}`,
      made: `${threadId} ${marker}`,
      send: (octokit) =>
        // The route with `replies` in its address is closed to Apps. In a reply GitHub wants path and commit and ignores them.
        octokit.rest.pulls.createReviewComment({
          ...pathOf(repository),
          pull_number: pullRequest,
          in_reply_to: Number(first.fullDatabaseId),
          path: thread.path,
          commit_id: thread.pullRequest.headRefOid,
          body,
        }),
    });
    return true;
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 404) return false;
    throw error;
  }
}

async function resolveThread(api: Api, repository: Repository, { pullRequest, threadId }: ThreadReply): Promise<void> {
  try {
    await api.write({
      repository,
      // GitHub asks for both, though nothing in git changes.
      permissions: { pull_requests: "write", contents: "write" },
      doing: `resolving a review thread of #${pullRequest} in ${nameOf(repository)}`,
      send: (octokit) => octokit.graphql(resolveMutation, { input: { threadId } }),
    });
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.status !== 404) throw error;
  }
}

/** The first comments of a thread, and those on further pages. */
async function allComments(api: Api, repository: Repository, thread: Thread): Promise<readonly Comment[]> {
  const comments = [...thread.comments.nodes];
  let { pageInfo } = thread.comments;
  for (let page = 1; pageInfo.hasNextPage && page < commentPagesMax; page += 1) {
    const more = await readThread(api, repository, thread.id, pageInfo.endCursor);
    if (more === null) break;
    comments.push(...more.comments.nodes);
    pageInfo = more.comments.pageInfo;
  }
  return comments;
}

async function readThread(
  api: Api,
  repository: Repository,
  threadId: string,
  after: string | null = null,
): Promise<Thread | null> {
  const answer: unknown = await readOrNull(api, {
    repository,
    permissions: { pull_requests: "read" },
    doing: `reading a review thread in ${nameOf(repository)}`,
    send: (octokit) => octokit.graphql(threadQuery, { threadId, comments: commentsPerPage, after }),
  });
  return answer === null ? null : ThreadAnswer.parse(answer).node;
}

function threadFrom(thread: Thread, first: Comment, comments: readonly Comment[], bot: string): ThreadState {
  return {
    threadId: thread.id,
    path: thread.path,
    line: thread.line ?? thread.originalLine,
    hunk: first.diffHunk,
    resolved: thread.isResolved,
    // A dismissed review asks for nothing any more; what was said in it stays a comment.
    request: first.pullRequestReview?.state === "CHANGES_REQUESTED" ? "change" : "comment",
    comments: comments.map((comment) => {
      const author = authorOf(comment);
      return { ...author, byUs: author.by === bot, text: comment.body };
    }),
  };
}

/** Named as in REST: GraphQL leaves the ending of a bot's login out. */
function authorOf({ author }: Comment): { readonly by: string; readonly byBot: boolean } {
  const login = author?.login ?? "ghost";
  if (login.endsWith("[bot]")) return { by: login, byBot: true };
  return author?.__typename === "Bot" ? { by: `${login}[bot]`, byBot: true } : { by: login, byBot: false };
}

const threadsQuery = `query Threads(
  $owner: String!, $repo: String!, $number: Int!, $threads: Int!, $comments: Int!, $after: String
) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      reviewThreads(first: $threads, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id path line originalLine isResolved
          pullRequest { headRefOid }
          comments(first: $comments) {
            pageInfo { hasNextPage endCursor }
            nodes { fullDatabaseId body diffHunk author { __typename login } pullRequestReview { state } }
          }
        }
      }
    }
  }
}`;

const threadQuery = `query Thread($threadId: ID!, $comments: Int!, $after: String) {
  node(id: $threadId) {
    ... on PullRequestReviewThread {
      id path line originalLine isResolved
      pullRequest { headRefOid }
      comments(first: $comments, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { fullDatabaseId body diffHunk author { __typename login } pullRequestReview { state } }
      }
    }
  }
}`;

const resolveMutation = `mutation ResolveThread($input: ResolveReviewThreadInput!) {
  resolveReviewThread(input: $input) { thread { isResolved } }
}`;

const PageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });

const Comment = z.object({
  /** A 64-bit number in a text; small ones have come as numbers. */
  fullDatabaseId: z.union([z.string(), z.number()]),
  body: z.string(),
  diffHunk: z.string(),
  author: z.object({ __typename: z.string(), login: z.string() }).nullable(),
  pullRequestReview: z.object({ state: z.string() }).nullable(),
});
type Comment = z.infer<typeof Comment>;

const Thread = z.object({
  id: z.string(),
  path: z.string(),
  line: z.int().nullable(),
  originalLine: z.int().nullable(),
  isResolved: z.boolean(),
  pullRequest: z.object({ headRefOid: z.string() }),
  comments: z.object({ pageInfo: PageInfo, nodes: z.array(Comment) }),
});
type Thread = z.infer<typeof Thread>;

const ThreadsAnswer = z.object({
  repository: z
    .object({
      pullRequest: z.object({ reviewThreads: z.object({ pageInfo: PageInfo, nodes: z.array(Thread) }) }).nullable(),
    })
    .nullable(),
});

const ThreadAnswer = z.object({ node: Thread.nullable() });
