/** Looks through the work tree before git does: git would wait at a pipe, and read rules of any size into its memory. */

import type { Dirent } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";

export interface SurveyFault {
  /** Null where it is of the whole tree, or where the name is no text. */
  readonly path: string | null;
  readonly message: string;
}

const ruleFiles: ReadonlySet<string> = new Set([".gitignore", ".gitattributes", ".gitmodules"]);
const ruleBytesMax = 1024 * 1024;
const entriesMaxDefault = 1_000_000;
const faultsMax = 10;

/**
 * What keeps git from being asked; nothing where all is well. Nothing of the agent may run meanwhile.
 * Git folders below the root are removed: whatever is in them steers git, and none of it can be handed over.
 */
export async function surveyTree(workTree: string, entriesMax = entriesMaxDefault): Promise<readonly SurveyFault[]> {
  const faults: SurveyFault[] = [];
  // As bytes: a name need not be text, and what lies below it counts all the same.
  const folders: Buffer[] = [Buffer.alloc(0)];
  const root = Buffer.from(`${workTree}/`);
  let entries = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await listFolder(Buffer.concat([root, folder]))) {
      entries += 1;
      const path = Buffer.concat([folder, entry.name]);
      if (entries > entriesMax) {
        const message = `more than ${entriesMax} files and folders lie in the work tree: remove what is not needed.`;
        return [{ path: null, message }];
      }
      const fault = await faultOf(workTree, path, entry, folder.length === 0);
      if (fault !== null) faults.push(fault);
      else if (entry.isDirectory() && !isNamed(entry, ".git")) folders.push(Buffer.concat([path, slash]));
      if (faults.length === faultsMax) return faults;
    }
  }
  return faults;
}

const slash = Buffer.from("/");

async function faultOf(
  workTree: string,
  path: Buffer,
  entry: Dirent<Buffer>,
  isInRoot: boolean,
): Promise<SurveyFault | null> {
  const text = path.toString("utf8");
  const shown = Buffer.from(text).equals(path) ? text : null;
  if (path.length > pathBytesMax)
    return { path: null, message: "folders lie too deep inside each other: remove them." };
  if (isNamed(entry, ".git") && !isInRoot) {
    const isGone = shown !== null && (await removed(`${workTree}/${shown}`));
    return isGone ? null : { path: shown, message: "this git folder can't be removed: remove it." };
  }
  if (!ruleFiles.has(entry.name.toString("utf8")) || entry.isDirectory()) return null;
  const { size } = await lstat(Buffer.concat([Buffer.from(`${workTree}/`), path]));
  return entry.isFile() && size <= ruleBytesMax
    ? null
    : {
        path: shown,
        message: `git's own rules must be a plain file of at most ${ruleBytesMax} bytes: mend or remove it.`,
      };
}

/** Linux takes 4,096 for a whole path. */
const pathBytesMax = 3_500;

function isNamed(entry: Dirent<Buffer>, name: string): boolean {
  return entry.name.equals(Buffer.from(name));
}

async function listFolder(folder: Buffer): Promise<readonly Dirent<Buffer>[]> {
  return await readdir(folder, { withFileTypes: true, encoding: "buffer" });
}

async function removed(path: string): Promise<boolean> {
  return await rm(path, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );
}
