/** The check run on a gate's head: what branch protection sees, and people beside the merge button. */
import type { TaskView } from "../../control/ports/task-view.ts";
import type { Finding } from "../../core/report.ts";
import { isSettled, outlineOfPhase, type ExistingTask, type PhaseProgress } from "../../core/state.ts";
import { criterionNames } from "./criteria.ts";
import { code, link, oneLine, person, plain, title as titleText } from "./escape.ts";
import { shaCharacters } from "./format.ts";
import type { Links } from "./links.ts";
import { reworkWords } from "./rework.ts";
import { lookedOf, verificationCounts } from "./verification.ts";
import type { Say } from "./words.ts";

export interface CheckText {
  /** Null while it is in progress. */
  readonly conclusion: "success" | "failure" | "neutral" | "cancelled" | null;
  /** Which attempt it speaks of. Another one of the same head gets a check run of its own: annotations can only be added. */
  readonly attempt: number;
  readonly title: string;
  readonly summary: string;
  readonly annotations: readonly CheckAnnotation[];
}

export interface CheckAnnotation {
  readonly path: string;
  readonly line: number;
  readonly level: "failure" | "warning";
  readonly title: string;
  readonly message: string;
}

export interface CheckFacts {
  readonly view: TaskView;
  readonly phase: number;
  readonly links: Links;
  /** True where the head has the very files that the last verification looked at. */
  readonly isVerified: boolean;
  readonly say: Say;
}

const annotationsMax = 100;
const messageCharactersMax = 1_000;

export function checkText(facts: CheckFacts): CheckText {
  const { view, phase, links, say } = facts;
  const progress = view.task.phases.find((candidate) => candidate.phase === phase);
  if (progress === undefined) return told(1, null, say`Not verified yet`, say`The phase has not begun.`);
  const { title, summary, conclusion, annotations = [] } = saidOf(facts, progress);
  const where = link(say`status comment`, links.issue(view.task.issue.number));
  const name = say`Phase ${phase} of ${view.task.playbook.phases.length}, ${plain(outlineOfPhase(view.task, phase).title, 60)}.`;
  const parts = [name, summary];
  if (conclusion === null) parts.push(say`The ${where} tells how far the agent is.`);
  else if (progress.gate !== null) parts.push(say`${link(say`The pull request`, progress.gate.url)} has it all.`);
  return {
    ...told(attemptOf(facts, progress), conclusion, title, parts.join(" ")),
    annotations,
  };
}

/** On the task's last pull request: nothing is verified there that was not verified at the gates of its phases. */
export function finalCheckText({ task }: TaskView, head: string, links: Links, say: Say): CheckText {
  if (isSettled(task) && task.status !== "completed") {
    const { title, summary, conclusion } = ended(task, say);
    return told(1, conclusion, title, summary);
  }
  const merged = task.phases.filter(({ completed }) => completed?.skipped === false);
  const unverified = merged.filter(({ verification, accepted }) => verification?.passed !== true || accepted !== null);
  const names = unverified.map(({ phase }) => say`phase ${phase}, ${plain(outlineOfPhase(task, phase).title, 60)}`);
  const last = merged.at(-1)?.completed?.mergeSha ?? "";
  const gates = say`Each phase was verified at its own gate; the pull request lists them.`;
  if (head !== last) {
    const sha = link(code(last.slice(0, shaCharacters)), links.commit(last));
    return told(
      1,
      "neutral",
      say`Commits that no gate has seen`,
      `${say`There are commits on top of ${sha}, the merge of the last phase.`} ${gates}`,
    );
  }
  return names.length > 0
    ? told(1, "neutral", say`Not all phases were verified`, say`People took these as they were: ${names.join("; ")}.`)
    : told(1, "success", say`All phases were verified at their gates`, gates);
}

interface Said {
  readonly title: string;
  readonly summary: string;
  readonly conclusion: CheckText["conclusion"];
  readonly annotations?: readonly CheckAnnotation[];
}

function told(attempt: number, conclusion: CheckText["conclusion"], title: string, summary: string): CheckText {
  return { attempt, conclusion, title, summary, annotations: [] };
}

/** Of the verification where it is what is told, or else the one that is under way. */
function attemptOf({ isVerified }: CheckFacts, { verification, attempt, rework }: PhaseProgress): number {
  return isVerified && verification !== null && rework === null ? verification.attempt : attempt;
}

