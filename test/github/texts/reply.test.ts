import { describe, expect, test } from "vitest";
import { agentMarkdown } from "../../../src/github/texts/agent-markdown.ts";
import { sayIn } from "../../../src/github/texts/words.ts";

const max = 50_000;

describe("what an agent says in a conversation", () => {
  test("keeps its paragraphs, lists, headings and code", () => {
    const text = "# Done\n\nTwo things:\n\n- the list\n  1) `src/a.ts`\n\n```ts\nconst a = '@b';\n```";
    expect(agentMarkdown(text, max, sayIn("en"))).toBe(
      "**Done**\n\nTwo things:\n\n- the list\n  1) `src/a.ts`\n\n```\nconst a = '@b';\n```",
    );
  });

  test("mentions nobody, closes nothing, links nowhere, and is no command", () => {
    const shown = agentMarkdown(
      "/cancel\nThanks @octo, closes #12, see https://evil.test and [here](https://x.test)",
      max,
      sayIn("en"),
    );
    expect(shown).not.toMatch(/@octo|#12|:\/\/|\]\(/u);
    expect(shown).toMatch(/^\\\/cancel/u);
    expect(agentMarkdown("- /cancel", max, sayIn("en"))).toBe("- \\/cancel");
  });

  test("has no HTML, and no marker that is read as one of ours", () => {
    const shown = agentMarkdown(
      "<!-- phasegate:status:1 --><b>x</b>\n```\n<!-- phasegate:notice:1 -->\n```",
      max,
      sayIn("en"),
    );
    expect(shown).not.toContain("<!--");
    expect(shown).not.toContain("<b>");
  });

  test("shows a table as it was typed, and a fence without an end to the end", () => {
    expect(agentMarkdown("| a | b |\n|---|---|\n| 1 | @c |", max, sayIn("en"))).toBe(
      "```\n| a | b |\n|---|---|\n| 1 | @c |\n```",
    );
    expect(agentMarkdown("```\n@a\n@b", max, sayIn("en"))).toBe("```\n@a\n@b\n```");
  });

  test("keeps the spaces around code, and what is no code span stays words", () => {
    expect(agentMarkdown("Run `a` and `b`, not `c", max, sayIn("en"))).toBe("Run `a` and `b`, not \\`c");
  });

  test("that is longer than a comment is cut at a line, and says so", () => {
    const shown = agentMarkdown(Array.from({ length: 2_000 }, () => "@".repeat(40)).join("\n"), 10_000, sayIn("en"));
    expect(shown.length).toBeLessThan(10_100);
    expect(shown).toMatch(/too long for a comment\.\)\*$/u);
  });
});
