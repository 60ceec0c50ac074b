import type { LiveStatus, TaskView } from "../../control/ports/task-view.ts";
import type { Dependency, Question } from "../../core/dialogue.ts";
import {
  currentPhaseOf,
  doneStepsOf,
  followingPhaseOf,
  isApproved,
  isSettled,
  liveRunOf,
  mergeableHeadOf,
  openDependenciesOf,
  openQuestionsOf,
  outlineOfPhase,
  presentedHeadOf,
  progressPercentOf,
  purseOf,
  taskBranchOf,
  type ExistingTask,
  type LiveRun,
  type PhaseProgress,
} from "../../core/state.ts";
import type { PhaseOutline } from "../../core/playbook.ts";
import { addSpent, nothingSpent, spentBeyond, tokensOf, type Spent } from "../../core/usage.ts";
import { blockText, type BlockContext } from "./blocked.ts";
import { ciWords } from "./ci.ts";
import { commandList } from "./commands.ts";
import { dependencySentence } from "./dependency.ts";
import { code, link, people, person, plain } from "./escape.ts";
import { commentsMeanwhile } from "./reply.ts";
import { findingLine } from "./findings.ts";
import { dollars, moment, progressBar, tokens } from "./format.ts";
import { forecastSentence } from "./money.ts";
import { targetWords } from "./places.ts";
import { answeredLine, categoryIn } from "./questions.ts";
import { reworkWords } from "./rework.ts";
import { securityDetails } from "./security.ts";
import { lookedOf, verificationCounts } from "./verification.ts";
import type { Say } from "./words.ts";

/** The one comment that tells where a task stands, without its marker. */
export function statusText(view: TaskView, context: BlockContext): string {
  const { task } = view;
  const { say } = context;
  if (task.erasedBy !== null) {
    return say`Phasegate: ${person(task.erasedBy)} had this task deleted, and with it the texts and logs that the app kept of it. Its phase branches are deleted, too, where the repository's rules allow it.`;
  }
  const { now, next } = situationOf(view, context);
  return [
    `### Phasegate: ${plain(task.playbook.name, 60)}`,
    "",
    now,
    "",
    ...openRequests(task, context),
    say`*Next:* ${next}`,
    "",
    progressBar(task.status === "completed" ? 100 : progressPercentOf(task)),
    "",
    ...phaseTable(task, say),
    "",
    spentLine(view, say),
    "",
    ...details(view, context),
  ].join("\n");
}

interface Situation {
  readonly now: string;
  readonly next: string;
}

function situationOf(view: TaskView, context: BlockContext): Situation {
  const { task } = view;
  const { say } = context;
  if (task.blockedBy !== null && !isSettled(task)) {
    const forecast = view.forecasts.get(currentPhaseOf(task)?.phase ?? 0);
    const { limitEndsAt } = view;
    const { what, next } = blockText(task.blockedBy, task, context, { forecast, limitEndsAt });
    return { now: waitsForPeople(task) ? say`**Waits for you.** ${what}` : say`**Paused.** ${what}`, next };
  }
  switch (task.status) {
    case "draft":
      return {
        now: say`**Not started.** ${person(task.createdBy)} set the label ${code(task.playbook.name, 60)} without write access to this repository, or the issue lacks something that a comment here names.`,
        next: say`somebody with write access reads the issue and comments ${code("/run")} here. What such a comment names has to be mended before.`,
      };
    case "pending":
    case "in_progress":
      return atWork(view, say);
    case "review":
      return inReview(task, say);
    case "completed":
      return {
        now: say`**Completed** on ${moment(task.endedAt, say)}. ${endSentence(task, say)}`,
        next: task.phases.every(({ completed }) => completed?.skipped === true)
          ? say`nothing.`
          : say`nothing. The result is on ${targetWords(task, say)}.`,
      };
    case "failed":
      return {
        now: say`**Failed** on ${moment(task.endedAt, say)}: ${plain(task.message, 500)}`,
        next: say`take the label ${code(task.playbook.name, 60)} off and set it again to start a new task on this issue.`,
      };
    case "cancelled":
      return {
        now: say`**Cancelled** by ${person(task.cancelledBy)} on ${moment(task.endedAt, say)}.`,
        next: say`nothing more happens here. To start a new task on this issue, take the label ${code(task.playbook.name, 60)} off and set it again.`,
      };
  }
}

