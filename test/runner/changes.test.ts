import { chmod, chown, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { acceptChanges, asFileChange, collectChanges, type Changeset } from "../../src/runner/changes.ts";
import { withhold } from "../../src/runner/withhold.ts";
import { prepareWorkspace, type Workspace } from "../../src/runner/workspace.ts";
import { canHaveSecondUser, makeFolder, makeRepository } from "./run-world.ts";

async function workspaceIn(root: string, files: Readonly<Record<string, string>>): Promise<Workspace> {
  const { url, sha } = await makeRepository(root, files);
  const place = { gitDir: join(root, "git"), workTree: join(root, "tree"), path: process.env["PATH"] ?? "" };
  return await prepareWorkspace({ ...place, repositoryUrl: url, token: "", merge: null, headSha: sha, baseSha: sha });
}

async function write({ workTree }: Workspace, path: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(workTree, path)), { recursive: true });
  await writeFile(join(workTree, path), text);
}

function shown({ changes }: Changeset): readonly string[] {
  return changes.map((change) => (change.kind === "deleted" ? `- ${change.path}` : `${change.mode} ${change.path}`));
}

describe("a changeset", () => {
  test("has what was written, changed and deleted, and not what git ignores", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceIn(folder.path, {
      "a.txt": "a",
      "b.txt": "b",
      "c/d.txt": "d",
      ".gitignore": "*.log\nbuild/\n",
    });
    await write(workspace, "a.txt", "other");
    await rm(join(workspace.workTree, "b.txt"));
    await write(workspace, "new/run.sh", "#!/bin/sh\n");
    await chmod(join(workspace.workTree, "new/run.sh"), 0o755);
    await write(workspace, "debug.log", "x");
    await write(workspace, "build/out.js", "x");
    await symlink("../a.txt", join(workspace.workTree, "c/link"));
    await write(workspace, "ü and space.bin", Uint8Array.of(0, 1, 255));

    const changeset = await collectChanges(workspace, "s");

    expect([...shown(changeset)].sort()).toEqual([
      "- b.txt",
      "100644 a.txt",
      "100644 ü and space.bin",
      "100755 new/run.sh",
      "120000 c/link",
    ]);
    expect(changeset.findings).toEqual([]);
    const wire = changeset.changes.map(asFileChange);
    expect(wire.find(({ path }) => path === "ü and space.bin")).toMatchObject({ contentBase64: "AAH/" });
    expect(wire.find(({ path }) => path === "c/link")).toMatchObject({
      contentBase64: Buffer.from("../a.txt").toString("base64"),
    });
    expect(changeset.tree.paths).toEqual([".gitignore", "a.txt", "c/d.txt", "new/run.sh", "ü and space.bin"]);
    expect(await changeset.tree.read("a.txt")).toBe("other");
    expect(await changeset.tree.read("ü and space.bin")).toBeNull();
    expect(await changeset.tree.read("../git/config")).toBeNull();
  });

  test("begins where the last one ended", async () => {
    await using folder = await makeFolder();
    let workspace = await workspaceIn(folder.path, { "a.txt": "a" });
    await write(workspace, "one.txt", "1");
    await collectChanges(workspace, "s");
    workspace = await acceptChanges(workspace);
    expect(shown(await collectChanges(workspace, "t"))).toEqual([]);
    await write(workspace, "two.txt", "2");
    await write(workspace, "one.txt", "11");
    expect(shown(await collectChanges(workspace, "t"))).toEqual(["100644 one.txt", "100644 two.txt"]);
    await write(workspace, "one.txt", "1");
    expect(shown(await collectChanges(workspace, "t"))).toEqual(["100644 two.txt"]);
  });

  test("follows no link, also where a folder became one or a file became a folder", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceIn(folder.path, { "d/x.txt": "x", "e/y.txt": "y", f: "file" });
    const { workTree } = workspace;
    await mkdir(join(folder.path, "outside"));
    await writeFile(join(folder.path, "outside/x.txt"), "secret");
    await rm(join(workTree, "d"), { recursive: true });
    await symlink(join(folder.path, "outside"), join(workTree, "d"));
    await rename(join(workTree, "e"), join(workTree, "e2"));
    await symlink("e2", join(workTree, "e"));
    await rm(join(workTree, "f"));
    await write(workspace, "f/inner.txt", "inner");

    const changeset = await collectChanges(workspace, "s");

    expect([...shown(changeset)].sort()).toEqual([
      "- d/x.txt",
      "- e/y.txt",
      "- f",
      "100644 e2/y.txt",
      "100644 f/inner.txt",
      "120000 d",
      "120000 e",
    ]);
    expect(JSON.stringify(changeset.changes.map(asFileChange))).not.toContain(Buffer.from("secret").toString("base64"));
    expect(await changeset.tree.read("d")).toBeNull();
  });

  test("leaves out what can't be handed over, and says so", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceIn(folder.path, { "a.txt": "a", "was-file": "x" });
    const { workTree } = workspace;
    await write(workspace, "large.bin", "");
    await truncate(join(workTree, "large.bin"), 6 * 1024 * 1024);
    await rm(join(workTree, "was-file"));
    await execa("/usr/bin/mkfifo", [join(workTree, "was-file"), join(workTree, "pipe")]);
    await write(workspace, "sub/inner.txt", "x");
    await execa("git", ["init", "--quiet", join(workTree, "sub")]);
    await execa("git", ["-C", join(workTree, "sub"), "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--allow-empty", "-m", "x"]); // prettier-ignore
    await write(workspace, "line\nbreak.txt", "x");
    await write(workspace, "good.txt", "good");
    // A hard link to a file of somebody else would look like this.
    await write(workspace, "secret.txt", "secret");
    if (canHaveSecondUser) await chown(join(workTree, "secret.txt"), 12_345, 12_345);
    else await chmod(join(workTree, "secret.txt"), 0);

    const changeset = await collectChanges(workspace, "s");

    // What git would take for a repository of its own is made a plain folder.
    expect(shown(changeset)).toEqual(["100644 good.txt", "100644 sub/inner.txt"]);
    expect(changeset.findings.map(({ check, path }) => `${check} ${path}`).sort()).toEqual([
      "paths-allowed large.bin",
      "paths-allowed null",
      "paths-allowed secret.txt",
      "paths-allowed was-file",
    ]);
  });

  test("takes nothing where there is too much", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceIn(folder.path, { "a.txt": "a" });
    for (let at = 0; at < 5; at += 1) {
      await write(workspace, `part-${at}.bin`, "");
      await truncate(join(workspace.workTree, `part-${at}.bin`), 5 * 1024 * 1024);
    }
    const heavy = await collectChanges(workspace, "s");
    expect(heavy).toMatchObject({ isWhole: false, changes: [] });
    expect(heavy.findings[0]?.message).toContain("26214400 bytes");
    for (let at = 0; at < 5; at += 1) await rm(join(workspace.workTree, `part-${at}.bin`));

    await mkdir(join(workspace.workTree, "many"));
    await Promise.all(Array.from({ length: 2_001 }, (_, at) => writeFile(join(workspace.workTree, `many/${at}`), "")));
    const many = await collectChanges(workspace, "s");
    expect(many).toMatchObject({ isWhole: false, changes: [] });
    expect(many.findings[0]?.message).toContain("2001 files changed");
  });

  test.each([
    ["a pipe", async (path: string) => void (await execa("/usr/bin/mkfifo", [path]))],
    ["a link", async (path: string) => await symlink("/etc/passwd", path)],
    ["endless", async (path: string) => await truncate(path, 3 * 1024 ** 3)],
  ])("is not looked for by git where its rules are %s", async (_what, make) => {
    await using folder = await makeFolder();
    const workspace = await workspaceIn(folder.path, { "a.txt": "a", "d/b.txt": "b" });
    const rules = join(workspace.workTree, "d/.gitattributes");
    await writeFile(rules, "");
    if (_what !== "endless") await rm(rules);
    await make(rules);
    await rm(join(workspace.workTree, "a.txt"));
    await mkdir(join(workspace.workTree, "a.txt"));
    await rename(join(workspace.workTree, "d"), join(workspace.workTree, "e"));
    await symlink("e", join(workspace.workTree, "d"));

    const changeset = await collectChanges(workspace, "s");

    expect(changeset).toMatchObject({ isWhole: false, changes: [] });
    expect(changeset.findings).toMatchObject([{ path: "e/.gitattributes" }]);
    // The index still names them, and neither is a file at its place any more.
    expect(changeset.tree.paths).toEqual(["a.txt", "d/b.txt"]);
    expect(await changeset.tree.read("a.txt")).toBeNull();
    expect(await changeset.tree.read("d/b.txt")).toBeNull();
  });

  test("a repository's filters, hooks and monitors don't run, wherever the agent puts them", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceIn(folder.path, { "a.txt": "a" });
    const canary = join(folder.path, "canary");
    const config = `[core]\n\tfsmonitor = touch ${canary}\n[filter "evil"]\n\tclean = touch ${canary}; cat\n`;
    await write(workspace, ".git/config", config);
    await write(workspace, ".gitattributes", "[attr]evil filter=evil\n* evil text=auto eol=crlf ident\n");
    await write(workspace, "a.txt", "$Id$\r\n");

    const changeset = await collectChanges(workspace, "s");

    expect(shown(changeset)).toEqual(["100644 .gitattributes", "100644 a.txt"]);
    expect(changeset.changes.map(asFileChange)[1]).toMatchObject({
      contentBase64: Buffer.from("$Id$\r\n").toString("base64"),
    });
    await expect(readFile(canary)).rejects.toThrow("ENOENT");
  });
});

