import { roleAtLeast, roleOf } from "./auth.ts";
import type { Sandbox } from "./sandbox.ts";
import type { MergeMethod } from "./state.ts";

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
  issue(number: number): Promise<IssueSeen>;
  comment(number: number, body: string): Promise<CommentSeen>;
  comments(number: number): Promise<CommentSeen[]>;
  label(number: number, ...names: string[]): Promise<void>;
  unlabel(number: number, name: string): Promise<void>;
  pull(number: number): Promise<PullSeen>;
  pulls(state?: "open" | "closed" | "all"): Promise<PullSeen[]>;
  review(review: ReviewToGive): Promise<{ id: number; state: string }>;
  merge(number: number, method?: MergeMethod): Promise<{ sha: string; merged: boolean }>;
  closePull(number: number): Promise<PullSeen>;
  /** Types a secret into the settings page. */
  setSecret(name: string, value: string): void;
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
    return JSON.parse(text);
  }

  return {
    login,
    async request(method, path, body) {
      const { status, text } = await send(method, path, body);
      return { status, body: text === "" ? null : JSON.parse(text) };
    },
    openIssue: (issue) => call("POST", "/issues", issue),
    editIssue: (number, changes) => call("PATCH", `/issues/${number}`, changes),
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
    merge: (number, method = "merge") => call("PUT", `/pulls/${number}/merge`, { merge_method: method }),
    closePull: (number) => call("PATCH", `/pulls/${number}`, { state: "closed" }),
    setSecret(name, value) {
      const found = sandbox.repositoryOf(repository);
      if (!roleAtLeast(roleOf(found, login), "write")) throw new Error(`${login} may not set secrets of ${repository}`);
      const at = sandbox.context.timestamp();
      const createdAt = found.secrets.get(name.toUpperCase())?.createdAt ?? at;
      found.secrets.set(name.toUpperCase(), { name: name.toUpperCase(), value, createdAt, updatedAt: at });
    },
  };
}

function onlyRepository(sandbox: Sandbox): string {
  const [only, ...more] = sandbox.context.state.repositories.values();
  if (only === undefined || more.length > 0) {
    throw new Error("choosing the repository of a person: the sandbox has not exactly one, so name it");
  }
  return `${only.owner.login}/${only.name}`;
}
