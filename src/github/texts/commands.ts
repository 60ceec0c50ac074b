import { slashCommands, usageOf } from "../../core/slash-commands.ts";
import type { Say } from "./words.ts";

/** The table that `/help` shows. */
export function commandTable(say: Say): string {
  return [
    say`| Command | What it does |`,
    "|---|---|",
    ...slashCommands.map((row) => `| \`${usageOf(row)}\` | ${say.of(row.does)} |`),
  ].join("\n");
}

/** In one line. */
export const commandList = slashCommands.map((row) => `\`${usageOf(row)}\``).join(", ");
