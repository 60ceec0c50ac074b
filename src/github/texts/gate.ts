import type { TaskView } from "../../control/ports.ts";
import type { CheckResult } from "../../core/report.ts";
import { outlineOfPhase, purseOf, type PhaseProgress, type Verification } from "../../core/state.ts";
import { tokensOf } from "../../core/usage.ts";
import { code, link, people, person, plain, title } from "./escape.ts";
import { findingLine } from "./findings.ts";
import { count, dollars, shaCharacters, tokens } from "./format.ts";
import { dependencySentence } from "./dependency.ts";
import type { Links } from "./links.ts";
import { forecastWords, purseFor } from "./money.ts";
import { answeredLine } from "./questions.ts";

/** GitHub refuses 65,536; the rest is for what its own pages add. */
const bodyCharactersMax = 60_000;
const filesShownMax = 100;
const findingsShownMax = 50;
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

export function gateTitle(view: TaskView, phase: number, { unfinished }: { readonly unfinished: boolean }): string {
  const outline = outlineOfPhase(view.task, phase);
  const name = `Phase ${phase} of ${view.task.playbook.phases.length}, ${title(outline.title, 60)}: ${title(view.task.issue.title, 120)}`;
  return unfinished ? `${unfinishedPrefix}${name}` : name;
}

/** The title without our mark; what a person made of the rest stays. */
export function finishedTitle(current: string): string {
  return current.startsWith(unfinishedPrefix) ? current.slice(unfinishedPrefix.length) : current;
}

/**
 * The pull request's body: how to go on, what arrived, how it was checked, what it cost.
 * Nobody edits it after the merge, so each sentence must stay true.
 */
export function gateBody(facts: GateFacts): string {
  const { view, phase, links } = facts;
  const progress = view.task.phases.find((candidate) => candidate.phase === phase);
  const last = phase === view.task.playbook.phases.length;
  const sections = [
    // A merge of the last gate closes the issue; an earlier one must not.
    `${last ? "Closes" : "Part of"} #${view.task.issue.number}`,
    goOn(facts, progress),
    ...verificationSection(facts, progress?.verification ?? null),
    ...feedbackSection(progress),
    ...dialogueSection(view, phase, progress),
    ...costSection(facts, progress),
    ...stepsSection(view, phase, progress),
    ...filesSection(facts),
    footer(view, links),
  ];
  return bounded(withoutSkipMarks(sections.join("\n\n")));
}

function goOn({ view, phase, links, ready }: GateFacts, progress: PhaseProgress | undefined): string {
  const following = view.task.playbook.phases.find((candidate) => candidate.number === phase + 1);
  const status = link("status comment", links.issue(view.task.issue.number));
  const verification = progress?.verification ?? null;
  const accepted = progress?.accepted ?? null;
  const rework = progress?.rework ?? null;
  if (progress !== undefined && rework !== null && !ready) {
    const points = rework.ids.length === 0 ? "" : ` (${count(rework.ids.length, "point", "points")})`;
    return `Attempt ${progress.attempt}: the agent works on what ${people(rework.by)} asked for${points}. This text changes when the checks have passed again; the ${status} tells how far the agent is.`;
  }
  if (verification === null && accepted === null) {
    return `The agent adds a commit for each step. Please do not merge before the checks have passed: this text then says so. The ${status} tells how far the agent is.`;
  }
  if (verification?.passed !== true && accepted === null) {
    return `The checks found faults, listed below. The ${status} says whether another attempt runs or a person must decide.`;
  }
  const goal =
    following === undefined ? "completes the task" : `starts phase ${following.number}, ${plain(following.title)}`;
  const builds = following === undefined ? "" : `: phase ${following.number} builds on what is merged`;
  return [
    ...(accepted === null ? [] : [acceptance(accepted), ""]),
    `**Merging this pull request ${goal}.**`,
    "",
    `- You may commit to this branch before the merge${builds}.`,
    "- An approving review is recorded; merging without one counts as approval. Closing without a merge pauses the task.",
    `- A review that requests changes starts a rework by itself, and so does ${code(reworkUsage)} in a comment.`,
    // GitHub's proposed message of a squash lists the messages of all commits.
    "- *Squash and merge*: take the lines that ask to skip CI out of the proposed message, or your workflows will not run on the merge.",
  ].join("\n");
}

const reworkUsage = "/rework <what to change>";

