/** Keys that seal checkpoints. The first seals; all open, so that a new key in front is all that a rotation takes. */
import { createHash, createPrivateKey, hkdfSync } from "node:crypto";

export interface CheckpointKey {
  /** Stored beside what it sealed. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const keyBytes = 32;

/** Reads `id:base64,id:base64`. Faults name ids, never a key. */
export function parseCheckpointKeys(text: string | undefined, faults: string[]): readonly CheckpointKey[] {
  if (text === undefined) return [];
  const fault = (message: string) => {
    faults.push(`CHECKPOINT_KEYS: ${message}; make one with: echo "k1:$(openssl rand -base64 32)"`);
  };
  const keys: CheckpointKey[] = [];
  for (const part of text.split(",")) {
    const [, id, encoded] = /^\s*([\w.-]{1,40})\s*:\s*([A-Za-z0-9+/_-]+={0,2})\s*$/u.exec(part) ?? [];
    if (id === undefined || encoded === undefined) {
      fault('expected a list of id:key with commas in between, the key in base64, such as "k2:…,k1:…"');
      continue;
    }
    const key = Buffer.from(encoded, "base64");
    if (key.length !== keyBytes) fault(`expected ${keyBytes} bytes in base64 for "${id}", got ${key.length}`);
    if (keys.some((each) => each.id === id)) fault(`"${id}" is named twice; give each key an id of its own`);
    keys.push({ id, key });
  }
  return keys;
}

/** For who sets none. Its id changes with the app's private key, as the key does. */
export function derivedCheckpointKey(privateKey: string): CheckpointKey {
  const der = createPrivateKey(privateKey).export({ type: "pkcs8", format: "der" });
  const key = new Uint8Array(hkdfSync("sha256", der, "", "phasegate checkpoints", keyBytes));
  return { id: `app-${createHash("sha256").update(key).digest("hex").slice(0, 12)}`, key };
}
