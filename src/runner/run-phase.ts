/** One run: session, workspace, agent, steps, verification, outcome. Everything that it needs of the machine is handed in. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "../core/outcome.ts";
import { envelopeFileName, envelopeNameOf, sealEnvelope, type Envelope } from "../protocol/envelope.ts";
import type { Job, LiveEvent, StepRequest } from "../protocol/runner.ts";
import { createAgentUser, type AgentUser } from "./agent-user.ts";
import { createRunPlace, type RunPlace } from "./agent-place.ts";
import { AppRefused, AppUnreachable, openSession, type RunSession, type Wait } from "./app-client.ts";
import { acceptChanges, asFileChange, collectChanges } from "./changes.ts";
import { provideClaude } from "./claude-binary.ts";
import { claudeEnvironment } from "./claude-command.ts";
import { startConversation } from "./conversation.ts";
import type { ModelCredential } from "./gateway-headers.ts";
import { feedbackOf } from "./feedback.ts";
import { createEventLog } from "./event-log.ts";
import { startLiveFeed, type LiveFeed } from "./live-feed.ts";
import { startModelGateway, type ModelGateway } from "./model-gateway.ts";
import { systemPrompt } from "./prompt.ts";
import { proveSeparation } from "./prove-separation.ts";
import { createRedactor } from "./redact.ts";
import { answersAsDeclared, asDeclared, describeOutcome, isGreen, messageOf, outcomeAsDeclared } from "./run-texts.ts";
import { createMeter, type Meter } from "./meter.ts";
import { runStep, type Checks } from "./run-step.ts";
import { trustedPath } from "./trusted-path.ts";
import type { UploadArtifact } from "./upload-artifact.ts";
import { prepareWorkspace, type Workspace } from "./workspace.ts";

export interface RunOptions {
  /** Without a slash at the end. */
  readonly appUrl: string;
  readonly runId: string;
  readonly getOidcToken: () => Promise<string>;
  readonly credential: ModelCredential;
  readonly modelUrl: URL;
  readonly claudePath: string | null;
  /** e.g. `linux-x64`. */
  readonly platform: string;
  readonly npmEnvironment: Readonly<Record<string, string>>;
  /** The job's token that can read the repository. */
  readonly repositoryToken: string;
  /** e.g. `https://github.com`. */
  readonly serverUrl: string;
  readonly runnerTemp: string;
  /** Value of PATH. */
  readonly path: string;
  /** Files and folders of the job that the agent must not write in. */
  readonly unwritable: readonly string[];
  /** More texts that must not show anywhere. */
  readonly secrets: readonly string[];
  readonly unsafeSameUser: boolean;
  readonly runner: { readonly uid: number; readonly pid: number; readonly platform: string };
  /** Null where the job's environment does not offer it. */
  readonly uploadArtifact: UploadArtifact | null;
  readonly checks: Checks;
  readonly fetch: typeof globalThis.fetch;
  readonly wait: Wait;
  readonly now: () => Date;
  readonly newId: () => string;
  /** One line, redacted, for the job's log. It may hold what an agent said. */
  readonly log: (level: "info" | "warn" | "error", text: string) => void;
  /** Called as soon as they are known, so that the job's log hides them too. */
  readonly hide: (secret: string) => void;
  /** Aborted by the signals that cancel a job. */
  readonly signal: AbortSignal;
}

/** `outcome` is what was declared; null where no session could be had. Green only what is done and acknowledged. */
export interface RunEnd {
  readonly outcome: Outcome | null;
  readonly isGreen: boolean;
}

interface Run extends RunOptions {
  readonly session: RunSession;
  readonly job: Job;
  readonly feed: LiveFeed;
  readonly say: (event: LiveEvent) => void;
  readonly redact: (text: string) => string;
  /** Aborted by a cancelled job, and by the app. */
  readonly stopped: AbortSignal;
  /** Spent since the last step that was handed over. */
  readonly meter: Meter;
  /** Steps that the app has not got, since nobody answered. */
  readonly undelivered: StepRequest[];
  /** What is to be removed once the outcome was declared, last first. */
  readonly leftovers: { readonly what: string; readonly remove: () => Promise<void> }[];
}

