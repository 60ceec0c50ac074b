import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startApp } from "../src/app.js";
import { parseConfig } from "../src/config.js";

// What was stored before there was a page to sign in: REQ-003, REQ-004, and DEC-002.

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linklet-old-"));
});

after(() => rm(folder, { recursive: true, force: true }));

test('TC-20 REQ-003: a link "signin" of before leads where it led, with its count', async () => {
  const file = join(folder, "links.json");
  const link = {
    code: "signin",
    url: "https://example.org/members",
    createdAt: "2026-05-04T08:00:00.000Z",
    openCount: 41,
    lastOpenedAt: "2026-11-02T09:30:00.000Z",
    opensByDay: { "2026-11-02": 2 },
  };
  await writeFile(file, JSON.stringify({ version: 1, links: [link] }));
  const settings = { PORT: "0", DATA_FILE: file, SIGNIN_GOOGLE_URL: "https://id.example.org/google" };
  const app = await startApp(parseConfig(settings), { log: () => {} });
  try {
    const redirect = await fetch(`${app.url}/signin`, { redirect: "manual" });
    assert.deepEqual([redirect.status, redirect.headers.get("location")], [302, "https://example.org/members"]);
    assert.equal((await (await fetch(`${app.url}/api/links/signin`)).json()).openCount, 42);
    assert.equal((await fetch(`${app.url}/stats/signin`)).status, 200);
  } finally {
    await app.close();
  }
});
