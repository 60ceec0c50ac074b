import {
  PostgresDialect,
  sql,
  type DatabaseIntrospector,
  type Kysely,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from "kysely";
import type { Pool } from "./postgres-pool.ts";

/** Far more than there are queries in the code; those with lists of many lengths must not fill the server's memory. */
const namesMax = 500;

/** Kysely's own, with our rules for queries, and a look at the tables that no other schema can disturb. */
export class PhasegatePostgresDialect extends PostgresDialect {
  constructor(pool: Pool) {
    super({ pool: withRules(pool) });
  }

  override createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return { getSchemas: async () => [], getTables: () => tablesOf(db) };
  }
}

/** What a client of `pg` does for us. */
interface Client {
  query(query: {
    readonly name?: string;
    readonly text: string;
    readonly values: unknown[];
  }): Promise<PostgresQueryResult<unknown>>;
  release(): void;
}

/** Each query has a name, under which the server keeps its plan, and parameters that a column can hold. */
function withRules(pool: Pool): PostgresPool {
  const names = new Map<string, string>();
  const clients = new WeakMap<Client, PostgresPoolClient>();
  const nameOf = (text: string) => {
    const known = names.get(text);
    // A plan with `*` breaks when a migration of another process adds a column.
    if (known !== undefined || names.size >= namesMax || text.includes("*")) return known;
    const name = `phasegate_${names.size + 1}`;
    names.set(text, name);
    return name;
  };
  const ruled = (client: Client): PostgresPoolClient => ({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- cursors are nothing that we use
    query: ((text: string, parameters: readonly unknown[]) => {
      const values = parameters.map(inputValue);
      const name = values.length === 0 ? undefined : nameOf(text);
      return client.query({ text, values, ...(name === undefined ? {} : { name }) });
    }) as PostgresPoolClient["query"],
    release: () => client.release(),
  });
  return {
    options: {},
    connect: async () => {
      const client = await pool.connect();
      const known = clients.get(client) ?? ruled(client);
      clients.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}

/**
 * `pg` would turn an object into JSON and an array into an array of the database, unasked.
 * A text of PostgreSQL cannot hold U+0000; what comes from outside may, and must not stop us where SQLite goes on.
 */
function inputValue(value: unknown): unknown {
  if (typeof value === "string") return value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
  if (value === null || typeof value === "number" || typeof value === "bigint" || value instanceof Uint8Array) {
    return value;
  }
  throw new TypeError(`expected a text, number, bytes or null as parameter of a query, got ${typeof value}`);
}

/** For the migrations, which ask for names only. Kysely's own reads every schema, and stumbles over one that just goes. */
async function tablesOf(db: Kysely<unknown>) {
  const { rows } = await sql<{ readonly name: string; readonly schema: string }>`
    select tablename::text as name, schemaname::text as schema from pg_tables where schemaname = current_schema()
  `.execute(db);
  return rows.map(({ name, schema }) => ({ name, schema, isView: false, isForeign: false, columns: [] }));
}
