import { expect, test } from "vitest";
import { migrate } from "../../src/store/migrations/migrate.ts";
import { onEachDatabase } from "./databases.ts";
import { minute } from "./temporary-store.ts";

onEachDatabase(({ freshPlace }) => {
  test("a store of the first version, with rows in it, is brought up to date and works on", async () => {
    const place = await freshPlace();
    await place.outside((db) => migrate(db, place.differences, "0001_initial"));
    // The tables of that day know nothing of leases.
    const row = `'webhook', 'm', '{}', '${minute(0)}', 'waiting', '${minute(0)}', 2, 1, 'GitHub answered 502'`;
    await place.rows(
      `insert into inbox (key, kind, lane, body, received_at, status, not_before, attempts, put_offs, error)
       values ('m1', ${row}), ('m2', ${row})`,
    );
    const store = await place.open();
    const [message, ...others] = await store.dueMessages(minute(0), 10);
    expect(message).toMatchObject({ key: "m1", attempts: 2, putOffs: 1 });
    expect(others).toEqual([]);
    await store.markProcessed("m1");
    expect(await store.dueMessages(minute(0), 10)).toMatchObject([{ key: "m2" }]);
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
