import { randomUUID } from "node:crypto";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import { mkdir, mkdtemp, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Phase, Step } from "../../src/core/playbook.ts";
import { Job } from "../../src/protocol/runner.ts";
import type { RunOptions } from "../../src/runner/run-phase.ts";
import { changesetFindings } from "../../src/verify/changeset-findings.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { plainPhase, plainStep } from "../support/playbook-parts.ts";

/** The pinned CLI, as npm installed it. */
const claudePath = await claudeBinaryPath();

export const canHaveSecondUser = process.platform === "linux" && process.getuid?.() === 0;

/** A folder that other users can enter, as a runner's are. */
export async function makeFolder(): Promise<{ readonly path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "phasegate-test-"));
  await chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A bare repository `<root>/owner/product.git` with one commit. A path that ends in `!` is executable. */
export async function makeRepository(
  root: string,
  files: Readonly<Record<string, string>>,
): Promise<{
  readonly url: string;
  readonly sha: string;
  commit(files: Readonly<Record<string, string>>): Promise<string>;
}> {
  const bare = join(root, "owner", "product.git");
  const clone = join(root, "clone");
  const git = async (args: readonly string[], cwd: string): Promise<string> => {
    const identity = {
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.org",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.org",
    };
    const env = { ...identity, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
    return (await execa("git", args, { cwd, env })).stdout.trim();
  };
  const commit = async (files: Readonly<Record<string, string>>): Promise<string> => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(clone, path)), { recursive: true });
      await writeFile(join(clone, path), text);
    }
    await git(["add", "--all", "--force"], clone);
    await git(["commit", "--quiet", "--allow-empty", "-m", "state"], clone);
    await git(["push", "--quiet", bare, "HEAD:main"], clone);
    return await git(["rev-parse", "HEAD"], clone);
  };
  await mkdir(bare, { recursive: true });
  await mkdir(clone);
  await git(["init", "--quiet", "--bare", "--initial-branch=main"], bare);
  await git(["config", "uploadpack.allowAnySHA1InWant", "true"], bare);
  await git(["init", "--quiet", "--initial-branch=main"], clone);
  return { url: `file://${bare}`, sha: await commit(files), commit };
}

export function aStep(step: Partial<Step> & Pick<Step, "slug">): Step {
  return {
    ...plainStep,
    title: step.slug,
    guide: `Write the document of ${step.slug}.`,
    outputs: [`docs/${step.slug}.md`],
    sections: ["Problem"],
    minCharacters: 60,
    allowedPaths: ["docs/**"],
    tools: ["Read", "Write", "Edit", "Glob", "Grep", "Bash"],
    ...step,
  };
}

export function aJob(
  job: Partial<Omit<Job, "phase">> & {
    readonly headSha: string;
    readonly steps: readonly Step[];
    readonly phase?: Partial<Omit<Phase, "steps">>;
  },
): Job {
  const { steps, phase, ...rest } = job;
  // Parsed as the runner would: a job that the protocol refuses is no job.
  return Job.parse({
    conversation: null,
    runId: "run-1",
    taskId: "task-1",
    attempt: 1,
    repository: { owner: "owner", name: "product" },
    issueNumber: 7,
    phase: {
      ...plainPhase,
      number: 1,
      name: "planning",
      title: "Planning",
      allowedPaths: ["docs/**"],
      criteria: [
        { id: "outputs-exist", text: "It is there.", kind: "deterministic", check: "outputs-exist", severity: "must" },
      ],
      verifierGuide: "",
      testCommand: null,
      mayBeSkipped: false,
      budgetUsd: 5,
      steps,
      ...phase,
    },
    stepsToDo: steps.map(({ slug }) => slug),
    baseSha: job.headSha,
    prompt: { title: "A link shortener", text: "Make long links short." },
    findings: [],
    feedback: [],
    answers: [],
    questionRounds: {},
    dependencies: [],
    checkpoint: null,
    prices: [],
    guides: { common: "", integrations: [] },
    maxTokens: null,
    roles: [],
    model: "claude-sonnet-5-5",
    language: "en",
    budgetUsd: 5,
    verification: { budgetUsd: 1, minutes: 1, testMinutes: 1 },
    isRepeated: false,
    decisions: [],
    merge: null,
    limits: { moreRoundsMax: 2, stepMinutes: 2, noOutputMinutes: 1, heartbeatSeconds: 30, sliceMinutes: 50 },
    ...rest,
  });
}

export const secrets = {
  modelKey: "sk-ant-real-model-key-0123456789",
  repositoryToken: "ghs_realJobTokenThatOnlyTheFetchMayUse01",
  oidcRequestToken: "oidc-request-token-0123456789abcdef",
} as const;

export function runOptions(
  root: string,
  addresses: { readonly appUrl: string; readonly modelUrl: string },
  log: string[],
): RunOptions {
  return {
    appUrl: addresses.appUrl,
    runId: "run-1",
    getOidcToken: async () => await Promise.resolve("oidc-token"),
    credential: { kind: "api-key", value: secrets.modelKey },
    modelUrl: new URL(addresses.modelUrl),
    claudePath,
    platform: "linux-x64",
    npmEnvironment: {},
    repositoryToken: secrets.repositoryToken,
    serverUrl: `file://${root}`,
    runnerTemp: root,
    path: process.env["PATH"] ?? "/usr/bin:/bin",
    unwritable: [],
    values: new Map(),
    secrets: [secrets.oidcRequestToken],
    unsafeSameUser: !canHaveSecondUser,
    runner: { uid: process.getuid?.() ?? -1, pid: process.pid, platform: process.platform },
    uploadArtifact: null,
    checks: { checkStep, verifyPhase, changesetFindings },
    fetch: globalThis.fetch,
    wait: async (ms, signal) => {
      await sleep(Math.min(ms, 50), undefined, { signal });
    },
    now: () => new Date(),
    newId: randomUUID,
    log: (level, text) => log.push(`${level}: ${text}`),
    hide: () => {},
    signal: new AbortController().signal,
  };
}