function endSentence({ phases }: ExistingTask, say: Say): string {
  const skipped = phases.filter(({ completed }) => completed?.skipped === true).length;
  const without = phases.filter(({ completed }) => completed?.skipped === true && completed.by === "").length;
  if (without > 0 && without === phases.length) return say`There was nothing to merge.`;
  if (skipped === 0) return say`All ${say.count(phases.length, "phase is", "phases are")} merged.`;
  return say`${say.count(phases.length - skipped, "phase is", "phases are")} merged, ${say.count(skipped, "was", "were")} skipped.`;
}

function waitsForPeople({ blockedBy }: ExistingTask): boolean {
  return ["waiting-question", "waiting-dependency", "conversation"].includes(blockedBy?.kind ?? "");
}

const requestsShownMax = 10;
const requestCharactersMax = 120;

/** What is open, each with a link to the comment that says how to answer or provide it. */
function openRequests(task: ExistingTask, context: BlockContext): readonly string[] {
  if (isSettled(task)) return [];
  const questions = openQuestionsOf(task).map((question) => openQuestion(question, context));
  const dependencies = openDependenciesOf(task).map((dependency) => openDependency(dependency, context));
  const open = [...questions, ...dependencies];
  if (open.length === 0) return [];
  const more = open.length - requestsShownMax;
  return [...open.slice(0, requestsShownMax), ...(more > 0 ? [context.say`- and ${more} more`] : []), ""];
}

function openQuestion({ number, requestId, category, question }: Question, context: BlockContext): string {
  const name = requested(context.say`**Question ${number}**`, requestId, context);
  return `- ${name} (${categoryIn(category, context.say)}): ${plain(question, requestCharactersMax)}`;
}

function openDependency({ name, requestId, refused, description }: Dependency, context: BlockContext): string {
  const what = refused === null ? description : context.say`its value does not work: ${refused}`;
  return `- ${requested(`**${code(name, 100)}**`, requestId, context)}: ${plain(what, requestCharactersMax)}`;
}

/** With a link to the comment of the request, where that is known. */
function requested(text: string, requestId: string, { requests }: BlockContext): string {
  const address = requests.get(requestId);
  return address === undefined ? text : link(text, address);
}

/** The gate lists more of them. */
const findingsShownMax = 5;

function atWork(view: TaskView, say: Say): Situation {
  const next = say`nothing to do now. ${code("/pause")} stops the task for a while, ${code("/cancel")} ends it.`;
  const { task, live } = view;
  const phase = currentPhaseOf(task);
  if (phase === null) return { now: say`**Starting.**`, next };
  const outline = outlineOfPhase(task, phase.phase);
  const where = `**${say`Phase ${phase.phase} of ${task.playbook.phases.length}, ${plain(outline.title)}`}:**`;
  const run = liveRunOf(task);
  if (run === null) {
    return task.status === "in_progress"
      ? { now: say`${where} the agent is done; what it delivered is being checked.`, next }
      : { now: `${say`${where} about to start.`}${attemptSentence(phase, null, say)}`, next };
  }
  const attempt = attemptSentence(phase, run, say);
  if (!run.started) {
    const now =
      run.dispatched === null
        ? say`a run is being asked for.`
        : say`${link(say`the run`, run.dispatched.url)} waits for a machine of GitHub Actions.`;
    return { now: `${where} ${now}${attempt}`, next };
  }
  const talk = commentsMeanwhile(phase, say);
  const watch = run.dispatched === null ? "" : ` ${link(say`Watch the run`, run.dispatched.url)}.`;
  const late = phase.steps.some((step) => step.completed && step.slug === live?.currentStep);
  return {
    now: [
      `${where} ${stepSentence(phase, outline, live?.currentStep ?? null, say)}${watch}${talk}${attempt}`,
      ...(late || live === null ? [] : rightNow(live, say)),
    ].join("\n\n"),
    next,
  };
}

function rightNow({ currentAction, currentDocument }: LiveStatus, say: Say): readonly string[] {
  const parts = [
    ...(currentAction === null ? [] : [say`Right now: ${code(currentAction, 160)}`]),
    ...(currentDocument === null ? [] : [say`Document: ${code(currentDocument, 160)}`]),
  ];
  return parts.length === 0 ? [] : [parts.join(" · ")];
}

/** Why the agent is at it again. */
function attemptSentence({ attempt, rework }: PhaseProgress, run: LiveRun | null, say: Say): string {
  if (rework !== null) return ` ${say`Attempt ${attempt}: ${reworkWords(rework, say)}.`}`;
  return run !== null && run.attempt > 1
    ? ` ${say`This is attempt ${run.attempt}, to mend what the checks found.`}`
    : "";
}

