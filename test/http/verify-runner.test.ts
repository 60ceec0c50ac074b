import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { verifyRunnerWith } from "../../src/http/verify-runner.ts";
import { freePort } from "../support/free-port.ts";

const audience = "phasegate:https://phasegate.example.org";
const now = new Date("2026-11-21T10:00:00.000Z");
const seconds = now.getTime() / 1_000;
const claims = {
  jti: "token-1",
  repository_id: "22",
  run_id: "99",
  run_attempt: "1",
  event_name: "workflow_dispatch",
  workflow_ref: "octo/links/.github/workflows/phasegate.yml@refs/heads/main",
  ref: "refs/heads/main",
};

const { publicKey, privateKey } = await generateKeyPair("RS256");
const stranger = await generateKeyPair("RS256");
let issuer = "";
let close: () => void = () => undefined;

beforeAll(async () => {
  const key = { ...(await exportJWK(publicKey)), kid: "key-1", alg: "RS256", use: "sig" };
  const app = new Hono().get("/.well-known/jwks", (context) => context.json({ keys: [key] }));
  await new Promise<void>((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => {
      issuer = `http://127.0.0.1:${port}`;
      resolve();
    });
    close = () => server.close();
  });
});

afterAll(() => close());

interface Token {
  readonly payload?: JWTPayload;
  readonly key?: Parameters<SignJWT["sign"]>[0];
  readonly alg?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly issuedAt?: number;
  readonly expiresAt?: number;
}

function tokenOf(token: Token = {}): Promise<string> {
  return new SignJWT(token.payload ?? claims)
    .setProtectedHeader({ alg: token.alg ?? "RS256", kid: "key-1" })
    .setIssuer(token.issuer ?? issuer)
    .setAudience(token.audience ?? audience)
    .setIssuedAt(token.issuedAt ?? seconds)
    .setExpirationTime(token.expiresAt ?? seconds + 300)
    .sign(token.key ?? privateKey);
}

function verify(token: string, from = issuer) {
  return verifyRunnerWith({ issuer: from, audience, clock: { now: () => now } })(token);
}

describe("the identity token of a runner", () => {
  test("tells which job of which repository it is", async () => {
    expect(await verify(await tokenOf())).toMatchObject({
      tokenId: "token-1",
      repositoryId: 22,
      workflowRunId: 99,
      runAttempt: 1,
      eventName: "workflow_dispatch",
      expiresAt: "2026-11-21T10:05:00.000Z",
    });
  });

  test.each<readonly [string, () => Token]>([
    ["of another key", () => ({ key: stranger.privateKey })],
    ["of another issuer", () => ({ issuer: "https://issuer.example.org" })],
    ["for another app", () => ({ audience: "phasegate:https://other.example.org" })],
    ["that is over", () => ({ issuedAt: seconds - 400, expiresAt: seconds - 100 })],
    ["that is older than its life should be", () => ({ issuedAt: seconds - 3_600 })],
    [
      "signed with a shared secret",
      () => ({ alg: "HS256", key: new TextEncoder().encode("a secret of 32 characters or more") }),
    ],
    ["without an id", () => ({ payload: { ...claims, jti: "" } })],
    ["without a repository", () => ({ payload: { ...claims, repository_id: "none" } })],
  ])("%s is refused for good", async (_what, token) => {
    const refused = verify(await tokenOf(token()));
    await expect(refused).rejects.toThrow(Error);
    await expect(refused).rejects.not.toBeInstanceOf(RetryLater);
  });

  test.each(["", "a.b.c", `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.`])(
    "%j is refused",
    async (text) => {
      await expect(verify(text)).rejects.toThrow(Error);
    },
  );

  test("of an issuer that does not answer may be tried again", async () => {
    const silent = `http://127.0.0.1:${await freePort()}`;
    await expect(verify(await tokenOf({ issuer: silent }), silent)).rejects.toBeInstanceOf(RetryLater);
  });
});
