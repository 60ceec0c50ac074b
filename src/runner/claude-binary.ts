/** Gets the CLI: the operator's own, or exactly the package that this version was tested with. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, chmod, constants, mkdir, readdir, rename, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { claudePackages, claudeVersion } from "./claude-release.ts";

export interface ClaudeOrder {
  /** Absolute path of a CLI of the operator's, or null. */
  readonly claudePath: string | null;
  /** e.g. `linux-x64`, `linux-arm64-musl`. */
  readonly platform: string;
  /** Where the package is loaded to; the runner's alone. */
  readonly privateDir: string;
  /** Where the CLI is put; the agent can read it and not write. */
  readonly sharedDir: string;
  /** For npm: PATH, HOME and its own settings, with the registry that the machine uses. */
  readonly npmEnvironment: Readonly<Record<string, string>>;
}

const downloadTimeoutMs = 300_000;

/** Answers the absolute path of an executable. Nothing is unpacked before its hash is right. */
export async function provideClaude(order: ClaudeOrder): Promise<string> {
  if (order.claudePath !== null) return await ownClaude(order.claudePath);
  const release = claudePackages[order.platform];
  if (release === undefined) {
    throw new Error(
      `providing Claude Code: there is none for ${order.platform}. Set the input claude_path to one of your own`,
    );
  }
  const tarball = await download(`${release.name}@${claudeVersion}`, order);
  await checkIntegrity(tarball, release.integrity);
  return await unpack(tarball, order);
}

async function ownClaude(path: string): Promise<string> {
  if (!isAbsolute(path)) throw new Error(`claude_path: expected an absolute path, got "${path}"`);
  try {
    await access(path, constants.X_OK);
  } catch (cause) {
    throw new Error(
      `claude_path: "${path}" can't be executed. Install Claude Code ${claudeVersion} there, or leave the input away`,
      { cause },
    );
  }
  return path;
}

async function download(spec: string, { privateDir, npmEnvironment }: ClaudeOrder): Promise<string> {
  const folder = join(privateDir, "download");
  await mkdir(folder, { mode: 0o700 });
  const result = await execa(
    "npm",
    ["pack", spec, "--ignore-scripts", "--loglevel=error", "--pack-destination", folder],
    {
      cwd: folder,
      extendEnv: false,
      env: npmEnvironment,
      reject: false,
      stdin: "ignore",
      timeout: downloadTimeoutMs,
      killSignal: "SIGKILL",
    },
  );
  const [name, ...others] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
  if (result.failed || name === undefined || others.length > 0) {
    throw new Error(
      `downloading ${spec}: ${result.shortMessage ?? "npm pack"} ${result.stderr}. Check that the runner has npm and reaches its registry, or set the input claude_path`,
    );
  }
  return join(folder, name);
}

/** `integrity` as in a lock file: the algorithm, a dash, the hash in base64. */
export async function checkIntegrity(path: string, integrity: string): Promise<void> {
  const [algorithm = "", expected = ""] = integrity.split(/-(.*)/s);
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  const found = hash.digest("base64");
  if (found !== expected) {
    throw new Error(
      `checking "${path}": expected ${integrity}, got ${algorithm}-${found}. The package is not the one that this version was tested with; nothing of it was run`,
    );
  }
}

async function unpack(tarball: string, { privateDir, sharedDir }: ClaudeOrder): Promise<string> {
  const result = await execa("tar", ["-xzf", tarball, "-C", privateDir, "--no-same-owner", "package/claude"], {
    reject: false,
    stdin: "ignore",
    timeout: downloadTimeoutMs,
  });
  if (result.failed) throw new Error(`unpacking "${tarball}": ${result.shortMessage}: ${result.stderr}`);
  const path = join(sharedDir, "claude");
  await moveFile(join(privateDir, "package", "claude"), path);
  await chmod(path, 0o755);
  await rm(tarball);
  return path;
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    const { copyFile } = await import("node:fs/promises");
    await copyFile(from, to);
    await rm(from);
  }
}
