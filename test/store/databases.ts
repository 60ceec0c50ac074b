/** The two databases behind the store: what is true of one is tested on both. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Kysely, sql } from "kysely";
import { beforeEach, describe, inject, onTestFinished } from "vitest";
import type { Store } from "../../src/control/ports/store.ts";
import type { Differences } from "../../src/store/database.ts";
import { openStore } from "../../src/store/open-store.ts";
import { PhasegatePostgresDialect } from "../../src/store/postgres-dialect.ts";
import { postgresPool } from "../../src/store/postgres-pool.ts";
import { postgresDifferences } from "../../src/store/postgres.ts";
import type { Db, Schema } from "../../src/store/schema.ts";
import { NodeSqliteDialect, openDatabase } from "../../src/store/sqlite-dialect.ts";
import { sqliteDifferences } from "../../src/store/sqlite.ts";
import { minute, temporaryFolder } from "./temporary-store.ts";

type Options = Parameters<typeof openStore>[0];

/** Where a store lies: nobody else has it, and it is gone after the test. */
export interface Place {
  readonly options: Pick<Options, "dataDir" | "databaseUrl">;
  readonly differences: Differences;
  /** Opens the store, which is closed when the test ends. */
  readonly open: (more?: Partial<Pick<Options, "now" | "newId">>) => Promise<Store>;
  /** Looks or meddles, as somebody else than the store. */
  readonly outside: <T>(work: (db: Db) => Promise<T>) => Promise<T>;
  readonly rows: (query: string) => Promise<readonly object[]>;
}

export interface TestDatabase {
  readonly name: "SQLite" | "PostgreSQL";
  readonly freshPlace: () => Promise<Place>;
  readonly freshStore: () => Promise<Store>;
}

/** Resolves when somebody waits for a row that `db` holds in its transaction. */
export async function somebodyWaits(db: Db): Promise<void> {
  const waiting = sql`select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))`;
  while ((await waiting.execute(db)).rows.length === 0);
}

/** A database on the server, empty and for nobody else. */
export interface TemporaryDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Null where this machine has no server for us; in CI that is a fault. */
export async function temporaryDatabase(): Promise<TemporaryDatabase | { readonly url: null; readonly why: string }> {
  const { url, why } = await serverUrl();
  if (url === null) {
    if (process.env["CI"] === "true") throw new Error(why);
    return { url, why };
  }
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await using(openPostgresDb(url), (db) => sql`create database ${sql.id(name)}`.execute(db));
  const address = new URL(url);
  address.pathname = `/${name}`;
  return {
    url: address.href,
    drop: async () => {
      await using(openPostgresDb(url), (db) => sql`drop database ${sql.id(name)} with (force)`.execute(db));
    },
  };
}

/** Declares the tests once for each database. */
export function onEachDatabase(tests: (database: TestDatabase) => void): void {
  describe("on SQLite", () => {
    tests(sqlite);
  });
  onPostgres(tests);
}

/** Declares tests of what only several processes show. Where no server can be had they are skipped; in CI they fail. */
export function onPostgres(tests: (database: TestDatabase) => void): void {
  describe("on PostgreSQL", () => {
    beforeEach(async (context) => {
      const { url, why } = await serverUrl();
      if (url !== null) return;
      if (process.env["CI"] === "true") throw new Error(why);
      context.skip(why);
    });
    tests(postgres);
  });
}

const sqlite: TestDatabase = {
  name: "SQLite",
  freshStore: () => placeAt({ dataDir: ":memory:" }, sqliteDifferences, () => openSqliteDb(":memory:")).open(),
  freshPlace: async () => {
    const dataDir = await temporaryFolder();
    return placeAt({ dataDir }, sqliteDifferences, () => openSqliteDb(join(dataDir, "phasegate.sqlite")));
  },
};

const postgres: TestDatabase = {
  name: "PostgreSQL",
  freshStore: async () => (await postgres.freshPlace()).open(),
  freshPlace: async () => {
    const { url, why } = await serverUrl();
    if (url === null) throw new Error(why);
    const name = `test_${randomUUID().replaceAll("-", "")}`;
    const schema = sql.id(name);
    await using(openPostgresDb(url), (db) => sql`create schema ${schema}`.execute(db));
    onTestFinished(async () => {
      await using(openPostgresDb(url), (db) => sql`drop schema ${schema} cascade`.execute(db));
    });
    const address = new URL(url);
    address.searchParams.set("options", `-c search_path=${name}`);
    const databaseUrl = address.href;
    return placeAt({ dataDir: "/nowhere", databaseUrl }, postgresDifferences, () => openPostgresDb(databaseUrl));
  },
};

function placeAt(options: Place["options"], differences: Differences, connect: () => Db): Place {
  const outside: Place["outside"] = (work) => using(connect(), work);
  return {
    options,
    differences,
    outside,
    rows: (query) => outside(async (db) => (await sql.raw<object>(query).execute(db)).rows),
    open: async (more) => {
      const store = await openStore({ ...options, now: () => new Date(minute(0)), newId: serials(), ...more });
      onTestFinished(() => store.close());
      return store;
    },
  };
}

function serials(): () => string {
  let serial = 0;
  return () => `id-${(serial += 1)}`;
}

function openSqliteDb(path: string): Db {
  return new Kysely<Schema>({ dialect: new NodeSqliteDialect(openDatabase(path)) });
}

function openPostgresDb(url: string): Db {
  const pool = postgresPool(url, { connectionsMax: 1, statementMsMax: 10_000 });
  return new Kysely<Schema>({ dialect: new PhasegatePostgresDialect(pool) });
}

async function using<T>(db: Db, work: (db: Db) => Promise<T>): Promise<T> {
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

/** A server that is there already, e.g. of another version, or the one that the test run starts for us. */
async function serverUrl(): Promise<{ readonly url: string | null; readonly why: string }> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given !== undefined) return { url: given, why: "" };
  const offer: string | undefined = inject("postgresOffer");
  if (offer === undefined) return { url: null, why: "test/store/offer-postgres.ts is not in globalSetup" };
  const answer = await fetch(offer);
  const text = await answer.text();
  return answer.ok ? { url: text, why: "" } : { url: null, why: `no PostgreSQL on this machine: ${text}` };
}