test("what is withheld is as it was handed over last", async () => {
  await using folder = await makeFolder();
  const workspace = await workspaceIn(folder.path, { "a.txt": "a", "deep/er/b.txt": "b", "c.txt": "c" });
  const { workTree } = workspace;
  await write(workspace, "a.txt", "other");
  await rm(join(workTree, "deep"), { recursive: true });
  await write(workspace, "deep", "now a file");
  await write(workspace, "stray/new.txt", "x");
  await write(workspace, "c.txt", "kept change");
  await collectChanges(workspace, "s");

  const { takenBack, restored } = await withhold(workspace, [
    "a.txt",
    "deep",
    "deep/er/b.txt",
    "stray/new.txt",
    "../outside",
    "/etc/passwd",
  ]);

  expect(takenBack).toEqual(["a.txt", "deep", "deep/er/b.txt", "stray/new.txt"]);
  expect(restored).toContain(join(workTree, "deep/er"));
  expect(await readFile(join(workTree, "a.txt"), "utf8")).toBe("a");
  expect(await readFile(join(workTree, "deep/er/b.txt"), "utf8")).toBe("b");
  expect(shown(await collectChanges(workspace, "s"))).toEqual(["100644 c.txt"]);
});

test("nothing outside the work tree is taken back, wherever a link leads", async () => {
  await using folder = await makeFolder();
  const workspace = await workspaceIn(folder.path, { "docs/OWNERS": "ours", "sub/a.js": "1" });
  const outside = join(folder.path, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "OWNERS"), "theirs");
  await rm(join(workspace.workTree, "docs"), { recursive: true });
  await symlink("sub/way", join(workspace.workTree, "docs"));
  await symlink(outside, join(workspace.workTree, "sub/way"));
  await collectChanges(workspace, "s");

  await withhold(workspace, ["docs/OWNERS"]);

  expect(await readFile(join(outside, "OWNERS"), "utf8")).toBe("theirs");
  expect(await readFile(join(workspace.workTree, "docs/OWNERS"), "utf8")).toBe("ours");
});
