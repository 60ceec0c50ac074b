import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../src/config.js";

// REQ-008: settings with defaults, all faults at once.

test("an empty environment gives the defaults", () => {
  assert.deepEqual(parseConfig({}), {
    host: "127.0.0.1",
    port: 8080,
    publicUrl: "",
    dataFile: "var/links.json",
    createLimitPerMinute: 20,
    maxLinks: 50_000,
    trustProxy: false,
  });
});

test("all faults are reported at once, each with its name", () => {
  assert.throws(
    () => parseConfig({ PORT: "70000", PUBLIC_URL: "ftp://go.example.org", TRUST_PROXY: "yes" }),
    (error) => ["PORT", "PUBLIC_URL", "TRUST_PROXY"].every((name) => error.message.includes(`- ${name}: expected`)),
  );
});

test("a public address keeps only its origin", () => {
  assert.equal(parseConfig({ PUBLIC_URL: "https://go.example.org/" }).publicUrl, "https://go.example.org");
  assert.throws(() => parseConfig({ PUBLIC_URL: "https://example.org/go" }), /without a path/);
});
