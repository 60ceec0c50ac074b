import { lstat, realpath } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";

/** Machines for CI have folders that everybody may write in, some of them on the PATH. */
const otherMayWrite = 0o002;
const sticky = 0o1000;

/**
 * The part of a PATH in which no other user can put a program.
 * The runner calls git and the tools for users while an agent may have lived: from these folders only.
 */
export async function trustedPath(path: string): Promise<string> {
  const folders = [...new Set([...path.split(":"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])];
  const isTrusted = await Promise.all(folders.map(isClosedToOthers));
  return folders.filter((_, at) => isTrusted[at]).join(":");
}

async function isClosedToOthers(folder: string): Promise<boolean> {
  if (!isAbsolute(folder)) return false;
  try {
    const real = await realpath(folder);
    if (((await lstat(real)).mode & otherMayWrite) !== 0) return false;
    for (let above = dirname(real); ; above = dirname(above)) {
      const { mode } = await lstat(above);
      if ((mode & otherMayWrite) !== 0 && (mode & sticky) === 0) return false;
      if (above === dirname(above)) return true;
    }
  } catch {
    // It is not there, so nothing is found in it today; tomorrow somebody else might make it.
    return false;
  }
}
