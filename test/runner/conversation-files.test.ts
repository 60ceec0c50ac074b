import { randomUUID } from "node:crypto";
import { execa } from "execa";
import { chown, lstat, mkdir, readdir, readFile, realpath, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { packConversation, unpackConversation, type ConversationPlace } from "../../src/runner/conversation-files.ts";
import { redactJsonLines } from "../../src/core/redact-json.ts";
import { createRedactor } from "../../src/core/redact.ts";
import { canHaveSecondUser, makeFolder } from "./run-world.ts";

const sessionId = "0b4e4b4e-1111-4222-8333-444455556666";
const line = '{"type":"user","message":{"role":"user","content":"hello"}}\n';
const megabytes = 1024 * 1024;
const plain = (text: string): string => text;

interface Place extends ConversationPlace {
  /** Where the CLI keeps the conversation. */
  readonly folder: string;
  readonly root: string;
  [Symbol.asyncDispose](): Promise<void>;
}

async function aPlace(): Promise<Place> {
  const root = await makeFolder();
  const workTree = join(root.path, "work.tree");
  const configDir = join(root.path, "config");
  const folder = join(configDir, "projects", (await realpath(root.path)).replaceAll("/", "-") + "-work-tree");
  await mkdir(workTree);
  await mkdir(configDir);
  return { workTree, configDir, folder, root: root.path, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}

/** With a transcript, and the files given beside it. */
async function withConversation(files: Readonly<Record<string, string>> = {}): Promise<Place> {
  const place = await aPlace();
  await mkdir(place.folder, { recursive: true });
  await writeFile(join(place.folder, `${sessionId}.jsonl`), line);
  for (const [path, text] of Object.entries(files)) {
    const target = join(place.folder, sessionId, path);
    await mkdir(join(target, ".."), { recursive: true });
    await writeFile(target, text);
  }
  return place;
}

function packed(text: string): string {
  return gzipSync(text).toString("base64");
}

function unpacked(file: { readonly gzipBase64: string } | undefined): string {
  return gunzipSync(Buffer.from(file?.gzipBase64 ?? "", "base64")).toString();
}

describe("the files of a conversation", () => {
  test("are the same in another place", async () => {
    await using from = await withConversation({ "tool-results/a.txt": "long output", "subagents/agent-1.jsonl": line });
    const { conversation, faults } = await packConversation(from, sessionId, plain, megabytes);
    expect(faults).toEqual([]);
    if (conversation === null) throw new Error("nothing was packed");
    await using to = await aPlace();
    await unpackConversation(to, conversation);
    expect((await readdir(to.folder, { recursive: true })).sort()).toEqual(
      (await readdir(from.folder, { recursive: true })).sort(),
    );
    expect(await readFile(join(to.folder, sessionId, "tool-results/a.txt"), "utf8")).toBe("long output");
    expect((await lstat(join(to.folder, `${sessionId}.jsonl`))).mode & 0o777).toBe(0o600);
  });

  test("lose those whose names hold a secret", async () => {
    await using place = await withConversation({ "tool-results/s3cr3t-value.txt": "x", "tool-results/b.txt": "y" });
    const redact = createRedactor(["s3cr3t-value"]);
    const { conversation, faults } = await packConversation(place, sessionId, redact, megabytes);
    expect(conversation?.files.map(({ path }) => path)).toEqual([
      `${sessionId}.jsonl`,
      `${sessionId}/tool-results/b.txt`,
    ]);
    expect(faults).toHaveLength(1);
  });

  test("lose what is too much, results of tools first", async () => {
    const noise = (): string => Array.from({ length: 2_000 }, randomUUID).join("");
    await using place = await withConversation({
      "tool-results/a.txt": noise(),
      "subagents/agent-1.jsonl": JSON.stringify({ text: noise() }),
    });
    const { conversation, faults } = await packConversation(place, sessionId, plain, 80_000);
    expect(conversation?.files.map(({ path }) => path)).toEqual([
      `${sessionId}.jsonl`,
      `${sessionId}/subagents/agent-1.jsonl`,
    ]);
    expect(faults).toEqual(["1 files beside the conversation's transcript are not kept"]);
  });

  test("are none where the transcript is too large, packed or not", async () => {
    await using place = await withConversation();
    const tooMuch = await packConversation(place, sessionId, plain, 10);
    expect(tooMuch).toEqual({ conversation: null, faults: ["the conversation's transcript is too large to be kept"] });
    // A file with a hole takes no room on the disk.
    await truncate(join(place.folder, `${sessionId}.jsonl`), 1024 * megabytes);
    const huge = await packConversation(place, sessionId, plain, megabytes);
    expect(huge.conversation).toBeNull();
    expect(huge.faults).toEqual([expect.stringContaining("no plain file, or too large")]);
  });
});

describe("an agent that plants something in place of its conversation", () => {
  const secret = "root:x:0:0";

  async function stolen(plant: (place: Place, secretFile: string) => Promise<void>): Promise<string> {
    await using place = await withConversation({ "tool-results/a.txt": "mine" });
    const secretFile = join(place.root, "secret");
    await writeFile(secretFile, secret);
    await plant(place, secretFile);
    const { conversation } = await packConversation(place, sessionId, plain, megabytes);
    return (conversation?.files ?? []).map(unpacked).join("\n");
  }

  test.each<readonly [what: string, plant: (place: Place, secretFile: string) => Promise<void>]>([
    [
      "a link for the transcript",
      async ({ folder }, secretFile) => {
        await execa("rm", [join(folder, `${sessionId}.jsonl`)]);
        await symlink(secretFile, join(folder, `${sessionId}.jsonl`));
      },
    ],
    [
      "a link among the results",
      async ({ folder }, secretFile) => symlink(secretFile, join(folder, sessionId, "tool-results/b.txt")),
    ],
    [
      "a link for a folder",
      async ({ folder, root }) => {
        await execa("rm", ["-r", join(folder, sessionId)]);
        await mkdir(join(root, "elsewhere"));
        await writeFile(join(root, "elsewhere/b.txt"), secret);
        await symlink(join(root, "elsewhere"), join(folder, sessionId));
      },
    ],
    [
      "a link for the folder of all projects",
      async ({ configDir, root, folder }) => {
        await execa("mv", [join(configDir, "projects"), join(root, "moved")]);
        await writeFile(join(root, "moved", folder.split("/").at(-1) ?? "", `${sessionId}.jsonl`), secret);
        await symlink(join(root, "moved"), join(configDir, "projects"));
      },
    ],
    [
      "a pipe",
      async ({ folder }) => {
        await execa("mkfifo", [join(folder, sessionId, "tool-results/pipe.txt")]);
      },
    ],
  ])("%s gets nothing of the machine's, and nobody waits", async (_what, plant) => {
    expect(await stolen(plant)).not.toContain(secret);
  });

  // Reason to skip: only root can give a file to somebody else.
  test.skipIf(!canHaveSecondUser)("a hard link to somebody else's file gets nothing", async () => {
    const taken = await stolen(async ({ folder, configDir }, secretFile) => {
      await execa("ln", [secretFile, join(folder, sessionId, "tool-results/b.txt")]);
      await execa("chown", ["-R", "12345:12345", configDir]);
      await chown(secretFile, 0, 0);
    });
    expect(taken).toContain("hello");
    expect(taken).not.toContain(secret);
  });
});

describe("a checkpoint that names files", () => {
  const transcript = { path: `${sessionId}.jsonl`, gzipBase64: packed(line) };

  test.each([
    ["above the conversation's folder", `${sessionId}/../../../../escaped`],
    ["at an absolute path", "/tmp/escaped"],
    ["of another conversation", "1b4e4b4e-1111-4222-8333-444455556666.jsonl"],
    ["in a git folder", `${sessionId}/.git/config`],
    ["with a line end", `${sessionId}/a\nb`],
    ["twice", `${sessionId}.jsonl`],
  ])("%s is refused, and nothing lies outside", async (_what, path) => {
    await using place = await aPlace();
    const files = [transcript, { path, gzipBase64: packed("planted") }];
    await expect(unpackConversation(place, { sessionId, files })).rejects.toThrow(/holds a file of the name/u);
    const found = await readdir(place.root, { recursive: true });
    expect(found.filter((name) => name.includes("escaped"))).toEqual([]);
  });

  test.each([
    ["without a transcript", [{ path: `${sessionId}/a.txt`, gzipBase64: packed("a") }], /no transcript/u],
    ["whose archive is none", [{ ...transcript, gzipBase64: "AAAA" }], /header/u],
    [
      "whose archive unpacks to more than any",
      [{ ...transcript, gzipBase64: gzipSync(Buffer.alloc(60 * megabytes)).toString("base64") }],
      /larger than/u,
    ],
    ["whose transcript is no JSON", [{ ...transcript, gzipBase64: packed("plain words") }], /JSON/u],
  ])("%s is refused", async (_what, files, says) => {
    await using place = await aPlace();
    await expect(unpackConversation(place, { sessionId, files })).rejects.toThrow(says);
  });
});

describe("lines of JSON that hold a secret", () => {
  const secret = 'n3w\\line"Kq2mZ8wXt4';
  const redact = createRedactor([secret, "4711471147"]);
  const clean = (value: unknown): unknown =>
    JSON.parse(redactJsonLines(`${line}${JSON.stringify(value)}`, redact).split("\n")[1] ?? "");

  test("stay lines of JSON, wherever it stands", () => {
    expect(
      clean({ a: [`<${secret}>`], [secret]: 1, n: 4711471147, deep: { text: JSON.stringify({ secret }) } }),
    ).toEqual({
      a: ["<***>"],
      "***": 1,
      n: 0,
      deep: { text: '{"secret":"***"}' },
    });
  });

  test("lose the signature of a thought that changed, since the provider would refuse it", () => {
    const thought = { type: "thinking", thinking: `use ${secret}`, signature: "sig" };
    const untouched = { type: "thinking", thinking: "use it", signature: "sig" };
    expect(clean({ content: [thought, untouched, secret] })).toEqual({
      content: [{ type: "text", text: "use ***" }, untouched, "***"],
    });
  });

  test("that were cut are cleaned as plain text, and others are left as they are", () => {
    const spaced = '{ "a":  1 }\n';
    expect(redactJsonLines(`${spaced}{"a":"4711471147`, redact)).toBe(`${spaced}{"a":"***`);
    expect(redactJsonLines(spaced, redact)).toBe(spaced);
  });
});
