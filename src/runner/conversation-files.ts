/**
 * The files of the agent's conversation: the CLI's transcript, and the folder beside it. They are the agent's own, so they are
 * read like any hostile file, and taken from a checkpoint like any hostile list. Nothing of the agent may run meanwhile.
 */

import type { Stats } from "node:fs";
import { constants, lstat, mkdir, open, readdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Checkpoint } from "../protocol/checkpoint.ts";
import { limits } from "../protocol/runner.ts";
import { isSafePath } from "./changes.ts";
import { redactJsonLines } from "../core/redact-json.ts";

type Conversation = NonNullable<Checkpoint["executionState"]["conversation"]>;
type ConversationFile = Conversation["files"][number];

export interface ConversationPlace {
  /** `CLAUDE_CONFIG_DIR`. */
  readonly configDir: string;
  /** The CLI's working directory. */
  readonly workTree: string;
}

interface Packed {
  /** Null where there is none that could be kept. */
  readonly conversation: Conversation | null;
  /** What was left out, in sentences for the job's log. */
  readonly faults: readonly string[];
}

const fileBytesMax = 48 * 1024 * 1024;
const bytesMax = 96 * 1024 * 1024;
const filesMax = 500;
const foldersMax = 200;

/** `packedBytesMax`: of all files together, packed and in base64. */
export async function packConversation(
  place: ConversationPlace,
  sessionId: string,
  redact: (text: string) => string,
  packedBytesMax: number,
): Promise<Packed> {
  const folder = await folderOf(place);
  const { uid: owner } = await lstat(place.configDir);
  const transcriptPath = `${sessionId}.jsonl`;
  const transcript = await readPlainFile(folder, transcriptPath, owner);
  if (transcript === null)
    return {
      conversation: null,
      faults: ["the conversation's transcript can't be kept: it is no plain file, or too large"],
    };
  const packed = pack(transcriptPath, transcript, redact);
  let left = packedBytesMax - packed.gzipBase64.length;
  if (left < 0) return { conversation: null, faults: ["the conversation's transcript is too large to be kept"] };
  const files = [packed];
  let leftRaw = bytesMax - transcript.length;
  let leftOut = 0;
  for (const path of await listBelow(folder, sessionId, owner)) {
    // The agent names its files.
    const isClean = redact(path) === path;
    const bytes = leftRaw > 0 && isClean ? await readPlainFile(folder, path, owner) : null;
    if (bytes === null || files.length >= filesMax || bytes.length > leftRaw) {
      leftOut += 1;
      continue;
    }
    leftRaw -= bytes.length;
    const file = pack(path, bytes, redact);
    if (file.gzipBase64.length > left) leftOut += 1;
    else {
      left -= file.gzipBase64.length;
      files.push(file);
    }
  }
  const faults = leftOut === 0 ? [] : [`${leftOut} files beside the conversation's transcript are not kept`];
  return { conversation: { sessionId, files }, faults };
}

/** Writes it where the CLI looks for it. The folder must not have been the agent's yet. Throws for whatever no CLI would have written. */
export async function unpackConversation(place: ConversationPlace, { sessionId, files }: Conversation): Promise<void> {
  const folder = await folderOf(place);
  const seen = new Set<string>();
  let left = bytesMax;
  if (!files.some(({ path }) => path === `${sessionId}.jsonl`)) throw new Error("the conversation has no transcript");
  for (const { path, gzipBase64 } of files) {
    const isOurs = path === `${sessionId}.jsonl` || path.startsWith(`${sessionId}/`);
    if (!isOurs || !isSafePath(path) || seen.has(path)) {
      throw new Error(`the conversation holds a file of the name ${JSON.stringify(path.slice(0, 100))}`);
    }
    seen.add(path);
    const bytes = gunzipSync(Buffer.from(gzipBase64, "base64"), {
      maxOutputLength: Math.max(1, Math.min(left, fileBytesMax)),
    });
    left -= bytes.length;
    if (path === `${sessionId}.jsonl`) checkTranscript(bytes);
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeFile(target, bytes, { flag: "wx", mode: 0o600 });
  }
}

/** A transcript is lines of JSON; the CLI forgives a last one that was cut. */
function checkTranscript(bytes: Uint8Array): void {
  const [first = ""] = Buffer.from(bytes).toString("utf8").split("\n", 1);
  const line: unknown = JSON.parse(first);
  if (typeof line !== "object" || line === null) throw new Error("the conversation's transcript is none");
}

/** As the CLI names it. */
async function folderOf({ configDir, workTree }: ConversationPlace): Promise<string> {
  return join(configDir, "projects", (await realpath(workTree)).replaceAll(/[^a-zA-Z0-9]/gu, "-"));
}

function pack(path: string, bytes: Buffer, redact: (text: string) => string): ConversationFile {
  const text = bytes.toString("utf8");
  const clean = path.endsWith(".jsonl") ? redactJsonLines(text, redact) : redact(text);
  // What is no text stays as it is, as long as nothing in it had to go.
  const kept = clean === text ? bytes : Buffer.from(clean);
  return { path, gzipBase64: gzipSync(kept).toString("base64") };
}

/** Null for links, pipes, what is somebody else's, and what is too large. Nothing is followed, and nothing waited for. */
async function readPlainFile(folder: string, path: string, owner: number): Promise<Buffer | null> {
  if (!(await isBelowOwnFolders(folder, path, owner))) return null;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(folder, path), flags).catch(() => null);
  if (file === null) return null;
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.uid !== owner || stats.size > fileBytesMax) return null;
    const bytes = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(bytes, 0, stats.size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** True where each folder on the way is one, and the agent's: the two that the CLI makes, too. */
async function isBelowOwnFolders(folder: string, path: string, owner: number): Promise<boolean> {
  const inside = dirname(path) === "." ? [] : dirname(path).split("/");
  const folders = [dirname(folder), folder, ...inside.map((_, at) => join(folder, ...inside.slice(0, at + 1)))];
  for (const each of folders) {
    const stats = await lstat(each).catch((): Stats | null => null);
    if (stats === null || !stats.isDirectory() || stats.uid !== owner) return false;
  }
  return true;
}

/** Paths of files below the folder of this name, those of subagents first, since the conversation needs them more. */
async function listBelow(folder: string, name: string, owner: number): Promise<readonly string[]> {
  const found: string[] = [];
  const folders = [name];
  let looked = 0;
  for (let next = folders.shift(); next !== undefined && looked < foldersMax; next = folders.shift()) {
    looked += 1;
    if (!(await isBelowOwnFolders(folder, `${next}/x`, owner))) continue;
    for (const entry of await readdir(join(folder, next), { withFileTypes: true })) {
      const path = `${next}/${entry.name}`;
      if (found.length >= 2 * filesMax) break;
      if (!isSafePath(path) || path.length > limits.pathCharactersMax) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) found.push(path);
    }
  }
  const isResult = (path: string): boolean => path.startsWith(`${name}/tool-results/`);
  return [...found.filter((path) => !isResult(path)), ...found.filter(isResult)];
}
