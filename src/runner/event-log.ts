import type { LiveEvent } from "../protocol/runner.ts";
import { describeEvent } from "./run-texts.ts";

interface EventLog {
  readonly log: (level: "info" | "warn" | "error", text: string) => void;
  readonly redact: (text: string) => string;
  readonly linesMax?: number;
}

const linesMaxDefault = 10_000;

/** Writes events into the job's log. The agent decides how many there are, and a log of gigabytes would help nobody. */
export function createEventLog({ log, redact, linesMax = linesMaxDefault }: EventLog): (event: LiveEvent) => void {
  let left = linesMax;
  return (event) => {
    const line = left > 0 ? describeEvent(event) : null;
    if (line === null) return;
    left -= 1;
    log(line.level, redact(line.text));
    if (left === 0) log("warn", `${linesMax} lines: what follows is not shown here`);
  };
}
