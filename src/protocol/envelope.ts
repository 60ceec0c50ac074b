/**
 * What a runner could not deliver, sealed for the app alone: it travels as a workflow artifact, which whoever reads the
 * repository can read, and which a hostile job could forge.
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { Checkpoint } from "./checkpoint.ts";
import { limits, OutcomeRequest, RunnerRequest, StepRequest } from "./runner.ts";

export const Envelope = z.object({
  /** In the order of the work. */
  steps: z.array(StepRequest).max(100),
  /** What the agent asked for; taken in after the steps. Since version 3, like the checkpoint. */
  requests: z.array(RunnerRequest).max(limits.requestsMax).default([]),
  checkpoint: Checkpoint.nullable().default(null),
  outcome: OutcomeRequest,
});
export type Envelope = z.infer<typeof Envelope>;

/** Of the sealed bytes. Most of what is inside was base64, so packed it is smaller. */
export const envelopeBytesMax = limits.stepBodyBytesMax;
const unpackedBytesMax = 2 * limits.stepBodyBytesMax;

/** The only file in the artifact. */
export const envelopeFileName = "envelope";

export function envelopeNameOf(runId: string): string {
  // GitHub takes no colon in a name.
  return `phasegate-envelope-${runId.replaceAll(":", "_")}`;
}

const magic = Buffer.from("PGE1");
const ivBytes = 12;
const tagBytes = 16;
const algorithm = "aes-256-gcm";

export function sealEnvelope(envelope: Envelope, sealKey: string, runId: string): Uint8Array {
  const packed = gzipSync(JSON.stringify(envelope));
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, Buffer.from(sealKey, "base64"), iv);
  cipher.setAAD(Buffer.from(runId));
  const text = Buffer.concat([cipher.update(packed), cipher.final()]);
  const sealed = Buffer.concat([magic, iv, cipher.getAuthTag(), text]);
  if (sealed.length > envelopeBytesMax) {
    throw new Error(`sealing the envelope: it has ${sealed.length} bytes, ${envelopeBytesMax} is the most`);
  }
  return sealed;
}

/** Throws for whatever was not sealed with this key for this run, and for what is too large or of another shape. */
export function openSealed(sealed: Uint8Array, sealKey: string, runId: string): Envelope {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length > envelopeBytesMax || bytes.length < magic.length + ivBytes + tagBytes) {
    throw new Error(`opening the envelope: ${bytes.length} bytes`);
  }
  if (!bytes.subarray(0, magic.length).equals(magic)) throw new Error("opening the envelope: not an envelope");
  const iv = bytes.subarray(magic.length, magic.length + ivBytes);
  const textAt = magic.length + ivBytes + tagBytes;
  const decipher = createDecipheriv(algorithm, Buffer.from(sealKey, "base64"), iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(runId));
  decipher.setAuthTag(bytes.subarray(magic.length + ivBytes, textAt));
  const packed = Buffer.concat([decipher.update(bytes.subarray(textAt)), decipher.final()]);
  // Only now is it the runner's: nothing that a stranger made is unpacked.
  const text = gunzipSync(packed, { maxOutputLength: unpackedBytesMax }).toString("utf8");
  return Envelope.parse(JSON.parse(text));
}
