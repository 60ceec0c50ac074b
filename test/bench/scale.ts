/** What many open tasks cost those that are worked on. Each measurement has a process of its own, whose memory it is. */
import { execa } from "execa";
import { cp } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { atMost, withoutGoal, type Figure } from "./figure.ts";
import { interleaved, median, medianRatio } from "./rounds.ts";
import { startFlags } from "../support/start-flags.ts";
import { inScratchFolder } from "./scratch-folder.ts";

const few = 10;
const many = 10_000;

const Measured = z.object({
  /** Processor time of one task from label to completed. */
  cpuMsPerTask: z.number(),
  /** From the label until nothing is due. */
  labelMs: z.number(),
  memoryMib: z.number(),
});

export async function measureScale({ isQuick }: { readonly isQuick: boolean }): Promise<readonly Figure[]> {
  const { one: ofFew, other: ofMany } = await inScratchFolder(async (folder) => {
    const sown = { few: path.join(folder, "few"), many: path.join(folder, "many") };
    await run("sow", sown.few, String(few));
    await run("sow", sown.many, String(isQuick ? many / 10 : many));
    let round = 0;
    const on = (store: string) => async () => {
      const copy = `${store}-${(round += 1)}`;
      await cp(store, copy, { recursive: true });
      return Measured.parse(JSON.parse(await run("work", copy)));
    };
    return interleaved(isQuick ? 1 : 3, on(sown.few), on(sown.many));
  });
  const of = (measured: readonly z.infer<typeof Measured>[], name: keyof z.infer<typeof Measured>) =>
    measured.map((each) => each[name]);
  const open = isQuick ? "1,000" : "10,000";
  return [
    atMost(1.2, {
      name: `processor time of a task beside ${open} open ones, against beside 10`,
      value: medianRatio(of(ofMany, "cpuMsPerTask"), of(ofFew, "cpuMsPerTask")),
      unit: "×",
    }),
    withoutGoal({ name: "processor time of a task beside 10", value: median(of(ofFew, "cpuMsPerTask")), unit: "ms" }),
    withoutGoal({
      name: `label → nothing due, beside ${open} open tasks`,
      value: median(of(ofMany, "labelMs")),
      unit: "ms",
    }),
    withoutGoal({ name: "label → nothing due, beside 10", value: median(of(ofFew, "labelMs")), unit: "ms" }),
    withoutGoal({ name: "memory with 10 open tasks", value: median(of(ofFew, "memoryMib")), unit: "MiB" }),
    atMost(200, { name: `memory with ${open} open tasks`, value: median(of(ofMany, "memoryMib")), unit: "MiB" }),
  ];
}

async function run(...args: readonly string[]): Promise<string> {
  const program = path.join(import.meta.dirname, "scale-process.ts");
  const { stdout } = await execa(process.execPath, [...startFlags(), program, ...args]);
  return stdout;
}
