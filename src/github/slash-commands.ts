import type { SlashCommand } from "../control/intents.ts";
import { slashCommands } from "../core/slash-commands.ts";
import { cutAt, stripComments } from "./hidden-text.ts";
import { freezeText } from "./issue-text.ts";

/** Longer comments than GitHub stores are not looked at to their end. */
const commentCharactersMax = 262_144;
const typedCharactersMax = 40;
const argumentCharactersMax = 10_000;

/**
 * The first command of a comment, or null. A command stands at the start of a line, outside code, quotes and HTML comments:
 * what is only cited or hidden asks for nothing.
 */
export function parseCommand(comment: string): SlashCommand | null {
  let fence: string | null = null;
  let quoted = false;
  const lines = visibleLines(comment);
  for (const [index, line] of lines.entries()) {
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
    const command = commandOf(line, lines.slice(index + 1));
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
function commandOf(line: string, after: readonly string[]): SlashCommand | null {
  const found = /^ {0,3}\/(?<word>[a-z][a-z_-]*)(?=\s|$)(?<rest>.*)$/iu.exec(line)?.groups;
  const word = found?.["word"]?.toLowerCase();
  if (word === undefined) return null;
  const row = slashCommands.find(({ name }) => name === word);
  if (row === undefined) return { name: "unknown", typed: `/${word.slice(0, typedCharactersMax)}` };
  const rest = found?.["rest"] ?? "";
  // What a person asks for in so many words may need more than one line.
  return { name: row.name, argument: seen(row.argument === null ? rest : [rest, ...after].join("\n")) };
}

/** As a person sees it on GitHub: an agent may get to read it. */
function seen(text: string): string {
  return cutAt(freezeText(text).text, argumentCharactersMax).trim();
}

function visibleLines(comment: string): readonly string[] {
  return stripComments(comment.slice(0, commentCharactersMax)).text.split(/\r\n|\r|\n/u);
}
