import pg from "pg";

const connectMsMax = 10_000;
/** A process that hangs in the midst of a transaction must not hold the rows of the others. */
const idleInTransactionMsMax = 60_000;
const keepAliveAfterMs = 10_000;

const INT8 = 20;
const NUMERIC = 1_700;

export interface Limits {
  readonly connectionsMax: number;
  readonly statementMsMax: number;
}

export interface Pool {
  /** Host, port and database. */
  readonly place: string;
  connect(): Promise<pg.PoolClient>;
  end(): Promise<void>;
  /** Resolves when everybody who asked for a connection has got one, or knows that there is none. */
  allGiven(): Promise<void>;
}

/** Connections to the server of a `postgres://` address, made when they are asked for. */
export function postgresPool(url: string, { connectionsMax, statementMsMax }: Limits): Pool {
  const place = placeOf(url);
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "phasegate",
    max: connectionsMax,
    connectionTimeoutMillis: connectMsMax,
    statement_timeout: statementMsMax,
    idle_in_transaction_session_timeout: idleInTransactionMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    types: { getTypeParser },
  });
  // A connection that breaks says so to whoever waits on it, and the pool makes a new one. Without somebody who
  // listens, the event of the same fault would end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const asked = new Set<Promise<unknown>>();
  return {
    place,
    connect: async () => {
      const connecting = pool.connect();
      asked.add(connecting);
      try {
        return await connecting;
      } catch (cause) {
        throw unreachable(place, cause);
      } finally {
        asked.delete(connecting);
      }
    },
    allGiven: async () => {
      await Promise.allSettled(asked);
    },
    end: () => pool.end(),
  };
}

/** One rule: what counts is a number here, also `sum()`, which PostgreSQL answers as `numeric`. All else is as `pg` has it. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === INT8 || oid === NUMERIC ? numberFrom : pg.types.getTypeParser(oid, format);

function numberFrom(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new RangeError(`reading a number from PostgreSQL: ${text} has more digits than a number here can hold`);
  }
  return value;
}

/** What of the address may be shown: neither user nor password, nor a query, which may hold both. */
function placeOf(url: string): string {
  const { host, pathname, searchParams } = new URL(url);
  return `${searchParams.get("host") ?? host}${pathname}`;
}

function unreachable(place: string, error: unknown): Error {
  // A host with several addresses is tried at each, and what is said of the whole is empty.
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return new Error(`DATABASE_URL: connecting to PostgreSQL at ${place}: ${remedyOf(cause)}`, { cause });
}

function remedyOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  switch (error instanceof Error && "code" in error ? error.code : null) {
    case "ECONNREFUSED":
    case "ENOENT":
      return "no server listens there; start it, or correct host and port";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no such host is known here; correct its name";
    case "28P01":
    case "28000":
      return "the server refuses this user or password; correct them";
    case "3D000":
      return "the server has no such database; create it, or correct its name";
    case "53300":
      return "the server has no connection left; raise its max_connections, or run fewer processes";
    case "57P03":
      return "the server is still starting or about to stop; try again";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return "its certificate is signed by nobody we trust; add sslrootcert=<file of its authority> to the address";
    default:
  }
  if (message.includes("client password must be")) return "the server asks for a password, and the address has none";
  if (message.includes("does not support SSL")) return "the server does not speak TLS; set it up, or leave out sslmode";
  if (message.includes("timeout")) return `no answer within ${connectMsMax / 1_000} seconds; is the server reachable?`;
  return message;
}
