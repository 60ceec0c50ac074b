import { Hono } from "hono";
import { SignJWT } from "jose";
import { type JobIdentity, actionsRuntimeOf, workflowRefOf } from "./actions-runtime.ts";
import { bearerOf } from "./auth.ts";
import type { SandboxContext } from "./state.ts";

const TOKEN_LIFE_SECONDS = 300;
/** GitHub dates tokens back, so that a verifier whose clock is late takes them. */
const NOT_BEFORE_SECONDS = 600;

const CLAIMS =
  `sub aud exp iat iss jti nbf ref sha repository repository_id repository_owner repository_owner_id run_id run_number
  run_attempt actor actor_id workflow workflow_ref workflow_sha head_ref base_ref event_name ref_type ref_protected
  repository_visibility job_workflow_ref job_workflow_sha environment runner_environment check_run_id`.split(/\s+/);

/** Stands for https://token.actions.githubusercontent.com. */
function oidcIssuer(context: SandboxContext): string {
  return `${context.url()}/_oidc`;
}

/** A job's ACTIONS_ID_TOKEN_REQUEST_URL: it has a query already, since clients append `&audience=`. */
export function idTokenRequestUrl(context: SandboxContext, jobId: number): string {
  return `${oidcIssuer(context)}/idtoken/${jobId}?api-version=2.0`;
}

/** The issuer: discovery, keys, and the endpoint where a job asks for a token. */
export function oidcRoutes(context: SandboxContext): Hono {
  const app = new Hono();
  const runtime = actionsRuntimeOf(context);
  app.get("/_oidc/.well-known/openid-configuration", (c) =>
    c.json({
      issuer: oidcIssuer(context),
      jwks_uri: `${oidcIssuer(context)}/.well-known/jwks`,
      subject_types_supported: ["public", "pairwise"],
      response_types_supported: ["id_token"],
      claims_supported: CLAIMS,
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid"],
    }),
  );
  app.get("/_oidc/.well-known/jwks", async (c) => {
    const { publicJwk, keyId } = await runtime.signingKey();
    return c.json({ keys: [{ ...publicJwk, kid: keyId, alg: "RS256", use: "sig" }] });
  });
  app.get("/_oidc/idtoken/:jobId", async (c) => {
    const identity = runtime.identities.get(bearerOf(c.req.header("authorization")) ?? "");
    if (identity === undefined || String(identity.job.id) !== c.req.param("jobId")) {
      return c.json({ message: "the request token is unknown, or its job is over or lacks id-token: write" }, 401);
    }
    const audience = c.req.query("audience") ?? `${context.url()}/${identity.repository.owner.login}`;
    const value = await signIdToken(context, identity, audience);
    return c.json({ count: value.length, value });
  });
  return app;
}

async function signIdToken(context: SandboxContext, identity: JobIdentity, audience: string): Promise<string> {
  const { privateKey, keyId } = await actionsRuntimeOf(context).signingKey();
  const issuedAt = Math.floor(context.now().getTime() / 1000);
  return new SignJWT(claimsOf(identity))
    .setProtectedHeader({ typ: "JWT", alg: "RS256", kid: keyId, x5t: keyId })
    .setIssuer(oidcIssuer(context))
    .setAudience(audience)
    .setJti(context.newGuid())
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt - NOT_BEFORE_SECONDS)
    .setExpirationTime(issuedAt + TOKEN_LIFE_SECONDS)
    .sign(privateKey);
}

/** GitHub's claims, all of them strings. */
function claimsOf({ repository, run, job, workflowName, environment }: JobIdentity): Record<string, string> {
  const { owner } = repository;
  // The form of repositories made or renamed after July 2026: names can change hands, ids cannot.
  const subject = `repo:${owner.login}@${owner.id}/${repository.name}@${repository.id}`;
  return {
    sub: environment === undefined ? `${subject}:ref:${run.ref}` : `${subject}:environment:${environment}`,
    actor: run.actor.login,
    actor_id: String(run.actor.id),
    base_ref: "",
    check_run_id: String(job.id),
    ...(environment === undefined ? {} : { environment }),
    event_name: run.event,
    head_ref: "",
    job_workflow_ref: workflowRefOf(repository, run),
    job_workflow_sha: run.headSha,
    ref: run.ref,
    ref_protected: "false",
    ref_type: run.ref.startsWith("refs/tags/") ? "tag" : "branch",
    repository: `${owner.login}/${repository.name}`,
    repository_id: String(repository.id),
    repository_owner: owner.login,
    repository_owner_id: String(owner.id),
    repository_visibility: repository.private ? "private" : "public",
    run_attempt: String(run.attempt),
    run_id: String(run.id),
    run_number: String(run.runNumber),
    runner_environment: "github-hosted",
    sha: run.headSha,
    workflow: workflowName,
    workflow_ref: workflowRefOf(repository, run),
    workflow_sha: run.headSha,
  };
}
