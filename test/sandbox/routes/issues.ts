import { Hono } from "hono";
import type { Context } from "hono";
import {
  hasPermission,
  readBody,
  requireAnyPermission,
  requireRepository,
  requireToken,
  roleAtLeast,
  roleOf,
} from "../auth.ts";
import { forbidden, GitHubError, notFound, validationFailed } from "../errors.ts";
import { issueJson } from "../payloads-issues.ts";
import { fullPullJson } from "../payloads-pulls.ts";
import { labelJson } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import { closeIssue } from "../refs.ts";
import type { Account, Actor, Issue, Label, Level, Repository, SandboxContext } from "../state.ts";
import { numberParam, optionalList, optionalString, paginate, requiredString, stringList } from "./http.ts";
import { addLabel, DEFAULT_COLOR } from "./repositories.ts";

const TITLE_LENGTH_MAX = 256;
/** Measured in UTF-8 bytes, although GitHub's message speaks of 65536 characters. */
export const BODY_BYTES_MAX = 262_144;

/** Issues and what hangs on both issues and pull requests: labels, assignees. */
export function issueRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo/issues", (c) => {
    const { repository } = openForIssues(context, c, "read");
    const state = c.req.query("state") ?? "open";
    const labels = (c.req.query("labels") ?? "")
      .split(",")
      .filter((name) => name !== "")
      .map((name) => name.toLowerCase());
    const since = c.req.query("since");
    const creator = c.req.query("creator")?.toLowerCase();
    const found = [...repository.issues.values()].filter((issue) => {
      const names = issue.labels.map((label) => label.name.toLowerCase());
      return (
        !issue.deleted &&
        (state === "all" || issue.state === state) &&
        labels.every((name) => names.includes(name)) &&
        (since === undefined || new Date(issue.updatedAt) >= new Date(since)) &&
        (creator === undefined || issue.author.login.toLowerCase() === creator)
      );
    });
    const newest = c.req.query("direction") === "asc" ? found : found.reverse();
    return c.json(paginate(context, c, newest).map((issue) => issueJson(context, repository, issue)));
  });

  routes.post("/repos/:owner/:repo/issues", async (c) => {
    const { actor, repository } = openForIssues(context, c, "write", ["issues"]);
    const body = await readBody(c);
    const title = checkedTitle(requiredString(body, "title"));
    const text = checkedBody(optionalString(body, "body") ?? null);
    // Labels and assignees of people without the right are dropped without a word.
    const triages = mayTriage(context, actor, repository);
    const labels = triages ? new Set(namedLabels(context, repository, actor, labelNames(body))) : [];
    const issue = addIssue(context, repository, actor, title, text, false);
    issue.assignees = triages ? namedAccounts(context, repository, stringList(body, "assignees") ?? []) : [];
    issue.labels = [...labels];
    emitIssue(context, repository, issue, "opened", actor.account);
    for (const label of issue.labels) {
      emitIssue(context, repository, issue, "labeled", actor.account, { label: labelJson(context, repository, label) });
    }
    return c.json(issueJson(context, repository, issue), 201);
  });

  routes.get("/repos/:owner/:repo/issues/:number", (c) => {
    const { repository } = openForIssues(context, c, "read");
    return c.json(issueJson(context, repository, requireIssue(repository, numberParam(c, "number"))));
  });

  routes.patch("/repos/:owner/:repo/issues/:number", async (c) => {
    const { actor, repository } = openForIssues(context, c, "write");
    const issue = requireIssue(repository, numberParam(c, "number"));
    if (actor.account.id !== issue.author.id) requireTriage(context, actor, repository);
    const body = await readBody(c);
    await editText(context, repository, issue, actor.account, body);
    const state = optionalString(body, "state");
    if (state === "closed" && issue.state === "open") {
      const reason = optionalString(body, "state_reason");
      closeIssue(context, issue, actor.account, reason === "not_planned" ? "not_planned" : "completed");
      await emitEither(context, repository, issue, "closed", actor.account);
    } else if (state === "open" && issue.state === "closed") {
      reopen(context, issue);
      await emitEither(context, repository, issue, "reopened", actor.account);
    }
    const names = body["labels"] === undefined ? null : labelNames(body);
    if (names !== null)
      await setLabels(context, repository, issue, actor.account, namedLabels(context, repository, actor, names));
    const assignees = stringList(body, "assignees");
    if (assignees !== undefined) issue.assignees = namedAccounts(context, repository, assignees);
    return c.json(issueJson(context, repository, issue));
  });

  routes.get("/repos/:owner/:repo/issues/:number/labels", (c) => {
    const { repository } = openForIssues(context, c, "read");
    const { labels } = requireIssue(repository, numberParam(c, "number"));
    return c.json(paginate(context, c, labels).map((label) => labelJson(context, repository, label)));
  });

  const changeLabels = async (c: Context, next: (old: Label[], named: Label[]) => Label[]): Promise<Response> => {
    const { actor, repository } = openForIssues(context, c, "write");
    const issue = requireIssue(repository, numberParam(c, "number"));
    requireTriage(context, actor, repository);
    const named = namedLabels(
      context,
      repository,
      actor,
      c.req.method === "DELETE" ? [] : labelNames(await labelsBody(c)),
    );
    await setLabels(context, repository, issue, actor.account, next(issue.labels, named));
    return c.json(issue.labels.map((label) => labelJson(context, repository, label)));
  };
  routes.post("/repos/:owner/:repo/issues/:number/labels", (c) => changeLabels(c, (old, named) => [...old, ...named]));
  routes.put("/repos/:owner/:repo/issues/:number/labels", (c) => changeLabels(c, (_, named) => named));
  routes.delete("/repos/:owner/:repo/issues/:number/labels", async (c) => {
    await changeLabels(c, () => []);
    return c.body(null, 204);
  });
  routes.delete("/repos/:owner/:repo/issues/:number/labels/:name", (c) => {
    const name = c.req.param("name").toLowerCase();
    return changeLabels(c, (old) => {
      if (!old.some((label) => label.name.toLowerCase() === name)) throw new GitHubError(404, "Label does not exist");
      return old.filter((label) => label.name.toLowerCase() !== name);
    });
  });

  routes.post("/repos/:owner/:repo/issues/:number/assignees", async (c) => {
    const { actor, repository } = openForIssues(context, c, "write");
    const issue = requireIssue(repository, numberParam(c, "number"));
    requireTriage(context, actor, repository);
    const added = namedAccounts(context, repository, stringList(await readBody(c), "assignees") ?? []);
    issue.assignees = [...new Set([...issue.assignees, ...added])];
    return c.json(issueJson(context, repository, issue), 201);
  });

  return routes;
}

