import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Kysely, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { PhasegatePostgresDialect } from "../../src/store/postgres-dialect.ts";
import { postgresPool } from "../../src/store/postgres-pool.ts";
import { freePort } from "../support/free-port.ts";
import { onPostgres } from "./databases.ts";
import { minute } from "./temporary-store.ts";

const message = { key: "m1", kind: "webhook", lane: "m", body: "{}", receivedAt: minute(0) } as const;

/** All that a failed opening says, its causes included. */
async function complaintOf(databaseUrl: string): Promise<string> {
  const sentences: string[] = [];
  try {
    await (await openStore({ dataDir: "/nowhere", databaseUrl, now: () => new Date(), newId: () => "id" })).close();
  } catch (thrown) {
    for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
      sentences.push(error.message, error.stack ?? "", JSON.stringify(error));
    }
  }
  return sentences.join("\n");
}

test("a server that is away is named with the setting, and the password is not", async () => {
  const port = await freePort();
  const complaint = await complaintOf(`postgres://app:hunter2@127.0.0.1:${port}/phasegate`);
  expect(complaint).toContain(`DATABASE_URL: connecting to PostgreSQL at 127.0.0.1:${port}/phasegate: no server`);
  expect(complaint).not.toContain("hunter2");
});

test("a server that answers with a refusal is taken at its word, in ours", async () => {
  const refusals = { "28P01": "refuses this user or password", "53300": "max_connections", "57P03": "try again" };
  for (const [code, remedy] of Object.entries(refusals)) {
    const url = await serverThatSays(code);
    const complaint = await complaintOf(url);
    expect(complaint).toContain(remedy);
    expect(complaint).not.toContain("hunter2");
  }
});

/** Speaks just enough of the protocol to refuse whoever comes. */
async function serverThatSays(code: string): Promise<string> {
  const fields = Buffer.from(`SFATAL\0C${code}\0Mno\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from("E"), length, fields])));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return `postgres://app:hunter2@127.0.0.1:${port}/phasegate`;
}

onPostgres(({ freshPlace }) => {
  async function freshUrl(): Promise<string> {
    return (await freshPlace()).options.databaseUrl ?? "";
  }

  test("a database that is not there, and a schema that is not there, are named", async () => {
    const url = await freshUrl();
    expect(await complaintOf(url.replace("/postgres?", "/never_made?"))).toContain("no such database; create it");
    expect(await complaintOf(url.replace(/test_[0-9a-f]+/u, "never_made"))).toContain(
      "its search_path (never_made) names no schema that exists",
    );
  });

  test("a user who may not create tables is told what to grant", async () => {
    const place = await freshPlace();
    const user = `user_${(place.options.databaseUrl ?? "").slice(-12)}`;
    await place.rows(`create user ${user}`);
    const schema = /test_[0-9a-f]+/u.exec(place.options.databaseUrl ?? "")?.[0] ?? "";
    await place.rows(`grant usage on schema ${schema} to ${user}`);
    const complaint = await complaintOf((place.options.databaseUrl ?? "").replace("user=phasegate", `user=${user}`));
    expect(complaint).toContain(`grant create on schema "${schema}"`);
    await place.rows(`drop owned by ${user}`);
    await place.rows(`drop user ${user}`);
  });

  test("connections that the server ends are replaced, and nobody falls over them", async () => {
    const place = await freshPlace();
    const name = `ended_${process.pid}`;
    const store = await openStore({
      dataDir: "/nowhere",
      databaseUrl: `${place.options.databaseUrl}&application_name=${name}`,
      now: () => new Date(minute(0)),
      newId: () => "id",
    });
    onTestFinished(() => store.close());
    const mine = `from pg_stat_activity where application_name = '${name}'`;
    await Promise.all(Array.from({ length: 4 }, (_, index) => store.takeIn({ ...message, key: `m${index}` })));
    expect(await place.rows(`select pg_terminate_backend(pid) ${mine}`)).not.toEqual([]);
    // Who asks in that very moment may still get a connection that is about to end.
    while ((await store.takeIn(message).catch(() => "lost")) === "lost");
    expect(await store.takeIn(message)).toBe("known");

    await store.close();
    while ((await place.rows(`select pid ${mine}`)).length > 0);
    await expect(store.takeIn(message)).rejects.toThrow(/destroyed/u);
  });

  test("what was asked before the closing ends, though all connections are taken", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const asked = Array.from({ length: 30 }, (_, index) => store.takeIn({ ...message, key: `m${index}` }));
    await Promise.all([store.close(), store.close()]);
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["new"]));
  });

  test("text that PostgreSQL cannot hold is stored with a mark in its place", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.takeIn({ ...message, body: '{"text":"\\u0000"}' });
    await store.markFailed("m1", "GitHub said \0 and no more", minute(1));
    expect(await place.rows("select error from inbox")).toEqual([{ error: "GitHub said \uFFFD and no more" }]);
    expect(await store.dueMessages(minute(1), 1)).toMatchObject([{ body: '{"text":"\\u0000"}' }]);
  });

  test("what counts is a number, and one that does not fit is refused", async () => {
    const place = await freshPlace();
    await place.open();
    expect(
      await place.rows(
        "select 9007199254740991::int8 as most, sum(n) as sum, count(*) from (values (1), (2)) as t (n)",
      ),
    ).toEqual([{ most: Number.MAX_SAFE_INTEGER, sum: 3, count: 2 }]);
    await expect(place.rows("select 9007199254740993::int8 as n")).rejects.toThrow(/9007199254740993 has more digits/u);
  });

  test("a parameter that no column can hold is refused", async () => {
    const pool = postgresPool(await freshUrl(), { connectionsMax: 1, statementMsMax: 1_000 });
    const db = new Kysely<unknown>({ dialect: new PhasegatePostgresDialect(pool) });
    onTestFinished(() => db.destroy());
    for (const value of [true, undefined, {}, [1]]) {
      await expect(sql`select ${value}`.execute(db)).rejects.toThrow(/as parameter of a query, got/u);
    }
  });

  test("a statement that takes too long is ended", async () => {
    const pool = postgresPool(await freshUrl(), { connectionsMax: 1, statementMsMax: 20 });
    const db = new Kysely<unknown>({ dialect: new PhasegatePostgresDialect(pool) });
    onTestFinished(() => db.destroy());
    await expect(sql`select pg_sleep(10)`.execute(db)).rejects.toThrow(/statement timeout/u);
    expect((await sql`select 1 as n`.execute(db)).rows).toEqual([{ n: 1 }]);
  });
});
