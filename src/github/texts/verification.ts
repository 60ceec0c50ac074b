/** How a phase was checked: what is wanting first, with where it shows; what is met folded. */
import type { Criterion } from "../../core/playbook.ts";
import type { AnyCheck, CheckResult, Finding, TestRun, Verdict } from "../../core/report.ts";
import type { PhaseProgress, Verification } from "../../core/state.ts";
import { confidenceWord, type AddressOf } from "./decisions.ts";
import { checkOf, criterionName, criterionNames, isJudged, lookedAt } from "./criteria.ts";
import { block, code, link, plain } from "./escape.ts";
import { shaCharacters } from "./format.ts";
import type { Links } from "./links.ts";
import type { Say } from "./words.ts";

/** One criterion, and what is known of it. */
interface Looked {
  readonly check: AnyCheck;
  readonly state: "failed" | "noted" | "not-run" | "not-judged" | "met";
  readonly found: readonly Finding[];
  readonly verdict: Verdict | null;
  /** Null where nobody looked. */
  readonly result: CheckResult | null;
}

/** The criteria of the phase in their order, then whatever else was checked. */
export function lookedOf(progress: PhaseProgress, verification: Verification, criteria: readonly Criterion[]) {
  const { report } = progress;
  const results = new Map(verification.checks.map((result) => [result.check, result]));
  const verdicts = new Map(
    (report?.attempt === verification.attempt ? report.verdicts : []).map((verdict) => [verdict.criterion, verdict]),
  );
  const checks = new Set<AnyCheck>([
    ...criteria.map(checkOf),
    ...results.keys(),
    ...verification.findings.map(({ check }) => check),
    ...verification.notes.map(({ check }) => check),
  ]);
  return [...checks].map((check): Looked => {
    const result = results.get(check) ?? null;
    const findings = verification.findings.filter((finding) => finding.check === check);
    const notes = verification.notes.filter((note) => note.check === check);
    const verdict = isJudged(check) ? (verdicts.get(check.slice("judged:".length)) ?? null) : null;
    const isRun = check !== "tests-pass" || report?.tests?.result !== "could-not-run";
    const state = isRun || findings.length > 0 ? stateOf({ findings, notes, result }) : "not-run";
    return { check, state, found: findings.length > 0 ? findings : notes, verdict, result };
  });
}

function stateOf(known: {
  readonly findings: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly result: CheckResult | null;
}): Looked["state"] {
  if (known.findings.length > 0) return "failed";
  if (known.notes.length > 0) return "noted";
  if (known.result === null) return "not-judged";
  return known.result.passed ? "met" : "failed";
}

/** e.g. `2 criteria are not met, 1 was not judged, 11 are met`. */
export function verificationCounts(looked: readonly Looked[], say: Say): string {
  const many = (state: Looked["state"]) => looked.filter((each) => each.state === state).length;
  const failed = many("failed");
  const noted = many("noted");
  const idle = many("not-run");
  const open = many("not-judged");
  const met = many("met");
  if (failed + noted + idle + open === 0) {
    return met === 1 ? say`the one criterion is met` : say`all ${met} criteria are met`;
  }
  return [
    ...(failed === 0 ? [] : [say.count(failed, "criterion is not met", "criteria are not met")]),
    ...(noted === 0 ? [] : [say.count(noted, "point is noted", "points are noted")]),
    // Of the project's own tests alone: nobody has seen them fail.
    ...(idle === 0 ? [] : [say`the tests could not be run`]),
    ...(open === 0 ? [] : [say.count(open, "criterion was not judged", "criteria were not judged")]),
    ...(met === 0 ? [] : [say.count(met, "is met", "are met")]),
  ].join(", ");
}

interface Room {
  readonly findings: number;
  readonly words: number;
  readonly evidence: number;
  readonly quote: number;
  readonly tail: number;
}

