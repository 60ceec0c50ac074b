import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ConfigError, parseConfig, secretsOf } from "../../src/control/config.ts";

const { privateKey: pkcs1 } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});

const good = {
  APP_ID: "123",
  PRIVATE_KEY: pkcs1,
  WEBHOOK_SECRET: "f00dfacef00dfacef00dface",
  PUBLIC_URL: "https://phasegate.example.org/",
  ACTION_REF: `acme/phasegate@${"a".repeat(40)}`,
};

function noFile(path: string): string {
  throw new Error(`ENOENT: no such file "${path}"`);
}

function faultsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    parseConfig(environment, noFile);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe("parseConfig", () => {
  test("takes the five settings and has a default for all else", () => {
    expect(parseConfig(good, noFile)).toMatchObject({
      appId: 123,
      publicUrl: "https://phasegate.example.org",
      port: 3000,
      dataDir: "./data",
      githubApiUrl: "https://api.github.com",
      githubWriteIntervalMs: 1_000,
      reviewDebounceMs: 20_000,
      namesEveryMs: 60_000,
      logsKeptMs: 90 * 24 * 60 * 60_000,
      network: "open",
      mcpHosts: [],
      trustedProxies: expect.arrayContaining(["127.0.0.0/8", "10.0.0.0/8", "fc00::/7"]),
      phaseBudgetUsd: null,
      taskBudgetUsd: 25,
      dayBudgetUsd: 50,
      prices: [],
      checkpointKeys: [{ id: expect.stringMatching(/^app-/u) }],
    });
  });

  test("turns GitHub's PKCS#1 key, also with written-out line ends, into the form that the signer takes", () => {
    const config = parseConfig({ ...good, PRIVATE_KEY: pkcs1.replaceAll("\n", "\\n") }, noFile);
    expect(config.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/u);
  });

  test("reads the key from PRIVATE_KEY_PATH", () => {
    const config = parseConfig({ ...good, PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: "/keys/app.pem" }, (path) =>
      path === "/keys/app.pem" ? pkcs1 : noFile(path),
    );
    expect(config.privateKey).toContain("PRIVATE KEY");
  });

  test("lists every fault at once, each with its name", () => {
    const faults = faultsOf({});
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([
      "APP_ID",
      "PRIVATE_KEY",
      "WEBHOOK_SECRET",
      "PUBLIC_URL",
      "ACTION_REF",
    ]);
  });

  test.each([
    ["APP_ID", "Iv1.0123456789abcdef", "client id"],
    ["PRIVATE_KEY", "junk", "RSA private key"],
    ["WEBHOOK_SECRET", "development", "nobody can guess"],
    ["WEBHOOK_SECRET", "short", "16 characters"],
    ["PUBLIC_URL", "phasegate.example.org", "https://"],
    ["PUBLIC_URL", "http://phasegate.example.org", "expected https"],
    ["PUBLIC_URL", "https://phasegate.example.org/?a=b", "no query"],
    ["ACTION_REF", "acme/phasegate@v1", "commit SHA"],
    ["PHASEGATE_LANGUAGE", "fr", '"en" or "ko"'],
    ["PORT", "80000", "0 to 65535"],
    ["TASK_BUDGET_USD", "free", "number"],
    ["PHASE_BUDGET_USD", "0", "0.01 to 10000"],
    ["DAY_BUDGET_USD", "-1", "0.01 to 10000"],
    ["MODEL_PRICES", "[{}]", "cacheRead"],
    ["MODEL_PRICES", "[torn", "US dollars for a million tokens"],
    ["MODEL_PRICES", "/etc/prices.json", 'no such file "/etc/prices.json"'],
    ["CHECKPOINT_KEYS", "k1", "openssl rand -base64 32"],
    ["CHECKPOINT_KEYS", "k1:c2hvcnQ=", "expected 32 bytes"],
    ["GHE_HOST", "github.corp.example", "not supported in version 1"],
    ["GITHUB_API_URL", "https://api.github.evil.example", "on this machine"],
    ["DATABASE_URL", "mysql://app@db.example.org/phasegate", "postgres://user"],
    ["DATABASE_URL", "postgres://db.example.org", "name at its end"],
    ["DATABASE_URL", "postgres:///phasegate", "expected a host"],
    ["DATABASE_URL", "postgres://app:p#ss@db.example.org/phasegate", "%23"],
    ["DATABASE_URL", "postgres://app:100%@db.example.org/phasegate", "each % in it to be written as %25"],
    ["OIDC_ISSUER", "https://issuer.evil.example", "on this machine"],
    ["TRUSTED_PROXIES", "proxy.example.org", 'with a comma between two, got "proxy.example.org"'],
    ["TRUSTED_PROXIES", "203.0.113.7 198.51.100.1", "with a comma between two"],
    ["TRUSTED_PROXIES", "203.0.113.7,", 'got ""'],
    ["TRUSTED_PROXIES", "203.0.113.0/33", 'got "203.0.113.0/33"'],
    ["TRUSTED_PROXIES", "2001:db8::/129", 'got "2001:db8::/129"'],
    ["TRUSTED_PROXIES", "0.0.0.0/0", 'got "0.0.0.0/0"'],
    ["TRUSTED_PROXIES", "::ffff:203.0.113.7", "such as 203.0.113.7"],
  ])("refuses %s=%s", (name, value, because) => {
    const faults = faultsOf({ ...good, [name]: value });
    expect(faults.join("\n")).toContain(name);
    expect(faults.join("\n")).toContain(because);
  });

  test("never repeats the private key, the webhook secret or the address of the database in a fault", () => {
    const secret = {
      PRIVATE_KEY: "my-secret-pem",
      WEBHOOK_SECRET: "hunter2",
      DATABASE_URL: "postgres://app:pa/ss@db/",
    };
    const faults = faultsOf({ ...good, ...secret }).join("\n");
    expect(faults).toContain("DATABASE_URL");
    expect(faults).not.toContain("my-secret-pem");
    expect(faults).not.toContain("hunter2");
    expect(faults).not.toContain("pa/ss");
  });

  test.each([
    "postgres://app:secret@db.example.org:5432/phasegate",
    "postgresql://app@localhost/phasegate?sslmode=require",
    "postgres:///phasegate?host=/run/postgresql",
  ])("takes the store's address %s as it is, and without one the store is SQLite", (url) => {
    expect(parseConfig({ ...good, DATABASE_URL: url }, noFile).databaseUrl).toBe(url);
    expect(parseConfig(good, noFile).databaseUrl).toBeNull();
  });

  test.each([
    "postgres://app:100%25%2Fhunter2@db.example.org/phasegate",
    "postgres://app@db.example.org/phasegate?password=100%25%2Fhunter2",
  ])("keeps the password of the store's address %s out of logs, as the server gets it", (url) => {
    expect(secretsOf(parseConfig({ ...good, DATABASE_URL: url }, noFile))).toContain("100%/hunter2");
  });

  test("takes addresses and ranges of proxies in the place of the private ones", () => {
    const TRUSTED_PROXIES = "203.0.113.7, 198.51.100.0/24,2001:db8::/32,::1";
    expect(parseConfig({ ...good, TRUSTED_PROXIES }, noFile).trustedProxies).toEqual([
      "203.0.113.7",
      "198.51.100.0/24",
      "2001:db8::/32",
      "::1",
    ]);
  });

  test("takes prices as a list, and from a file", () => {
    const prices = [{ model: "claude-sonnet", input: 3, output: 15, cacheRead: 0.3 }];
    const json = JSON.stringify(prices);
    expect(parseConfig({ ...good, MODEL_PRICES: json }, noFile).prices).toEqual(prices);
    expect(parseConfig({ ...good, MODEL_PRICES: "/etc/prices.json" }, () => json).prices).toEqual(prices);
  });

  test("seals checkpoints with the first key that is set, and opens what the app's own key has sealed before", () => {
    const key = Buffer.alloc(32, 7).toString("base64");
    const { checkpointKeys } = parseConfig({ ...good, CHECKPOINT_KEYS: `k2:${key}` }, noFile);
    expect(checkpointKeys.map(({ id }) => id)).toEqual(["k2", parseConfig(good, noFile).checkpointKeys[0]?.id]);
  });

  test("never repeats a key of checkpoints in a fault", () => {
    const key = Buffer.alloc(32, 7).toString("base64");
    expect(faultsOf({ ...good, CHECKPOINT_KEYS: `k1:${key},k1:${key},${key}` }).join()).not.toContain(key);
  });

  test("both ways to give the key at once is a fault", () => {
    expect(faultsOf({ ...good, PRIVATE_KEY_PATH: "/keys/app.pem" }).join()).toContain("not both");
  });
});
