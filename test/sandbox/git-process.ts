import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";

export type GitRunOptions = {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
};
export type GitRunResult = { readonly exitCode: number; readonly stdout: Buffer; readonly stderr: string };

export type GitObject = { readonly type: string; readonly content: Buffer };
type ObjectReader = {
  read(sha: string): Promise<GitObject | null>;
  close(): void;
};

/** Nothing of the host's git set-up may leak in: no system or global configuration, no hooks of the user. */
export function gitEnvironment(homeDir: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: homeDir,
    XDG_CONFIG_HOME: homeDir,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "GitHub",
    GIT_AUTHOR_EMAIL: "noreply@github.com",
    GIT_COMMITTER_NAME: "GitHub",
    GIT_COMMITTER_EMAIL: "noreply@github.com",
    LC_ALL: "C",
    TZ: "UTC",
  };
}

/** Runs git to its end. An exit code is an answer, not an error; a git that cannot start is one. */
export async function runGit(
  gitDir: string,
  homeDir: string,
  args: readonly string[],
  options: GitRunOptions = {},
): Promise<GitRunResult> {
  const child = spawn("git", [`--git-dir=${gitDir}`, ...args], {
    env: { ...gitEnvironment(homeDir), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // git may end before it has read its input; the exit code tells.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", (cause) => reject(new Error(`starting git ${args[0] ?? ""}`, { cause })));
    child.on("close", (code) => resolve(code ?? 128));
  });
  return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString("utf8") };
}

/** One long-lived `git cat-file --batch`: a read costs a pipe round trip, not a process. */
export function startObjectReader(gitDir: string, homeDir: string): ObjectReader {
  let child: ChildProcessWithoutNullStreams | null = null;
  const waiting: { resolve: (object: GitObject | null) => void; reject: (error: Error) => void }[] = [];
  let buffered: Buffer = Buffer.alloc(0);

  function start(): ChildProcessWithoutNullStreams {
    const started = spawn("git", [`--git-dir=${gitDir}`, "cat-file", "--batch"], {
      env: gitEnvironment(homeDir),
      stdio: ["pipe", "pipe", "pipe"],
    });
    buffered = Buffer.alloc(0);
    started.stdout.on("data", (chunk: Buffer) => {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
      drain();
    });
    started.stderr.resume();
    started.stdin.on("error", () => undefined);
    started.on("error", () => undefined);
    started.on("close", () => {
      if (child === started) child = null;
      for (const { reject } of waiting.splice(0))
        reject(new Error(`reading an object of "${gitDir}": git cat-file ended`));
    });
    return started;
  }

  function drain(): void {
    while (waiting.length > 0) {
      const lineEnd = buffered.indexOf(10);
      if (lineEnd < 0) return;
      const [, type = "missing", size = "0"] = buffered.subarray(0, lineEnd).toString("utf8").split(" ");
      if (type === "missing" || type === "ambiguous") {
        buffered = buffered.subarray(lineEnd + 1);
        waiting.shift()?.resolve(null);
        continue;
      }
      const end = lineEnd + 1 + Number(size);
      if (buffered.length < end + 1) return;
      const content = Buffer.from(buffered.subarray(lineEnd + 1, end));
      buffered = buffered.subarray(end + 1);
      waiting.shift()?.resolve({ type, content });
    }
  }

  return {
    read(sha) {
      child ??= start();
      const { stdin } = child;
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        stdin.write(`${sha}\n`);
      });
    },
    close() {
      child?.stdin.end();
      child?.kill();
      child = null;
    },
  };
}
