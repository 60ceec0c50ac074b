import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { StoreLocked } from "../../src/store/data-folder.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createTask, eventsOf, taskId } from "../core/given.ts";
import { effect, minute, storeAt, temporaryFolder, unitOf } from "./temporary-store.ts";

const openStoreUrl = new URL("../../src/store/open-store.ts", import.meta.url).href;
const message = { key: "delivery", kind: "webhook", lane: "a", body: "{}", receivedAt: minute(0) } as const;

/** Another process that opens the store, takes in a message, says how it went, and stays. */
async function otherProcess(dataDir: string): Promise<{ readonly said: string; readonly child: ChildProcess }> {
  const program = `
    import { openStore } from ${JSON.stringify(openStoreUrl)};
    try {
      const store = await openStore({ dataDir: process.argv[1], now: () => new Date(0), newId: () => "id" });
      await store.takeIn(${JSON.stringify(message)});
      process.stdout.write("opened");
      setInterval(() => {}, 1_000_000);
    } catch (error) {
      process.stdout.write(error.name + ": " + error.message);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = await once(child.stdout, "data");
  return { said: String(said), child };
}

test("what was stored is there after a close and an opening", async () => {
  const dataDir = await temporaryFolder();
  const events = eventsOf([createTask()]);
  const first = await storeAt(dataDir);
  await first.takeIn(message);
  await first.commit(unitOf(events, [], { effects: [effect("e1", "a")] }));
  await first.saveText("hash", "text");
  await first.close();
  const second = await storeAt(dataDir);
  expect(await second.readEvents(taskId)).toEqual(events);
  expect(await second.readText("hash")).toBe("text");
  expect(await second.dueMessages(minute(0), 5)).toHaveLength(1);
  expect(await second.claimEffects(minute(0), minute(1), 5)).toHaveLength(1);
});

test("leases that a dead process left are void: its effects are due at once, and the try stays counted", async () => {
  const dataDir = await temporaryFolder();
  const first = await storeAt(dataDir);
  await first.commit(unitOf([], [], { effects: [effect("e1", "a"), effect("e2", "b")] }));
  await first.claimEffects(minute(0), minute(10), 1);
  await first.close();
  const second = await storeAt(dataDir);
  expect((await second.claimEffects(minute(0), minute(10), 5)).map(({ key, attempts }) => [key, attempts])).toEqual([
    ["e1", 1],
    ["e2", 0],
  ]);
});

test("what was committed is on the disk at once: a copy made while the store is open has it", async () => {
  const dataDir = await temporaryFolder();
  const copy = join(await temporaryFolder(), "copy");
  const store = await storeAt(dataDir);
  await store.commit(unitOf(eventsOf([createTask()])));
  await mkdir(copy);
  for (const name of ["phasegate.sqlite", "phasegate.sqlite-wal"])
    await copyFile(join(dataDir, name), join(copy, name));
  expect(await (await storeAt(copy)).readEvents(taskId)).toEqual(eventsOf([createTask()]));
});

test("another process is refused while one has the folder, and let in once that was killed", async () => {
  const dataDir = await temporaryFolder();
  const { said, child } = await otherProcess(dataDir);
  expect(said).toBe("opened");
  const refusal = await openStore({ dataDir, now: () => new Date(), newId: () => "id" }).catch(
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(StoreLocked);
  expect(refusal).toMatchObject({ dataDir, message: expect.stringContaining(`"${dataDir}"`) });

  child.kill("SIGKILL");
  await once(child, "exit");
  const store = await storeAt(dataDir);
  expect(await store.takeIn(message)).toBe("known");
});

test("a second opening in one process is refused, and does not loosen the first one's lock", async () => {
  const dataDir = await temporaryFolder();
  await storeAt(dataDir);
  await expect(openStore({ dataDir, now: () => new Date(), newId: () => "id" })).rejects.toThrow(StoreLocked);
  const { said } = await otherProcess(dataDir);
  expect(said).toContain("StoreLocked: opening data folder");
  expect(said).toContain("set DATA_DIR to a folder of its own");
});

test("folder and files are for our user alone", async () => {
  const dataDir = join(await temporaryFolder(), "deep", "data");
  const store = await storeAt(dataDir);
  await store.takeIn(message);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  for (const name of ["phasegate.sqlite", "phasegate.sqlite-wal", "phasegate.lock"]) {
    expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
  }
});

test("a closed store refuses, and closing twice is fine", async () => {
  const store = await storeAt(":memory:");
  const last = store.takeIn(message);
  await Promise.all([store.close(), store.close()]);
  expect(await last).toBe("new");
  await expect(store.takeIn(message)).rejects.toThrow(/destroyed/u);
});

test("a failed opening gives the lock back", async () => {
  const dataDir = await temporaryFolder();
  await writeFile(join(dataDir, "phasegate.sqlite"), "this is no database, and long enough to be looked at".repeat(40));
  const options = { dataDir, now: () => new Date(), newId: () => "id" };
  const opening = expect.stringContaining(`opening the store "${join(dataDir, "phasegate.sqlite")}"`);
  await expect(openStore(options)).rejects.toMatchObject({ message: opening });
  await expect(openStore(options)).rejects.not.toBeInstanceOf(StoreLocked);
});

test("a folder that is a file is named", async () => {
  const file = join(await temporaryFolder(), "file");
  await writeFile(file, "");
  await expect(openStore({ dataDir: file, now: () => new Date(), newId: () => "id" })).rejects.toThrow(
    `opening data folder "${file}"; it must be a folder that this user may write`,
  );
});
