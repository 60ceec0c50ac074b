/** The shell with its engine on a real store; GitHub is in memory, and the runner hands over at once. */
import { randomBytes, randomUUID } from "node:crypto";
import { createCheckpointSeal } from "../../src/control/checkpoints.ts";
import { createSeal } from "../../src/control/seal.ts";
import path from "node:path";
import { startEngine, type Engine, type Working } from "../../src/control/engine.ts";
import type { Intent } from "../../src/control/intents.ts";
import type { Playbooks } from "../../src/control/ports/configuration.ts";
import type { Store } from "../../src/control/ports/store.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import { takeOutcome, takeStep } from "../../src/control/serve-runner/deliveries.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import type { ServingRunner } from "../../src/control/serve-runner/session.ts";
import { protocolVersion } from "../../src/protocol/runner.ts";
import { defaultPolicy } from "../../src/core/decide.ts";
import { noInput } from "../../src/core/task-input.ts";
import type { Repository } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { currentPhaseOf, liveRunOf, type ExistingTask } from "../../src/core/state.ts";
import { openPlaybooks } from "../../src/guide/open-playbooks.ts";
import { FakeGitHub } from "../support/fake-github.ts";

export const label = "create_app";

/** Messages of one repository go one after the other; several repositories use the app as it is meant to be used. */
const repositories = 8;
const spent = {
  usage: { inputTokens: 1_000, outputTokens: 400, cacheCreationInputTokens: 0, cacheReadInputTokens: 2_000 },
  costUsd: 0.02,
};

export interface TaskWorld {
  /** Labels so many issues and plays runner and reviewer until all their tasks are completed. */
  complete(count: number): Promise<readonly ExistingTask[]>;
  /** Labels one issue. Resolves when nothing is due any more: its run is dispatched. */
  label(): Promise<void>;
  stop(): Promise<void>;
}

