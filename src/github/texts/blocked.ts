import type { BlockReason } from "../../core/outcome.ts";
import {
  branchOf,
  currentPhaseOf,
  outlineOfPhase,
  type ExistingTask,
  type Gate,
  type PhaseProgress,
} from "../../core/state.ts";
import { workflowPath } from "../workflow-file.ts";
import { code, link, person, plain } from "./escape.ts";
import { count, dollars, moment } from "./format.ts";
import { newWorkflowLink, type Links } from "./links.ts";

/** Three sentences or so for whoever can get a task going again. All Markdown. */
export interface BlockText {
  readonly what: string;
  readonly why: string;
  /** Names the exact page or command. */
  readonly next: string;
}

export interface BlockContext {
  readonly links: Links;
  /** The workflow file as this deployment would write it. */
  readonly workflowFile: string;
  readonly defaultBranch: string;
  /** Where runners reach this app. */
  readonly appUrl: string;
  /** `owner/repo@sha` of the action, as workflow files name it. */
  readonly actionRef: string;
}

export function blockText(reason: BlockReason, task: ExistingTask, context: BlockContext): BlockText {
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
      return budgetExhausted(reason.scope, task);
    case "rate-limited":
      return {
        what: sentence(`Claude's usage limit is reached: ${plain(reason.message, 300)}`),
        why: "The limit belongs to the account behind this repository's key for Claude. What was delivered so far is kept.",
        next:
          reason.resetsAt === null
            ? "comment `/run` here when the limit has lifted."
            : `comment \`/run\` here after ${moment(reason.resetsAt)}.`,
      };
    case "gate-closed":
      return {
        what: `Pull request ${link(`#${reason.pullRequest}`, links.pull(reason.pullRequest))} was closed without a merge, so the task waits.`,
        why: "A phase is accepted by merging its pull request; closing it says that something is wrong with it.",
        next: "comment `/run` here to reopen it and go on (if its branch was deleted, restore that first, on the pull request's page), or `/cancel` to end the task.",
      };
    case "gate-retargeted":
      return gateRetargeted(reason, context);
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

function verificationFailed(attempts: number, task: ExistingTask, links: Links): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const tries = count(attempts, "attempt", "attempts");
  const name = nameOfPhase(task, phase);
  const kept = "What was delivered so far is kept.";
  const checked = phase?.verification?.passed === false;
  const where = gate === null ? "The details of the status comment list" : `${pullLink(gate)} lists`;
  const accept = gate === null ? "" : ", `/accept` to take the phase as it is";
  const byHand =
    phase === null || gate === null
      ? ""
      : ` Or commit the repair yourself to ${link(code(branchOf(task, phase.phase)), links.branch(branchOf(task, phase.phase)))}, then ${mergeOf(gate)} ${goalOf(task, phase)}.`;
  return {
    what: checked
      ? `${capital(name)} did not pass its checks in ${tries}.`
      : `${capital(name)} was not finished in ${tries}.`,
    why: checked
      ? `${where} what is wanting. ${kept}`
      : `The agent ended before its work was done; the log of ${link("the last run", links.workflowRuns)} says where. ${kept}`,
    next: `comment \`/retry\` here to have it tried again${accept}, or \`/cancel\` to end the task.${byHand}`,
  };
}

/** Phases build on each other through the default branch. */
function gateRetargeted(
  { pullRequest, base, merged }: Extract<BlockReason, { kind: "gate-retargeted" }>,
  { links, defaultBranch }: BlockContext,
): BlockText {
  const pull = link(`#${pullRequest}`, links.pull(pullRequest));
  const why = `Each phase starts from the default branch, ${code(defaultBranch)}, so what is not merged there is missing in the next one.`;
  if (merged) {
    return {
      what: `Pull request ${pull} was merged into ${code(base)}, so the task waits.`,
      why,
      next: `bring ${code(base)} into ${code(defaultBranch)} and comment \`/accept\` here to go on, or \`/cancel\` to end the task.`,
    };
  }
  return {
    what: `Pull request ${pull} now points at ${code(base)}, so the task waits.`,
    why,
    next: `press *Edit* beside the title of ${pull} and set its base back to ${code(defaultBranch)}. The task then goes on by itself. Or comment \`/cancel\` here to end it.`,
  };
}

/** A budget is fixed when its task is created: no command and no setting raises it afterwards. */
function budgetExhausted(scope: "phase" | "task", task: ExistingTask): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const taskSpentUsd = task.phases.reduce((sum, { spent }) => sum + spent.costUsd, 0);
  const isLast = phase !== null && phase.phase === task.playbook.phases.length;
  // With the task's budget gone a merge starts no further phase.
  const accept =
    phase === null || gate === null || (scope === "task" && !isLast)
      ? ""
      : `to accept what is there, ${mergeOf(gate)} ${goalOf(task, phase)}. Otherwise `;
  const [name, spentUsd, budgetUsd, raise] =
    scope === "phase" && phase !== null
      ? [
          nameOfPhase(task, phase),
          phase.spent.costUsd,
          outlineOfPhase(task, phase.phase).budgetUsd,
          "the phase's budget in the playbook",
        ]
      : ["this task", taskSpentUsd, task.taskBudgetUsd, "`TASK_BUDGET_USD`"];
  return {
    what: `The budget of ${name} is used up: ${dollars(spentUsd)} of ${dollars(budgetUsd)} spent.`,
    why: "The agent stops before a call that could cost more than what is left. A task keeps the budgets that it started with. What was delivered so far is kept.",
    next: `${accept}comment \`/cancel\` here, ask the operator of the app to raise ${raise}, then take the label ${code(task.playbook.name, 60)} off and set it again to start a new task.`,
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
  const following = task.playbook.phases.find(({ number }) => number === phase + 1);
  return following === undefined
    ? "to complete the task"
    : `to start phase ${following.number}, ${plain(following.title)}`;
}

function nameOfPhase(task: ExistingTask, phase: PhaseProgress | null): string {
  return phase === null ? "this phase" : `phase ${phase.phase}, ${plain(outlineOfPhase(task, phase.phase).title)},`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
