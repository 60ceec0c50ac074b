/**
 * The record of a task: files under a ref of its repository, each with what happened since the one before, sealed. All of
 * them together are the task's history and the texts that it names: what the database is rebuilt from.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { taskIdFrom } from "../core/ids.ts";
import type { ExistingTask } from "../core/state.ts";
import { recordNameOf, textHashesOf } from "../core/task-record.ts";
import type { GitHub } from "./ports/github.ts";
import type { RecordFile, RecordHead, RecordMark } from "./ports/records.ts";
import { RetryLater } from "./ports/retry-later.ts";
import type { KeptTask, Store, StoredEvent } from "./ports/store.ts";
import type { Log } from "./ports/surroundings.ts";
import type { Seal } from "./seal.ts";

export interface Keeping {
  readonly store: Pick<Store, "readStored" | "readEvents" | "readText">;
  readonly github: Pick<GitHub, "recordHead" | "readRecord" | "addToRecord">;
  readonly appSeal: Seal;
  readonly log: Log;
}

const format = "phasegate-record-1";
/** Unpacked, of one file. */
const bytesMax = 256 * 1024 * 1024;

const Stored = z.strictObject({
  type: z.string(),
  schemaVersion: z.int(),
  payload: z.string(),
  userId: z.string().nullable(),
});

/** What is sealed in a file. */
const Contents = z.strictObject({
  events: z.array(Stored).readonly(),
  texts: z.array(z.strictObject({ hash: z.string(), text: z.string() })).readonly(),
});
type Contents = z.infer<typeof Contents>;

/** A file as it lies there. What can be read of it is bound to what is sealed. */
const Envelope = z.strictObject({
  format: z.literal(format),
  repositoryId: z.int(),
  taskId: z.string().regex(/^[\w-]{1,100}$/u),
  /** Versions of the first and the last event. */
  first: z.int().positive(),
  last: z.int().positive(),
  /** SHA-256 of all events before the first. */
  before: z.string(),
  keyId: z.string().regex(/^[\w.-]{1,40}$/u),
  /** Base64. */
  sealed: z.string(),
});
type Envelope = z.infer<typeof Envelope>;

/** A record that is no whole history of one task of this repository. The message is for the operator. */
class RecordRefused extends Error {
  override name = "RecordRefused";
}

/**
 * Adds what has happened since the newest commit of the record, in one commit. Nothing where that has all of it.
 * False where the record knows more than the store, and stays as it is.
 */
export async function keepRecord(keeping: Keeping, task: ExistingTask): Promise<boolean> {
  // Its words are gone, and so is the record.
  if (task.erasedBy !== null) return true;
  const { store, github, appSeal } = keeping;
  const { taskId, repository } = task;
  const stored = await store.readStored(taskId);
  const name = recordNameOf(task);
  const head = await github.recordHead(repository, name);
  const going = await goingOn(keeping, task, head, stored);
  if (going.kind !== "add") return going.kind === "whole";
  const { from } = going;
  const version = stored.length;
  const contents = { events: stored.slice(from), texts: await textsOf(keeping, task, from) };
  const place = { repositoryId: repository.repositoryId, taskId, first: from + 1, last: version };
  await github.addToRecord(repository, name, {
    onto: head,
    beside: from > 0,
    mark: { taskId, version, digest: digestOf(stored), keyId: appSeal.keyId },
    file: fileOf(appSeal, { ...place, before: digestOf(stored.slice(0, from)) }, contents),
  });
  return true;
}

/** `from` is the number of events in the record that the next file follows on. */
type Going = { readonly kind: "add"; readonly from: number } | { readonly kind: "whole" | "knows-more" };

async function goingOn(
  keeping: Keeping,
  task: ExistingTask,
  head: RecordHead | null,
  stored: readonly StoredEvent[],
): Promise<Going> {
  if (head === null) return { kind: "add", from: 0 };
  const { taskId } = task;
  const { mark } = head;
  const fields = { taskId, record: head.commitSha, has: mark?.version ?? 0, knows: stored.length };
  if (mark?.taskId === taskId && mark.version > stored.length && (await knowsMore(keeping, task, head, stored))) {
    keeping.log.error(
      fields,
      "the record on GitHub knows more than the database: stop the app and run npm run rebuild",
    );
    return { kind: "knows-more" };
  }
  if (mark?.taskId !== taskId || !hasAllOf(stored, mark)) {
    keeping.log.warn(fields, "a record of something else was there; it stays among the commits before the new one");
    return { kind: "add", from: 0 };
  }
  // All of it under the new key, so that the old one need not be kept for this.
  if (mark.keyId !== keeping.appSeal.keyId) return { kind: "add", from: 0 };
  return mark.version === stored.length ? { kind: "whole" } : { kind: "add", from: mark.version };
}

