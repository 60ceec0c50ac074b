/** The verifier's answer: the shape that it is asked for, and what is taken of it. It is text of an agent, and nothing of it is taken on trust. */

import { z } from "zod";
import type { Tree, Verdict } from "../core/report.ts";
import { limits } from "../protocol/runner.ts";
import { relativePath } from "./dialogue-claims.ts";
import { shortened } from "./run-texts.ts";

const Confidence = z.enum(["high", "medium", "low"]);

const Evidence = z.object({
  path: z.string().describe("Relative to the work tree."),
  line: z.int().positive().nullable().describe("From 1; null where the whole file, or something missing, is meant."),
  quote: z.string().describe("The words that stand there; empty where something is missing."),
});

const GivenVerdict = z.object({
  // Before the verdict, so that it is thought about first.
  reason: z.string(),
  evidence: z.array(Evidence),
  passed: z.boolean(),
  confidence: Confidence,
});

/** In JSON. A verdict for each id, and no way to leave one out. */
export function verdictSchema(ids: readonly string[]): string {
  const verdicts = z.object(Object.fromEntries(ids.map((id) => [id, GivenVerdict])));
  return schemaText(z.object({ verdicts }));
}

/** Without what names the dialect: the CLI's validator knows another one. */
export function schemaText(shape: z.ZodType): string {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io: "input" });
  return JSON.stringify(schema);
}

interface Reading {
  /** Ids of what was asked. */
  readonly ids: readonly string[];
  /** What the verifier has read. */
  readonly tree: Tree;
  /** Where it lay; an agent likes to name whole paths. */
  readonly workTree: string;
  readonly redact: (text: string) => string;
}

/** Some of what is given may be nothing. */
const piecesReadMax = 50;

const Answer = z.object({ verdicts: z.record(z.string(), z.unknown()) });
const LooseVerdict = GivenVerdict.extend({ evidence: z.array(z.unknown()) });
const LooseEvidence = Evidence.extend({ line: z.unknown(), quote: z.string().catch("") });

/** Null where it is not an answer to what was asked: a verdict is missing, or has another shape. */
export async function readVerdicts(output: unknown, reading: Reading): Promise<readonly Verdict[] | null> {
  const answer = Answer.safeParse(output);
  if (!answer.success) return null;
  const verdicts: Verdict[] = [];
  for (const id of reading.ids) {
    const given = LooseVerdict.safeParse(answer.data.verdicts[id]);
    if (!given.success) return null;
    verdicts.push(await verdictOf(id, given.data, reading));
  }
  return verdicts;
}

async function verdictOf(
  criterion: string,
  { passed, confidence, reason, evidence }: z.infer<typeof LooseVerdict>,
  reading: Reading,
): Promise<Verdict> {
  const kept: Verdict["evidence"][number][] = [];
  for (const each of evidence.slice(0, piecesReadMax)) {
    const piece = kept.length < limits.evidenceMax ? await evidenceOf(each, reading) : null;
    if (piece !== null) kept.push(piece);
  }
  return {
    criterion,
    passed,
    // Nobody can look at what it rests on, so nobody has to believe it.
    confidence: !passed && kept.length === 0 ? "low" : confidence,
    reason: shortened(reason, reading.redact, limits.verdictReasonCharactersMax),
    evidence: kept,
  };
}

/** Null where there is no such file. A line that the file has not is left out. */
async function evidenceOf(
  given: unknown,
  { tree, workTree, redact }: Reading,
): Promise<Verdict["evidence"][number] | null> {
  const parsed = LooseEvidence.safeParse(given);
  if (!parsed.success) return null;
  const path = relativePath(parsed.data.path, workTree);
  if (path.length > limits.pathCharactersMax || redact(path) !== path || !tree.paths.includes(path)) return null;
  const line = z.int().positive().safeParse(parsed.data.line);
  const lines = line.success ? linesIn(await tree.read(path)) : 0;
  return {
    path,
    line: line.success && line.data <= lines ? line.data : null,
    quote: shortened(parsed.data.quote, redact, limits.evidenceCharactersMax),
  };
}

/** None of what is no text. */
function linesIn(text: string | null): number {
  return text === null ? 0 : text.replace(/\n$/u, "").split("\n").length;
}
