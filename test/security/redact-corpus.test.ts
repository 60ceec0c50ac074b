/** Tokens of every kind that pass through a job or the app: none shows in a log, an error or a comment. */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { createRedactor, redactTokens } from "../../src/core/redact.ts";
import { redactValue } from "../../src/core/redact-json.ts";
import { temporaryFolder } from "../store/temporary-store.ts";

/** Put together, so that no scanner takes this file for a leak. */
const [gh, github, sk, ak, xo, np, ai, ey] = ["gh", "github", "sk", "AK", "xo", "np", "AI", "ey"];
const jwt = `${ey}JhbGciOiJSUzI1NiJ9.${ey}Jpc3MiOiIxMjM0NTYifQ.${"Sig-nature_0".repeat(28)}`;
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const old = "16C7e42F292c6912E7710c838347Ae178B4a";
const base64 = (words: string) => Buffer.from(words).toString("base64");

const corpus: Readonly<Record<string, string>> = {
  "ghp_, classic": `${gh}p_${old}`,
  gho_: `${gh}o_${old}`,
  ghu_: `${gh}u_${old}`,
  ghr_: `${gh}r_${old}`,
  "ghs_ of 40 characters": `${gh}s_${old}`,
  "ghs_ of 2026, with a JWT": `${gh}s_123456_${jwt}`,
  github_pat_: `${github}_pat_11ABCDEFG0_${old}${old}`,
  "a token cut at its end": `${gh}p_${old.slice(0, 18)}`,
  "an Anthropic key": `${sk}-ant-api03-${old}-${old}`,
  "an Anthropic subscription's token": `${sk}-ant-oat01-${old}`,
  "an OpenAI key": `${sk}-proj-${old}`,
  "a JWT": jwt,
  "an AWS key id": `${ak}IAIOSFODNN7EXAMPL3`,
  "a Slack token": `${xo}xb-123456789012-123456789012-${old.slice(0, 24)}`,
  "a Stripe key": `${sk}_live_${old}`,
  "an npm token": `${np}m_${old}`,
  "a Google key": `${ai}za${old}`,
  "a GitHub token in base64": base64(`${gh}s_${old}`).replace(/=*$/u, ""),
};

/** Only a part of these is a secret. */
const within: readonly (readonly [string, string, string])[] = [
  ["a password in an address", `postgres://app:${old}@db.example/x`, "postgres://app:***@db.example/x"],
  [
    "a token in an address",
    `https://x-access-token:${old}@github.com/a/b.git`,
    "https://x-access-token:***@github.com/a/b.git",
  ],
  ["a token in a query", `GET /x?access_token=${old}&page=2`, "GET /x?access_token=***&page=2"],
  ["a JWT behind other words", `a-${ey}.session-${jwt}`, `a-${ey}.session-***`],
  ["a header", `Authorization: Bearer ${old}`, "Authorization: Bearer ***"],
  ["a header of git", `AUTHORIZATION: basic ${base64(`x-access-token:${gh}s_${old}`)}`, "AUTHORIZATION: basic ***"],
  ["an AWS secret", `aws_secret_access_key = ${old}abcd`, "aws_secret_access_key = ***"],
];

/** In milliseconds; the least of some, since whatever else the machine does only adds to it. */
function costOf(texts: readonly string[]): number {
  const costs = Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (const words of texts) redactTokens(words);
    return performance.now() - start;
  });
  return Math.min(...costs);
}

