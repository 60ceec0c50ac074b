import { Kysely, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { NodeSqliteDialect, openDatabase } from "../../src/store/sqlite-dialect.ts";

interface Numbers {
  readonly numbers: { readonly n: number };
}

async function numbersDb(): Promise<Kysely<Numbers>> {
  const db = new Kysely<Numbers>({ dialect: new NodeSqliteDialect(openDatabase(":memory:")) });
  onTestFinished(() => db.destroy());
  await db.schema
    .createTable("numbers")
    .addColumn("n", "integer", (column) => column.primaryKey())
    .execute();
  return db;
}

async function numbersIn(db: Kysely<Numbers>): Promise<readonly number[]> {
  return (await db.selectFrom("numbers").select("n").orderBy("n").execute()).map(({ n }) => n);
}

test("a query beside an open transaction waits, and neither sees nor shares its fate", async () => {
  const db = await numbersDb();
  const inside = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const order: string[] = [];
  const transaction = db.transaction().execute(async (trx) => {
    await trx.insertInto("numbers").values({ n: 1 }).execute();
    inside.resolve();
    await goOn.promise;
    order.push("transaction");
    throw new Error("changed my mind");
  });
  await inside.promise;
  const insert = db.insertInto("numbers").values({ n: 2 }).execute();
  const look = numbersIn(db);
  void insert.then(() => order.push("insert"));
  goOn.resolve();
  await expect(transaction).rejects.toThrow("changed my mind");
  await insert;
  expect(await look).toEqual([2]);
  expect(order).toEqual(["transaction", "insert"]);
});

test("transactions of many callers run one after the other", async () => {
  const db = await numbersDb();
  await Promise.all(
    Array.from({ length: 20 }, () =>
      db.transaction().execute(async (trx) => {
        const seen = await numbersIn(trx);
        await trx.insertInto("numbers").values({ n: seen.length }).execute();
      }),
    ),
  );
  expect(await numbersIn(db)).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test("a failed transaction leaves the connection usable", async () => {
  const db = await numbersDb();
  await db.insertInto("numbers").values({ n: 1 }).execute();
  const twice = db.transaction().execute(async (trx) => {
    await trx.insertInto("numbers").values({ n: 2 }).execute();
    await trx.insertInto("numbers").values({ n: 1 }).execute();
  });
  await expect(twice).rejects.toThrow(/UNIQUE constraint failed: numbers.n/u);
  expect(await numbersIn(db)).toEqual([1]);
});

test("a parameter that no column can hold is refused", async () => {
  const db = await numbersDb();
  const query = db
    .selectFrom("numbers")
    .selectAll()
    .where(sql<boolean>`n = ${true}`);
  await expect(query.execute()).rejects.toThrow(/parameter of a query, got boolean/u);
});

test("rows and counts come back", async () => {
  const db = await numbersDb();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("numbers")
    .values([{ n: 1 }, { n: 2 }])
    .executeTakeFirstOrThrow();
  expect(numInsertedOrUpdatedRows).toBe(2n);
  expect(await db.insertInto("numbers").values({ n: 3 }).returning("n").execute()).toEqual([{ n: 3 }]);
});

test("the database keeps its promises: on the disk before the answer, and no row without its parent", () => {
  const database = openDatabase(":memory:");
  expect(database.prepare("pragma synchronous").get()).toEqual({ synchronous: 2 });
  expect(database.prepare("pragma foreign_keys").get()).toEqual({ foreign_keys: 1 });
  database.close();
});
