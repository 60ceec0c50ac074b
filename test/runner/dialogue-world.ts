/** Steps with the real CLI and a scripted model. Each run is a machine of its own: nothing is left of the one before but what is carried over. */

import { randomUUID } from "node:crypto";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Step } from "../../src/core/playbook.ts";
import type { Job, JobDependency, LiveEvent, PersonAnswer, RunnerRequest } from "../../src/protocol/runner.ts";
import { createRunPlace } from "../../src/runner/agent-place.ts";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import { claudeEnvironment } from "../../src/runner/claude-command.ts";
import { startConversation, type Conversation } from "../../src/runner/conversation.ts";
import { startDialogueServer } from "../../src/runner/dialogue-server.ts";
import type { StepResume, Told } from "../../src/runner/dialogue.ts";
import { feedbackOf } from "../../src/runner/feedback.ts";
import { serversOf } from "../../src/runner/mcp-servers.ts";
import { startModelGateway } from "../../src/runner/model-gateway.ts";
import { systemPrompt } from "../../src/runner/prompt.ts";
import { runStep, type StepEnd } from "../../src/runner/run-step.ts";
import { prepareWorkspace } from "../../src/runner/workspace.ts";
import { changesetFindings } from "../../src/verify/changeset-findings.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { startModelServer, type Decide } from "../model/model-server.ts";
import { aJob, aStep, makeFolder, makeRepository, secrets } from "./run-world.ts";

const executable = await claudeBinaryPath();

interface RunOfStep {
  /** What a checkpoint would carry over: where the step was, and the machine whose transcript is there. */
  readonly from?: { readonly resume: StepResume; readonly machine: Machine | null };
  readonly answers?: readonly PersonAnswer[];
  readonly dependencies?: readonly JobDependency[];
  /** Values that the job holds, by their names. */
  readonly held?: Readonly<Record<string, string>>;
  readonly told?: readonly Told[];
  readonly step?: string;
  readonly sliceMs?: number;
  readonly requestsMax?: number;
  readonly signal?: AbortSignal;
  /** Called with everything that people see of the agent's work. */
  readonly onSay?: (event: LiveEvent) => void;
  /** What people said of tools outside the step's list; where the world's job asks for them. */
  readonly permissions?: Job["permissions"];
  /** The hook is where nobody listens. */
  readonly hookIsGone?: boolean;
}

interface Machine {
  readonly configDir: string;
  readonly sessionId: string;
}

export interface RunEnded {
  readonly end: StepEnd;
  readonly requests: readonly RunnerRequest[];
  /** Requests to the model in this run, oldest first. */
  readonly asked: readonly ModelRequest[];
  readonly state: ReturnType<Conversation["state"]>;
  readonly machine: Machine;
  readonly workTree: string;
  readonly said: readonly LiveEvent[];
}

