import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip, gzipSync } from "node:zlib";

/** Well above the largest changeset in base64; a damaged row cannot fill the memory. */
const textBytesMax = 256 * 1024 * 1024;
/** Takes less time than handing it to another thread, and waiting until that is heard of. */
const smallBytes = 32 * 1024;

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

export async function compressText(text: string): Promise<Uint8Array> {
  return text.length <= smallBytes ? gzipSync(text) : gzipAsync(text);
}

export async function decompressText(gz: Uint8Array): Promise<string> {
  const options = { maxOutputLength: textBytesMax };
  const bytes = sizeOf(gz) <= smallBytes ? gunzipSync(gz, options) : await gunzipAsync(gz, options);
  return bytes.toString("utf8");
}

/** Of what comes out, as the last four bytes say; a large one that lies is held by the limit all the same. */
function sizeOf(gz: Uint8Array): number {
  return gz.length < 4 ? 0 : new DataView(gz.buffer, gz.byteOffset, gz.byteLength).getUint32(gz.length - 4, true);
}
