import { describe, expect, test } from "vitest";
import { scanSecrets } from "../../src/verify/secrets.ts";
import { fakeToken } from "./memory-tree.ts";

describe("scanSecrets", () => {
  test("names file, line and kind, and never the secret", async () => {
    const findings = await scanSecrets([{ path: "src/a.ts", text: `\nconst token = "${fakeToken}";\n` }]);
    expect(findings).toEqual([
      expect.objectContaining({
        check: "no-secrets",
        path: "src/a.ts",
        line: 2,
        message: expect.stringContaining("(github)"),
      }),
    ]);
    expect(JSON.stringify(findings)).not.toContain(fakeToken.slice(4, 12));
  });

  test.each([
    [
      "a private key",
      "key.pem",
      `${["-----BEGIN RSA", "PRIVATE KEY-----"].join(" ")}\n${"MIIEpAIBAAKCAQEAx9".repeat(60)}\n-----END RSA PRIVATE KEY-----\n`,
    ],
    ["a model key", "a.py", `KEY = "${["sk", "ant", "api03", "a".repeat(93)].join("-")}AA"`],
    ["a password in an address", "a.md", ["https://owner:hunter22", "example.com/x"].join("@")],
    ["a token of a package registry", ".npmrc", ["//localhost/:_authToken", "abcdefabcdef"].join("=")],
  ])("finds %s", async (_, path, text) => {
    expect(await scanSecrets([{ path, text }])).not.toEqual([]);
  });

  test.each([
    ["an example address of a database", "postgres://user:password@localhost:5432/app"],
    ["a variable in place of a token", "//localhost/:_authToken=${NPM_TOKEN}"],
    ["a hash of a lock file", `"integrity": "sha512-${"Ab3+/".repeat(17)}Q=="`],
    ["prose", "The password is at least 12 characters long."],
  ])("leaves %s alone", async (_, text) => {
    expect(await scanSecrets([{ path: "a.md", text }])).toEqual([]);
  });

  test("is not switched off by comments in the file", async () => {
    const text = `// secretlint-disable\nconst token = "${fakeToken}"; // secretlint-disable-line\n`;
    expect(await scanSecrets([{ path: "a.ts", text }])).toHaveLength(1);
  });
});
