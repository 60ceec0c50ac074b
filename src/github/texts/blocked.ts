import type { Forecast } from "../../control/ports.ts";
import type { BlockReason, ProviderRefusal } from "../../core/outcome.ts";
import {
  branchOf,
  currentPhaseOf,
  followingPhaseOf,
  openDependenciesOf,
  openQuestionsOf,
  outlineOfPhase,
  purseOf,
  taskBranchOf,
  type ExistingTask,
  type Gate,
  type PhaseProgress,
} from "../../core/state.ts";
import { settingsPath } from "../settings-file.ts";
import { saysOutdatedFile, workflowPath } from "../workflow-file.ts";
import { code, link, oneLine, person, plain } from "./escape.ts";
import { count, dollars, moment } from "./format.ts";
import { newWorkflowLink, type Links } from "./links.ts";
import { forecastSentence, suggestedUsd } from "./money.ts";
import { waitsForComment } from "./reply.ts";
import type { Say } from "./words.ts";

/** Three sentences or so for whoever can get a task going again. All Markdown. */
export interface BlockText {
  readonly what: string;
  readonly why: string;
  /** Names the exact page or command. */
  readonly next: string;
  /** A file to be copied, where the next step needs one. */
  readonly file?: { readonly path: string; readonly text: string };
}

/** What is known beside the task. */
export interface BlockFacts {
  /** Of the current phase. */
  readonly forecast?: Forecast | undefined;
  /** When work under the account's limit is tried again. */
  readonly limitEndsAt?: string | null;
  /** The file that is awaited, where it is known. */
  readonly awaited?: { readonly path: string; readonly text: string } | null | undefined;
}

export interface BlockContext {
  readonly say: Say;
  readonly links: Links;
  /** The workflow file as this deployment would write it. */
  readonly workflowFile: string;
  readonly defaultBranch: string;
  /** Where runners reach this app. */
  readonly appUrl: string;
  /** `owner/repo@sha` of the action, as workflow files name it. */
  readonly actionRef: string;
  /** Addresses of the comments of what the agent asked for, by the id of the request, where they are known. */
  readonly requests: ReadonlyMap<string, string>;
}

