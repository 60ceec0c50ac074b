import assert from "node:assert/strict";
import { test } from "node:test";
import { checkUrl } from "../src/links/check-url.js";
import { checkAlias, codeFromPath, newCode } from "../src/links/codes.js";
import { createLinkService } from "../src/links/link-service.js";
import { CodeTaken } from "../src/store/link-store.js";

const OWN = "https://go.example.org";

/** A store in memory with the same contract as the file. */
function memoryStore() {
  const links = new Map();
  return {
    get size() {
      return links.size;
    },
    get: (code) => links.get(code),
    async insert(link) {
      if (links.has(link.code)) throw new CodeTaken(link.code);
      links.set(link.code, link);
    },
    recordOpen(code, at) {
      const link = links.get(code);
      if (link !== undefined) links.set(code, { ...link, openCount: link.openCount + 1, lastOpenedAt: at });
      return links.get(code);
    },
  };
}

// REQ-001: which URLs become links. REQ-002: which aliases do.

const service = (options = {}) =>
  createLinkService({
    store: memoryStore(),
    maxLinks: 10,
    ownOrigin: () => OWN,
    now: () => new Date("2026-11-20T09:00:00Z"),
    ...options,
  });

const refusal = (code) => (error) => error.name === "Refusal" && error.code === code;

test("a web address is accepted and brought into its normal form", () => {
  assert.equal(checkUrl("  HTTPS://Example.org/a b?q=ü ", OWN), "https://example.org/a%20b?q=%C3%BC");
  assert.equal(checkUrl("http://example.org", OWN), "http://example.org/");
});

for (const [text, code] of [
  [undefined, "url-missing"],
  [42, "url-missing"],
  ["   ", "url-missing"],
  ["example.org/page", "url-invalid"],
  ["https://", "url-invalid"],
  ["javascript:alert(1)", "url-scheme"],
  ["data:text/html,<script>alert(1)</script>", "url-scheme"],
  ["ftp://example.org/file", "url-scheme"],
  ["https://ada@example.org/", "url-credentials"],
  [`${OWN}/abc2345`, "url-own"],
  [`https://example.org/${"a".repeat(2048)}`, "url-too-long"],
]) {
  test(`${JSON.stringify(text)?.slice(0, 40)} is refused as ${code}`, () => {
    assert.throws(() => checkUrl(text, OWN), refusal(code));
  });
}

test("codes are seven characters that can't be confused", () => {
  for (let round = 0; round < 1_000; round += 1) assert.match(newCode(), /^[2-9a-hjkmnp-z]{7}$/);
});

test("an alias is kept in lower case, a bad or reserved one is refused", () => {
  assert.equal(checkAlias(" Team-Lunch "), "team-lunch");
  for (const text of ["ab", "-ab", "ab-", "a_b", "a/b", "ünlü", "a".repeat(33), 7]) {
    assert.throws(() => checkAlias(text), refusal("alias-invalid"), String(text));
  }
  assert.throws(() => checkAlias("Stats"), refusal("alias-reserved"));
});

test("a path that can't be a code is null", () => {
  assert.equal(codeFromPath("Team-Lunch"), "team-lunch");
  for (const segment of ["", "..", "%2e%2e", "favicon.ico", "stats", "a".repeat(200)]) {
    assert.equal(codeFromPath(segment), null, segment);
  }
});

test("shortening gives a short URL with a count of zero", async () => {
  const link = await service({ createCode: () => "abc2345" }).shorten({ url: "https://example.org/long" });
  assert.deepEqual(link, {
    code: "abc2345",
    url: "https://example.org/long",
    shortUrl: "https://go.example.org/abc2345",
    createdAt: "2026-11-20T09:00:00.000Z",
    openCount: 0,
    lastOpenedAt: null,
    opensByDay: {},
  });
});

test("a code that is taken is replaced by the next one", async () => {
  const codes = ["same234", "same234", "other23"];
  const links = service({ createCode: () => codes.shift() });
  await links.shorten({ url: "https://example.org/1" });
  assert.equal((await links.shorten({ url: "https://example.org/2" })).code, "other23");
  assert.equal(links.find("same234").url, "https://example.org/1");
});

test("five taken codes in a row end in an error, not in an overwritten link", async () => {
  const links = service({ createCode: () => "same234" });
  await links.shorten({ url: "https://example.org/1" });
  await assert.rejects(links.shorten({ url: "https://example.org/2" }), /5 codes in a row/);
});

test("a taken alias is refused, whatever its case", async () => {
  const links = service();
  await links.shorten({ url: "https://example.org/1", alias: "team-lunch" });
  await assert.rejects(links.shorten({ url: "https://example.org/2", alias: "TEAM-lunch" }), refusal("alias-taken"));
});

test("the same URL twice gives two links, so that each has its own count", async () => {
  const links = service();
  const first = await links.shorten({ url: "https://example.org/" });
  const second = await links.shorten({ url: "https://example.org/" });
  links.open(first.code);
  assert.deepEqual([links.find(first.code).openCount, links.find(second.code).openCount], [1, 0]);
});

test("opening counts and looking does not", async () => {
  const links = service();
  const { code } = await links.shorten({ url: "https://example.org/" });
  assert.equal(links.open(code), "https://example.org/");
  links.find(code);
  assert.equal(links.find(code).openCount, 1);
  assert.equal(links.open("missing"), null);
  assert.equal(links.find("missing"), null);
});

test("a full store refuses new links and keeps serving the old ones", async () => {
  const links = service({ maxLinks: 1 });
  const { code } = await links.shorten({ url: "https://example.org/" });
  await assert.rejects(links.shorten({ url: "https://example.org/2" }), refusal("store-full"));
  assert.equal(links.open(code), "https://example.org/");
});
