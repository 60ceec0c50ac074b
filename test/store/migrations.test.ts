import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { z } from "zod";
import type { InboxMessage } from "../../src/control/ports/queues.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { changesetIdFrom } from "../../src/core/ids.ts";
import { eventCodecs } from "../../src/store/event-schemas.ts";
import { migrate } from "../../src/store/migrations/migrate.ts";
import { run1, spent, taskId } from "../core/given.ts";
import { onEachDatabase, type Place } from "./databases.ts";
import { minute, unitOf } from "./temporary-store.ts";

/**
 * One file for each version that shipped: rows as that version wrote them, in every table that it had. A migration to
 * come needs no other test; the version before it needs its file, made from a store of that version and never edited.
 * `seq` is left to the database, and bytes are `{"base64": …}`.
 */
const folder = join(import.meta.dirname, "rows-of-versions");

const Cell = z.union([z.string(), z.number(), z.null(), z.strictObject({ base64: z.base64() })]);
const Seed = z.record(z.string(), z.array(z.record(z.string(), Cell)).nonempty());
type Seed = z.infer<typeof Seed>;

const versions = readdirSync(folder)
  .map((file) => file.replace(/\.json$/u, ""))
  .toSorted();

function seedOf(version: string): Seed {
  return Seed.parse(JSON.parse(readFileSync(join(folder, `${version}.json`), "utf8")));
}

/** Tasks first: the rows of others refer to them. */
async function sow(place: Place, seed: Seed): Promise<void> {
  const tables = Object.keys(seed).toSorted((one, other) => Number(other === "tasks") - Number(one === "tasks"));
  await place.outside(async (db) => {
    for (const table of tables) {
      for (const row of seed[table] ?? []) {
        const columns = Object.keys(row);
        const values = Object.values(row).map((cell) =>
          typeof cell === "object" && cell !== null ? Buffer.from(cell.base64, "base64") : cell,
        );
        const names = sql.join(columns.map((column) => sql.id(column)));
        await sql`insert into ${sql.id(table)} (${names}) values (${sql.join(values)})`.execute(db);
      }
    }
  });
}

async function rowsIn(place: Place, seed: Seed): Promise<Seed> {
  const found: Record<string, unknown> = {};
  for (const [table, rows] of Object.entries(seed)) {
    const columns = Object.keys(rows[0] ?? {}).join(", ");
    found[table] = (await place.rows(`select ${columns} from ${table}`)).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([column, cell]) => [
          column,
          cell instanceof Uint8Array ? { base64: Buffer.from(cell).toString("base64") } : cell,
        ]),
      ),
    );
  }
  return Seed.parse(found);
}

function inAnyOrder(seed: Seed): unknown {
  return Object.fromEntries(
    Object.entries(seed).map(([table, rows]) => [table, rows.map((row) => JSON.stringify(row)).toSorted()]),
  );
}

function webhook(key: string): InboxMessage {
  return { key, kind: "webhook", lane: "repository:2", body: "{}", receivedAt: minute(0) };
}

/** Those that lay in the store of every version; live columns apart, which no history knows. */
async function readModelsIn(place: Place): Promise<unknown> {
  const found: unknown[] = [];
  for (const table of ["tasks", "runs", "phases", "steps", "reviews", "verifications", "usage_metrics"]) {
    found.push([table, await place.rows(`select * from ${table} order by 1, 2, 3`)]);
  }
  return found;
}

async function migrationsIn(place: Place): Promise<readonly string[]> {
  const rows = await place.outside((db) =>
    sql<{ readonly name: string }>`select name from kysely_migration order by name`.execute(db),
  );
  return rows.rows.map(({ name }) => name);
}

