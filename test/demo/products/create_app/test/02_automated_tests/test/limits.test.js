import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startApp } from "../src/app.js";
import { parseConfig } from "../src/config.js";
import { createRateLimit } from "../src/http/rate-limit.js";

// REQ-007: limits.

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linklet-limits-"));
});

after(() => rm(folder, { recursive: true, force: true }));

/** Runs `check` against an application of its own with these settings. */
async function withApp(settings, check) {
  const config = parseConfig({ PORT: "0", DATA_FILE: join(folder, `${Object.keys(settings)[0]}.json`), ...settings });
  const app = await startApp(config, { log: () => {} });
  try {
    await check((headers = {}) =>
      fetch(`${app.url}/api/links`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: '{"url":"https://example.org/"}',
      }),
    );
  } finally {
    await app.close();
  }
}

test("the bucket lets a burst through, then says how long to wait, and refills", () => {
  const limit = createRateLimit(2);
  assert.deepEqual([limit.take("a", 0), limit.take("a", 0), limit.take("a", 0)], [0, 0, 30]);
  assert.equal(limit.take("b", 0), 0);
  assert.equal(limit.take("a", 29_000), 1);
  assert.equal(limit.take("a", 30_000), 0);
});

test("ten thousand clients are remembered and not one more", () => {
  const limit = createRateLimit(1);
  for (let client = 0; client <= 10_000; client += 1) limit.take(client, 0);
  assert.equal(limit.take(10_000, 0), 60);
  assert.equal(limit.take(0, 0), 0);
});

test("the third link in a minute is refused with 429 and the time to wait", () =>
  withApp({ CREATE_LIMIT_PER_MINUTE: "2" }, async (create) => {
    const answers = [await create(), await create(), await create()];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 429],
    );
    assert.match(answers[2].headers.get("retry-after"), /^(29|30)$/);
  }));

test("X-Forwarded-For does not help a client to get around the limit", () =>
  withApp({ CREATE_LIMIT_PER_MINUTE: "1", TRUST_PROXY: "0" }, async (create) => {
    assert.equal((await create({ "x-forwarded-for": "198.51.100.1" })).status, 201);
    assert.equal((await create({ "x-forwarded-for": "198.51.100.2" })).status, 429);
  }));

test("behind a trusted proxy each client has its own limit", () =>
  withApp({ TRUST_PROXY: "1", CREATE_LIMIT_PER_MINUTE: "1" }, async (create) => {
    assert.equal((await create({ "x-forwarded-for": "spoofed, 198.51.100.1" })).status, 201);
    assert.equal((await create({ "x-forwarded-for": "other, 198.51.100.1" })).status, 429);
    assert.equal((await create({ "x-forwarded-for": "198.51.100.2" })).status, 201);
  }));

test("a full store answers 507", () =>
  withApp({ MAX_LINKS: "1" }, async (create) => {
    assert.equal((await create()).status, 201);
    const answer = await create();
    assert.deepEqual([answer.status, (await answer.json()).error.code], [507, "store-full"]);
  }));
