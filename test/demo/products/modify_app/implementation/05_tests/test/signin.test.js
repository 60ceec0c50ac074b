import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startApp } from "../src/app.js";
import { parseConfig } from "../src/config.js";

// SCR-004 over HTTP: REQ-009, REQ-010, and REQ-011.

const ADDRESSES = {
  SIGNIN_GOOGLE_URL: "https://id.example.org/google?to=links&lang=en",
  SIGNIN_GITHUB_URL: "https://id.example.org/github",
  SIGNIN_APPLE_URL: "https://id.example.org/apple",
};

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linklet-signin-"));
});

after(() => rm(folder, { recursive: true, force: true }));

/** Runs `check` against an application of its own with these settings. */
async function withApp(settings, check) {
  const config = parseConfig({ PORT: "0", DATA_FILE: join(folder, "links.json"), ...settings });
  const app = await startApp(config, { log: () => {} });
  try {
    await check((path, options = {}) => fetch(app.url + path, { redirect: "manual", ...options }));
  } finally {
    await app.close();
  }
}

const asBrowser = { headers: { accept: "text/html" } };
const buttonsOf = (html) =>
  [...html.matchAll(/<a class="button" href="([^"]*)">([^<]*)<\/a>/g)].map(([, href, name]) => [name, href]);

test("REQ-009: shows three buttons, in the order Google, GitHub, Apple, each with its own address", () =>
  withApp(ADDRESSES, async (ask) => {
    const answer = await ask("/auth/signin", asBrowser);
    assert.equal(answer.status, 200);
    assert.deepEqual(buttonsOf(await answer.text()), [
      ["Continue with Google", "https://id.example.org/google?to=links&#38;lang=en"],
      ["Continue with GitHub", "https://id.example.org/github"],
      ["Continue with Apple", "https://id.example.org/apple"],
    ]);
  }));

test("REQ-009: shows no button and no empty place for a service without an address", () =>
  withApp({ ...ADDRESSES, SIGNIN_GITHUB_URL: "" }, async (ask) => {
    const html = await (await ask("/auth/signin", asBrowser)).text();
    assert.deepEqual(
      buttonsOf(html).map(([name]) => name),
      ["Continue with Google", "Continue with Apple"],
    );
    assert.equal(html.match(/<li>/g).length, 2);
  }));

test("REQ-009: has no sign-in page where no service has an address", () =>
  withApp({}, async (ask) => {
    const answer = await ask("/auth/signin", asBrowser);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /<h1>Link not found<\/h1>/);
  }));

test("REQ-010: shows markup in an address as text", () =>
  withApp({ SIGNIN_APPLE_URL: "https://id.example.org/?a='b'&c=d" }, async (ask) => {
    const html = await (await ask("/auth/signin", asBrowser)).text();
    assert.deepEqual(buttonsOf(html), [["Continue with Apple", "https://id.example.org/?a=%27b%27&#38;c=d"]]);
  }));

test("REQ-011: buttons are links with a name, on a page that needs no script", () =>
  withApp(ADDRESSES, async (ask) => {
    const html = await (await ask("/auth/signin", asBrowser)).text();
    for (const part of ['<html lang="en">', "<title>Sign in · Linklet</title>", "<main>", "<h1>Sign in</h1>"])
      assert.ok(html.includes(part), part);
    assert.doesNotMatch(html, /<script|<form|<button|tabindex|\son\w+="|\sstyle="/);
    const style = await readFile(new URL("../public/app.css", import.meta.url), "utf8");
    assert.match(style, /a\.button \{[^}]*min-height: 2\.75rem;/);
  }));

test("REQ-011: the page answers GET and HEAD only, and no cache keeps it", () =>
  withApp(ADDRESSES, async (ask) => {
    assert.equal((await ask("/auth/signin", { method: "HEAD" })).status, 200);
    const refused = await ask("/auth/signin", { method: "POST" });
    assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD"]);
    assert.equal((await ask("/auth/signin")).headers.get("cache-control"), "no-store");
  }));
