import { setSecret, setVariable } from "./actions-settings.ts";
import { roleAtLeast, roleOf } from "./auth.ts";
import type { Sandbox } from "./sandbox.ts";
import { deleteIssue, transferIssue } from "./routes/issue-changes.ts";
import type { Account, MergeMethod } from "./state.ts";

/** What tests look at of an answer; the rest is there too, untyped. */
type IssueSeen = {
  number: number;
  state: string;
  title: string;
  body: string | null;
  labels: { name: string }[];
};
type CommentSeen = { id: number; body: string; user: { login: string } };
type PullSeen = IssueSeen & {
  draft: boolean;
  merged: boolean;
  mergeable: boolean | null;
  mergeable_state: string;
  merge_commit_sha: string | null;
  html_url: string;
  head: { ref: string; sha: string };
  base: { ref: string; sha: string };
};

type ThreadSeen = {
  id: string;
  isResolved: boolean;
  isOutdated: boolean;
  path: string;
  line: number | null;
  comments: { nodes: { databaseId: number; body: string; author: { login: string } }[] };
};

type PushToMake = {
  readonly branch: string;
  /** Path → content; null deletes. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly message?: string;
  /** The branch where a new one starts, or onto which a forced push puts its commit. */
  readonly from?: string;
};

type ReviewToGive = {
  readonly number: number;
  readonly event: "APPROVE" | "REQUEST_CHANGES" | "COMMENT";
  readonly body?: string;
  readonly comments?: readonly { path: string; line: number; side?: "LEFT" | "RIGHT"; body: string }[];
};

/** Somebody at the keyboard: everything goes over HTTP with the person's own token. */
export type Person = {
  readonly login: string;
  openIssue(issue: { title: string; body?: string; labels?: readonly string[] }): Promise<IssueSeen>;
  editIssue(number: number, changes: { title?: string; body?: string; state?: "open" | "closed" }): Promise<IssueSeen>;
  /** `not_planned` is the other reason that GitHub offers. */
  closeIssue(number: number, reason?: "completed" | "not_planned"): Promise<IssueSeen>;
  reopenIssue(number: number): Promise<IssueSeen>;
  /** On its page: there is no REST call for it. Owners only. */
  deleteIssue(number: number): void;
  /** On its page, to another repository of the same owner; its number there. Writers only. */
  transferIssue(number: number, to: string): number;
  issue(number: number): Promise<IssueSeen>;
  comment(number: number, body: string): Promise<CommentSeen>;
  comments(number: number): Promise<CommentSeen[]>;
  label(number: number, ...names: string[]): Promise<void>;
  unlabel(number: number, name: string): Promise<void>;
  pull(number: number): Promise<PullSeen>;
  pulls(state?: "open" | "closed" | "all"): Promise<PullSeen[]>;
  review(review: ReviewToGive): Promise<{ id: number; state: string }>;
  dismissReview(number: number, reviewId: number, message: string): Promise<void>;
  /** The conversations on lines of a pull request. */
  threads(number: number): Promise<ThreadSeen[]>;
  /** Answers in the conversation of that comment. */
  reply(number: number, commentId: number, body: string): Promise<{ id: number }>;
  resolveThread(id: string): Promise<void>;
  unresolveThread(id: string): Promise<void>;
  /** Points a pull request at another base. */
  retarget(number: number, base: string): Promise<PullSeen>;
  reopenPull(number: number): Promise<PullSeen>;
  /** One commit on top of the branch, which is made where it is missing; its sha. */
  push(push: PushToMake): Promise<string>;
  /** One commit on top of another branch takes the place of all that the branch had; its sha. */
  forcePush(push: PushToMake): Promise<string>;
  deleteBranch(branch: string): Promise<void>;
  merge(number: number, method?: MergeMethod): Promise<{ sha: string; merged: boolean }>;
  closePull(number: number): Promise<PullSeen>;
  editPull(number: number, changes: { title?: string; body?: string }): Promise<PullSeen>;
  /** Clicks the one task box of a pull request's text whose line holds these words: GitHub writes the whole text anew. */
  tickBox(number: number, words: string): Promise<PullSeen>;
  untickBox(number: number, words: string): Promise<PullSeen>;
  /** A comment on a line, outside any review. */
  commentOnLine(number: number, comment: { path: string; line: number; body: string }): Promise<{ id: number }>;
  /** Types a secret into the settings page, anew or over the old one. */
  setSecret(name: string, value: string): void;
  setVariable(name: string, value: string): void;
  /** `/answer` with an option's number, words, or `3: words`. */
  answer(number: number, words: string): Promise<CommentSeen>;
  /** "Quote reply": all of that comment behind `>`, and the words below it. */
  quoteReply(number: number, commentId: number, words: string): Promise<CommentSeen>;
  editComment(commentId: number, body: string): Promise<CommentSeen>;
  deleteComment(commentId: number): Promise<void>;
  /** Any other call below the repository, "" for itself. Never throws on a status. */
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
};

