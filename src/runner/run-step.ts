/** One step: the guide goes in, the deliverable comes out, and what a quick check misses goes back, a bounded number of times. */

import type { Outcome } from "../core/outcome.ts";
import { withPathsOfPhase, type Phase, type Step } from "../core/playbook.ts";
import type { Change } from "../core/change.ts";
import type { Finding, Tree } from "../core/report.ts";
import type { PendingAction } from "../protocol/checkpoint.ts";
import { AskableTool, limits, type Answer, type Job, type LiveEvent } from "../protocol/runner.ts";
import type { AgentUser } from "./agent-user.ts";
import { collectChanges, type Changeset } from "./changes.ts";
import type { ClaudeOutcome } from "./claude-outcome.ts";
import type { Conversation } from "./conversation.ts";
import { relativePath, untrueClaims } from "./dialogue-claims.ts";
import { openDesk } from "./dialogue-desk.ts";
import { createListener } from "./dialogue-listener.ts";
import { goOn, mend, openingOf, wholeStep } from "./dialogue-saying.ts";
import type { DialogueServer } from "./dialogue-server.ts";
import { serverName, toolPrefix, type AskedError } from "./dialogue-tools.ts";
import type { Grants, Requests, Resolved, StepResume, Told } from "./dialogue.ts";
import type { NumberedFeedback } from "./feedback.ts";
import { readAnswers } from "./feedback-answers.ts";
import { allowedModelsOf } from "./allowed-models.ts";
import { GitTimedOut } from "./git.ts";
import { mcpConfigOf, toolRulesOf, type AgentServers } from "./mcp-servers.ts";
import { noAnswer } from "./prompt.ts";
import { outcomeOfRun, type RunMoney } from "./run-outcome.ts";
import type { SecurityNotes } from "./security-notes.ts";
import type { StreamEvent } from "./stream-event.ts";
import { withhold } from "./withhold.ts";
import { workOnTurns } from "./work-turns.ts";
import type { Workspace } from "./workspace.ts";

/** What `src/verify` gives; handed in, so that the runner knows nothing of it. */
export interface Checks {
  checkStep(tree: Tree, phase: Phase, step: Step): Promise<readonly Finding[]>;
  verifyPhase(tree: Tree, phase: Phase): Promise<{ readonly passed: boolean; readonly findings: readonly Finding[] }>;
  changesetFindings(changes: readonly Change[], phase: Phase, step: string): Promise<readonly Finding[]>;
}

export interface StepOptions {
  readonly job: Job;
  readonly step: Step;
  /** Of an earlier attempt, for this step. */
  readonly findings: readonly Finding[];
  /** What reviewers ask of this step. */
  readonly feedback: readonly NumberedFeedback[];
  readonly workspace: Workspace;
  readonly agent: AgentUser;
  readonly conversation: Conversation;
  readonly checks: Checks;
  readonly boundary: string;
  readonly now: () => Date;
  readonly money: () => RunMoney;
  readonly signal: AbortSignal;
  readonly say: (event: LiveEvent) => void;
  readonly note: SecurityNotes["note"];
  /** Without counting: the step looks at what it may never show. */
  readonly redact: (text: string) => string;
  readonly dialogue: Pick<DialogueServer, "attend">;
  readonly requests: Requests;
  readonly resolved: () => Resolved;
  /** Answers that the conversation has, of the checkpoint and of this run's earlier steps. */
  readonly told: readonly Told[];
  readonly grants: Grants;
  readonly servers: AgentServers;
  /** Null where the step begins here. */
  readonly resume: StepResume | null;
  /** What a turn asks that is not the first one of its step; null for all that a step begins with. */
  readonly nextTurn: string | null;
  /** Milliseconds since 1970. */
  readonly sliceEndsAt: number;
}

export type StepEnd = Done | Ended;

export interface Done {
  readonly kind: "done";
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  /** To feedback of this step; what the agent passed over has none. */
  readonly answers: readonly Answer[];
  readonly tree: Tree;
  /** Answers of people that the conversation has since this step. */
  readonly told: readonly Told[];
  /** The last thing that the agent said. */
  readonly reply: string;
}

interface Ended {
  readonly kind: "ended";
  readonly outcome: Outcome;
  /** What is under way, for a checkpoint; so is the next. */
  readonly pending: readonly PendingAction[];
  readonly round: number;
  readonly told: readonly Told[];
}

