import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gitEnvironment } from "./git-process.ts";
import { proposePull, publish, startTestbed, listAt, textAt, valueAt } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";

const run = promisify(execFile);
let bed: Testbed;
let folder: string;
beforeAll(async () => {
  bed = await startTestbed();
  folder = await mkdtemp(join(tmpdir(), "sandbox-git-"));
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd, env: gitEnvironment(folder) });
  return stdout;
}

function remote(token: string): string {
  return bed.sandbox.url.replace("http://", `http://x-access-token:${token}@`) + "/octo/shop.git";
}

async function headOf(branch: string): Promise<{ commit: string; tree: string }> {
  const ref = await bed.api("GET", `/git/ref/heads/${branch}`);
  const commit = textAt(ref.body, "object", "sha");
  return { commit, tree: textAt((await bed.api("GET", `/git/commits/${commit}`)).body, "tree", "sha") };
}

describe("git data", () => {
  test("keeps modes, deletes by null and leaves the rest of the base tree", async () => {
    const { tree } = await headOf("main");
    const blob = await bed.api("POST", "/git/blobs", {
      content: Buffer.from([0, 255]).toString("base64"),
      encoding: "base64",
    });
    const made = await bed.api("POST", "/git/trees", {
      base_tree: tree,
      tree: [
        { path: "bin/run", mode: "100755", type: "blob", content: "#!/bin/sh\n" },
        { path: "link", mode: "120000", type: "blob", content: "README.md" },
        { path: "data/é.bin", mode: "100644", sha: valueAt(blob.body, "sha") },
        { path: "src/app.ts", mode: "100644", type: "blob", sha: null },
      ],
    });
    expect(made.status).toBe(201);
    const read = await bed.api("GET", `/git/trees/${textAt(made.body, "sha")}?recursive=1`);
    const entries = listAt(read.body, "tree").map((entry) => `${textAt(entry, "mode")} ${textAt(entry, "path")}`);
    expect(entries).toEqual([
      "100644 README.md",
      "040000 bin",
      "100755 bin/run",
      "040000 data",
      "100644 data/é.bin",
      "120000 link",
    ]);
  });

  test.each([
    ["a path out of the tree", { path: "../x", mode: "100644", content: "x" }],
    ["a path into git's folder", { path: "a/.GIT/config", mode: "100644", content: "x" }],
    ["a mode git does not know", { path: "x", mode: "0644", content: "x" }],
    ["an object that does not exist", { path: "x", mode: "100644", sha: "0".repeat(40) }],
    ["deleting what is not there", { path: "nothing/here", mode: "100644", sha: null }],
    ["content and sha at once", { path: "x", mode: "100644", content: "x", sha: "0".repeat(40) }],
  ])("refuses a tree with %s", async (_, entry) => {
    const { tree } = await headOf("main");
    expect((await bed.api("POST", "/git/trees", { base_tree: tree, tree: [entry] })).status).toBe(422);
  });

  test("signs the App's own commits only", async () => {
    const { commit, tree } = await headOf("main");
    const own = await bed.api("POST", "/git/commits", { message: "own", tree, parents: [commit] });
    expect(own.body).toMatchObject({
      author: { name: "phasegate[bot]" },
      committer: { name: "GitHub", email: "noreply@github.com" },
      verification: { verified: true, reason: "valid" },
    });
    const author = { name: "Ada", email: "owner@example.com" };
    const other = await bed.api("POST", "/git/commits", { message: "other", tree, parents: [commit], author });
    expect(other.body).toMatchObject({
      author,
      committer: author,
      verification: { verified: false, reason: "unsigned" },
    });
  });

  test("moves a ref forward only, unless forced, and never to nothing", async () => {
    const { commit } = await headOf("main");
    const tip = await publish(bed, "moving", { "m.txt": "1" });
    const patch = (body: object) => bed.api("PATCH", "/git/refs/heads/moving", body);
    expect((await patch({ sha: commit })).body).toMatchObject({ message: "Update is not a fast forward" });
    expect((await patch({ sha: "1".repeat(40) })).status).toBe(422);
    expect((await patch({ sha: commit, force: true })).status).toBe(200);
    expect((await bed.api("POST", "/git/refs", { ref: "refs/heads/moving", sha: tip })).body).toMatchObject({
      message: "Reference already exists",
    });
    for (const ref of ["moving", "refs/heads/../../x", "refs/heads/a.lock", "refs/heads/a b"]) {
      expect((await bed.api("POST", "/git/refs", { ref, sha: tip })).status).toBe(422);
    }
    expect((await bed.api("DELETE", "/git/refs/heads/moving")).status).toBe(204);
    expect((await bed.api("GET", "/git/ref/heads/moving")).status).toBe(404);
  });

  test("finds refs by prefix", async () => {
    await publish(bed, "phasegate/7-1-planning", { "p.txt": "p" });
    const found = await bed.api("GET", "/git/matching-refs/heads/phasegate/7-");
    expect(found.body).toMatchObject([{ ref: "refs/heads/phasegate/7-1-planning" }]);
  });

  test("refuses workflow files to an App without the permission", async () => {
    const { tree } = await headOf("main");
    const path = ".github/workflows/evil.yml";
    const entry = { path, mode: "100644", type: "blob", content: "on: push" };
    expect((await bed.api("POST", "/git/trees", { base_tree: tree, tree: [entry] })).status).toBe(403);
    const content = Buffer.from("on: push").toString("base64");
    expect((await bed.api("PUT", `/contents/${path}`, { message: "x", content })).status).toBe(403);
  });

  test("answers 409 on an empty repository, which contents can begin", async () => {
    await bed.sandbox.addRepository({ owner: "octo", name: "empty", files: {}, collaborators: {} });
    const token = bed.sandbox.tokenOf("octo");
    const at = (method: string, path: string, body?: unknown) =>
      bed.call(method, `/repos/octo/empty${path}`, { token, body });
    expect(await at("GET", "/git/ref/heads/main")).toMatchObject({
      status: 409,
      body: { message: "Git Repository is empty." },
    });
    const content = Buffer.from("hello").toString("base64");
    expect((await at("PUT", "/contents/README.md", { message: "begin", content })).status).toBe(201);
    expect((await at("GET", "/git/ref/heads/main")).status).toBe(200);
  });
});

