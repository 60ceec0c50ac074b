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
    signIn: [],
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

test("REQ-009: services come in the order Google, GitHub, Apple, and those without an address are left out", () => {
  const apple = "https://id.example.org/apple";
  const google = "https://id.example.org/google?to=links";
  assert.deepEqual(parseConfig({ SIGNIN_APPLE_URL: apple, SIGNIN_GITHUB_URL: "", SIGNIN_GOOGLE_URL: google }).signIn, [
    { service: "Google", url: google },
    { service: "Apple", url: apple },
  ]);
});

for (const address of [
  "http://id.example.org/apple",
  "javascript:alert(1)",
  "data:text/html,hello",
  "/auth/apple",
  "id.example.org",
  "https://owner@id.example.org/",
]) {
  test(`REQ-010: "${address}" is no address to sign in at, and the start says so`, () => {
    assert.throws(
      () => parseConfig({ SIGNIN_APPLE_URL: address }),
      (error) => error.message.includes("- SIGNIN_APPLE_URL: expected an address that begins with https://"),
    );
  });
}

test("REQ-010: a wrong address is reported with all other faults", () => {
  assert.throws(
    () => parseConfig({ PORT: "70000", SIGNIN_GITHUB_URL: "http://id.example.org" }),
    (error) => ["PORT", "SIGNIN_GITHUB_URL"].every((name) => error.message.includes(`- ${name}: expected`)),
  );
});
