import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { z } from "zod";
import { RetryLater } from "../control/ports/retry-later.ts";
import type { VerifyRunner } from "../control/ports/runner-identity.ts";
import type { Clock } from "../control/ports/surroundings.ts";

/** All claims of an Actions identity token are strings; these are the ones that we bind to. `sub` is not among them. */
const Claims = z.object({
  jti: z.string().min(1),
  exp: z.int(),
  repository_id: z.coerce.number().int().positive(),
  run_id: z.coerce.number().int().positive(),
  run_attempt: z.coerce.number().int().positive(),
  event_name: z.string(),
  workflow_ref: z.string(),
  ref: z.string(),
});

/** Verifies OIDC tokens of GitHub Actions against the keys that the issuer publishes. */
export function verifyRunnerWith(options: {
  readonly issuer: string;
  readonly audience: string;
  readonly clock: Clock;
}): VerifyRunner {
  const issuerKeys = createRemoteJWKSet(new URL(`${options.issuer}/.well-known/jwks`), { timeoutDuration: 5_000 });
  /** An issuer that does not answer says nothing about the token: the runner may ask again. */
  const keys: typeof issuerKeys = Object.assign(async (...args: Parameters<typeof issuerKeys>) => {
    try {
      return await issuerKeys(...args);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      throw new RetryLater(`asking ${options.issuer} for its keys`, 0, { cause: error });
    }
  }, issuerKeys);
  return async (oidcToken) => {
    const { payload } = await jwtVerify(oidcToken, keys, {
      issuer: options.issuer,
      audience: options.audience,
      algorithms: ["RS256"],
      clockTolerance: 5,
      maxTokenAge: "10m",
      currentDate: options.clock.now(),
    });
    const claims = Claims.parse(payload);
    return {
      tokenId: claims.jti,
      expiresAt: new Date(claims.exp * 1_000).toISOString(),
      repositoryId: claims.repository_id,
      workflowRunId: claims.run_id,
      runAttempt: claims.run_attempt,
      eventName: claims.event_name,
      workflowRef: claims.workflow_ref,
      ref: claims.ref,
    };
  };
}