onEachDatabase(({ freshPlace }) => {
  for (const version of versions) {
    test(`a store of ${version}, with rows in every table, keeps them all, is brought up to date and works on`, async () => {
      const seed = seedOf(version);
      const place = await freshPlace();
      await place.outside(async (db) => {
        await migrate(db, place.differences, version);
        const tables = (await db.introspection.getTables()).map(({ name }) => name);
        expect(Object.keys(seed).toSorted()).toEqual(tables.filter((name) => !name.startsWith("kysely_")).toSorted());
      });
      await sow(place, seed);
      // Opened as a folder that nobody holds, a store voids the leases of whoever died; the migration itself keeps them.
      await place.outside((db) => migrate(db, place.differences));
      expect(inAnyOrder(await rowsIn(place, seed))).toEqual(inAnyOrder(seed));

      let serial = 0;
      const store = await place.open({ newId: () => `new-${(serial += 1)}` });
      const events = await store.readEvents(taskId);
      expect(events).toHaveLength(seed["events"]?.length ?? 0);
      expect((await store.reconstructTaskState(taskId))?.status).toBe(seed["tasks"]?.[0]?.["status"]);
      expect(await store.readText("hash-of-prompt")).toBe("A link shortener");
      expect(await store.readChangeset(changesetIdFrom("changeset-1"))).toBe("[]");
      expect(await store.runSessionByToken("hash-of-token")).toMatchObject({ runId: run1, taskId });
      expect(await store.rememberTokenId("jti-1", minute(9))).toBe(false);
      expect(await store.readRunLog(run1)).toEqual(["the first line", "the second line"]);
      expect(await store.readLive(taskId)).toMatchObject({ currentStep: "01_screens", spent });
      expect(await store.taskOfPullRequest(2, 31)).toBe(taskId);
      expect(await store.takeIn(webhook("webhook:1"))).toBe("known");

      const folded = await freshPlace();
      await (await folded.open()).commit(unitOf(events));
      expect(await readModelsIn(place)).toEqual(await readModelsIn(folded));

      const [message, ...others] = await store.dueMessages(minute(20), 10);
      expect(message).toMatchObject({ key: "webhook:2", attempts: 1, putOffs: 1 });
      expect(others).toEqual([]);
      const claimed = await store.claimEffects(minute(20), minute(30), 10);
      expect(claimed.map(({ key }) => key)).toEqual(["task-1:2:0", "status:task-1"]);
      const paused: TaskEvent = { type: "TaskPaused", at: minute(20), reason: { kind: "no-model-secret" } };
      await store.commit(unitOf([paused], events, { inboxKey: "webhook:2", effectKey: "task-1:2:0" }));
      expect(await store.readEvents(taskId)).toEqual([...events, paused]);
      expect(await store.dueMessages(minute(20), 10)).toMatchObject([{ key: "step:run-2:01_screens" }]);
      await store.eraseTask(taskId);
      // What was written anew is of the version of now, and would be lifted twice under its old number.
      expect(await place.rows("select distinct schema_version from events where type = 'TaskCreated'")).toEqual([
        { schema_version: eventCodecs.TaskCreated.version },
      ]);
      expect((await store.readEvents(taskId)).map(({ type }) => type)).toEqual(
        [...events, paused].map(({ type }) => type),
      );
    });
  }

  test("every version before the newest has its rows here", async () => {
    const place = await freshPlace();
    await place.open();
    const before = (await migrationsIn(place)).slice(0, -1);
    expect(versions).toEqual(expect.arrayContaining([...before]));
  });

  test("a store that is up to date is left as it is", async () => {
    const place = await freshPlace();
    await (await place.open()).close();
    const before = await place.rows("select * from kysely_migration order by name");
    await place.open();
    expect(await place.rows("select * from kysely_migration order by name")).toEqual(before);
  });

  test("a migration that fails leaves nothing behind, and can be tried again", async () => {
    const place = await freshPlace();
    await place.outside((db) => db.schema.createTable("usage_metrics").addColumn("mine", "text").execute());
    await expect(place.open()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('migrating the store to "0001_initial"') },
    });
    await place.outside((db) => db.schema.dropTable("usage_metrics").execute());
    const store = await place.open();
    expect(await store.dueMessages(minute(0), 1)).toEqual([]);
  });

  test("a store of a newer version is left as it is", async () => {
    const place = await freshPlace();
    await (await place.open()).close();
    await place.rows("insert into kysely_migration (name, timestamp) values ('9999_from_tomorrow', '2030')");
    await expect(place.open()).rejects.toMatchObject({
      cause: { message: expect.stringContaining("written by a newer Phasegate") },
    });
  });
});
