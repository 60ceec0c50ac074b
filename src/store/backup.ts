/** Copies of the embedded store, whole and checked, and the way back. PostgreSQL brings its own: `pg_dump`, `pg_restore`. */
import { copyFile, open, rename, rm, stat } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { databasePathIn, openDataFolder } from "./data-folder.ts";
import { migrationsOf } from "./migrations/migrate.ts";
import { sqliteDifferences } from "./sqlite.ts";

/** What a copy holds, for people. */
export interface Copied {
  readonly tasks: number;
  readonly events: number;
  /** Of the newest event; null where there is none. */
  readonly until: string | null;
}

/** What stands in the way; the message names the next step. */
export class CopyRefused extends Error {
  override name = "CopyRefused";
}

/** Copies the store of a folder into a new file, for this user alone. The app may go on meanwhile. */
export async function backUp(dataDir: string, file: string): Promise<Copied> {
  const source = databasePathIn(dataDir);
  if (await isMissing(source))
    throw new CopyRefused(`there is no store in "${dataDir}"; is DATA_DIR the app's folder?`);
  const part = `${file}.part`;
  if (!(await isMissing(file))) throw new CopyRefused(`"${file}" is there already; name a new file`);
  await rm(part, { force: true });
  // SQLite takes an empty file for a new one, with the rights that it has.
  await (await open(part, "wx", 0o600)).close();
  try {
    const database = new DatabaseSync(source, { readOnly: true, timeout: 5_000 });
    try {
      // One reading transaction: what others write meanwhile is not in it, and nobody waits.
      database.prepare("vacuum into ?").run(part);
    } finally {
      database.close();
    }
    const copied = examine(part);
    await rename(part, file);
    return copied;
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
}

/** Puts a copy in the place of a folder's store, which is set aside. Throws `StoreLocked` where the app is running. */
export async function restore(
  dataDir: string,
  file: string,
  now: Date,
): Promise<Copied & { readonly aside: string | null }> {
  if (await isMissing(file)) throw new CopyRefused(`there is no file "${file}"`);
  const copied = examine(file);
  const folder = await openDataFolder(dataDir);
  try {
    const { databasePath } = folder;
    const there = contentsOf(databasePath);
    if (there !== null && there.until !== null && (copied.until ?? "") < there.until) {
      throw new CopyRefused(
        `the store in "${dataDir}" knows what happened until ${there.until}, the copy until ${copied.until ?? "nothing"}; to go back all the same, move ${databasePath} away first`,
      );
    }
    const part = `${databasePath}.part`;
    await copyFile(file, part);
    const written = await open(part, "r+");
    await written.chmod(0o600);
    await written.sync();
    await written.close();
    const aside = (await stat(databasePath)).size === 0 ? null : `${databasePath}.until-${now.getTime()}`;
    for (const suffix of ["-wal", "-shm"]) {
      // They belong to the old file, and would be taken for the new one's.
      if (aside === null) await rm(`${databasePath}${suffix}`, { force: true });
      else if (!(await isMissing(`${databasePath}${suffix}`)))
        await rename(`${databasePath}${suffix}`, `${aside}${suffix}`);
    }
    if (aside !== null) await rename(databasePath, aside);
    await rename(part, databasePath);
    return { ...copied, aside };
  } finally {
    folder.release();
  }
}

/** Throws `CopyRefused` where it is damaged, none of ours, or newer than this program. */
function examine(file: string): Copied {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const checked = String(database.prepare("pragma integrity_check").get()?.["integrity_check"]);
    if (checked !== "ok") throw new CopyRefused(`"${file}" is damaged: ${checked}; use another copy`);
    const names = database.prepare("select name from kysely_migration").all();
    const known = Object.keys(migrationsOf(sqliteDifferences.columns));
    const newer = names.map((row) => String(row["name"])).find((name) => !known.includes(name));
    if (newer !== undefined) {
      throw new CopyRefused(`"${file}" is of a newer Phasegate (${newer}); restore it with that version`);
    }
    return countedIn(database);
  } catch (cause) {
    if (cause instanceof CopyRefused) throw cause;
    throw new CopyRefused(`"${file}" is no copy of a store of Phasegate`, { cause });
  } finally {
    database?.close();
  }
}

/** Null where there is none yet, or none that can be read. */
function contentsOf(file: string): Copied | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file);
    return countedIn(database);
  } catch {
    return null;
  } finally {
    database?.close();
  }
}

function countedIn(database: DatabaseSync): Copied {
  const numberOf = (query: string) => Number(database.prepare(query).get()?.["n"]);
  const until = database.prepare("select max(timestamp) as until from events").get()?.["until"];
  return {
    tasks: numberOf("select count(*) as n from tasks"),
    events: numberOf("select count(*) as n from events"),
    until: typeof until === "string" ? until : null,
  };
}

async function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  );
}
