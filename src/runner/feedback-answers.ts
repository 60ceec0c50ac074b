/** Reads the agent's answers to feedback out of what it said. Pure. Everything here is text of an agent: nothing is taken on trust. */

import { limits, type Answer } from "../protocol/runner.ts";
import type { NumberedFeedback } from "./feedback.ts";

const openTag = /\[[ \t]*feedback[ _-]answer[ \t]*\]/i;
const closeTag = /\[[ \t]*\/[ \t]*feedback[ _-]answer[ \t]*\]/i;
/** Also with the colon of Korean and Chinese keyboards, and where a list or stress marks the name. */
const field = /^[ \t>*_-]*(id|answer|text)[ \t*_]*[:\uff1a][ \t*_]*(.*)$/i;
/** More than is handed over: what is a secret is found before the text is cut to that. */
const textCharactersMax = 4 * limits.answerTextCharactersMax;
const kinds: readonly Answer["kind"][] = ["fixed", "declined", "question"];

/** An answer per item at most, in the order of the items. Of several for one item the last one wins. */
export function readAnswers(said: readonly string[], items: readonly NumberedFeedback[]): readonly Answer[] {
  const found = new Map<string, Omit<Answer, "id">>();
  for (const block of said.flatMap(blocksOf)) {
    const answer = readBlock(block);
    if (answer !== null) found.set(answer.number, { kind: answer.kind, text: answer.text });
  }
  return items.flatMap(({ number, item }) => {
    const answer = found.get(number);
    return answer === undefined ? [] : [{ id: item.id, ...answer }];
  });
}

function blocksOf(message: string): readonly string[] {
  const [, ...parts] = withoutFences(message).split(openTag);
  // A block that is opened anew before its end, or never ended, is talk about blocks.
  return parts.flatMap((part) => {
    const end = part.search(closeTag);
    return end === -1 ? [] : [part.slice(0, end)];
  });
}

/** An example in a fence is no answer. A fence without an end goes on to the end of the message. */
function withoutFences(message: string): string {
  let fence: string | null = null;
  const lines: string[] = [];
  for (const line of message.split(/\r\n?|\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence === null && mark?.[1] !== undefined) fence = mark[1];
    else if (fence === null) lines.push(line);
    else if (mark?.[1]?.startsWith(fence) === true && mark[2]?.trim() === "") fence = null;
  }
  return lines.join("\n");
}

function readBlock(
  block: string,
): { readonly number: string; readonly kind: Answer["kind"]; readonly text: string } | null {
  const values = new Map<string, string[]>();
  let current: string[] | null = null;
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = field.exec(line) ?? [];
    const key = name.toLowerCase();
    // A name that was there before is a line of the text.
    if (key !== "" && !values.has(key)) {
      current = [value];
      values.set(key, current);
    } else current?.push(line);
  }
  const valueOf = (key: string): string => (values.get(key) ?? []).join("\n").trim();
  const number = /^\W*f[ \t]*0*(\d+)\W*$/i.exec(valueOf("id"))?.[1];
  const word = valueOf("answer")
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "");
  const kind = kinds.find((kind) => kind === word);
  const text = valueOf("text").slice(0, textCharactersMax).toWellFormed().trim();
  // Without words it tells the reviewer nothing.
  return number === undefined || kind === undefined || text === "" ? null : { number: `F${number}`, kind, text };
}
