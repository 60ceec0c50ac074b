/** Git as the runner uses it: its own git directory, and none of the settings that a machine, a person or a repository could bring along. */

import { execa } from "execa";

export interface Git {
  /** Answers what git wrote. Throws with git's last words; `doing` says for people what it was for. */
  run(doing: string, args: readonly string[], options?: GitOptions): Promise<Buffer>;
}

/** A work tree can be made so that git never gets through it. */
export class GitTimedOut extends Error {
  override name = "GitTimedOut";
}

interface GitOptions {
  readonly input?: string | Uint8Array;
  /** Another index than the one of the git directory. */
  readonly indexFile?: string;
  /** Settings for this command alone. They travel in its environment, so no list of processes shows them. */
  readonly settings?: readonly (readonly [key: string, value: string])[];
  readonly timeoutMs?: number;
  /** Of commands that tell with it what they found; 0 where absent. */
  readonly exitCodeMax?: number;
}

export interface GitPlace {
  /** Outside the work tree, where the agent can't write. */
  readonly gitDir: string;
  readonly workTree: string;
  /** Value of PATH. */
  readonly path: string;
}

const timeoutMsDefault = 120_000;
const outputBytesMax = 256 * 1024 * 1024;
const lastWordsLengthMax = 1_000;

const settingsAlways: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.untrackedCache", "false"],
  ["core.symlinks", "true"],
  ["core.fileMode", "true"],
  ["core.autocrlf", "false"],
  ["core.safecrlf", "false"],
  ["core.quotePath", "false"],
  ["core.attributesFile", "/dev/null"],
  ["core.excludesFile", "/dev/null"],
  ["core.bare", "false"],
  ["credential.helper", ""],
  ["protocol.allow", "never"],
  ["submodule.recurse", "false"],
  ["fetch.recurseSubmodules", "false"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
];

export function createGit({ gitDir, workTree, path }: GitPlace): Git {
  return { run };

  async function run(doing: string, args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
    const result = await execa("git", args, {
      cwd: workTree,
      extendEnv: false,
      env: {
        PATH: path,
        HOME: gitDir,
        LC_ALL: "C",
        GIT_DIR: gitDir,
        GIT_WORK_TREE: workTree,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_ATTR_NOSYSTEM: "1",
        GIT_TERMINAL_PROMPT: "0",
        GIT_NO_REPLACE_OBJECTS: "1",
        GIT_OPTIONAL_LOCKS: "0",
        GIT_LITERAL_PATHSPECS: "1",
        ...(options.indexFile === undefined ? {} : { GIT_INDEX_FILE: options.indexFile }),
        ...settingsAsEnvironment([...settingsAlways, ...(options.settings ?? [])]),
      },
      encoding: "buffer",
      stripFinalNewline: false,
      reject: false,
      maxBuffer: outputBytesMax,
      timeout: options.timeoutMs ?? timeoutMsDefault,
      killSignal: "SIGKILL",
      ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    });
    if (result.timedOut) {
      throw new GitTimedOut(
        `${doing}: git ${args[0] ?? ""} did not end in ${options.timeoutMs ?? timeoutMsDefault} ms`,
      );
    }
    const isAnswer = result.exitCode !== undefined && result.exitCode <= (options.exitCodeMax ?? 0);
    if (result.failed && (!isAnswer || result.isMaxBuffer || result.isTerminated)) {
      const words = Buffer.from(result.stderr).toString("utf8").trim().slice(-lastWordsLengthMax);
      throw new Error(`${doing}: git ${args[0] ?? ""}: ${words === "" ? result.shortMessage : words}`);
    }
    return Buffer.from(result.stdout);
  }
}

function settingsAsEnvironment(settings: readonly (readonly [string, string])[]): Record<string, string> {
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}
