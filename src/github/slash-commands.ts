import type { SlashCommand } from "../control/intents.ts";
import { slashCommands, type CommandName } from "../core/slash-commands.ts";
import { linesOf } from "./comment-lines.ts";
import { cutAt } from "./hidden-text.ts";
import { freezeText } from "./issue-text.ts";

const typedCharactersMax = 40;
const argumentCharactersMax = 10_000;

/** What a person asks for in so many words may need more than one line. */
const inManyWords: ReadonlySet<CommandName> = new Set<CommandName>(["rework", "answer", "veto"]);
/** People give several at once: each line of the same command adds a line to the argument. */
const repeatable: ReadonlySet<CommandName> = new Set<CommandName>(["provided", "skip"]);

/** The first command of a comment, or null. Later ones are not looked at, but for those that add to the first. */
export function parseCommand(comment: string): SlashCommand | null {
  const lines = linesOf(comment);
  for (const [index, line] of lines.entries()) {
    if (line.place !== "open") continue;
    const word = commandWordOf(line.text);
    if (word === null) continue;
    const { name } = word;
    if (name === null) return { name: "unknown", typed: `/${word.typed.slice(0, typedCharactersMax)}` };
    const after = lines.slice(index + 1);
    if (inManyWords.has(name)) {
      return { name, argument: seen([word.rest, ...after.map(({ text }) => text)].join("\n")) };
    }
    const same = repeatable.has(name)
      ? after.flatMap((each) => (each.place === "open" ? restOf(each.text, name) : []))
      : [];
    return { name, argument: [word.rest, ...same].map(seen).join("\n").trim() };
  }
  return null;
}

function restOf(line: string, name: CommandName): readonly string[] {
  const word = commandWordOf(line);
  return word?.name === name ? [word.rest] : [];
}

interface CommandWord {
  /** Null for a word that is no command. */
  readonly name: CommandName | null;
  readonly typed: string;
  /** What follows it on its line. */
  readonly rest: string;
}

/** A command is one word at the start of a line and ends at a space or the line's end: a path such as `/usr/bin` is none. */
export function commandWordOf(line: string): CommandWord | null {
  const found = /^ {0,3}\/(?<word>[a-z][a-z_-]*)(?=\s|$)(?<rest>.*)$/iu.exec(line)?.groups;
  const typed = found?.["word"]?.toLowerCase();
  if (typed === undefined) return null;
  return {
    name: slashCommands.find(({ name }) => name === typed)?.name ?? null,
    typed,
    rest: found?.["rest"] ?? "",
  };
}

/** As a person sees it on GitHub: an agent may get to read it. */
export function seen(text: string): string {
  return cutAt(freezeText(text).text, argumentCharactersMax).trim();
}
