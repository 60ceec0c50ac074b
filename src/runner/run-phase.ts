/** One run: session, work, outcome, and what is left where nobody hears it. Everything that it needs of the machine is handed in. */

import type { Outcome } from "../core/outcome.ts";
import type { Checkpoint } from "../protocol/checkpoint.ts";
import { envelopeFileName, envelopeNameOf, sealEnvelope, type Envelope } from "../protocol/envelope.ts";
import type { Job, LiveEvent, StepRequest } from "../protocol/runner.ts";
import { accountOf } from "./account.ts";
import type { AgentUser } from "./agent-user.ts";
import { AppRefused, AppUnreachable, openSession, type RunSession, type Wait } from "./app-client.ts";
import type { Position } from "./checkpoint.ts";
import type { Conversation } from "./conversation.ts";
import type { ConversationPlace } from "./conversation-files.ts";
import { createEventLog } from "./event-log.ts";
import type { ModelCredential } from "./gateway-headers.ts";
import { createGrants, type JobGrants } from "./grants.ts";
import { checkpointAtEnd } from "./leave-checkpoint.ts";
import { startLiveFeed, type LiveFeed } from "./live-feed.ts";
import { createMeter, type Meter } from "./meter.ts";
import { createRedactor } from "../core/redact.ts";
import { describeOutcome, isGreen, messageOf, outcomeAsDeclared, reportAsDeclared } from "./run-texts.ts";
import type { Checks } from "./run-step.ts";
import { countingRedactor, createSecurityNotes, type SecurityNotes } from "./security-notes.ts";
import { createRequests, type SentRequests } from "./send-requests.ts";
import type { UploadArtifact } from "./upload-artifact.ts";
import type { WorkEnd } from "./verify-work.ts";
import { work } from "./work-phase.ts";
import { graceMs } from "./work-steps.ts";
import type { Workspace } from "./workspace.ts";

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
  /** Values that people granted, by slot, from 1 (Q28). */
  readonly values: ReadonlyMap<number, string>;
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
  /** Aborted by the signals that cancel a job; the reason is `MachineTakenAway` where it was no person's wish. */
  readonly signal: AbortSignal;
}

/** The machine goes away under the job: another one goes on. */
export class MachineTakenAway extends Error {
  override name = "MachineTakenAway";
}

/** `outcome` is what was declared; null where no session could be had. Green only what is done and acknowledged. */
export interface RunEnd {
  readonly outcome: Outcome | null;
  readonly isGreen: boolean;
}

export interface Run extends RunOptions {
  readonly session: RunSession;
  readonly job: Job;
  readonly feed: LiveFeed;
  readonly say: (event: LiveEvent) => void;
  readonly redact: (text: string) => string;
  readonly security: SecurityNotes;
  /** Aborted by a cancelled job, and by the app. */
  readonly stopped: AbortSignal;
  /** Spent since the last step that was handed over. */
  readonly meter: Meter;
  readonly grants: JobGrants;
  readonly requests: SentRequests;
  /** Milliseconds since 1970: then another run goes on. */
  readonly sliceEndsAt: number;
  /** Where the run stands; null before the agent's place is ready. */
  standing(): Standing | null;
  stand(standing: Standing): void;
  /** Steps that the app has not got, since nobody answered. */
  readonly undelivered: StepRequest[];
  /** What is to be removed once the outcome was declared, last first. */
  readonly leftovers: { readonly what: string; readonly remove: () => Promise<void> }[];
}

interface Standing {
  readonly agent: AgentUser;
  readonly place: ConversationPlace;
  readonly workspace: Workspace;
  readonly conversation: Pick<Conversation, "state">;
  readonly position: Position;
  /** It began with what an earlier run left. */
  readonly isRestored: boolean;
}

// A cancelled job is killed ten seconds after its first signal: all of it together ends before.
const stoppedCheckpointMs = 4_000;
const stoppedOutcomeMs = 6_000;
const feedFlushMs = 2_000;
const envelopeMs = 5 * 60_000;