export function blockText(
  reason: BlockReason,
  task: ExistingTask,
  context: BlockContext,
  facts: BlockFacts = {},
): BlockText {
  const { links } = context;
  switch (reason.kind) {
    case "no-workflow-file":
      return {
        what: `The run could not start: ${code(workflowPath)} is missing on ${code(context.defaultBranch)}.`,
        why: "The agent works inside GitHub Actions of this repository, and this file is what runs there. Phasegate has no permission to write workflow files, so a person must.",
        next: `${link("create the file with its content filled in", newWorkflowLink(links, context.defaultBranch, context.workflowFile))}, commit it to ${code(context.defaultBranch)}, then comment \`/run\` here.`,
      };
    case "actions-disabled":
      return {
        what: "The run could not start: GitHub Actions, or the Phasegate workflow, is switched off in this repository.",
        why: "The agent works inside GitHub Actions of this repository, so nothing can start without them.",
        next: `allow Actions under ${link("Settings → Actions → General", links.actionsSettings)}, and if the ${link("Phasegate workflow", links.workflowRuns)} says that it is disabled, press *Enable workflow*. Then comment \`/run\` here.`,
      };
    case "no-model-secret":
      return {
        what: "The run could not start: this repository has no key for Claude.",
        why: "The agent needs a secret named `ANTHROPIC_API_KEY` or `CLAUDE_CODE_OAUTH_TOKEN`, of this repository or shared with it by its organisation. The key stays in GitHub: the app sees its name, never its value.",
        next: `${link("add the secret", links.newSecret)}, then comment \`/run\` here.`,
      };
    case "empty-repository":
      return {
        what: "The run could not start: this repository has no commit yet.",
        why: "Each phase is a pull request, and that needs a branch to merge into.",
        next: `${link("make a first commit", links.newFile(context.defaultBranch, "README.md", ""))} (a README will do), then comment \`/run\` here.`,
      };
    case "app-unreachable":
      return {
        what: `${link("The run", reason.runUrl)} ended without ever reaching the Phasegate app.`,
        why: `Runners must be able to open ${code(context.appUrl)}. The app may be down, its \`PUBLIC_URL\` may be wrong, or a firewall stands between. The first lines of ${link("the run's log", reason.runUrl)} say which.`,
        next: `have the operator of the app check \`PUBLIC_URL\`, compare it with ${code("app_url")} in ${link(code(workflowPath), links.file(context.defaultBranch, workflowPath))}, then comment \`/run\` here.`,
      };
    case "dispatch-refused":
      if (saysOutdatedFile(reason.message)) return outdatedFile(reason.message, context);
      return {
        what: sentence(`The run did not go ahead: ${plain(reason.message, 500)}`),
        why: "GitHub decides whether a run goes ahead: by the workflow file on the default branch, by the repository's Actions settings and rulesets, and by whoever presses *Cancel workflow*. What was delivered so far is kept.",
        next: `if somebody cancelled it, comment \`/retry\` here to go on or \`/cancel\` to end the task. Otherwise mend what the message above names, in the ${link("Phasegate workflow", links.workflowRuns)} or under ${link("Settings → Actions → General", links.actionsSettings)}, then comment \`/retry\` here.`,
      };
    case "environment":
      return {
        what: sentence(
          `The run broke off ${count(reason.faults, "time", "times")} in a row, last because of this: ${plain(reason.message, 500)}`,
        ),
        why: "The machine, the network or the model's provider failed, not the agent. What was delivered so far is kept.",
        next: `if the message above speaks of authentication or billing, renew the key under ${link("Settings → Secrets → Actions", links.secrets)}; otherwise see how ${link("the last run", links.workflowRuns)} ended. Then comment \`/retry\` here to go on from the last finished step.`,
      };
    case "verification-failed":
      return verificationFailed(reason.attempts, task, links);
    case "budget-exhausted":
      return budgetExhausted(reason, task, facts);
    case "rate-limited": {
      const until = facts.limitEndsAt ?? reason.resetsAt;
      return {
        what: sentence(`Claude's usage limit is reached: ${plain(reason.message, 300)}`),
        why: "The limit belongs to the account behind this repository's key for Claude, and holds for all tasks that use it. What was delivered so far is kept.",
        next:
          until === null
            ? "nothing to do: it is tried again every now and then, and the task goes on by itself when the limit has lifted."
            : `nothing to do: the task goes on by itself at ${moment(until)}.`,
      };
    }
    // What is open is listed beside it.
    case "waiting-question": {
      const open = openQuestionsOf(task);
      return {
        what: `The agent waits for ${open.length === 1 ? "an answer" : "answers"}.`,
        why: "It asked what it cannot decide for you. Nothing runs meanwhile, so waiting costs nothing.",
        next: `answer here, for example ${code(`/answer ${open[0]?.number ?? 1}: your words`)}. The task goes on by itself when nothing is open any more.`,
      };
    }
    case "waiting-dependency":
      return {
        what: "The agent needs what only people can provide.",
        why: "It cannot go on without. Nothing runs meanwhile, so waiting costs nothing.",
        next: `provide it as its comment says, or comment ${code(`/skip ${oneLine(openDependenciesOf(task)[0]?.name ?? "NAME", 100)}`)} to have the agent go on without. The task goes on by itself when nothing is open any more.`,
      };
    case "conversation": {
      const phase = currentPhaseOf(task);
      return {
        what: "The agent has replied, and waits for what you say next.",
        why: "This task is a conversation: each comment on the issue is its next turn. Nothing runs meanwhile, so waiting costs nothing.",
        next: phase === null ? "comment `/status` here." : waitsForComment(phase),
      };
    }
    case "provider-refused":
      return providerRefused(reason.why, reason.message, context.links);
    case "gate-closed":
      return {
        what: `Pull request ${link(`#${reason.pullRequest}`, links.pull(reason.pullRequest))} was closed without a merge, so the task waits.`,
        why: "A phase is accepted by merging its pull request; closing it says that something is wrong with it.",
        next: "comment `/run` here to reopen it and go on (if its branch was deleted, restore that first, on the pull request's page), or `/cancel` to end the task.",
      };
    case "gate-retargeted":
      return gateRetargeted(reason, task, context);
    case "approval-needed":
      return approvalNeeded(reason, task);
    case "settings-invalid":
      return {
        what: `The run could not start, because of what ${code(settingsPath)} says:\n${settingsFaults(reason.message)}`,
        why: "It says who may approve and who merges, so nothing starts on a guess of it. What was delivered so far is kept.",
        next: `${link(`mend ${code(settingsPath)}`, links.editFile(context.defaultBranch, settingsPath))} on ${code(context.defaultBranch)} (or the file that is named above), or delete it to have the defaults. Then comment \`/run\` here.`,
      };
    case "plan-invalid":
      return {
        what: `The plan of phase ${reason.phase}, ${plain(outlineOfPhase(task, reason.phase).title)}, can't be worked by: ${reason.faults} ${reason.faults === 1 ? "cell or file is" : "cells or files are"} not as expected. ${plain(reason.message, 1_500)}`,
        why: "Its tables are what the next phases are made of, so nothing starts on a guess of them. What is merged stays.",
        next: `mend the tables on ${code(taskBranchOf(task) ?? task.input.baseBranch ?? context.defaultBranch)} and comment \`/run\` here to have them read again, or \`/cancel\` to end the task.`,
      };
    case "workflow-file-awaited":
      return workflowFileAwaited(reason, context, facts.awaited ?? null);
    case "no-progress":
      return noProgress(reason, task, links);
    case "runaway":
      return {
        what: `The task was stopped, because ${reason.events} things happened to it within a minute.`,
        why: "Work does not do that, so something goes in circles: most often another app, or a workflow of this repository, that answers what this app writes. What was delivered so far is kept.",
        next: `see who wrote or changed something here again and again (the ${link("runs of the workflows", links.workflowRuns)} may tell), and switch that off. Then comment \`/resume\` here to go on, or \`/cancel\` to end the task.`,
      };
    case "paused":
      return {
        what: `${person(reason.by)} paused the task, and its run was stopped.`,
        why: "Finished steps are kept. An open pull request can still be merged, but the next phase waits.",
        next: "comment `/resume` here to go on, or `/cancel` to end the task.",
      };
    case "issue-closed":
      return {
        what: `The task waits, because ${person(reason.by)} closed its issue.`,
        why: "A closed issue asks for no more work. What was delivered so far is kept.",
        next: "reopen the issue; when somebody with write access does, the task goes on by itself. Or comment `/run` here to go on although it is closed, or `/cancel` to end the task.",
      };
    case "repository-archived":
      return {
        what: "The task waits, because this repository is archived.",
        why: "GitHub lets nobody write to an archived repository, not even a comment. What was delivered so far is kept.",
        next: `press *Unarchive this repository* at the end of ${link("Settings → General", links.settings)}. The task then goes on by itself.`,
      };
    case "no-access":
      return {
        what:
          reason.why === "suspended"
            ? "The task waits, because Phasegate is suspended here."
            : "The task waits, because Phasegate has no access to this repository any more.",
        why: "Without its installation the app can neither read nor write here. What was delivered so far is kept.",
        next:
          reason.why === "suspended"
            ? `end the suspension under ${link("Settings → GitHub Apps", links.installations)}. The task then goes on by itself.`
            : `give Phasegate access to this repository again under ${link("Settings → GitHub Apps", links.installations)}. The task then goes on by itself.`,
      };
    case "effect-failed":
      return {
        what: sentence(`Phasegate could not go on: ${plain(reason.message, 500)}`),
        why: `It was tried several times, and each try failed (${code(reason.effect)}). Nothing is lost.`,
        next: `if the message above names a permission, accept it for Phasegate under ${link("Settings → GitHub Apps", links.installations)}; if it names a rule or a branch, mend that. Then comment \`/retry\` here to try again, or \`/cancel\` to end the task.`,
      };
  }
}

