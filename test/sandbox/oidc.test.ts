import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { type ActionsBed, startActionsBed } from "./actions-testbed.ts";
import type { JobToExecute } from "./state.ts";

const AUDIENCE = "https://phasegate.example";
const beds: ActionsBed[] = [];

afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.stop();
});

/** A job that stays alive, with the environment that it would have had. */
async function liveJob(permissions: string): Promise<{ bed: ActionsBed; job: JobToExecute; end: () => Promise<void> }> {
  const started = Promise.withResolvers<JobToExecute>();
  const over = Promise.withResolvers<void>();
  const bed = await startActionsBed({
    workflow: `
on: { workflow_dispatch: {} }
jobs:
  only: { runs-on: ubuntu-latest, permissions: ${permissions}, steps: [{ uses: octo/action@v1 }] }
`,
    actions: {
      execute: async (job) => {
        started.resolve(job);
        await over.promise;
        return { conclusion: "success" };
      },
    },
  });
  beds.push(bed);
  const run = await bed.dispatch();
  const job = await started.promise;
  return {
    bed,
    job,
    end: async () => {
      over.resolve();
      await bed.finished(run);
    },
  };
}

function askForToken({ env }: JobToExecute, bearer?: string): Promise<Response> {
  const url = `${env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? ""}&audience=${encodeURIComponent(AUDIENCE)}`;
  const authorization = `bearer ${bearer ?? env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? ""}`;
  return fetch(url, { headers: { authorization } });
}

async function tokenIn(response: Response): Promise<string> {
  const body: unknown = await response.json();
  return typeof body === "object" && body !== null && "value" in body ? String(body.value) : "";
}

describe("the OIDC issuer", () => {
  test("gives a job with `id-token: write` a token that says what the job is", async () => {
    const { bed, job, end } = await liveJob("{ id-token: write }");
    const issuer = `${bed.context.url()}/_oidc`;

    const token = await tokenIn(await askForToken(job));
    const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`));
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: AUDIENCE,
      algorithms: ["RS256"],
      requiredClaims: ["jti", "nbf"],
    });

    const { repository } = bed;
    expect(payload).toMatchObject({
      actor: "phasegate[bot]",
      event_name: "workflow_dispatch",
      job_workflow_ref: "octo/shop/.github/workflows/work.yml@refs/heads/main",
      ref: "refs/heads/main",
      repository: "octo/shop",
      repository_id: String(repository.id),
      repository_visibility: "public",
      run_attempt: "1",
      run_id: String(job.run.id),
      runner_environment: "github-hosted",
      sub: `repo:octo@${repository.owner.id}/shop@${repository.id}:ref:refs/heads/main`,
      workflow_ref: "octo/shop/.github/workflows/work.yml@refs/heads/main",
      workflow_sha: job.run.headSha,
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    const times = ["iat", "exp", "nbf"];
    const others = Object.entries(payload).filter(([name]) => !times.includes(name));
    expect(others.filter(([, value]) => typeof value !== "string")).toEqual([]);
    await end();
  });

  test("publishes where its keys are", async () => {
    const { bed, end } = await liveJob("{}");
    const issuer = `${bed.context.url()}/_oidc`;

    const found = await fetch(`${issuer}/.well-known/openid-configuration`);

    expect(await found.json()).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks` });
    await end();
  });

  test("does not exist for a job without the permission, whatever token it shows", async () => {
    const { bed, job, end } = await liveJob("{ contents: write }");
    const url = `${bed.context.url()}/_oidc/idtoken/${job.job.id}?api-version=2.0`;

    const answer = await fetch(url, { headers: { authorization: `bearer ${job.env["ACTIONS_RUNTIME_TOKEN"] ?? ""}` } });

    expect(job.env).not.toHaveProperty("ACTIONS_ID_TOKEN_REQUEST_URL");
    expect(job.env["ACTIONS_RUNTIME_TOKEN"]).toMatch(/^eyJ/);
    expect(answer.status).toBe(401);
    await end();
  });

  test("refuses a foreign bearer, and the job's own once the job is over", async () => {
    const { job, end } = await liveJob("{ id-token: write }");

    const foreign = await askForToken(job, "eyJwrong");
    await end();
    const late = await askForToken(job);

    expect([foreign.status, late.status]).toEqual([401, 401]);
  });
});
