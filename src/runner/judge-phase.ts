/**
 * The judged criteria of a phase: a session of its own, which only reads, with a home, a configuration and money of its own.
 * It sees what was handed over, and not what tests or the agent left beside it. Reviewers follow, each in another such session.
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { Outcome } from "../core/outcome.ts";
import { approvalOf, verifierRole } from "../core/playbook.ts";
import type { Tree, Verdict } from "../core/report.ts";
import type { Job } from "../protocol/runner.ts";
import { allowedModelsOf } from "./allowed-models.ts";
import { createRunPlace, type RunPlace } from "./agent-place.ts";
import type { AgentUser } from "./agent-user.ts";
import { claudeEnvironment, readerArguments } from "./claude-command.ts";
import type { ClaudeOutcome } from "./claude-outcome.ts";
import { startModelGateway, type ModelGateway } from "./model-gateway.ts";
import { verifierSystemPrompt, verifyPrompt } from "./report-prompts.ts";
import { runClaude } from "./run-claude.ts";
import type { Run } from "./run-phase.ts";
import { trustedPath } from "./trusted-path.ts";
import { readVerdicts, verdictSchema } from "./verdicts.ts";
import { workTreeOf } from "./work-tree.ts";
import type { Workspace } from "./workspace.ts";

export type Judged =
  /** `fault`: why there are no verdicts; null where all was judged, or nothing was to be. */
  | { readonly kind: "judged"; readonly verdicts: readonly Verdict[]; readonly fault: string | null }
  /** What keeps the run from going on, and not only its verifier. */
  | { readonly kind: "ended"; readonly outcome: Outcome };

export interface JudgeOrder {
  readonly agent: AgentUser;
  readonly executable: string;
  /** The agent's own, which is shut meanwhile. */
  readonly place: RunPlace;
  readonly workspace: Workspace;
  /** What was handed over; only its paths are used. */
  readonly tree: Pick<Tree, "paths">;
  readonly graceMs: number;
}

const triesMax = 2;
const retryPauseMs = 5_000;

/** A session that judges: by whom, and what. */
interface Judge {
  /** For people. */
  readonly name: string;
  /** Null for the verifier of a job that names none. */
  readonly role: Job["roles"][number] | null;
  readonly ids: readonly string[];
  /** How the criteria of the phase are judged; empty for whoever has a role for that. */
  readonly guide: string;
}

/** None of the agent's processes may live. */
export async function judgePhase(run: Run, order: JudgeOrder): Promise<Judged> {
  const verdicts: Verdict[] = [];
  for (const judge of judgesOf(run.job)) {
    const judged = await judgeBy(run, order, judge);
    if (judged.kind === "ended") return judged;
    verdicts.push(...judged.verdicts);
    if (judged.fault !== null) return { kind: "judged", verdicts, fault: judged.fault };
    // It goes back to work in any case: another look would be paid for twice.
    if (judged.verdicts.some((verdict) => isAgainst(run.job, verdict))) break;
  }
  return { kind: "judged", verdicts, fault: null };
}

function judgesOf({ phase, roles }: Job): readonly Judge[] {
  const roleOf = (wanted: string) => roles.find(({ name }) => name === wanted) ?? null;
  const judged = phase.criteria.filter(({ kind }) => kind === "judged").map(({ id }) => id);
  const reviews = new Map(phase.reviewers.map((reviewer) => [approvalOf(reviewer), reviewer]));
  const ids = judged.filter((id) => !reviews.has(id));
  const verifier = { name: verifierRole, role: roleOf(verifierRole), ids, guide: phase.verifierGuide };
  return [
    ...(ids.length === 0 ? [] : [verifier]),
    ...judged.flatMap((id) => {
      const name = reviews.get(id);
      return name === undefined ? [] : [{ name, role: roleOf(name), ids: [id], guide: "" }];
    }),
  ];
}

function isAgainst({ phase }: Job, { criterion: judged, passed, confidence }: Verdict): boolean {
  const criterion = phase.criteria.find(({ id }) => id === judged);
  return !passed && confidence !== "low" && criterion?.severity === "must";
}

