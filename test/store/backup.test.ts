import { execFile } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { backUp, BackupRefused, restore } from "../../src/store/backup.ts";
import { StoreLocked } from "../../src/store/data-folder.ts";
import { createTask, eventsOf, run1, taskId } from "../core/given.ts";
import { minute, rowsIn, storeAt, temporaryFolder, unitOf } from "./temporary-store.ts";

const events = eventsOf([createTask()]);
const programs = path.join(import.meta.dirname, "..", "..", "src");

interface Given {
  readonly dataDir: string;
  /** A file that is not there yet. */
  readonly file: string;
}

/** A store with a task and a checkpoint, which the app has open. */
async function atWork(): Promise<Given & { readonly stop: () => Promise<void> }> {
  const dataDir = await temporaryFolder();
  const store = await storeAt(dataDir);
  await store.commit(unitOf(events));
  await store.saveCheckpoint({
    taskId,
    checkpointId: "c1",
    runId: run1,
    phase: 1,
    createdAt: minute(1),
    keyId: "k1",
    sealed: Buffer.from("sealed"),
  });
  return { dataDir, file: path.join(await temporaryFolder(), "backup.sqlite"), stop: () => store.close() };
}

/** A backup, and a folder of another machine. */
async function backedUp(): Promise<Given> {
  const { dataDir, file } = await atWork();
  await backUp(dataDir, file, { force: false, id: "1" });
  return { dataDir: await temporaryFolder(), file };
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const refusal = await work.catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(BackupRefused);
  return (refusal as BackupRefused).message;
}

function edit(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

/** Runs a program with this environment alone. */
async function run(
  program: string,
  env: Readonly<Record<string, string>>,
  ...options: readonly string[]
): Promise<{ readonly code: number; readonly said: string; readonly complained: string }> {
  const cwd = await temporaryFolder();
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(programs, program), ...options], { env, cwd }, (error, said, complained) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, said, complained });
    });
  });
}

