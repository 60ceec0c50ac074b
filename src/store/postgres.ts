/** PostgreSQL: several processes may share it, so what must not happen at once is kept apart by locks on rows. */
import { Kysely, sql } from "kysely";
import type { Database, Differences } from "./database.ts";
import { PhasegatePostgresDialect } from "./postgres-dialect.ts";
import { postgresPool, type Limits } from "./postgres-pool.ts";
import type { Db, Schema } from "./schema.ts";

/** The oldest that its makers still mend. */
const versionMin = 15;

const working: Limits = { connectionsMax: 10, statementMsMax: 30_000 };
/** One process migrates, the others wait for it on a statement of their own. */
const migrating: Limits = { connectionsMax: 1, statementMsMax: 3_600_000 };

const UNIQUE_VIOLATION = "23505";
/** First half of the name of our locks; another application in the same database has others. */
const lockClass = 0x70_67_61_74;

export const postgresDifferences: Differences = {
  columns: {
    // Byte order is the order of our timestamps, and it stays the same when the system's words for sorting change.
    text: sql`text collate "C"`,
    // `integer` has four bytes, too few for the ids of GitHub; `real` has too few for money.
    integer: "bigint",
    money: "double precision",
    bytes: "bytea",
    sequence: "bigint",
    asSequence: (column) => column.generatedAlwaysAsIdentity().primaryKey(),
  },
  isVersionConflict: (error) =>
    error instanceof Error &&
    "code" in error &&
    error.code === UNIQUE_VIOLATION &&
    "constraint" in error &&
    error.constraint === "events_stream_version",
  holding: (query) => query.forUpdate(),
  holdingFree: (query) => query.forUpdate().skipLocked(),
  // A row can become visible after one that has a later number. Two claims at the same time, each blind to what the
  // other leases, could then begin both rows of one lane; one after the other, the second sees the first one's lease.
  claiming: (db, queue, claim) =>
    db.transaction().execute(async (trx) => {
      const name = sql`hashtext(${sql.lit(queue)} || ' of ' || current_schema())`;
      await sql`select pg_advisory_xact_lock(${sql.lit(lockClass)}, ${name})`.execute(trx);
      return claim(trx);
    }),
};

/** Connects and looks whether the server will do. Throws an error that says what to mend, without the password. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = postgresPool(url, working);
  const { place } = pool;
  const db = new Kysely<Schema>({ dialect: new PhasegatePostgresDialect(pool) });
  const close = async () => {
    // Connections are given in order of asking, so whoever asked before has asked the pool by now.
    await db
      .connection()
      .execute(async () => {})
      .catch(() => undefined);
    await pool.allGiven();
    await db.destroy();
  };
  try {
    await checkServer(db, place);
    const holder = await sql<{ readonly id: string }>`select gen_random_uuid()::text as id`.execute(db);
    return {
      db,
      differences: postgresDifferences,
      place,
      alone: false,
      holder: holder.rows[0]?.id ?? "",
      migrating: async (migrate) => {
        const slow = new Kysely<Schema>({ dialect: new PhasegatePostgresDialect(postgresPool(url, migrating)) });
        try {
          await migrate(slow);
        } finally {
          await slow.destroy();
        }
      },
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

interface Server {
  readonly version: number;
  readonly encoding: string;
  readonly path: string;
  readonly schema: string | null;
  readonly mayCreate: boolean | null;
}

async function checkServer(db: Db, place: string): Promise<void> {
  const { rows } = await sql<Server>`select
    current_setting('server_version_num')::int / 10000 as version,
    current_setting('server_encoding') as encoding,
    current_setting('search_path') as path,
    current_schema() as schema,
    has_schema_privilege(current_schema(), 'create') as "mayCreate"`.execute(db);
  const [server] = rows;
  const fault = server === undefined ? "it said nothing about itself" : faultOf(server);
  if (fault !== null) throw new Error(`DATABASE_URL: opening PostgreSQL at ${place}: ${fault}`);
}

function faultOf({ version, encoding, path, schema, mayCreate }: Server): string | null {
  if (version < versionMin) return `expected version ${versionMin} or newer, got ${version}`;
  if (encoding !== "UTF8") return `expected a database in the encoding UTF8, got ${encoding}; create one that has it`;
  if (schema === null) return `its search_path (${path}) names no schema that exists; create one, or name another`;
  if (mayCreate === false) return `its user may not create tables; run: grant create on schema "${schema}" to <user>`;
  return null;
}
