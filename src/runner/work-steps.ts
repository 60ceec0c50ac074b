/** The steps of a run, one after the other, each handed over before the next; then the verification of the whole phase. */

import { sameName } from "../core/dialogue.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Step } from "../core/playbook.ts";
import { limits, type Acknowledged, type PersonAnswer, type StepRequest } from "../protocol/runner.ts";
import type { RunPlace } from "./agent-place.ts";
import type { AgentUser } from "./agent-user.ts";
import { AppUnreachable } from "./app-client.ts";
import { createUsageAudit } from "./audit-usage.ts";
import { acceptChanges, asFileChange } from "./changes.ts";
import type { Position } from "./checkpoint.ts";
import { claudeEnvironment } from "./claude-command.ts";
import { startConversation, type Conversation } from "./conversation.ts";
import type { DialogueServer } from "./dialogue-server.ts";
import type { Told } from "./dialogue.ts";
import { feedbackOf } from "./feedback.ts";
import { checkpointAfterStep, warn } from "./leave-checkpoint.ts";
import type { Egress } from "./egress.ts";
import { serversOf, tokenWanted, type AgentServers } from "./mcp-servers.ts";
import type { ModelGateway } from "./model-gateway.ts";
import type { Run } from "./run-phase.ts";
import { givenIn, runStep, type Checks } from "./run-step.ts";
import { answersAsDeclared, asDeclared } from "./run-texts.ts";
import type { TakenUp } from "./take-up.ts";
import { replyAsDeclared } from "./issue-talk.ts";
import { tryValues } from "./try-values.ts";
import { verifyTurn, verifyWork, type WorkEnd } from "./verify-work.ts";
import type { Workspace } from "./workspace.ts";

export interface Equipment {
  readonly place: RunPlace;
  readonly agent: AgentUser;
  readonly gateway: ModelGateway;
  readonly dialogue: DialogueServer;
  readonly gatewayToken: string;
  readonly executable: string;
  readonly systemPromptFile: string;
  readonly workspace: Workspace;
  readonly takenUp: TakenUp;
  readonly egress: Egress;
}

/** Between the signal on which the CLI saves its conversation and the one that kills it. */
export const graceMs = 2_000;

/** What changes from step to step. */
interface Progress {
  workspace: Workspace;
  /** Answers that the conversation has. */
  told: readonly Told[];
  /** All that people answered. */
  answers: readonly PersonAnswer[];
  stepsDone: readonly string[];
  /** A step of this run has changed a file. */
  hasChanged: boolean;
}

