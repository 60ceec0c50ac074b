/** Folders of one run: what is the runner's alone, and what the agent may see. */

import { chmod, lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";

export interface RunPlace {
  /** Mode 0700, the runner's: git directory, downloads. */
  readonly privateDir: string;
  readonly gitDir: string;
  /** The runner's, readable by the agent: the CLI, the system prompt. */
  readonly sharedDir: string;
  /** Absolute path of the work tree; made by whoever fills it. */
  readonly workTree: string;
  /** The agent's own, and nobody else's. */
  readonly home: string;
  readonly configDir: string;
  readonly tempDir: string;
  remove(): Promise<void>;
}

export interface RunPlaceOrder {
  readonly id: string;
  /** RUNNER_TEMP. */
  readonly runnerTemp: string;
}

/** RUNNER_TEMP may lie in a home folder that no other user can enter. */
const fallbackBases: readonly string[] = ["/var/tmp", "/tmp"];

const removeTimeoutMs = 300_000;
const lastWordsLengthMax = 500;

export async function createRunPlace({ id, runnerTemp }: RunPlaceOrder): Promise<RunPlace> {
  const privateDir = join(runnerTemp, `phasegate-${id}-private`);
  const base = await firstOpenBase([runnerTemp, ...fallbackBases]);
  const area = join(base, `phasegate-${id}`);
  // Not recursive: a folder that is there already was made by somebody else.
  await mkdir(privateDir, { mode: 0o700 });
  await mkdir(area, { mode: 0o711 });
  const place = {
    privateDir,
    gitDir: join(privateDir, "git"),
    sharedDir: join(area, "shared"),
    workTree: join(area, "tree"),
    home: join(area, "home"),
    configDir: join(area, "config"),
    tempDir: join(area, "tmp"),
  };
  await mkdir(place.gitDir, { mode: 0o700 });
  await mkdir(place.sharedDir, { mode: 0o755 });
  for (const folder of [place.home, place.configDir, place.tempDir]) await mkdir(folder, { mode: 0o700 });
  // The umask of the job may have taken these bits away.
  await chmod(area, 0o711);
  await chmod(place.sharedDir, 0o755);
  return {
    ...place,
    async remove() {
      await removeFolders([area, privateDir]);
    },
  };
}

/** Not by Node, which gives up where the agent put more folders inside each other than a path can name. */
async function removeFolders(folders: readonly string[]): Promise<void> {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  const result = await execa("rm", ["-rf", "--", ...folders], {
    cwd: "/",
    extendEnv: false,
    env,
    reject: false,
    stdin: "ignore",
    timeout: removeTimeoutMs,
    killSignal: "SIGKILL",
  });
  if (result.failed) throw new Error(`${result.shortMessage}: ${result.stderr.slice(0, lastWordsLengthMax)}`);
}

async function firstOpenBase(candidates: readonly string[]): Promise<string> {
  for (const candidate of candidates) {
    if (await othersMayEnter(candidate)) return candidate;
  }
  throw new Error(`making folders for the agent: no other user can enter any of ${candidates.join(", ")}`);
}

async function othersMayEnter(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const stats = await lstat(folder);
      if (!stats.isDirectory() || (stats.mode & 0o001) === 0) return false;
    } catch {
      // What can't be looked at can't be entered by others either.
      return false;
    }
    if (folder === dirname(folder)) return true;
  }
}
