import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRedactor } from "../../src/core/redact.ts";

const secret = 's3cr3t/Pass+word=é&"quoted"';
const key = "AbCdEf0123456789GhIjKl9876543210MnOp";

describe("createRedactor", () => {
  test.each<readonly [form: string, encode: (secret: string) => string]>([
    ["as it is", (secret) => secret],
    ["in base64", (secret) => Buffer.from(secret).toString("base64")],
    ["in base64 after one byte", (secret) => Buffer.from(`x${secret}`).toString("base64").slice(2)],
    ["in base64 after two bytes", (secret) => Buffer.from(`xy${secret}`).toString("base64").slice(3)],
    ["in base64url", (secret) => Buffer.from(secret).toString("base64url")],
    ["in a URI", encodeURIComponent],
    ["in a URI with small letters", (secret) => encodeURIComponent(secret).toLowerCase().replace("pass", "Pass")],
    ["in JSON", (secret) => JSON.stringify(secret).slice(1, -1)],
    ["in JSON inside JSON", (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ["in JSON of ASCII only", (secret) => JSON.stringify(secret).slice(1, -1).replace("é", "\\u00e9")],
    ["in HTML", (secret) => secret.replace("&", "&amp;").replaceAll('"', "&quot;")],
    ["in hexadecimal", (secret) => Buffer.from(secret).toString("hex")],
    ["split over lines", (secret) => secret.match(/.{1,5}/gu)?.join("\n   ") ?? ""],
    [
      "in base64 split over lines",
      (secret) =>
        (
          Buffer.from(secret)
            .toString("base64")
            .match(/.{1,10}/g) ?? []
        ).join("\r\n"),
    ],
    [
      "in base64 split over lines in JSON",
      (secret) =>
        (
          Buffer.from(secret)
            .toString("base64")
            .match(/.{1,10}/g) ?? []
        ).join("\\n"),
    ],
    ["backwards", (secret) => Array.from(secret).reverse().join("")],
    ["backwards in hexadecimal", (secret) => Buffer.from(Array.from(secret).reverse().join("")).toString("hex")],
    ["coloured", (secret) => `${secret.slice(0, 6)}\u001b[1;31m${secret.slice(6)}`],
  ])("hides a secret %s", (_form, encode) => {
    expect(createRedactor([secret])(`before ${encode(secret)} after`)).toMatch(/^before \*\*\*\w?=* after$/);
  });

  test("hides a good part of a key, also of a shorter one, in either direction", () => {
    const short = "aK3mQ9xT2vL8pR5w";
    for (const text of [
      key.slice(3, 25),
      Array.from(key).reverse().slice(4, 24).join(""),
      short.slice(0, 13),
      short.slice(2),
    ]) {
      expect(createRedactor([key, short])(`<${text}>`)).toBe("<***>");
    }
    // A part of a name is no key.
    expect(createRedactor(["production-database-eu1"])("the production-database of ours")).toContain(
      "production-database",
    );
  });

  test("leaves a text without secrets alone", () => {
    const text = 'reading "a.b.c"\n\tat line 3\n-----BEGIN CERTIFICATE-----\n../ghost_writer eyJ.x.y sk-ant\n';
    expect(createRedactor([secret, key])(text)).toBe(text);
  });

  test("hides every place and keeps what stands between", () => {
    expect(createRedactor(["hunter22"])("hunter22,hunter22 and hunter2")).toBe("***,*** and hunter2");
  });

  test("leaves no rest of two secrets that overlap", () => {
    expect(createRedactor(["abcdefgh", "efghijkl"])("<abcdefghijkl>")).toBe("<***>");
  });

  test("prefers no secret to a longer one that holds it", () => {
    expect(createRedactor(["abcdef", "xxabcdefyy"])("xxabcdefyy")).toBe("***");
  });

  test("ignores secrets that are shorter than 6 characters, and empty ones", () => {
    expect(createRedactor(["", "12345", "   \n   \n "])("12345    \n    ")).toBe("12345    \n    ");
  });

  test("knows a secret whose file ended in a line feed", () => {
    expect(createRedactor(["hunter22\n"])("x hunter22 y")).toBe("x *** y");
  });

  test("hides a secret that holds a backslash and little else", () => {
    expect(createRedactor(["ab\\ncd"])("x ab\\ncd y")).toBe("x *** y");
  });

  test("hides each long line of a secret of several lines", () => {
    const lines = createRedactor(['{\n  "private_key": "abcdefghijklmnop"\n}']);
    expect(lines('log: "private_key": "abcdefghijklmnop" }')).toBe("log: *** }");
  });

  test("hides a key that lost a few characters at either end", () => {
    expect(createRedactor([key])(`got ${key.slice(7, -3)} here`)).toBe("got *** here");
  });

  test.each([
    ["an installation token", "ghs_abcdefghijklmnopqrst0123456789"],
    ["an installation token with dots", "ghs_1234_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl-X_y"],
    ["a personal token", "ghp_abcdefghijklmnopqrst0123456789"],
    ["a user token", "ghu_abcdefghijklmnopqrst0123456789"],
    ["a refresh token", "ghr_abcdefghijklmnopqrst0123456789"],
    ["a fine-grained token", "github_pat_11ABCDEFG0abcdefghij_klmnopqrstuvwxyz"],
    ["a model key", "sk-ant-api03-abc_DEF-ghi"],
    ["an OAuth token of the model provider", "sk-ant-oat01-abcdefghijklmnop"],
    ["a signed token", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefgh_ijklmnop"],
    ["a private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/=\nxyz\n-----END RSA PRIVATE KEY-----"],
    ["a private key in JSON", "-----BEGIN PRIVATE KEY-----\\nMIIabc+/=\\n-----END PRIVATE KEY-----"],
    ["a private key that lost its end", "-----BEGIN OPENSSH PRIVATE KEY-----\nMIIabc+/=\nxyz"],
  ])("hides %s that nobody told it", (_what, token) => {
    expect(createRedactor([])(`token=${token}"; next`)).toBe('token=***"; next');
  });

  test("keeps the full stop after a token at the end of a sentence", () => {
    expect(createRedactor([])("It was ghs_abcdefghijklmnopqrst. Then")).toBe("It was ***. Then");
  });

  test("keeps what follows the last of several private keys", () => {
    const pem = "-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----";
    expect(createRedactor([])(`${pem} and ${pem} done.`)).toBe("*** and *** done.");
  });

  test("never shows a secret, whatever stands around it", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 6, maxLength: 40 }).filter((secret) => !"******".includes(secret)),
          { maxLength: 4 },
        ),
        fc.array(fc.oneof(fc.string(), fc.nat(3))),
        (secrets, parts) => {
          const text = parts.map((part) => (typeof part === "number" ? (secrets[part] ?? "") : part)).join("");
          const shown = createRedactor(secrets)(text).split("***").join("\0\0");
          for (const secret of secrets.filter((secret) => secret.trim().length >= 6))
            expect(shown).not.toContain(secret);
        },
      ),
    );
  });

  test("reads a megabyte of hostile text once, not once for each header", () => {
    const text = "-----BEGIN PRIVATE KEY-----\n".repeat(40_000);
    expect(createRedactor([key])(text)).toBe("***");
  });
});
