import { createCipheriv } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { nothingSpent } from "../../src/core/usage.ts";
import { envelopeBytesMax, openSealed, sealEnvelope, type Envelope } from "../../src/protocol/envelope.ts";

const key = Buffer.alloc(32, 1).toString("base64");
const envelope: Envelope = {
  steps: [
    {
      step: "01_idea",
      changes: [{ kind: "written", path: "docs/01_idea.md", mode: "100644", contentBase64: "IyBJZGVhCg==" }],
      spent: nothingSpent,
      findings: [],
      answers: [{ id: "thread:A", kind: "fixed", text: "누가 지불하는지 적었습니다." }],
      told: [{ number: 1, at: "2026-11-21T00:00:00.000Z" }],
    },
  ],
  requests: [
    {
      kind: "dependency",
      id: "run-1/1",
      step: "02_market",
      dependency: { type: "api_key", name: "STRIPE_KEY", description: "To charge.", required: true },
    },
  ],
  checkpoint: null,
  outcome: {
    outcome: { kind: "completed" },
    report: {
      verdicts: [
        {
          criterion: "names-a-payer",
          passed: true,
          confidence: "high",
          reason: "It says who pays.",
          evidence: [{ path: "docs/01_idea.md", line: 3, quote: "방문자가 지불합니다." }],
        },
      ],
      judgeFault: null,
      tests: null,
      decisions: [],
    },
    spent: nothingSpent,
  },
};
const sealed = sealEnvelope(envelope, key, "run-1");

/** Made by somebody who has the key: what is inside need not be right all the same. */
function sealAnything(packed: Buffer): Uint8Array {
  const iv = Buffer.alloc(12, 3);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "base64"), iv);
  cipher.setAAD(Buffer.from("run-1"));
  const text = Buffer.concat([cipher.update(packed), cipher.final()]);
  return Buffer.concat([Buffer.from("PGE1"), iv, cipher.getAuthTag(), text]);
}

describe("an envelope", () => {
  test("is opened with its key, for its run", () => {
    expect(openSealed(sealed, key, "run-1")).toEqual(envelope);
  });

  test("of an action that knew no requests and no checkpoints has none", () => {
    const { requests: _, checkpoint: __, ...older } = envelope;
    const opened = openSealed(sealAnything(gzipSync(JSON.stringify(older))), key, "run-1");
    expect(opened).toEqual({ ...envelope, requests: [] });
  });

  test("shows nothing of what is inside, and is another each time", () => {
    expect(Buffer.from(sealed).includes("01_idea")).toBe(false);
    expect(Buffer.compare(sealEnvelope(envelope, key, "run-1"), sealed)).not.toBe(0);
  });

  const changed = Uint8Array.from(sealed);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  test.each<readonly [string, Uint8Array, string, string]>([
    ["another key", sealed, Buffer.alloc(32, 2).toString("base64"), "run-1"],
    ["a key of another length", sealed, "AAAA", "run-1"],
    ["another run's name", sealed, key, "run-2"],
    ["a changed byte", changed, key, "run-1"],
    ["its end cut off", sealed.subarray(0, -1), key, "run-1"],
    ["its beginning alone", sealed.subarray(0, 20), key, "run-1"],
    ["nothing inside", new Uint8Array(), key, "run-1"],
    ["too many bytes", new Uint8Array(envelopeBytesMax + 1), key, "run-1"],
    ["another shape inside", sealAnything(gzipSync('{"steps":[]}')), key, "run-1"],
    ["no packed text inside", sealAnything(Buffer.from("plain")), key, "run-1"],
    ["more than any run makes inside", sealAnything(gzipSync(Buffer.alloc(65 * 1024 * 1024))), key, "run-1"],
  ])("with %s stays closed", (_what, bytes, withKey, runId) => {
    expect(() => openSealed(bytes, withKey, runId)).toThrow();
  });
});
