import { Hono } from "hono";
import type { Context } from "hono";
import { readBody, requirePermission, requireRepository, requireToken } from "../auth.ts";
import { invalid } from "../errors.ts";
import { commitJson } from "../payloads-git.ts";
import { htmlUrl, repositoryJson, repositoryUrl, userJson } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import { fullName, nodeId } from "../state.ts";
import type { Account, CommitStatus, Level, Repository, SandboxContext } from "../state.ts";
import { optionalString, paginate, requiredString } from "./http.ts";

const STATES: readonly CommitStatus["state"][] = ["error", "failure", "pending", "success"];

/** Statuses of commits: what services tell that make no check runs. */
export function statusRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  async function open(c: Context, level: Level, ref: string) {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "statuses", level);
    const sha = await context.git(repository).resolve(ref);
    if (sha === null) throw invalid(`No commit found for SHA: ${ref}`);
    return { actor, repository, sha };
  }

  routes.get("/repos/:owner/:repo/commits/:ref/status", async (c) => {
    const { repository, sha } = await open(c, "read", c.req.param("ref"));
    const newest = newestOn(repository, sha);
    const api = repositoryUrl(context, repository);
    return c.json({
      state: combined(newest),
      statuses: paginate(context, c, newest).map((status) => statusJson(context, repository, status)),
      sha,
      total_count: newest.length,
      repository: repositoryJson(context, repository),
      commit_url: `${api}/commits/${sha}`,
      url: `${api}/commits/${sha}/status`,
    });
  });

  routes.get("/repos/:owner/:repo/commits/:ref/statuses", async (c) => {
    const { repository, sha } = await open(c, "read", c.req.param("ref"));
    const all = [...repository.statuses.values()].filter((status) => status.sha === sha).reverse();
    return c.json(
      paginate(context, c, all).map((status) => ({
        ...statusJson(context, repository, status),
        creator: userJson(context, status.creator),
      })),
    );
  });

  routes.post("/repos/:owner/:repo/statuses/:sha", async (c) => {
    const { actor, repository, sha } = await open(c, "write", c.req.param("sha"));
    const body = await readBody(c);
    const asked = requiredString(body, "state");
    const state = STATES.find((each) => each === asked);
    if (state === undefined) throw invalid(`Invalid request.\n\n${asked} is not a member of ${STATES.join(", ")}.`);
    const status = await setStatus(context, repository, actor.account, {
      sha,
      state,
      context: optionalString(body, "context") ?? "default",
      description: optionalString(body, "description") ?? null,
      targetUrl: optionalString(body, "target_url") ?? null,
    });
    return c.json({ ...statusJson(context, repository, status), creator: userJson(context, actor.account) }, 201);
  });

  return routes;
}

export async function setStatus(
  context: SandboxContext,
  repository: Repository,
  creator: Account,
  wanted: Pick<CommitStatus, "sha" | "state" | "context" | "description" | "targetUrl">,
): Promise<CommitStatus> {
  const status: CommitStatus = { ...wanted, id: context.newId(), creator, createdAt: context.timestamp() };
  repository.statuses.set(status.id, status);
  const commit = await context.git(repository).commit(status.sha);
  const payload = {
    id: status.id,
    sha: status.sha,
    name: fullName(repository),
    target_url: status.targetUrl,
    context: status.context,
    description: status.description,
    state: status.state,
    commit: commit === null ? null : commitJson(context, repository, commit),
    branches: [],
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
  context.emit({ event: "status", action: null, repository, sender: creator, payload });
  return status;
}

/** The newest of each context. */
function newestOn(repository: Repository, sha: string): readonly CommitStatus[] {
  const on = [...repository.statuses.values()].filter((status) => status.sha === sha);
  return [...new Map(on.map((status) => [status.context, status])).values()];
}

/** Nothing at all is `pending`, too. */
function combined(newest: readonly CommitStatus[]): string {
  if (newest.some(({ state }) => state === "error" || state === "failure")) return "failure";
  return newest.length === 0 || newest.some(({ state }) => state === "pending") ? "pending" : "success";
}

function statusJson(context: SandboxContext, repository: Repository, status: CommitStatus): Json {
  return {
    url: `${repositoryUrl(context, repository)}/statuses/${status.sha}`,
    avatar_url: `${htmlUrl(context, repository)}/avatar`,
    id: status.id,
    node_id: nodeId("SC", status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
}
