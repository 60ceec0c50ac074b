import { slashCommands, usageOf } from "../../core/slash-commands.ts";

/** The table that `/help` shows. */
export const commandTable = [
  "| Command | What it does |",
  "|---|---|",
  ...slashCommands.map((row) => `| \`${usageOf(row)}\` | ${row.does} |`),
].join("\n");

/** In one line. */
export const commandList = slashCommands.map((row) => `\`${usageOf(row)}\``).join(", ");
