import { afterEach, beforeEach, expect, test } from "vitest";
import type { Delivery } from "../sandbox/state.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

const longAgo = "2000-01-01T00:00:00.000Z";
/** GitHub remembers three days. */
const hoursAgo = (hours: number) => new Date(bed.sandbox.context.now().getTime() - hours * 3_600_000).toISOString();
let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
  await bed.sandbox.webhooks.idle();
  bed.sandbox.context.state.deliveries.length = 0;
});

afterEach(() => bed.stop());

/** Tries of GitHub to tell us something, newest last. */
function tries(
  ...given: readonly { readonly guid: string; readonly statusCode: number; readonly at?: string }[]
): readonly number[] {
  return given.map(({ guid, statusCode, at = hoursAgo(1) }) => {
    const delivery: Delivery = {
      id: bed.sandbox.context.newId(),
      guid,
      event: "issues",
      action: "labeled",
      installationId: bed.repository.installationId,
      repositoryId: bed.repository.repositoryId,
      deliveredAt: at,
      redelivery: false,
      body: "{}",
      outcome: statusCode === 200 ? "answered" : "failed",
      statusCode,
      status: statusCode === 0 ? "timed out" : "OK",
      durationSeconds: 0,
    };
    bed.sandbox.context.state.deliveries.push(delivery);
    return delivery.id;
  });
}

test("an event counts as failed where no try of it arrived, timeouts included; its newest try stands for it", async () => {
  const [, timeout, , , again] = tries(
    { guid: "arrived", statusCode: 200 },
    { guid: "timeout", statusCode: 0 },
    { guid: "arrived late", statusCode: 502 },
    { guid: "twice", statusCode: 500 },
    { guid: "twice", statusCode: 503 },
    { guid: "arrived late", statusCode: 202 },
  );
  expect(await bed.github.failedDeliveries(longAgo, 10)).toEqual([
    { deliveryId: again, guid: "twice" },
    { deliveryId: timeout, guid: "timeout" },
  ]);
  expect(await bed.github.failedDeliveries(longAgo, 1)).toEqual([{ deliveryId: again, guid: "twice" }]);
});

test("those that arrived are each event once, its newest try, also where a later one failed", async () => {
  const [, , , arrived, again] = tries(
    { guid: "old", statusCode: 200, at: hoursAgo(30) },
    { guid: "failed", statusCode: 500 },
    { guid: "twice", statusCode: 200 },
    { guid: "arrived", statusCode: 202 },
    { guid: "twice", statusCode: 503 },
  );
  expect(await bed.github.arrivedDeliveries(hoursAgo(20))).toEqual([
    { deliveryId: again, guid: "twice" },
    { deliveryId: arrived, guid: "arrived" },
  ]);
});

test("pages are read until they are older than asked for, and no further", async () => {
  const old = hoursAgo(30);
  tries(
    ...Array.from({ length: 250 }, (_, index) => ({ guid: `old ${index}`, statusCode: 500, at: old })),
    ...Array.from({ length: 130 }, (_, index) => ({ guid: `new ${index}`, statusCode: 500 })),
  );
  const asked = () => bed.sandbox.requests.filter(({ path }) => path.includes("/app/hook/deliveries")).length;
  const before = asked();
  const failed = await bed.github.failedDeliveries(hoursAgo(20), 1_000);
  expect(failed.map(({ guid }) => guid)).toEqual(Array.from({ length: 130 }, (_, index) => `new ${129 - index}`));
  expect(asked() - before).toBe(2);
});

test("a failed delivery is asked for again; one that GitHub keeps no longer is left alone", async () => {
  const [id = 0] = tries({ guid: "one", statusCode: 500 });
  await bed.github.redeliver(id);
  await bed.sandbox.webhooks.idle();
  const { deliveries } = bed.sandbox.context.state;
  expect(deliveries.map(({ guid, redelivery }) => [guid, redelivery])).toEqual([
    ["one", false],
    ["one", true],
  ]);
  await expect(bed.github.redeliver(4_711)).resolves.toBeUndefined();
});