export function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/** Merged by one who may not approve here (Q5). */
/** A line each. */
function settingsFaults(message: string): string {
  return message
    .split("\n")
    .map((fault) => `- ${plain(fault, 500)}`)
    .join("\n");
}

function approvalNeeded(
  { phase, by }: Extract<BlockReason, { kind: "approval-needed" }>,
  task: ExistingTask,
): BlockText {
  const progress = task.phases.find((candidate) => candidate.phase === phase);
  const gate = progress?.gate ?? null;
  const goal = progress === undefined ? "to go on" : goalOf(task, progress);
  const look = gate === null ? "" : ` looks at ${pullLink(gate)} and`;
  return {
    what: `Phase ${phase}, ${plain(outlineOfPhase(task, phase).title)}, was merged by ${person(by)}, and nobody else has approved it.`,
    why: `The settings of this repository (${code("requester_may_approve: false")}) ask for the approval of somebody who neither opened the issue nor started the task. The merge stays.`,
    next: `somebody else with write access${look} comments \`/approve\` here ${goal}. Or comment \`/cancel\` to end the task.`,
  };
}

/** Money went, and no file changed. */
function noProgress(
  { why, spentUsd }: Extract<BlockReason, { kind: "no-progress" }>,
  task: ExistingTask,
  links: Links,
): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const name = nameOfPhase(task, phase);
  const log = `the log of ${link("the last run", links.workflowRuns)} says what the agent did instead`;
  const skip =
    phase !== null && outlineOfPhase(task, phase.phase).mayBeSkipped
      ? ", `/skip-phase` to go on without this phase"
      : "";
  const byHand =
    phase === null || gate === null
      ? ""
      : ` Or commit what is wanting yourself to ${branchLink(task, phase, links)}, then ${mergeOf(gate)} ${goalOf(task, phase)}.`;
  return {
    what:
      why === "no-change"
        ? `Two attempts in a row at ${name} changed no file; ${dollars(spentUsd)} are spent on the phase.`
        : `The last ${dollars(spentUsd)} spent on ${name} changed no file.`,
    why: `Going on like this would only cost more; ${log}. What was delivered so far is kept.`,
    next: `comment \`/retry\` here to have it tried again${skip}, or \`/cancel\` to end the task.${byHand}`,
  };
}

