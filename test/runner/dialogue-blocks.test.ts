import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBlockParser, type Block } from "../../src/runner/dialogue-blocks.ts";

function blocksOf(text: string): readonly Block[] {
  const parser = createBlockParser();
  return [...parser.push(text), ...parser.end()];
}

function inPieces(text: string, cuts: readonly number[]): readonly Block[] {
  const parser = createBlockParser();
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return [...at.slice(1).flatMap((end, i) => parser.push(text.slice(at[i], end))), ...parser.end()];
}

const faults = (text: string): readonly string[] =>
  blocksOf(text).flatMap((block) => (block.kind === "malformed" ? [block.message] : []));

const question = `[USER_QUESTION]
category: business
question: 수익 모델은 무엇인가요?
options:
- 유료 구독
- 프리미엄
- 광고
default: 프리미엄
required: false
[/USER_QUESTION]`;
const asQuestion = {
  kind: "question",
  question: {
    category: "business",
    question: "수익 모델은 무엇인가요?",
    options: ["유료 구독", "프리미엄", "광고"],
    default: "프리미엄",
    required: false,
  },
};
const dependency = `[DEPENDENCY_REQUEST]
type: api_key
name: OPENAI_API_KEY
description: OpenAI API 호출에 필요
required: true
[/DEPENDENCY_REQUEST]`;
const error = `[ERROR]
type: execution_failed
message: npm can't be run
details: |
  npm: command not found
  type: module
[/ERROR]`;

describe("a block", () => {
  test("is read as the requirements show it", () => {
    expect(blocksOf(`I need to know.\n\n${question}\n\nThank you.`)).toEqual([asQuestion]);
    const description = "OpenAI API 호출에 필요";
    expect(blocksOf(dependency)).toEqual([
      { kind: "dependency", dependency: { type: "api_key", name: "OPENAI_API_KEY", description, required: true } },
    ]);
    const details = "|\n  npm: command not found\n  type: module";
    expect(blocksOf(error)).toEqual([
      { kind: "error", error: { type: "execution_failed", message: "npm can't be run", details } },
    ]);
  });

  test("is read in any order, with Windows line ends, stress, signs of full width and marks without width", () => {
    const [open = "", ...rest] = question.split("\n");
    const close = rest.pop() ?? "";
    const fields = [...rest.slice(7), ...rest.slice(6, 7), ...rest.slice(0, 6)];
    expect(blocksOf([open, ...fields, close].join("\r\n"))).toEqual([asQuestion]);
    expect(blocksOf(question.replaceAll(/^(\w+): /gm, "- **$1:** "))).toEqual([asQuestion]);
    expect(blocksOf(question.replaceAll("[", "［").replaceAll("]", "］").replaceAll(": ", "："))).toEqual([asQuestion]);
    expect(blocksOf(question.replaceAll("USER_QUESTION", "USER_\u200bQUESTION"))).toEqual([asQuestion]);
    expect(blocksOf(`**${open}**\n${rest.join("\n")}\n**[/user question]**`)).toEqual([asQuestion]);
  });

  test("with letters that only look alike is prose: nobody is asked by chance", () => {
    expect(blocksOf(question.replaceAll("USER", "USЕR"))).toEqual([]);
  });

  test("in a fence, in a quote or in a sentence is talk about blocks", () => {
    expect(blocksOf(`\`\`\`\n${question}\n\`\`\``)).toEqual([]);
    expect(blocksOf(`~~~~text\n\`\`\`\n~~~\n${question}\n~~~~\n`)).toEqual([]);
    expect(blocksOf(`- \`\`\`\n${question}\n\`\`\``)).toEqual([]);
    expect(blocksOf(question.replaceAll(/^/gm, "> "))).toEqual([]);
    expect(blocksOf("I would write [USER_QUESTION] and close it with [/USER_QUESTION].\n[ERROR] npm failed")).toEqual(
      [],
    );
    expect(blocksOf(`\`\`\`js\n${question}\n`)).toEqual([]);
  });

  test("after a fence is read again, and may hold one", () => {
    expect(blocksOf(`\`\`\`\nx\n\`\`\`\n${question}`)).toEqual([asQuestion]);
    const withFence = error.replace("|", "```\nhalf a fence").replace("[/ERROR]", "[/ERROR]");
    expect(blocksOf(`${withFence}\n${question}`)).toMatchObject([{ kind: "error" }, asQuestion]);
  });

  test("that is not in order says what is wrong", () => {
    expect(faults("[USER_QUESTION]\nquestion: a")).toEqual([
      "[USER_QUESTION]: it has no end: close it with [/USER_QUESTION]",
    ]);
    expect(faults("[/ERROR]")).toEqual(["[ERROR]: it was closed, but no [ERROR] stands before it"]);
    expect(faults("[ERROR]\ntype: missing_file\n[/USER_QUESTION]")).toEqual([
      "[ERROR]: it was closed with [/USER_QUESTION] instead of [/ERROR]",
    ]);
    expect(faults(`[ERROR]\n${question}`)).toEqual(["[ERROR]: it has no end: close it with [/ERROR]"]);
    expect(blocksOf(`[ERROR]\n${question}`)).toContainEqual(asQuestion);
    const [unknown] = faults(question.replace("required", "priority: high\nrequired"));
    expect(unknown).toMatch(/there is no field "priority"; it has category, question/);
    const [twice] = faults(dependency.replace("name: ", "name: A\nname: "));
    expect(twice).toBe("[DEPENDENCY_REQUEST]: name stands there twice");
    const [category] = faults(question.replace("business", "money"));
    expect(category).toMatch(/category/);
    const [required] = faults(question.replace("required: false", "required: perhaps"));
    expect(required).toMatch(/required/);
    const [missing] = faults(question.replace("required: false\n", ""));
    expect(missing).toMatch(/required/);
    const [options] = faults(question.replace("- 광고", "광고"));
    expect(options).toMatch(/options/);
    const [tooLong] = faults(question.replace("수익", "수익".repeat(2_000)));
    expect(tooLong).toMatch(/question/);
    const [huge] = faults(error.replace("npm:", `${"x".repeat(5_000)}\n`.repeat(20)));
    expect(huge).toBe("[ERROR]: it is longer than 40000 characters");
    expect(faults("[ERROR]\nsomething\n[/ERROR]")[0]).toContain('this line belongs to no field: "something"');
  });
});

