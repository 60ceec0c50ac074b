import type { Store } from "../control/ports/store.ts";
import { compressText, decompressText } from "./compression.ts";
import { Recent } from "./recent.ts";
import type { Db } from "./schema.ts";

/** In characters: a few playbooks, which each effect reads, and prompts. */
const recentTextsMax = 4 * 1024 * 1024;

export type RecentTexts = Recent<string, string>;

export function recentTexts(): RecentTexts {
  return new Recent(recentTextsMax, (text) => text.length);
}

type Documents = Pick<Store, "saveText" | "readText" | "saveChangeset" | "readChangeset">;

/** Large texts under a name that stands for their content: what is there already is not written again. */
export function documents(db: Db, now: () => Date, texts: RecentTexts): Documents {
  return {
    saveText: async (hash, text) => {
      if (texts.get(hash) !== undefined) return;
      const gz = await compressText(text);
      await db
        .insertInto("texts")
        .values({ hash, gz })
        .onConflict((conflict) => conflict.column("hash").doNothing())
        .execute();
      texts.set(hash, text);
    },

    readText: async (hash) => {
      const recent = texts.get(hash);
      if (recent !== undefined) return recent;
      const row = await db.selectFrom("texts").select("gz").where("hash", "=", hash).executeTakeFirst();
      if (row === undefined) return null;
      const text = await decompressed(row.gz, `reading text ${hash}`);
      texts.set(hash, text);
      return text;
    },

    saveChangeset: async (id, json) => {
      const gz = await compressText(json);
      await db
        .insertInto("changesets")
        .values({ id, gz, stored_at: now().toISOString() })
        .onConflict((conflict) => conflict.column("id").doNothing())
        .execute();
    },

    readChangeset: async (id) => {
      const row = await db.selectFrom("changesets").select("gz").where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : decompressed(row.gz, `reading changeset ${id}`);
    },
  };
}

async function decompressed(gz: Uint8Array, doing: string): Promise<string> {
  try {
    return await decompressText(gz);
  } catch (cause) {
    throw new Error(doing, { cause });
  }
}
