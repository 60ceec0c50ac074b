import { execFile } from "node:child_process";
import path from "node:path";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const src = path.join(import.meta.dirname, "..", "..", "src");

/** A program of `src` as the operator starts it, with nothing in its environment but what is given. */
export function runProgram(file: string, env: NodeJS.ProcessEnv, ...named: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(src, file), ...named], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}
