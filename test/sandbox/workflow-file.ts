import { parse } from "yaml";
import { z } from "zod";
import type { Level, Permissions } from "./state.ts";

/** What the sandbox's runner understands of a workflow file; other keys are ignored. */
export type WorkflowFile = {
  readonly name: string | undefined;
  readonly runName: string | undefined;
  /** Undefined without a `workflow_dispatch` trigger. */
  readonly dispatch: Readonly<Record<string, DispatchInput>> | undefined;
  /** Undefined without such a trigger. */
  readonly push: TriggerFilter | undefined;
  readonly pullRequest: TriggerFilter | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly concurrency: Concurrency | undefined;
  readonly jobs: readonly JobDefinition[];
};

/** Null where the trigger does not say. */
export type TriggerFilter = {
  readonly branches: readonly string[] | null;
  readonly branchesIgnore: readonly string[] | null;
  readonly tags: readonly string[] | null;
  readonly tagsIgnore: readonly string[] | null;
  readonly paths: readonly string[] | null;
  readonly pathsIgnore: readonly string[] | null;
  readonly types: readonly string[] | null;
};

type DispatchInput = {
  readonly required: boolean;
  readonly type: string;
  readonly default: string | undefined;
  readonly options: readonly string[];
};

type Concurrency = {
  readonly group: string;
  readonly cancelInProgress: boolean;
  /** `queue: max`: every pending run waits. Otherwise a newer pending run cancels the older one. */
  readonly keepsPending: boolean;
};

export type JobDefinition = {
  readonly key: string;
  readonly name: string | undefined;
  readonly needs: readonly string[];
  readonly runsOn: readonly string[];
  readonly condition: string | undefined;
  readonly environment: string | undefined;
  readonly timeoutMinutes: number;
  readonly permissions: JobPermissions;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly StepDefinition[];
};

type JobPermissions = { readonly token: Permissions; readonly idToken: boolean };

export type StepDefinition = {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly condition: string | undefined;
  readonly uses: string | undefined;
  readonly run: string | undefined;
  readonly with: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly continueOnError: boolean;
};

/** GitHub's default when a job says nothing. */
const TIMEOUT_MINUTES_DEFAULT = 360;
/** All that a job token can carry, in GitHub's spelling for workflows (dashes). */
const TOKEN_SCOPES =
  `actions attestations checks contents deployments discussions issues models packages pages pull-requests
  security-events statuses`.split(/\s+/);
/** The "restricted" default of new repositories, for a workflow without `permissions`. */
const DEFAULT_PERMISSIONS: JobPermissions = { token: { contents: "read", packages: "read" }, idToken: false };

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => String(value ?? ""));
const Scalars = z.record(z.string(), Scalar);
const Names = z.union([Scalar.transform((name) => [name]), z.array(Scalar)]);
const PermissionsText = z.union([z.literal("read-all"), z.literal("write-all"), Scalars]);
const Step = z.object({
  id: z.string().optional(),
  name: Scalar.optional(),
  if: Scalar.optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: Scalars.nullish(),
  env: Scalars.nullish(),
  "continue-on-error": z.boolean().optional(),
});
const Job = z.object({
  name: Scalar.optional(),
  needs: Names.optional(),
  "runs-on": z.union([Names, z.object({ group: z.string().optional(), labels: Names.optional() })]),
  if: Scalar.optional(),
  environment: z.union([z.string(), z.object({ name: z.string() })]).optional(),
  "timeout-minutes": z.number().positive().optional(),
  permissions: PermissionsText.nullish(),
  env: Scalars.nullish(),
  steps: z.array(Step).min(1),
});
const Input = z.object({
  required: z.boolean().optional(),
  type: z.string().optional(),
  default: Scalar.optional(),
  options: z.array(Scalar).optional(),
});
const Dispatch = z.object({ inputs: z.record(z.string(), Input.nullable()).nullish() }).nullable();
const Trigger = z
  .object({
    branches: Names.optional(),
    "branches-ignore": Names.optional(),
    tags: Names.optional(),
    "tags-ignore": Names.optional(),
    paths: Names.optional(),
    "paths-ignore": Names.optional(),
    types: Names.optional(),
  })
  .nullable();
const File = z.object({
  name: Scalar.optional(),
  "run-name": Scalar.optional(),
  on: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]),
  permissions: PermissionsText.nullish(),
  env: Scalars.nullish(),
  concurrency: z
    .union([
      z.string(),
      z.object({ group: z.string(), "cancel-in-progress": z.boolean().optional(), queue: z.string().optional() }),
    ])
    .optional(),
  jobs: z.record(z.string(), Job),
});

