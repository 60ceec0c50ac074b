import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Tree } from "../core/report.ts";
import { isBelowFolders } from "./look-at.ts";

/** Larger files are no documents and no sources that a check could read. */
const textBytesMax = 1024 * 1024;

/**
 * The work tree as checks see it. `paths` come from the runner's own index: regular files, none that git ignores.
 * Nothing of the agent may run meanwhile, so a path can't change between the look and the reading.
 */
export function workTreeOf(folder: string, paths: readonly string[]): Tree {
  const known = new Set(paths);
  return {
    paths: [...known].sort(),
    async read(path) {
      return known.has(path) && (await isBelowFolders(folder, path)) ? await readTextFile(join(folder, path)) : null;
    },
  };
}

async function readTextFile(path: string): Promise<string | null> {
  // O_NONBLOCK, since the opening of a pipe would wait for a writer that never comes.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file;
  try {
    file = await open(path, flags);
  } catch {
    // Gone, a link, or a device: nothing that a check could read.
    return null;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > textBytesMax) return null;
    const bytes = await file.readFile();
    return bytes.includes(0) ? null : bytes.toString("utf8");
  } finally {
    await file.close();
  }
}
