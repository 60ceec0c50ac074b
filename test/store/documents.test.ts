import { expect, test } from "vitest";
import { changesetIdOf } from "../../src/core/ids.ts";
import { run1 } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";

const changesetId = changesetIdOf(run1, "01_idea");

onEachDatabase(({ freshPlace, freshStore }) => {
  test("a text is read by its hash, whatever it holds", async () => {
    const store = await freshStore();
    const text = "A link shortener\r\n\0 with 한국어 and \u{1F600}";
    await store.saveText("sha256:1", text);
    await store.saveText("sha256:2", "");
    expect(await store.readText("sha256:1")).toBe(text);
    expect(await store.readText("sha256:2")).toBe("");
    expect(await store.readText("sha256:3")).toBeNull();
  });

  test("what is stored under a name stays as it was first", async () => {
    const store = await freshStore();
    await store.saveText("sha256:1", "first");
    await store.saveText("sha256:1", "second");
    await store.saveChangeset(changesetId, "{}");
    await store.saveChangeset(changesetId, "[]");
    expect(await store.readText("sha256:1")).toBe("first");
    expect(await store.readChangeset(changesetId)).toBe("{}");
  });

  test("a changeset of 27 MB in base64 comes back whole", async () => {
    const store = await freshStore();
    const content = Buffer.alloc(20 * 1024 * 1024, "deadbeef").toString("base64");
    const json = JSON.stringify({ changes: [{ path: "app.bin", content }] });
    await store.saveChangeset(changesetId, json);
    expect((await store.readChangeset(changesetId)) === json).toBe(true);
    expect(await store.readChangeset(changesetIdOf(run1, "02_market"))).toBeNull();
  });

  test("a damaged text is named", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.saveText("sha256:1", "first");
    // Afterwards the store has to read it.
    await store.close();
    await place.outside((db) =>
      db
        .updateTable("texts")
        .set({ gz: Buffer.from("1f8b", "hex") })
        .execute(),
    );
    await expect((await place.open()).readText("sha256:1")).rejects.toThrow(/reading text sha256:1/u);
  });
});