function saidOf(facts: CheckFacts, progress: PhaseProgress): Said {
  const { say } = facts;
  const { task, criteria: known } = facts.view;
  const criteria = known.get(facts.phase) ?? [];
  const { verification, accepted, completed, rework } = progress;
  if (completed?.skipped === true) {
    return {
      conclusion: "cancelled",
      title: say`The phase was skipped`,
      summary: say`${person(completed.by)} had the task go on without this phase; nothing of it is merged.`,
    };
  }
  if (completed === null && isSettled(task)) return ended(task, say);
  if (completed === null && rework !== null) {
    const words = reworkWords(rework, say);
    return {
      conclusion: null,
      title: say`Attempt ${progress.attempt} is under way`,
      summary: `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`,
    };
  }
  if (accepted !== null) {
    return {
      conclusion: "neutral",
      title: titleText(say`Accepted by ${accepted.by}, not verified`),
      summary:
        accepted.failed.length === 0
          ? say`${person(accepted.by)} took the phase as it is.`
          : say`${person(accepted.by)} took the phase although this is not met: ${criterionNames(accepted.failed, criteria, 20, say)}.`,
    };
  }
  if (verification === null) {
    return completed === null
      ? {
          conclusion: null,
          title: say`Not verified yet`,
          summary: say`The agent is not done; the result is checked after its last step.`,
        }
      : {
          conclusion: "neutral",
          title: say`Merged before it was verified`,
          summary: say`${person(completed.by)} merged the phase before its checks had ended.`,
        };
  }
  if (!facts.isVerified) return moved(facts, progress, verification.headSha);
  const looked = lookedOf(progress, verification, criteria);
  const counts = verificationCounts(looked, say);
  const summary = say`Attempt ${verification.attempt}: ${counts}.`;
  const annotations = annotationsOf(verification.findings, verification.notes);
  if (!verification.passed) {
    return { conclusion: "failure", title: say`Not passed: ${counts}`, summary, annotations };
  }
  const open = looked.filter(({ state }) => state === "not-judged").map(({ check }) => check);
  return open.length > 0
    ? {
        conclusion: "neutral",
        title: say`Not judged: ${counts}`,
        summary: `${summary} ${say`A person should look at what was not judged: ${criterionNames(open, criteria, 20, say)}.`}`,
        annotations,
      }
    : { conclusion: "success", title: say`Passed: ${counts}`, summary, annotations };
}

function ended(task: ExistingTask, say: Say): Said {
  return {
    conclusion: "cancelled",
    title: task.status === "failed" ? say`The task failed` : say`The task was cancelled`,
    summary:
      task.status === "cancelled"
        ? say`${person(task.cancelledBy)} ended the task before this phase was merged.`
        : say`The task ended before this phase was merged.`,
  };
}

/** Something lies on top of what was verified: of an attempt that is under way, or of people. */
function moved({ view, links, say }: CheckFacts, progress: PhaseProgress, verifiedSha: string): Said {
  const { task } = view;
  const isAtWork =
    progress.completed === null &&
    task.blockedBy === null &&
    (task.status === "in_progress" || task.status === "pending");
  if (isAtWork) {
    return {
      conclusion: null,
      title: say`Attempt ${progress.attempt} is under way`,
      summary: say`The agent mends what the checks found; the result is checked after its last step.`,
    };
  }
  const sha = verifiedSha.slice(0, shaCharacters);
  return {
    conclusion: "neutral",
    title: say`Not verified: what was verified is ${sha}`,
    summary: say`There are commits on top of ${link(code(sha), links.commit(verifiedSha))}, the last one that Phasegate has verified. Nobody but you has looked at them.`,
  };
}

/** What has a place; all else stands in the pull request. */
function annotationsOf(findings: readonly Finding[], notes: readonly Finding[]): readonly CheckAnnotation[] {
  return [
    ...findings.flatMap((finding) => annotationOf(finding, "failure")),
    ...notes.flatMap((note) => annotationOf(note, "warning")),
  ].slice(0, annotationsMax);
}

function annotationOf(
  { path, line, message, check }: Finding,
  level: CheckAnnotation["level"],
): readonly CheckAnnotation[] {
  if (path === null || line === null) return [];
  const said = oneLine(message, messageCharactersMax);
  // An annotation is plain text, and GitHub takes none that is empty.
  return [{ path, line, level, title: check.replace("judged:", ""), message: said === "" ? check : said }];
}
