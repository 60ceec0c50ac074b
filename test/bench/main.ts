/** `npm run bench`: the figures as a table. `-- --json` prints them as one array, `-- --only <part>` measures one part, `-- --quick` fewer rounds. */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { tableOf, type Figure } from "./figure.ts";

const parts: Readonly<Record<string, (options: { readonly isQuick: boolean }) => Promise<readonly Figure[]>>> = {
  webhooks: async (options) => (await import("./webhooks.ts")).measureWebhooks(options),
  tasks: async (options) => (await import("./tasks.ts")).measureTasks(options),
  scale: async (options) => (await import("./scale.ts")).measureScale(options),
  replay: async (options) => (await import("./replay.ts")).measureReplay(options),
  platform: async (options) => (await import("./platform.ts")).measurePlatform(options),
  runner: async (options) => (await import("./runner.ts")).measureRunner(options),
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: Object.keys(parts) },
  },
});

const figures: Figure[] = [];
for (const name of values.only) {
  const measure = parts[name];
  if (measure === undefined) {
    process.stderr.write(`bench: expected one of ${Object.keys(parts).join(", ")} after --only, got "${name}"\n`);
    process.exit(2);
  }
  process.stderr.write(`measuring ${name} …\n`);
  figures.push(...(await measure({ isQuick: values.quick })));
}
process.stdout.write(values.json ? `${JSON.stringify(figures, null, 2)}\n` : `${machine()}\n\n${tableOf(figures)}\n`);
// A missed goal is told, and is no fault of the program: the machine may be busy.
process.exit(0);

function machine(): string {
  const cores = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} cores (${cores[0]?.model.trim() ?? "unknown"}), ${gib} GiB of memory, ${process.platform}, Node ${process.version}`;
}
