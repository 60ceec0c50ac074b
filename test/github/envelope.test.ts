import { crc32, deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { envelopeFileName, envelopeNameOf } from "../../src/protocol/envelope.ts";
import { artifactUpload, type UploadArtifact } from "../../src/runner/upload-artifact.ts";
import { actionsRuntimeOf, runtimeTokenOf } from "../sandbox/actions-runtime.ts";
import { addArtifact } from "../sandbox/artifacts.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { taskId } from "./texts-fixtures.ts";

const runId = runIdFrom("0f3c9a1e-58d1-4c0e-9d53-9b8f6a3f1c11");
const never = new AbortController().signal;
const content = new Uint8Array(9 * 1024 * 1024).map((_, at) => at % 251);
const file = { name: envelopeNameOf(runId), fileName: envelopeFileName, content };

let bed: GitHubTestbed;
let workflowRunId: number;
/** As the job of the run, or as nobody. */
let uploadAs: (signature: string) => UploadArtifact;

beforeEach(async () => {
  bed = await startGitHubTestbed();
  const asked = { runId, taskId, phase: "Planning · issue #7", ref: "main", grants: [] };
  ({ workflowRunId } = await bed.github.dispatchRun(bed.repository, asked));
  const { context } = bed.sandbox;
  const repository = bed.sandbox.repositoryOf("octo/shop");
  const run = repository.runs.get(workflowRunId);
  const job = run?.jobs[0];
  if (run === undefined || job === undefined) throw new Error("the dispatched run has no job");
  actionsRuntimeOf(context).uploaders.set(runtimeTokenOf(run, job, "genuine"), { repository, run, job });
  uploadAs = (signature) =>
    artifactUpload({
      resultsUrl: `${context.url()}/_actions/`,
      runtimeToken: runtimeTokenOf(run, job, signature),
      fetch,
      wait: () => Promise.resolve(),
    });
});

afterEach(() => bed.stop());

/** As any job of the repository could. */
function plant(zip: Buffer): void {
  const repository = bed.sandbox.repositoryOf("octo/shop");
  addArtifact(bed.sandbox.context, repository, { runId: workflowRunId, name: file.name, content: zip });
}

const read = () => bed.github.readEnvelope(bed.repository, workflowRunId, runId);

describe("the envelope of a run", () => {
  test("is fetched as the job uploaded it, through the other address and without our token", async () => {
    await uploadAs("genuine")(file, never);
    bed.sent();
    expect(Buffer.compare((await read()) ?? new Uint8Array(), content)).toBe(0);
    expect(bed.sent().map((line) => line.replaceAll(/\d{3,}/g, "N"))).toEqual([
      "GET /repos/octo/shop/actions/runs/N/artifacts",
      "GET /repos/octo/shop/actions/artifacts/N/zip",
      expect.stringMatching(/^GET \/_blob\/artifacts\//),
    ]);
    await expect(uploadAs("genuine")(file, never)).rejects.toThrow("CreateArtifact: GitHub answered 409");
    await expect(uploadAs("forged")(file, never)).rejects.toThrow("CreateArtifact: GitHub answered 401");
  });

  test("is null where the run left none, or only others", async () => {
    expect(await read()).toBeNull();
    await uploadAs("genuine")({ ...file, name: envelopeNameOf("another-run") }, never);
    expect(await read()).toBeNull();
  });

  test("may be packed, as others' tools do it", async () => {
    plant(zipOf([["x", Buffer.from("sealed ".repeat(100))]]));
    expect(Buffer.from((await read()) ?? []).toString()).toBe("sealed ".repeat(100));
  });

  const bomb = Buffer.alloc(40 * 1024 * 1024);
  test.each<readonly [string, () => Buffer, RegExp]>([
    ["no zip file", () => Buffer.from("PK zip"), /no end/],
    [
      "two files",
      () =>
        zipOf([
          ["a", Buffer.from("1")],
          ["b", Buffer.from("2")],
        ]),
      /2 files/,
    ],
    ["no file", () => zipOf([]), /0 files/],
    ["a file that is cut off", () => Buffer.from(cutOff()), /no entry|cut off|no head/],
    ["a file that unpacks to too much", () => zipOf([["x", bomb]]), /larger than|too large/i],
    ["a wrong checksum", () => zipOf([["x", Buffer.from("1")]], 5), /checksum/],
  ])("with %s is refused", async (_what, make, why) => {
    plant(make());
    await expect(read()).rejects.toThrow(why);
    await expect(read()).rejects.not.toBeInstanceOf(RetryLater);
  });

  test("that is larger than any is refused unread", async () => {
    plant(Buffer.alloc(34 * 1024 * 1024));
    bed.sent();
    await expect(read()).rejects.toThrow("bytes");
    expect(bed.sent()).toHaveLength(1);
  });

  test("is asked for again later where its store does not answer", async () => {
    await uploadAs("genuine")(file, never);
    bed.failNext(/_blob/, { status: 503 });
    await expect(read()).rejects.toBeInstanceOf(RetryLater);
  });
});

function cutOff(): Buffer {
  const whole = zipOf([["x", Buffer.from("0123456789".repeat(50))]]);
  // The end is there, and points past what is.
  return whole.subarray(60);
}

/** Another zip writer than the runner's: packed, and with as many files as wanted. */
function zipOf(files: readonly (readonly [string, Buffer])[], checksum?: number): Buffer {
  const heads: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [name, text] of files) {
    const packed = deflateRawSync(text);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(checksum ?? crc32(text), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(text.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    const head = Buffer.concat([Buffer.from("PK\u0003\u0004"), facts, Buffer.from(name), packed]);
    heads.push(head);
    entries.push(Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0000"), facts, rest, Buffer.from(name)]));
    at += head.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006");
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...heads, ...entries, end]);
}