// A cancelled job is killed ten seconds after its first signal: both together end well before.
const graceMs = 2_000;
const cancelledOutcomeMs = 3_500;
const feedFlushMs = 2_000;
const envelopeMs = 5 * 60_000;

/** Never throws. */
export async function runPhase(options: RunOptions): Promise<RunEnd> {
  const known = [options.credential.value, options.repositoryToken, ...options.secrets];
  const redactBefore = createRedactor(known);
  let session: RunSession;
  try {
    session = await openSession(options, options, options.signal);
  } catch (error) {
    const code = error instanceof AppRefused ? ` (${error.code})` : "";
    options.log("error", redactBefore(`opening the session with the app${code}: ${messageOf(error)}`));
    return { outcome: null, isGreen: false };
  }
  const ofSession = [session.runToken, session.sealKey];
  for (const secret of ofSession) options.hide(secret);
  const redact = createRedactor([...known, ...ofSession]);
  const stop = new AbortController();
  const stopped = AbortSignal.any([options.signal, stop.signal]);
  const feed = startLiveFeed({
    send: (request, signal) => session.sendEvents(request, signal),
    now: options.now,
    wait: options.wait,
    heartbeatMs: session.job.limits.heartbeatSeconds * 1_000,
    redact,
    onStop: (reason) => {
      options.log("warn", redact(`stopping: ${reason}`));
      stop.abort(new Error(reason));
    },
  });
  const logEvent = createEventLog({ log: options.log, redact });
  const say = (event: LiveEvent): void => {
    feed.push(event);
    logEvent(event);
  };
  const run: Run = {
    ...options,
    session,
    job: session.job,
    feed,
    say,
    redact,
    stopped,
    meter: createMeter(),
    undelivered: [],
    leftovers: [],
  };
  const end = await declare(run, await Promise.race([workOrLost(run), cancelledSoonAfter(stopped)]));
  await cleanUp(run);
  return end;
}

/** What throws is a fault of the environment: the agent's own faults are outcomes. */
async function workOrLost(run: Run): Promise<Outcome> {
  try {
    return await work(run);
  } catch (error) {
    if (run.stopped.aborted) return { kind: "cancelled" };
    return { kind: "lost", message: messageOf(error) };
  }
}

/** Whatever is under way when the run is stopped gets a moment to end by itself, and no more. */
async function cancelledSoonAfter(stopped: AbortSignal): Promise<Outcome> {
  if (!stopped.aborted) await new Promise((resolve) => stopped.addEventListener("abort", resolve, { once: true }));
  await new Promise((resolve) => setTimeout(resolve, graceMs + 500).unref());
  return { kind: "cancelled" };
}

