import type { TaskView } from "../../control/ports/task-view.ts";
import {
  followingPhaseOf,
  outlineOfPhase,
  presentedHeadOf,
  purseOf,
  taskBranchOf,
  type ExistingTask,
  type PhaseProgress,
} from "../../core/state.ts";
import { tokensOf } from "../../core/usage.ts";
import { ciWords } from "./ci.ts";
import { criterionNames } from "./criteria.ts";
import { decisionsSection, type AddressOf } from "./decisions.ts";
import { code, link, people, person, plain, title } from "./escape.ts";
import { dollars, shaCharacters, tokens } from "./format.ts";
import { dependencySentence } from "./dependency.ts";
import type { Links } from "./links.ts";
import { forecastWords, purseFor } from "./money.ts";
import { answeredLine } from "./questions.ts";
import { reworkWords } from "./rework.ts";
import { changesApproved } from "./ripple.ts";
import { securitySection } from "./security.ts";
import { verificationSection } from "./verification.ts";
import type { Say } from "./words.ts";

/** GitHub refuses 65,536; the rest is for what its own pages add. */
const bodyCharactersMax = 60_000;
const filesShownMax = 100;
const questionsShownMax = 20;
const dialogueCharactersMax = 200;

/** Stands before the title where the repository's plan has no drafts (Q30). */
const unfinishedPrefix = "WIP: ";

interface DeliveredFile {
  readonly path: string;
  readonly deleted: boolean;
}

export interface GateFacts {
  readonly view: TaskView;
  readonly phase: number;
  readonly links: Links;
  readonly say: Say;
  /** True where this text comes with the end of the draft: no attempt is under way any more. */
  readonly ready: boolean;
  /** Null before the gate is there: nothing can be listed yet. */
  readonly delivered: {
    readonly headSha: string;
    readonly files: readonly DeliveredFile[];
    /** False where the pull request has more files than were read. */
    readonly complete: boolean;
    /** True where the repository's workflows wait for an approval (Q29). */
    readonly ciLater: boolean;
  } | null;
}

export function gateTitle(
  view: TaskView,
  phase: number,
  { unfinished }: { readonly unfinished: boolean },
  say: Say,
): string {
  const outline = outlineOfPhase(view.task, phase);
  const name = say`Phase ${phase} of ${view.task.playbook.phases.length}, ${title(outline.title, 60)}: ${title(view.task.issue.title, 120)}`;
  return unfinished ? `${unfinishedPrefix}${name}` : name;
}

/** The title without our mark; what a person made of the rest stays. */
export function finishedTitle(current: string): string {
  return current.startsWith(unfinishedPrefix) ? current.slice(unfinishedPrefix.length) : current;
}

/**
 * The pull request's body: how to go on, what was decided, how it was checked, what arrived, what it cost.
 * Nobody edits it after the merge, so each sentence must stay true, or say of when it is.
 */
export function gateBody(facts: GateFacts): string {
  const { view, phase, say } = facts;
  const progress = view.task.phases.find((candidate) => candidate.phase === phase);
  const sections = [
    ...goOn(facts, progress),
    ...(progress === undefined ? [] : decisionsSection(progress, addressOf(facts), say)),
    ...verified(facts, progress),
    ...(progress === undefined || progress.changed === null ? [] : changesApproved(view.task, progress.changed, say)),
    ...feedbackSection(progress, say),
    ...dialogueSection(facts, progress),
    ...securitySection(view.task.security, phase, say),
    ...costSection(facts, progress),
    ...stepsSection(facts, progress),
    ...filesSection(facts),
    footer(facts),
  ];
  return bounded(withoutSkipMarks(sections.join("\n\n")), say);
}

/** Only what was delivered surely is there. */
function addressOf({ delivered, links }: GateFacts): AddressOf {
  const paths = new Set(delivered?.files.flatMap(({ path, deleted }) => (deleted ? [] : [path])) ?? []);
  return (path) => (delivered !== null && paths.has(path) ? links.file(delivered.headSha, path) : null);
}

function isLast({ view, phase }: GateFacts): boolean {
  return followingPhaseOf(view.task, phase) === null;
}