async function judgeBy(run: Run, order: JudgeOrder, judge: Judge): Promise<Judged> {
  const { job, meter } = run;
  const { ids } = judge;
  const leftUsd = job.budgetUsd - meter.total().costUsd;
  const budgetUsd = Math.min(job.verification.budgetUsd, leftUsd);
  if (budgetUsd <= 0) return notJudged(noMoney(judge, budgetUsd));
  const ownFolders = [order.place.home, order.place.configDir, order.place.tempDir, order.place.workTree];
  const count = meter.open();
  const token = run.newId();
  const gateway = await startModelGateway({
    upstream: run.modelUrl,
    credential: run.credential,
    token,
    budgetUsd,
    prices: job.prices,
    allowedModels: allowedModelsOf(job),
    network: job.network?.access,
    onRefusal: (what, kind) => run.security.note(kind, what),
    now: run.now,
    fetch: run.fetch,
    onUsage: ({ usage, costUsd }) => {
      count({ usage, costUsd });
      run.say({ kind: "usage", spent: meter.total() });
    },
  });
  try {
    await order.agent.shut(ownFolders);
    let fault = "";
    for (let tried = 1; tried <= triesMax; tried += 1) {
      const place = await prepare(run, order, judge);
      const outcome = await ask(run, { ...order, place, gateway, token, judge });
      const met = ended(run, outcome);
      if (met !== null) return { kind: "ended", outcome: met };
      if (outcome.kind === "budget-exhausted") return notJudged(noMoney(judge, budgetUsd));
      if (outcome.kind === "completed") {
        const tree = workTreeOf(place.workTree, order.tree.paths);
        const reading = { ids, tree, workTree: place.workTree, redact: run.redact };
        const verdicts = await readVerdicts(outcome.structuredOutput, reading);
        if (verdicts !== null) return { kind: "judged", verdicts, fault: null };
      }
      fault = faultOf(outcome, job.verification.minutes);
      run.say({ kind: "log", level: "warn", text: `${judge.name}, try ${tried} of ${triesMax}: ${fault}` });
      if (tried < triesMax) {
        await run.wait(retryPauseMs, run.stopped).catch(() => {
          // Stopped: the next process is not started, and the outcome is "cancelled".
        });
      }
    }
    return notJudged(`the ${judge.name} gave no verdicts in ${triesMax} tries: ${fault}`);
  } finally {
    // Before anything else: what was under way counts, too.
    await gateway.stop();
    await order.agent.own(ownFolders);
  }
}

function notJudged(fault: string): Judged {
  return { kind: "judged", verdicts: [], fault };
}

function noMoney({ name }: Judge, budgetUsd: number): string {
  return `the $${Math.max(0, budgetUsd).toFixed(2)} that the ${name} may spend are used up`;
}

/** A limit of the account, a refused key and the end of the run's time concern the next run as well: it goes on from here. */
function ended(run: Run, outcome: ClaudeOutcome): Outcome | null {
  if (run.stopped.aborted) return { kind: "cancelled" };
  if (outcome.kind === "rate-limited") {
    return { kind: "rate-limited", resetsAt: outcome.resetsAt, message: outcome.message };
  }
  if (outcome.kind === "timed-out" && outcome.why === "slice-end") return { kind: "slice-ended" };
  if (outcome.kind !== "failed") return null;
  const { reason, message } = outcome;
  if (reason !== "authentication" && reason !== "billing" && reason !== "model-not-found") return null;
  return { kind: "provider-refused", why: reason, message: `verifying the phase: ${message}` };
}

function faultOf(outcome: ClaudeOutcome, minutes: number): string {
  switch (outcome.kind) {
    case "completed":
      return outcome.structuredOutput === undefined
        ? "it answered in prose"
        : "its answer was not the one that was asked for";
    case "timed-out":
      return outcome.why === "no-output" ? "it said nothing for too long" : `it took longer than ${minutes} minutes`;
    case "crashed":
      return `it crashed (${outcome.signal ?? `exit code ${outcome.exitCode ?? "unknown"}`})`;
    case "failed":
      return outcome.reason === "structured-output"
        ? "its answer never had the shape that was asked for"
        : `it failed (${outcome.reason}): ${outcome.message.slice(0, 300)}`;
    case "cancelled":
      return "it was ended from outside";
    case "question":
    case "rate-limited":
    case "budget-exhausted":
      return `it ended with ${outcome.kind}`;
  }
}

