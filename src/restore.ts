/** `npm run restore -- <file>`: puts a backup in the place of the embedded store, while the app is stopped. */
import { parseStoreSettings } from "./control/config.ts";
import { restore } from "./store/backup.ts";
import { readCall, runTool, say } from "./command-line.ts";

await runTool(async () => {
  const { name: file } = readCall(process.argv.slice(2), "npm run restore -- <file>");
  const { dataDir, databaseUrl } = parseStoreSettings(process.env);
  if (databaseUrl !== null) {
    throw new Error(
      'DATABASE_URL is set, so the store is in PostgreSQL; stop the app and restore it with pg_restore of the server\'s major version: pg_restore --clean --if-exists --no-owner --single-transaction --dbname="$DATABASE_URL" <file>',
    );
  }
  const id = new Date().toISOString().replaceAll(/[:.]/gu, "-");
  const { holdings, keptAs } = await restore(dataDir, file, { id });
  const { tasks, openTasks, events, version, keyIds } = holdings;
  say(
    `${file} is restored to ${dataDir}: tasks: ${tasks} (${openTasks} open), events: ${events}, version: ${version}.`,
  );
  if (keptAs !== null) say(`What was there before is now ${keptAs}; delete it once all is well.`);
  if (keyIds.length > 0) {
    say(
      `What runs left for the next one is sealed with ${keyIds.join(", ")}: the app needs the same CHECKPOINT_KEYS (or private key) as then, and begins those phases from their branches otherwise.`,
    );
  }
  say(
    "Next: npm run rebuild -- <owner>/<repository> for each repository, which adds what happened to its tasks since the backup, and then npm start. The app brings the store up to date, has GitHub send again what it delivered since the backup (it keeps that for three days), and looks at each open task; runs that began since the backup end, and their phases go on from their branches.",
  );
});
