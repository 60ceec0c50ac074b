import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely } from "kysely";
import { columnTypes } from "../database-differences.ts";

/** Words that the migrations share. A migration that shipped must go on meaning the same, so these only ever grow. */

// A migration describes the tables of its day, so it knows nothing of the types in `schema.ts`.
export type AnyDb = Kysely<unknown>;

export function required(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull();
}

export function ofTask<Table extends string, Column extends string>(
  table: CreateTableBuilder<Table, Column>,
): CreateTableBuilder<Table, Column | "task_id"> {
  return table.addColumn("task_id", columnTypes.text, (column) => column.notNull().references("tasks.id"));
}

export function withUsage<Table extends string, Column extends string>(
  table: CreateTableBuilder<Table, Column>,
): CreateTableBuilder<Table, Column> {
  return table
    .addColumn("input_tokens", columnTypes.integer, zero)
    .addColumn("output_tokens", columnTypes.integer, zero)
    .addColumn("cache_creation_input_tokens", columnTypes.integer, zero)
    .addColumn("cache_read_input_tokens", columnTypes.integer, zero)
    .addColumn("cost_usd", columnTypes.money, zero);
}

export async function createIndex(db: AnyDb, table: string, columns: readonly string[]): Promise<void> {
  await db.schema
    .createIndex([table, ...columns].join("_"))
    .on(table)
    .columns([...columns])
    .execute();
}

function zero(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull().defaultTo(0);
}
