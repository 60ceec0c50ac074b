/** Fetches the artifact in which a runner left what it could not deliver. What is inside is sealed; here it is bytes. */

import { crc32, inflateRawSync } from "node:zlib";
import { RetryLater } from "../control/ports/retry-later.ts";
import type { Repository } from "../core/events.ts";
import type { RunId } from "../core/ids.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf } from "./repository.ts";

interface Downloading {
  readonly api: Api;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
}

/** An envelope of 32 MiB and the frame around it. */
const zipBytesMax = 33 * 1024 * 1024;
const contentBytesMax = 32 * 1024 * 1024;
/** Where somebody else put more under the same name. */
const listedMax = 5;
const retryMs = 10_000;

/** Null where the run left none. Throws `RetryLater`, and a plain error for what is no envelope at all. */
export async function readEnvelope(
  { api, fetch, timeoutMs }: Downloading,
  repository: Repository,
  workflowRunId: number,
  runId: RunId,
): Promise<Uint8Array | null> {
  const doing = `fetching the envelope of run ${runId} in ${nameOf(repository)}`;
  const call = { repository, permissions: { actions: "read" }, doing } as const;
  // As the runner names it, see `protocol/envelope.ts`.
  const name = `phasegate-envelope-${runId.replaceAll(":", "_")}`;
  const { data } = await api.read({
    ...call,
    send: (octokit) =>
      octokit.rest.actions.listWorkflowRunArtifacts({
        ...pathOf(repository),
        run_id: workflowRunId,
        name,
        per_page: listedMax,
      }),
  });
  const artifact = data.artifacts.find((artifact) => artifact.name === name && !artifact.expired);
  if (artifact === undefined) return null;
  if (artifact.size_in_bytes > zipBytesMax) throw new Error(`${doing}: it has ${artifact.size_in_bytes} bytes`);
  const location = await api.read({
    ...call,
    send: async (octokit) => {
      const answer = await octokit.rest.actions.downloadArtifact({
        ...pathOf(repository),
        artifact_id: artifact.id,
        archive_format: "zip",
        // Followed below, without our token: the other address refuses it, and has no right to it.
        request: { redirect: "manual" },
      });
      return answer.headers.location ?? null;
    },
  });
  if (location === null) throw new Error(`${doing}: GitHub named no address`);
  return onlyFileIn(await download({ fetch, timeoutMs }, location, doing), doing);
}

async function download(
  { fetch, timeoutMs }: Omit<Downloading, "api">,
  location: string,
  doing: string,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    const response = await fetch(location, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`the artifact's store answered ${response.status}`);
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > zipBytesMax) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new RetryLater(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, retryMs, { cause });
  }
  if (bytes > zipBytesMax) throw new Error(`${doing}: more than ${zipBytesMax} bytes`);
  return Buffer.concat(chunks);
}

const endBytes = 22;
const entryBytes = 46;
const headBytes = 30;

/** Of a zip file that holds exactly one. Sizes and places are its maker's claims: nothing is read beyond what is there. */
export function onlyFileIn(zip: Buffer, doing: string): Uint8Array {
  const refuse = (why: string): Error => new Error(`${doing}: the artifact is no zip file with one file: ${why}`);
  const endAt = zip.lastIndexOf("PK\u0005\u0006");
  if (endAt === -1 || endAt + endBytes > zip.length) throw refuse("no end");
  if (zip.readUInt16LE(endAt + 10) !== 1) throw refuse(`${zip.readUInt16LE(endAt + 10)} files`);
  const entryAt = zip.readUInt32LE(endAt + 16);
  if (entryAt + entryBytes > zip.length || zip.toString("latin1", entryAt, entryAt + 4) !== "PK\u0001\u0002") {
    throw refuse("no entry");
  }
  const method = zip.readUInt16LE(entryAt + 10);
  const checksum = zip.readUInt32LE(entryAt + 16);
  const packedBytes = zip.readUInt32LE(entryAt + 20);
  const headAt = zip.readUInt32LE(entryAt + 42);
  if (headAt + headBytes > zip.length) throw refuse("no head");
  const from = headAt + headBytes + zip.readUInt16LE(headAt + 26) + zip.readUInt16LE(headAt + 28);
  if (from + packedBytes > zip.length) throw refuse("cut off");
  const packed = zip.subarray(from, from + packedBytes);
  if (method !== 0 && method !== 8) throw refuse(`packed by method ${method}`);
  const content = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: contentBytesMax });
  if (content.length > contentBytesMax) throw refuse(`${content.length} bytes`);
  if (crc32(content) !== checksum) throw refuse("its checksum is wrong");
  return content;
}