describe("of everything that has the form of a token", () => {
  test.each(Object.entries(corpus))("%s is hidden whole, in words, in JSON and over a broken line", (_, token) => {
    expect(redactTokens(`it said "${token}", and went on`)).toBe('it said "***", and went on');
    expect(JSON.stringify(redactValue({ a: [{ b: token }] }, redactTokens))).toBe('{"a":[{"b":"***"}]}');
    expect(redactTokens(`${token}\n${token}`)).toBe("***\n***");
  });

  const inBase64 = Object.entries(corpus).filter(([, token]) => /^(?:gh[a-z]_|github_pat_|sk-ant-)/u.test(token));

  test.each(inBase64)("%s in base64 is hidden wherever it begins in its group of three, and in lines", (_, token) => {
    for (const name of ["", "u", "us", "use", "user:", "x-access-token:", "a".repeat(56), "a".repeat(57)]) {
      const encoded = base64(`${name}${token}`);
      for (const length of [1_000, 76, 64, 10]) {
        for (const lineBreak of ["\n", "\r\n  ", "\\n"]) {
          const lines = encoded.match(new RegExp(`.{1,${length}}`, "gu")) ?? [];
          const shown = redactTokens(`it said "${lines.join(lineBreak)}", and went on`).replaceAll(lineBreak, "");
          const left = /^it said "(?<left>.*)\*{3}=*", and went on$/u.exec(shown)?.groups?.["left"];
          // What stays is the name, and no letter of the token.
          expect(left?.length).toBeLessThanOrEqual(Math.ceil((name.length * 4) / 3));
        }
      }
    }
  });

  test("in base64, it is hidden up to its end, and what follows on other lines stays", () => {
    const encoded = base64(`${gh}p_${old}`).replace(/=*$/u, "");
    expect(redactTokens(`${encoded}\nand went on`)).toBe("***\nand went on");
    expect(redactTokens(`${encoded} ${encoded}\n\n{}`)).toBe("*** ***\n\n{}");
  });

  test.each(within)("%s goes, and what is around it stays", (_, words, shown) => {
    expect(redactTokens(words)).toBe(shown);
  });

  test("a private key is hidden, also without its end, and in one line", () => {
    const body = pem.split("\n")[1] ?? "";
    for (const words of [pem, pem.replaceAll("\n", "\\n"), pem.slice(0, 90)]) {
      expect(redactTokens(`before\n${words}`)).toContain("before\n***");
      expect(redactTokens(words)).not.toContain(body.slice(0, 20));
    }
  });

  test.each([
    "Basic responsibilities of the bearer of good news",
    "see https://example.org/a/b:c@2?page=2&sort=name",
    "npm_config_registry, sk-learn and the risk-antagonist",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "the task ask_user, ghost_writer and github_pattern",
    `![picture](data:image/png;base64,${Buffer.alloc(300, "iVBORw0KGgo").toString("base64")})`,
  ])("%s stays as it is", (words) => {
    expect(redactTokens(words)).toBe(words);
  });

  test.each([
    "gh",
    "a",
    "://:",
    "Bearer ",
    "Z2hz",
    `-${ey}J`,
    `${ey}J.`,
    `${ey}JhbGciOiJI.`,
    base64(`${gh}p_aaaaaaaaaaaaaa`),
    `${base64(`${gh}p_aaaaaaaaaaaaaa`)}\n`,
    "-----BEGIN PRIVATE KEY-----",
  ])("a text of nothing but %j is read once, not once for each of them", (words) => {
    const piece = words.repeat(2_000 / words.length);
    const inPieces = costOf(Array.from({ length: 30 }, () => piece));
    // As long as the pieces take, and thirty times as long where each is read to the end.
    expect(costOf([piece.repeat(30)]) / inPieces).toBeLessThan(6);
  });
});

test("a secret that is known is hidden cut, backwards and encoded, also where its form says nothing", () => {
  const redact = createRedactor([old]);
  for (const words of [
    old,
    old.slice(4, 30),
    base64(old),
    Array.from(old).reverse().join(""),
    encodeURIComponent(old),
  ]) {
    expect(redact(`<${words}>`)).toMatch(/^<\*{3}=*>$/u);
  }
});

test("the app's log hides its own settings and whatever has the form of a token", async () => {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const webhookSecret = "f00dfacef00dfacef00dface";
  const token = corpus["ghs_ of 2026, with a JWT"] ?? "";
  const nobody = "http://127.0.0.1:9";
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "..", "..", "src", "main.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      APP_ID: "4711",
      PRIVATE_KEY: privateKey,
      WEBHOOK_SECRET: webhookSecret,
      // Both stand in the line that says where the app listens.
      PUBLIC_URL: `${nobody}/${token}`,
      DATA_DIR: path.join(await temporaryFolder(), webhookSecret),
      ACTION_REF: `acme/phasegate@${"a".repeat(40)}`,
      HOST: "127.0.0.1",
      PORT: "0",
      GITHUB_API_URL: nobody,
      GITHUB_WEB_URL: nobody,
      OIDC_ISSUER: nobody,
    },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(said).toContain('"publicUrl":"http://127.0.0.1:9/***"');
  expect(said).toMatch(/"dataDir":"[^"]*\/\*\*\*"/u);
  expect(said + complained).not.toMatch(new RegExp(`${webhookSecret}|${token.slice(0, 30)}`, "u"));
});