/** What the runner last said may be older than what it handed over: a completed step is not the current one. */
function stepSentence(phase: PhaseProgress, outline: PhaseOutline, said: string | null, say: Say): string {
  if (phase.conversation !== null) return say`the agent works on its reply.`;
  const open = phase.steps.filter((step) => !step.completed);
  const current = open.find((step) => step.slug === said) ?? open[0];
  const index = outline.steps.findIndex((step) => step.slug === current?.slug);
  const step = outline.steps[index];
  if (step === undefined) return say`the agent finishes.`;
  return say`the agent works on step ${index + 1} of ${outline.steps.length}, ${plain(step.title)}.`;
}

function inReview(task: ExistingTask, say: Say): Situation {
  if (task.finalGate !== null) {
    const last = link(`#${task.finalGate.pullRequest}`, task.finalGate.url);
    return {
      now: say`**All phases are accepted**; ${last} brings them into ${targetWords(task, say)}.`,
      next: say`review ${last} and merge it to complete the task.`,
    };
  }
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  if (phase === null || gate === null)
    return { now: say`**Waits for review.**`, next: say`comment ${code("/status")} here.` };
  const goal = goalOf(task, phase, say);
  const isAuto = task.settings.merge === "auto";
  const ci = ciSentence(phase, say);
  const pull = link(`#${gate.pullRequest}`, gate.url);
  const title = plain(outlineOfPhase(task, phase.phase).title);
  const where = `**${say`Phase ${phase.phase} of ${task.playbook.phases.length}, ${title}`}**`;
  switch (gate.review) {
    case "approved":
      return {
        now: `${say`${where} is approved by ${gate.approvedBy.map(person).join(", ")}.`}${ci}`,
        next: approvedNext(task, phase, { pull, goal }, say),
      };
    case "changes_requested":
      return {
        now: say`${where} was reviewed, and ${people(gate.requestedBy, say)} asked for changes in ${pull}.`,
        next: say`nothing to do now: the agent takes the changes up by itself, and the pull request then waits for another review.`,
      };
    case "pending":
    case "in_review":
      return {
        now: `${
          phase.accepted === null
            ? say`${where} passed its checks and waits for review in ${pull}.`
            : say`${where} was accepted by ${person(phase.accepted.by)} and waits for review in ${pull}.`
        }${ci}`,
        next: [
          isAuto
            ? say`review and approve ${pull}; Phasegate then merges it ${goal}.`
            : say`review ${pull} and merge it ${goal}.`,
          ...othersApprove(task, say),
          say`A review that requests changes, or ${code("/rework")} with what to change, sends the agent back to work.`,
          ...(phase.conversation === null
            ? []
            : [say`A comment on the issue takes the conversation up again, until the merge.`]),
        ].join(" "),
      };
  }
}

function goalOf(task: ExistingTask, { phase }: PhaseProgress, say: Say): string {
  const following = followingPhaseOf(task, phase);
  if (following !== null) return say`to start phase ${following.number}, ${plain(following.title)}`;
  return taskBranchOf(task) === null ? say`to complete the task` : say`to have the last pull request opened`;
}

/** Whose approval counts where the requester's does not (Q5). */
function othersApprove({ settings, issue, prompt }: ExistingTask, say: Say): readonly string[] {
  if (settings.requesterMayApprove) return [];
  const requesters = [...new Set([issue.author, ...(prompt === null ? [] : [prompt.startedBy])])];
  return [say`Approvals by ${people(requesters, say)} do not count here.`];
}

function approvedNext(
  task: ExistingTask,
  phase: PhaseProgress,
  { pull, goal }: { readonly pull: string; readonly goal: string },
  say: Say,
): string {
  if (!isApproved(task, phase)) {
    return [say`somebody else reviews and approves ${pull} ${goal}.`, ...othersApprove(task, say)].join(" ");
  }
  if (task.settings.merge === "manual") return say`merge ${pull} ${goal}.`;
  return mergeableHeadOf(task) === null
    ? say`Phasegate merges ${pull} ${goal} as soon as nothing stands against it: the repository's own checks, a veto, a newer commit. You may also merge it by hand.`
    : say`nothing to do: Phasegate merges ${pull} ${goal}.`;
}

