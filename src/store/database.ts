/** The one border between our SQL and the two databases. What is not named here is in the subset that they share. */
import type { ColumnDataType, ColumnDefinitionBuilder, Expression, SelectQueryBuilder } from "kysely";
import type { Db } from "./schema.ts";

/** How a database says what stands in its place here. `sqlite.ts` and `postgres.ts` each hold one. */
export interface Differences {
  readonly columns: Columns;
  /** True where somebody else was first to write this version of a task. */
  isVersionConflict(error: unknown): boolean;
  /** Rows that nobody else can change until the transaction ends; where somebody does so now, it waits for that end. */
  holding<DB, Table extends keyof DB, Row>(
    query: SelectQueryBuilder<DB, Table, Row>,
  ): SelectQueryBuilder<DB, Table, Row>;
  /** The same without the wait: rows that somebody else holds are left out. */
  holdingFree<DB, Table extends keyof DB, Row>(
    query: SelectQueryBuilder<DB, Table, Row>,
  ): SelectQueryBuilder<DB, Table, Row>;
  /** Runs a claim while no other process claims from this queue, so that each sees the leases of all the others. */
  claiming<T>(db: Db, queue: "effects" | "inbox", claim: (db: Db) => Promise<T>): Promise<T>;
}

export interface Columns {
  readonly text: ColumnType;
  readonly integer: ColumnType;
  readonly money: ColumnType;
  readonly bytes: ColumnType;
  readonly sequence: ColumnType;
  /** A key that grows with each insert and is never given twice. */
  readonly asSequence: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
}

type ColumnType = ColumnDataType | Expression<unknown>;

export interface Database {
  readonly db: Db;
  readonly differences: Differences;
  /** For people and logs; without a password. */
  readonly place: string;
  /** True where no other process can have it open. */
  readonly alone: boolean;
  /** Under this name messages are leased; no two that are open at the same time share one. */
  readonly holder: string;
  /** Gives a connection on which a statement may take as long as it must. */
  migrating(migrate: (db: Db) => Promise<void>): Promise<void>;
  /** What was asked before ends first; what is asked from now on is refused. */
  close(): Promise<void>;
}
