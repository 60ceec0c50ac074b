import type { BlockReason } from "../../core/outcome.ts";
import { branchOf, currentPhaseOf, outlineOfPhase, type ExistingTask } from "../../core/state.ts";
import { workflowPath } from "../workflow-file.ts";
import { code, link, plain } from "./escape.ts";
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
}

export function blockText(reason: BlockReason, task: ExistingTask, context: BlockContext): BlockText {
  const { links } = context;
  switch (reason.kind) {
    case "no-workflow-file":
      return {
        what: `The run could not start: ${code(workflowPath)} is missing on ${code(context.defaultBranch)}.`,
        why: "Phasegate works inside GitHub Actions of this repository, and this file is what runs there. Apps may not write it themselves.",
        next: `${link("create the file with its content filled in", newWorkflowLink(links, context.defaultBranch, context.workflowFile))}, commit it to ${code(context.defaultBranch)}, then comment \`/run\` here.`,
      };
    case "actions-disabled":
      return {
        what: "The run could not start: GitHub Actions, or the Phasegate workflow, is switched off in this repository.",
        why: "The agent works inside GitHub Actions.",
        next: `allow Actions under ${link("Settings → Actions → General", links.actionsSettings)}, and if the ${link("Phasegate workflow", links.workflowRuns)} says that it is disabled, press *Enable workflow*. Then comment \`/run\` here.`,
      };
    case "no-model-secret":
      return {
        what: "The run could not start: this repository has no key for Claude.",
        why: "The agent needs a secret named `ANTHROPIC_API_KEY` or `CLAUDE_CODE_OAUTH_TOKEN`, of this repository or shared with it by its organisation. The key stays in GitHub: the app can see its name only.",
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
        what: `The run did not go ahead: ${plain(reason.message, 500)}.`.replace(/\.\.$/u, "."),
        why: "Whether a run goes ahead is decided on GitHub: by the workflow file on the default branch, by the repository's Actions settings and rulesets, and by whoever presses *Cancel workflow*.",
        next: `look at the ${link("Phasegate workflow", links.workflowRuns)} and at ${link("Settings → Actions", links.actionsSettings)}, then comment \`/run\` here.`,
      };
    case "environment":
      return {
        what: `The run was lost ${count(reason.faults, "time", "times")} in a row: ${plain(reason.message, 500)}.`.replace(
          /\.\.$/u,
          ".",
        ),
        why: "The machine, the network or the model's provider failed, not the agent. What was delivered so far is kept.",
        next: `look at the last of ${link("the runs", links.workflowRuns)}, then comment \`/run\` here to go on from the last finished step.`,
      };
    case "verification-failed":
      return verificationFailed(reason.attempts, task, links);
    case "budget-exhausted":
      return budgetExhausted(reason, task);
    case "rate-limited":
      return {
        what: `Claude's usage limit is reached: ${plain(reason.message, 300)}.`.replace(/\.\.$/u, "."),
        why: "What was delivered so far is kept.",
        next:
          reason.resetsAt === null
            ? "comment `/run` here when the limit has lifted."
            : `comment \`/run\` here after ${moment(reason.resetsAt)}.`,
      };
    case "gate-closed":
      return {
        what: `Pull request ${link(`#${reason.pullRequest}`, links.pull(reason.pullRequest))} was closed without a merge, so the task waits.`,
        why: "A phase is accepted by merging its pull request.",
        next: "comment `/run` here to reopen it and go on, or `/cancel` to end the task.",
      };
    case "effect-failed":
      return {
        what: `Phasegate could not go on: ${plain(reason.message, 500)}.`.replace(/\.\.$/u, "."),
        why: `The step that failed is ${code(reason.effect)}; it was tried until its limit.`,
        next: `when the cause is gone, comment \`/run\` here to try again, or \`/cancel\` to end the task. If the message names a permission, accept it under ${link("the repository's installed apps", links.installations)}.`,
      };
  }
}

function verificationFailed(attempts: number, task: ExistingTask, links: Links): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const report =
    gate === null
      ? "The findings are in the status comment."
      : `${link(`#${gate.pullRequest}`, gate.url)} lists what is wanting.`;
  const branch = phase === null ? "" : branchOf(task, phase.phase);
  return {
    what: `Phase ${phase?.phase ?? ""} did not pass its checks after ${count(attempts, "attempt", "attempts")}.`,
    why: report,
    next: `comment \`/run\` here for another attempt, or mend it yourself on ${link(code(branch), links.branch(branch))} and merge, or comment \`/cancel\`.`,
  };
}

function budgetExhausted(reason: Extract<BlockReason, { kind: "budget-exhausted" }>, task: ExistingTask): BlockText {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const name =
    phase === null ? "this phase" : `phase ${phase.phase}, ${plain(outlineOfPhase(task, phase.phase).title)},`;
  const merge =
    gate === null ? "" : `merge ${link(`#${gate.pullRequest}`, gate.url)} as it is to go on with the next phase, `;
  return {
    what: `The budget of ${reason.scope === "phase" ? name : "this task"} is used up: ${dollars(reason.spentUsd)} of ${dollars(reason.budgetUsd)}.`,
    why: "The agent stops before it spends more. What was delivered so far is kept.",
    next: `${merge}ask the operator of the app for a larger budget and comment \`/run\` here, or comment \`/cancel\`.`,
  };
}
