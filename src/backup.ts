/** `npm run backup -- <file>`: the embedded store as one file. The app may run meanwhile. */
import { randomUUID } from "node:crypto";
import { parseStoreSettings } from "./control/config.ts";
import { backUp, type Holdings } from "./store/backup.ts";
import { readCall, runTool, say } from "./command-line.ts";

await runTool(async () => {
  const { name: file, hasOption: force } = readCall(
    process.argv.slice(2),
    "npm run backup -- [--force] <file>",
    "--force",
  );
  const { dataDir, databaseUrl } = parseStoreSettings(process.env);
  if (databaseUrl !== null) {
    throw new Error(
      'DATABASE_URL is set, so the store is in PostgreSQL; back it up with pg_dump of the server\'s major version: pg_dump --format=custom --file=<file> "$DATABASE_URL"',
    );
  }
  for (const line of linesOf(file, await backUp(dataDir, file, { force, id: randomUUID() }))) say(line);
});

function linesOf(file: string, { tasks, openTasks, events, bytes, version, keyIds }: Holdings): readonly string[] {
  return [
    `${file} is written, and was read back whole: tasks: ${tasks} (${openTasks} open), events: ${events}, size: ${(bytes / 1e6).toFixed(1)} MB, version: ${version}.`,
    "Keep it as private as the data folder: it holds what people and agents wrote.",
    keyIds.length === 0
      ? "Nothing in it is sealed now; keep CHECKPOINT_KEYS or the App's private key apart from it all the same."
      : `Keep CHECKPOINT_KEYS or the App's private key apart from it: they are not in it, and what is sealed with ${keyIds.join(", ")} needs them.`,
  ];
}