function acceptance({ by, failed }: NonNullable<PhaseProgress["accepted"]>): string {
  const checks = failed.map((check) => checkNames[check]).join(", ");
  return checks === ""
    ? `Accepted by ${person(by)} as it is.`
    : `Accepted by ${person(by)} although these checks failed: ${checks}.`;
}

function verificationSection({ delivered, links }: GateFacts, verification: Verification | null): readonly string[] {
  if (verification === null) return [];
  const failed = verification.checks.filter((check) => !check.passed);
  const passed = verification.checks.filter((check) => check.passed);
  const shown = verification.findings.slice(0, findingsShownMax);
  const more = verification.findings.length - shown.length;
  return [
    "## Checks",
    verification.passed
      ? `${allPassed(passed.length)} on ${commitLink(links, verification.headSha)}. ${releasing(delivered?.ciLater ?? false)}`
      : `${count(verification.findings.length, "fault", "faults")} in attempt ${verification.attempt}.`,
    ...(shown.length === 0 ? [] : [shown.map(findingLine).join("\n")]),
    ...(more <= 0 ? [] : [`And ${more} more.`]),
    ...(verification.checks.length === 0
      ? []
      : [["| Check | Result | Looked at |", "|---|---|---|", ...[...failed, ...passed].map(checkRow)].join("\n")]),
  ];
}

function allPassed(checks: number): string {
  return checks === 1 ? "The one check passed" : `All ${checks} checks passed`;
}

function commitLink(links: Links, sha: string): string {
  return link(code(sha.slice(0, shaCharacters)), links.commit(sha));
}

function releasing(ciLater: boolean): string {
  const commit =
    "an empty commit, which lets your workflows run here; the commits of the steps ask GitHub to skip them.";
  return ciLater
    ? `Your workflows can use secrets or a write token, so it takes an approving review until the app adds ${commit}`
    : `After it comes ${commit}`;
}

function checkRow({ check, passed, looked }: CheckResult): string {
  return `| ${checkNames[check]} | ${passed ? "✔ passed" : "✖ failed"} | ${lookedAt(check, looked)} |`;
}

/** Empty where a check asks one question of the repository as a whole. */
function lookedAt(check: CheckResult["check"], looked: number): string {
  switch (check) {
    case "outputs-exist":
      return count(looked, "output", "outputs");
    case "long-enough":
    case "sections-present":
    case "no-placeholder":
      return count(looked, "document", "documents");
    case "no-secrets":
    case "paths-allowed":
      return count(looked, "file", "files");
    case "env-ignored":
    case "tests-exist":
      return "";
  }
}

const checkNames: Readonly<Record<CheckResult["check"], string>> = {
  "outputs-exist": "Every file of every step is there",
  "long-enough": "Documents are long enough",
  "sections-present": "Documents have their sections",
  "no-placeholder": "No placeholders are left",
  "env-ignored": "`.env` is ignored by git",
  "no-secrets": "No secrets in the files",
  "tests-exist": "There are tests",
  "paths-allowed": "Only paths of this phase changed",
};

/** Nobody edits the body when a thread is resolved, so the figure says of when it is. */
function feedbackSection(progress: PhaseProgress | undefined): readonly string[] {
  if (progress === undefined || progress.feedback.length === 0) return [];
  const open = progress.feedback.filter(({ state }) => state === "open").length;
  const all = count(progress.feedback.length, "point", "points");
  const state = open === 0 ? "none was open" : `${open} ${open === 1 ? "was" : "were"} open`;
  return ["## Feedback", `Of ${all} of feedback, ${state} when this was written.`];
}

/** What people decided is part of what is reviewed. Nobody edits the body while the agent works, so it comes with the checks. */
function dialogueSection({ task }: TaskView, phase: number, progress: PhaseProgress | undefined): readonly string[] {
  if (progress === undefined || (progress.verification === null && progress.accepted === null)) return [];
  const questions = task.questions.filter((question) => question.phase === phase);
  const needed = task.dependencies.filter(({ steps }) => steps.some((each) => each.phase === phase));
  return [
    ...(questions.length === 0
      ? []
      : [
          "## Questions and answers",
          questions
            .slice(-questionsShownMax)
            .map((question) => answeredLine(question, dialogueCharactersMax))
            .join("\n"),
        ]),
    ...(needed.length === 0
      ? []
      : [
          "## Provided",
          needed
            .slice(-questionsShownMax)
            .map((dependency) => `- ${dependencySentence(dependency)}`)
            .join("\n"),
        ]),
  ];
}

