/** A work tree that holds base and phase; with real git. */
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { acceptChanges, asFileChange, collectChanges } from "../../src/runner/changes.ts";
import { restoreChanges } from "../../src/runner/restore-changes.ts";
import { prepareWorkspace, type Workspace } from "../../src/runner/workspace.ts";
import { makeFolder, makeRepository } from "./run-world.ts";

type Files = Readonly<Record<string, string | null>>;

/** What a phase and its base made of the same beginning, and the work tree of a run that merges them. */
async function merging(
  root: string,
  before: Readonly<Record<string, string>>,
  { head, base }: { readonly head: Files; readonly base: Files },
): Promise<Workspace> {
  const repository = await makeRepository(root, before);
  const { sha: mergeBaseSha } = repository;
  const side = async (files: Files): Promise<string> => {
    for (const [path, text] of Object.entries(files)) if (text === null) await rm(join(root, "clone", path));
    const sha = await repository.commit(
      Object.fromEntries(Object.entries(files).flatMap(([path, text]) => (text === null ? [] : [[path, text]]))),
    );
    return sha;
  };
  const headSha = await side(head);
  // The other side begins where this one began.
  await restore(root, before, head);
  const baseSha = await side(base);
  return prepareWorkspace({
    ...placeOf(root),
    repositoryUrl: repository.url,
    headSha,
    baseSha,
    merge: { baseSha, mergeBaseSha },
  });
}

function placeOf(root: string, name = "tree") {
  const path = process.env["PATH"] ?? "";
  return { gitDir: join(root, `${name}.git`), workTree: join(root, name), path, token: "" };
}

async function restore(root: string, before: Readonly<Record<string, string>>, changed: Files): Promise<void> {
  for (const path of Object.keys(changed)) {
    const target = join(root, "clone", path);
    const text = before[path];
    await (text === undefined ? rm(target, { recursive: true, force: true }) : writeFile(target, text));
  }
}

async function read({ workTree }: Workspace, path: string): Promise<string | null> {
  return readFile(join(workTree, path), "utf8").catch(() => null);
}

async function changesOf(workspace: Workspace): Promise<Readonly<Record<string, string | null>>> {
  const { changes } = await collectChanges(workspace, "01_idea");
  return Object.fromEntries(
    changes.map((change) => [
      change.path,
      change.kind === "deleted" ? null : Buffer.from(change.content).toString("utf8"),
    ]),
  );
}

const lines = (...words: readonly string[]): string => words.map((word) => `${word}\n`).join("");