/** Folders that nobody has used, and a work tree that the agent's user can read and not change. */
async function prepare(run: Run, { agent, workspace }: JudgeOrder, { role }: Judge): Promise<RunPlace> {
  const id = run.newId().replaceAll("-", "").slice(0, 8);
  const place = await createRunPlace({ id, runnerTemp: run.runnerTemp });
  run.leftovers.push({ what: "the folders of whoever judges", remove: () => place.remove() });
  await layTree(workspace, place, await trustedPath(run.path));
  await writeFile(promptFileOf(place), verifierSystemPrompt(run.job, role?.prompt ?? null), { mode: 0o644 });
  for (const folder of [place.home, place.configDir, place.tempDir]) await agent.ownFolder(folder);
  return place;
}

function promptFileOf({ sharedDir }: RunPlace): string {
  return join(sharedDir, "verifier-prompt.md");
}

const chmodTimeoutMs = 60_000;

async function layTree({ git, baselineTree }: Workspace, { gitDir, workTree }: RunPlace, path: string): Promise<void> {
  const indexFile = join(gitDir, "index");
  const doing = "laying out the verifier's work tree";
  await git.run(doing, ["read-tree", baselineTree], { indexFile });
  await git.run(doing, ["checkout-index", "--all", "--force", "--quiet", `--prefix=${workTree}/`], { indexFile });
  // The job's umask may have closed them to others.
  const env = { PATH: path, LC_ALL: "C" };
  await execa("mkdir", ["-p", "--", workTree], { extendEnv: false, env, timeout: chmodTimeoutMs });
  await execa("chmod", ["-R", "a+rX", "--", workTree], { extendEnv: false, env, timeout: chmodTimeoutMs });
}

interface Asking extends JudgeOrder {
  readonly gateway: ModelGateway;
  readonly token: string;
  readonly judge: Judge;
}

async function ask(
  run: Run,
  { agent, executable, place, gateway, token, judge, ...order }: Asking,
): Promise<ClaudeOutcome> {
  const { job, now } = run;
  const { ids, guide } = judge;
  const sliceMs = run.sliceEndsAt - now().getTime();
  if (sliceMs <= 0) return { kind: "timed-out", why: "slice-end" };
  const { workTree } = place;
  return await runClaude({
    agent,
    executable,
    args: readerArguments({
      sessionId: run.newId(),
      model: judge.role?.model ?? job.model,
      systemPromptFile: promptFileOf(place),
      jsonSchema: verdictSchema(ids),
    }),
    env: claudeEnvironment({
      ...place,
      path: run.path,
      gatewayUrl: gateway.url,
      gatewayToken: token,
      credentialKind: run.credential.kind,
      maxTokens: job.maxTokens,
      // It has no tool that leaves the machine; the firewall holds for it all the same.
      egress: {},
    }),
    cwd: workTree,
    prompt: verifyPrompt({
      job,
      workTree,
      paths: order.tree.paths,
      criteria: job.phase.criteria.filter(({ id }) => ids.includes(id)),
      guide,
      boundary: `boundary-${run.newId()}`,
    }),
    noOutputMs: job.limits.noOutputMinutes * 60_000,
    stepMs: job.verification.minutes * 60_000,
    sliceMs,
    graceMs: order.graceMs,
    signal: run.stopped,
    gateway: () => gateway.snapshot(),
    redact: run.redact,
    onEvent: (event) => {
      if (event.kind !== "tool-use" || event.name === "StructuredOutput") return;
      const text = `${judge.name}: ${event.name} ${event.summary.replaceAll(`${workTree}/`, "")}`.trim();
      run.say({ kind: "log", level: "info", text });
    },
  });
}