describe("a backup", () => {
  test("that is taken while the app works holds what was committed, and nothing else lies beside it", async () => {
    const { dataDir, file } = await atWork();
    const holdings = await backUp(dataDir, file, { force: false, id: "1" });
    const { size, mode } = await stat(file);
    expect(holdings).toEqual({
      version: "0005_creations",
      tasks: 1,
      openTasks: 1,
      events: events.length,
      bytes: size,
      keyIds: ["k1"],
    });
    expect(mode & 0o777).toBe(0o600);
    expect(await readdir(path.dirname(file))).toEqual(["backup.sqlite"]);
  });

  test("of a store whose process was killed holds what was still in its log", async () => {
    const { dataDir, file } = await atWork();
    const copy = await temporaryFolder();
    for (const name of ["phasegate.sqlite", "phasegate.sqlite-wal"]) {
      await writeFile(path.join(copy, name), await readFile(path.join(dataDir, name)));
    }
    expect(await backUp(copy, file, { force: false, id: "1" })).toMatchObject({ events: events.length });
  });

  test("overwrites nothing but where it is told to", async () => {
    const { dataDir, file } = await atWork();
    await writeFile(file, "precious");
    expect(await refusalOf(backUp(dataDir, file, { force: false, id: "1" }))).toContain("--force");
    expect(await readFile(file, "utf8")).toBe("precious");
    expect(await backUp(dataDir, file, { force: true, id: "1" })).toMatchObject({ tasks: 1 });
  });

  test("never takes the place of the store itself, whatever it is told", async () => {
    const { dataDir } = await atWork();
    for (const name of ["phasegate.sqlite", "phasegate.sqlite-wal", "phasegate.lock", "phasegate.lock-journal"]) {
      const file = path.join(dataDir, "..", path.basename(dataDir), name);
      expect(await refusalOf(backUp(dataDir, file, { force: true, id: "1" }))).toContain("a file of the store itself");
    }
  });

  test("of a damaged store is refused, and leaves nothing behind", async () => {
    const { dataDir, file, stop } = await atWork();
    await stop();
    const database = path.join(dataDir, "phasegate.sqlite");
    const whole = await readFile(database);
    await writeFile(database, whole.fill(7, 8_192));
    await expect(backUp(dataDir, file, { force: false, id: "1" })).rejects.toThrow("backing up to");
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  test("of a folder without a store is refused, and makes none there", async () => {
    const empty = await temporaryFolder();
    expect(await refusalOf(backUp(empty, path.join(empty, "file"), { force: false, id: "1" }))).toContain("DATA_DIR");
    expect(await readdir(empty)).toEqual([]);
  });
});

describe("a restore", () => {
  test("on another machine brings all of it back, and the app opens it", async () => {
    const { dataDir, file } = await backedUp();
    const { holdings, keptAs } = await restore(dataDir, file, { id: "2" });
    expect(holdings).toMatchObject({ tasks: 1, keyIds: ["k1"] });
    expect(keptAs).toBeNull();
    const store = await storeAt(dataDir);
    expect(await store.readEvents(taskId)).toEqual(events);
    expect(await store.readCheckpoint(taskId)).toMatchObject({ keyId: "k1" });
  });

  test("keeps what was there under another name, with all that its log had, and that can be restored in turn", async () => {
    const { dataDir, file } = await backedUp();
    const store = await storeAt(dataDir);
    await store.takeIn({ key: "since", kind: "webhook", lane: "a", body: "{}", receivedAt: minute(0) });
    const log = await readFile(path.join(dataDir, "phasegate.sqlite-wal"));
    await store.close();
    const { keptAs } = await restore(dataDir, file, { id: "2" });
    expect(keptAs).toBe(path.join(dataDir, "phasegate.sqlite.before-2"));
    expect(log.length).toBeGreaterThan(0);
    expect(rowsIn(dataDir, "select key from inbox")).toEqual([]);
    await restore(dataDir, keptAs ?? "", { id: "3" });
    expect(rowsIn(dataDir, "select key from inbox")).toEqual([{ key: "since" }]);
  });

  test("reads nothing of the old log into the new store", async () => {
    const { dataDir, file } = await backedUp();
    const { dataDir: alive } = await atWork();
    for (const name of ["phasegate.sqlite", "phasegate.sqlite-wal"]) {
      await writeFile(path.join(dataDir, name), await readFile(path.join(alive, name)));
    }
    edit(file, "delete from checkpoints");
    await restore(dataDir, file, { id: "2" });
    expect(rowsIn(dataDir, "select task_id from checkpoints")).toEqual([]);
    expect((await readdir(dataDir)).filter((name) => name.includes("-wal") && !name.includes("before"))).toEqual([]);
  });

  test("sets a store aside that is damaged beyond reading", async () => {
    const { dataDir, file } = await backedUp();
    await writeFile(path.join(dataDir, "phasegate.sqlite"), "rubbish".repeat(1_000));
    const { keptAs } = await restore(dataDir, file, { id: "2" });
    expect(await readFile(keptAs ?? "", "utf8")).toContain("rubbish");
    expect(await (await storeAt(dataDir)).readEvents(taskId)).toEqual(events);
  });

  test("is refused while the app has the folder open, and changes nothing", async () => {
    const { dataDir } = await atWork();
    const { file } = await backedUp();
    await expect(restore(dataDir, file, { id: "2" })).rejects.toBeInstanceOf(StoreLocked);
    expect((await readdir(dataDir)).filter((name) => name.includes("2"))).toEqual([]);
  });

  test.each([
    [
      "of a newer Phasegate",
      "insert into kysely_migration values ('9999_from_tomorrow', '2030')",
      "9999_from_tomorrow",
    ],
    ["of another program", "drop table kysely_migration", "no store of Phasegate"],
    [
      "of another program with the same tool",
      "update kysely_migration set name = 'x' || name",
      "no store of Phasegate",
    ],
  ])("refuses a file %s, and the store stays", async (_what, change, why) => {
    const { file } = await backedUp();
    edit(file, change);
    const { dataDir, stop } = await atWork();
    await stop();
    const before = await readFile(path.join(dataDir, "phasegate.sqlite"));
    expect(await refusalOf(restore(dataDir, file, { id: "2" }))).toContain(why);
    expect(await readFile(path.join(dataDir, "phasegate.sqlite"))).toEqual(before);
    expect((await readdir(dataDir)).toSorted()).toEqual(["phasegate.lock", "phasegate.sqlite"]);
  });

  test.each([
    ["a text", "this is no database of any kind"],
    ["an empty file", ""],
  ])("refuses %s", async (_what, content) => {
    const { dataDir, file } = await backedUp();
    await writeFile(file, content);
    expect(await refusalOf(restore(dataDir, file, { id: "2" }))).toContain("no store of Phasegate");
  });

  test("refuses a file that breaks off", async () => {
    const { dataDir, file } = await backedUp();
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, whole.length - 8_192));
    expect(await refusalOf(restore(dataDir, file, { id: "2" }))).toMatch(/damaged/u);
  });
});

describe("on the command line", () => {
  test("a backup and its restore say what is held, which keys it needs, and what comes next", async () => {
    const { dataDir, file, stop } = await atWork();
    const env = { DATA_DIR: dataDir };
    const backup = await run("backup.ts", env, file);
    expect(backup).toMatchObject({ code: 0, complained: "" });
    expect(backup.said).toContain(`tasks: 1 (1 open), events: ${events.length}`);
    expect(backup.said).toContain("sealed with k1");
    expect(await run("restore.ts", env, file)).toMatchObject({
      code: 1,
      complained: expect.stringContaining("another Phasegate is using it"),
    });
    await stop();
    const restored = await run("restore.ts", env, file);
    expect(restored).toMatchObject({ code: 0, complained: "" });
    expect(restored.said).toContain("phasegate.sqlite.before-");
    expect(restored.said).toContain("Next: npm run rebuild");
  });

  test("with PostgreSQL they name its own tools, and a wrong call gets the usage", async () => {
    const env = { DATABASE_URL: "postgres://user:hidden@localhost/phasegate" };
    const results = [await run("backup.ts", env, "file"), await run("restore.ts", env, "file")];
    expect(results.map(({ code }) => code)).toEqual([1, 1]);
    expect(results[0]?.complained).toContain("pg_dump");
    expect(results[1]?.complained).toContain("pg_restore");
    expect(JSON.stringify(results)).not.toContain("hidden");
    expect(await run("backup.ts", {}, "one", "two")).toMatchObject({
      code: 2,
      complained: expect.stringContaining("usage: npm run backup"),
    });
  });
});
