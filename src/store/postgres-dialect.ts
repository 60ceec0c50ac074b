import {
  PostgresDialect,
  PostgresQueryCompiler,
  sql,
  type DatabaseIntrospector,
  type Kysely,
  type PostgresPool,
  type QueryCompiler,
} from "kysely";

/** Kysely's own, with our rule for parameters, and a look at the tables that no other schema can disturb. */
export class PhasegatePostgresDialect extends PostgresDialect {
  constructor(pool: PostgresPool) {
    super({ pool });
  }

  override createQueryCompiler(): QueryCompiler {
    return new StrictQueryCompiler();
  }

  override createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return { getSchemas: async () => [], getTables: () => tablesOf(db) };
  }
}

class StrictQueryCompiler extends PostgresQueryCompiler {
  protected override appendValue(parameter: unknown): void {
    super.appendValue(inputValue(parameter));
  }
}

/**
 * `pg` would turn an object into JSON and an array into an array of the database, unasked.
 * A text of PostgreSQL cannot hold U+0000; what comes from outside may, and must not stop us where SQLite goes on.
 */
function inputValue(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("\0", "\uFFFD");
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