/** The second and third only where escaping and long paths make the one before too long for the page. */
const rooms: readonly Room[] = [
  { findings: 50, words: 400, evidence: 5, quote: 200, tail: 4_000 },
  { findings: 15, words: 150, evidence: 2, quote: 80, tail: 1_500 },
  { findings: 5, words: 60, evidence: 1, quote: 40, tail: 500 },
];
const charactersMax = 24_000;

interface Shown {
  readonly progress: PhaseProgress;
  readonly verification: Verification;
  readonly criteria: readonly Criterion[];
  readonly links: Links;
  readonly addressOf: AddressOf;
  readonly say: Say;
}

export function verificationSection(shown: Shown): string {
  const texts = rooms.map((room) => sectionText(shown, room));
  return texts.find((text) => text.length <= charactersMax) ?? texts.at(-1) ?? "";
}

function sectionText(shown: Shown, room: Room): string {
  const { progress, verification, criteria, links, say } = shown;
  const looked = lookedOf(progress, verification, criteria);
  const sha = link(code(verification.headSha.slice(0, shaCharacters)), links.commit(verification.headSha));
  const within = { ...shown, room };
  return [
    `## ${say`Verification`}`,
    say`On ${sha}, attempt ${verification.attempt}: ${verificationCounts(looked, say)}.`,
    ...wanting(say`Not met`, "✖", looked, "failed", within),
    ...wanting(say`Noted, and nothing is held up by it`, "△", looked, "noted", within),
    ...wanting(say`Could not be run`, "△", looked, "not-run", within),
    ...notJudged(looked, shown),
    ...testSection(shown, room),
    ...attemptsSection(progress, criteria, say),
    ...metSection(looked, within),
  ].join("\n\n");
}

type Within = Shown & { readonly room: Room };

function wanting(
  title: string,
  sign: string,
  looked: readonly Looked[],
  state: Looked["state"],
  within: Within,
): readonly string[] {
  const of = looked.filter((each) => each.state === state);
  if (of.length === 0) return [];
  let left = within.room.findings;
  const lines = of.flatMap((each) => {
    const entries = evidenceOf(each, within);
    const some = entries.slice(0, left);
    left -= some.length;
    return [`- ${sign} ${headOf(each, within)}`, ...some.map((entry) => `  - ${entry}`)];
  });
  const all = of.reduce((sum, each) => sum + evidenceOf(each, within).length, 0);
  const more = all - (within.room.findings - left);
  return [`**${title}:**`, lines.join("\n"), ...(more > 0 ? [within.say`And ${more} more.`] : [])];
}

/** With the verifier's reason, where it gave one. */
function headOf({ check, verdict }: Looked, { criteria, room, say }: Within): string {
  const name = `**${criterionName(check, criteria, say)}**`;
  if (verdict === null || verdict.passed) return name;
  const sure = confidenceWord(verdict.confidence, say);
  const judge = say`judged by a separate session of Claude, with ${sure} confidence`;
  return `${name}: ${plain(verdict.reason, room.words)} *(${judge})*`;
}

/** A verdict brings its own; anything else is what the checks found. */
function evidenceOf({ verdict, found }: Looked, within: Within): readonly string[] {
  const { room } = within;
  if (verdict !== null && !verdict.passed) {
    return verdict.evidence.slice(0, room.evidence).map(({ path, line, quote }) => {
      const words = quote.trim() === "" ? "" : `: “${plain(quote, room.quote)}”`;
      return `${placeLink(path, line, within, true)}${words}`;
    });
  }
  return found.map(({ path, line, step, message }) => {
    const place = path === null ? (step === null ? "" : code(step, 100)) : placeLink(path, line, within, false);
    return `${place === "" ? "" : `${place}: `}${plain(message, room.words)}`;
  });
}

/** What a finding misses may not be there, and then has no address. */
function placeLink(
  path: string,
  line: number | null,
  { links, verification, addressOf }: Within,
  isThere: boolean,
): string {
  const text = code(`${path}${line === null ? "" : `:${line}`}`, 200);
  if (line !== null) return link(text, links.line(verification.headSha, path, line));
  const address = isThere ? links.file(verification.headSha, path) : addressOf(path);
  return address === null ? text : link(text, address);
}

