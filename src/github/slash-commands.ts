import type { SlashCommand } from "../control/intents.ts";
import { stripComments } from "./hidden-text.ts";

const known = ["run", "cancel", "status", "help"] as const;

/** Longer comments than GitHub stores are not looked at to their end. */
const commentCharactersMax = 262_144;
const typedCharactersMax = 40;

/**
 * The first command of a comment, or null. A command stands at the start of a line, outside code, quotes and HTML comments:
 * what is only cited or hidden asks for nothing.
 */
export function parseCommand(comment: string): SlashCommand | null {
  let fence: string | null = null;
  let quoted = false;
  for (const line of visibleLines(comment)) {
    const mark = /^ {0,3}(?<mark>`{3,}|~{3,})(?<rest>.*)$/u.exec(line);
    if (fence !== null) {
      if (closesFence(mark, fence)) fence = null;
      continue;
    }
    if (mark?.groups?.["mark"] !== undefined) {
      fence = mark.groups["mark"];
      quoted = false;
      continue;
    }
    // A line that follows a quote without a blank line still belongs to it.
    quoted = line.trim() !== "" && (quoted || /^ {0,3}>/u.test(line));
    if (quoted) continue;
    const command = commandOf(line);
    if (command !== null) return command;
  }
  return null;
}

function closesFence(mark: RegExpExecArray | null, fence: string): boolean {
  const closing = mark?.groups?.["mark"];
  if (closing === undefined || mark?.groups?.["rest"]?.trim() !== "") return false;
  return closing.startsWith(fence);
}

/** A path such as `/usr/bin` is none: a command is one word and ends at a space or the line's end. */
function commandOf(line: string): SlashCommand | null {
  const word = /^ {0,3}\/(?<word>[a-z][a-z_-]*)(?=\s|$)/iu.exec(line)?.groups?.["word"]?.toLowerCase();
  if (word === undefined) return null;
  const name = known.find((candidate) => candidate === word);
  return name === undefined ? { name: "unknown", typed: `/${word.slice(0, typedCharactersMax)}` } : { name };
}

function visibleLines(comment: string): readonly string[] {
  return stripComments(comment.slice(0, commentCharactersMax)).text.split(/\r\n|\r|\n/u);
}
