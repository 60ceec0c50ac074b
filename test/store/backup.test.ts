/** Copies of the embedded store, and the way back. */
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { backUp, CopyRefused, restore } from "../../src/store/backup.ts";
import { StoreLocked } from "../../src/store/data-folder.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { createTask, eventsOf, taskId } from "../core/given.ts";
import { minute, rowsIn, storeAt, temporaryFolder, unitOf } from "./temporary-store.ts";

const past = eventsOf([createTask()]);
const paused: TaskEvent = { type: "TaskPaused", at: minute(30), reason: { kind: "paused", by: "owner" } };
const later = new Date(minute(60));

async function places() {
  const dataDir = await temporaryFolder();
  return { dataDir, file: path.join(await temporaryFolder(), "copy.sqlite") };
}

test("a copy is made while the store is open, holds what was committed, and is for this user alone", async () => {
  const { dataDir, file } = await places();
  const store = await storeAt(dataDir);
  await store.commit(unitOf(past));
  expect(await backUp(dataDir, file)).toMatchObject({ tasks: 1, events: past.length });
  await store.commit(unitOf([paused], past));
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
  expect(await readdir(path.dirname(file))).toEqual(["copy.sqlite"]);

  const elsewhere = await temporaryFolder();
  expect(await restore(elsewhere, file, later)).toMatchObject({ tasks: 1, events: past.length, aside: null });
  const restored = await storeAt(elsewhere);
  expect(await restored.readEvents(taskId)).toEqual(past);
  expect(((await stat(path.join(elsewhere, "phasegate.sqlite"))).mode & 0o777).toString(8)).toBe("600");
});

test("a copy is never written over another file", async () => {
  const { dataDir, file } = await places();
  await (await storeAt(dataDir)).commit(unitOf(past));
  await writeFile(file, "letters");
  await expect(backUp(dataDir, file)).rejects.toThrow("is there already; name a new file");
  expect(await readFile(file, "utf8")).toBe("letters");
});

test("a folder without a store has nothing to copy, and is left as it is", async () => {
  const { dataDir, file } = await places();
  await expect(backUp(dataDir, file)).rejects.toThrow("is DATA_DIR the app's folder?");
  expect(await readdir(dataDir)).toEqual([]);
});

test("a restore is refused while the app is running", async () => {
  const { dataDir, file } = await places();
  await (await storeAt(dataDir)).commit(unitOf(past));
  await backUp(dataDir, file);
  await expect(restore(dataDir, file, later)).rejects.toThrow(StoreLocked);
});

test("a restore is refused where the store knows more than the copy, and takes its place where it does not", async () => {
  const { dataDir, file } = await places();
  const store = await storeAt(dataDir);
  await store.commit(unitOf(past));
  await backUp(dataDir, file);
  await store.commit(unitOf([paused], past));
  const newer = path.join(path.dirname(file), "newer.sqlite");
  await backUp(dataDir, newer);
  await store.close();
  await expect(restore(dataDir, file, later)).rejects.toThrow(
    `knows what happened until ${minute(30)}, the copy until`,
  );

  const { aside } = await restore(dataDir, newer, later);
  expect(aside).toContain("phasegate.sqlite.until-");
  expect(await readdir(dataDir)).toContain(path.basename(aside ?? ""));
  expect(rowsIn(dataDir, "select count(*) as n from events")).toEqual([{ n: past.length + 1 }]);
});

test("a store that cannot be read any more is set aside", async () => {
  const { dataDir, file } = await places();
  const store = await storeAt(dataDir);
  await store.commit(unitOf(past));
  await backUp(dataDir, file);
  await store.close();
  await writeFile(path.join(dataDir, "phasegate.sqlite"), "no database");
  const { aside } = await restore(dataDir, file, later);
  expect(await readFile(aside ?? "", "utf8")).toBe("no database");
  expect(await (await storeAt(dataDir)).readEvents(taskId)).toEqual(past);
});

test("what is damaged, of a newer Phasegate, or something else is refused before anything is changed", async () => {
  const { dataDir, file } = await places();
  await (await storeAt(dataDir)).commit(unitOf(past));
  await backUp(dataDir, file);
  const elsewhere = await temporaryFolder();
  const restored = async (bytes: Uint8Array | string) => {
    const other = path.join(await temporaryFolder(), "other.sqlite");
    await writeFile(other, bytes);
    return restore(elsewhere, other, later);
  };
  const whole = await readFile(file);
  await expect(restored(whole.subarray(0, whole.length - 8_192))).rejects.toThrow(CopyRefused);
  await expect(restored("no database")).rejects.toThrow("is no copy of a store of Phasegate");
  const database = new DatabaseSync(file);
  database.exec("insert into kysely_migration (name, timestamp) values ('9999_later', 'now')");
  database.close();
  await expect(restore(elsewhere, file, later)).rejects.toThrow("is of a newer Phasegate (9999_later)");
  await expect(restore(elsewhere, `${file}.nowhere`, later)).rejects.toThrow("there is no file");
  expect(await readdir(elsewhere)).toEqual([]);
});

test("as programs they say what they did and which keys are not in it, and send PostgreSQL's users to its own", async () => {
  const { dataDir, file } = await places();
  await (await storeAt(dataDir)).commit(unitOf(past));
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const env = {
    APP_ID: "1",
    PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    WEBHOOK_SECRET: "a-secret-for-tests",
    PUBLIC_URL: "https://phasegate.example",
    ACTION_REF: `phasegate/phasegate@${"0".repeat(40)}`,
    DATA_DIR: dataDir,
  };
  const run = (program: string, more: Readonly<Record<string, string>>, ...named: readonly string[]) =>
    new Promise<string>((resolve) => {
      const main = path.join(import.meta.dirname, "..", "..", "src", program);
      execFile(process.execPath, [main, ...named], { env: { ...env, ...more } }, (error, stdout, stderr) =>
        resolve(`${typeof error?.code === "number" ? error.code : 0}: ${stdout}${stderr}`),
      );
    });
  expect(await run("backup.ts", {}, file)).toMatch(/^0: copied and checked: 1 tasks with \d+ events.*\nthe keys /u);
  expect(await run("restore.ts", {}, file)).toContain("1: phasegate: opening data folder");
  const elsewhere = await temporaryFolder();
  expect(await run("restore.ts", { DATA_DIR: elsewhere }, file)).toMatch(/^0: restored: 1 tasks with /u);
  expect(await run("backup.ts", {})).toBe("2: usage: npm run backup -- <file>\n");
  expect(await run("restore.ts", { DATABASE_URL: "postgres://a:b@localhost/c" }, file)).toContain("use pg_restore");
});
