/**
 * What a run asks beside its steps: a verifier's verdicts and the decisions of a phase. Both come as a call of
 * `StructuredOutput`, whose input is what the runner reads.
 */

import type { DecisionTaken, Verdict } from "../../src/core/report.ts";
import type { ModelAnswer } from "./model-answer.ts";
import type { ModelRequest } from "./model-request.ts";
import type { Decide } from "./model-server.ts";

/** What the newest prompt asks for, by its first line that says so. */
export type Purpose =
  | { readonly kind: "step"; readonly phase: string; readonly step: string }
  /** `criteria`: ids in the order of the prompt. `paths`: what the phase made, as the prompt lists it. */
  | {
      readonly kind: "verify";
      readonly phase: string;
      readonly criteria: readonly string[];
      readonly paths: readonly string[];
    }
  | { readonly kind: "decisions"; readonly phase: string; readonly paths: readonly string[] };

/** Of what is left out: `true`, `high`, and that the file says so. */
type GivenVerdict = Partial<Omit<Verdict, "criterion">>;

export interface ReportGiven {
  /** By criterion; where it is left out, the criterion passes. Called anew for each request, so a script may count. */
  readonly verdict?: (asked: { readonly phase: string; readonly criterion: string }) => GivenVerdict | undefined;
  /** Of a phase. Without it there are five, whose names are made of the phase's. */
  readonly decisions?: (phase: string) => readonly DecisionTaken[] | undefined;
}

/** Null where no prompt asks for any of these. What an issue says stands further down in it, and counts for nothing. */
export function purposeOf({ messages }: ModelRequest): Purpose | null {
  // The CLI's own reminders come after it.
  const prompts = messages.filter(({ role, toolResults }) => role === "user" && toolResults.length === 0);
  return prompts.map(({ text }) => purposeIn(text)).findLast((purpose) => purpose !== null) ?? null;
}

function purposeIn(prompt: string): Purpose | null {
  const [, word, name = ""] = /^(Step|Verify|Decisions): (\S+)$/mu.exec(prompt) ?? [];
  if (word === undefined) return null;
  if (word === "Step") {
    const [phase = "", step = ""] = name.split("/");
    return { kind: "step", phase, step };
  }
  const paths = listedBelow(prompt, "What the phase made").flatMap((line) => /`([^`]+)`/u.exec(line)?.[1] ?? []);
  if (word === "Decisions") return { kind: "decisions", phase: name, paths };
  const criteria = listedBelow(prompt, "Criteria").flatMap((line) => /^- `([^`]+)`/u.exec(line)?.[1] ?? []);
  return { kind: "verify", phase: name, criteria, paths };
}

/** The same model, which also judges and tells its decisions. */
export function withReport(decide: Decide, given: ReportGiven = {}): Decide {
  return (request) => reportAnswer(request, given) ?? decide(request);
}

/** Null for what is no request for a part of the report. */
export function reportAnswer(request: ModelRequest, given: ReportGiven = {}): ModelAnswer | null {
  const purpose = purposeOf(request);
  if (purpose?.kind === "verify") return structured({ verdicts: verdictsOf(purpose, given) });
  if (purpose?.kind === "decisions") return structured({ decisions: decisionsOf(purpose, given) });
  return null;
}

export function structured(output: Readonly<Record<string, unknown>>): ModelAnswer {
  return { blocks: [{ type: "tool_use", name: "StructuredOutput", input: output }] };
}

function verdictsOf({ phase, criteria, paths }: Extract<Purpose, { kind: "verify" }>, given: ReportGiven) {
  const [path] = paths;
  const evidence = path === undefined ? [] : [{ path, line: 1, quote: "" }];
  return Object.fromEntries(
    criteria.map((criterion) => {
      const usual = { reason: "The documents say so.", evidence, passed: true, confidence: "high" };
      return [criterion, { ...usual, ...given.verdict?.({ phase, criterion }) }];
    }),
  );
}

function decisionsOf({ phase, paths }: Extract<Purpose, { kind: "decisions" }>, given: ReportGiven) {
  return (
    given.decisions?.(phase) ??
    ["first", "second", "third", "fourth", "fifth"].map((word) => ({
      decision: `The ${word} choice of the ${phase} phase`,
      alternative: `Another ${word} choice`,
      reason: "It is simpler.",
      confidence: "high",
      files: paths.slice(0, 1),
    }))
  );
}

/** The lines of a section, up to the next heading. */
function listedBelow(prompt: string, heading: string): readonly string[] {
  const lines = prompt.split("\n");
  const start = lines.indexOf(`## ${heading}`);
  if (start === -1) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("## "));
  return end === -1 ? rest : rest.slice(0, end);
}
