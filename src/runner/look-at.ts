/** Looks at single paths of the work tree without following or opening anything. */

import type { Stats } from "node:fs";
import { access, constants, lstat } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Seen {
  /** `special` is a pipe, a socket, a device, what can't be read, or a file of somebody else: a hard link could name one. */
  readonly kind: "file" | "special";
  readonly bytes: number;
}

/** Null where nothing is there, also where a folder on the way to it became a link. `owner` is the work tree's. */
export async function lookAt(workTree: string, path: string, owner: number): Promise<Seen | null> {
  if (!(await isBelowFolders(workTree, path))) return null;
  const stats = await lstatOrNull(join(workTree, path));
  if (stats === null || stats.isDirectory()) return null;
  if (stats.isSymbolicLink()) return { kind: "file", bytes: stats.size };
  if (!stats.isFile() || stats.uid !== owner) return { kind: "special", bytes: 0 };
  return { kind: (await isReadable(join(workTree, path))) ? "file" : "special", bytes: stats.size };
}

/** True where every folder on the way to the path is one: whoever goes there is led nowhere else. */
export async function isBelowFolders(workTree: string, path: string): Promise<boolean> {
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    const stats = await lstatOrNull(join(workTree, folder));
    if (stats === null || !stats.isDirectory()) return false;
  }
  return true;
}

async function isReadable(path: string): Promise<boolean> {
  return await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function lstatOrNull(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
}
