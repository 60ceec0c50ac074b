import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

/** Well above the largest changeset in base64; a damaged row cannot fill the memory. */
const textBytesMax = 256 * 1024 * 1024;

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

export async function compressText(text: string): Promise<Uint8Array> {
  return gzipAsync(text);
}

export async function decompressText(gz: Uint8Array): Promise<string> {
  const bytes = await gunzipAsync(gz, { maxOutputLength: textBytesMax });
  return bytes.toString("utf8");
}
