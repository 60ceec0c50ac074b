import { Webhooks } from "@octokit/webhooks";
import path from "node:path";
import type { Config } from "./control/config.ts";
import { startEngine, type Engine } from "./control/engine.ts";
import type { Clock, Log, NewId, Playbooks } from "./control/ports.ts";
import { openSession, takeEvents, takeOutcome, takeStep, type ServingRunner } from "./control/serve-runner.ts";
import type { Processing } from "./control/process-message.ts";
import { defaultPolicy } from "./core/decide.ts";
import { createGitHub } from "./github/client.ts";
import { freezeText } from "./github/issue-text.ts";
import { translateWebhook } from "./github/webhook-to-command.ts";
import { loadPlaybooks } from "./guide/load-playbook.ts";
import { playbookFromJson, playbookToJson } from "./guide/playbook-json.ts";
import { httpApp, listen } from "./http/server.ts";
import { verifyRunnerWith } from "./http/verify-runner.ts";
import { audienceOf } from "./protocol/runner.ts";
import { openStore } from "./store/open-store.ts";
import { changesetFindings } from "./verify/changeset-findings.ts";
import { verifyPhase } from "./verify/verify-phase.ts";

const githubTimeoutMs = 30_000;

/** Of the ten seconds that a stop may take, what is left for closing the server and the store. */
const drainMs = 8_000;

const guideFolder = path.join(import.meta.dirname, "..", "guide");

/** What a program that runs the app gives it: time, ids, and where to write. */
export interface Surroundings {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
}

export interface RunningApp {
  /** Where it listens; of interest where the port was left to the system. */
  readonly port: number;
  readonly engine: Engine;
  /** Takes no new work, lets what is under way end or hands it back, and closes. */
  stop(): Promise<void>;
}

/** Wires store, GitHub, engine and server. Throws where one of them cannot start; nothing is left behind then. */
export async function startApp(config: Config, { clock, newId, log }: Surroundings): Promise<RunningApp> {
  const playbooks = await readPlaybooks();
  const store = await openStore({ dataDir: config.dataDir, now: () => clock.now(), newId });
  try {
    const github = createGitHub({
      appId: config.appId,
      privateKey: config.privateKey,
      apiUrl: config.githubApiUrl,
      webUrl: config.githubWebUrl,
      actionRef: config.actionRef,
      appUrl: config.publicUrl,
      writeIntervalMs: config.githubWriteIntervalMs,
      timeoutMs: githubTimeoutMs,
      log,
      clock,
    });
    let engine: Engine | null = null;
    const working: ServingRunner & Processing = {
      store,
      clock,
      newId,
      log,
      github,
      playbooks,
      policy: defaultPolicy,
      verifier: { verifyPhase, changesetFindings },
      model: config.model,
      language: config.language,
      taskBudgetUsd: config.taskBudgetUsd,
      webUrl: config.githubWebUrl,
      translate: translateWebhook,
      freeze: freezeText,
      verifyRunner: verifyRunnerWith({ issuer: config.oidcIssuer, audience: audienceOf(config.publicUrl), clock }),
      wake: () => engine?.wake(),
    };
    let ready = false;
    const app = httpApp({
      store,
      clock,
      log,
      webhooks: new Webhooks({ secret: config.webhookSecret }),
      wake: working.wake,
      ready: () => ready,
      runner: {
        openSession: (request) => openSession(working, request),
        takeEvents: (token, request) => takeEvents(working, token, request),
        takeStep: (token, request) => takeStep(working, token, request),
        takeOutcome: (token, request) => takeOutcome(working, token, request),
      },
    });
    const server = await listen(app, config.host, config.port);
    const running = startEngine(working);
    engine = running;
    ready = true;
    return {
      port: server.port,
      engine: running,
      async stop() {
        ready = false;
        // The server goes last but one: a runner that reports now gets its answer or is told to try again.
        await running.stop(drainMs);
        await server.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function readPlaybooks(): Promise<Playbooks> {
  const loaded = await loadPlaybooks(guideFolder);
  return {
    byLabel(label) {
      const found = loaded.get(label);
      return found === undefined ? null : { ...found, json: playbookToJson(found.playbook) };
    },
    fromJson: playbookFromJson,
  };
}