export async function runStep(options: Omit<StepOptions, "nextTurn">): Promise<StepEnd> {
  try {
    return await workOnTurns({ ...options, nextTurn: null }, workOnStep);
  } catch (error) {
    // Between two sayings git works on what the agent left, and on nothing else.
    if (!(error instanceof GitTimedOut)) throw error;
    const message = `step ${options.step.slug}: its changes can't be handed over: ${error.message}`;
    const outcome: Outcome = { kind: "failed", message, findings: [] };
    return { kind: "ended", outcome, pending: [], round: options.resume?.round ?? 0, told: [] };
  }
}

async function workOnStep(options: StepOptions): Promise<StepEnd> {
  const { job, step, conversation, checks, signal, say, feedback } = options;
  const model = job.roles.find(({ name }) => name === step.role)?.model ?? job.model;
  const said = createTranscript();
  const stepsToCome = stepsAfter(options);
  const { questionRoundsMax: most } = step;
  const roundsLeft = most === null ? null : Math.max(0, most - (job.questionRounds[step.slug] ?? 0));
  const desk = openDesk({
    ...options,
    step: step.slug,
    stepsToCome,
    roundsLeft,
    services: job.services,
    permissions: job.permissions,
    tools: step.tools,
    workTree: options.workspace.workTree,
  });
  options.dialogue.attend(desk);
  const endsAt = options.now().getTime() + job.limits.stepMinutes * 60_000;
  let round = options.resume?.round ?? 0;
  let isLost = false;
  let next = openingOf(options, desk);
  for (;;) {
    const listener = createListener(desk);
    const outcome = await conversation.say({
      ...next,
      tools: step.tools,
      askable: job.permissions === undefined ? [] : AskableTool.options,
      model,
      servers: { mcpConfig: mcpConfigOf(options.servers), rules: toolRulesOf(options.servers) },
      lent: { ...givenIn(job), ...desk.lend() },
      stepMs: endsAt - options.now().getTime(),
      sliceEndsAt: options.sliceEndsAt,
      onEvent: (event) => {
        if (event.kind === "text") said.add(event.messageId, event.text);
        listener.take(event);
        tell(event, options);
      },
    });
    listener.end();
    const turn = await desk.endTurn(outcome.kind === "question" ? outcome.deferred : null);
    const ended = (outcome: Outcome, pending: readonly PendingAction[]): Ended => {
      return { kind: "ended", outcome, pending, round, told: desk.told() };
    };
    const underWay = outcome.kind === "question" ? turn.pending : [...turn.pending, midStep];
    if (signal.aborted) return ended({ kind: "cancelled" }, underWay);
    if (outcome.kind === "failed" && outcome.reason === "no-conversation" && !isLost) {
      isLost = true;
      say({
        kind: "log",
        level: "warn",
        text: `step ${step.slug}: its conversation is lost, and it goes on in a new one`,
      });
      next = wholeStep(options, desk);
      continue;
    }
    if (turn.waits !== null && (outcome.kind === "question" || outcome.kind === "completed" || isSliceEnd(outcome))) {
      for (const fault of turn.faults) say({ kind: "log", level: "warn", text: `step ${step.slug}: ${fault}` });
      const needed = await desk.need(turn.sentences, true);
      return ended({ kind: turn.waits }, [...turn.pending, ...needed.pending]);
    }
    if (outcome.kind !== "completed" && !(outcome.kind === "question" && turn.lent.length > 0)) {
      const facts = { step: step.slug, money: options.money(), model, isStopped: signal.aborted };
      return ended(outcomeOfRun(outcome, { ...facts, allowedModels: allowedModelsOf(job) }), underWay);
    }
    if (turn.lent.length > 0) {
      next = goOn(options, desk, turn, outcome.kind === "question");
      continue;
    }
    if (outcome.kind === "completed") said.add(null, outcome.text);
    const answers = readAnswers(said.messages(), feedback);
    const unanswered = feedback.filter(({ item }) => answers.every(({ id }) => id !== item.id));
    const changeset = await collectChanges(options.workspace, step.slug);
    const unfit = [...changeset.findings, ...(await findingsIn(options, changeset.changes))];
    const missing = await checks.checkStep(changeset.tree, job.phase, step);
    const reported = turn.errors.find(({ type }) => type === "execution_failed") ?? turn.errors[0];
    const isAbsent = missing.some(({ check }) => check === "outputs-exist");
    if (reported !== undefined && isAbsent) return ended(outcomeOfReport(reported, step.slug, missing), [midStep]);
    const needed = await desk.need(turn.sentences, isAbsent);
    if (needed.waits !== null) return ended({ kind: needed.waits }, needed.pending);
    if (needed.lent.length > 0 && isAbsent) {
      next = goOn(options, desk, needed, false);
      continue;
    }
    const findings = [...unfit, ...missing].slice(0, limits.findingsMax);
    const claimed = {
      ...checks,
      ...job,
      stepsAhead: [step.slug, ...stepsToCome],
      workTree: options.workspace.workTree,
    };
    const faults = [...turn.faults, ...(await untrueClaims(turn.claims, changeset.tree, claimed))];
    const missed = [
      ...findings,
      ...unanswered.map(({ number, item }) => asFinding(step, item, `${number}: ${noAnswer}`)),
      ...faults.map((fault) => asFinding(step, nowhere, fault)),
    ];
    if (missed.length > 0) {
      say({ kind: "round", step: step.slug, round, findings: missed.slice(0, limits.findingsMax) });
    }
    if (missed.length === 0 || round >= job.limits.moreRoundsMax) {
      const end = await finish(options, changeset, unfit, findings);
      return end.kind === "done"
        ? { ...end, answers, told: desk.told(), reply: said.messages().findLast((text) => text.trim() !== "") ?? "" }
        : ended(end.outcome, []);
    }
    round += 1;
    next = mend(options, desk, { findings, unanswered, faults, notes: [...turn.notes, ...needed.notes] });
  }
}