function branchLink(task: ExistingTask, { phase }: PhaseProgress, links: Links): string {
  return link(code(branchOf(task, phase)), links.branch(branchOf(task, phase)));
}

function verificationFailed(attempts: number, task: ExistingTask, links: Links): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const tries = count(attempts, "attempt", "attempts");
  const isSame = (phase?.sameFindings ?? 0) > 1 && phase?.sameFindings === attempts;
  const same = isSame ? ", each time for the same faults: another attempt would bring them once more" : "";
  const name = nameOfPhase(task, phase);
  const kept = "What was delivered so far is kept.";
  const checked = phase?.verification?.passed === false;
  const say = phase === null || phase.conversation === null ? "" : "write a comment to go on with the conversation, ";
  const where = gate === null ? "The details of the status comment list" : `${pullLink(gate)} lists`;
  const accept = gate === null ? "" : ", `/accept` to take the phase as it is";
  const byHand =
    phase === null || gate === null
      ? ""
      : ` Or commit the repair yourself to ${branchLink(task, phase, links)}, then ${mergeOf(gate)} ${goalOf(task, phase)}.`;
  return {
    what: checked
      ? `${capital(name)} did not pass its checks in ${tries}${same}.`
      : `${capital(name)} was not finished in ${tries}.`,
    why: checked
      ? `${where} what is wanting. ${kept}`
      : `The agent ended before its work was done; the log of ${link("the last run", links.workflowRuns)} says where. ${kept}`,
    next: `${say}comment \`/retry\` here to have it tried again${accept}, or \`/cancel\` to end the task.${byHand}`,
  };
}

