/** Many callers share a commit: what each is told must hold all the same. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { NodeSqliteDialect, openDatabase } from "../../src/store/sqlite-dialect.ts";

interface Numbers {
  readonly numbers: { readonly n: number };
}

async function numbersDb() {
  const folder = mkdtempSync(join(tmpdir(), "phasegate-driver-"));
  const path = join(folder, "numbers.sqlite");
  const database = openDatabase(path);
  const db = new Kysely<Numbers>({ dialect: new NodeSqliteDialect(database) });
  const outside = new DatabaseSync(path);
  onTestFinished(async () => {
    outside.close();
    await db.destroy();
    rmSync(folder, { recursive: true });
  });
  await db.schema
    .createTable("numbers")
    .addColumn("n", "integer", (column) => column.primaryKey())
    .execute();
  /** What another process sees, and so what would be left if this one ended now. */
  const committed = () =>
    outside
      .prepare("select n from numbers order by n")
      .all()
      .map(({ n }) => Number(n));
  return { db, committed };
}

test("whoever is answered finds it committed, also who only read what another had just written", async () => {
  const { db, committed } = await numbersDb();
  const seen: number[][] = [];
  const writers = [1, 2, 3].map((n) =>
    db
      .insertInto("numbers")
      .values({ n })
      .execute()
      .then(() => seen.push(committed())),
  );
  const reader = db
    .selectFrom("numbers")
    .select("n")
    .execute()
    .then((rows) => {
      expect(committed()).toEqual(rows.map(({ n }) => n));
      return rows;
    });
  await Promise.all(writers);
  expect(await reader).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(seen).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test("a transaction that fails takes back its own part, not that of the others beside it", async () => {
  const { db, committed } = await numbersDb();
  const one = db.transaction().execute((trx) => trx.insertInto("numbers").values({ n: 1 }).execute());
  const failing = db.transaction().execute(async (trx) => {
    await trx.insertInto("numbers").values({ n: 2 }).execute();
    throw new Error("changed my mind");
  });
  const clash = db.insertInto("numbers").values({ n: 1 }).execute();
  const three = db.insertInto("numbers").values({ n: 3 }).execute();
  await expect(failing).rejects.toThrow("changed my mind");
  await expect(clash).rejects.toThrow(/UNIQUE constraint failed/u);
  await Promise.all([one, three]);
  expect(committed()).toEqual([1, 3]);
});

test("where the database takes back everything, all that waited are told, and the next one goes through", async () => {
  const { db, committed } = await numbersDb();
  // So does SQLite on its own where the disk is full.
  const takingBack = sql`insert or rollback into numbers (n) values (1)`;
  const one = db.insertInto("numbers").values({ n: 1 }).execute();
  const goingOn = db.transaction().execute(async (trx) => {
    await trx.insertInto("numbers").values({ n: 2 }).execute();
    await takingBack.execute(trx).catch(() => undefined);
    // Without its transaction this would be committed at once.
    await trx.insertInto("numbers").values({ n: 3 }).execute();
  });
  const four = db.insertInto("numbers").values({ n: 4 }).execute();
  await expect(one).rejects.toThrow(/UNIQUE constraint failed/u);
  await expect(goingOn).rejects.toThrow(/UNIQUE constraint failed|taken back/u);
  await four;
  expect(committed()).toEqual([4]);
});

test("closing waits for what was asked before", async () => {
  const { db, committed } = await numbersDb();
  const insert = db.insertInto("numbers").values({ n: 1 }).execute();
  await db.connection().execute(async () => {});
  expect(committed()).toEqual([1]);
  await insert;
});