function goOn(facts: GateFacts, progress: PhaseProgress | undefined): readonly string[] {
  const { view, links, say } = facts;
  const { issue } = view.task;
  // A merge of the last gate closes the issue; an earlier one must not, nor one into a branch of the task's own (Q6), and GitHub heeds it on the default branch alone.
  const closes = isLast(facts) && taskBranchOf(view.task) === null && view.task.input.baseBranch === null;
  const status = link(say`status comment`, links.issue(issue.number));
  // A keyword of GitHub's, in English whatever the language.
  const part = closes ? `Closes #${issue.number}` : say`Part of #${issue.number}`;
  const verification = progress?.verification ?? null;
  const accepted = progress?.accepted ?? null;
  const rework = progress?.rework ?? null;
  if (progress !== undefined && rework !== null && !facts.ready) {
    return [
      say`Attempt ${progress.attempt}: ${reworkWords(rework, say)}. This text changes when the checks have passed again; the ${status} tells how far the agent is.`,
      part,
    ];
  }
  const conversation = progress?.conversation ?? null;
  if (conversation !== null && conversation.doneBy === null && accepted === null) {
    return [
      [
        say`A conversation goes on on the issue, and this pull request has what it changed so far.`,
        ...(verification?.passed === false ? [say`The check after its last turn found what is listed below.`] : []),
        say`${code("/done")} on the issue ends it, and makes this ready for review. The ${status} tells how it stands.`,
      ].join(" "),
      part,
    ];
  }
  if (verification === null && accepted === null) {
    return [
      say`The agent adds a commit for each step. Please do not merge before the checks have passed: this text then says so. The ${status} tells how far the agent is.`,
      part,
    ];
  }
  if (verification?.passed !== true && accepted === null) {
    return [
      say`The checks found faults, listed below. The ${status} says whether another attempt runs or a person must decide.`,
      part,
    ];
  }
  return [
    ...(accepted === null ? [] : [acceptance(accepted, criteriaOf(view, facts.phase), say)]),
    mergeWords(facts),
    ...approvalWords(view.task, say),
    part,
    moreWays(facts),
  ];
}

/** In one or two lines. */
function mergeWords(facts: GateFacts): string {
  const { say } = facts;
  const change = say`To have something changed first, request changes in a review, or comment ${code(reworkUsage(say))}.`;
  const goal = goalOf(facts);
  return facts.view.task.settings.merge === "auto"
    ? say`**Approve this pull request, and Phasegate merges it as soon as the repository's own checks allow; that ${goal}.** ${change}`
    : say`**Merging this pull request ${goal}.** ${change}`;
}

function goalOf(facts: GateFacts): string {
  const { say } = facts;
  const { task } = facts.view;
  const following = followingPhaseOf(task, facts.phase);
  if (following !== null) return say`starts phase ${following.number}, ${plain(following.title)}`;
  const branch = taskBranchOf(task);
  return branch === null ? say`completes the task` : say`opens the last pull request, from ${code(branch)}`;
}

/** Who asked for the work, where that keeps them from approving it (Q5). */
function approvalWords(task: ExistingTask, say: Say): readonly string[] {
  if (task.settings.requesterMayApprove) return [];
  return [
    say`Approvals by ${requesters(task, say)}, who asked for this work, do not count here: somebody else with write access approves it.`,
  ];
}

function requesters({ issue, prompt }: ExistingTask, say: Say): string {
  return people([...new Set([issue.author, ...(prompt === null ? [] : [prompt.startedBy])])], say);
}

/** Folded: it is the same in every gate. */
function moreWays(facts: GateFacts): string {
  const { say } = facts;
  const { task } = facts.view;
  const following = followingPhaseOf(task, facts.phase);
  const alone =
    task.settings.requesterMayApprove || following === null
      ? []
      : [
          say`- Merged by ${requesters(task, say)} before somebody else has approved it, the task waits for somebody else's ${code("/approve")}; then phase ${following.number} starts.`,
        ];
  const lines = [
    following === null
      ? say`- You may commit to this branch before the merge.`
      : say`- You may commit to this branch before the merge: phase ${following.number} builds on what is merged.`,
    reviewLine(task, say),
    ...alone,
    say`- A review that requests changes starts a rework by itself. Closing without a merge pauses the task.`,
    ...(outlineOfPhase(task, facts.phase).mode === "conversation"
      ? [say`- A comment on the issue takes the conversation up again, until this is merged.`]
      : []),
    ...(outlineOfPhase(task, facts.phase).mayBeSkipped
      ? [say`- ${code("/skip-phase")} goes on without this phase, and nothing of it is merged.`]
      : []),
    // GitHub's proposed message of a squash lists the messages of all commits.
    say`- *Squash and merge*: take the lines that ask to skip CI out of the proposed message, or your workflows will not run on the merge.`,
  ];
  return `<details><summary>${say`What else you can do here`}</summary>\n\n${lines.join("\n")}\n\n</details>`;
}

/** What a review here comes to. */
function reviewLine({ settings: { merge, requesterMayApprove } }: ExistingTask, say: Say): string {
  if (merge === "auto") {
    return requesterMayApprove
      ? say`- An approving review counts for the commit that it was given on. You may also merge by hand.`
      : say`- An approving review by anybody else with write access counts for the commit that it was given on. You may also merge by hand.`;
  }
  return requesterMayApprove
    ? say`- An approving review is recorded; merging without one counts as approval.`
    : say`- An approving review by anybody else with write access is recorded.`;
}