/** Of the repository's settings, for every step. */
export function givenIn({ services }: Job): Readonly<Record<string, string>> {
  return Object.fromEntries((services?.values ?? []).map(({ name, value }) => [name, value]));
}

const midStep: PendingAction = { kind: "step" };

function isSliceEnd(outcome: ClaudeOutcome): boolean {
  return outcome.kind === "timed-out" && outcome.why === "slice-end";
}

function stepsAfter({ job, step }: StepOptions): readonly string[] {
  const at = job.stepsToDo.indexOf(step.slug);
  return at === -1 ? [] : job.stepsToDo.slice(at + 1);
}

/** The agent says that it can't go on, and it is right: the deliverable is not there. */
function outcomeOfReport({ type, message }: AskedError, step: string, findings: readonly Finding[]): Outcome {
  const said = `step ${step}: the agent reported ${type}: ${message}`;
  return type === "execution_failed"
    ? { kind: "lost", message: said }
    : { kind: "failed", message: said, findings: findings.slice(0, limits.findingsMax) };
}

/** For the log of rounds alone: it is no fault of the deliverable, and never handed over. */
function asFinding({ slug }: Step, { path, line }: Pick<Finding, "path" | "line">, message: string): Finding {
  return { check: "outputs-exist", step: slug, path, line, message };
}

const nowhere = { path: null, line: null };

const transcriptCharactersMax = 1_000_000;

/** What the agent said, message by message: a text may come in several pieces. The oldest is forgotten where it is too much. */
function createTranscript() {
  let said: { readonly messageId: string | null; text: string }[] = [];
  return {
    add(messageId: string | null, text: string): void {
      const last = said.at(-1);
      if (last !== undefined && messageId !== null && last.messageId === messageId) last.text += `\n${text}`;
      else said.push({ messageId, text: text.slice(-transcriptCharactersMax) });
      let characters = said.reduce((sum, { text }) => sum + text.length, 0);
      while (characters > transcriptCharactersMax && said.length > 1) {
        characters -= said[0]?.text.length ?? 0;
        said = said.slice(1);
      }
    },
    messages: (): readonly string[] => said.map(({ text }) => text),
  };
}

/** With a merge goes what any step of the phase may change. */
async function findingsIn(
  { job, step, workspace, checks }: StepOptions,
  changes: readonly Change[],
): Promise<readonly Finding[]> {
  const phase = workspace.bothChanged === null ? job.phase : withPathsOfPhase(job.phase);
  return checks.changesetFindings(changes, phase, step.slug);
}

