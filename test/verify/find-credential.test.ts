import { describe, expect, test } from "vitest";
import { findCredential } from "../../src/verify/find-credential.ts";
import { fakeToken } from "./memory-tree.ts";

// Put together here, so that no search takes this file for a leak.
const google = `AIza${"Sy0aB1c2D3e4F5g6H7i8J9k0L1m2N3o4P5q6R".slice(0, 35)}`;
const jwt = [
  `eyJ${"hbGciOiJIUzI1NiJ9".repeat(2)}`,
  `eyJ${"pc3MiOiJzdXBhYmFzZSJ9".repeat(2)}`,
  "s5Qd7kR2x9".repeat(4),
].join(".");

describe("findCredential", () => {
  test.each([
    ["a token alone", fakeToken, "a credential of github"],
    ["a token in a sentence", `Please use ${fakeToken}, thanks.`, "a credential of github"],
    ["a token in code", `\`\`\`\nexport GH=${fakeToken}\n\`\`\``, "a credential of github"],
    ["a token in a quote", `> ${fakeToken}`, "a credential of github"],
    [
      "a private key",
      `${["-----BEGIN RSA", "PRIVATE KEY-----"].join(" ")}\n${"MIIEpAIBAAKCAQEAx9".repeat(60)}\n-----END RSA PRIVATE KEY-----`,
      "a private key",
    ],
    [
      "an address with a password",
      ["https://owner:hunter22", "shop.dev/x"].join("@"),
      "an address with a password in it",
    ],
    ["a Google key", `key: ${google}`, "a Google API key"],
    ["a JWT", jwt, "a signed token (JWT)"],
    ["a line of settings", "STRIPE_SECRET_KEY=9f8a7b6c5d4e3f2a", "a value of STRIPE_SECRET_KEY"],
    ["one in quotes", 'The DB_PASSWORD: "Tr0ub4dor&3"', "a value of DB_PASSWORD"],
  ])("finds %s and says of which kind, not what it is", async (_what, text, kind) => {
    expect(await findCredential(text)).toBe(kind);
  });

  test.each([
    ["prose about keys", "Take the OPENAI_API_KEY of the team, it is in the vault. The password is long enough."],
    ["a name alone", "/provided STRIPE_KEY"],
    ["a placeholder", "Set STRIPE_KEY=your_key_1234 and API_TOKEN=<token-1> and DB_PASSWORD=xxxx1234xxxx"],
    ["a variable", "STRIPE_KEY: ${{ secrets.STRIPE_KEY1 }}"],
    ["an address where a key is made", "API_KEY: https://dashboard.example.org/keys/v2"],
    ["a commit", "It broke with 8f14e45fceea167a5a36dedd4bea2543deadbeef."],
    ["an answer", "/answer 2: Green, as in #00ff00"],
    ["a question of ours, quoted", "> **Question 1** (choice)\n>\n> Which key of Stripe?\n\nThe test one."],
  ])("leaves %s alone", async (_what, text) => {
    expect(await findCredential(text)).toBeNull();
  });

  test("is done with the longest comment that GitHub takes, whatever it is made of", async () => {
    expect(await findCredential("KEY_".repeat(16_000))).toBeNull();
  });
});