/** Before the checks it would be the figure of the moment at which the pull request was opened. */
function costSection({ view, phase }: GateFacts, progress: PhaseProgress | undefined): readonly string[] {
  if (progress === undefined || progress.verification === null) return [];
  const { task, forecasts } = view;
  const expected = forecasts.get(phase);
  const reckoned = expected === undefined ? "" : `; ${forecastWords(expected)}`;
  const lines = [
    `- This phase: ${tokens(tokensOf(progress.spent.usage))} tokens, ${dollars(progress.spent.costUsd)} of ${dollars(purseOf(task, phase))}${reckoned}.`,
    ...nextPhaseCost(view, phase),
  ];
  return ["## Cost", lines.join("\n")];
}

function nextPhaseCost({ task, forecasts }: TaskView, phase: number): readonly string[] {
  const following = task.playbook.phases.find(({ number }) => number === phase + 1);
  if (following === undefined) return [];
  const forecast = forecasts.get(following.number);
  const purseUsd = purseOf(task, following.number);
  const usd = purseFor(forecast?.usd ?? purseUsd);
  const expected = forecast === undefined ? "" : `${forecastWords(forecast)}, and `;
  return [
    `- Phase ${following.number}, ${plain(following.title, 60)}: ${expected}it may spend ${dollars(purseUsd)}. To set another limit with your approval, comment ${code(`/approve up to $${usd}`)}.`,
  ];
}

function stepsSection(view: TaskView, phase: number, progress: PhaseProgress | undefined): readonly string[] {
  const { steps } = outlineOfPhase(view.task, phase);
  // Nobody edits the body while the agent works: marks would only show the moment of its opening.
  if (progress === undefined || progress.verification === null) {
    return ["## Steps", steps.map(({ title }, index) => `${index + 1}. ${plain(title, 100)}`).join("\n")];
  }
  const done = new Set(progress.steps.filter((step) => step.completed).map((step) => step.slug));
  const marked = steps.map(({ slug, title }) => `- [${done.has(slug) ? "x" : " "}] ${plain(title, 100)}`);
  return ["## Steps", marked.join("\n")];
}

/** Documents first: they are what a reviewer reads. */
function filesSection({ delivered, links }: GateFacts): readonly string[] {
  if (delivered === null || delivered.files.length === 0) return [];
  const written = delivered.files.filter((file) => !file.deleted);
  const documents = written.filter((file) => file.path.toLowerCase().endsWith(".md"));
  const others = written.filter((file) => !documents.includes(file));
  const deleted = delivered.files.filter((file) => file.deleted);
  const listed = [...documents, ...others].slice(0, filesShownMax);
  const hidden = written.length - listed.length;
  const line = ({ path }: DeliveredFile) => `- ${link(code(path, 200), links.file(delivered.headSha, path))}`;
  return [
    "## Delivered",
    ...block("Documents", listed.filter((file) => documents.includes(file)).map(line)),
    ...block(
      documents.length === 0 ? "Files" : "Other files",
      listed.filter((file) => others.includes(file)).map(line),
    ),
    ...block(
      "Deleted",
      deleted.slice(0, filesShownMax).map(({ path }) => `- ${code(path, 200)}`),
    ),
    ...(hidden > 0 || !delivered.complete ? ["More are on the *Files changed* page."] : []),
  ];
}

function block(name: string, entries: readonly string[]): readonly string[] {
  return entries.length === 0 ? [] : [`${name}:`, entries.join("\n")];
}

function footer(view: TaskView, links: Links): string {
  const { task, model } = view;
  const facts = [`Issue: ${link(`#${task.issue.number}`, links.issue(task.issue.number))}`];
  if (task.prompt !== null) facts.push(`Started by ${person(task.prompt.startedBy)}`);
  facts.push(`Model: ${code(model, 80)}`);
  return `---\n${facts.join(" · ")}`;
}

/**
 * Where a repository takes the body as the message of a squash, a path that holds GitHub's mark would silence the default branch.
 * An invisible space breaks it; code spans know no entities.
 */
function withoutSkipMarks(body: string): string {
  return body.replace(/\[(?=(?:skip ci|ci skip|no ci|skip actions|actions skip)\])/giu, "[\u200b");
}

/** Cuts at a line's end, so that no link or cell is torn. */
function bounded(body: string): string {
  if (body.length <= bodyCharactersMax) return body;
  const note = "\n\nThe rest is too long for this page.";
  const cut = body.slice(0, bodyCharactersMax - note.length);
  return `${cut.slice(0, Math.max(0, cut.lastIndexOf("\n")))}${note}`;
}
