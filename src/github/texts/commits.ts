import type { RecordMark } from "../../control/ports/records.ts";
import type { ChangesetId, TaskId } from "../../core/ids.ts";
import { title } from "./escape.ts";

/** The trailers by which a commit is found again. */
export const trailers = {
  task: "Phasegate-Task",
  changeset: "Phasegate-Changeset",
  verified: "Phasegate-Verified",
  onboarding: "Phasegate-Onboarding",
  recordVersion: "Phasegate-Record-Version",
  recordDigest: "Phasegate-Record-Digest",
  recordKey: "Phasegate-Record-Key",
} as const;

const subjectCharactersMax = 120;

/**
 * `[skip ci]`: nobody has looked at a step's commit yet, so the repository's own workflows must not run on it (Q29).
 * GitHub's default message of a squash carries the mark on; the gate's body warns of it.
 */
export function stepCommitMessage(step: {
  readonly subject: string;
  readonly taskId: TaskId;
  readonly changesetId: ChangesetId;
}): string {
  const subject = step.subject.replace(/\s+/gu, " ").trim().slice(0, subjectCharactersMax);
  return [
    `${subject} [skip ci]`,
    "",
    `${trailers.task}: ${step.taskId}`,
    `${trailers.changeset}: ${step.changesetId}`,
  ].join("\n");
}

/** Without `[skip ci]`: from here on the repository's workflows run. */
export function verifiedCommitMessage(verified: {
  readonly phase: number;
  readonly phaseTitle: string;
  readonly issue: number;
  readonly taskId: TaskId;
  readonly attempt: number;
}): string {
  return [
    `Phase ${verified.phase} ${title(verified.phaseTitle, 60)}: verified (#${verified.issue})`,
    "",
    "Changes no file. The commits before this one asked GitHub to skip workflows; this one lets them run.",
    "",
    `${trailers.task}: ${verified.taskId}`,
    `${trailers.verified}: ${verified.phase}/${verified.attempt}`,
  ].join("\n");
}

/** Of the pull request that sets a repository up; `version` is of the files in it. */
export function onboardingCommitMessage(version: string, isFirst: boolean): string {
  const subject = isFirst ? "Set up Phasegate" : "Bring the files of Phasegate up to date";
  return [subject, "", `${trailers.onboarding}: ${version}`].join("\n");
}

/** True where the message's last lines have the trailer with exactly this value. */
export function hasTrailer(message: string, name: string, value: string): boolean {
  return message.split("\n").some((line) => line.trim() === `${name}: ${value}`);
}

/** Of a commit under `refs/phasegate/`, which only whoever looks for it sees. */
export function recordCommitMessage(name: string, { taskId, version, digest, keyId }: RecordMark): string {
  return [
    `Record of task ${name}: ${version} events, sealed`,
    "",
    `${trailers.task}: ${taskId}`,
    `${trailers.recordVersion}: ${version}`,
    `${trailers.recordDigest}: ${digest}`,
    `${trailers.recordKey}: ${keyId}`,
  ].join("\n");
}

/** Null where one of its trailers is missing, or is no such value. */
export function recordMarkIn(message: string): RecordMark | null {
  const valueOf = (name: string) =>
    message
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
      .trim();
  const taskId = valueOf(trailers.task);
  const version = Number(valueOf(trailers.recordVersion));
  const digest = valueOf(trailers.recordDigest);
  const keyId = valueOf(trailers.recordKey);
  const isWhole = taskId !== undefined && digest !== undefined && keyId !== undefined;
  return isWhole && Number.isSafeInteger(version) && version > 0 ? { taskId, version, digest, keyId } : null;
}
