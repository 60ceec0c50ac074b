import { readFile, readdir } from "node:fs/promises";
import { execa } from "execa";

export type StepProcess = {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Aborted by a cancel: SIGINT to the entry process, then SIGTERM, then the whole tree is killed. */
  readonly signal: AbortSignal;
  readonly grace: CancelGrace;
  readonly onLine: (line: string) => void;
  /** Leaders of live process groups, kept for whoever must kill them from outside. */
  readonly processGroups: Set<number>;
};

/** After the SIGINT of a cancel. */
export type CancelGrace = { readonly terminateAfterMs: number; readonly killAfterMs: number };

/** GitHub's own times. */
export const GITHUB_CANCEL_GRACE: CancelGrace = { terminateAfterMs: 7500, killAfterMs: 2500 };
/** A child that outlives its step and holds its output open must not hold the job. */
const ORPHAN_GRACE_MS = 500;

/** Runs one step's process to its end; resolves with its exit code, or null when a signal ended it. */
export async function runStepProcess(step: StepProcess): Promise<number | null> {
  const child = execa(step.file, step.args, {
    cwd: step.cwd,
    env: step.env,
    extendEnv: false,
    // A group of its own: a kill reaches everything that the step started, and not us.
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    all: true,
    stdin: "ignore",
  });
  const { pid } = child;
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, work: () => void): void => {
    timers.push(setTimeout(work, ms));
  };
  const cancel = (): void => {
    if (pid === undefined) return;
    signalProcess(pid, "SIGINT");
    later(step.grace.terminateAfterMs, () => signalProcess(pid, "SIGTERM"));
    later(step.grace.terminateAfterMs + step.grace.killAfterMs, () => void killProcessTree(pid));
  };
  if (pid !== undefined) step.processGroups.add(pid);
  if (step.signal.aborted) cancel();
  else step.signal.addEventListener("abort", cancel, { once: true });
  child.nodeChildProcess.once("exit", () => later(ORPHAN_GRACE_MS, () => signalGroup(pid)));
  try {
    for await (const line of child.iterable({ from: "all" })) step.onLine(line);
    const result = await child;
    if (result.exitCode === undefined && pid === undefined) {
      throw new Error(`starting "${step.file}"`, { cause: result.cause });
    }
    return result.exitCode ?? null;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    step.signal.removeEventListener("abort", cancel);
    signalGroup(pid);
    if (pid !== undefined) step.processGroups.delete(pid);
  }
}

/** Kills a process, its group, and what it started elsewhere: an agent may run in another session. */
export async function killProcessTree(pid: number): Promise<void> {
  const descendants = await descendantsOf(pid);
  signalGroup(pid);
  signalProcess(pid, "SIGKILL");
  for (const descendant of descendants) signalProcess(descendant, "SIGKILL");
}

async function descendantsOf(root: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const name of await listOrEmpty("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = await parentOf(Number(name));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const open = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const own = children.get(next) ?? [];
    found.push(...own);
    open.push(...own);
  }
  return found;
}

async function parentOf(pid: number): Promise<number | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may hold anything; the parent follows the state after it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // It ended between the listing and the look.
    return null;
  }
}

async function listOrEmpty(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // Not Linux: the process group has to do.
    return [];
  }
}

function signalGroup(pid: number | undefined): void {
  if (pid !== undefined) signalProcess(-pid, "SIGKILL");
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it is gone already, which is what the signal is for.
  }
}
