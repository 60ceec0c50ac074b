import { describe, expect, test } from "vitest";
import { permissionQuestion } from "../../src/core/permission.ts";
import { block } from "../../src/github/texts/escape.ts";
import { askingOf } from "../../src/runner/tool-permissions.ts";

const place = { workTree: "/home/agent/tree", redact: (text: string) => text };

/** The command that would be allowed; null where people are not asked for it. */
function allowed(command: string): string | null {
  const asking = askingOf("Bash", { command }, place);
  return asking.kind === "ask" ? asking.command : null;
}

describe("a command that people are asked for", () => {
  test.each([
    ["a filler of Hangul", "sh scripts/te\u{3164}st.sh"],
    ["a joiner of graphemes", "sh scripts/te\u{34f}st.sh"],
    ["a variation selector", "sh scripts/test\u{fe0f}.sh"],
    ["a blank that does not break", "rm -rf build\u{a0}cache"],
    ["a blank of Braille", "sh scripts/test\u{2800}.sh"],
    ["a separator of lines", "true #\u{2028}rm -rf ."],
    ["a stand-in for an object", "sh scripts/te\u{fffc}st.sh"],
    ["the beginning of a marker", "cat <<!--\nx\n!--"],
    ["a colour", "echo \u{1b}[8mhidden\u{1b}[0m"],
  ])("is none that holds %s, since the comment would not show it", (_what, command) => {
    expect(allowed(command)).toBeNull();
  });

  test.each([
    "npm test &&\n\n\techo `x` **y** @octocat",
    "printf '%s' 日本語 é ```",
    'git commit -m "<!- no marker ->"',
  ])("is this one as it is: %j", (command) => {
    expect(allowed(command)).toBe(command);
  });

  test("stands in the comment word for word, whichever character is in it", () => {
    const differing: string[] = [];
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const command = allowed(`sh a${String.fromCodePoint(point)}b`);
      if (command === null) continue;
      const [, ...shown] = permissionQuestion({ tool: "Bash", command }, { step: "01_idea", input: "" }).split("\n\n");
      if (block(shown.join("\n\n"), 2_000) !== `\`\`\`\n${command}\n\`\`\``) differing.push(point.toString(16));
    }
    expect(differing).toEqual([]);
  });
});
