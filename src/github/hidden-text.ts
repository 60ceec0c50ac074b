/**
 * What a person does not see when GitHub shows a text. A model would read it all the same,
 * so it is taken out of whatever goes into a prompt, a title or a comment.
 */

/** Default-ignorable code points (zero-width, bidi, fillers, tags, variation selectors), controls, lone surrogates. */
const hiddenCharacter =
  /[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Surrogate}\u{fff9}-\u{fffc}]|(?![\n\t])\p{Cc}/gu;

/** What a terminal obeys: colours, also that of the background, and links. Whole, so that nothing of it stays as text. */
const terminalSequence =
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  /\u{1b}(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\u{7}\u{1b}\n]{0,2000}(?:\u{7}|\u{1b}\\)|[@-Z\\^_])/gu;
/** Blanks that only look like one could tell a message by their order. The wide one of Chinese, Japanese and Korean stays. */
const oddBlank = /[\u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{2800}]/gu;

/** Emoji are built with a joiner or end in a selector; those two are part of what is seen. */
const emojiJoiner =
  /(?<=\p{Extended_Pictographic}(?:\u{fe0f}|\p{Emoji_Modifier})?)\u{200d}(?=\p{Extended_Pictographic})/gu;
const emojiSelector = /(?<=\p{Emoji}(?<!\p{ASCII}))\u{fe0f}|(?<=[0-9#*])\u{fe0f}(?=\u{20e3})/gu;

/** Private-use code points stand in for the two while all others are removed. */
const joinerStandIn = "\u{e000}";
const selectorStandIn = "\u{e001}";

export interface Stripped {
  readonly text: string;
  readonly removed: number;
}

/** Removes hidden characters; line ends become `\n`, and the Unicode line separators too. */
export function stripHiddenCharacters(raw: string): Stripped {
  let removed = 0;
  const text = raw
    .replace(/\r\n?|[\u{2028}\u{2029}\u{85}]/gu, "\n")
    .replace(terminalSequence, () => {
      removed += 1;
      return "";
    })
    .replace(oddBlank, " ")
    // No font shows the stand-ins, so they count as hidden where they were typed.
    .replace(/[\u{e000}\u{e001}]/gu, () => {
      removed += 1;
      return "";
    })
    .replace(emojiJoiner, joinerStandIn)
    .replace(emojiSelector, selectorStandIn)
    .replace(hiddenCharacter, () => {
      removed += 1;
      return "";
    })
    .replaceAll(joinerStandIn, "\u{200d}")
    .replaceAll(selectorStandIn, "\u{fe0f}");
  return { text, removed };
}

/**
 * HTML comments, and what HTML treats like one: `<? … ?>`, `<!X … >`, `<![CDATA[ … ]]>`. A comment that never ends hides all
 * that follows it; so do the others where they begin a line.
 */
export function stripComments(text: string): Stripped {
  let removed = 0;
  let kept = "";
  let from = 0;
  for (const { index: start, 0: opening } of text.matchAll(/<!--|<\?|<!\[CDATA\[|<![a-z]/giu)) {
    if (start < from) continue;
    const closing = closings[opening] ?? ">";
    const end = text.indexOf(closing, start + opening.length);
    const isHidden =
      end !== -1 || opening === "<!--" || /(?:^|\n) {0,3}$/u.test(text.slice(Math.max(0, start - 4), start));
    if (!isHidden) continue;
    kept += text.slice(from, start);
    removed += 1;
    from = end === -1 ? text.length : end + closing.length;
  }
  return { text: kept + text.slice(from), removed };
}

const closings: Readonly<Record<string, string>> = { "<!--": "-->", "<?": "?>", "<![CDATA[": "]]>" };

/** Cuts after so many code points, never inside one. */
export function cutAt(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const points = Array.from(text);
  return points.length <= charactersMax ? text : points.slice(0, charactersMax).join("");
}
