/** One connection of `node:sqlite` for many callers: each in its turn, all of a moment in one commit. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";

/** Far more than there are queries in the code; those with lists of many lengths must not fill the memory. */
const statementsMax = 500;

/** Turns of the loop for which a commit waits for others to join: what is ready to be read by then is in it. */
const turnsOfGroup = 3;

interface Prepared {
  readonly statement: StatementSync;
  readonly isReader: boolean;
}

/** What is written but not yet on the disk, and everybody who waits for that. */
interface Group {
  readonly onDisk: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * A commit waits for the disk, and the program with it. So whatever is written before the loop turns shares one
 * transaction: each caller's own is a savepoint in it, and its answer comes once the whole is committed. That holds for
 * whoever reads meanwhile, too: nobody learns of anything that is not on the disk yet.
 * A caller's failure undoes its own part alone; a commit that fails is the failure of all.
 */
export class SqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: DatabaseConnection;
  readonly #statements = new Map<string, Prepared>();
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;
  #group: Group | null = null;
  #isDue = false;
  /** Why SQLite took back the transaction of whoever has the turn, and with it that of the group. */
  #lost: Error | null = null;
  #inTransaction = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#connection = {
      executeQuery: async <Row>(query: CompiledQuery) => this.#run<Row>(query),
      streamQuery: () => {
        throw new Error("reading rows one by one: the one connection would be taken for as long as that lasts");
      },
    };
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    if (this.#isTaken) return new Promise((resolve) => this.#waiting.push(() => resolve(this.#connection)));
    this.#isTaken = true;
    return Promise.resolve(this.#connection);
  }

  /** Passes the turn on at once, and resolves when what the turn wrote or saw is on the disk. */
  async releaseConnection(): Promise<void> {
    this.#lost = null;
    const group = this.#group;
    if (this.#isDue) this.#commitGroup();
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
    await group?.onDisk;
  }

  async beginTransaction(): Promise<void> {
    this.#openGroup();
    this.#execute("savepoint turn", []);
    this.#inTransaction = true;
  }

  async commitTransaction(): Promise<void> {
    this.#execute("release turn", []);
    this.#inTransaction = false;
  }

  async rollbackTransaction(): Promise<void> {
    this.#inTransaction = false;
    if (this.#lost !== null) return;
    this.#execute("rollback to turn", []);
    this.#execute("release turn", []);
  }

  async destroy(): Promise<void> {
    this.#commitGroup();
    this.#database.close();
  }

  #run<Row>({ sql, parameters, query }: CompiledQuery): QueryResult<Row> {
    if (query.kind !== "SelectQueryNode" && !this.#inTransaction) this.#openGroup();
    return this.#execute<Row>(sql, parameters);
  }

  #execute<Row>(sql: string, parameters: readonly unknown[]): QueryResult<Row> {
    if (this.#lost !== null) throw new Error("the transaction was taken back before", { cause: this.#lost });
    try {
      const { statement, isReader } = this.#prepare(sql);
      const values = parameters.map(inputValue);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a row holds is known to its query alone
      if (isReader) return { rows: statement.all(...values) as Row[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes), rows: [] };
    } catch (error) {
      // A disk that is full takes back all of it, not only the statement.
      if (this.#group !== null && !this.#database.isTransaction) {
        this.#lost = error instanceof Error ? error : new Error(String(error));
        this.#endGroup(this.#lost);
      }
      throw error;
    }
  }

  #prepare(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const fresh = { statement, isReader: statement.columns().length > 0 };
    if (this.#statements.size >= statementsMax) this.#statements.clear();
    this.#statements.set(sql, fresh);
    return fresh;
  }

  #openGroup(): void {
    if (this.#group !== null || this.#lost !== null) return;
    this.#execute("begin immediate", []);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Each who waits hears of a failure; with nobody there it must not end the process.
    promise.catch(() => undefined);
    this.#group = { onDisk: promise, resolve, reject };
    const group = this.#group;
    afterTurns(turnsOfGroup, () => {
      if (this.#group !== group) return;
      if (this.#isTaken) this.#isDue = true;
      else this.#commitGroup();
    });
  }

  #commitGroup(): void {
    if (this.#group === null) return;
    try {
      this.#execute("commit", []);
      this.#endGroup(null);
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      this.#endGroup(cause);
      this.#lost = null;
    }
  }

  #endGroup(failure: unknown): void {
    const group = this.#group;
    this.#group = null;
    this.#isDue = false;
    if (failure === null) group?.resolve();
    else group?.reject(failure);
  }
}

function afterTurns(count: number, then: () => void): void {
  setImmediate(() => {
    if (count > 1) afterTurns(count - 1, then);
    else then();
  });
}

/** `node:sqlite` would store `true` as 1 and refuse the rest without saying which; we have 0 and 1, text, and null. */
function inputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`expected a text, number, bytes or null as parameter of a query, got ${typeof value}`);
}
