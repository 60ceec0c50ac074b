/**
 * Uploads one file as a workflow artifact. GitHub's own package does the same with 200 others beneath it, 3.5 MB in the
 * bundle; this is what it says to GitHub where one file is all.
 */

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { Wait } from "./app-client.ts";

export interface ArtifactOptions {
  /** ACTIONS_RESULTS_URL */
  readonly resultsUrl: string;
  /** ACTIONS_RUNTIME_TOKEN */
  readonly runtimeToken: string;
  readonly fetch: typeof globalThis.fetch;
  readonly wait: Wait;
}

interface ArtifactFile {
  /** Of the artifact. */
  readonly name: string;
  readonly fileName: string;
  readonly content: Uint8Array;
}

export type UploadArtifact = (file: ArtifactFile, signal: AbortSignal) => Promise<void>;

const service = "twirp/github.actions.results.api.v1.ArtifactService";
/** The form of artifacts that GitHub's package uploads today. */
const artifactVersion = 7;
const blockBytes = 8 * 1024 * 1024;
const pausesMs: readonly number[] = [1_000, 5_000];
const requestTimeoutMs = 60_000;

const Created = z.object({ ok: z.literal(true), signed_upload_url: z.url() });
const Finalized = z.object({ ok: z.literal(true) });

export function artifactUpload(options: ArtifactOptions): UploadArtifact {
  return async ({ name, fileName, content }, signal) => {
    const ids = backendIdsOf(options.runtimeToken);
    const zip = zipOf(fileName, content);
    const created = await call(
      "CreateArtifact",
      { ...ids, name, version: artifactVersion, mime_type: zipType },
      Created,
    );
    await putBlocks(created.signed_upload_url, zip);
    const hash = `sha256:${createHash("sha256").update(zip).digest("hex")}`;
    await call("FinalizeArtifact", { ...ids, name, size: String(zip.length), hash }, Finalized);

    async function call<T>(method: string, body: object, shape: z.ZodType<T>): Promise<T> {
      const url = new URL(`/${service}/${method}`, options.resultsUrl).href;
      const headers = { "content-type": "application/json", authorization: `Bearer ${options.runtimeToken}` };
      const response = await send(method, url, { method: "POST", headers, body: JSON.stringify(body) });
      const answer = shape.safeParse(await response.json().catch(() => null));
      if (answer.success) return answer.data;
      throw new Error(`${method}: GitHub's answer has another shape than expected`);
    }

    /** In blocks, as GitHub's package does. The address alone is the right to write there: no token goes with it. */
    async function putBlocks(url: string, bytes: Buffer): Promise<void> {
      const blocks: string[] = [];
      for (let at = 0; at < bytes.length; at += blockBytes) {
        const id = Buffer.from(String(blocks.length).padStart(8, "0")).toString("base64");
        const body = new Uint8Array(bytes.subarray(at, at + blockBytes));
        await send("storing the artifact", `${url}&comp=block&blockid=${encodeURIComponent(id)}`, {
          method: "PUT",
          body,
        });
        blocks.push(id);
      }
      const list = `<?xml version="1.0" encoding="utf-8"?><BlockList>${blocks.map((id) => `<Latest>${id}</Latest>`).join("")}</BlockList>`;
      const headers = { "content-type": "application/xml", "x-ms-blob-content-type": zipType };
      await send("storing the artifact", `${url}&comp=blocklist`, { method: "PUT", headers, body: list });
    }

    /** What may pass is tried again. */
    async function send(doing: string, url: string, init: RequestInit): Promise<Response> {
      for (let tried = 0; ; tried += 1) {
        const pauseMs = pausesMs[tried];
        try {
          const limit = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
          const response = await options.fetch(url, { ...init, redirect: "error", signal: limit });
          if (response.ok) return response;
          const isPassing = response.status >= 500 || response.status === 429;
          if (!isPassing || pauseMs === undefined) throw new NotTaken(`${doing}: GitHub answered ${response.status}`);
        } catch (cause) {
          if (cause instanceof NotTaken || pauseMs === undefined || signal.aborted) throw cause;
        }
        await options.wait(pauseMs, signal);
      }
    }
  };
}

class NotTaken extends Error {
  override name = "NotTaken";
}

const zipType = "application/zip";

/** The token says for which run and job it is. */
function backendIdsOf(token: string): {
  readonly workflow_run_backend_id: string;
  readonly workflow_job_run_backend_id: string;
} {
  const [, payload = ""] = token.split(".");
  const claims = Claims.safeParse(jsonOrNull(Buffer.from(payload, "base64url").toString("utf8")));
  const scope = claims.success
    ? claims.data.scp.split(" ").find((scope) => scope.startsWith("Actions.Results:"))
    : undefined;
  const [, run, job, ...more] = scope?.split(":") ?? [];
  if (run === undefined || job === undefined || more.length > 0) {
    throw new Error("ACTIONS_RUNTIME_TOKEN names no run and job that artifacts belong to");
  }
  return { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
}

const Claims = z.object({ scp: z.string() });

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** One file, stored as it is: what is sealed can't be packed any more. */
function zipOf(name: string, content: Uint8Array): Buffer {
  const fileName = Buffer.from(name);
  // Version, flags, method, time and date (1 January 1980), checksum, both sizes, lengths of name and extra field.
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(20, 0);
  facts.writeUInt16LE(0x21, 8);
  facts.writeUInt32LE(crc32(content), 10);
  facts.writeUInt32LE(content.length, 14);
  facts.writeUInt32LE(content.length, 18);
  facts.writeUInt16LE(fileName.length, 22);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), facts, fileName]);
  const entry = Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0000"), facts, Buffer.alloc(14), fileName]);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length + content.length, 16);
  return Buffer.concat([local, content, entry, end]);
}