/** Phases build on each other through the branch that they are merged into. */
function gateRetargeted(
  { pullRequest, base, merged }: Extract<BlockReason, { kind: "gate-retargeted" }>,
  { input }: ExistingTask,
  { links, defaultBranch }: BlockContext,
): BlockText {
  const pull = link(`#${pullRequest}`, links.pull(pullRequest));
  const target = code(input.baseBranch ?? defaultBranch);
  const named =
    input.baseBranch === null ? `the default branch, ${target}` : `${target}, the branch that this task is for`;
  const why = `Each phase starts from ${named}, so what is not merged there is missing in the next one.`;
  if (merged) {
    return {
      what: `Pull request ${pull} was merged into ${code(base)}, so the task waits.`,
      why,
      next: `bring ${code(base)} into ${target} and comment \`/accept\` here to go on, or \`/cancel\` to end the task.`,
    };
  }
  return {
    what: `Pull request ${pull} now points at ${code(base)}, so the task waits.`,
    why,
    next: `press *Edit* beside the title of ${pull} and set its base back to ${target}. The task then goes on by itself. Or comment \`/cancel\` here to end it.`,
  };
}

/** GitHub refuses longer addresses. */
const linkCharactersMax = 7_000;

/** The workflow that the task built, which only a person may bring in. */
function workflowFileAwaited(
  { path, branch }: Extract<BlockReason, { kind: "workflow-file-awaited" }>,
  { links }: BlockContext,
  awaited: BlockFacts["awaited"],
): BlockText {
  const filled = links.newFile(branch, path, awaited?.text ?? "");
  const isShort = awaited !== null && awaited !== undefined && filled.length <= linkCharactersMax;
  const how = isShort
    ? `${link("create the file with its content filled in", filled)}, or put the content in the place of what is there`
    : `${link("create the file", links.newFile(branch, path, ""))} with the content that the comment of this pause shows, or put it in the place of what is there`;
  return {
    what: `The task waits for ${code(path)} on ${code(branch)}.`,
    why: "It is what runs the workflow, made from its definition. Phasegate has no permission to write workflow files, so a person must.",
    next: `${how}, and commit it to ${code(branch)}; the task goes on by itself once it is there, or comment \`/run\` here. With the permission *Workflows: write* the app does this by itself the next time.`,
    ...(awaited === null || awaited === undefined ? {} : { file: awaited }),
  };
}

/** The file is older than what the app asks of it. */
function outdatedFile(message: string, { links, defaultBranch, workflowFile }: BlockContext): BlockText {
  return {
    what: sentence(`The run could not start: ${plain(message, 500)}`),
    why: "The agent works inside GitHub Actions of this repository, and this file is what runs there. Phasegate has no permission to write workflow files, so a person must.",
    next: `${link(`edit ${code(workflowPath)}`, links.editFile(defaultBranch, workflowPath))} on ${code(defaultBranch)}: put the current file in the place of all that is there, commit it, then comment \`/retry\` here.`,
    file: { path: workflowPath, text: workflowFile },
  };
}

/** The account of the model is at fault: no repeat mends it, and whoever holds the key must act. */
function providerRefused(why: ProviderRefusal, message: string, links: Links): BlockText {
  const kept = "What was delivered so far is kept.";
  const said = message.trim() === "" ? "" : ` It said: ${sentence(plain(message, 300))}`;
  switch (why) {
    case "authentication":
      return {
        what: `Claude does not take this repository's key.${said}`,
        why: `The key may be wrong, revoked or expired. ${kept}`,
        next: `whoever holds the account renews the secret \`ANTHROPIC_API_KEY\` or \`CLAUDE_CODE_OAUTH_TOKEN\` under ${link("Settings → Secrets → Actions", links.secrets)}. Then comment \`/run\` here.`,
      };
    case "billing":
      return {
        what: `The account behind this repository's key for Claude has nothing left to pay with.${said}`,
        why: `Unlike a usage limit this does not lift by itself. ${kept}`,
        next: "whoever holds the account adds credit or a means of payment at its provider. Then comment `/run` here.",
      };
    case "model-not-found":
      return {
        what: `The account behind this repository's key for Claude cannot use the model that the app asks for.${said}`,
        why: `The name of the model is a setting of the app. ${kept}`,
        next: "the operator of the app sets `CLAUDE_MODEL` to a model that the account has. Then comment `/run` here.",
      };
  }
}

