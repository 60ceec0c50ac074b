/** Everything that differs between the databases. All other SQL stays in the subset that SQLite and PostgreSQL share. */
import type { ColumnDataType, ColumnDefinitionBuilder } from "kysely";

/** `integer` has four bytes on PostgreSQL, too few for the ids of GitHub; `real` has too few for money. */
export const columnTypes = {
  text: "text",
  integer: "bigint",
  money: "double precision",
  bytes: "blob",
  // SQLite counts up by itself only where the key is spelt exactly so.
  sequence: "integer",
} as const satisfies Record<string, ColumnDataType>;

/** A key that grows with each insert and is never given twice. */
export function asSequence(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.primaryKey().autoIncrement();
}

const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  return error.errcode === SQLITE_CONSTRAINT_UNIQUE || error.errcode === SQLITE_CONSTRAINT_PRIMARYKEY;
}
