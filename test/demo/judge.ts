/** The scripted verifier: it reads two documents of the planning phase, and says whether they agree. */

import { structured, type Purpose } from "../model/answer-report.ts";
import type { AnswerBlock, ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";

/** Both say how long an alias may be. What is to be mended comes first: the later document goes by the earlier one. */
const compared = ["docs/planning/07_features.md", "docs/planning/06_product.md"] as const;
export const comparing = { phase: "planning", criterion: "documents-agree" } as const;

interface Place {
  readonly path: string;
  readonly line: number;
  readonly quote: string;
}

export function judges(request: ModelRequest, asked: Extract<Purpose, { kind: "verify" }>): ModelAnswer {
  const compares = asked.phase === comparing.phase && asked.criteria.includes(comparing.criterion);
  if (compares && request.messages.every(({ toolCalls }) => toolCalls.length === 0)) {
    return { blocks: compared.map((path) => reads(`${workTreeIn(request)}/${path}`)) };
  }
  const places = compared.flatMap((path) => aliasLengthIn(request, path));
  const lengths = new Set(places.map(({ quote }) => quote));
  const evidence = asked.paths.slice(0, 1).map((path) => ({ path, line: 1, quote: "" }));
  const holds = { reason: "What the documents say meets it.", evidence, passed: true, confidence: "high" };
  const contradicts = {
    reason: `The feature specification and the product definition differ in how long an alias may be: ${[...lengths].join(" here, and ")} there. The specification has to say what the scope says.`,
    evidence: places,
    passed: false,
    confidence: "high",
  };
  const verdicts = asked.criteria.map((criterion) => [
    criterion,
    compares && criterion === comparing.criterion && lengths.size > 1 ? contradicts : holds,
  ]);
  return structured({ verdicts: Object.fromEntries(verdicts) });
}

function reads(path: string): AnswerBlock {
  return { type: "tool_use", name: "Read", input: { file_path: path } };
}

function workTreeIn({ messages }: ModelRequest): string {
  return (
    messages.map(({ text }) => /^Work tree: (\S+?)\/?$/mu.exec(text)?.[1]).find((path) => path !== undefined) ?? ""
  );
}

/** The CLI numbers the lines of what it reads. */
function aliasLengthIn({ messages }: ModelRequest, path: string): readonly Place[] {
  const read = messages
    .flatMap(({ toolResults }) => toolResults)
    .find(({ call }) => call.name === "Read" && String(call.input["file_path"]).endsWith(`/${path}`));
  return (read?.text ?? "").split("\n").flatMap((text) => {
    const found = /^\s*(\d+)\D.*?(3 to \d+ letters), digits/u.exec(text);
    return found === null ? [] : [{ path, line: Number(found[1]), quote: found[2] ?? "" }];
  });
}