/** Empty where there is nothing that a person should know before the review. */
function ciSentence(phase: PhaseProgress, say: Say): string {
  const { ci } = phase;
  if (ci === null || ci.headSha !== presentedHeadOf(phase) || ci.kind === "none") return "";
  return ` ${say`The repository's own checks: ${ciWords(ci, say)}.`}`;
}

/** Narrow enough for a phone: names and budgets stand elsewhere. */
function phaseTable(task: ExistingTask, say: Say): readonly string[] {
  const rows = task.playbook.phases.map((outline) => {
    const phase = task.phases.find((candidate) => candidate.phase === outline.number);
    const done = phase === undefined ? 0 : doneStepsOf(phase);
    const gate = phase?.gate ?? null;
    return [
      `${outline.number} ${plain(outline.title, 60)}`,
      phaseState(task, phase, say),
      `${done}/${outline.steps.length}`,
      gate === null ? "" : link(`#${gate.pullRequest}`, gate.url),
      phase === undefined ? "" : `${tokens(tokensOf(phase.spent.usage))}, ${dollars(phase.spent.costUsd)}`,
    ].join(" | ");
  });
  return [
    say`| Phase | State | Steps | PR | Tokens, cost |`,
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
  ];
}

function phaseState(task: ExistingTask, phase: PhaseProgress | undefined, say: Say): string {
  if (phase === undefined) return say`○ to come`;
  if (phase.completed !== null) {
    if (!phase.completed.skipped) return say`✔ merged`;
    return phase.completed.by === "" ? say`✔ nothing to change` : say`↷ skipped`;
  }
  if (task.status === "cancelled") return say`✖ cancelled`;
  if (task.status === "failed") return say`✖ failed`;
  if (waitsForPeople(task)) return say`‖ waits for you`;
  if (task.blockedBy !== null) return say`‖ paused`;
  if (task.status === "review") return say`● in review`;
  if (task.status === "in_progress") return task.run === null ? say`● being checked` : say`● at work`;
  return say`● starting`;
}

/** With what the live run has spent since its last step, as far as it said. */
function spentLine(view: TaskView, say: Say): string {
  const { task, forecasts } = view;
  const total = task.phases.reduce<Spent>((sum, phase) => addSpent(sum, phase.spent), unsettledOf(view));
  const whole = say`Spent on this task: ${tokens(tokensOf(total.usage))} tokens, ${dollars(total.costUsd)} of ${dollars(task.taskBudgetUsd)}`;
  const phase = currentPhaseOf(task);
  if (phase === null || isSettled(task)) return `${whole}.`;
  const spentUsd = phase.spent.costUsd + unsettledOf(view).costUsd;
  const forecast = forecasts.get(phase.phase);
  const expected = forecast?.from === "history" ? ` ${forecastSentence(forecast, say)}` : "";
  return `${whole}; ${say`of this on phase ${phase.phase}: ${dollars(spentUsd)} of ${dollars(purseOf(task, phase.phase))}`}.${expected}`;
}

function unsettledOf({ task, live }: TaskView): Spent {
  const run = liveRunOf(task);
  if (run?.started !== true || live === null || live.lastUpdate < run.requestedAt) return nothingSpent;
  return spentBeyond(live.spent, run.spent);
}

function details({ task, model, live, criteria, guides }: TaskView, { links, say }: BlockContext): readonly string[] {
  const facts = [say`- Model: ${code(model, 80)}`];
  const read = guideLinks(task, guides, links);
  if (read.length > 0) facts.push(say`- What the agent goes by in this phase: ${read.join(", ")}.`);
  if (task.prompt !== null) {
    facts.push(
      say`- The agent reads the issue as it was when ${person(task.prompt.startedBy)} started the task (SHA-256 ${code(digestOf(task.prompt.hash))}); later edits change nothing.`,
    );
    if (task.prompt.hiddenRemoved > 0) {
      facts.push(
        say`- ${say.count(task.prompt.hiddenRemoved, "hidden piece of the issue's text (an invisible character, comment or alternative text) was", "hidden pieces of the issue's text (invisible characters, comments, alternative texts) were")} taken out before.`,
      );
    }
  }
  const phase = currentPhaseOf(task);
  for (const sentence of phase === null ? [] : phaseSentences(phase, criteria, say)) facts.push(`- ${sentence}`);
  const verification = phase?.verification ?? null;
  const findings = verification === null || verification.passed ? [] : verification.findings;
  if (findings.length > 0) {
    facts.push(say`- The last check found ${say.count(findings.length, "fault", "faults")}:`);
    facts.push(...findings.slice(0, findingsShownMax).map((finding) => `  ${findingLine(finding)}`));
    if (findings.length > findingsShownMax) facts.push(`  ${say`- and ${findings.length - findingsShownMax} more`}`);
  }
  return [
    `<details><summary>${say`Details and what happened last`}</summary>`,
    "",
    ...facts,
    "",
    ...securityDetails(task.security, say),
    ...dialogue(task, say),
    ...(liveRunOf(task) === null ? [] : lastActions(live, say)),
    // A paragraph between the lists: with nothing but a blank line they are one list, widely spaced.
    say`What happened last, newest first:`,
    "",
    ...task.recentActions.map(({ at, text }) => `- ${moment(at, say)}: ${plain(say.of(text))}`),
    "",
    say`Commands, for people with write access: ${commandList}.`,
    "",
    "</details>",
  ];
}