/** Whoever may write to the repository can mark a commit with any number. What is sealed nobody can forge. */
async function knowsMore(
  { github, appSeal, log }: Keeping,
  { taskId, repository }: ExistingTask,
  { commitSha }: RecordHead,
  stored: readonly StoredEvent[],
): Promise<boolean> {
  try {
    const kept = openRecord(appSeal, repository.repositoryId, await github.readRecord(repository, commitSha));
    return kept.taskId === taskId && kept.events.length > stored.length;
  } catch (error) {
    if (error instanceof RetryLater) throw error;
    log.warn({ taskId, record: commitSha, err: error }, "what the record on GitHub says of itself is not so");
    return false;
  }
}

/** Whether a history has all that the mark of a record speaks of, which is then its beginning or the whole of it. */
export function hasAllOf(stored: readonly StoredEvent[], { version, digest }: RecordMark): boolean {
  return version <= stored.length && digest === digestOf(stored.slice(0, version));
}

async function textsOf({ store }: Keeping, { taskId }: ExistingTask, from: number): Promise<Contents["texts"]> {
  const events = (await store.readEvents(taskId)).slice(from);
  const texts: { hash: string; text: string }[] = [];
  for (const hash of new Set(events.flatMap(textHashesOf))) {
    const text = await store.readText(hash);
    if (text !== null) texts.push({ hash, text });
  }
  return texts;
}

function fileOf(
  seal: Seal,
  place: Pick<Envelope, "repositoryId" | "taskId" | "first" | "last" | "before">,
  contents: Contents,
): RecordFile {
  const { keyId, sealed } = seal.seal(JSON.stringify(contents), boundTo(place));
  const envelope: Envelope = { format, ...place, keyId, sealed: Buffer.from(sealed).toString("base64") };
  return { path: `${String(place.first).padStart(6, "0")}.json`, text: `${JSON.stringify(envelope)}\n` };
}

function boundTo({ repositoryId, taskId, first, last, before }: Omit<Envelope, "format" | "keyId" | "sealed">) {
  return [format, repositoryId, taskId, first, last, before];
}

/** Puts the files of a record together. Throws `RecordRefused`. */
export function openRecord(seal: Seal, repositoryId: number, files: readonly RecordFile[]): KeptTask {
  const envelopes = files.map(readEnvelope).toSorted((one, other) => one.first - other.first);
  const [begin] = envelopes;
  if (begin === undefined) throw new RecordRefused("it is empty");
  const events: StoredEvent[] = [];
  const texts: KeptTask["texts"][number][] = [];
  for (const envelope of envelopes) {
    const { taskId, first, last } = envelope;
    if (envelope.repositoryId !== repositoryId) throw new RecordRefused("it is that of another repository");
    if (taskId !== begin.taskId) throw new RecordRefused("it holds files of two tasks");
    if (first !== events.length + 1 || envelope.before !== digestOf(events)) {
      throw new RecordRefused(`what comes after event ${events.length} is missing`);
    }
    const contents = openFile(seal, envelope);
    if (contents.events.length !== last - first + 1) throw new RecordRefused("its numbers do not fit together");
    events.push(...contents.events);
    texts.push(...contents.texts);
  }
  return { taskId: taskIdFrom(begin.taskId), events, texts };
}

function readEnvelope({ path, text }: RecordFile): Envelope {
  try {
    return Envelope.parse(JSON.parse(text));
  } catch (cause) {
    throw new RecordRefused(`its file ${path} is none of ours, or of a newer Phasegate`, { cause });
  }
}

function openFile(seal: Seal, { keyId, sealed, ...place }: Envelope): Contents {
  if (!seal.knows(keyId)) throw new RecordRefused(keyWanted(keyId));
  try {
    const bytes = { keyId, sealed: Buffer.from(sealed, "base64") };
    const doing = `opening events ${place.first} to ${place.last}`;
    return Contents.parse(JSON.parse(seal.open(bytes, boundTo(place), { doing, bytesMax })));
  } catch (cause) {
    throw new RecordRefused(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The key that nobody set is made from the app's private key, and its name says so. */
function keyWanted(keyId: string): string {
  const where = keyId.startsWith("app-")
    ? "it is made from the App's private key of that time, so put that one back as PRIVATE_KEY or PRIVATE_KEY_PATH"
    : "put that key back into CHECKPOINT_KEYS, behind the one that seals now";
  return `it is sealed with the key "${keyId}", which is not among those of this installation; ${where}`;
}

/** Of a history, whatever files it lies in. */
function digestOf(events: readonly StoredEvent[]): string {
  const hash = createHash("sha256");
  for (const { type, schemaVersion, payload } of events)
    hash.update(`${JSON.stringify([type, schemaVersion, payload])}\n`);
  return hash.digest("hex");
}