async function work(run: Run): Promise<Outcome> {
  const { job, leftovers } = run;
  const id = run.newId().replaceAll("-", "").slice(0, 8);
  const place = await createRunPlace({ id, runnerTemp: run.runnerTemp });
  leftovers.push({ what: "the run's folders", remove: () => place.remove() });
  const path = await trustedPath(run.path);
  // None of them needs another, and each waits for programs most of the time.
  const madeUser = createAgentUser({ ...run, path, id, home: place.home }).then((agent) => {
    leftovers.push({ what: "the agent's user", remove: () => agent.remove() });
    return agent;
  });
  const madeWorkspace = prepareWorkspace({
    ...place,
    headSha: job.headSha,
    baseSha: job.baseSha,
    path,
    repositoryUrl: `${run.serverUrl}/${job.repository.owner}/${job.repository.name}.git`,
    token: run.repositoryToken,
  });
  const provided = provideClaude({ ...run, ...place });
  await allDone([madeUser, madeWorkspace, provided]);
  const [agent, workspace, executable] = await Promise.all([madeUser, madeWorkspace, provided]);
  if (!agent.isSeparate) {
    const text =
      "PHASEGATE_UNSAFE_SAME_USER is set: the agent runs as the runner's own user and can read all that the job can";
    run.say({ kind: "log", level: "warn", text });
  }
  const systemPromptFile = join(place.sharedDir, "system-prompt.md");
  await writeFile(systemPromptFile, systemPrompt(job, workspace.instructions), { mode: 0o644 });
  const agentFolders = [place.workTree, place.home, place.configDir, place.tempDir];
  await allDone(agentFolders.map((folder) => agent.ownFolder(folder)));
  await proveSeparation(agent, {
    path: run.path,
    runnerPid: run.runner.pid,
    unreadable: [place.privateDir, place.gitDir],
    // The programs that the runner calls, too: a user's id may have belonged to whoever made their folder.
    unwritable: [...run.unwritable, place.sharedDir, executable, ...path.split(":")],
    writable: agentFolders,
    executable,
  });
  const token = run.newId();
  const gateway = await startModelGateway({
    upstream: run.modelUrl,
    credential: run.credential,
    token,
    budgetUsd: job.budgetUsd,
    now: run.now,
    fetch: run.fetch,
    onUsage: ({ usage, costUsd }) => {
      run.meter.set({ usage, costUsd });
      run.say({ kind: "usage", spent: run.meter.total() });
    },
  });
  try {
    return await workThroughSteps(run, { place, agent, gateway, token, executable, systemPromptFile, workspace });
  } finally {
    // Before the outcome is declared: what was under way counts, too.
    await gateway.stop();
  }
}

/** Waits for all, also where one fails: what is still under way would be in the way of cleaning up. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

interface Equipment {
  readonly place: RunPlace;
  readonly agent: AgentUser;
  readonly gateway: ModelGateway;
  readonly token: string;
  readonly executable: string;
  readonly systemPromptFile: string;
  readonly workspace: Workspace;
}

async function workThroughSteps(run: Run, equipment: Equipment): Promise<Outcome> {
  const { job, say, stopped, meter } = run;
  const { place, agent, gateway } = equipment;
  const conversation = startConversation({
    agent,
    executable: equipment.executable,
    env: claudeEnvironment({
      ...place,
      path: run.path,
      gatewayUrl: gateway.url,
      gatewayToken: equipment.token,
      credentialKind: run.credential.kind,
    }),
    cwd: place.workTree,
    noOutputMs: job.limits.noOutputMinutes * 60_000,
    graceMs,
    signal: stopped,
    gateway: () => gateway.snapshot(),
    redact: run.redact,
    model: job.model,
    systemPromptFile: equipment.systemPromptFile,
    newId: run.newId,
    wait: run.wait,
    now: run.now,
    onRetry: ({ kind }, pauseMs) => {
      say({ kind: "log", level: "warn", text: `Claude Code ${kind}: it is started again in ${pauseMs / 1_000} s` });
    },
  });
  let { workspace } = equipment;
  const boundary = `boundary-${run.newId()}`;
  for (const [at, slug] of job.stepsToDo.entries()) {
    const step = job.phase.steps.find((step) => step.slug === slug);
    if (step === undefined)
      throw new Error(`working through the steps: the job names "${slug}", which its phase has not`);
    say({ kind: "step-started", step: slug, number: job.phase.steps.indexOf(step) + 1, total: job.phase.steps.length });
    const end = await runStep({
      job,
      step,
      findings: job.findings.filter((finding) => finding.step === slug || (finding.step === null && at === 0)),
      feedback: feedbackOf(job, slug),
      workspace,
      agent,
      conversation,
      checks: run.checks,
      boundary,
      now: run.now,
      money: () => ({ spentUsd: meter.total().costUsd, budgetUsd: job.budgetUsd }),
      signal: stopped,
      say,
    });
    if (end.kind === "ended") return end.outcome;
    if (stopped.aborted) return { kind: "cancelled" };
    const request = {
      step: slug,
      changes: end.changes.map(asFileChange),
      spent: meter.sinceMark(),
      findings: asDeclared(end.findings, run.redact),
      answers: answersAsDeclared(end.answers, run.redact),
    };
    const isLast = at === job.stepsToDo.length - 1;
    const answer = await handOver(run, request, isLast);
    meter.mark(request.spent);
    if (answer.stop) return { kind: "cancelled" };
    workspace = await acceptChanges(workspace);
  }
  say({ kind: "verifying" });
  const { tree } = await collectChanges(workspace, "");
  const report = await run.checks.verifyPhase(tree, job.phase);
  if (report.passed) return { kind: "completed" };
  const message = `verification of the phase found ${report.findings.length} faults`;
  return { kind: "failed", message, findings: report.findings };
}

/** Where nobody answers, the step is kept for the end, and the run ends: without the app nobody can stop it. */
async function handOver(run: Run, request: StepRequest, isLast: boolean): Promise<{ readonly stop: boolean }> {
  const { session, stopped, meter, undelivered } = run;
  try {
    return await session.handOverStep(request, stopped);
  } catch (error) {
    if (!(error instanceof AppUnreachable) || stopped.aborted) throw error;
    undelivered.push(request);
    // All work is done, so there is nothing to stop but the last check.
    if (isLast) return { stop: false };
    meter.mark(request.spent);
    throw error;
  }
}