/** Of the steps of the current phase, or of the first one. */
function guideLinks(task: ExistingTask, guides: TaskView["guides"], links: BlockContext["links"]): readonly string[] {
  const phase = currentPhaseOf(task)?.phase ?? task.playbook.phases[0]?.number ?? 0;
  const outline = task.playbook.phases.find(({ number }) => number === phase);
  return (outline?.steps ?? []).flatMap(({ slug, title }) => {
    const address = links.guide(guides.get(phase)?.get(slug) ?? "");
    return address === null ? [] : [link(plain(title, 60), address)];
  });
}

/** What was asked and what came of it, newest last; the comments themselves have it all. */
function dialogue({ questions, dependencies, errors }: ExistingTask, say: Say): readonly string[] {
  const asked = questions.slice(-historyShownMax).map((question) => answeredLine(question, historyCharactersMax, say));
  const needed = dependencies.slice(-historyShownMax).map((dependency) => `- ${dependencySentence(dependency, say)}`);
  const reported = errors.map(({ at, message }) => `- ${moment(at, say)}: ${plain(message, historyCharactersMax)}`);
  return [
    ...section(say`Questions and answers:`, earlier(questions.length - asked.length, say), asked),
    ...section(say`What the agent needed:`, earlier(dependencies.length - needed.length, say), needed),
    ...section(say`Errors that the agent reported, newest first:`, [], reported),
  ];
}

const historyShownMax = 10;
const historyCharactersMax = 120;

function section(title: string, before: readonly string[], entries: readonly string[]): readonly string[] {
  return entries.length === 0 ? [] : [title, "", ...before, ...entries, ""];
}

function earlier(left: number, say: Say): readonly string[] {
  return left > 0 ? [say`- ${left} earlier`] : [];
}

function lastActions(live: LiveStatus | null, say: Say): readonly string[] {
  const actions = live?.recentActions ?? [];
  return section(
    say`What the agent did last, newest first:`,
    [],
    actions.map(({ at, text }) => `- ${moment(at, say)}: ${code(text, 160)}`),
  );
}

/** What there is to say of the current phase beside its steps. */
function phaseSentences(phase: PhaseProgress, criteria: TaskView["criteria"], say: Say): readonly string[] {
  const { feedback, decisions, verification } = phase;
  const open = feedback.filter(({ state }) => state === "open").length;
  const vetoed = decisions.list.filter(({ veto }) => veto !== null).length;
  return [
    ...(verification === null
      ? []
      : [
          say`Verification, attempt ${verification.attempt}: ${verificationCounts(lookedOf(phase, verification, criteria.get(phase.phase) ?? []), say)}.`,
        ]),
    ...(decisions.list.length === 0
      ? []
      : [
          vetoed === 0
            ? say`The agent took ${say.count(decisions.list.length, "decision", "decisions")} in this phase.`
            : say`The agent took ${say.count(decisions.list.length, "decision", "decisions")} in this phase; ${say.count(vetoed, "is", "are")} vetoed.`,
        ]),
    ...(feedback.length === 0
      ? []
      : [
          open === 1
            ? say`${open} of ${say.count(feedback.length, "point", "points")} of feedback is open.`
            : say`${open} of ${say.count(feedback.length, "point", "points")} of feedback are open.`,
        ]),
  ];
}

/** The name of a text ends in the digest of its content. */
function digestOf(name: string): string {
  return (name.split(".").at(-1) ?? name).slice(0, 12);
}