/** `others`: further replicas, each with a store of its own on the same database. */
export async function startTaskWorld(store: Store, others: readonly Store[] = []): Promise<TaskWorld> {
  const github = new FakeGitHub();
  github.permissions.set("owner", "write");
  const complaints: string[] = [];
  const complain = (fields: object, message: string) => {
    const error = "err" in fields && fields.err instanceof Error ? `: ${fields.err.message}` : "";
    complaints.push(`${message}${error}`);
  };
  const log: Log = { debug: () => undefined, info: () => undefined, warn: complain, error: complain };
  let engines: readonly Engine[] = [];
  const wake = () => engines.forEach((engine) => engine.wake());
  const working: ServingRunner & Working = {
    store,
    clock: { now: () => new Date() },
    timer: (ms, then) => {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
    newId: randomUUID,
    log,
    github: github.client(),
    playbooks: await builtInPlaybooks(),
    policy: defaultPolicy,
    examine: async () => [],
    verifier: {
      verifyPhase: async () => ({ passed: true, checks: [], findings: [], notes: [] }),
      changesetFindings: async () => [],
      findCredential: async () => null,
      stepOfPath: () => null,
      stepFor: () => null,
      changedItems: async () => [],
      citing: async () => [],
      isDefinitionPath: () => false,
      compiledFrom: () => null,
      isActiveSpec: () => false,
      specFaults: async () => ({ faults: [], looked: 0 }),
      specAfter: () => null,
      specToStart: () => null,
    },
    model: "sonnet",
    language: "en",
    taskBudgetUsd: 25,
    phaseBudgetUsd: null,
    dayBudgetUsd: 10_000,
    network: "open",
    mcpHosts: [],
    prices: [],
    onboardingVersion: "v1",
    seal: createCheckpointSeal([{ id: "bench", key: randomBytes(32) }]),
    appSeal: createSeal([{ id: "bench", key: randomBytes(32) }]),
    liveShownAt: new Map(),
    webUrl: "https://github.test",
    translate: (_event, payload) => payload as Intent,
    readForm: () => ({ input: noInput, faults: [] }),
    freeze: (raw) => ({ text: raw, hiddenRemoved: 0 }),
    verifyRunner: async (token) => JSON.parse(token),
    wake,
  };
  engines = [store, ...others].map((each) => startEngine({ ...working, store: each }));
  /** One may have found nothing before another made something due. */
  const idle = async () => {
    for (let round = 0; round < engines.length; round += 1) for (const engine of engines) await engine.idle();
  };
  let issues = 0;

  async function labelIssues(count: number) {
    const places = Array.from({ length: count }, () => ({
      issueNumber: (issues += 1),
      repository: repositoryOf(issues),
    }));
    for (const { issueNumber, repository } of places) {
      github.openIssue(issueNumber, { labels: [label] });
      const issue = { title: "A link shortener", body: "Paste a long URL, get a short one." };
      await send(store, repository, { kind: "label-added", repository, issueNumber, label, sender: "owner", issue });
    }
    wake();
    return places;
  }

  return {
    async label() {
      await labelIssues(1);
      await idle();
    },
    async complete(count) {
      const places = await labelIssues(count);
      for (;;) {
        await idle();
        const tasks = await Promise.all(
          places.map(({ issueNumber, repository }) => taskOf(store, repository, issueNumber)),
        );
        if (tasks.every(({ status }) => status === "completed")) return tasks;
        const moved = await Promise.all(tasks.map((task) => moveOn(working, github, task)));
        if (!moved.includes(true)) {
          const where = tasks.map(({ status, blockedBy }) => blockedBy?.kind ?? status).join(", ");
          throw new Error(`completing tasks: they stand still as ${where}; ${complaints.join("; ")}`);
        }
        wake();
      }
    },
    async stop() {
      for (const engine of engines) await engine.stop(1_000);
      for (const each of [store, ...others]) await each.close();
    },
  };
}

/** What the outside does next for this task: the job of its run, or the merge of its gate. */
async function moveOn(working: ServingRunner, github: FakeGitHub, task: ExistingTask): Promise<boolean> {
  const run = liveRunOf(task);
  const gate = currentPhaseOf(task)?.gate ?? null;
  if (run !== null && run.dispatched !== null && !run.started) {
    await playRunner(working, task, run.runId, run.dispatched.workflowRunId);
    return true;
  }
  if (task.status === "review" && gate !== null) {
    github.merge(gate.pullRequest, "owner");
    const { repository } = task;
    const { pullRequest } = gate;
    await send(working.store, repository, { kind: "gate-changed", repository, pullRequest, sender: "owner" });
    return true;
  }
  return false;
}

async function playRunner(
  working: ServingRunner,
  task: ExistingTask,
  runId: string,
  workflowRunId: number,
): Promise<void> {
  const identity = {
    tokenId: randomUUID(),
    expiresAt: new Date(Date.now() + 600_000).toISOString(),
    repositoryId: task.repository.repositoryId,
    workflowRunId,
    runAttempt: 1,
    eventName: "workflow_dispatch",
    workflowRef: "octo/links/.github/workflows/phasegate.yml@refs/heads/main",
    ref: "refs/heads/main",
  };
  const { runToken, job } = await openSession(working, {
    protocol: protocolVersion,
    runId,
    oidcToken: JSON.stringify(identity),
    account: null,
  });
  for (const step of job.stepsToDo) {
    const contentBase64 = Buffer.from(`${step} of ${job.phase.name}\n`.repeat(40)).toString("base64");
    const path = `docs/${job.phase.name}/${step}.md`;
    const changes = [{ kind: "written" as const, path, mode: "100644" as const, contentBase64 }];
    await takeStep(working, runToken, { step, changes, spent, findings: [], answers: [], told: [] });
  }
  await takeOutcome(working, runToken, {
    outcome: { kind: "completed" },
    report: null,
    spent: { ...spent, costUsd: 0 },
  });
}

async function taskOf(store: Store, repository: Repository, issueNumber: number): Promise<ExistingTask> {
  const [taskId] = await store.tasksOfIssue(repository.repositoryId, issueNumber);
  const state = taskId === undefined ? null : stateFrom(await store.readEvents(taskId));
  if (state === null || state.status === "absent") throw new Error(`issue ${issueNumber} has no task`);
  return state;
}

async function send(store: Store, repository: Repository, intent: Intent): Promise<void> {
  await store.takeIn({
    key: `webhook:${randomUUID()}`,
    kind: "webhook",
    lane: `repository:${repository.repositoryId}`,
    body: JSON.stringify({ event: "bench", payload: intent }),
    receivedAt: new Date().toISOString(),
  });
}

function repositoryOf(issueNumber: number): Repository {
  const repositoryId = 1 + (issueNumber % repositories);
  return { installationId: 1, repositoryId, owner: "octo", name: `links-${repositoryId}` };
}

function builtInPlaybooks(): Promise<Playbooks> {
  const folder = path.join(import.meta.dirname, "..", "..", "guide");
  return openPlaybooks(folder, { phaseBudgetUsd: null, taskBudgetUsd: null });
}