/** Throws with the file's path and the fault, as GitHub marks such a file invalid. */
export function parseWorkflowFile(path: string, text: string): WorkflowFile {
  let file: z.infer<typeof File>;
  try {
    file = File.parse(parse(text));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new Error(`parsing workflow "${path}": ${reason}`, { cause });
  }
  const permissions = file.permissions === undefined ? DEFAULT_PERMISSIONS : permissionsFrom(file.permissions);
  return {
    name: file.name,
    runName: file["run-name"],
    dispatch: dispatchFrom(file.on),
    push: triggerFrom(file.on, "push"),
    pullRequest: triggerFrom(file.on, "pull_request"),
    env: file.env ?? {},
    concurrency: concurrencyFrom(file.concurrency),
    jobs: Object.entries(file.jobs).map(([key, job]) => jobFrom(key, job, permissions)),
  };
}

function dispatchFrom(on: z.infer<typeof File>["on"]): WorkflowFile["dispatch"] {
  if (typeof on === "string") return on === "workflow_dispatch" ? {} : undefined;
  if (Array.isArray(on)) return on.includes("workflow_dispatch") ? {} : undefined;
  if (!("workflow_dispatch" in on)) return undefined;
  const inputs = Dispatch.parse(on["workflow_dispatch"])?.inputs ?? {};
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [
      name,
      {
        required: input?.required ?? false,
        type: input?.type ?? "string",
        default: input?.default,
        options: input?.options ?? [],
      },
    ]),
  );
}

function triggerFrom(on: z.infer<typeof File>["on"], event: string): TriggerFilter | undefined {
  const names = typeof on === "string" ? [on] : Array.isArray(on) ? on : Object.keys(on);
  if (!names.includes(event)) return undefined;
  const filter = typeof on === "string" || Array.isArray(on) ? null : Trigger.parse(on[event] ?? null);
  return {
    branches: filter?.branches ?? null,
    branchesIgnore: filter?.["branches-ignore"] ?? null,
    tags: filter?.tags ?? null,
    tagsIgnore: filter?.["tags-ignore"] ?? null,
    paths: filter?.paths ?? null,
    pathsIgnore: filter?.["paths-ignore"] ?? null,
    types: filter?.types ?? null,
  };
}

function concurrencyFrom(concurrency: z.infer<typeof File>["concurrency"]): Concurrency | undefined {
  if (concurrency === undefined) return undefined;
  if (typeof concurrency === "string") return { group: concurrency, cancelInProgress: false, keepsPending: false };
  return {
    group: concurrency.group,
    cancelInProgress: concurrency["cancel-in-progress"] ?? false,
    keepsPending: concurrency.queue === "max",
  };
}

function jobFrom(key: string, job: z.infer<typeof Job>, inherited: JobPermissions): JobDefinition {
  const runsOn = job["runs-on"];
  return {
    key,
    name: job.name,
    needs: job.needs ?? [],
    runsOn: Array.isArray(runsOn) ? runsOn : (runsOn.labels ?? []),
    condition: job.if,
    environment: typeof job.environment === "object" ? job.environment.name : job.environment,
    timeoutMinutes: job["timeout-minutes"] ?? TIMEOUT_MINUTES_DEFAULT,
    permissions: job.permissions === undefined ? inherited : permissionsFrom(job.permissions),
    env: job.env ?? {},
    steps: job.steps.map((step) => ({
      id: step.id,
      name: step.name,
      condition: step.if,
      uses: step.uses,
      run: step.run,
      with: step.with ?? {},
      env: step.env ?? {},
      continueOnError: step["continue-on-error"] ?? false,
    })),
  };
}

/** Naming one scope sets every other one to none. */
function permissionsFrom(text: z.infer<typeof PermissionsText> | null): JobPermissions {
  const all = (level: Level): JobPermissions => ({
    token: Object.fromEntries(TOKEN_SCOPES.map((scope) => [scope.replaceAll("-", "_"), level])),
    idToken: level === "write",
  });
  if (text === "read-all") return all("read");
  if (text === "write-all") return all("write");
  const token: Permissions = {};
  for (const [scope, level] of Object.entries(text ?? {})) {
    if (scope === "id-token") continue;
    if (!TOKEN_SCOPES.includes(scope)) throw new Error(`unexpected permission "${scope}"`);
    if (level === "read" || level === "write") token[scope.replaceAll("-", "_")] = level;
    else if (level !== "none") throw new Error(`unexpected level "${level}" of permission "${scope}"`);
  }
  return { token, idToken: text?.["id-token"] === "write" };
}
