import type { TaskView } from "../../control/ports.ts";
import type { CheckResult } from "../../core/report.ts";
import { outlineOfPhase, type PhaseProgress, type Verification } from "../../core/state.ts";
import { tokensOf } from "../../core/usage.ts";
import { code, link, person, plain, title } from "./escape.ts";
import { findingLine } from "./findings.ts";
import { count, dollars, tokens } from "./format.ts";
import type { Links } from "./links.ts";

/** GitHub refuses 65,536; the rest is for what its own pages add. */
const bodyCharactersMax = 60_000;
const filesShownMax = 100;
const findingsShownMax = 50;

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
  /** Null before the gate is there: nothing can be listed yet. */
  readonly delivered: {
    readonly headSha: string;
    readonly files: readonly DeliveredFile[];
    /** False where the pull request has more files than were read. */
    readonly complete: boolean;
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

/** The pull request's body: how to go on, what arrived, how it was checked, what it cost. */
export function gateBody(facts: GateFacts): string {
  const { view, phase, links } = facts;
  const progress = view.task.phases.find((candidate) => candidate.phase === phase);
  const last = phase === view.task.playbook.phases.length;
  const sections = [
    // A merge of the last gate closes the issue; an earlier one must not.
    `${last ? "Closes" : "Part of"} #${view.task.issue.number}`,
    goOn(facts, progress),
    ...verificationSection(progress?.verification ?? null),
    ...stepsSection(view, phase, progress),
    ...filesSection(facts),
    costSection(view, progress, links),
  ];
  return bounded(sections.join("\n\n"));
}

function goOn({ view, phase, links }: GateFacts, progress: PhaseProgress | undefined): string {
  const following = view.task.playbook.phases.find((candidate) => candidate.number === phase + 1);
  const goal =
    following === undefined ? "complete the task" : `start phase ${following.number}, ${plain(following.title)}`;
  const status = link("status comment", links.issue(view.task.issue.number));
  const verification = progress?.verification ?? null;
  if (verification === null) {
    return `The agent is at work: each step arrives here as a commit. Please do not merge yet; the ${status} says how far it is.`;
  }
  if (!verification.passed) {
    return `The checks found faults, listed below. The ${status} says whether another attempt runs or a person must decide.`;
  }
  return [
    `**Merge this pull request to ${goal}.**`,
    "You may commit to this branch before you merge: what you merge is what the next phase builds on.",
    "A review that approves is recorded; merging without one counts as your approval. Closing without a merge pauses the task.",
  ].join(" ");
}

function verificationSection(verification: Verification | null): readonly string[] {
  if (verification === null) return [];
  const failed = verification.checks.filter((check) => !check.passed);
  const passed = verification.checks.filter((check) => check.passed);
  const shown = verification.findings.slice(0, findingsShownMax);
  const more = verification.findings.length - shown.length;
  return [
    "## Checks",
    verification.passed
      ? `All ${count(passed.length, "check", "checks")} passed on ${code(verification.headSha.slice(0, 12))}.`
      : `${count(verification.findings.length, "fault", "faults")} in attempt ${verification.attempt}.`,
    ...(shown.length === 0 ? [] : [shown.map(findingLine).join("\n")]),
    ...(more <= 0 ? [] : [`And ${more} more.`]),
    ...(verification.checks.length === 0
      ? []
      : [["| Check | Result | Looked at |", "|---|---|---|", ...[...failed, ...passed].map(checkRow)].join("\n")]),
  ];
}

function checkRow({ check, passed, looked }: CheckResult): string {
  return `| ${checkNames[check]} | ${passed ? "✔ passed" : "✖ failed"} | ${looked} |`;
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

function costSection(view: TaskView, progress: PhaseProgress | undefined, links: Links): string {
  const issue = link(`#${view.task.issue.number}`, links.issue(view.task.issue.number));
  const startedBy = view.task.prompt === null ? "" : `, started by ${person(view.task.prompt.startedBy)}`;
  const spent =
    progress === undefined
      ? ""
      : `, ${tokens(tokensOf(progress.spent.usage))} tokens, ${dollars(progress.spent.costUsd)} for this phase so far`;
  return `---\nWritten by ${code(view.model, 80)} for ${issue}${startedBy}${spent}.`;
}

/** Cuts at a line's end, so that no link or cell is torn. */
function bounded(body: string): string {
  if (body.length <= bodyCharactersMax) return body;
  const note = "\n\nThe rest is too long for this page.";
  const cut = body.slice(0, bodyCharactersMax - note.length);
  return `${cut.slice(0, Math.max(0, cut.lastIndexOf("\n")))}${note}`;
}
