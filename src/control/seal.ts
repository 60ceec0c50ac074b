/** Seals what must not be read where it lies. The first key seals, all of them open, so that keys can change. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { invariant } from "../core/invariant.ts";
import type { CheckpointKey } from "./checkpoint-keys.ts";

const algorithm = "aes-256-gcm";
const ivBytes = 12;
const tagBytes = 16;
const madeKeyBytes = 32;

export interface Sealed {
  readonly keyId: string;
  readonly sealed: Uint8Array;
}

export interface Seal {
  /** Of the key that seals. */
  readonly keyId: string;
  /** `place` says where it belongs, and is needed again to open it: what was moved stays shut. */
  seal(text: string, place: readonly (string | number)[]): Sealed;
  /** Throws where no key has this id, and where somebody changed what was sealed. `doing` stands in front of each error. */
  open(
    sealed: Sealed,
    place: readonly (string | number)[],
    bounds: { readonly doing: string; readonly bytesMax: number },
  ): string;
  knows(keyId: string): boolean;
  /** A key of its own for a place, of 32 bytes, made from the one with this id. Throws where there is none. */
  keyFor(place: readonly (string | number)[], keyId: string): Buffer;
}

/** `keys` must not be empty. */
export function createSeal(keys: readonly CheckpointKey[]): Seal {
  const [current] = keys;
  invariant(current !== undefined, "there is a key to seal with");
  return {
    keyId: current.id,
    seal(text, place) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, current.key, iv);
      cipher.setAAD(Buffer.from(JSON.stringify(place)));
      // What is inside may be packed already, and base64 of it packs again to its own size.
      const packed = Buffer.concat([cipher.update(gzipSync(text, { level: 1 })), cipher.final()]);
      return { keyId: current.id, sealed: Buffer.concat([iv, cipher.getAuthTag(), packed]) };
    },
    open({ keyId, sealed }, place, { doing, bytesMax }) {
      const found = keys.find(({ id }) => id === keyId);
      if (found === undefined) throw new Error(`${doing}: no key has the id "${keyId}"`);
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes.length < ivBytes + tagBytes) throw new Error(`${doing}: it is cut`);
      const decipher = createDecipheriv(algorithm, found.key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(JSON.stringify(place)));
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return gunzipSync(opened(decipher, bytes.subarray(ivBytes + tagBytes), `${doing} with key "${keyId}"`), {
        maxOutputLength: bytesMax,
      }).toString("utf8");
    },
    knows: (keyId) => keys.some(({ id }) => id === keyId),
    keyFor(place, keyId) {
      const found = keys.find(({ id }) => id === keyId);
      if (found === undefined) throw new Error(`making a key: no key has the id "${keyId}"`);
      return Buffer.from(hkdfSync("sha256", found.key, "", JSON.stringify(place), madeKeyBytes));
    },
  };
}

function opened(decipher: ReturnType<typeof createDecipheriv>, bytes: Uint8Array, doing: string): Buffer {
  try {
    return Buffer.concat([decipher.update(bytes), decipher.final()]);
  } catch (cause) {
    throw new Error(`${doing}: it was changed or moved, or the key of that name is another one now`, { cause });
  }
}