/** The repository for an issue call. Reading needs the permission; so does writing for Apps, while people may always speak. */
export function openForIssues(
  context: SandboxContext,
  c: Context,
  level: Level,
  permissions: readonly string[] = ["issues", "pull_requests"],
): { actor: Actor; repository: Repository } {
  const actor = requireToken(context, c);
  const repository = requireRepository(context, c, actor);
  if (level === "read" || actor.kind !== "user") requireAnyPermission(context, actor, repository, permissions, level);
  return { actor, repository };
}

export function requireIssue(repository: Repository, number: number): Issue {
  const issue = repository.issues.get(number);
  if (issue === undefined) throw notFound();
  if (issue.deleted) throw new GitHubError(410, "This issue was deleted");
  return issue;
}

export function addIssue(
  context: SandboxContext,
  repository: Repository,
  actor: Actor,
  title: string,
  body: string | null,
  isPull: boolean,
): Issue {
  const at = context.timestamp();
  const issue: Issue = {
    id: context.newId(),
    number: repository.nextNumber,
    isPull,
    author: actor.account,
    title,
    body,
    state: "open",
    stateReason: null,
    labels: [],
    assignees: [],
    locked: false,
    deleted: false,
    closedBy: null,
    viaApp: actor.kind === "installation",
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    reactions: [],
  };
  repository.nextNumber += 1;
  repository.issues.set(issue.number, issue);
  return issue;
}

/** Changes title and body and tells of it with what they were. */
export async function editText(
  context: SandboxContext,
  repository: Repository,
  issue: Issue,
  account: Account,
  body: Record<string, unknown>,
): Promise<void> {
  const title = optionalString(body, "title");
  const text = body["body"] === undefined ? undefined : (optionalString(body, "body") ?? null);
  const changes: Json = {};
  if (title !== undefined && title !== issue.title) changes["title"] = { from: issue.title };
  if (text !== undefined && text !== issue.body) changes["body"] = { from: issue.body ?? "" };
  if (Object.keys(changes).length === 0) return;
  issue.title = checkedTitle(title ?? issue.title);
  issue.body = text === undefined ? issue.body : checkedBody(text);
  issue.updatedAt = context.timestamp();
  await emitEither(context, repository, issue, "edited", account, { changes });
}

