import { Hono } from "hono";
import { readBody, requireAnyPermission, requirePermission, requireRepository, requireToken, roleOf } from "../auth.ts";
import { GitHubError, notFound, validationFailed } from "../errors.ts";
import { commitJson } from "../payloads-git.ts";
import { fullRepositoryJson, htmlUrl, labelJson, repositoryUrl, userJson } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import type { Account, Label, Repository, Role, SandboxContext } from "../state.ts";
import { optionalString, paginate, requiredString } from "./http.ts";

/** The repository itself: who may do what, branches, rules, labels. */
export function repositoryRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo", (c) => {
    const actor = requireToken(context, c);
    return c.json(fullRepositoryJson(context, requireRepository(context, c, actor), actor));
  });

  routes.get("/repos/:owner/:repo/collaborators/:username/permission", (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "metadata", "read");
    const username = c.req.param("username");
    const account = context.state.accounts.get(username.toLowerCase());
    if (account === undefined || account.type !== "User") throw new GitHubError(404, `${username} is not a user`);
    const role = roleOf(repository, account.login) ?? (repository.private ? null : "read");
    const user = { ...userJson(context, account), permissions: roleJson(role), role_name: role ?? "none" };
    return c.json({ permission: legacyPermission(role), role_name: role ?? "none", user });
  });

  routes.get("/repos/:owner/:repo/rules/branches/:branch{.+}", (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    return c.json(rulesOf(repository, c.req.param("branch")));
  });

  routes.get("/repos/:owner/:repo/branches", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", "read");
    const refs = await context.git(repository).refs("refs/heads/");
    const branches = paginate(context, c, refs).map(({ ref, sha }) => ({
      name: ref.slice("refs/heads/".length),
      commit: { sha, url: `${repositoryUrl(context, repository)}/commits/${sha}` },
      protected: false,
    }));
    return c.json(branches);
  });

  routes.get("/repos/:owner/:repo/branches/:branch{.+}", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", "read");
    const name = c.req.param("branch");
    const git = context.git(repository);
    const sha = await git.ref(`refs/heads/${name}`);
    const commit = sha === null ? null : await git.commit(sha);
    if (commit === null) throw new GitHubError(404, "Branch not found");
    const url = `${repositoryUrl(context, repository)}/branches/${encodeURIComponent(name)}`;
    return c.json({
      name,
      commit: commitJson(context, repository, commit),
      _links: { self: url, html: `${htmlUrl(context, repository)}/tree/${encodeURI(name)}` },
      protected: false,
      protection: { enabled: false, required_status_checks: { enforcement_level: "off", contexts: [], checks: [] } },
      protection_url: `${url}/protection`,
    });
  });

  routes.get("/repos/:owner/:repo/labels", (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requireAnyPermission(context, actor, repository, ["issues", "pull_requests"], "read");
    const labels = paginate(context, c, [...repository.labels.values()]);
    return c.json(labels.map((label) => labelJson(context, repository, label)));
  });

  routes.post("/repos/:owner/:repo/labels", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requireAnyPermission(context, actor, repository, ["issues", "pull_requests"], "write");
    const body = await readBody(c);
    const name = requiredString(body, "name");
    if (repository.labels.has(name.toLowerCase())) {
      throw validationFailed([{ resource: "Label", code: "already_exists", field: "name" }]);
    }
    const color = checkedColor(optionalString(body, "color") ?? DEFAULT_COLOR);
    const label = addLabel(
      context,
      repository,
      actor.account,
      name,
      color,
      optionalString(body, "description") ?? null,
    );
    return c.json(labelJson(context, repository, label), 201);
  });

  routes.get("/repos/:owner/:repo/labels/:name", (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requireAnyPermission(context, actor, repository, ["issues", "pull_requests"], "read");
    return c.json(labelJson(context, repository, requireLabel(repository, c.req.param("name"))));
  });

  routes.patch("/repos/:owner/:repo/labels/:name", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requireAnyPermission(context, actor, repository, ["issues", "pull_requests"], "write");
    const label = requireLabel(repository, c.req.param("name"));
    const body = await readBody(c);
    repository.labels.delete(label.name.toLowerCase());
    label.name = optionalString(body, "new_name") ?? label.name;
    label.color = checkedColor(optionalString(body, "color") ?? label.color);
    label.description = optionalString(body, "description") ?? label.description;
    repository.labels.set(label.name.toLowerCase(), label);
    emitLabel(context, repository, actor.account, label, "edited");
    return c.json(labelJson(context, repository, label));
  });

  routes.delete("/repos/:owner/:repo/labels/:name", (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requireAnyPermission(context, actor, repository, ["issues", "pull_requests"], "write");
    const label = requireLabel(repository, c.req.param("name"));
    repository.labels.delete(label.name.toLowerCase());
    for (const issue of repository.issues.values()) issue.labels = issue.labels.filter((each) => each !== label);
    emitLabel(context, repository, actor.account, label, "deleted");
    return c.body(null, 204);
  });

  routes.get("/user", (c) => {
    const actor = requireToken(context, c);
    if (actor.kind !== "user") throw new GitHubError(403, "Resource not accessible by integration");
    return c.json(publicUserJson(context, actor.account));
  });

  routes.get("/users/:username", (c) => {
    const account = context.state.accounts.get(c.req.param("username").toLowerCase());
    if (account === undefined) throw notFound();
    return c.json(publicUserJson(context, account));
  });

  routes.get("/meta", (c) => c.json({ verifiable_password_authentication: false, hooks: ["127.0.0.1/32"] }));
  return routes;
}

