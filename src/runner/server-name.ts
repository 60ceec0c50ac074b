/** Whom a TLS client says that it wants to speak to (SNI): the first thing it sends, before anything is secret. Pure. */

import { Buffer } from "node:buffer";

export type ServerName =
  | { readonly kind: "unfinished" }
  | { readonly kind: "named"; readonly name: string }
  /** No TLS, no name, more than one, or one that is hidden (ECH). */
  | { readonly kind: "unclear" };

const unfinished: ServerName = { kind: "unfinished" };
const unclear: ServerName = { kind: "unclear" };
const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;
const encryptedHelloExtension = 0xfe0d;
/** The largest keys for times after quantum computers are far below it. */
const helloBytesMax = 16 * 1024;
/** With the records around it, which a client may make as small as it likes: all of it is read again with each piece that comes. */
const sentBytesMax = 4 * helloBytesMax;

/** Of all that the client has sent so far. */
export function serverNameOf(sent: Buffer): ServerName {
  const hello = helloOf(sent);
  if (hello === "unfinished") return sent.length > sentBytesMax ? unclear : unfinished;
  const names = hello === null ? null : namesIn(hello);
  const [name] = names ?? [];
  return names?.length === 1 && name !== undefined ? { kind: "named", name } : unclear;
}

/** The message, taken out of the records that carry it. */
function helloOf(sent: Buffer): Cursor | "unfinished" | null {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let size: number | null = null;
  for (let at = 0; at < sent.length;) {
    if (sent[at] !== handshakeRecord) return null;
    if (sent.length < at + 5) return "unfinished";
    const length = sent.readUInt16BE(at + 3);
    if (length === 0) return null;
    const part = sent.subarray(at + 5, at + 5 + length);
    parts.push(part);
    bytes += part.length;
    at += 5 + length;
    if (bytes > 0 && parts[0]?.[0] !== clientHello) return null;
    if (size === null && bytes >= 4) size = Buffer.concat(parts).readUIntBE(1, 3);
    if (size !== null && size > helloBytesMax) return null;
    if (size !== null && bytes >= 4 + size) return cursor(Buffer.concat(parts).subarray(4, 4 + size));
  }
  return "unfinished";
}

/** Null where it is no such message, or hides its name. */
function namesIn(hello: Cursor): readonly string[] | null {
  // Version and random.
  if (hello.part(34) === null) return null;
  // Session, ciphers, compressions.
  for (const lengthBytes of [1, 2, 1]) if (hello.block(lengthBytes) === null) return null;
  const extensions = hello.block(2);
  if (extensions === null) return null;
  const names: string[] = [];
  while (!extensions.isDone()) {
    const kind = extensions.number(2);
    const body = extensions.block(2);
    if (kind === null || body === null || kind === encryptedHelloExtension) return null;
    if (kind !== serverNameExtension) continue;
    const list = body.block(2);
    while (list?.isDone() === false) {
      list.number(1);
      const name = list.block(2);
      if (name === null) return null;
      names.push(name.text());
    }
  }
  return names;
}

/** Reads on from where it is; null where there is not so much. */
interface Cursor {
  number(bytes: number): number | null;
  part(bytes: number): Cursor | null;
  /** What its length, of so many bytes, stands before. */
  block(lengthBytes: number): Cursor | null;
  isDone(): boolean;
  text(): string;
}

function cursor(bytes: Buffer): Cursor {
  let at = 0;
  const take = (count: number): Buffer | null => {
    if (bytes.length < at + count) return null;
    at += count;
    return bytes.subarray(at - count, at);
  };
  const self: Cursor = {
    number: (count) => take(count)?.readUIntBE(0, count) ?? null,
    part(count) {
      const taken = take(count);
      return taken === null ? null : cursor(taken);
    },
    block(lengthBytes) {
      const length = self.number(lengthBytes);
      return length === null ? null : self.part(length);
    },
    isDone: () => at === bytes.length,
    text: () => bytes.toString("latin1"),
  };
  return self;
}
