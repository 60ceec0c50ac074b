/** Looks for a value in all that is left of a story: what people can read, and what the app keeps. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { execa } from "execa";
import { Client } from "pg";
import { fullName } from "../sandbox/state.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

export interface Place {
  /** In the plural, as a person would name it. */
  readonly name: string;
  readonly texts: readonly (string | Buffer)[];
}

/** Of a value, cut in the middle, a piece of this size still counts as the value. */
const pieceLength = 12;

/** Names of the places where the value stands: whole, cut, reversed or encoded. */
export function findValue(value: string, places: readonly Place[]): readonly string[] {
  const looks = looksOf(value);
  return places
    .filter(({ texts }) =>
      texts.some((text) => looks.some((look) => (typeof text === "string" ? text : text).includes(look))),
    )
    .map(({ name }) => name);
}

function looksOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // Its ends depend on what stands beside it.
    return text.slice(4, -4);
  });
  return [
    value.slice(0, pieceLength),
    value.slice(-pieceLength),
    Array.from(value).reverse().join("").slice(0, pieceLength),
    bytes.toString("hex"),
    ...base64,
  ];
}

/** What GitHub keeps: git's objects, what people read, jobs, artifacts, and what it told the app. */
export async function placesOnGitHub(sandbox: Sandbox): Promise<readonly Place[]> {
  const repositories = [...sandbox.context.state.repositories.values()];
  const objects = await Promise.all(
    repositories.map(async (repository) => {
      const git = ["--git-dir", sandbox.gitDirOf(fullName(repository)), "cat-file", "--batch-all-objects", "--batch"];
      const { stdout } = await execa("git", git, { encoding: "buffer", maxBuffer: 512 * 1024 * 1024 });
      return Buffer.from(stdout);
    }),
  );
  const all = <T>(of: (repository: (typeof repositories)[number]) => Iterable<T>): T[] =>
    repositories.flatMap((repository) => [...of(repository)]);
  return [
    { name: "commits", texts: objects },
    {
      name: "comments",
      texts: [
        all(({ issues }) => issues.values()).map(({ title, body }) => `${title}\n${body}`),
        all(({ issueComments }) => issueComments.values()).map(({ body }) => body),
        all(({ reviews }) => reviews.values()).map(({ body }) => body),
        all(({ reviewComments }) => reviewComments.values()).map(({ body }) => body),
        all(({ checkRuns }) => checkRuns.values()).map((run) => JSON.stringify([run.output, run.annotations])),
      ].flat(),
    },
    { name: "job logs", texts: all(({ runs }) => runs.values()).flatMap(({ jobs }) => jobs.map(({ log }) => log)) },
    { name: "artifacts", texts: all(({ artifacts }) => artifacts.values()).map(({ content }) => content) },
    { name: "webhooks", texts: sandbox.context.state.deliveries.map(({ body }) => body) },
  ];
}

/** Every row of the app's database, unpacked where it is packed. */
export async function databasePlace(dataDir: string, file = "phasegate.sqlite"): Promise<Place> {
  const database = new DatabaseSync(path.join(dataDir, file), { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const texts = tables.flatMap(({ name }) =>
      database
        .prepare(`SELECT * FROM "${String(name)}"`)
        .all()
        .flatMap((row) => Object.values(row).flatMap(unpacked)),
    );
    return { name: "rows of the database", texts };
  } finally {
    database.close();
  }
}

/** The same of a database on PostgreSQL, by its address. */
export async function postgresPlace(databaseUrl: string): Promise<Place> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()",
    );
    const texts: (string | Buffer)[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM "${name}"`);
      texts.push(...rows.flatMap((row) => Object.values(row).flatMap(unpacked)));
    }
    return { name: "rows of the database", texts };
  } finally {
    await client.end();
  }
}

export async function filePlace(name: string, file: string): Promise<Place> {
  return { name, texts: [await readFile(file)] };
}

function unpacked(value: unknown): readonly (string | Buffer)[] {
  if (typeof value === "string") return [value];
  if (!(value instanceof Uint8Array)) return [];
  const bytes = Buffer.from(value);
  for (const unpack of [gunzipSync, inflateSync, brotliDecompressSync]) {
    try {
      return [bytes, unpack(bytes)];
    } catch {
      // Packed in another way, or not at all.
    }
  }
  return [bytes];
}
