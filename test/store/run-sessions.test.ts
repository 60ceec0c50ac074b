import { expect, test } from "vitest";
import type { RunSession } from "../../src/control/ports/store.ts";
import { run1, taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { minute } from "./temporary-store.ts";

const session: RunSession = {
  runId: run1,
  taskId,
  tokenHash: "hash-1",
  sealKey: "c2VhbA==",
  openedAt: minute(1),
  lastHeardAt: minute(1),
  closedAt: null,
};

onEachDatabase(({ freshPlace, freshStore }) => {
  test("a session is found by its token and by its run", async () => {
    const store = await freshStore();
    await store.saveRunSession(session);
    await store.saveRunSession({ ...session, lastHeardAt: minute(2) });
    expect(await store.runSessionByToken("hash-1")).toEqual({ ...session, lastHeardAt: minute(2) });
    expect(await store.runSessionOf(run1)).toEqual({ ...session, lastHeardAt: minute(2) });
    expect(await store.runSessionByToken("hash-2")).toBeNull();
  });

  test("of several sessions of a run the newest open one counts", async () => {
    const store = await freshStore();
    await store.saveRunSession({ ...session, tokenHash: "hash-2", openedAt: minute(2) });
    await store.saveRunSession(session);
    await store.saveRunSession({ ...session, tokenHash: "hash-3", openedAt: minute(3), closedAt: minute(4) });
    expect((await store.runSessionOf(run1))?.tokenHash).toBe("hash-2");
  });

  test("a sign of life never goes back in time", async () => {
    const store = await freshStore();
    await store.saveRunSession(session);
    await store.touchRunSession(run1, minute(5));
    await store.touchRunSession(run1, minute(3));
    expect((await store.runSessionOf(run1))?.lastHeardAt).toBe(minute(5));
  });

  test("a closed session stays closed, at its first moment", async () => {
    const store = await freshStore();
    await store.saveRunSession(session);
    await store.closeRunSession(run1, minute(6));
    await store.closeRunSession(run1, minute(7));
    expect(await store.runSessionByToken("hash-1")).toEqual({ ...session, closedAt: minute(6) });
    expect(await store.runSessionOf(run1)).toBeNull();
  });

  test("an OIDC token is taken once", async () => {
    const store = await freshStore();
    const answers = await Promise.all(Array.from({ length: 5 }, () => store.rememberTokenId("jti-1", minute(5))));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await store.rememberTokenId("jti-2", minute(5))).toBe(true);
  });

  test("a token is remembered for an hour beyond its end, then forgotten", async () => {
    let now = minute(0);
    const place = await freshPlace();
    const store = await place.open({ now: () => new Date(now) });
    await store.rememberTokenId("jti-1", minute(5));
    now = minute(64);
    expect(await store.rememberTokenId("jti-1", minute(5))).toBe(false);
    now = minute(66);
    expect(await store.rememberTokenId("jti-1", minute(5))).toBe(true);
  });
});
