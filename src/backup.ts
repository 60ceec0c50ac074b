/** `npm run backup -- <file>`: copies the embedded store, also while the app is running. */
import { backUp } from "./store/backup.ts";
import { folderAndFileOrExit, sentenceOf } from "./command-line.ts";

const { dataDir, file } = folderAndFileOrExit("backup", process.env);
try {
  const { tasks, events, until } = await backUp(dataDir, file);
  const newest = until === null ? "" : `, the newest of ${until}`;
  process.stdout.write(`copied and checked: ${tasks} tasks with ${events} events${newest}\n`);
  process.stdout.write("the keys (PRIVATE_KEY, CHECKPOINT_KEYS) are not in it: keep them somewhere else\n");
} catch (error) {
  process.stderr.write(`phasegate: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}