describe("the completion of a phase", () => {
  const korean =
    "=== PHASE 1 COMPLETE ===\n완료: Phase 1 (기획)\n생성된 문서:\n- docs/planning/01_idea.md\n- `docs/planning/02_market.md` (시장)\n";
  const claim = { phase: 1, files: ["docs/planning/01_idea.md", "docs/planning/02_market.md"] };

  test("is read in Korean and in English, with its list", () => {
    expect(blocksOf(korean)).toEqual([{ kind: "complete", claim }]);
    const english =
      "=== PHASE 1 COMPLETE ===\nDone: Phase 1 (Planning)\nDocuments created:\n\n- docs/planning/01_idea.md\n* docs/planning/02_market.md — the market\n\nI am done.";
    expect(blocksOf(english)).toEqual([{ kind: "complete", claim }]);
    expect(blocksOf("=== PHASE 2 COMPLETE ===")).toEqual([{ kind: "complete", claim: { phase: 2, files: [] } }]);
  });

  test("ends its list at the first other line, which is read like any other", () => {
    expect(blocksOf(`${korean}${question}\n- docs/no.md`)).toEqual([{ kind: "complete", claim }, asQuestion]);
  });

  test("is nothing in a fence, a quote or a sentence", () => {
    expect(
      blocksOf(
        "```\n=== PHASE 1 COMPLETE ===\n```\n> === PHASE 1 COMPLETE ===\nI will write === PHASE 1 COMPLETE === then.",
      ),
    ).toEqual([]);
  });
});

