import { Webhooks } from "@octokit/webhooks";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Config } from "./control/config.ts";
import { createCheckpointSeal } from "./control/checkpoints.ts";
import { queueCatchUp } from "./control/catch-up.ts";
import { startEngine, type Engine, type Working } from "./control/engine.ts";
import type { Clock, Log, NewId } from "./control/ports/surroundings.ts";
import { createSeal } from "./control/seal.ts";
import { takeCheckpoint, takeOutcome, takeRequest, takeStep } from "./control/serve-runner/deliveries.ts";
import { takeEvents } from "./control/serve-runner/telemetry.ts";
import { inVersionSpoken } from "./control/serve-runner/older-runners.ts";
import { openSession } from "./control/serve-runner/open-session.ts";
import { readCheckpoint } from "./control/serve-runner/run-checkpoint.ts";
import { sessionOf, type ServingRunner } from "./control/serve-runner/session.ts";
import { examineRepository } from "./doctor/repository-findings.ts";
import { readIssueForm } from "./github/issue-form.ts";
import { freezeText } from "./github/issue-text.ts";
import { translateWebhook } from "./github/webhook-to-command.ts";
import { openPlaybooks } from "./guide/open-playbooks.ts";
import { createLiveStreams } from "./http/live-streams.ts";
import { httpApp, listen } from "./http/server.ts";
import { verifyRunnerWith } from "./http/verify-runner.ts";
import { audienceOf } from "./protocol/runner.ts";
import { readAppRights } from "./setup/app-manifest.ts";
import { openStore } from "./store/open-store.ts";
import { compiledFrom, isDefinitionPath } from "./verify/compile-workflow.ts";
import { isActiveSpec, specAfter, specToStart } from "./verify/spec-commit.ts";
import { specFaults } from "./verify/spec-valid.ts";
import { changesetFindings } from "./verify/changeset-findings.ts";
import { stepFor, stepOfPath } from "./verify/step-of-path.ts";
import { changedItems, citing } from "./verify/changed-items.ts";
import { findCredential } from "./verify/find-credential.ts";
import { verifyPhase } from "./verify/verify-phase.ts";
import { githubOf, policyOf, realTimer } from "./wiring.ts";

/** Of the ten seconds that a stop may take, what is left for closing the server and the store. */
const drainMs = 8_000;

/** For answers that are under way. A runner that sends slowly tries again. */
const closeMs = 1_000;

const appYml = path.join(import.meta.dirname, "..", "app.yml");

const guideFolder = path.join(import.meta.dirname, "..", "guide");

/** The system does not let us listen there. The message says what to do. */
class AddressRefused extends Error {
  override name = "AddressRefused";
}

/** What a program that runs the app gives it: time, ids, and where to write. */
export interface Surroundings {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** Where the playbooks are; those of this repository where absent. */
  readonly guideFolder?: string;
}

export interface RunningApp {
  /** Where it listens; of interest where the port was left to the system. */
  readonly port: number;
  readonly engine: Engine;
  /** Takes no new work, lets what is under way end or hands it back, and closes. */
  stop(): Promise<void>;
}

/** Wires store, GitHub, engine and server. Throws where one of them cannot start; nothing is left behind then. */
export async function startApp(config: Config, surroundings: Surroundings): Promise<RunningApp> {
  const { clock, newId, log } = surroundings;
  const playbooks = await openPlaybooks(surroundings.guideFolder ?? guideFolder, config);
  const rights = readAppRights(readFileSync(appYml, "utf8"));
  const settingsSchema = await readFile(path.join(guideFolder, "settings.schema.json"), "utf8");
  const { dataDir, databaseUrl } = config;
  const store = await openStore({ dataDir, databaseUrl, now: () => clock.now(), newId });
  try {
    const github = githubOf(config, { clock, log, store });
    let engine: Engine | null = null;
    const working: ServingRunner & Working = {
      store,
      clock,
      timer: realTimer,
      newId,
      log,
      github,
      playbooks,
      policy: policyOf(config),
      verifier: {
        verifyPhase,
        changesetFindings,
        stepOfPath,
        stepFor,
        changedItems,
        citing,
        findCredential,
        isDefinitionPath,
        compiledFrom,
        isActiveSpec,
        specFaults,
        specAfter,
        specToStart,
      },
      examine: async ({ owner, name }) =>
        examineRepository(
          {
            api: github.api,
            webUrl: config.githubWebUrl,
            actionRef: config.actionRef,
            publicUrl: config.publicUrl,
            slug: await github.appSlug(),
            rights,
            clock,
            mcpHosts: config.mcpHosts,
            network: config.network,
          },
          owner,
          name,
        ),
      onboardingVersion: github.onboardingVersion,
      seal: createCheckpointSeal(config.checkpointKeys),
      appSeal: createSeal(config.checkpointKeys),
      prices: config.prices,
      mcpHosts: config.mcpHosts,
      liveShownAt: new Map(),
      dayBudgetUsd: config.dayBudgetUsd,
      network: config.network,
      phaseBudgetUsd: config.phaseBudgetUsd,
      model: config.model,
      language: config.language,
      taskBudgetUsd: config.taskBudgetUsd,
      webUrl: config.githubWebUrl,
      translate: (event, payload) => translateWebhook(event, payload, config.appId),
      freeze: freezeText,
      readForm: readIssueForm,
      verifyRunner: verifyRunnerWith({ issuer: config.oidcIssuer, audience: audienceOf(config.publicUrl), clock }),
      wake: () => engine?.wake(),
    };
    let ready = false;
    const live = createLiveStreams({ store, clock, timer: realTimer, log });
    const app = httpApp({
      store,
      live,
      clock,
      log,
      webhooks: new Webhooks({ secret: config.webhookSecret }),
      wake: working.wake,
      github,
      webUrl: config.githubWebUrl,
      trustedProxies: config.trustedProxies,
      settingsSchema,
      ready: () => ready,
      runner: {
        openSession: async (request) => inVersionSpoken(await openSession(working, request)),
        requireSession: (token) => sessionOf(working, token),
        takeEvents: (token, request) => takeEvents(working, token, request),
        takeStep: (token, request) => takeStep(working, token, request),
        takeRequest: (token, request) => takeRequest(working, token, request),
        takeCheckpoint: (token, checkpoint) => takeCheckpoint(working, token, checkpoint),
        readCheckpoint: (token) => readCheckpoint(working, token),
        takeOutcome: (token, request) => takeOutcome(working, token, request),
      },
    });
    await queueCatchUp({ store, clock });
    const server = await listen(app, config.host, config.port).catch((cause: unknown) => {
      throw new AddressRefused(portFault(config, cause), { cause });
    });
    const running = startEngine(working);
    engine = running;
    ready = true;
    return {
      port: server.port,
      engine: running,
      async stop() {
        ready = false;
        // At once, so that those who listen go to another process of the app.
        live.drain();
        // The server goes last but one: a runner that reports now gets its answer or is told to try again.
        await running.stop(drainMs);
        await inTime(server.close(), closeMs);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function inTime(work: Promise<void>, ms: number): Promise<void> {
  let callOff: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    callOff = realTimer(ms, resolve);
  });
  await Promise.race([work, late]);
  callOff();
}

/** What to do about an address that the system does not give us. */
function portFault({ host, port }: Config, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  switch (cause instanceof Error && "code" in cause ? cause.code : null) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is in use; stop the program that has it, or set PORT to a free one`;
    case "EACCES":
      return `port ${port} of ${host} needs more rights than this user has; set PORT to one above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HOST is "${host}", which is no address of this machine; set it to one, e.g. 0.0.0.0 for all`;
    default:
      return `listening on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
