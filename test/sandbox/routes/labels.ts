import { Hono } from "hono";
import type { Context } from "hono";
import { readBody } from "../auth.ts";
import { GitHubError, validationFailed } from "../errors.ts";
import { labelJson } from "../payloads.ts";
import type { Account, Actor, Issue, Label, Repository, SandboxContext } from "../state.ts";
import { numberParam, optionalList, paginate } from "./http.ts";
import { emitEither, openForIssues, requireIssue, requireTriage } from "./issue-changes.ts";
import { addLabel, DEFAULT_COLOR } from "./repositories.ts";

/** Labels on issues and pull requests. */
export function labelRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

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

  return routes;
}

export async function setLabels(
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

export function labelNames(body: Record<string, unknown>): string[] {
  return (optionalList(body, "labels") ?? []).map((item) => {
    if (typeof item === "string") return item;
    if (typeof item === "object" && item !== null && "name" in item && typeof item.name === "string") return item.name;
    throw validationFailed([{ resource: "Label", code: "invalid", field: "name" }]);
  });
}

/** Unknown labels are made on the way. */
export function namedLabels(
  context: SandboxContext,
  repository: Repository,
  actor: Actor,
  names: readonly string[],
): Label[] {
  return names.map(
    (name) =>
      repository.labels.get(name.toLowerCase()) ??
      addLabel(context, repository, actor.account, name, DEFAULT_COLOR, null),
  );
}