const PER_PAGE = 100;

/** A client for a person on one repository: by default the sandbox's only one. */
export function person(sandbox: Sandbox, login: string, repository = onlyRepository(sandbox)): Person {
  const token = sandbox.tokenOf(login);

  async function send(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const response = await fetch(`${sandbox.url}/repos/${repository}${path}`, {
      method,
      headers: { authorization: `token ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  // The sandbox's answers are its own types: this is where they are believed.
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await send(method, path, body);
    if (status >= 300) throw new Error(`${login}: ${method} ${path}: ${status} ${text}`);
    return JSON.parse(text === "" ? "null" : text);
  }

  async function ask<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<T> {
    const response = await fetch(`${sandbox.url}/graphql`, {
      method: "POST",
      headers: { authorization: `token ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
    if (errors !== undefined) throw new Error(`${login}: ${JSON.stringify(errors)}`);
    return data;
  }

  async function headOf(branch: string): Promise<string | null> {
    const { status, text } = await send("GET", `/git/ref/heads/${branch}`, undefined);
    return status === 404 ? null : (JSON.parse(text) as { object: { sha: string } }).object.sha;
  }

  async function commit({ branch, files, message }: PushToMake, parent: string): Promise<string> {
    const { tree: base } = await call<{ tree: { sha: string } }>("GET", `/git/commits/${parent}`);
    const entries = Object.entries(files).map(([path, content]) => ({
      path,
      mode: "100644",
      type: "blob",
      ...(content === null ? { sha: null } : { content }),
    }));
    const tree = await call<{ sha: string }>("POST", "/git/trees", { base_tree: base.sha, tree: entries });
    const made = await call<{ sha: string }>("POST", "/git/commits", {
      message: message ?? `Change ${branch}`,
      tree: tree.sha,
      parents: [parent],
    });
    return made.sha;
  }

  async function push(wanted: PushToMake, { force }: { readonly force: boolean }): Promise<string> {
    const { branch, from = "main" } = wanted;
    const before = await headOf(branch);
    const parent = before === null || force ? await headOf(from) : before;
    if (parent === null) throw new Error(`${login}: pushing to ${branch}: there is no branch ${from} to start from`);
    const sha = await commit(wanted, parent);
    await (before === null
      ? call("POST", "/git/refs", { ref: `refs/heads/${branch}`, sha })
      : call("PATCH", `/git/refs/heads/${branch}`, { sha, force }));
    return sha;
  }

  async function setBox(number: number, words: string, mark: "x" | " "): Promise<PullSeen> {
    const { body } = await call<PullSeen>("GET", `/pulls/${number}`);
    const lines = (body ?? "").split("\n");
    const boxes = lines.filter((line) => /^\s*[-*+] \[[ xX]\] /.test(line) && line.includes(words));
    const [box] = boxes;
    if (box === undefined || boxes.length > 1) {
      throw new Error(`${login}: ticking "${words}" on #${number}: ${boxes.length} boxes have these words`);
    }
    const text = lines.map((line) => (line === box ? line.replace(/\[[ xX]\]/, `[${mark}]`) : line)).join("\n");
    return call("PATCH", `/pulls/${number}`, { body: text });
  }

  function requireRole(least: "write" | "admin", doing: string): void {
    const found = sandbox.repositoryOf(repository);
    if (!roleAtLeast(roleOf(found, login), least)) throw new Error(`${login} may not ${doing} of ${repository}`);
  }

  return {
    login,
    async request(method, path, body) {
      const { status, text } = await send(method, path, body);
      return { status, body: text === "" ? null : JSON.parse(text) };
    },
    openIssue: (issue) => call("POST", "/issues", issue),
    editIssue: (number, changes) => call("PATCH", `/issues/${number}`, changes),
    closeIssue: (number, reason = "completed") =>
      call("PATCH", `/issues/${number}`, { state: "closed", state_reason: reason }),
    reopenIssue: (number) => call("PATCH", `/issues/${number}`, { state: "open" }),
    deleteIssue(number) {
      requireRole("admin", "delete issues");
      deleteIssue(sandbox.context, sandbox.repositoryOf(repository), number, accountOf(sandbox, login));
    },
    transferIssue(number, to) {
      requireRole("write", "transfer issues");
      const [from, target] = [sandbox.repositoryOf(repository), sandbox.repositoryOf(to)];
      return transferIssue(sandbox.context, from, number, target, accountOf(sandbox, login)).number;
    },
    issue: (number) => call("GET", `/issues/${number}`),
    comment: (number, body) => call("POST", `/issues/${number}/comments`, { body }),
    comments: (number) => call("GET", `/issues/${number}/comments?per_page=${PER_PAGE}`),
    async label(number, ...names) {
      await call("POST", `/issues/${number}/labels`, { labels: names });
    },
    async unlabel(number, name) {
      await call("DELETE", `/issues/${number}/labels/${encodeURIComponent(name)}`);
    },
    pull: (number) => call("GET", `/pulls/${number}`),
    pulls: (state = "open") => call("GET", `/pulls?state=${state}&per_page=${PER_PAGE}`),
    review: ({ number, ...review }) => call("POST", `/pulls/${number}/reviews`, review),
    async dismissReview(number, reviewId, message) {
      await call("PUT", `/pulls/${number}/reviews/${reviewId}/dismissals`, { message });
    },
    async threads(number) {
      const [owner = "", name = ""] = repository.split("/");
      const data = await ask<{ repository: { pullRequest: { reviewThreads: { nodes: ThreadSeen[] } } } }>(THREADS, {
        owner,
        name,
        number,
      });
      return data.repository.pullRequest.reviewThreads.nodes;
    },
    reply: (number, commentId, body) => call("POST", `/pulls/${number}/comments/${commentId}/replies`, { body }),
    async resolveThread(id) {
      await ask(`mutation ($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { id } } }`, { id });
    },
    async unresolveThread(id) {
      await ask(`mutation ($id: ID!) { unresolveReviewThread(input: { threadId: $id }) { thread { id } } }`, { id });
    },
    retarget: (number, base) => call("PATCH", `/pulls/${number}`, { base }),
    reopenPull: (number) => call("PATCH", `/pulls/${number}`, { state: "open" }),
    push: (wanted) => push(wanted, { force: false }),
    forcePush: (wanted) => push(wanted, { force: true }),
    async deleteBranch(branch) {
      await call("DELETE", `/git/refs/heads/${branch}`);
    },
    merge: (number, method = "merge") => call("PUT", `/pulls/${number}/merge`, { merge_method: method }),
    closePull: (number) => call("PATCH", `/pulls/${number}`, { state: "closed" }),
    editPull: (number, changes) => call("PATCH", `/pulls/${number}`, changes),
    tickBox: (number, words) => setBox(number, words, "x"),
    untickBox: (number, words) => setBox(number, words, " "),
    async commentOnLine(number, { path, line, body }) {
      const { head } = await call<PullSeen>("GET", `/pulls/${number}`);
      return call("POST", `/pulls/${number}/comments`, { commit_id: head.sha, path, line, side: "RIGHT", body });
    },
    setSecret(name, value) {
      requireRole("write", "set secrets");
      setSecret(sandbox.context, sandbox.repositoryOf(repository), name, value);
    },
    setVariable(name, value) {
      requireRole("write", "set variables");
      setVariable(sandbox.context, sandbox.repositoryOf(repository), name, value);
    },
    answer: (number, words) => call("POST", `/issues/${number}/comments`, { body: `/answer ${words}` }),
    async quoteReply(number, commentId, words) {
      const { body } = await call<CommentSeen>("GET", `/issues/comments/${commentId}`);
      return call("POST", `/issues/${number}/comments`, { body: `${quoted(body)}\n\n${words}` });
    },
    editComment: (commentId, body) => call("PATCH", `/issues/comments/${commentId}`, { body }),
    async deleteComment(commentId) {
      await call("DELETE", `/issues/comments/${commentId}`);
    },
  };
}

const THREADS = `query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewThreads(first: 100) { nodes {
    id isResolved isOutdated path line comments(first: 100) { nodes { databaseId body author { login } } }
  } } } }
}`;

/** HTML comments are no part of the rendered text, and so of no quote. */
function quoted(body: string): string {
  const seen = body.replaceAll(/<!--.*?-->/gs, "").trim();
  return seen.replaceAll(/^/gm, "> ").replaceAll(/ +$/gm, "");
}

function accountOf(sandbox: Sandbox, login: string): Account {
  const account = sandbox.context.state.accounts.get(login.toLowerCase());
  if (account === undefined) throw new Error(`finding the account of "${login}": add the user first`);
  return account;
}

function onlyRepository(sandbox: Sandbox): string {
  const [only, ...more] = sandbox.context.state.repositories.values();
  if (only === undefined || more.length > 0) {
    throw new Error("choosing the repository of a person: the sandbox has not exactly one, so name it");
  }
  return `${only.owner.login}/${only.name}`;
}
