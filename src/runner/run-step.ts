/** One step: the guide goes in, the deliverable comes out, and what a quick check misses goes back, a bounded number of times. */

import type { Outcome } from "../core/outcome.ts";
import type { Phase, Step } from "../core/playbook.ts";
import type { Change } from "../core/change.ts";
import type { Finding, Tree } from "../core/report.ts";
import { limits, type Answer, type Job, type LiveEvent } from "../protocol/runner.ts";
import type { AgentUser } from "./agent-user.ts";
import { collectChanges, type Changeset } from "./changes.ts";
import type { Conversation } from "./conversation.ts";
import type { NumberedFeedback } from "./feedback.ts";
import { readAnswers } from "./feedback-answers.ts";
import { GitTimedOut } from "./git.ts";
import { mendPrompt, noAnswer, stepPrompt } from "./prompt.ts";
import { outcomeOfRun, type RunMoney } from "./run-outcome.ts";
import type { StreamEvent } from "./stream-event.ts";
import { withhold } from "./withhold.ts";
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
  readonly dialogue: DialogueServer;
  readonly requests: Requests;
  readonly resolved: () => Resolved;
  /** Answers that the conversation has, of the checkpoint and of this run's earlier steps. */
  readonly told: readonly Told[];
  readonly grants: Grants;
  /** Null where the step begins here. */
  readonly resume: StepResume | null;
  /** Milliseconds since 1970. */
  readonly sliceEndsAt: number;
}

export type StepEnd = Done | Ended;

interface Done {
  readonly kind: "done";
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  /** To feedback of this step; what the agent passed over has none. */
  readonly answers: readonly Answer[];
  readonly tree: Tree;
  /** Answers of people that the conversation has since this step. */
  readonly told: readonly Told[];
}

interface Ended {
  readonly kind: "ended";
  readonly outcome: Outcome;
  /** What is under way, for a checkpoint; so is the next. */
  readonly pending: readonly PendingAction[];
  readonly round: number;
  readonly told: readonly Told[];
}

export async function runStep(options: StepOptions): Promise<StepEnd> {
  try {
    return await workOnStep(options);
  } catch (error) {
    // Between two sayings git works on what the agent left, and on nothing else.
    if (!(error instanceof GitTimedOut)) throw error;
    const message = `step ${options.step.slug}: its changes can't be handed over: ${error.message}`;
    return { kind: "ended", outcome: { kind: "failed", message, findings: [] } };
  }
}

async function workOnStep(options: StepOptions): Promise<StepEnd> {
  const { job, step, workspace, conversation, checks, signal, say, feedback } = options;
  const { workTree } = workspace;
  const said = createTranscript();
  const endsAt = options.now().getTime() + job.limits.stepMinutes * 60_000;
  let prompt = stepPrompt({
    job,
    step,
    workTree,
    findings: options.findings,
    feedback,
    boundary: options.boundary,
  });
  for (let round = 0; ; round += 1) {
    const stepMs = endsAt - options.now().getTime();
    const outcome = await conversation.say({
      prompt,
      tools: step.tools,
      stepMs,
      onEvent: (event) => {
        if (event.kind === "text") said.add(event.messageId, event.text);
        tell(event, options);
      },
    });
    if (outcome.kind !== "completed") {
      return { kind: "ended", outcome: outcomeOfRun(outcome, step.slug, options.money(), signal.aborted) };
    }
    said.add(null, outcome.text);
    const answers = readAnswers(said.messages(), feedback);
    const unanswered = feedback.filter(({ item }) => answers.every(({ id }) => id !== item.id));
    const changeset = await collectChanges(workspace, step.slug);
    const unfit = [...changeset.findings, ...(await checks.changesetFindings(changeset.changes, job.phase, step.slug))];
    const findings = [...unfit, ...(await checks.checkStep(changeset.tree, job.phase, step))].slice(
      0,
      limits.findingsMax,
    );
    const missed = [...findings, ...unanswered.map((missing) => unansweredFinding(step, missing))];
    if (missed.length > 0) {
      say({ kind: "round", step: step.slug, round, findings: missed.slice(0, limits.findingsMax) });
    }
    if (missed.length === 0 || round >= job.limits.moreRoundsMax) {
      const end = await finish(options, changeset, unfit, findings);
      return end.kind === "done" ? { ...end, answers } : end;
    }
    prompt = mendPrompt({ job, step, workTree, findings, feedback: unanswered });
  }
}

/** For the log of rounds alone: it is no fault of the deliverable, and never handed over. */
function unansweredFinding({ slug }: Step, { number, item }: NumberedFeedback): Finding {
  return { check: "outputs-exist", step: slug, path: item.path, line: item.line, message: `${number}: ${noAnswer}` };
}

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

/** What the app would refuse is taken back and named; the rest is handed over. */
async function finish(
  options: StepOptions,
  changeset: Changeset,
  unfit: readonly Finding[],
  findings: readonly Finding[],
): Promise<Ended | Omit<Done, "answers">> {
  const { job, step, workspace, agent, checks, say } = options;
  if (!changeset.isWhole) {
    const message = `step ${step.slug}: its changes can't be handed over`;
    return { kind: "ended", outcome: { kind: "failed", message, findings } };
  }
  if (unfit.length === 0) {
    return { kind: "done", changes: changeset.changes, findings, tree: changeset.tree };
  }
  const paths = changeset.findings.flatMap(({ path }) => path ?? []);
  for (const change of changeset.changes) {
    // Each for itself: a finding shows a path as people may read it, which need not be the path.
    if ((await checks.changesetFindings([change], job.phase, step.slug)).length > 0) paths.push(change.path);
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
  const stillUnfit = [...rest.findings, ...(await checks.changesetFindings(rest.changes, job.phase, step.slug))];
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
function tell(event: StreamEvent, { step, workspace, say }: StepOptions): void {
  const warn = (text: string): void => say({ kind: "log", level: "warn", text: text.slice(0, warningLengthMax) });
  switch (event.kind) {
    case "tool-use": {
      const summary = event.summary.replaceAll(`${workspace.workTree}/`, "");
      say({ kind: "action", step: step.slug, text: `${event.name} ${summary}`.trim() });
      return;
    }
    case "permission-denied":
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
    case "init":
    case "text":
    case "tool-result":
    case "rate-limit":
    case "result":
    case "heartbeat":
      return;
  }
}
