/** The app's part of a pull request's body, between hidden marks: what people write around it stays. */
import { cutAt } from "./hidden-text.ts";
import { restTooLong } from "./texts/gate.ts";
import type { Say } from "./texts/words.ts";

const begin = "<!-- phasegate:gate -->";
const end = "<!-- /phasegate:gate -->";

/** GitHub takes no longer body. */
const bodyCharactersMax = 65_536;
/** Of which the app's part keeps this much, whatever people write: the decisions and the report are in it. */
const ownCharactersMin = 50_000;

/** The body with that text as the app's part. One without our marks, older than they are, is replaced whole. */
export function withOwnPart(text: string, say: Say, current = ""): string {
  const { before, after } = around(current);
  const marks = begin.length + end.length + 2;
  const room = Math.max(ownCharactersMin, bodyCharactersMax - marks - before.length - after.length);
  const own = `${begin}\n${shortened(text, room, say)}\n${end}`;
  const head = cutAt(before, bodyCharactersMax - own.length);
  return `${head}${own}${cutAt(after, Math.max(0, bodyCharactersMax - own.length - head.length))}`;
}

function around(body: string): { readonly before: string; readonly after: string } {
  const from = body.indexOf(begin);
  const to = from === -1 ? -1 : body.indexOf(end, from);
  return to === -1 ? { before: "", after: "" } : { before: body.slice(0, from), after: body.slice(to + end.length) };
}

/** At a line's end, so that no link or cell is torn. */
function shortened(text: string, charactersMax: number, say: Say): string {
  if (text.length <= charactersMax) return text;
  const note = `\n\n${restTooLong(say)}`;
  const cut = text.slice(0, charactersMax - note.length);
  return `${cut.slice(0, Math.max(0, cut.lastIndexOf("\n")))}${note}`;
}