/** The repository's own figure is the smaller one where it is in force. */
function whoRaisesTheDay(budgetUsd: number, { settings }: ExistingTask): string {
  return settings.limits.dayBudgetUsd === budgetUsd
    ? `To go on today, raise ${code("day_budget_usd")} in ${code(settingsPath)} and comment ${code("/run")} here.`
    : "The operator of the app can raise `DAY_BUDGET_USD`.";
}

function budgetExhausted(
  reason: Extract<BlockReason, { kind: "budget-exhausted" }>,
  task: ExistingTask,
  { forecast }: BlockFacts,
): BlockText {
  const why =
    "The agent stops before a call that could cost more than what is left. What was delivered so far is kept.";
  if (reason.scope === "day") {
    return {
      what: `The day's budget of this repository's key for Claude is used up: ${dollars(reason.spentUsd)} of ${dollars(reason.budgetUsd)} spent by all tasks that use it.`,
      why: `${why} A day lasts from midnight to midnight, UTC.`,
      next: `nothing to do: the task goes on by itself after midnight, UTC. ${whoRaisesTheDay(reason.budgetUsd, task)}`,
    };
  }
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const taskSpentUsd = task.phases.reduce((sum, { spent }) => sum + spent.costUsd, 0);
  const isLast = phase !== null && followingPhaseOf(task, phase.phase) === null;
  const ofPhase = reason.scope === "phase" && phase !== null;
  // With the task's budget gone a merge starts no further phase.
  const accept =
    phase === null || gate === null || (!ofPhase && !isLast)
      ? ""
      : ` Or, to accept what is there, ${mergeOf(gate)} ${goalOf(task, phase)}.`;
  const name = ofPhase ? nameOfPhase(task, phase) : "this task";
  const spentUsd = ofPhase ? phase.spent.costUsd : taskSpentUsd;
  const budgetUsd = ofPhase ? purseOf(task, phase.phase) : task.taskBudgetUsd;
  const expected = ofPhase && forecast !== undefined ? ` ${forecastSentence(forecast)}` : "";
  const usd = suggestedUsd(spentUsd, budgetUsd, ofPhase ? forecast : undefined);
  return {
    what: `The budget of ${name} is used up: ${dollars(spentUsd)} of ${dollars(budgetUsd)} spent.${expected}`,
    why,
    next: `comment \`/budget ${usd}\` here to let ${ofPhase ? "the phase" : "the task"} spend up to ${dollars(usd)} in all and go on, or \`/cancel\` to end the task.${accept}`,
  };
}

/** A draft has no merge button. */
function mergeOf(gate: Gate): string {
  const pull = pullLink(gate);
  return gate.draft ? `press *Ready for review* on ${pull} and merge it` : `merge ${pull}`;
}

function pullLink({ pullRequest, url }: Gate): string {
  return link(`#${pullRequest}`, url);
}

function goalOf(task: ExistingTask, { phase }: PhaseProgress): string {
  const following = followingPhaseOf(task, phase);
  return following === null ? "to complete the task" : `to start phase ${following.number}, ${plain(following.title)}`;
}

function nameOfPhase(task: ExistingTask, phase: PhaseProgress | null): string {
  return phase === null ? "this phase" : `phase ${phase.phase}, ${plain(outlineOfPhase(task, phase.phase).title)},`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
