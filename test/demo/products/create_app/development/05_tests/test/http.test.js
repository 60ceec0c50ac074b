import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startApp } from "../src/app.js";
import { parseConfig } from "../src/config.js";

// Over HTTP: REQ-001, REQ-002, REQ-003, REQ-006, and REQ-007.

let folder;
let app;
const faults = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linklet-http-"));
  const config = parseConfig({
    PORT: "0",
    DATA_FILE: join(folder, "links.json"),
    PUBLIC_URL: "https://go.example.org",
    CREATE_LIMIT_PER_MINUTE: "1000",
  });
  app = await startApp(config, { log: (line) => faults.push(line) });
});

after(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
  assert.deepEqual(faults, []);
});

const get = (path, headers = {}) => fetch(app.url + path, { headers, redirect: "manual" });
const post = (body, type = "application/json") =>
  fetch(`${app.url}/api/links`, {
    method: "POST",
    headers: { "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

async function refusalOf(response) {
  return [response.status, (await response.json()).error.code];
}

test("a long URL becomes a short one that leads there and counts", async () => {
  const created = await post({ url: "https://example.org/a/long/path?with=query" });
  assert.equal(created.status, 201);
  const link = await created.json();
  assert.equal(link.shortUrl, `https://go.example.org/${link.code}`);
  assert.equal(created.headers.get("location"), `/api/links/${link.code}`);

  for (let round = 0; round < 3; round += 1) {
    const redirect = await get(`/${link.code}`);
    assert.equal(redirect.status, 302);
    assert.equal(redirect.headers.get("location"), "https://example.org/a/long/path?with=query");
    assert.equal(redirect.headers.get("cache-control"), "no-store");
  }

  const stats = await (await get(`/api/links/${link.code}`)).json();
  assert.equal(stats.openCount, 3);
  assert.equal(Object.values(stats.opensByDay)[0], 3);
  assert.ok(stats.lastOpenedAt >= stats.createdAt);
});

test("an alias works in any case and can't be taken twice", async () => {
  assert.equal((await post({ url: "https://example.org/lunch", alias: "Team-Lunch" })).status, 201);
  assert.equal((await get("/TEAM-LUNCH")).headers.get("location"), "https://example.org/lunch");
  assert.deepEqual(await refusalOf(await post({ url: "https://example.org/", alias: "team-lunch" })), [409, "alias-taken"]);
});

test("ten requests for one alias at the same time make one link", async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => post({ url: `https://example.org/${index}`, alias: "race" })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
});

for (const [name, body, type, status, code] of [
  ["a script as target", { url: "javascript:alert(1)" }, undefined, 422, "url-scheme"],
  ["no target", {}, undefined, 422, "url-missing"],
  ["our own short link as target", { url: "https://go.example.org/abc" }, undefined, 422, "url-own"],
  ["a reserved alias", { url: "https://example.org/", alias: "healthz" }, undefined, 422, "alias-reserved"],
  ["an alias that is not text", { url: "https://example.org/", alias: { a: 1 } }, undefined, 422, "alias-invalid"],
  ["a list instead of an object", "[]", undefined, 400, "body-invalid"],
  ["torn JSON", '{"url":', undefined, 400, "body-invalid"],
  ["an empty body", "", undefined, 400, "body-invalid"],
  ["a form", "url=https://example.org/", "application/x-www-form-urlencoded", 415, "body-type"],
  ["a body of 9 KiB", JSON.stringify({ url: "a".repeat(9 * 1024) }), undefined, 413, "body-too-large"],
]) {
  test(`${name} is refused with ${status} ${code}`, async () => {
    assert.deepEqual(await refusalOf(await post(body, type)), [status, code]);
  });
}

test("an unknown link is a page for people and JSON for programs", async () => {
  const page = await get("/nothing-here", { accept: "text/html,*/*" });
  assert.equal(page.status, 404);
  assert.match(await page.text(), /This short link does not exist/);
  assert.deepEqual(await refusalOf(await get("/nothing-here")), [404, "not-found"]);
  assert.deepEqual(await refusalOf(await get("/api/links/nothing-here")), [404, "link-unknown"]);
});

test("odd paths are just not found", async () => {
  for (const path of ["/__proto__", "/constructor", "/%2e%2e%2fetc%2fpasswd", "//", "/a/b/c", `/${"a".repeat(5_000)}`]) {
    assert.equal((await get(path)).status, 404, path.slice(0, 40));
  }
});

test("a wrong method is answered with those that work", async () => {
  const answer = await fetch(`${app.url}/api/links`, { method: "DELETE" });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get("allow"), "POST");
});

test("the health endpoint answers", async () => {
  const answer = await get("/healthz");
  assert.deepEqual([answer.status, await answer.json()], [200, { status: "ok" }]);
});

test("there is no list of everybody's links", async () => {
  assert.equal((await get("/api/links")).status, 405);
});
