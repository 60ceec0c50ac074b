import { Hono } from "hono";
import { readBody, roleOf } from "../auth.ts";
import { issueJson } from "../payloads-issues.ts";
import { labelJson } from "../payloads.ts";
import { closeIssue } from "../refs.ts";
import type { Account, Repository, SandboxContext } from "../state.ts";
import { numberParam, optionalString, paginate, requiredString, stringList } from "./http.ts";
import {
  addIssue,
  checkedBody,
  checkedTitle,
  editText,
  emitEither,
  emitIssue,
  mayTriage,
  openForIssues,
  reopen,
  requireIssue,
  requireTriage,
} from "./issue-changes.ts";
import { labelNames, namedLabels, setLabels } from "./labels.ts";

/** Issues, and the assignees of issues and pull requests. */
export function issueRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo/issues", (c) => {
    const { repository } = openForIssues(context, c, "read", ["issues"]);
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
        issue.movedTo === null &&
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
    const { repository } = openForIssues(context, c, "read", ["issues"]);
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

function namedAccounts(context: SandboxContext, repository: Repository, logins: readonly string[]): Account[] {
  return logins.flatMap((login) => {
    const account = context.state.accounts.get(login.toLowerCase());
    return account !== undefined && roleOf(repository, login) !== null ? [account] : [];
  });
}
