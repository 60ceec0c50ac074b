/** Records of tasks, as commits that nothing but who looks for them sees. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RecordFile, RecordMark } from "../../src/control/ports/records.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

const run = promisify(execFile);
const ref = "refs/phasegate/tasks/7";
const first: RecordFile = { path: "000001.json", text: '{"sealed":"one"}\n' };
const second: RecordFile = { path: "000005.json", text: '{"sealed":"two"}\n' };
let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

function mark(version: number): RecordMark {
  return { taskId: "task-1", version, digest: "ab".repeat(32), keyId: "k1" };
}

/** As the app goes on: it looks at the head, and puts a commit on it. */
async function add(version: number, file: RecordFile, beside = true): Promise<void> {
  const onto = await bed.github.recordHead(bed.repository, "7");
  await bed.github.addToRecord(bed.repository, "7", { onto, beside, mark: mark(version), file });
}

async function filesOf(name = "7"): Promise<readonly RecordFile[]> {
  const record = (await bed.github.listRecords(bed.repository)).find((each) => each.name === name);
  return bed.github.readRecord(bed.repository, record?.commitSha ?? "");
}

async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["--git-dir", bed.sandbox.gitDirOf("octo/shop"), ...args]);
  return stdout.trim();
}

describe("the record of a task", () => {
  test("begins with a commit of its own and goes on with one for each file, which says of itself what it has", async () => {
    expect(await bed.github.recordHead(bed.repository, "7")).toBeNull();
    await add(4, first);
    await add(9, second);
    expect(await bed.github.recordHead(bed.repository, "7")).toEqual({
      commitSha: await git("rev-parse", ref),
      treeSha: await git("rev-parse", `${ref}^{tree}`),
      mark: mark(9),
    });
    expect(await git("rev-list", "--count", ref)).toBe("2");
    expect(await filesOf()).toEqual([first, second]);
  });

  test("costs two reads and three writes a commit", async () => {
    await add(4, first);
    bed.sent();
    await add(9, second);
    expect(bed.sent()).toEqual([
      "GET /repos/octo/shop/git/ref/phasegate%2Ftasks%2F7",
      expect.stringMatching(/^GET \/repos\/octo\/shop\/git\/commits\/[0-9a-f]{40}$/u),
      "POST /repos/octo/shop/git/trees",
      "POST /repos/octo/shop/git/commits",
      "PATCH /repos/octo/shop/git/refs/phasegate%2Ftasks%2F7",
    ]);
  });

  test("is no branch and no tag, and no webhook tells of it", async () => {
    const branches = await git("for-each-ref", "refs/heads", "refs/tags");
    const before = bed.sandbox.context.state.deliveries.length;
    await add(4, first);
    await add(9, second);
    await bed.github.dropRecord(bed.repository, "7");
    expect(await git("for-each-ref", "refs/heads", "refs/tags")).toBe(branches);
    expect(bed.sandbox.context.state.deliveries.length).toBe(before);
  });

  test("that is begun anew has one file, with what was before among its commits", async () => {
    await add(4, first);
    await add(9, second);
    await add(9, first, false);
    expect(await filesOf()).toEqual([first]);
    expect(await git("rev-list", "--count", ref)).toBe("3");
  });

  test("of which somebody else was first to write the next commit is not written over", async () => {
    await add(4, first);
    const onto = await bed.github.recordHead(bed.repository, "7");
    await add(9, second);
    const late = bed.github.addToRecord(bed.repository, "7", { onto, beside: true, mark: mark(5), file: second });
    await expect(late).rejects.toThrow(/not a fast forward/u);
    expect((await bed.github.recordHead(bed.repository, "7"))?.mark?.version).toBe(9);
  });

  test("takes a file that is too large to be sent with its tree", async () => {
    const large = { path: "000001.json", text: "x".repeat(300_000) };
    await add(4, large);
    expect(await filesOf()).toEqual([large]);
  });

  test("that somebody else wrote has no mark", async () => {
    const commit = await git("commit-tree", "-m", "Phasegate-Task: task-1", "main^{tree}");
    await git("update-ref", ref, commit);
    expect((await bed.github.recordHead(bed.repository, "7"))?.mark).toBeNull();
  });

  test("is gone once it is dropped, and may be dropped again; others stay", async () => {
    await add(4, first);
    const other = { onto: null, beside: false, mark: mark(1), file: first };
    await bed.github.addToRecord(bed.repository, "7-r2", other);
    await bed.github.dropRecord(bed.repository, "7");
    await bed.github.dropRecord(bed.repository, "7");
    expect((await bed.github.listRecords(bed.repository)).map(({ name }) => name)).toEqual(["7-r2"]);
  });
});

test("an empty repository has no records and takes none", async () => {
  const empty = await bed.sandbox.addRepository({ owner: "octo", name: "empty", files: {}, collaborators: {} });
  const repository = { ...bed.repository, repositoryId: empty.id, name: "empty" };
  expect(await bed.github.recordHead(repository, "7")).toBeNull();
  await bed.github.addToRecord(repository, "7", { onto: null, beside: false, mark: mark(1), file: first });
  expect(await bed.github.listRecords(repository)).toEqual([]);
});

describe("the reach of the app", () => {
  test("is to write in a repository where it is installed", async () => {
    expect(await bed.github.reachOf(bed.repository)).toBe("writable");
  });

  test("is to read in a repository that is archived", async () => {
    bed.sandbox.settings.archive("octo/shop");
    expect(await bed.github.reachOf(bed.repository)).toBe("read-only");
  });

  test.each(["suspend", "uninstall"] as const)("is none after the owner's %s", async (change) => {
    bed.sandbox.settings[change]("octo");
    expect(await bed.github.reachOf(bed.repository)).toBe("none");
  });

  test("is none in a repository that is deleted, or given to somebody without the app", async () => {
    bed.sandbox.settings.transfer("octo/shop", "ada");
    expect(await bed.github.reachOf(bed.repository)).toBe("none");
    bed.sandbox.settings.deleteRepository("ada/shop");
    expect(await bed.github.reachOf(bed.repository)).toBe("none");
  });

  test("is not known while GitHub is down or at its limit", async () => {
    bed.failNext(/\/access_tokens$/u, { status: 502 });
    await expect(bed.github.reachOf(bed.repository)).rejects.toBeInstanceOf(RetryLater);
    bed.failNext(/\/repos\/octo\/shop$/u, { status: 403, headers: { "retry-after": "60" } });
    await expect(bed.github.reachOf(bed.repository)).rejects.toBeInstanceOf(RetryLater);
  });
});