/** A run without a step to do has all of them behind it, and goes on with the verification. */
export async function workThroughSteps(run: Run, equipment: Equipment): Promise<WorkEnd> {
  const { job, stopped } = run;
  const { agent, place, dialogue, takenUp, gateway } = equipment;
  const audit = createUsageAudit(() => gateway.snapshot().usage, takenUp.session.resume);
  const conversation = audit.watch(converse(run, equipment));
  const progress: Progress = {
    ...takenUp,
    workspace: equipment.workspace,
    answers: job.answers,
    stepsDone: [],
    hasChanged: false,
  };
  const checks = withValuesFound(run);
  const boundary = `boundary-${run.newId()}`;
  const tried = new Set<string>();
  const servers = serversOf(job, run.grants);
  const stand = (where: Pick<Position, "step" | "pending" | "round">): void => {
    const { workspace, told, stepsDone } = progress;
    const isRestored = job.checkpoint !== null;
    run.stand({ agent, place, workspace, conversation, position: { ...where, stepsDone, told }, isRestored });
  };
  for (const [at, slug] of job.stepsToDo.entries()) {
    const step = job.phase.steps.find((step) => step.slug === slug);
    if (step === undefined)
      throw new Error(`working through the steps: the job names "${slug}", which its phase has not`);
    if (at > 0 && run.now().getTime() >= run.sliceEndsAt) return ended({ kind: "slice-ended" });
    const resume = at === 0 ? takenUp.resume : null;
    // A step that has not begun is none to go on with, unless somebody stops it from now on.
    stand({ step: slug, pending: resume?.pending ?? [{ kind: "step" }], round: resume?.round ?? 0 });
    if (at === 0 && (await askForTokens(run, step, servers))) return ended({ kind: "waiting-dependency" });
    for (const { token } of servers.ready) if (token !== null) run.grants.lend(slug, token);
    if (await refuseValues(run, step, servers, tried)) return ended({ kind: "waiting-dependency" });
    run.say({
      kind: "step-started",
      step: slug,
      number: job.phase.steps.indexOf(step) + 1,
      total: job.phase.steps.length,
    });
    const end = await runStep({
      job,
      step,
      findings: job.findings.filter((finding) => finding.step === slug || (finding.step === null && at === 0)),
      feedback: feedbackOf(job, slug),
      workspace: progress.workspace,
      agent,
      conversation,
      checks,
      boundary,
      now: run.now,
      money: () => ({ spentUsd: run.meter.total().costUsd, budgetUsd: job.budgetUsd }),
      signal: stopped,
      say: run.say,
      note: run.security.note,
      redact: run.security.redact,
      dialogue,
      requests: run.requests,
      resolved: () => ({ answers: progress.answers, dependencies: job.dependencies }),
      told: progress.told,
      grants: run.grants,
      servers,
      resume,
      sliceEndsAt: run.sliceEndsAt,
    });
    const difference = audit.difference();
    if (difference !== null) warn(run, `step ${slug}: ${difference}`);
    progress.told = [...progress.told, ...end.told].slice(-limits.answersMax);
    if (end.kind === "ended") {
      stand({ step: slug, pending: end.pending, round: end.round });
      return ended(end.outcome);
    }
    if (stopped.aborted) return ended({ kind: "cancelled" });
    const handedOver = {
      step: slug,
      changes: end.changes.map(asFileChange),
      spent: run.meter.sinceMark(),
      findings: asDeclared(end.findings, run.redact),
      answers: answersAsDeclared(end.answers, run.redact),
      // Also what was told in an earlier run, to the conversation that goes on here.
      told: [...progress.told],
      ...(job.conversation === null ? {} : { reply: replyAsDeclared(end.reply, run.redact) }),
    };
    const answer = await handOver(
      run,
      { ...handedOver, security: run.security.take() },
      at === job.stepsToDo.length - 1,
    );
    run.meter.mark(handedOver.spent);
    progress.workspace = await acceptChanges(progress.workspace);
    progress.stepsDone = [...progress.stepsDone, slug];
    progress.hasChanged ||= handedOver.changes.length > 0;
    progress.answers = withNewer(progress.answers, answer.answers);
    stand({ step: null, pending: [], round: 0 });
    if (answer.stop) return ended({ kind: "cancelled" });
    await checkpointAfterStep(run);
  }
  stand({ step: null, pending: [], round: 0 });
  if (job.conversation !== null) return await verifyTurn(run, equipment, progress);
  return await verifyWork(run, equipment, { ...progress, conversation });
}

function ended(outcome: Outcome): WorkEnd {
  return { outcome, report: null };
}

function converse(run: Run, equipment: Equipment): Conversation {
  const { job, say } = run;
  const { place, gateway } = equipment;
  return startConversation({
    agent: equipment.agent,
    executable: equipment.executable,
    env: claudeEnvironment({
      ...place,
      path: run.path,
      gatewayUrl: gateway.url,
      gatewayToken: equipment.gatewayToken,
      credentialKind: run.credential.kind,
      maxTokens: job.maxTokens,
      egress: equipment.egress.environment,
    }),
    cwd: place.workTree,
    noOutputMs: job.limits.noOutputMinutes * 60_000,
    graceMs,
    signal: run.stopped,
    gateway: () => gateway.snapshot(),
    onLeftBehind: (names) => run.security.note("process-ended", names[0], names.length),
    redact: run.redact,
    model: job.model,
    systemPromptFile: equipment.systemPromptFile,
    session: equipment.takenUp.session,
    dialogue: equipment.dialogue,
    newId: run.newId,
    wait: run.wait,
    now: run.now,
    onRetry: ({ kind }, pauseMs) => {
      say({ kind: "log", level: "warn", text: `Claude Code ${kind}: it is started again in ${pauseMs / 1_000} s` });
    },
  });
}