describe("the work tree of a run that merges", () => {
  test("has what each side changed alone, and none of it is a change of the run", async () => {
    await using folder = await makeFolder();
    const workspace = await merging(
      folder.path,
      { same: "1", ours: "1", theirs: "1", "ours-gone": "1", "theirs-gone": "1", both: lines("a", "b", "c") },
      {
        head: { ours: "2", "ours-gone": null, "new/ours": "1", both: lines("A", "b", "c") },
        base: { theirs: "2", "theirs-gone": null, "new/theirs": "1", both: lines("a", "b", "C") },
      },
    );
    const shown = ["same", "ours", "theirs", "ours-gone", "theirs-gone", "new/ours", "new/theirs"];
    expect(await Promise.all(shown.map((path) => read(workspace, path)))).toEqual([
      "1",
      "2",
      "2",
      null,
      null,
      "1",
      "1",
    ]);
    expect([...(workspace.bothChanged?.keys() ?? [])]).toEqual(["both"]);
    expect(await changesOf(workspace)).toEqual({ both: lines("A", "b", "C") });
  });

  test("shows both versions where lines collide", async () => {
    await using folder = await makeFolder();
    const workspace = await merging(
      folder.path,
      { "docs/idea.md": lines("# Idea", "one", "end") },
      {
        head: { "docs/idea.md": lines("# Idea", "ours", "end") },
        base: { "docs/idea.md": lines("# Idea", "theirs", "end") },
      },
    );
    expect(await read(workspace, "docs/idea.md")).toBe(
      lines("# Idea", "<<<<<<< phase", "ours", "=======", "theirs", ">>>>>>> base", "end"),
    );
  });

  test("takes a file that both added for two versions of one that was empty", async () => {
    await using folder = await makeFolder();
    const workspace = await merging(folder.path, { a: "1" }, { head: { new: "ours\n" }, base: { new: "theirs\n" } });
    expect(await read(workspace, "new")).toBe(lines("<<<<<<< phase", "ours", "=======", "theirs", ">>>>>>> base"));
  });

  test("has the phase's version of what the base deleted or what is no text, and the base's of what the phase deleted", async () => {
    await using folder = await makeFolder();
    const workspace = await merging(
      folder.path,
      { "theirs-gone/a.md": "1", "ours-gone.md": "1", "logo.png": "\0one" },
      {
        head: { "theirs-gone/a.md": "ours", "ours-gone.md": null, "logo.png": "\0ours" },
        base: { "theirs-gone/a.md": null, "ours-gone.md": "theirs", "logo.png": "\0theirs" },
      },
    );
    expect(await read(workspace, "theirs-gone/a.md")).toBe("ours");
    expect(await read(workspace, "ours-gone.md")).toBe("theirs");
    expect(await read(workspace, "logo.png")).toBe("\0ours");
    // Of each the app is told, also where it is left as the base has it.
    expect(await changesOf(workspace)).toEqual({
      "logo.png": "\0ours",
      "ours-gone.md": "theirs",
      "theirs-gone/a.md": "ours",
    });
    await rm(join(workspace.workTree, "theirs-gone"), { recursive: true });
    await rm(join(workspace.workTree, "ours-gone.md"));
    await writeFile(join(workspace.workTree, "logo.png"), "\0theirs");
    expect(await changesOf(workspace)).toEqual({
      "logo.png": "\0theirs",
      "ours-gone.md": null,
      "theirs-gone/a.md": null,
    });
  });

  test("leaves to the base what it says to agents", async () => {
    await using folder = await makeFolder();
    const workspace = await merging(
      folder.path,
      { "CLAUDE.md": "one", a: "1" },
      { head: { "CLAUDE.md": "ours" }, base: { "CLAUDE.md": "theirs" } },
    );
    expect(await read(workspace, "CLAUDE.md")).toBe("theirs");
    expect(await changesOf(workspace)).toEqual({});
  });

  test("keeps the mode that one side changed", async () => {
    await using folder = await makeFolder();
    const clone = join(folder.path, "clone");
    const repository = await makeRepository(folder.path, { "run.sh": lines("a", "b", "c") });
    await chmod(join(clone, "run.sh"), 0o755);
    const headSha = await repository.commit({ "run.sh": lines("A", "b", "c") });
    await chmod(join(clone, "run.sh"), 0o644);
    const baseSha = await repository.commit({ "run.sh": lines("a", "b", "C") });
    for (const [name, ends] of Object.entries({
      ours: { headSha, baseSha },
      theirs: { headSha: baseSha, baseSha: headSha },
    })) {
      const workspace = await prepareWorkspace({
        ...placeOf(folder.path, name),
        repositoryUrl: repository.url,
        ...ends,
        merge: { baseSha: ends.baseSha, mergeBaseSha: repository.sha },
      });
      const [change] = (await collectChanges(workspace, "01_idea")).changes;
      expect(change).toMatchObject({ kind: "written", mode: "100755" });
    }
  });

  test("is one like any other once something was handed over", async () => {
    await using folder = await makeFolder();
    const workspace = await merging(folder.path, { a: "1\n" }, { head: { a: "2\n" }, base: { a: "3\n" } });
    await writeFile(join(workspace.workTree, "a"), "2 and 3\n");
    expect(await changesOf(workspace)).toEqual({ a: "2 and 3\n" });
    const accepted = await acceptChanges(workspace);
    expect(accepted.bothChanged).toBeNull();
    expect(await changesOf(accepted)).toEqual({});
  });

  test("gets back what an interrupted run had made of it, also where that is the base's version", async () => {
    await using folder = await makeFolder();
    const sides = { head: { a: "2\n", b: "2\n" }, base: { a: "3\n", b: "3\n" } };
    const first = await merging(folder.path, { a: "1\n", b: "1\n" }, sides);
    await writeFile(join(first.workTree, "a"), "2 and 3\n");
    await writeFile(join(first.workTree, "b"), "3\n");
    const { changes, baseOids } = await collectChanges(first, "01_idea");
    const kept = changes.map((change) => ({
      change: asFileChange(change),
      baseOid: baseOids.get(change.path) ?? null,
    }));
    await using second = await makeFolder();
    await mkdir(join(second.path, "x"));
    const again = await merging(join(second.path, "x"), { a: "1\n", b: "1\n" }, sides);
    expect(await restoreChanges(again, kept)).toEqual([]);
    expect([await read(again, "a"), await read(again, "b")]).toEqual(["2 and 3\n", "3\n"]);
  });

  test("does not write through a link that the base put in a folder's place", async () => {
    await using folder = await makeFolder();
    const repository = await makeRepository(folder.path, { "docs/a.md": "1\n", other: "1\n" });
    const headSha = await repository.commit({ "docs/a.md": "2\n" });
    await rm(join(folder.path, "clone", "docs"), { recursive: true });
    await symlink(join(folder.path, "outside"), join(folder.path, "clone", "docs"));
    await mkdir(join(folder.path, "outside"));
    const baseSha = await repository.commit({});
    const made = prepareWorkspace({
      ...placeOf(folder.path),
      repositoryUrl: repository.url,
      headSha,
      baseSha,
      merge: { baseSha, mergeBaseSha: repository.sha },
    });
    await expect(made).rejects.toThrow("merging docs/a.md: something stands in the way");
    await expect(stat(join(folder.path, "outside", "a.md"))).rejects.toThrow("ENOENT");
  });
});