function notJudged(looked: readonly Looked[], { progress, verification, criteria, say }: Shown): readonly string[] {
  const open = looked.filter(({ state }) => state === "not-judged");
  if (open.length === 0) return [];
  const fault = progress.report?.attempt === verification.attempt ? progress.report.judgeFault : null;
  const why = fault === null ? say`The run said nothing of it` : say`Why: ${plain(fault, 400).replace(/\.$/u, "")}`;
  const names = criterionNames(
    open.map(({ check }) => check),
    criteria,
    40,
    say,
  );
  return [
    say`**Not judged:** ${names}. ${why}. That is no fault of the work: please look at these points yourself before you merge.`,
  ];
}

function testSection({ progress: { report }, verification, say }: Shown, room: Room): readonly string[] {
  const tests = report?.attempt === verification.attempt ? report.tests : null;
  if (tests === null) return [];
  const line = say`**Tests:** ${testWords(tests, say)}, as reported by the runner.`;
  if (tests.tail.trim() === "") return [line];
  const end = block(tests.tail.slice(-room.tail), room.tail);
  return [line, `<details><summary>${say`The end of what the tests printed`}</summary>\n\n${end}\n\n</details>`];
}

function testWords({ command, result, exitCode, seconds }: TestRun, say: Say): string {
  const ended = testResult(result, say);
  // Without a command nothing was tried.
  if (command === "") return ended;
  const time = say.count(Math.round(seconds), "second", "seconds");
  return exitCode === null || exitCode === 0
    ? say`${code(command, 200)} ${ended} after ${time}`
    : say`${code(command, 200)} ${ended} with exit code ${exitCode} after ${time}`;
}

function testResult(result: TestRun["result"], say: Say): string {
  switch (result) {
    case "passed":
      return say`passed`;
    case "failed":
      return say`failed`;
    case "timed-out":
      return say`did not end in time`;
    case "could-not-run":
      return say`could not be run`;
  }
}

const attemptsShownMax = 5;

/** Requirement G3.1. */
function attemptsSection(
  { reworkAttempts }: PhaseProgress,
  criteria: readonly Criterion[],
  say: Say,
): readonly string[] {
  if (reworkAttempts.length === 0) return [];
  const lines = reworkAttempts.slice(-attemptsShownMax).map(({ attemptNumber, failedCriteria, result }) => {
    const names =
      failedCriteria.length === 0 ? say`no criterion by name` : criterionNames(failedCriteria, criteria, 5, say);
    return say`- Rework ${attemptNumber}, for ${names}: ${resultWords(result, say)}`;
  });
  return [say`**Reworks for what the checks found:**`, lines.join("\n")];
}

function resultWords(result: "success" | "partial" | "failed" | null, say: Say): string {
  switch (result) {
    case "success":
      return say`mended.`;
    case "partial":
      return say`some of it was mended.`;
    case "failed":
      return say`nothing was mended.`;
    case null:
      return say`under way when this was written.`;
  }
}

function metSection(looked: readonly Looked[], { criteria, say }: Within): readonly string[] {
  const met = looked.filter(({ state }) => state === "met");
  if (met.length === 0) return [];
  const lines = met.map(({ check, result, verdict }) => {
    const notes = [
      result === null ? "" : lookedAt(result, say),
      verdict === null ? "" : say`judged, ${confidenceWord(verdict.confidence, say)} confidence`,
    ];
    const note = notes.filter((each) => each !== "").join(", ");
    return `- ✔ ${criterionName(check, criteria, say)}${note === "" ? "" : ` (${note})`}`;
  });
  const title = say.count(met.length, "criterion is met", "criteria are met");
  return [`<details><summary>${title}</summary>\n\n${lines.join("\n")}\n\n</details>`];
}