describe("contents", () => {
  test("lists a folder, reads a file raw and as base64, and 404 where nothing is", async () => {
    expect((await bed.api("GET", "/contents/src")).body).toMatchObject([
      { type: "file", path: "src/app.ts", size: 14 },
    ]);
    const file = await bed.api("GET", "/contents/README.md");
    expect(Buffer.from(textAt(file.body, "content"), "base64").toString()).toBe("# Shop\n");
    const token = await bed.installationToken();
    const raw = await bed.call("GET", "/repos/octo/shop/contents/README.md", {
      token,
      headers: { accept: "application/vnd.github.raw+json" },
    });
    expect(raw.body).toBe("# Shop\n");
    expect((await bed.api("GET", "/contents/nothing")).status).toBe(404);
  });

  test("needs the sha of what it replaces", async () => {
    const put = (more: object) =>
      bed.api("PUT", "/contents/notes.md", { message: "note", content: "bm90ZQ==", branch: "main", ...more });
    const made = await put({});
    expect(made.status).toBe(201);
    expect((await put({})).status).toBe(422);
    expect((await put({ sha: "0".repeat(40) })).status).toBe(409);
    expect((await put({ sha: valueAt(made.body, "content", "sha"), content: "bmV3" })).status).toBe(200);
  });
});

describe("smart HTTP", () => {
  test("clones with an installation token, and a push moves its pull request", async () => {
    const number = await proposePull(bed, "pushed", { "pushed.txt": "1\n" });
    const token = await bed.installationToken();
    await git(folder, "clone", "--quiet", "--branch", "pushed", remote(token), "work");
    const work = join(folder, "work");
    expect(await readFile(join(work, "pushed.txt"), "utf8")).toBe("1\n");
    await writeFile(join(work, "pushed.txt"), "2\n");
    await git(work, "commit", "--quiet", "-am", "second");
    const from = (await bed.heard()).length;
    await git(work, "push", "--quiet", "origin", "pushed");

    const head = (await git(work, "rev-parse", "HEAD")).trim();
    expect((await bed.api("GET", `/pulls/${number}`)).body).toMatchObject({ head: { sha: head }, commits: 2 });
    expect(await bed.heard(from)).toEqual(["push", "pull_request.synchronize"]);
  });

  test("refuses a push without the right, a workflow without the permission, and an unknown token", async () => {
    const reading = await bed.installationToken({ permissions: { contents: "read" } });
    await git(folder, "clone", "--quiet", remote(reading), "reader");
    const work = join(folder, "reader");
    await writeFile(join(work, "new.txt"), "x");
    await git(work, "add", ".");
    await git(work, "commit", "--quiet", "-m", "new");
    await expect(git(work, "push", "--quiet", "origin", "HEAD:refs/heads/stolen")).rejects.toThrow("403");
    await expect(
      git(work, "push", "--quiet", remote(bed.sandbox.tokenOf("rita")), "HEAD:refs/heads/stolen"),
    ).rejects.toThrow("403");
    await expect(git(work, "push", remote("ghs_4242_invented"), "HEAD:refs/heads/stolen")).rejects.toThrow(
      "Authentication failed",
    );

    await git(work, "checkout", "--quiet", "-b", "flow");
    await run("mkdir", ["-p", join(work, ".github/workflows")]);
    await writeFile(join(work, ".github/workflows/x.yml"), "on: push\n");
    await git(work, "add", ".");
    await git(work, "commit", "--quiet", "-m", "flow");
    const writing = await bed.installationToken();
    await expect(git(work, "push", "--quiet", remote(writing), "HEAD:refs/heads/flow")).rejects.toThrow(
      "without `workflows` permission",
    );
    await git(work, "push", "--quiet", remote(bed.sandbox.tokenOf("wanda")), "HEAD:refs/heads/flow");
  });

  test("what the API wrote is a sound repository for git itself", async () => {
    const { stderr } = await run("git", ["--git-dir", bed.sandbox.gitDirOf("octo/shop"), "fsck", "--strict"], {
      env: gitEnvironment(folder),
    });
    expect(stderr).not.toMatch(/error|warning/);
  });
});

test("every answer fits GitHub's description", () => {
  expect(bed.faults()).toEqual([]);
});