/** As a ruleset of the repository gives them. */
function rulesOf(repository: Repository, branch: string): readonly Json[] {
  const source = {
    ruleset_source_type: "Repository",
    ruleset_source: `${repository.owner.login}/${repository.name}`,
    ruleset_id: repository.id + 1_000_000,
  };
  const approvals = repository.approvalsRequired.get(branch);
  const checks = repository.checksRequired.get(branch);
  return [
    ...(approvals === undefined ? [] : [{ ...pullRequestRule(approvals), ...source }]),
    ...(checks === undefined ? [] : [{ ...checksRule(checks), ...source }]),
    ...(repository.mergeQueues.has(branch) ? [{ type: "merge_queue", ...source }] : []),
  ];
}

function checksRule(names: readonly string[]): Json {
  return {
    type: "required_status_checks",
    parameters: {
      strict_required_status_checks_policy: false,
      required_status_checks: names.map((context) => ({ context })),
    },
  };
}

function pullRequestRule(approvals: number): Json {
  return {
    type: "pull_request",
    parameters: {
      required_approving_review_count: approvals,
      dismiss_stale_reviews_on_push: false,
      require_code_owner_review: false,
      require_last_push_approval: false,
      required_review_thread_resolution: false,
    },
  };
}

export const DEFAULT_COLOR = "ededed";
/** Longer names are refused. */
const LABEL_NAME_LENGTH_MAX = 50;

export function addLabel(
  context: SandboxContext,
  repository: Repository,
  account: Account,
  name: string,
  color: string,
  description: string | null,
): Label {
  if (name.trim() === "") throw validationFailed([{ resource: "Label", code: "missing_field", field: "name" }]);
  if (Array.from(name).length > LABEL_NAME_LENGTH_MAX) {
    throw validationFailed([
      { resource: "Label", code: "invalid", field: "name", message: "name is too long (maximum is 50 characters)" },
    ]);
  }
  const label: Label = { id: context.newId(), name, color, description };
  repository.labels.set(name.toLowerCase(), label);
  emitLabel(context, repository, account, label, "created");
  return label;
}

function emitLabel(
  context: SandboxContext,
  repository: Repository,
  sender: Account,
  label: Label,
  action: string,
): void {
  const payload = { label: labelJson(context, repository, label) };
  context.emit({ event: "label", action, repository, sender, payload });
}

function requireLabel(repository: Repository, name: string): Label {
  const label = repository.labels.get(name.toLowerCase());
  if (label === undefined) throw notFound();
  return label;
}

function checkedColor(color: string): string {
  if (!/^[0-9a-f]{6}$/i.test(color)) throw validationFailed([{ resource: "Label", code: "invalid", field: "color" }]);
  return color.toLowerCase();
}

function publicUserJson(context: SandboxContext, account: Account): Json {
  const empty = {
    name: account.login,
    company: null,
    blog: "",
    location: null,
    email: null,
    hireable: null,
    bio: null,
  };
  const counts = { public_repos: 0, public_gists: 0, followers: 0, following: 0 };
  const times = { created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z" };
  return { ...userJson(context, account), ...empty, ...counts, ...times };
}

/** The older of the two fields knows four words only. */
function legacyPermission(role: Role | null): string {
  if (role === null) return "none";
  if (role === "maintain") return "write";
  return role === "triage" ? "read" : role;
}

function roleJson(role: Role | null): Json {
  const rank = role === null ? -1 : ["read", "triage", "write", "maintain", "admin"].indexOf(role);
  return { admin: rank >= 4, maintain: rank >= 3, push: rank >= 2, triage: rank >= 1, pull: rank >= 0 };
}