/** Never throws. */
export async function runPhase(options: RunOptions): Promise<RunEnd> {
  const known = [options.credential.value, options.repositoryToken, ...options.secrets];
  const redactBefore = createRedactor(known);
  let session: RunSession;
  try {
    const account = accountOf(options.credential.value);
    session = await openSession(options, { ...options, account }, options.signal);
  } catch (error) {
    const code = error instanceof AppRefused ? ` (${error.code})` : "";
    options.log("error", redactBefore(`opening the session with the app${code}: ${messageOf(error)}`));
    return { outcome: null, isGreen: false };
  }
  const ofSession = [session.runToken, session.sealKey];
  for (const secret of ofSession) options.hide(secret);
  const { job } = session;
  const grants = createGrants({ ...job, values: options.values, log: options.log });
  const plainRedact = createRedactor([...known, ...ofSession, ...grants.secrets]);
  const security = createSecurityNotes(plainRedact);
  const redact = countingRedactor(plainRedact, security);
  const stop = new AbortController();
  const stopped = AbortSignal.any([options.signal, stop.signal]);
  const feed = startLiveFeed({
    send: (request, signal) => session.sendEvents(request, signal),
    now: options.now,
    wait: options.wait,
    heartbeatMs: job.limits.heartbeatSeconds * 1_000,
    redact,
    onStop: (reason) => {
      options.log("warn", redact(`stopping: ${reason}`));
      stop.abort(new Error(reason));
    },
  });
  // The feed has counted what it hides: the log shows the same text.
  const logEvent = createEventLog({ log: options.log, redact: plainRedact });
  const say = (event: LiveEvent): void => {
    feed.push(event);
    logEvent(event);
  };
  let standing: Standing | null = null;
  const run: Run = {
    ...options,
    session,
    job,
    feed,
    say,
    redact,
    security,
    stopped,
    meter: createMeter(),
    grants,
    requests: createRequests({ runId: job.runId, session, redact, signal: stopped }),
    sliceEndsAt: options.now().getTime() + job.limits.sliceMinutes * 60_000,
    standing: () => standing,
    stand: (next) => {
      standing = next;
    },
    undelivered: [],
    leftovers: [],
  };
  const { outcome, report } = await Promise.race([workOrLost(run), cancelledSoonAfter(stopped)]);
  const end = await declare(run, { outcome: unlessTakenAway(run, outcome), report });
  await cleanUp(run);
  return end;
}

/** What throws is a fault of the environment: the agent's own faults are outcomes. */
async function workOrLost(run: Run): Promise<WorkEnd> {
  try {
    return await work(run);
  } catch (error) {
    const outcome: Outcome = run.stopped.aborted ? { kind: "cancelled" } : { kind: "lost", message: messageOf(error) };
    return { outcome, report: null };
  }
}

/** Nobody's wish, so it is tried again; whoever cancels a job sends the other signal first. */
function unlessTakenAway({ signal }: Run, outcome: Outcome): Outcome {
  const isTaken = signal.aborted && signal.reason instanceof MachineTakenAway;
  return isTaken && outcome.kind === "cancelled" ? { kind: "lost", message: "the machine was taken away" } : outcome;
}

/** Whatever is under way when the run is stopped gets a moment to end by itself, and no more. */
async function cancelledSoonAfter(stopped: AbortSignal): Promise<WorkEnd> {
  if (!stopped.aborted) await new Promise((resolve) => stopped.addEventListener("abort", resolve, { once: true }));
  await new Promise((resolve) => setTimeout(resolve, graceMs + 500).unref());
  return { outcome: { kind: "cancelled" }, report: null };
}

