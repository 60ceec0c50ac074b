import { describe, expect, test } from "vitest";
import { queueCatchUp } from "../../src/control/catch-up.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { repository, world, type World } from "./world.ts";

const minuteMs = 60_000;
const where = { repository, issueNumber: 7, onPullRequest: false, commentId: 900, sender: "owner" } as const;

/** GitHub has delivered it, to a store that knows nothing of it any more. */
function delivered(told: World, guid: string, send: () => Promise<void>): void {
  const deliveryId = told.github.deliveries.length + 1;
  told.github.deliveries.push({ deliveryId, guid, at: told.time.now().toISOString(), arrived: true, send });
}

async function startAgain(told: World): Promise<void> {
  await told.die();
  await told.start();
  await queueCatchUp({ store: told.store, clock: told.time });
  await told.settle();
}

describe("webhooks that a store has lost", () => {
  test("are asked for after a start, each that it does not know, and no other", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    await told.runPhase();
    const command = { name: "rework", argument: "Say more." } as const;
    delivered(told, "known-1", () => Promise.reject(new Error("asked for what is known")));
    await told.send({ kind: "ignored", why: "nothing" }, "known-1");
    delivered(told, "lost-1", () => told.send({ kind: "command", ...where, command }, "lost-1"));
    told.github.failNext("arrivedDeliveries", "before", () => new RetryLater("502", 1_000));
    await startAgain(told);
    await told.advance(minuteMs);
    expect((await told.openRun()).job.feedback.map(({ id }) => id)).toEqual(["comment:900"]);
  });

  test("are asked for once more where they do not arrive, and no more once they are there", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    let sent = 0;
    delivered(told, "lost-1", async () => {
      sent += 1;
      if (sent === 2) await told.send({ kind: "ignored", why: "nothing" }, "lost-1");
    });
    await startAgain(told);
    expect(sent).toBe(1);
    await told.advance(60 * minuteMs);
    expect(sent).toBe(2);
    expect(told.complaints()).toEqual([]);
  });

  test("that did not arrive before either are left to the sweep, and asked for once", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    const at = told.time.now().toISOString();
    told.github.deliveries.push({
      deliveryId: 1,
      guid: "failed-1",
      at,
      send: () => told.send({ kind: "ignored", why: "nothing" }, "failed-1"),
    });
    await startAgain(told);
    await told.advance(10 * minuteMs);
    expect(told.github.countOf("redeliver")).toBe(1);
  });

  test("of a new store are none of its own", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    delivered(told, "before-1", () => Promise.reject(new Error("asked for what came before")));
    await startAgain(told);
    expect(told.github.countOf("arrivedDeliveries")).toBe(0);
  });
});
