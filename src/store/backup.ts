/** The embedded store as one file: taken while the app runs, and put back while it does not. */
import { createReadStream, createWriteStream } from "node:fs";
import { link, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { databasePathOf, isOwnFile, lockDataFolder } from "./data-folder.ts";
import { migrationsKnown } from "./migrations/migrate.ts";
import { sqliteDifferences } from "./sqlite.ts";

/** For a checkpoint of the running app; readers and its writes do not wait for each other. */
const busyTimeoutMs = 30_000;

/** What a file holds that was found to be whole. */
export interface Holdings {
  /** Newest migration that it has seen. */
  readonly version: string;
  readonly tasks: number;
  readonly openTasks: number;
  readonly events: number;
  readonly bytes: number;
  /** Ids of the keys without which something in it stays shut. */
  readonly keyIds: readonly string[];
}

/** The message says why, and what to do instead. */
export class BackupRefused extends Error {
  override name = "BackupRefused";
}

/**
 * Writes what the store of the folder holds at this moment into `file`, for our user alone. The app may run meanwhile.
 * The file is there when it is complete, on the disk and found whole, or not at all. `id` names the unfinished one.
 */
export async function backUp(
  dataDir: string,
  file: string,
  { force, id }: { readonly force: boolean; readonly id: string },
): Promise<Holdings> {
  const databasePath = databasePathOf(dataDir);
  if (!(await exists(databasePath))) {
    throw new BackupRefused(`there is no store in "${dataDir}"; set DATA_DIR to the folder that the app uses`);
  }
  if (!(await exists(dirname(file)))) throw new BackupRefused(`there is no folder "${dirname(file)}"; make it first`);
  await refuseOwnFiles(dataDir, file);
  if (!force && (await exists(file))) {
    throw new BackupRefused(`"${file}" is there already; name another file, or say --force to replace it`);
  }
  const part = `${file}.${id}.part`;
  try {
    await createEmpty(part);
    copyOut(databasePath, part);
    const holdings = await holdingsOf(part, databasePath);
    await onDisk(part);
    await rename(part, file);
    await onDisk(dirname(file));
    return holdings;
  } catch (cause) {
    await rm(part, { force: true });
    throw cause instanceof BackupRefused ? cause : new Error(`backing up to "${file}"`, { cause });
  }
}

export interface Restored {
  readonly holdings: Holdings;
  /** Where the store is now that was there before; null where there was none. */
  readonly keptAs: string | null;
}

/**
 * Puts a backup in the place of the folder's store, which stays beside it under another name that ends with `id`.
 * Throws `StoreLocked` where the app has the folder open, `BackupRefused` for what is no backup that this version can use.
 */
export async function restore(dataDir: string, file: string, { id }: { readonly id: string }): Promise<Restored> {
  if (!(await exists(file))) throw new BackupRefused(`there is no file "${file}"`);
  await refuseOwnFiles(dataDir, file);
  const folder = await lockDataFolder(dataDir);
  const { databasePath } = folder;
  const part = `${databasePath}.${id}.part`;
  try {
    // What was looked at is what is put in place, whatever becomes of the file meanwhile.
    await pipeline(createReadStream(file), createWriteStream(part, { flags: "wx", mode: 0o600 }));
    const holdings = await holdingsOf(part, file);
    await onDisk(part);
    const keptAs = await keep(databasePath, `${databasePath}.before-${id}`);
    // From here on it is the new one, or still the old one.
    await rename(part, databasePath);
    await onDisk(dataDir);
    return { holdings, keptAs };
  } catch (cause) {
    throw cause instanceof BackupRefused ? cause : new Error(`restoring "${file}" into "${dataDir}"`, { cause });
  } finally {
    await rm(part, { force: true });
    folder.release();
  }
}

/** One moment of the whole database, its log included. A copy of the files would be of several. */
function copyOut(databasePath: string, part: string): void {
  const database = new DatabaseSync(databasePath, { readOnly: true, timeout: busyTimeoutMs });
  try {
    database.prepare("vacuum into ?").run(part);
  } finally {
    database.close();
  }
}

/** Gives the database another name, too, with all that its log has. Answers that name; null where there is none. */
async function keep(databasePath: string, keptAs: string): Promise<string | null> {
  if (!(await exists(databasePath))) return null;
  bringIn(databasePath);
  await link(databasePath, keptAs);
  // Left where it is, it would be read into the new database.
  for (const log of ["-wal", "-journal"]) {
    if (await exists(`${databasePath}${log}`)) await rename(`${databasePath}${log}`, `${keptAs}${log}`);
  }
  await rm(`${databasePath}-shm`, { force: true });
  return keptAs;
}

/** Has the log written into the database and taken away, so that one file is all of it. */
function bringIn(databasePath: string): void {
  const database = new DatabaseSync(databasePath, { timeout: busyTimeoutMs });
  try {
    database.exec("pragma wal_checkpoint(truncate)");
  } catch {
    // It is damaged, which may be why there is a restore: then the log goes along as it is.
  } finally {
    database.close();
  }
}

/** Throws `BackupRefused`, which calls the file by the name that people know it by. */
async function holdingsOf(path: string, name: string): Promise<Holdings> {
  const { size } = await stat(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    const version = versionOf(database, name);
    refuseDamage(database, name);
    const count = (query: string) => Number(database.prepare(query).get()?.["count"]);
    const isSealing = hasTable(database, "checkpoints");
    const keys = isSealing ? database.prepare("select distinct key_id from checkpoints order by key_id").all() : [];
    return {
      version,
      tasks: count("select count(*) as count from tasks"),
      openTasks: count("select count(*) as count from tasks where ended_at is null"),
      events: count("select count(*) as count from events"),
      bytes: size,
      keyIds: keys.map((row) => String(row["key_id"])),
    };
  } catch (cause) {
    if (cause instanceof BackupRefused) throw cause;
    throw new BackupRefused(`"${name}" is no store of Phasegate, or a damaged one: SQLite can't read it`, { cause });
  } finally {
    database.close();
  }
}

function versionOf(database: DatabaseSync, name: string): string {
  const isNone = `"${name}" is no store of Phasegate`;
  if (!hasTable(database, "kysely_migration")) throw new BackupRefused(isNone);
  const names = database.prepare("select name from kysely_migration order by name").all();
  const known = migrationsKnown(sqliteDifferences);
  const seen = names.map((row) => String(row["name"]));
  const newest = seen.at(-1);
  if (newest === undefined || seen[0] !== known[0]) throw new BackupRefused(isNone);
  if (seen.some((each) => !known.includes(each))) {
    throw new BackupRefused(`"${name}" is of a newer Phasegate (${newest}); use that version, or a newer one`);
  }
  return newest;
}

function refuseDamage(database: DatabaseSync, name: string): void {
  const found = database.prepare("pragma integrity_check(3)").all();
  const words = found.map((row) => String(row["integrity_check"]));
  if (words.join() === "ok") return;
  throw new BackupRefused(`"${name}" is damaged, so nothing was done: ${words.join("; ")}`);
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("select name from sqlite_master where type = 'table' and name = ?").get(name) !== undefined;
}

async function refuseOwnFiles(dataDir: string, file: string): Promise<void> {
  const folder = await realpathOr(dirname(file));
  if (folder === (await realpathOr(dataDir)) && isOwnFile(basename(file))) {
    throw new BackupRefused(`"${file}" is a file of the store itself; name a file of its own`);
  }
}

async function realpathOr(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function createEmpty(path: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  await file.close();
}

/** A file's contents, or a folder's names. */
async function onDisk(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
