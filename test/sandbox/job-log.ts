import { fullName } from "./state.ts";
import type { Repository, SandboxContext, WorkflowJob, WorkflowRun } from "./state.ts";

/** One job's log, with secrets masked, and the workflow commands that steps print into it. */
export type JobLog = {
  write(line: string): void;
  /** From now on the text shows as ***. */
  mask(secret: string): void;
  /** Takes one line that a step printed: carries out its workflow command and writes the line. */
  takeOutput(line: string, step: StepCommands): void;
};

/** What workflow commands change in the step that prints them. */
export type StepCommands = {
  readonly outputs: Record<string, string>;
  readonly state: Record<string, string>;
  /** Set by ::stop-commands::; only this token starts them again. */
  stoppedBy: string | null;
};

const COMMAND = /^\s*::([a-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/s;
/** Masking a character or two would make the log unreadable; the runner refuses only the empty text. */
const MASK_LENGTH_MIN = 1;

export function createJobLog(
  context: SandboxContext,
  repository: Repository,
  run: WorkflowRun,
  job: WorkflowJob,
): JobLog {
  const masks = new Set<string>();
  const write = (line: string): void => {
    let masked = line;
    // Longest first: a secret may be part of another one.
    for (const secret of [...masks].toSorted((a, b) => b.length - a.length)) masked = masked.replaceAll(secret, "***");
    job.log += `${context.now().toISOString()} ${masked}\n`;
    context.announce({ kind: "log", repository: fullName(repository), runId: run.id, line: masked });
  };
  const mask = (secret: string): void => {
    // A log has one line at a time, so each line of a secret is a secret.
    for (const part of [secret, ...secret.split(/\r?\n/)]) if (part.trim().length >= MASK_LENGTH_MIN) masks.add(part);
  };
  return {
    write,
    mask,
    takeOutput(line, step) {
      const match = COMMAND.exec(line);
      const name = match?.[1] ?? "";
      if (match === null || (step.stoppedBy !== null && name !== step.stoppedBy)) {
        write(line);
        return;
      }
      const value = unescapeText(match[3] ?? "");
      const properties = parseProperties(match[2] ?? "");
      switch (name) {
        case step.stoppedBy:
          step.stoppedBy = null;
          return;
        case "stop-commands":
          step.stoppedBy = value;
          return;
        case "add-mask":
          mask(value);
          write(line);
          return;
        case "set-output":
          step.outputs[properties["name"] ?? ""] = value;
          return;
        case "save-state":
          step.state[properties["name"] ?? ""] = value;
          return;
        case "error":
        case "warning":
        case "notice":
        case "debug":
        case "group":
          write(`##[${name}]${value}`);
          return;
        case "endgroup":
          write("##[endgroup]");
          return;
        default:
          write(line);
      }
    },
  };
}

function parseProperties(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(",")
      .map((pair) => pair.trim())
      .filter((pair) => pair.includes("="))
      .map((pair) => [
        pair.slice(0, pair.indexOf("=")),
        unescapeText(pair.slice(pair.indexOf("=") + 1))
          .replaceAll("%3A", ":")
          .replaceAll("%2C", ","),
      ]),
  );
}

function unescapeText(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}
