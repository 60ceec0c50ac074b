/** `npm run restore -- <file>`: puts a copy of the embedded store in its place, while the app is stopped. */
import { restore } from "./store/backup.ts";
import { folderAndFileOrExit, sentenceOf } from "./command-line.ts";

const { dataDir, file } = folderAndFileOrExit("restore", process.env);
try {
  const { tasks, events, until, aside } = await restore(dataDir, file, new Date());
  const newest = until === null ? "" : `, the newest of ${until}`;
  process.stdout.write(`restored: ${tasks} tasks with ${events} events${newest}\n`);
  if (aside !== null) process.stdout.write(`what was there lies in ${aside} now\n`);
  process.stdout.write(
    "npm run rebuild -- owner/repository adds what a repository knows beyond that; then start the app\n",
  );
} catch (error) {
  process.stderr.write(`phasegate: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}
