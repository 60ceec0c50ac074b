import { type CryptoKey, type JWK, exportJWK, generateKeyPair } from "jose";
import type { Repository, SandboxContext, WorkflowJob, WorkflowRun } from "./state.ts";

/** What Actions keeps beside the state: processes, job identities, waiting runs, keys. */
export type ActionsRuntime = {
  /** By request token: the jobs that may ask for an OIDC token now. */
  readonly identities: Map<string, JobIdentity>;
  /** By runtime token: the jobs that may upload artifacts now. */
  readonly uploaders: Map<string, Uploader>;
  /** By secret address: uploads that were begun. */
  readonly uploads: Map<string, Upload>;
  /** By run id: the attempt that is queued or live. */
  readonly liveRuns: Map<number, LiveRun>;
  /** By repository and group, lower case: the run that holds it first, then those that wait. */
  readonly concurrencyGroups: Map<string, WaitingRun[]>;
  /** Made at the first use: a process that needs no OIDC does not pay for a key. */
  signingKey(): Promise<SigningKey>;
};

type SigningKey = { readonly privateKey: CryptoKey; readonly publicJwk: JWK; readonly keyId: string };

export type JobIdentity = {
  readonly repository: Repository;
  readonly run: WorkflowRun;
  readonly job: WorkflowJob;
  readonly workflowName: string;
  readonly environment: string | undefined;
};

type Uploader = { readonly repository: Repository; readonly run: WorkflowRun; readonly job: WorkflowJob };

type Upload = {
  readonly token: string;
  readonly name: string;
  /** By block id, until the list of blocks makes a file of them. */
  readonly blocks: Map<string, Buffer>;
  content: Buffer | null;
};

export type LiveRun = {
  readonly repository: Repository;
  readonly run: WorkflowRun;
  /** Settles when the attempt is over and its last webhook is queued. */
  done: Promise<void>;
  /** Aborted when nothing may go on: force-cancel, a lost runner, the end of the sandbox. */
  readonly force: AbortController;
  /** Leaders of process groups that steps of this run started and that are not gone. */
  readonly processGroups: Set<number>;
  /** How the machine under the run died, if it did. */
  lost: LostRunner | null;
  /** Aborted when GitHub notices that the runner is lost. */
  readonly lossNoticed: AbortController;
};

/** "reported": the run fails at once. "silent": it stays in progress until `reportLostRun`, or a cancel. */
export type LostRunner = "reported" | "silent";

type WaitingRun = { readonly runId: number; readonly admit: () => void };

/** One runtime belongs to one sandbox: the map only ties the two together and holds nothing alive. */
const runtimes = new WeakMap<SandboxContext, ActionsRuntime>();

export function actionsRuntimeOf(context: SandboxContext): ActionsRuntime {
  const known = runtimes.get(context);
  if (known !== undefined) return known;
  let signingKey: Promise<SigningKey> | undefined;
  const runtime: ActionsRuntime = {
    identities: new Map(),
    uploaders: new Map(),
    uploads: new Map(),
    liveRuns: new Map(),
    concurrencyGroups: new Map(),
    signingKey: () => (signingKey ??= makeSigningKey(context.newGuid())),
  };
  runtimes.set(context, runtime);
  return runtime;
}

/** A job's ACTIONS_RUNTIME_TOKEN: a JWT that names run and job as the service for results knows them. */
export function runtimeTokenOf(run: WorkflowRun, job: WorkflowJob, signature: string): string {
  const { workflow_run_backend_id: runId, workflow_job_run_backend_id: jobId } = backendIdsOf(run, job);
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const scp = `Actions.GenericRead:0 Actions.Results:${runId}:${jobId}`;
  return `${encode({ typ: "JWT", alg: "RS256" })}.${encode({ scp })}.${signature}`;
}

export function backendIdsOf(run: WorkflowRun, job: WorkflowJob) {
  return {
    workflow_run_backend_id: `00000000-0000-4000-8000-${String(run.id).padStart(12, "0")}`,
    workflow_job_run_backend_id: `00000000-0000-5000-8000-${String(job.id).padStart(12, "0")}`,
  };
}

/** "owner/repo/.github/workflows/x.yml@refs/heads/main". */
export function workflowRefOf(repository: Repository, run: WorkflowRun): string {
  return `${repository.owner.login}/${repository.name}/${run.workflowPath}@${run.ref}`;
}

async function makeSigningKey(keyId: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { modulusLength: 2048 });
  return { privateKey, publicJwk: await exportJWK(publicKey), keyId };
}
