import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startApp } from "../src/app.js";
import { parseConfig } from "../src/config.js";

// What the sign-in page must leave as it was: REQ-002, REQ-003, and the content security policy.

const ADDRESSES = { SIGNIN_GOOGLE_URL: "https://id.example.org/google" };

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linklet-beside-"));
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

test('REQ-002: the aliases "signin" and "auth" can be had and followed without signing in', () =>
  withApp(ADDRESSES, async (ask) => {
    for (const alias of ["signin", "auth"]) {
      const body = JSON.stringify({ url: `https://example.org/${alias}`, alias });
      const made = await ask("/api/links", { method: "POST", headers: { "content-type": "application/json" }, body });
      assert.equal(made.status, 201);
      assert.equal((await ask(`/${alias}`)).headers.get("location"), `https://example.org/${alias}`);
    }
  }));

test("REQ-006: the not-found page is the one of before, word for word", () =>
  withApp(ADDRESSES, async (ask) => {
    const answer = await ask("/nobody", { headers: { accept: "text/html" } });
    assert.equal(answer.status, 404);
    assert.equal(
      await answer.text(),
      `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Link not found · Linklet</title>
    <link rel="stylesheet" href="/assets/app.css" />
  </head>
  <body>
    <main>
      <h1>Link not found</h1>
      <p>This short link does not exist. Check it for a typing error, or ask the person who sent it.</p>
      <p><a href="/">Shorten a link</a></p>
    </main>
  </body>
</html>
`,
    );
  }));

test("the content security policy is the same with addresses and without, and names no other origin", async () => {
  const policies = [];
  for (const settings of [ADDRESSES, {}])
    await withApp(settings, async (ask) => {
      policies.push((await ask("/auth/signin")).headers.get("content-security-policy"));
    });
  assert.equal(policies[0], policies[1]);
  assert.doesNotMatch(policies[0], /https?:/);
});
