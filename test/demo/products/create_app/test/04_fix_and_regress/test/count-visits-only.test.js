import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startApp } from "../src/app.js";
import { parseConfig } from "../src/config.js";

// Regression tests of defect D-01: previews and prefetches were counted as opens (REQ-003).

let folder;
let app;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linklet-visits-"));
  app = await startApp(parseConfig({ PORT: "0", DATA_FILE: join(folder, "links.json") }), { log: () => {} });
});

after(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

/** Creates a link, asks for it once in this way, and returns the answer's status, target and the count after it. */
async function askOnce(options) {
  const created = await fetch(`${app.url}/api/links`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"url":"https://example.org/target"}',
  });
  const { code } = await created.json();
  const answer = await fetch(`${app.url}/${code}`, { redirect: "manual", ...options });
  const { openCount } = await (await fetch(`${app.url}/api/links/${code}`)).json();
  return [answer.status, answer.headers.get("location"), openCount];
}

const TARGET = "https://example.org/target";

test("a visit counts", async () => {
  assert.deepEqual(await askOnce({}), [302, TARGET, 1]);
});

test("HEAD is answered like a visit and does not count", async () => {
  assert.deepEqual(await askOnce({ method: "HEAD" }), [302, TARGET, 0]);
});

for (const headers of [{ "sec-purpose": "prefetch" }, { "sec-purpose": "prefetch;prerender" }, { purpose: "Prefetch" }]) {
  test(`${JSON.stringify(headers)} does not count`, async () => {
    assert.deepEqual(await askOnce({ headers }), [302, TARGET, 0]);
  });
}

test("HEAD for an unknown link is still not found", async () => {
  assert.equal((await fetch(`${app.url}/unknown-link`, { method: "HEAD" })).status, 404);
});