export function reopen(context: SandboxContext, issue: Issue): void {
  issue.state = "open";
  issue.stateReason = "reopened";
  issue.closedAt = null;
  issue.closedBy = null;
  issue.updatedAt = context.timestamp();
}

/** Deletes an issue as its page does: the number answers 410 from then on. There is no REST call for it. */
export function deleteIssue(context: SandboxContext, repository: Repository, number: number, account: Account): void {
  const issue = requireIssue(repository, number);
  emitIssue(context, repository, issue, "deleted", account);
  issue.deleted = true;
}

function emitIssue(
  context: SandboxContext,
  repository: Repository,
  issue: Issue,
  action: string,
  sender: Account,
  extra: Json = {},
): void {
  const payload = { issue: issueJson(context, repository, issue), ...extra };
  context.emit({ event: "issues", action, repository, sender, payload });
}

/** The same change on a pull request is a pull_request event. */
async function emitEither(
  context: SandboxContext,
  repository: Repository,
  issue: Issue,
  action: string,
  sender: Account,
  extra: Json = {},
): Promise<void> {
  const pull = repository.pulls.get(issue.number);
  if (pull === undefined) return emitIssue(context, repository, issue, action, sender, extra);
  const payload = { number: pull.number, pull_request: await fullPullJson(context, repository, pull), ...extra };
  context.emit({ event: "pull_request", action, repository, sender, payload });
}

async function setLabels(
  context: SandboxContext,
  repository: Repository,
  issue: Issue,
  sender: Account,
  wanted: readonly Label[],
): Promise<void> {
  const next = [...new Set(wanted)];
  const added = next.filter((label) => !issue.labels.includes(label));
  const removed = issue.labels.filter((label) => !next.includes(label));
  issue.labels = next;
  if (added.length + removed.length > 0) issue.updatedAt = context.timestamp();
  for (const label of removed)
    await emitEither(context, repository, issue, "unlabeled", sender, { label: labelJson(context, repository, label) });
  for (const label of added)
    await emitEither(context, repository, issue, "labeled", sender, { label: labelJson(context, repository, label) });
}

async function labelsBody(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  // A bare list is accepted beside the documented object.
  return text.trimStart().startsWith("[") ? { labels: JSON.parse(text) } : readBody(c);
}

function labelNames(body: Record<string, unknown>): string[] {
  return (optionalList(body, "labels") ?? []).map((item) => {
    if (typeof item === "string") return item;
    if (typeof item === "object" && item !== null && "name" in item && typeof item.name === "string") return item.name;
    throw validationFailed([{ resource: "Label", code: "invalid", field: "name" }]);
  });
}

/** Unknown labels are made on the way. */
function namedLabels(context: SandboxContext, repository: Repository, actor: Actor, names: readonly string[]): Label[] {
  return names.map(
    (name) =>
      repository.labels.get(name.toLowerCase()) ??
      addLabel(context, repository, actor.account, name, DEFAULT_COLOR, null),
  );
}

function namedAccounts(context: SandboxContext, repository: Repository, logins: readonly string[]): Account[] {
  return logins.flatMap((login) => {
    const account = context.state.accounts.get(login.toLowerCase());
    return account !== undefined && roleOf(repository, login) !== null ? [account] : [];
  });
}

function mayTriage(context: SandboxContext, actor: Actor, repository: Repository): boolean {
  if (actor.kind === "user") return roleAtLeast(roleOf(repository, actor.account.login), "triage");
  return ["issues", "pull_requests"].some((name) => hasPermission(context, actor, repository, name, "write"));
}

function requireTriage(context: SandboxContext, actor: Actor, repository: Repository): void {
  if (mayTriage(context, actor, repository)) return;
  if (actor.kind !== "user") throw forbidden("issues=write; pull_requests=write");
  throw new GitHubError(403, "Must have triage rights to Repository.");
}

export function checkedTitle(title: string): string {
  if (title.trim() === "") throw validationFailed([{ resource: "Issue", code: "missing_field", field: "title" }]);
  if (Array.from(title).length <= TITLE_LENGTH_MAX) return title;
  throw validationFailed([
    { resource: "Issue", code: "custom", field: "title", message: "title is too long (maximum is 256 characters)" },
  ]);
}

export function checkedBody(body: string | null): string | null {
  if (body === null || Buffer.byteLength(body) <= BODY_BYTES_MAX) return body;
  throw validationFailed([
    { resource: "Issue", code: "custom", field: "body", message: "body is too long (maximum is 65536 characters)" },
  ]);
}
