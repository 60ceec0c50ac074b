import type { Forecast } from "../../control/ports/task-view.ts";
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
import { dollars, moment } from "./format.ts";
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
  const { links, say } = context;
  switch (reason.kind) {
    case "no-workflow-file":
      return {
        what: say`The run could not start: ${code(workflowPath)} is missing on ${code(context.defaultBranch)}.`,
        why: say`The agent works inside GitHub Actions of this repository, and this file is what runs there. Phasegate has no permission to write workflow files, so a person must.`,
        next: say`${link(say`create the file with its content filled in`, newWorkflowLink(links, context.defaultBranch, context.workflowFile))}, commit it to ${code(context.defaultBranch)}, then comment \`/run\` here.`,
      };
    case "actions-disabled":
      return {
        what: say`The run could not start: GitHub Actions, or the Phasegate workflow, is switched off in this repository.`,
        why: say`The agent works inside GitHub Actions of this repository, so nothing can start without them.`,
        next: say`allow Actions under ${link("Settings → Actions → General", links.actionsSettings)}, and if the ${link(say`Phasegate workflow`, links.workflowRuns)} says that it is disabled, press *Enable workflow*. Then comment \`/run\` here.`,
      };
    case "no-model-secret":
      return {
        what: say`The run could not start: this repository has no key for Claude.`,
        why: say`The agent needs a secret named \`ANTHROPIC_API_KEY\` or \`CLAUDE_CODE_OAUTH_TOKEN\`, of this repository or shared with it by its organisation. The key stays in GitHub: the app sees its name, never its value.`,
        next: say`${link(say`add the secret`, links.newSecret)}, then comment \`/run\` here.`,
      };
    case "empty-repository":
      return {
        what: say`The run could not start: this repository has no commit yet.`,
        why: say`Each phase is a pull request, and that needs a branch to merge into.`,
        next: say`${link(say`make a first commit`, links.newFile(context.defaultBranch, "README.md", ""))} (a README will do), then comment \`/run\` here.`,
      };
    case "app-unreachable":
      return {
        what: say`${link(say`The run`, reason.runUrl)} ended without ever reaching the Phasegate app.`,
        why: say`Runners must be able to open ${code(context.appUrl)}. The app may be down, its \`PUBLIC_URL\` may be wrong, or a firewall stands between. The first lines of ${link(say`the run's log`, reason.runUrl)} say which.`,
        next: say`have the operator of the app check \`PUBLIC_URL\`, compare it with ${code("app_url")} in ${link(code(workflowPath), links.file(context.defaultBranch, workflowPath))}, then comment \`/run\` here.`,
      };
    case "dispatch-refused":
      if (saysOutdatedFile(reason.message)) return outdatedFile(reason.message, context);
      return {
        what: sentence(say`The run did not go ahead: ${plain(reason.message, 500)}`),
        why: say`GitHub decides whether a run goes ahead: by the workflow file on the default branch, by the repository's Actions settings and rulesets, and by whoever presses *Cancel workflow*. What was delivered so far is kept.`,
        next: say`if somebody cancelled it, comment \`/retry\` here to go on or \`/cancel\` to end the task. Otherwise mend what the message above names, in the ${link(say`Phasegate workflow`, links.workflowRuns)} or under ${link("Settings → Actions → General", links.actionsSettings)}, then comment \`/retry\` here.`,
      };
    case "environment":
      return {
        what: sentence(
          say`The run broke off ${say.count(reason.faults, "time", "times")} in a row, last because of this: ${plain(reason.message, 500)}`,
        ),
        why: say`The machine, the network or the model's provider failed, not the agent. What was delivered so far is kept.`,
        next: say`if the message above speaks of authentication or billing, renew the key under ${link("Settings → Secrets → Actions", links.secrets)}; otherwise see how ${link(say`the last run`, links.workflowRuns)} ended. Then comment \`/retry\` here to go on from the last finished step.`,
      };
    case "verification-failed":
      return verificationFailed(reason.attempts, task, context);
    case "budget-exhausted":
      return budgetExhausted(reason, task, facts, say);
    case "rate-limited": {
      const until = facts.limitEndsAt ?? reason.resetsAt;
      return {
        what: sentence(say`Claude's usage limit is reached: ${plain(reason.message, 300)}`),
        why: say`The limit belongs to the account behind this repository's key for Claude, and holds for all tasks that use it. What was delivered so far is kept.`,
        next:
          until === null
            ? say`nothing to do: it is tried again every now and then, and the task goes on by itself when the limit has lifted.`
            : say`nothing to do: the task goes on by itself at ${moment(until, say)}.`,
      };
    }
    // What is open is listed beside it.
    case "waiting-question": {
      const open = openQuestionsOf(task);
      return {
        what: open.length === 1 ? say`The agent waits for an answer.` : say`The agent waits for answers.`,
        why: say`It asked what it cannot decide for you. Nothing runs meanwhile, so waiting costs nothing.`,
        next: say`answer here, for example ${code(`/answer ${open[0]?.number ?? 1}: ${say`your words`}`)}. The task goes on by itself when nothing is open any more.`,
      };
    }
    case "waiting-dependency":
      return {
        what: say`The agent needs what only people can provide.`,
        why: say`It cannot go on without. Nothing runs meanwhile, so waiting costs nothing.`,
        next: say`provide it as its comment says, or comment ${code(`/skip ${oneLine(openDependenciesOf(task)[0]?.name ?? "NAME", 100)}`)} to have the agent go on without. The task goes on by itself when nothing is open any more.`,
      };
    case "conversation": {
      const phase = currentPhaseOf(task);
      return {
        what: say`The agent has replied, and waits for what you say next.`,
        why: say`This task is a conversation: each comment on the issue is its next turn. Nothing runs meanwhile, so waiting costs nothing.`,
        next: phase === null ? say`comment ${code("/status")} here.` : waitsForComment(phase, say),
      };
    }
    case "provider-refused":
      return providerRefused(reason.why, reason.message, context);
    case "gate-closed":
      return {
        what: say`Pull request ${link(`#${reason.pullRequest}`, links.pull(reason.pullRequest))} was closed without a merge, so the task waits.`,
        why: say`A phase is accepted by merging its pull request; closing it says that something is wrong with it.`,
        next: say`comment \`/run\` here to reopen it and go on (if its branch was deleted, restore that first, on the pull request's page), or \`/cancel\` to end the task.`,
      };
    case "gate-retargeted":
      return gateRetargeted(reason, task, context);
    case "approval-needed":
      return approvalNeeded(reason, task, say);
    case "settings-invalid":
      return {
        what: `${say`The run could not start, because of what ${code(settingsPath)} says:`}\n${settingsFaults(reason.message)}`,
        why: say`It says who may approve and who merges, so nothing starts on a guess of it. What was delivered so far is kept.`,
        next: say`${link(say`mend ${code(settingsPath)}`, links.editFile(context.defaultBranch, settingsPath))} on ${code(context.defaultBranch)} (or the file that is named above), or delete it to have the defaults. Then comment \`/run\` here.`,
      };
    case "plan-invalid":
      return {
        what: say`The plan of phase ${reason.phase}, ${plain(outlineOfPhase(task, reason.phase).title)}, can't be worked by: ${say.count(reason.faults, "cell or file is", "cells or files are")} not as expected. ${plain(reason.message, 1_500)}`,
        why: say`Its tables are what the next phases are made of, so nothing starts on a guess of them. What is merged stays.`,
        next: say`mend the tables on ${code(taskBranchOf(task) ?? task.input.baseBranch ?? context.defaultBranch)} and comment \`/run\` here to have them read again, or \`/cancel\` to end the task.`,
      };
    case "workflow-file-awaited":
      return workflowFileAwaited(reason, context, facts.awaited ?? null);
    case "no-progress":
      return noProgress(reason, task, context);
    case "runaway":
      return {
        what: say`The task was stopped, because ${reason.events} things happened to it within a minute.`,
        why: say`Work does not do that, so something goes in circles: most often another app, or a workflow of this repository, that answers what this app writes. What was delivered so far is kept.`,
        next: say`see who wrote or changed something here again and again (the ${link(say`runs of the workflows`, links.workflowRuns)} may tell), and switch that off. Then comment \`/resume\` here to go on, or \`/cancel\` to end the task.`,
      };
    case "paused":
      return {
        what: say`${person(reason.by)} paused the task, and its run was stopped.`,
        why: say`Finished steps are kept. An open pull request can still be merged, but the next phase waits.`,
        next: say`comment \`/resume\` here to go on, or \`/cancel\` to end the task.`,
      };
    case "issue-closed":
      return {
        what: say`The task waits, because ${person(reason.by)} closed its issue.`,
        why: say`A closed issue asks for no more work. What was delivered so far is kept.`,
        next: say`reopen the issue; when somebody with write access does, the task goes on by itself. Or comment \`/run\` here to go on although it is closed, or \`/cancel\` to end the task.`,
      };
    case "repository-archived":
      return {
        what: say`The task waits, because this repository is archived.`,
        why: say`GitHub lets nobody write to an archived repository, not even a comment. What was delivered so far is kept.`,
        next: say`press *Unarchive this repository* at the end of ${link("Settings → General", links.settings)}. The task then goes on by itself.`,
      };
    case "no-access":
      return {
        what:
          reason.why === "suspended"
            ? say`The task waits, because Phasegate is suspended here.`
            : say`The task waits, because Phasegate has no access to this repository any more.`,
        why: say`Without its installation the app can neither read nor write here. What was delivered so far is kept.`,
        next:
          reason.why === "suspended"
            ? say`end the suspension under ${link("Settings → GitHub Apps", links.installations)}. The task then goes on by itself.`
            : say`give Phasegate access to this repository again under ${link("Settings → GitHub Apps", links.installations)}. The task then goes on by itself.`,
      };
    case "effect-failed":
      return {
        what: sentence(say`Phasegate could not go on: ${plain(reason.message, 500)}`),
        why: say`It was tried several times, and each try failed (${code(reason.effect)}). Nothing is lost.`,
        next: say`if the message above names a permission, accept it for Phasegate under ${link("Settings → GitHub Apps", links.installations)}; if it names a rule or a branch, mend that. Then comment \`/retry\` here to try again, or \`/cancel\` to end the task.`,
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
  say: Say,
): BlockText {
  const progress = task.phases.find((candidate) => candidate.phase === phase);
  const gate = progress?.gate ?? null;
  const goal = progress === undefined ? say`to go on` : goalOf(task, progress, say);
  const next =
    gate === null
      ? say`somebody else with write access comments \`/approve\` here ${goal}.`
      : say`somebody else with write access looks at ${pullLink(gate)} and comments \`/approve\` here ${goal}.`;
  return {
    what: say`Phase ${phase}, ${plain(outlineOfPhase(task, phase).title)}, was merged by ${person(by)}, and nobody else has approved it.`,
    why: say`The settings of this repository (${code("requester_may_approve: false")}) ask for the approval of somebody who neither opened the issue nor started the task. The merge stays.`,
    next: `${next} ${say`Or comment \`/cancel\` to end the task.`}`,
  };
}

/** Money went, and no file changed. */
function noProgress(
  { why, spentUsd }: Extract<BlockReason, { kind: "no-progress" }>,
  task: ExistingTask,
  { links, say }: BlockContext,
): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const name = nameOfPhase(task, phase, say);
  const log = say`the log of ${link(say`the last run`, links.workflowRuns)} says what the agent did instead`;
  const skip =
    phase !== null && outlineOfPhase(task, phase.phase).mayBeSkipped
      ? say`, \`/skip-phase\` to go on without this phase`
      : "";
  const byHand =
    phase === null || gate === null
      ? ""
      : ` ${say`Or commit what is wanting yourself to ${branchLink(task, phase, links)}, then ${mergeOf(gate, say)} ${goalOf(task, phase, say)}.`}`;
  return {
    what:
      why === "no-change"
        ? say`Two attempts in a row at ${name} changed no file; ${dollars(spentUsd)} are spent on the phase.`
        : say`The last ${dollars(spentUsd)} spent on ${name} changed no file.`,
    why: say`Going on like this would only cost more; ${log}. What was delivered so far is kept.`,
    next: `${say`comment \`/retry\` here to have it tried again${skip}, or \`/cancel\` to end the task.`}${byHand}`,
  };
}

function branchLink(task: ExistingTask, { phase }: PhaseProgress, links: Links): string {
  return link(code(branchOf(task, phase)), links.branch(branchOf(task, phase)));
}

function verificationFailed(attempts: number, task: ExistingTask, { links, say }: BlockContext): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const tries = say.count(attempts, "attempt", "attempts");
  const isSame = (phase?.sameFindings ?? 0) > 1 && phase?.sameFindings === attempts;
  const same = isSame ? say`, each time for the same faults: another attempt would bring them once more` : "";
  const name = nameOfPhase(task, phase, say);
  const kept = say`What was delivered so far is kept.`;
  const checked = phase?.verification?.passed === false;
  const talk =
    phase === null || phase.conversation === null ? "" : `${say`write a comment to go on with the conversation,`} `;
  const where =
    gate === null
      ? say`The details of the status comment list what is wanting.`
      : say`${pullLink(gate)} lists what is wanting.`;
  const accept = gate === null ? "" : say`, \`/accept\` to take the phase as it is`;
  const byHand =
    phase === null || gate === null
      ? ""
      : ` ${say`Or commit the repair yourself to ${branchLink(task, phase, links)}, then ${mergeOf(gate, say)} ${goalOf(task, phase, say)}.`}`;
  return {
    what: checked
      ? say`${capital(name)} did not pass its checks in ${tries}${same}.`
      : say`${capital(name)} was not finished in ${tries}.`,
    why: checked
      ? `${where} ${kept}`
      : `${say`The agent ended before its work was done; the log of ${link(say`the last run`, links.workflowRuns)} says where.`} ${kept}`,
    next: `${talk}${say`comment \`/retry\` here to have it tried again${accept}, or \`/cancel\` to end the task.`}${byHand}`,
  };
}

/** Phases build on each other through the branch that they are merged into. */
function gateRetargeted(
  { pullRequest, base, merged }: Extract<BlockReason, { kind: "gate-retargeted" }>,
  { input }: ExistingTask,
  { links, defaultBranch, say }: BlockContext,
): BlockText {
  const pull = link(`#${pullRequest}`, links.pull(pullRequest));
  const target = code(input.baseBranch ?? defaultBranch);
  const named =
    input.baseBranch === null ? say`the default branch, ${target}` : say`${target}, the branch that this task is for`;
  const why = say`Each phase starts from ${named}, so what is not merged there is missing in the next one.`;
  if (merged) {
    return {
      what: say`Pull request ${pull} was merged into ${code(base)}, so the task waits.`,
      why,
      next: say`bring ${code(base)} into ${target} and comment \`/accept\` here to go on, or \`/cancel\` to end the task.`,
    };
  }
  return {
    what: say`Pull request ${pull} now points at ${code(base)}, so the task waits.`,
    why,
    next: say`press *Edit* beside the title of ${pull} and set its base back to ${target}. The task then goes on by itself. Or comment \`/cancel\` here to end it.`,
  };
}

/** GitHub refuses longer addresses. */
const linkCharactersMax = 7_000;

/** The workflow that the task built, which only a person may bring in. */
function workflowFileAwaited(
  { path, branch }: Extract<BlockReason, { kind: "workflow-file-awaited" }>,
  { links, say }: BlockContext,
  awaited: BlockFacts["awaited"],
): BlockText {
  const filled = links.newFile(branch, path, awaited?.text ?? "");
  const isShort = awaited !== null && awaited !== undefined && filled.length <= linkCharactersMax;
  const how = isShort
    ? say`${link(say`create the file with its content filled in`, filled)}, or put the content in the place of what is there`
    : say`${link(say`create the file`, links.newFile(branch, path, ""))} with the content that the comment of this pause shows, or put it in the place of what is there`;
  return {
    what: say`The task waits for ${code(path)} on ${code(branch)}.`,
    why: say`It is what runs the workflow, made from its definition. Phasegate has no permission to write workflow files, so a person must.`,
    next: say`${how}, and commit it to ${code(branch)}; the task goes on by itself once it is there, or comment \`/run\` here. With the permission *Workflows: write* the app does this by itself the next time.`,
    ...(awaited === null || awaited === undefined ? {} : { file: awaited }),
  };
}

/** The file is older than what the app asks of it. */
function outdatedFile(message: string, { links, defaultBranch, workflowFile, say }: BlockContext): BlockText {
  return {
    what: sentence(say`The run could not start: ${plain(message, 500)}`),
    why: say`The agent works inside GitHub Actions of this repository, and this file is what runs there. Phasegate has no permission to write workflow files, so a person must.`,
    next: say`${link(say`edit ${code(workflowPath)}`, links.editFile(defaultBranch, workflowPath))} on ${code(defaultBranch)}: put the current file in the place of all that is there, commit it, then comment \`/retry\` here.`,
    file: { path: workflowPath, text: workflowFile },
  };
}

/** The account of the model is at fault: no repeat mends it, and whoever holds the key must act. */
function providerRefused(why: ProviderRefusal, message: string, { links, say }: BlockContext): BlockText {
  const kept = say`What was delivered so far is kept.`;
  const said = message.trim() === "" ? "" : ` ${say`It said: ${sentence(plain(message, 300))}`}`;
  switch (why) {
    case "authentication":
      return {
        what: `${say`Claude does not take this repository's key.`}${said}`,
        why: `${say`The key may be wrong, revoked or expired.`} ${kept}`,
        next: say`whoever holds the account renews the secret \`ANTHROPIC_API_KEY\` or \`CLAUDE_CODE_OAUTH_TOKEN\` under ${link("Settings → Secrets → Actions", links.secrets)}. Then comment \`/run\` here.`,
      };
    case "billing":
      return {
        what: `${say`The account behind this repository's key for Claude has nothing left to pay with.`}${said}`,
        why: `${say`Unlike a usage limit this does not lift by itself.`} ${kept}`,
        next: say`whoever holds the account adds credit or a means of payment at its provider. Then comment \`/run\` here.`,
      };
    case "model-not-found":
      return {
        what: `${say`The account behind this repository's key for Claude cannot use the model that the app asks for.`}${said}`,
        why: `${say`The name of the model is a setting of the app.`} ${kept}`,
        next: say`the operator of the app sets \`CLAUDE_MODEL\` to a model that the account has. Then comment \`/run\` here.`,
      };
  }
}

/** The repository's own figure is the smaller one where it is in force. */
function whoRaisesTheDay(budgetUsd: number, { settings }: ExistingTask, say: Say): string {
  return settings.limits.dayBudgetUsd === budgetUsd
    ? say`To go on today, raise ${code("day_budget_usd")} in ${code(settingsPath)} and comment ${code("/run")} here.`
    : say`The operator of the app can raise \`DAY_BUDGET_USD\`.`;
}

function budgetExhausted(
  reason: Extract<BlockReason, { kind: "budget-exhausted" }>,
  task: ExistingTask,
  { forecast }: BlockFacts,
  say: Say,
): BlockText {
  const why = say`The agent stops before a call that could cost more than what is left. What was delivered so far is kept.`;
  if (reason.scope === "day") {
    return {
      what: say`The day's budget of this repository's key for Claude is used up: ${dollars(reason.spentUsd)} of ${dollars(reason.budgetUsd)} spent by all tasks that use it.`,
      why: `${why} ${say`A day lasts from midnight to midnight, UTC.`}`,
      next: `${say`nothing to do: the task goes on by itself after midnight, UTC.`} ${whoRaisesTheDay(reason.budgetUsd, task, say)}`,
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
      : ` ${say`Or, to accept what is there, ${mergeOf(gate, say)} ${goalOf(task, phase, say)}.`}`;
  const name = ofPhase ? nameOfPhase(task, phase, say) : say`this task`;
  const spentUsd = ofPhase ? phase.spent.costUsd : taskSpentUsd;
  const budgetUsd = ofPhase ? purseOf(task, phase.phase) : task.taskBudgetUsd;
  const expected = ofPhase && forecast !== undefined ? ` ${forecastSentence(forecast, say)}` : "";
  const usd = suggestedUsd(spentUsd, budgetUsd, ofPhase ? forecast : undefined);
  return {
    what: `${say`The budget of ${name} is used up: ${dollars(spentUsd)} of ${dollars(budgetUsd)} spent.`}${expected}`,
    why,
    next: `${say`comment \`/budget ${usd}\` here to let ${ofPhase ? say`the phase` : say`the task`} spend up to ${dollars(usd)} in all and go on, or \`/cancel\` to end the task.`}${accept}`,
  };
}

/** A draft has no merge button. */
function mergeOf(gate: Gate, say: Say): string {
  const pull = pullLink(gate);
  return gate.draft ? say`press *Ready for review* on ${pull} and merge it` : say`merge ${pull}`;
}

function pullLink({ pullRequest, url }: Gate): string {
  return link(`#${pullRequest}`, url);
}

function goalOf(task: ExistingTask, { phase }: PhaseProgress, say: Say): string {
  const following = followingPhaseOf(task, phase);
  return following === null
    ? say`to complete the task`
    : say`to start phase ${following.number}, ${plain(following.title)}`;
}

function nameOfPhase(task: ExistingTask, phase: PhaseProgress | null, say: Say): string {
  return phase === null
    ? say`this phase`
    : say`phase ${phase.phase}, ${plain(outlineOfPhase(task, phase.phase).title)},`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
