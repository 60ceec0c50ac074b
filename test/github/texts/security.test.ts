import { expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import { gateBody } from "../../../src/github/texts/gate.ts";
import { statusText } from "../../../src/github/texts/status.ts";
import { summaryText } from "../../../src/github/texts/summary.ts";
import { sayIn } from "../../../src/github/texts/words.ts";
import { at, context, gateOpened, inReview, runId, running, viewOf } from "../texts-fixtures.ts";

const { links, say } = context;

function noted(source: "runner" | "app", phase: number | null, count: number, example: string): TaskEvent {
  return { type: "SecurityNoted", at, runId, phase, source, notes: [{ kind: "path-refused", count, example }] };
}

const events = [...inReview, noted("runner", 1, 2, ".claude/settings.json"), noted("app", 1, 1, "a|b")];
const bodyOf = (told: readonly TaskEvent[]) =>
  gateBody({ view: viewOf(told), phase: 1, links, say, ready: true, delivered: null });

test("a gate says what of its phase was refused, the app's own word first", () => {
  const body = bodyOf([...events, noted("app", 2, 5, "another phase")]);
  expect(/## Security[^]*?<\/details>/u.exec(body)?.[0]).toMatchInlineSnapshot(`
    "## Security

    <details><summary>What was refused, taken away or contained: 3</summary>

    - 1 change of a path that may not be changed (seen by the app): \`a\\|b\`
    - 2 changes of paths that may not be changed (reported by the run): \`.claude/settings.json\`

    </details>"
  `);
});

test("a gate of a phase in which nothing was refused says nothing of it", () => {
  expect(bodyOf([...inReview, noted("app", 2, 5, "another phase")])).not.toContain("Security");
});

test("the details of the status comment have it of all phases together", () => {
  const text = statusText(viewOf([...events, noted("runner", 2, 5, "another phase")]), context);
  expect(text).toContain("- 7 changes of paths that may not be changed (reported by the run): `.claude/settings.json`");
  expect(statusText(viewOf([...running, gateOpened()]), context)).not.toContain("Security");
});

test("the last comment of a task says how often, and where it stands", () => {
  expect(summaryText(viewOf(events).task, context)).toContain(
    "- Security: 3 things were refused, taken away or contained. The details of the status comment list them.",
  );
  expect(summaryText(viewOf(inReview).task, context)).not.toContain("Security");
});

test("in Korean it has the words for a step, a credential and the details that stand everywhere else", () => {
  const korean = { ...context, say: sayIn("ko") };
  const told: TaskEvent[] = [
    ...inReview,
    {
      type: "SecurityNoted",
      at,
      runId,
      phase: 1,
      source: "runner",
      notes: [
        { kind: "tool-denied", count: 2, example: "Bash" },
        { kind: "secret-in-file", count: 1, example: ".env" },
      ],
    },
  ];
  const status = statusText(viewOf(told), korean);
  expect(status).toContain("이 세부 단계에 없는 도구 호출");
  expect(status).toContain("자격 증명");
  expect(status).toContain("<summary>자세한 내용");
  expect(summaryText(viewOf(told).task, korean)).toContain("상태 댓글의 자세한 내용에 목록이 있습니다");
});
