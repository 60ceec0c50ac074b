import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { CodeTaken, openLinkStore } from "../src/store/link-store.js";

const folders = [];
let file;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "linklet-store-"));
  folders.push(folder);
  file = join(folder, "var", "links.json");
});

after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

// DEC-002 and DEC-003: what survives, and what may be lost.

const link = (code) => ({
  code,
  url: `https://example.org/${code}`,
  createdAt: "2026-11-20T09:00:00.000Z",
  openCount: 0,
  lastOpenedAt: null,
  opensByDay: {},
});

test("a link and its opens are there after a restart", async () => {
  const first = await openLinkStore(file);
  await first.insert(link("abc"));
  first.recordOpen("abc", "2026-11-20T10:00:00.000Z");
  first.recordOpen("abc", "2026-11-21T10:00:00.000Z");
  await first.close();

  const second = await openLinkStore(file);
  assert.equal(second.size, 1);
  assert.deepEqual(second.get("abc"), {
    ...link("abc"),
    openCount: 2,
    lastOpenedAt: "2026-11-21T10:00:00.000Z",
    opensByDay: { "2026-11-20": 1, "2026-11-21": 1 },
  });
});

test("a link is on disk when insert resolves", async () => {
  const store = await openLinkStore(file);
  await store.insert(link("abc"));
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")).links, [link("abc")]);
});

test("of two inserts of one code at the same time exactly one succeeds", async () => {
  const store = await openLinkStore(file);
  const results = await Promise.allSettled([store.insert(link("abc")), store.insert(link("abc"))]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.ok(results.find(({ status }) => status === "rejected").reason instanceof CodeTaken);
});

test("a hundred inserts at once all survive and leave no draft behind", async () => {
  const store = await openLinkStore(file);
  await Promise.all(Array.from({ length: 100 }, (_, index) => store.insert(link(`code-${index}`))));
  assert.equal((await openLinkStore(file)).size, 100);
  assert.deepEqual(await readdir(join(file, "..")), ["links.json"]);
});

test("only the last 30 days of opens are kept, the total is not cut", async () => {
  const store = await openLinkStore(file);
  await store.insert(link("abc"));
  for (let day = 0; day < 40; day += 1) store.recordOpen("abc", new Date(Date.UTC(2026, 0, 1 + day)).toISOString());
  assert.equal(store.get("abc").openCount, 40);
  assert.equal(Object.keys(store.get("abc").opensByDay).length, 30);
  assert.ok("2026-02-09" in store.get("abc").opensByDay);
});

test("an open of an unknown code is undefined and creates nothing", async () => {
  const store = await openLinkStore(file);
  assert.equal(store.recordOpen("constructor", "2026-11-20T10:00:00.000Z"), undefined);
  assert.equal(store.size, 0);
});

test("a damaged file stops the start and stays as it was", async () => {
  await (await openLinkStore(file)).close();
  await writeFile(file, '{"version":1,"links":[{"co');
  await assert.rejects(openLinkStore(file), /it is damaged; restore a copy/);
  assert.equal(await readFile(file, "utf8"), '{"version":1,"links":[{"co');
});
