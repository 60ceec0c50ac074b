import { createHash, randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { actionsRuntimeOf, backendIdsOf, type JobIdentity } from "./actions-runtime.ts";
import { bearerOf, requirePermission, requireRepository, requireToken } from "./auth.ts";
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

  routes.post(`${RESULTS}/CreateArtifact`, async (c) => {
    const { token, uploader } = uploaderOf(context, c);
    const asked = CreateArtifact.parse(await c.req.json());
    const { repository, run } = uploader;
    if (!isOfJob(uploader, asked)) return twirpError(c, 403, "permission_denied", "the token is another job's");
    const taken = [...repository.artifacts.values()].some(({ name, runId }) => name === asked.name && runId === run.id);
    if (taken)
      return twirpError(c, 409, "already_exists", "an artifact with this name already exists on the workflow run");
    const id = randomBytes(16).toString("hex");
    actionsRuntimeOf(context).uploads.set(id, { token, name: asked.name, blocks: new Map(), content: null });
    return c.json({ ok: true, signed_upload_url: `${context.url()}/_blob/uploads/${id}?sig=${id}` });
  });

  routes.post(`${RESULTS}/FinalizeArtifact`, async (c) => {
    const { token, uploader } = uploaderOf(context, c);
    const asked = FinalizeArtifact.parse(await c.req.json());
    const { uploads } = actionsRuntimeOf(context);
    const [id, upload] = [...uploads].find(([, upload]) => upload.token === token && upload.name === asked.name) ?? [];
    const content = upload?.content ?? null;
    if (id === undefined || content === null) return twirpError(c, 404, "not_found", "no such upload");
    const hash = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    if (String(content.length) !== asked.size || (asked.hash !== undefined && asked.hash !== hash)) {
      return twirpError(c, 400, "invalid_argument", "size or hash is another than that of what was uploaded");
    }
    uploads.delete(id);
    const { repository, run } = uploader;
    const artifact = addArtifact(context, repository, { runId: run.id, name: asked.name, content });
    return c.json({ ok: true, artifact_id: String(artifact.id) });
  });

  routes.put("/_blob/uploads/:upload", async (c) => {
    if (c.req.header("authorization") !== undefined) return c.text("InvalidAuthenticationInfo", 400);
    const upload = actionsRuntimeOf(context).uploads.get(c.req.param("upload"));
    if (upload === undefined || c.req.query("sig") !== c.req.param("upload"))
      return c.text("AuthenticationFailed", 403);
    const body = Buffer.from(await c.req.arrayBuffer());
    if (c.req.query("comp") === "block") {
      upload.blocks.set(c.req.query("blockid") ?? "", body);
      return c.body(null, 201);
    }
    if (c.req.query("comp") !== "blocklist") return c.text("the sandbox takes blocks and their list only", 400);
    const ids = [...body.toString("utf8").matchAll(/<Latest>([^<]*)<\/Latest>/g)].map(([, id = ""]) => id);
    const blocks = ids.map((id) => upload.blocks.get(id));
    if (blocks.some((block) => block === undefined)) return c.text("InvalidBlockList", 400);
    upload.content = Buffer.concat(blocks.filter((block) => block !== undefined));
    return c.body(null, 201);
  });
  return routes;
}

const RESULTS = "/twirp/github.actions.results.api.v1.ArtifactService";

const Ids = { workflow_run_backend_id: z.string(), workflow_job_run_backend_id: z.string(), name: z.string().min(1) };
const CreateArtifact = z.strictObject({ ...Ids, version: z.int().min(4), mime_type: z.string().optional() });
const FinalizeArtifact = z.strictObject({ ...Ids, size: z.string(), hash: z.string().optional() });

function uploaderOf(context: SandboxContext, c: Context) {
  const token = bearerOf(c.req.header("authorization")) ?? "";
  const uploader = actionsRuntimeOf(context).uploaders.get(token);
  if (uploader === undefined) throw new GitHubError(401, "Unauthorized");
  return { token, uploader };
}

function isOfJob({ run, job }: Pick<JobIdentity, "run" | "job">, asked: z.infer<typeof CreateArtifact>): boolean {
  const ids = backendIdsOf(run, job);
  return (
    asked.workflow_run_backend_id === ids.workflow_run_backend_id &&
    asked.workflow_job_run_backend_id === ids.workflow_job_run_backend_id
  );
}

function twirpError(c: Context, status: 400 | 403 | 404 | 409, code: string, msg: string): Response {
  return c.json({ code, msg }, status);
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
