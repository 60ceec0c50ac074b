/** Archives that a job or a stranger leaves: what is read of them is what was put in, or nothing. */
import { mkdtemp, mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { createCheckpointSeal } from "../../src/control/checkpoints.ts";
import { runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import { nothingSpent } from "../../src/core/usage.ts";
import { onlyFileIn } from "../../src/github/envelope.ts";
import { openSealed, sealEnvelope } from "../../src/protocol/envelope.ts";
import { unpackConversation } from "../../src/runner/conversation-files.ts";
import { checkpointOf } from "../control/checkpoint-of.ts";
import type { Random } from "../simulation/random.ts";
import { mutateBytes } from "./mutate.ts";

const contentBytesMax = 32 * 1024 * 1024;
const msMax = 5_000;
const key = Buffer.alloc(32, 7).toString("base64");
const seal = createCheckpointSeal([{ id: "k1", key: Buffer.alloc(32, 1) }]);
/** 40 MiB of nothing, packed small. */
const zeros = Buffer.alloc(40 * 1024 * 1024);
const bomb = zipOf(zeros);
const gzipBomb = gzipSync(Buffer.alloc(60 * 1024 * 1024)).toString("base64");

function zipOf(content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const head = Buffer.alloc(30);
  head.write("PK\u0003\u0004", 0, "latin1");
  const entry = Buffer.alloc(46);
  entry.write("PK\u0001\u0002", 0, "latin1");
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(crc32(content), 16);
  entry.writeUInt32LE(packed.length, 20);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", 0, "latin1");
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + packed.length, 16);
  return Buffer.concat([head, packed, entry, end]);
}

export async function fuzzArchives(random: Random, count: number): Promise<readonly string[]> {
  const faults: string[] = [];
  const begun = performance.now();
  for (let number = 0; number < count; number += 1) {
    faults.push(...zipFaults(random), ...sealFaults(random));
  }
  faults.push(...bombFaults(), ...(await pathFaults(random)));
  const took = performance.now() - begun;
  if (took > msMax * 4) faults.push(`archives took ${Math.round(took)} ms`);
  return faults;
}

function opened<Read>(read: () => Read): Read | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

function zipFaults(random: Random): readonly string[] {
  const content = Buffer.from("x".repeat(1 + random.below(200)));
  const zip = mutateBytes(random, zipOf(content));
  const read = opened(() => onlyFileIn(zip, "fuzzing"));
  // Whatever it says of itself: a text that passes its checksum is bounded.
  return read !== null && read.length > contentBytesMax ? [`a zip file gave ${read.length} bytes`] : [];
}

function sealFaults(random: Random): readonly string[] {
  const faults: string[] = [];
  const outcome = { outcome: { kind: "completed" } as const, report: null, spent: nothingSpent };
  const sealed = Buffer.from(sealEnvelope({ steps: [], requests: [], checkpoint: null, outcome }, key, "run-1"));
  const torn = mutateBytes(random, sealed);
  if (!torn.equals(sealed) && opened(() => openSealed(torn, key, "run-1")) !== null)
    faults.push("a changed envelope opened");
  if (opened(() => openSealed(sealed, key, "run-2")) !== null) faults.push("the envelope of another run opened");
  const stored = { checkpointId: "c", taskId: taskIdFrom("t"), runId: runIdFrom("r"), phase: 1, createdAt: "" };
  const whole = { ...stored, ...seal.seal(checkpointOf({ taskId: "t", runId: "r" }, "c")) };
  const damaged = mutateBytes(random, Buffer.from(whole.sealed));
  if (!damaged.equals(Buffer.from(whole.sealed)) && opened(() => seal.open({ ...whole, sealed: damaged })) !== null) {
    faults.push("a changed checkpoint opened");
  }
  return faults;
}

function bombFaults(): readonly string[] {
  return opened(() => onlyFileIn(bomb, "fuzzing")) === null ? [] : ["a zip file of 40 MiB was unpacked"];
}

/** Names of files in a conversation lead nowhere but into its own folder, and no file is unpacked without end. */
async function pathFaults(random: Random): Promise<readonly string[]> {
  const sessionId = "00000000-0000-4000-8000-000000000000";
  const names = [
    "../escaped",
    "../../escaped.jsonl",
    `${sessionId}/../../../../escaped`,
    "/tmp/phasegate-fuzz-escaped",
    `${sessionId}/a\\..\\b`,
    `${sessionId}//x`,
    `${sessionId}/.git/config`,
    mutateBytes(random, Buffer.from(`${sessionId}/../x`)).toString("latin1"),
  ];
  const faults: string[] = [];
  for (const name of names)
    faults.push(...(await unpackingFaults(sessionId, name, gzipSync("evil").toString("base64"))));
  return [...faults, ...(await unpackingFaults(sessionId, `${sessionId}/bomb`, gzipBomb))];
}

async function unpackingFaults(sessionId: string, name: string, gzipBase64: string): Promise<readonly string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "phasegate-fuzz-"));
  try {
    const place = { configDir: path.join(folder, "config"), workTree: path.join(folder, "tree") };
    await mkdir(place.workTree);
    const transcript = { path: `${sessionId}.jsonl`, gzipBase64: gzipSync('{"a":1}\n').toString("base64") };
    await unpackConversation(place, { sessionId, files: [transcript, { path: name, gzipBase64 }] }).catch(() => null);
    const own = path.join("config", "projects", place.workTree.replaceAll(/[^a-zA-Z0-9]/gu, "-"), sessionId);
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    return found.flatMap((entry) => {
      const file = path.relative(folder, path.join(entry.parentPath, entry.name));
      if (!entry.isFile() || file === `${own}.jsonl`) return [];
      const isIn = file.startsWith(`${own}/`) && gzipBase64 !== gzipBomb;
      return isIn ? [] : [`a conversation wrote ${file} by the name ${JSON.stringify(name)}`];
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
