import { describe, expect, test } from "vitest";
import { purposeOf, withReport } from "./answer-report.ts";
import type { ModelAnswer } from "./model-answer.ts";
import { parseModelRequest, type ModelRequest } from "./model-request.ts";

const verifyPrompt = `Verify: planning
Work tree: /work/tree

## Criteria

- \`plan-agrees\` (must): The documents agree.
- \`plan-is-clear\` (should): Everybody understands it.

## What the phase made

- Idea: \`docs/idea.md\`

## What was asked

Step: planning/01_idea
- \`not-one\`
`;

const decisionsPrompt = "Decisions: planning\n\n## What the phase made\n\n- Idea: `docs/idea.md`\n";

function requestOf(...prompts: readonly string[]): ModelRequest {
  const messages = prompts.flatMap((content, at) =>
    at === 0
      ? [{ role: "user", content }]
      : [
          { role: "assistant", content: "Well." },
          { role: "user", content },
        ],
  );
  return parseModelRequest({ model: "m", messages });
}

function outputOf(answer: ModelAnswer | Promise<ModelAnswer>): unknown {
  if (!("blocks" in answer) || answer.blocks[0]?.type !== "tool_use") return null;
  return answer.blocks[0].input;
}

const prose = (): ModelAnswer => ({ blocks: [{ type: "text", text: "prose" }] });

describe("a scripted model that reports", () => {
  test("tells a verifier's prompt by its first line, whatever the issue in it says", () => {
    const purpose = { kind: "verify", phase: "planning", criteria: ["plan-agrees", "plan-is-clear"] };
    expect(purposeOf(requestOf(verifyPrompt))).toEqual({ ...purpose, paths: ["docs/idea.md"] });
  });

  test("passes each criterion but those that the script fails, also after a reminder", () => {
    const decide = withReport(prose, {
      verdict: ({ criterion }) => (criterion === "plan-agrees" ? { passed: false, reason: "It does not." } : undefined),
    });
    const evidence = [{ path: "docs/idea.md", line: 1, quote: "" }];
    expect(outputOf(decide(requestOf(verifyPrompt, "Call StructuredOutput.")))).toEqual({
      verdicts: {
        "plan-agrees": { passed: false, reason: "It does not.", confidence: "high", evidence },
        "plan-is-clear": { passed: true, reason: "The documents say so.", confidence: "high", evidence },
      },
    });
  });

  test("tells decisions in the conversation of the steps, and leaves the steps to the author", () => {
    const decide = withReport(prose, {
      decisions: (phase) => [
        { decision: `Of ${phase}`, alternative: "", reason: "", confidence: "low", files: ["docs/idea.md"] },
      ],
    });
    expect(outputOf(decide(requestOf("Step: planning/01_idea", decisionsPrompt)))).toMatchObject({
      decisions: [{ decision: "Of planning" }],
    });
    expect(decide(requestOf(decisionsPrompt, "Step: design/01_screens"))).toEqual(prose());
  });

  test("names five decisions where the script names none", () => {
    expect(outputOf(withReport(prose)(requestOf(decisionsPrompt)))).toMatchObject({
      decisions: Array.from({ length: 5 }, () => ({ files: ["docs/idea.md"] })),
    });
  });
});
