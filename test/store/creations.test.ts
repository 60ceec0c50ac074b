import { expect, test } from "vitest";
import { onEachDatabase } from "./databases.ts";
import { minute } from "./temporary-store.ts";

onEachDatabase(({ freshStore, freshPlace }) => {
  test("whoever begins first makes it; others hear since when, until that is long ago", async () => {
    const store = await freshStore();
    expect(await store.beginCreation("comment", minute(5), minute(4))).toBeNull();
    expect(await store.beginCreation("comment", minute(6), minute(4))).toBe(minute(5));
    expect(await store.beginCreation("another", minute(6), minute(5))).toBeNull();
    expect(await store.beginCreation("comment", minute(6), minute(5))).toBeNull();
    expect(await store.beginCreation("comment", minute(7), minute(5))).toBe(minute(6));
  });

  test("of many at once one makes it", async () => {
    const store = await freshStore();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => store.beginCreation("one", minute(5), minute(4))),
    );
    expect(answers.filter((since) => since === null)).toHaveLength(1);
  });

  test("where nothing was made the next may begin at once", async () => {
    const store = await freshStore();
    await store.beginCreation("comment", minute(5), minute(4));
    await store.dropCreation("comment");
    expect(await store.beginCreation("comment", minute(5), minute(4))).toBeNull();
  });

  test("what is long ago is forgotten", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.beginCreation("old", minute(1), minute(0));
    await store.beginCreation("young", minute(3), minute(0));
    await store.forgetCreations(minute(2));
    expect(await place.rows("select key from creations")).toEqual([{ key: "young" }]);
  });
});