async function declare(run: Run, outcome: Outcome): Promise<RunEnd> {
  const { feed, session, redact, log, undelivered } = run;
  // The job's own signal must not end this: these are the seconds that a cancelled job has for it.
  const limit = outcome.kind === "cancelled" ? AbortSignal.timeout(cancelledOutcomeMs) : new AbortController().signal;
  const declared = outcomeAsDeclared(outcome, redact);
  const spent = run.meter.sinceMark();
  const flushed = feed.close(AbortSignal.any([limit, AbortSignal.timeout(feedFlushMs)]));
  try {
    await flushed;
    while (undelivered[0] !== undefined) {
      await session.handOverStep(undelivered[0], limit);
      undelivered.shift();
    }
    await session.declareOutcome({ outcome: declared, spent }, limit);
  } catch (error) {
    log("error", redact(`declaring the outcome "${outcome.kind}": ${messageOf(error)}`));
    // Who cancelled knows how it ended, and there is no time left.
    if (error instanceof AppUnreachable && outcome.kind !== "cancelled") {
      await leaveEnvelope(run, { steps: undelivered, outcome: { outcome: declared, spent } });
    }
    return { outcome: declared, isGreen: false };
  }
  log(isGreen(declared) ? "info" : "error", describeOutcome(declared));
  return { outcome: declared, isGreen: isGreen(declared) };
}

/** The app's way to what it has not got, once it is back. Never throws. */
async function leaveEnvelope(run: Run, envelope: Envelope): Promise<void> {
  const { session, job, redact, log, uploadArtifact } = run;
  const name = envelopeNameOf(job.runId);
  try {
    if (uploadArtifact === null) throw new Error("this job has no ACTIONS_RESULTS_URL");
    const content = sealEnvelope(envelope, session.sealKey, job.runId);
    await uploadArtifact({ name, fileName: envelopeFileName, content }, AbortSignal.timeout(envelopeMs));
    const text = `what the app has not got lies sealed in this run's artifact "${name}", and the app takes it in when it is back: nothing needs to be done`;
    log("error", text);
  } catch (error) {
    log("error", redact(`leaving what the app has not got as an artifact: ${messageOf(error)}; it is lost`));
  }
}

/** A fault here is a warning: the outcome is declared. */
async function cleanUp({ leftovers, log, redact }: Run): Promise<void> {
  for (const { what, remove } of [...leftovers].reverse()) {
    try {
      await remove();
    } catch (error) {
      log("warn", redact(`removing ${what}: ${messageOf(error)}`));
    }
  }
}
