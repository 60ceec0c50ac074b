/** Who a runner's OIDC token says it is. */
export interface RunnerIdentity {
  readonly tokenId: string;
  readonly expiresAt: string;
  readonly repositoryId: number;
  readonly workflowRunId: number;
  readonly runAttempt: number;
  readonly eventName: string;
  readonly workflowRef: string;
  readonly ref: string;
}

/** Throws where the signature, issuer, audience or time is wrong. */
export type VerifyRunner = (oidcToken: string) => Promise<RunnerIdentity>;
