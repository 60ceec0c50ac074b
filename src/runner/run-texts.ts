/** What the job's log and the app are told about a run, bounded and without secrets. Pure. */

import type { Outcome } from "../core/outcome.ts";
import type { Finding, RunnerReport } from "../core/report.ts";
import { limits, type Answer, type LiveEvent, type OutcomeRequest } from "../protocol/runner.ts";

interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly text: string;
}

const messageLengthMax = 2_000;
/** What the protocol takes of a command. */
export const commandCharactersMax = 500;

/** One line for the job's log; null for what would only fill it. */
export function describeEvent(event: LiveEvent): LogLine | null {
  switch (event.kind) {
    case "log":
      return { level: event.level, text: event.text };
    case "step-started":
      return { level: "info", text: `step ${event.number} of ${event.total}: ${event.step}` };
    case "action":
      return { level: "info", text: `  ${event.text}` };
    case "round": {
      const found = event.findings.map(({ path, message }) => (path === null ? message : `${path}: ${message}`));
      return { level: "info", text: `  quick check of ${event.step}, round ${event.round + 1}: ${found.join(" | ")}` };
    }
    case "verifying":
      return { level: "info", text: "verifying the phase" };
    case "usage":
      return null;
  }
}

export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "completed":
      return "outcome: completed";
    case "nothing-to-do":
      return "outcome: nothing to do";
    case "slice-ended":
      return "outcome: the run's time ended, another run goes on";
    case "cancelled":
      return "outcome: cancelled";
    case "rate-limited":
      return `outcome: rate limited until ${outcome.resetsAt ?? "nobody said when"}: ${outcome.message}`;
    case "budget-exhausted":
      return `outcome: the budget of $${outcome.budgetUsd.toFixed(2)} is spent ($${outcome.spentUsd.toFixed(2)})`;
    case "lost":
      return `outcome: lost: ${outcome.message}`;
    case "waiting-question":
      return "outcome: waiting for an answer, asked on the issue";
    case "waiting-dependency":
      return "outcome: waiting for what was asked for on the issue";
    case "provider-refused":
      return `outcome: the model provider refused (${outcome.why}): ${outcome.message}`;
    case "failed": {
      const found = outcome.findings.map(({ path, message }) => `\n  - ${path === null ? "" : `${path}: `}${message}`);
      return `outcome: failed: ${outcome.message}${found.join("")}`;
    }
  }
}

/** Whether the job may end green: it did what it could. Whatever broke off is red, also where nobody is to blame. */
export function isGreen({ kind }: Outcome): boolean {
  return (
    kind === "completed" ||
    kind === "nothing-to-do" ||
    kind === "slice-ended" ||
    kind === "waiting-question" ||
    kind === "waiting-dependency"
  );
}

export function outcomeAsDeclared(outcome: Outcome, redact: (text: string) => string): OutcomeRequest["outcome"] {
  switch (outcome.kind) {
    case "failed":
      return {
        kind: "failed",
        message: shown(outcome.message, redact),
        findings: asDeclared(outcome.findings, redact),
      };
    case "lost":
    case "rate-limited":
    case "provider-refused":
      return { ...outcome, message: shown(outcome.message, redact) };
    case "completed":
    case "nothing-to-do":
    case "slice-ended":
    case "cancelled":
    case "budget-exhausted":
    case "waiting-question":
    case "waiting-dependency":
      return outcome;
  }
}

/** Each part was redacted before it was cut to its length; once more, since a report goes to all who read the repository. */
export function reportAsDeclared(
  report: RunnerReport | null,
  redact: (text: string) => string,
): OutcomeRequest["report"] {
  if (report === null) return null;
  const { verdicts, judgeFault, tests, decisions } = report;
  const short = (text: string, max: number): string => redact(text).slice(0, max).toWellFormed();
  const { verdictReasonCharactersMax, evidenceCharactersMax, decisionCharactersMax, testTailCharactersMax } = limits;
  return {
    verdicts: verdicts.map((verdict) => ({
      ...verdict,
      reason: short(verdict.reason, verdictReasonCharactersMax),
      evidence: verdict.evidence.map(({ path, line, quote }) => ({
        path,
        line,
        quote: short(quote, evidenceCharactersMax),
      })),
    })),
    judgeFault: judgeFault === null ? null : short(judgeFault, limits.errorMessageCharactersMax),
    tests:
      tests === null
        ? null
        : {
            ...tests,
            command: short(tests.command, commandCharactersMax),
            tail: short(tests.tail, testTailCharactersMax),
          },
    decisions: decisions.map((taken) => ({
      ...taken,
      decision: short(taken.decision, decisionCharactersMax),
      alternative: short(taken.alternative, decisionCharactersMax),
      reason: short(taken.reason, decisionCharactersMax),
      files: [...taken.files],
    })),
  };
}

/** As many as the protocol takes. */
export function asDeclared(findings: readonly Finding[], redact: (text: string) => string): Finding[] {
  return findings.slice(0, limits.findingsMax).map((finding) => ({
    ...finding,
    path: finding.path === null ? null : redact(finding.path),
    message: shown(finding.message, redact),
  }));
}

/** Redacted before it is cut: half a secret is not recognised. */
export function answersAsDeclared(answers: readonly Answer[], redact: (text: string) => string): Answer[] {
  return answers.map((answer) => ({
    ...answer,
    text: redact(answer.text).slice(0, limits.answerTextCharactersMax).toWellFormed(),
  }));
}

/** Far more than is shown of any. */
const textReadMax = 100_000;

/** Words of an agent for people, in one line. Redacted before they are cut: half a secret is not recognised. */
export function shortened(text: string, redact: (text: string) => string, charactersMax: number): string {
  const line = redact(withoutControls(text.slice(0, textReadMax)))
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.slice(0, charactersMax).toWellFormed();
}

/** Without colours, cursor movements and whatever else is no text; line ends are one character. */
export function withoutControls(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
      .replaceAll(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g, "")
      .replaceAll(/\r\n?/g, "\n")
      // oxlint-disable-next-line no-control-regex -- the same
      .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "")
  );
}

/** An error with what caused it, in one line. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${messageOf(cause)}` : message;
}

function shown(text: string, redact: (text: string) => string): string {
  return redact(text).slice(0, messageLengthMax).toWellFormed();
}
