import { access, chmod, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const databaseName = "phasegate.sqlite";
const lockName = "phasegate.lock";
const SQLITE_BUSY = 5;

/** Somebody else has the folder open. Two writers would each believe they alone perform the effects. */
export class StoreLocked extends Error {
  override name = "StoreLocked";
  readonly dataDir: string;

  constructor(dataDir: string, options?: ErrorOptions) {
    super(
      `opening data folder "${dataDir}": another Phasegate is using it; stop that one, or set DATA_DIR to a folder of its own`,
      options,
    );
    this.dataDir = dataDir;
  }
}

export interface DataFolder {
  readonly databasePath: string;
  release(): void;
}

/** Where a folder's database lies, or would. */
export function databasePathOf(dataDir: string): string {
  return join(dataDir, databaseName);
}

/** Whether a file of this name is the store's own: its database, its lock, or what SQLite lays beside one of them. */
export function isOwnFile(name: string): boolean {
  return [databaseName, lockName].some((own) => name === own || name.startsWith(`${own}-`));
}

/** Creates the folder and its files for our user alone, and takes the lock. Throws `StoreLocked`. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  const folder = await lockDataFolder(dataDir);
  try {
    await inFolder(dataDir, () => createPrivate(folder.databasePath));
    return folder;
  } catch (cause) {
    folder.release();
    throw cause;
  }
}

/** Without the lock, for whoever works beside its holder. Throws where there is no store. */
export async function openedFolder(dataDir: string): Promise<DataFolder> {
  const databasePath = databasePathOf(dataDir);
  try {
    await access(databasePath);
  } catch (cause) {
    throw new Error(`there is no store in "${dataDir}"; set DATA_DIR to the folder that the app uses`, { cause });
  }
  return { databasePath, release: () => {} };
}

/** Locks the folder for who has no need of a database there, or brings one along. Throws `StoreLocked`. */
export async function lockDataFolder(dataDir: string): Promise<DataFolder> {
  const lockPath = join(dataDir, lockName);
  const lock = await inFolder(dataDir, async () => {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await createPrivate(lockPath);
    return takeLock(lockPath, dataDir);
  });
  return { databasePath: databasePathOf(dataDir), release: () => lock.close() };
}

async function inFolder<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StoreLocked) throw cause;
    throw new Error(`opening data folder "${dataDir}"; it must be a folder that this user may write`, { cause });
  }
}

/** The kernel takes the lock away with the process, however that ends; a file with a process id would outlive a SIGKILL. */
function takeLock(lockPath: string, dataDir: string): DatabaseSync {
  const lock = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    lock.exec("pragma locking_mode = exclusive; begin exclusive");
    return lock;
  } catch (cause) {
    lock.close();
    const busy = cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY;
    throw busy ? new StoreLocked(dataDir, { cause }) : cause;
  }
}

/**
 * SQLite gives its write-ahead log the rights of the database's file.
 * A file that is there is not opened: when a process closes a file, the kernel drops every lock of that process on it.
 */
async function createPrivate(path: string): Promise<void> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.close();
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause;
    await chmod(path, 0o600);
  }
}
