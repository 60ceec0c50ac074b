import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely } from "kysely";
import type { Columns } from "../database.ts";

/** Words that the migrations share. A migration that shipped must go on meaning the same, so these only ever grow. */

// A migration describes the tables of its day, so it knows nothing of the types in `schema.ts`.
export type AnyDb = Kysely<unknown>;

export function required(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull();
}

export function ofTask({ text }: Columns) {
  return <Table extends string, Column extends string>(
    table: CreateTableBuilder<Table, Column>,
  ): CreateTableBuilder<Table, Column | "task_id"> =>
    table.addColumn("task_id", text, (column) => column.notNull().references("tasks.id"));
}

export function withUsage({ integer, money }: Columns) {
  return <Table extends string, Column extends string>(
    table: CreateTableBuilder<Table, Column>,
  ): CreateTableBuilder<Table, Column> =>
    table
      .addColumn("input_tokens", integer, zero)
      .addColumn("output_tokens", integer, zero)
      .addColumn("cache_creation_input_tokens", integer, zero)
      .addColumn("cache_read_input_tokens", integer, zero)
      .addColumn("cost_usd", money, zero);
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