describe("a plain sentence", () => {
  const namesIn = (text: string): readonly string[] =>
    blocksOf(text).flatMap((block) =>
      block.kind === "sentence" ? [`${block.dependency.type} ${block.dependency.name}`] : [],
    );

  test("asks for a name in both languages", () => {
    expect(namesIn("OPENAI_API_KEY 환경 변수가 필요합니다.")).toEqual(["env_variable OPENAI_API_KEY"]);
    expect(namesIn("Need API key for FIGMA_ACCESS_TOKEN")).toEqual(["api_key FIGMA_ACCESS_TOKEN"]);
    expect(namesIn("계속하려면 `STRIPE_KEY` 환경변수가 필요합니다")).toEqual(["env_variable STRIPE_KEY"]);
    expect(namesIn("- I cannot go on. I need an API key for **SLACK_BOT_TOKEN**.")).toEqual([
      "api_key SLACK_BOT_TOKEN",
    ]);
    expect(blocksOf("Need API key for FIGMA_ACCESS_TOKEN")).toMatchObject([
      { dependency: { required: true, description: "Need API key for FIGMA_ACCESS_TOKEN" } },
    ]);
  });

  test.each([
    "```\nNeed API key for FIGMA_ACCESS_TOKEN\n```",
    "> Need API key for FIGMA_ACCESS_TOKEN",
    "    Need API key for FIGMA_ACCESS_TOKEN",
    'The README says "Need API key for FIGMA_ACCESS_TOKEN".',
    "The README says “OPENAI_API_KEY 환경 변수가 필요합니다”.",
    "The log has `Need API key for FIGMA_ACCESS_TOKEN` in it.",
    "| Need API key for FIGMA_ACCESS_TOKEN | yes |",
    "You do not need API key for FIGMA_ACCESS_TOKEN",
    "OPENAI_API_KEY 환경 변수가 필요합니다만 없어도 됩니다",
    "Need API key for Figma",
    "config/OPENAI_API_KEY 환경 변수가 필요합니다",
  ])("is no request where it is quoted, denied or about something else: %s", (text) => {
    expect(namesIn(text)).toEqual([]);
  });
});

describe("whatever an agent writes", () => {
  const line = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...[question, dependency, error].flatMap((block) => block.split("\n"))) },
    fc.constantFrom(
      "```", "~~~~", "- ```", "> [ERROR]", "=== PHASE 1 COMPLETE ===", "생성된 문서:", "- docs/a.md", "[/ERROR]", "[ ERROR ]",
      "priority: high", "Need API key for FIGMA_ACCESS_TOKEN", "［USER_QUESTION］", "\r", "", "\u2028", "\ud83e",
    ),
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...Array.from("`~[]/*_=:-> \"'“”\\A1가：")), maxLength: 60 }),
  ); // prettier-ignore
  const text = fc
    .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "", " ")), { maxLength: 40 })
    .map((lines) => lines.map(([text, end]) => text + end).join(""));

  test("means the same in whatever pieces it comes, and is bounded", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(10_000), { maxLength: 12 }), (text, cuts) => {
        const whole = blocksOf(text);
        expect(inPieces(text, cuts)).toEqual(whole);
        expect(
          inPieces(
            text,
            Array.from(text, (_, at) => at),
          ),
        ).toEqual(whole);
        for (const block of whole) expect(JSON.stringify(block).length).toBeLessThan(20_000);
      }),
      { numRuns: 400 },
    );
  });

  test("between whole blocks leaves them as they are", () => {
    const prose = fc.string({ unit: fc.constantFrom(...Array.from("abc .,!\n-*_가")), maxLength: 200 });
    fc.assert(
      fc.property(prose, prose, (before, after) => {
        expect(blocksOf(`${before}\n${question}\n${after}\n${dependency}\n${after}`)).toMatchObject([
          { kind: "question" },
          { kind: "dependency" },
        ]);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["one line", "x"],
    ["brackets", "["],
    ["tags", "[ERROR]\n"],
    ["half blocks", "[USER_QUESTION]\nquestion: a\n"],
    ["fences", "```\n"],
    ["back ticks", "` "],
    ["stress", "*_"],
    ["quotes", "“ \" ' 「"],
    ["fields", "[ERROR]\ndetails: a\n"],
    ["blanks", "[ERROR]\n \t"],
    ["colons", "_:"],
    ["names", "A_"],
    ["equal signs", "="],
    ["paths", "=== PHASE 1 COMPLETE ===\n- a\n"],
    ["odd line ends", "- \u2028"],
  ])("is read in time that grows with its size: %s", (_, unit) => {
    // Lines as long as they are kept, and as long as they are taken for prose.
    const lines = [9_000, 1_900].map((length) => `${unit.repeat(Math.ceil(length / unit.length))}\n`);
    const startedAt = performance.now();
    for (const line of lines) blocksOf(line.repeat(Math.ceil(300_000 / line.length)));
    // Well below a second; with the square of the whole it would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });
});