/** A lent value in a deliverable is a fault like any other: the agent hears of it, and it is not handed over. */
function withValuesFound({ checks, grants }: Run): Checks {
  return {
    ...checks,
    changesetFindings: async (changes, phase, step) => [
      ...grants.findingsIn(changes, step),
      ...(await checks.changesetFindings(changes, phase, step)),
    ],
  };
}

/** True where a server of the settings has no token yet. Asked for in words that name the server; `/skip` leaves it out. */
async function askForTokens(run: Run, { slug: step }: Step, { wanting, leftOut }: AgentServers): Promise<boolean> {
  for (const { name } of leftOut) {
    run.say({
      kind: "log",
      level: "warn",
      text: `step ${step}: without the server ${name}, since its token was skipped`,
    });
  }
  for (const { server, name, isGranted } of wanting) {
    run.say({ kind: "log", level: "warn", text: `step ${step}: the server ${server.name} has no token yet: ${name}` });
    const dependency = { type: "api_key", name, description: tokenWanted(server), required: true } as const;
    await run.requests.send({ kind: "dependency", step, dependency });
    if (!isGranted) continue;
    const message = run.grants.faultOf(name) ?? `this job has no value for ${name}.`;
    await run.requests.send({ kind: "value-refused", step, name, message });
  }
  return wanting.length > 0;
}

/** True where people have to look at a value that the step was granted: the agent is not started with half of them. */
async function refuseValues(run: Run, { slug }: Step, { ready }: AgentServers, tried: Set<string>): Promise<boolean> {
  // People were told that a server's token goes to that server alone, and another one may well refuse it.
  const isToken = (name: string): boolean => ready.some(({ token }) => token !== null && sameName(token, name));
  const values = Object.fromEntries(Object.entries(run.grants.environmentOf(slug)).filter(([name]) => !isToken(name)));
  const names = Object.keys(values).filter((name) => !tried.has(name));
  for (const name of names) tried.add(name);
  const { fetch, now, stopped: signal } = run;
  const refused = [
    ...run.grants.missingFor(slug),
    ...(await tryValues({ names, values: { ...givenIn(run.job), ...values }, fetch, now, signal })),
  ];
  for (const { name, message } of refused) {
    run.say({ kind: "log", level: "warn", text: `step ${slug}: ${name}: ${message}` });
    await run.requests.send({ kind: "value-refused", step: slug, name, message });
  }
  return refused.length > 0;
}

/** An answer that was changed takes the place of the one before. */
function withNewer(answers: readonly PersonAnswer[], news: readonly PersonAnswer[]): readonly PersonAnswer[] {
  return [...answers.filter(({ number }) => !news.some((answer) => answer.number === number)), ...news];
}

/** Where nobody answers, the step is kept for the end, and the run ends: without the app nobody can stop it. */
async function handOver(
  run: Run,
  request: StepRequest,
  isLast: boolean,
): Promise<Pick<Acknowledged, "stop" | "answers">> {
  const { session, stopped, meter, undelivered, security } = run;
  try {
    return await session.handOverStep(request, stopped);
  } catch (error) {
    if (!(error instanceof AppUnreachable) || stopped.aborted) {
      // The outcome tells them instead.
      for (const { kind, example, count } of request.security ?? []) security.note(kind, example, count);
      throw error;
    }
    undelivered.push(request);
    // All work is done, so there is nothing to stop but the last check.
    if (isLast) return { stop: false, answers: [] };
    meter.mark(request.spent);
    throw error;
  }
}
