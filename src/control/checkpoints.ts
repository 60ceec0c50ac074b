/**
 * Seals what a run may go on from before the store has it: it holds a whole conversation.
 * Keys come from the environment, each with an id; the first one seals, all of them open, so that keys can change.
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { TaskId } from "../core/ids.ts";
import { invariant } from "../core/invariant.ts";
import { Checkpoint } from "../protocol/checkpoint.ts";
import { limits } from "../protocol/runner.ts";
import type { CheckpointKey } from "./checkpoint-keys.ts";

/** Throws where no key has this id, and where somebody changed what was sealed. */
export interface CheckpointSeal {
  seal(checkpoint: Checkpoint): { readonly keyId: string; readonly sealed: Uint8Array };
  open(sealed: {
    readonly taskId: TaskId;
    readonly checkpointId: string;
    readonly keyId: string;
    readonly sealed: Uint8Array;
  }): Checkpoint;
  knows(keyId: string): boolean;
}

const algorithm = "aes-256-gcm";
const ivBytes = 12;
const tagBytes = 16;
/** As it was taken, and what its shape adds. */
const unpackedBytesMax = 2 * limits.checkpointBytesMax;

/** `keys` must not be empty. */
export function createCheckpointSeal(keys: readonly CheckpointKey[]): CheckpointSeal {
  const [current] = keys;
  invariant(current !== undefined, "there is a key to seal checkpoints with");
  return {
    seal(checkpoint) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, current.key, iv);
      cipher.setAAD(placeOf(checkpoint.taskId, checkpoint.checkpointId));
      // What is inside is packed already, and base64 of it packs again to its own size.
      const text = Buffer.concat([cipher.update(gzipSync(JSON.stringify(checkpoint), { level: 1 })), cipher.final()]);
      return { keyId: current.id, sealed: Buffer.concat([iv, cipher.getAuthTag(), text]) };
    },
    open({ taskId, checkpointId, keyId, sealed }) {
      const found = keys.find(({ id }) => id === keyId);
      if (found === undefined) throw new Error(`opening checkpoint ${checkpointId}: no key has the id "${keyId}"`);
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes.length < ivBytes + tagBytes) throw new Error(`opening checkpoint ${checkpointId}: it is cut`);
      const iv = bytes.subarray(0, ivBytes);
      const decipher = createDecipheriv(algorithm, found.key, iv, { authTagLength: tagBytes });
      decipher.setAAD(placeOf(taskId, checkpointId));
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      const packed = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
      const text = gunzipSync(packed, { maxOutputLength: unpackedBytesMax }).toString("utf8");
      return Checkpoint.parse(JSON.parse(text));
    },
    knows: (keyId) => keys.some(({ id }) => id === keyId),
  };
}

function placeOf(taskId: string, checkpointId: string): Buffer {
  return Buffer.from(JSON.stringify([taskId, checkpointId]));
}