async function declare(run: Run, { outcome, report }: WorkEnd): Promise<RunEnd> {
  const { feed, session, requests, redact, log, stopped, undelivered } = run;
  // The job's own signal must not end this: these are the seconds that a stopped job has for it.
  const isHurried = stopped.aborted;
  const limit = isHurried ? AbortSignal.timeout(stoppedOutcomeMs) : new AbortController().signal;
  const declared = outcomeAsDeclared(outcome, redact);
  const declaredReport = reportAsDeclared(report, redact);
  const spent = run.meter.sinceMark();
  const said = { outcome: declared, report: declaredReport, spent, security: run.security.take() };
  const flushed = feed.close(AbortSignal.any([limit, AbortSignal.timeout(feedFlushMs)]));
  // The tree that it is made of may be as large as the agent likes: the outcome does not wait for it.
  const forCheckpoint = isHurried ? AbortSignal.any([limit, AbortSignal.timeout(stoppedCheckpointMs)]) : limit;
  const [made] = await Promise.all([unlessLate(checkpointAtEnd(run, outcome), forCheckpoint), flushed]);
  if (forCheckpoint.aborted) log("warn", "there was no time left for a checkpoint");
  let checkpoint = made;
  try {
    while (undelivered[0] !== undefined) {
      await session.handOverStep(undelivered[0], limit);
      undelivered.shift();
    }
    while (requests.undelivered[0] !== undefined) {
      await session.ask(requests.undelivered[0], limit);
      requests.undelivered.shift();
    }
    if (checkpoint !== null) await saveCheckpoint(run, checkpoint, forCheckpoint);
    checkpoint = null;
    await session.declareOutcome(said, limit);
  } catch (error) {
    log("error", redact(`declaring the outcome "${outcome.kind}": ${messageOf(error)}`));
    // Who cancelled knows how it ended, and there is no time left.
    if (error instanceof AppUnreachable && !isHurried) {
      const { undelivered: asked } = requests;
      await leaveEnvelope(run, { steps: undelivered, requests: asked, checkpoint, outcome: said });
    }
    return { outcome: declared, isGreen: false };
  }
  log(isGreen(declared) ? "info" : "error", describeOutcome(declared));
  return { outcome: declared, isGreen: isGreen(declared) };
}

/** Null where the time is over first. */
async function unlessLate<Made>(making: Promise<Made>, limit: AbortSignal): Promise<Made | null> {
  const late = new Promise<null>((resolve) => limit.addEventListener("abort", () => resolve(null), { once: true }));
  return await Promise.race([making, late]);
}

/** Throws only where nobody answers and there is time left for an envelope: the outcome counts for more. */
async function saveCheckpoint(run: Run, checkpoint: Checkpoint, signal: AbortSignal): Promise<void> {
  try {
    await run.session.saveCheckpoint(checkpoint, signal);
  } catch (error) {
    if (error instanceof AppUnreachable && !run.stopped.aborted) throw error;
    run.log("warn", run.redact(`the checkpoint was not stored: ${messageOf(error)}`));
  }
}

/** The app's way to what it has not got, once it is back. Never throws. */
async function leaveEnvelope(run: Run, envelope: Envelope): Promise<void> {
  const { session, job, redact, log, uploadArtifact } = run;
  const name = envelopeNameOf(job.runId);
  try {
    if (uploadArtifact === null) throw new Error("this job has no ACTIONS_RESULTS_URL");
    const content = sealWhatFits(envelope, session.sealKey, job.runId);
    await uploadArtifact({ name, fileName: envelopeFileName, content }, AbortSignal.timeout(envelopeMs));
    const text = `what the app has not got lies sealed in this run's artifact "${name}", and the app takes it in when it is back: nothing needs to be done`;
    log("error", text);
  } catch (error) {
    log("error", redact(`leaving what the app has not got as an artifact: ${messageOf(error)}; it is lost`));
  }
}

/** The checkpoint is what the rest can do without. */
function sealWhatFits(envelope: Envelope, sealKey: string, runId: string): Uint8Array {
  try {
    return sealEnvelope(envelope, sealKey, runId);
  } catch (error) {
    if (envelope.checkpoint === null) throw error;
    return sealEnvelope({ ...envelope, checkpoint: null }, sealKey, runId);
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