/** As people type it. */
export function reworkUsage(say: Say): string {
  return say`/rework <what to change>`;
}

function acceptance(
  { by, failed }: NonNullable<PhaseProgress["accepted"]>,
  criteria: ReturnType<typeof criteriaOf>,
  say: Say,
): string {
  return failed.length === 0
    ? say`Accepted by ${person(by)} as it is.`
    : say`Accepted by ${person(by)} although this is not met: ${criterionNames(failed, criteria, 40, say)}.`;
}

function criteriaOf(view: TaskView, phase: number) {
  return view.criteria.get(phase) ?? [];
}

function verified(facts: GateFacts, progress: PhaseProgress | undefined): readonly string[] {
  const { view, phase, links, say } = facts;
  const verification = progress?.verification ?? null;
  if (progress === undefined || verification === null) return [];
  const criteria = criteriaOf(view, phase);
  return [
    verificationSection({ progress, verification, criteria, links, addressOf: addressOf(facts), say }),
    ...(verification.passed || progress.accepted !== null ? [ciSection(facts, progress)] : []),
  ];
}

/** The commits of the steps ask GitHub to skip workflows (Q29). */
function ciSection({ view, delivered, links, say }: GateFacts, progress: PhaseProgress): string {
  const { ci, gate } = progress;
  const known = ci !== null && ci.headSha === presentedHeadOf(progress) ? ci : null;
  if (known !== null && known.kind !== "held") {
    const sha = link(code(known.headSha.slice(0, shaCharacters)), links.commit(known.headSha));
    return say`**The repository's own checks** on ${sha}, when this was written: ${ciWords(known, say)}.`;
  }
  const isHeld = (known?.kind === "held" || delivered?.ciLater === true) && (gate?.releasedSha ?? null) === null;
  if (!isHeld) {
    return say`**The repository's own checks** run on an empty commit at the end of this branch; the commits of the steps ask GitHub to skip them.`;
  }
  return view.task.settings.ci === "approved"
    ? say`**The repository's own checks** wait. The settings of this repository hold its workflows back here, so it takes an approving review until the app adds an empty commit, on which they run; the commits of the steps ask GitHub to skip them.`
    : say`**The repository's own checks** wait. Your workflows can use secrets or a write token, so it takes an approving review until the app adds an empty commit, on which they run; the commits of the steps ask GitHub to skip them.`;
}

/** Nobody edits the body when a thread is resolved, so the figure says of when it is. */
function feedbackSection(progress: PhaseProgress | undefined, say: Say): readonly string[] {
  if (progress === undefined || progress.feedback.length === 0) return [];
  const open = progress.feedback.filter(({ state }) => state === "open").length;
  const all = say.count(progress.feedback.length, "point of feedback", "points of feedback");
  const state = open === 0 ? say`none was open` : say.count(open, "was open", "were open");
  return [`## ${say`Feedback`}`, say`Of ${all}, ${state} when this was written.`];
}

/** What people decided is part of what is reviewed. Nobody edits the body while the agent works, so it comes with the checks. */
function dialogueSection(
  { view: { task }, phase, say }: GateFacts,
  progress: PhaseProgress | undefined,
): readonly string[] {
  if (progress === undefined || (progress.verification === null && progress.accepted === null)) return [];
  const questions = task.questions.filter((question) => question.phase === phase);
  const needed = task.dependencies.filter(({ steps }) => steps.some((each) => each.phase === phase));
  return [
    ...(questions.length === 0
      ? []
      : [
          `## ${say`Questions and answers`}`,
          questions
            .slice(-questionsShownMax)
            .map((question) => answeredLine(question, dialogueCharactersMax, say))
            .join("\n"),
        ]),
    ...(needed.length === 0
      ? []
      : [
          `## ${say`Provided`}`,
          needed
            .slice(-questionsShownMax)
            .map((dependency) => `- ${dependencySentence(dependency, say)}`)
            .join("\n"),
        ]),
  ];
}

/** Before the checks it would be the figure of the moment at which the pull request was opened. */
function costSection({ view, phase, say }: GateFacts, progress: PhaseProgress | undefined): readonly string[] {
  if (progress === undefined || progress.verification === null) return [];
  const { task, forecasts } = view;
  const expected = forecasts.get(phase);
  const used = tokens(tokensOf(progress.spent.usage));
  const [spent, purse] = [dollars(progress.spent.costUsd), dollars(purseOf(task, phase))];
  const lines = [
    expected === undefined
      ? say`- This phase: ${used} tokens, ${spent} of ${purse}.`
      : say`- This phase: ${used} tokens, ${spent} of ${purse}; ${forecastWords(expected, say)}.`,
    ...nextPhaseCost(view, phase, say),
  ];
  return [`## ${say`Cost`}`, lines.join("\n")];
}

