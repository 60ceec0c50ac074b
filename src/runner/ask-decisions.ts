/** One more turn after the work: the agent names what it decided. Nothing hangs on it but what people see first. */

import { z } from "zod";
import type { DecisionTaken, Tree } from "../core/report.ts";
import { limits, type Job } from "../protocol/runner.ts";
import { readingTools } from "./claude-command.ts";
import type { Conversation } from "./conversation.ts";
import { relativePath } from "./dialogue-claims.ts";
import type { Desk } from "./dialogue-server.ts";
import { decisionsPrompt } from "./report-prompts.ts";
import { shortened } from "./run-texts.ts";
import { schemaText } from "./verdicts.ts";

interface AskOptions {
  readonly job: Job;
  readonly conversation: Conversation;
  readonly workTree: string;
  /** As it was handed over. */
  readonly tree: Tree;
  readonly msMax: number;
  /** Milliseconds since 1970. */
  readonly sliceEndsAt: number;
  readonly redact: (text: string) => string;
  readonly onFault: (text: string) => void;
}

const triesMax = 2;
/** Some of what is given may be nothing. */
const itemsReadMax = 50;

/** Empty where the agent names none that can be read. */
export async function askDecisions(options: AskOptions): Promise<readonly DecisionTaken[]> {
  const { job, conversation, workTree, tree, redact, onFault } = options;
  for (let tried = 1; tried <= triesMax; tried += 1) {
    const outcome = await conversation.say({
      prompt: decisionsPrompt({ job, workTree, paths: tree.paths }),
      answersCall: false,
      tools: readingTools,
      lent: {},
      stepMs: options.msMax,
      sliceEndsAt: options.sliceEndsAt,
      jsonSchema: decisionsSchema,
      onEvent: () => {},
    });
    const decisions =
      outcome.kind === "completed" ? readDecisions(outcome.structuredOutput, { tree, workTree, redact }) : null;
    if (decisions !== null) return decisions;
    onFault(`the agent did not name its decisions (${outcome.kind}), try ${tried} of ${triesMax}`);
    const isWorthIt =
      outcome.kind === "completed" || (outcome.kind === "failed" && outcome.reason === "structured-output");
    if (!isWorthIt) break;
  }
  return [];
}

/** Answers the tools of the dialogue once there is no step that could wait. */
export const closedDesk: Desk = {
  judge: () => "pass",
  use: () => ({ text: "The work of this phase is handed over: nobody can be asked any more.", isError: true }),
};

const Decision = z.object({
  decision: z.string(),
  alternative: z.string(),
  reason: z.string(),
  confidence: z.enum(["high", "medium", "low"]),
  files: z.array(z.string()),
});

export const decisionsSchema = schemaText(z.object({ decisions: z.array(Decision).min(1).max(limits.decisionsMax) }));

/** Null where it is no list, or none of it can be read. */
export function readDecisions(
  output: unknown,
  { tree, workTree, redact }: Pick<AskOptions, "tree" | "workTree" | "redact">,
): readonly DecisionTaken[] | null {
  const answer = z.object({ decisions: z.array(z.unknown()) }).safeParse(output);
  if (!answer.success) return null;
  const there = new Set(tree.paths);
  const short = (text: string): string => shortened(text, redact, limits.decisionCharactersMax);
  const decisions = answer.data.decisions.slice(0, itemsReadMax).flatMap((given) => {
    const parsed = Decision.safeParse(given);
    if (!parsed.success || short(parsed.data.decision) === "") return [];
    const { decision, alternative, reason, confidence, files } = parsed.data;
    const paths = [...new Set(files.slice(0, itemsReadMax).map((path) => relativePath(path, workTree)))].filter(
      (path) => there.has(path) && path.length <= limits.pathCharactersMax && redact(path) === path,
    );
    return [
      {
        decision: short(decision),
        alternative: short(alternative),
        reason: short(reason),
        confidence,
        files: paths.slice(0, limits.decisionFilesMax),
      },
    ];
  });
  return decisions.length === 0 ? null : decisions.slice(0, limits.decisionsMax);
}
