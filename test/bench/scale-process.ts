/**
 * Of `scale.ts`. `sow <data folder> <count>`: so many tasks wait at their gates. `work <data folder>`: some more are worked
 * on beside them, and what that took is printed as one line of JSON.
 */
import { randomUUID } from "node:crypto";
import { openStore } from "../../src/store/open-store.ts";
import { eventsOfOneTask, storeCopy } from "./copied-history.ts";
import { startTaskWorld } from "./task-world.ts";

/** Issues of the tasks that wait: far from those that are worked on. */
const firstIssue = 1_000_000;
const warmUp = 4;
const worked = 12;

const [doing, dataDir = "", count = "0"] = process.argv.slice(2);
const store = await openStore({ dataDir, now: () => new Date(), newId: randomUUID });
if (doing === "sow") await sow(Number(count));
else process.stdout.write(`${JSON.stringify(await work())}\n`);

async function sow(openTasks: number): Promise<void> {
  const pattern = await eventsOfOneTask();
  const atGate = pattern.slice(0, pattern.findIndex(({ type }) => type === "ReviewCreated") + 1);
  for (let task = 0; task < openTasks; task += 1) await storeCopy(store, atGate, firstIssue + task);
  await store.close();
}

async function work() {
  const world = await startTaskWorld(store);
  await world.complete(warmUp);
  const cpu = process.cpuUsage();
  await world.complete(worked);
  const { user, system } = process.cpuUsage(cpu);
  const labelledAt = performance.now();
  await world.label();
  const labelMs = performance.now() - labelledAt;
  const memoryMib = process.memoryUsage.rss() / 2 ** 20;
  await world.stop();
  return { cpuMsPerTask: (user + system) / 1_000 / worked, labelMs, memoryMib };
}
