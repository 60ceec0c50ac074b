import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { requirePermission, requireRepository, requireToken } from "./auth.ts";
import { GitHubError, notFound } from "./errors.ts";
import { artifactJson, isExpired } from "./payloads-actions.ts";
import { numberParam, paginate } from "./routes/http.ts";
import type { Artifact, Level, Repository, SandboxContext } from "./state.ts";

const ACTIONS = "/repos/:owner/:repo/actions";
const RETENTION_DAYS = 90;

/** Stores an artifact of a run as an upload would; `content` is the zip file. */
export function addArtifact(
  context: SandboxContext,
  repository: Repository,
  upload: { readonly runId: number; readonly name: string; readonly content: Buffer },
): Artifact {
  const artifact: Artifact = {
    ...upload,
    id: context.newId(),
    digest: `sha256:${createHash("sha256").update(upload.content).digest("hex")}`,
    createdAt: context.timestamp(),
    expiresAt: new Date(context.now().getTime() + RETENTION_DAYS * 86_400_000).toISOString(),
  };
  repository.artifacts.set(artifact.id, artifact);
  return artifact;
}

export function artifactRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get(`${ACTIONS}/artifacts`, (c) => listArtifacts(context, c, admit(context, c, "read"), () => true));

  routes.get(`${ACTIONS}/runs/:run/artifacts`, (c) => {
    const repository = admit(context, c, "read");
    const runId = numberParam(c, "run");
    if (!repository.runs.has(runId)) throw notFound();
    return listArtifacts(context, c, repository, (artifact) => artifact.runId === runId);
  });

  routes.get(`${ACTIONS}/artifacts/:artifact`, (c) => {
    const repository = admit(context, c, "read");
    return c.json(artifactJson(context, repository, requireArtifact(c, repository)));
  });

  routes.delete(`${ACTIONS}/artifacts/:artifact`, (c) => {
    const repository = admit(context, c, "write");
    repository.artifacts.delete(requireArtifact(c, repository).id);
    return c.body(null, 204);
  });

  routes.get(`${ACTIONS}/artifacts/:artifact/:format`, (c) => {
    const repository = admit(context, c, "read");
    const artifact = requireArtifact(c, repository);
    if (c.req.param("format") !== "zip") throw notFound();
    if (isExpired(context, artifact)) throw new GitHubError(410, "Artifact has expired");
    return c.redirect(`${context.url()}/_blob/artifacts/${repository.id}/${artifact.id}`, 302);
  });

  routes.get("/_blob/artifacts/:repository/:artifact", (c) => {
    // A real blob store refuses a request that carries GitHub's token next to the signature in the address.
    if (c.req.header("authorization") !== undefined) return c.text("InvalidAuthenticationInfo", 400);
    const repository = context.state.repositories.get(numberParam(c, "repository"));
    if (repository === undefined) throw notFound();
    const { content } = requireArtifact(c, repository);
    return c.body(new Uint8Array(content), 200, { "Content-Type": "application/zip" });
  });
  return routes;
}

function listArtifacts(
  context: SandboxContext,
  c: Context,
  repository: Repository,
  belongs: (artifact: Artifact) => boolean,
): Response {
  const name = c.req.query("name");
  const found = [...repository.artifacts.values()]
    .filter((artifact) => belongs(artifact) && (name === undefined || artifact.name === name))
    .toReversed();
  const page = paginate(context, c, found).map((artifact) => artifactJson(context, repository, artifact));
  return c.json({ total_count: found.length, artifacts: page });
}

function admit(context: SandboxContext, c: Context, level: Level): Repository {
  const actor = requireToken(context, c);
  const repository = requireRepository(context, c, actor);
  requirePermission(context, actor, repository, "actions", level);
  return repository;
}

function requireArtifact(c: Context, repository: Repository): Artifact {
  const artifact = repository.artifacts.get(numberParam(c, "artifact"));
  if (artifact === undefined) throw notFound();
  return artifact;
}