/** What the app would refuse is taken back and named; the rest is handed over. */
async function finish(
  options: StepOptions,
  changeset: Changeset,
  unfit: readonly Finding[],
  findings: readonly Finding[],
): Promise<Pick<Ended, "kind" | "outcome"> | Omit<Done, "answers" | "told" | "reply">> {
  const { job, step, workspace, agent, checks, say, note } = options;
  for (const { check, path } of unfit) {
    if (check === "no-secrets") note("secret-in-file", path ?? "");
    else if (check === "paths-allowed" && path !== null) note("path-refused", path);
  }
  if (!changeset.isWhole) {
    note("too-much", unfit[0]?.message);
    const message = `step ${step.slug}: its changes can't be handed over`;
    return { kind: "ended", outcome: { kind: "failed", message, findings } };
  }
  if (unfit.length === 0) {
    return { kind: "done", changes: changeset.changes, findings, tree: changeset.tree };
  }
  const paths = changeset.findings.flatMap(({ path }) => path ?? []);
  for (const change of changeset.changes) {
    // Each for itself: a finding shows a path as people may read it, which need not be the path.
    if ((await findingsIn(options, [change])).length > 0) paths.push(change.path);
  }
  // Taken back, it would be the base's alone, and what the phase had there be gone.
  if (paths.some((path) => workspace.bothChanged?.has(path) === true)) {
    const message = `step ${step.slug}: its merge with the base can't be handed over`;
    return { kind: "ended", outcome: { kind: "failed", message, findings } };
  }
  const { takenBack, restored } = await withhold(workspace, paths);
  await agent.own(restored);
  for (const path of takenBack) {
    say({
      kind: "log",
      level: "warn",
      text: `step ${step.slug}: the change of ${path} was taken back, since it may not be published`,
    });
  }
  const rest = await collectChanges(workspace, step.slug);
  const stillUnfit = [...rest.findings, ...(await findingsIn(options, rest.changes))];
  if (!rest.isWhole || stillUnfit.length > 0) {
    const message = `step ${step.slug}: its changes can't be handed over`;
    return { kind: "ended", outcome: { kind: "failed", message, findings: stillUnfit.slice(0, limits.findingsMax) } };
  }
  // Once more: what was taken back may have been a deliverable.
  const left = await checks.checkStep(rest.tree, job.phase, step);
  return {
    kind: "done",
    changes: rest.changes,
    findings: [...unfit, ...left].slice(0, limits.findingsMax),
    tree: rest.tree,
  };
}

/** Bounded before it is searched for secrets: a line of the CLI may have megabytes. */
const warningLengthMax = 2_000;

/** What people see of the agent's work. Everything else in the stream is for the verdict. */
function tell(event: StreamEvent, { step, workspace, say, note }: StepOptions): void {
  const warn = (text: string): void => say({ kind: "log", level: "warn", text: text.slice(0, warningLengthMax) });
  switch (event.kind) {
    case "tool-use": {
      const summary = event.summary.replaceAll(`${workspace.workTree}/`, "");
      const name = event.name.startsWith(toolPrefix) ? event.name.slice(toolPrefix.length) : event.name;
      const path = event.writes === null ? null : relativePath(event.writes, workspace.workTree);
      // A path outside the tree is nobody's document.
      const document = path === null || path.startsWith("/") ? null : path.slice(0, limits.pathCharactersMax);
      say({ kind: "action", step: step.slug, text: `${name} ${summary}`.trim(), document });
      return;
    }
    case "permission-denied":
      note("tool-denied", `${event.toolName}: ${event.message}`);
      return warn(`${event.toolName} was denied: ${event.message}`);
    case "api-retry":
      return warn(
        `the model did not answer (${event.status ?? "network"}), try ${event.attempt} of ${event.attemptsMax} follows`,
      );
    case "assistant-error":
      return warn(`the model provider answered ${event.error}: ${event.text}`);
    case "compacted":
      return say({
        kind: "log",
        level: "info",
        text: `the conversation was shortened at ${event.tokensBefore} tokens`,
      });
    case "oversized-line":
      return warn(`a line of ${event.bytes} bytes from Claude Code was left out`);
    case "unreadable-line":
      return warn(`a line from Claude Code could not be read: ${event.excerpt}`);
    case "init": {
      const server = event.mcpServers.find(({ name }) => name === serverName);
      if (server !== undefined && server.status !== "connected") {
        warn(`the agent can't reach people by tools, only in words: its server is ${server.status}`);
      }
      for (const { name, status } of event.mcpServers) {
        if (name !== serverName && status !== "connected") {
          warn(`the agent works without the tools of the server ${name}, which is ${status}`);
        }
      }
      return;
    }
    case "text":
    case "tool-result":
    case "rate-limit":
    case "result":
    case "heartbeat":
      return;
  }
}