function nextPhaseCost({ task, forecasts }: TaskView, phase: number, say: Say): readonly string[] {
  const following = followingPhaseOf(task, phase);
  // One that the merge itself calls for has no purse before.
  if (following === null || !task.playbook.phases.some(({ number }) => number === following.number)) return [];
  const forecast = forecasts.get(following.number);
  const purseUsd = purseOf(task, following.number);
  const usd = purseFor(forecast?.usd ?? purseUsd);
  const name = say`Phase ${following.number}, ${plain(following.title, 60)}`;
  const limit = code(`/approve up to $${usd}`);
  return [
    forecast === undefined
      ? say`- ${name}: it may spend ${dollars(purseUsd)}. To set another limit with your approval, comment ${limit}.`
      : say`- ${name}: ${forecastWords(forecast, say)}, and it may spend ${dollars(purseUsd)}. To set another limit with your approval, comment ${limit}.`,
  ];
}

/** Each step leads to its guide: what the agent was asked to do. */
function stepsSection({ view, phase, links, say }: GateFacts, progress: PhaseProgress | undefined): readonly string[] {
  const { steps } = outlineOfPhase(view.task, phase);
  const guides = view.guides.get(phase);
  const titled = ({ slug, title }: { readonly slug: string; readonly title: string }): string => {
    const address = links.guide(guides?.get(slug) ?? "");
    return address === null ? plain(title, 100) : link(plain(title, 100), address);
  };
  // Nobody edits the body while the agent works: marks would only show the moment of its opening.
  if (progress === undefined || progress.verification === null) {
    return [`## ${say`Steps`}`, steps.map((step, index) => `${index + 1}. ${titled(step)}`).join("\n")];
  }
  const done = new Set(progress.steps.filter((step) => step.completed).map((step) => step.slug));
  // No boxes: a tick here means a veto.
  const marked = steps.map((step) => `- ${done.has(step.slug) ? "✔" : "○"} ${titled(step)}`);
  return [`## ${say`Steps`}`, marked.join("\n")];
}

/** Documents first: they are what a reviewer reads. */
function filesSection({ delivered, links, say }: GateFacts): readonly string[] {
  if (delivered === null || delivered.files.length === 0) return [];
  const written = delivered.files.filter((file) => !file.deleted);
  const documents = written.filter((file) => file.path.toLowerCase().endsWith(".md"));
  const others = written.filter((file) => !documents.includes(file));
  const deleted = delivered.files.filter((file) => file.deleted);
  const listed = [...documents, ...others].slice(0, filesShownMax);
  const hidden = written.length - listed.length;
  const line = ({ path }: DeliveredFile) => `- ${link(code(path, 200), links.file(delivered.headSha, path))}`;
  return [
    `## ${say`Delivered`}`,
    ...block(say`Documents`, listed.filter((file) => documents.includes(file)).map(line)),
    ...block(
      documents.length === 0 ? say`Files` : say`Other files`,
      listed.filter((file) => others.includes(file)).map(line),
    ),
    ...block(
      say`Deleted`,
      deleted.slice(0, filesShownMax).map(({ path }) => `- ${code(path, 200)}`),
    ),
    ...(hidden > 0 || !delivered.complete ? [say`More are on the *Files changed* page.`] : []),
  ];
}

function block(name: string, entries: readonly string[]): readonly string[] {
  return entries.length === 0 ? [] : [`${name}:`, entries.join("\n")];
}

function footer({ view: { task, model }, links, say }: GateFacts): string {
  const facts = [say`Issue: ${link(`#${task.issue.number}`, links.issue(task.issue.number))}`];
  if (task.prompt !== null) facts.push(say`Started by ${person(task.prompt.startedBy)}`);
  facts.push(say`Model: ${code(model, 80)}`);
  return `---\n${facts.join(" · ")}`;
}

/**
 * Where a repository takes the body as the message of a squash, a path that holds GitHub's mark would silence the default branch.
 * An invisible space breaks it; code spans know no entities.
 */
function withoutSkipMarks(body: string): string {
  return body.replace(/\[(?=(?:skip ci|ci skip|no ci|skip actions|actions skip)\])/giu, "[\u200b");
}

/** Cuts at a line's end, so that no link or cell is torn. What comes before the lists of files is bounded by itself. */
function bounded(body: string, say: Say): string {
  if (body.length <= bodyCharactersMax) return body;
  const note = `\n\n${restTooLong(say)}`;
  const cut = body.slice(0, bodyCharactersMax - note.length);
  return `${cut.slice(0, Math.max(0, cut.lastIndexOf("\n")))}${note}`;
}

/** In place of what was cut off. */
export function restTooLong(say: Say): string {
  return say`The rest is too long for this page.`;
}