export interface StepWorld {
  run(options?: RunOfStep): Promise<RunEnded>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function stepWorld(
  decide: Decide,
  given: Partial<Omit<Job, "phase">> & { readonly steps?: readonly Step[] } = {},
): Promise<StepWorld> {
  const folder = await makeFolder();
  const repository = await makeRepository(folder.path, { "README.md": "A product\n" });
  const jobGiven = aJob({ steps: [aStep({ slug: "01_idea" })], ...given, headSha: repository.sha });
  const model = await startModelServer({ decide, credentials: [secrets.modelKey] });
  let runs = 0;

  return {
    run,
    async [Symbol.asyncDispose]() {
      await model.stop();
      await folder[Symbol.asyncDispose]();
    },
  };

  async function run(options: RunOfStep = {}): Promise<RunEnded> {
    runs += 1;
    const { permissions } = options;
    const job = permissions === undefined ? jobGiven : { ...jobGiven, permissions };
    const path = process.env["PATH"] ?? "/usr/bin:/bin";
    const place = await createRunPlace({ id: randomUUID().slice(0, 8), runnerTemp: folder.path });
    const runner = { uid: process.getuid?.() ?? 1, pid: process.pid, platform: process.platform };
    const agent = await createAgentUser({ id: "00000000", home: place.home, runner, path, unsafeSameUser: true });
    const repositoryUrl = repository.url;
    const workspace = await prepareWorkspace({ ...place, ...job, path, repositoryUrl, token: "" });
    const systemPromptFile = join(place.sharedDir, "system-prompt.md");
    await writeFile(systemPromptFile, systemPrompt(job, null));
    const machine = options.from?.machine ?? null;
    if (machine !== null) await carryOver(machine, place.configDir);
    const token = randomUUID();
    const gateway = await startModelGateway({
      upstream: new URL(model.url),
      credential: { kind: "api-key", value: secrets.modelKey },
      token,
      budgetUsd: 5,
      now: () => new Date(),
    });
    const server = await startDialogueServer({ token: randomUUID(), watchesTools: job.permissions !== undefined });
    const settings = options.hookIsGone === true ? withoutHook(server.settings) : server.settings;
    const requests: RunnerRequest[] = [];
    const said: LiveEvent[] = [];
    const before = model.requests.length;
    const signal = options.signal ?? new AbortController().signal;
    const conversation = startConversation({
      agent,
      executable,
      env: {
        ...claudeEnvironment({
          ...place,
          path,
          gatewayUrl: gateway.url,
          gatewayToken: token,
          credentialKind: "api-key",
          maxTokens: null,
          egress: {},
        }),
        // The pauses between tries are the CLI's own, and real.
        CLAUDE_CODE_MAX_RETRIES: "0",
      },
      cwd: place.workTree,
      noOutputMs: 60_000,
      graceMs: 5_000,
      signal,
      gateway: () => gateway.snapshot(),
      redact: (text) => text,
      model: job.model,
      systemPromptFile,
      session: { id: machine?.sessionId ?? randomUUID(), resume: machine !== null },
      dialogue: { ...server, settings },
      newId: randomUUID,
      wait: async () => await Promise.resolve(),
      now: () => new Date(),
      onRetry: ({ kind }) => said.push({ kind: "log", level: "warn", text: `again after ${kind}` }),
    });
    const held = options.held ?? {};
    const dependencies = options.dependencies ?? [];
    const step = job.phase.steps.find(({ slug }) => slug === (options.step ?? job.stepsToDo[0]));
    if (step === undefined) throw new Error("the job has no such step");
    const lent = new Set(
      dependencies.filter(({ steps }) => steps.includes(step.slug)).map(({ name }) => name).filter((name) => name in held),
    ); // prettier-ignore
    const run = runs;
    const ended = runStep({
      job,
      step,
      findings: [],
      feedback: feedbackOf(job, step.slug),
      workspace,
      agent,
      conversation,
      checks: { checkStep, verifyPhase, changesetFindings },
      boundary: "boundary-7c1d",
      now: () => new Date(),
      money: () => ({ spentUsd: 0, budgetUsd: 5 }),
      signal,
      note: () => {},
      say: (event) => {
        said.push(event);
        options.onSay?.(event);
      },
      redact: (text) => text,
      dialogue: server,
      requests: {
        async send(request) {
          const id = `run-${run}/${requests.length + 1}`;
          requests.push({ ...request, id });
          return await Promise.resolve(id);
        },
        left: () => (options.requestsMax ?? 20) - requests.length,
      },
      resolved: () => ({ answers: options.answers ?? [], dependencies }),
      told: options.told ?? [],
      grants: {
        names: Object.keys(held),
        environmentOf: () => Object.fromEntries(Object.entries(held).filter(([name]) => lent.has(name))),
        lend: (_, name) => {
          if (name in held) lent.add(name);
          return name in held;
        },
      },
      servers: serversOf({ ...job, dependencies: [...dependencies] }, { names: Object.keys(held) }),
      resume: options.from?.resume ?? null,
      sliceEndsAt: Date.now() + (options.sliceMs ?? 600_000),
    });
    const [settled] = await Promise.allSettled([ended]);
    await Promise.all([gateway.stop(), server.stop()]);
    const end = settled.status === "fulfilled" ? settled.value : await ended;
    const state = conversation.state();
    return {
      end,
      requests,
      asked: model.requests.slice(before).flatMap(({ request }) => request ?? []),
      state,
      machine: { configDir: place.configDir, sessionId: state.sessionId },
      workTree: place.workTree,
      said,
    };
  }
}

/** The transcript alone, as a checkpoint does. */
async function carryOver({ configDir }: Machine, to: string): Promise<void> {
  const projects = join(configDir, "projects");
  for (const slug of await readdir(projects)) {
    await mkdir(join(to, "projects", slug), { recursive: true });
    for (const file of await readdir(join(projects, slug))) {
      if (file.endsWith(".jsonl")) await cp(join(projects, slug, file), join(to, "projects", slug, file));
    }
  }
}

function withoutHook(settings: string): string {
  return settings.replace(/http:\/\/127\.0\.0\.1:\d+/, "http://127.0.0.1:1");
}

export function resumeOf({ end }: RunEnded, leftOut: readonly string[] = []): StepResume {
  if (end.kind !== "ended") throw new Error(`the step ended as ${end.kind}, and there is nothing to go on from`);
  return { pending: end.pending, round: end.round, leftOut };
}

export function answerOf(request: RunnerRequest | undefined, text: string, index = 0): PersonAnswer {
  if (request?.kind !== "questions") throw new Error("that was no question");
  const question = request.questions[index]?.question ?? "";
  return { number: index + 1, requestId: request.id, index, question, text, by: "owner", at: "2026-11-21T00:00:00Z" };
}
