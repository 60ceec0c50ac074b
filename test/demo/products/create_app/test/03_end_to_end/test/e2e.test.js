import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const MAIN = new URL("../src/main.js", import.meta.url).pathname;

// REQ-001 to REQ-008, as an operator and a reader meet them.

let folder;
const children = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linklet-e2e-"));
});

after(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** Starts the program as an operator does, as a process of its own, and waits until it says where it listens. */
async function start(settings) {
  const child = spawn(process.execPath, [MAIN], { env: { PORT: "0", ...settings }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  child.stderr.setEncoding("utf8");
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const exited = once(child, "exit").then(([code]) => ({ code, errors }));
  const url = await Promise.race([
    once(child.stdout, "data").then(([bytes]) => /http:\S+/.exec(bytes.toString())[0]),
    exited.then(() => null),
  ]);
  return {
    url,
    exited,
    stop() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

test("paste, share, open, look, restart, look again", async () => {
  const settings = { DATA_FILE: join(folder, "story", "links.json") };
  const first = await start(settings);

  const page = await fetch(first.url);
  assert.match(await page.text(), /<h1 id="shorten-title">Shorten a link<\/h1>/);
  for (const asset of ["/assets/app.css", "/assets/app.js"]) assert.equal((await fetch(first.url + asset)).status, 200);

  const created = await fetch(`${first.url}/api/links`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: "https://example.org/minutes/2026/november?page=3", alias: "minutes" }),
  });
  assert.equal((await created.json()).shortUrl, `http://localhost:${new URL(first.url).port}/minutes`);

  for (let visitor = 0; visitor < 5; visitor += 1) {
    const redirect = await fetch(`${first.url}/minutes`, { redirect: "manual" });
    assert.equal(redirect.headers.get("location"), "https://example.org/minutes/2026/november?page=3");
  }
  assert.equal((await fetch(`${first.url}/stats/minutes`)).status, 200);
  assert.equal((await (await fetch(`${first.url}/api/links/minutes`)).json()).openCount, 5);

  assert.equal((await first.stop()).code, 0);
  const second = await start(settings);
  assert.equal((await (await fetch(`${second.url}/api/links/minutes`)).json()).openCount, 5);
  assert.equal((await second.stop()).code, 0);
});

test("wrong settings stop the start with one list", async () => {
  const { url, exited } = await start({ PORT: "eighty", MAX_LINKS: "0", DATA_FILE: join(folder, "none.json") });
  assert.equal(url, null);
  const { code, errors } = await exited;
  assert.equal(code, 1);
  assert.match(errors, /- PORT: expected .*"eighty"\n- MAX_LINKS: expected /);
});

test("a damaged file stops the start and is named", async () => {
  const file = join(folder, "damaged.json");
  await writeFile(file, "{");
  const { url, exited } = await start({ DATA_FILE: file });
  assert.equal(url, null);
  const { code, errors } = await exited;
  assert.equal(code, 1);
  assert.ok(errors.includes(`reading "${file}": it is damaged`), errors);
});
