import { lstat, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../src/protocol/checkpoint.ts";
import { asFileChange, collectChanges } from "../../src/runner/changes.ts";
import { restoreChanges } from "../../src/runner/restore-changes.ts";
import { prepareWorkspace, type Workspace } from "../../src/runner/workspace.ts";
import { makeFolder, makeRepository } from "./run-world.ts";

type KeptChange = Checkpoint["resumeContext"]["changes"][number];

const before = { "docs/idea.md": "old\n", "docs/gone.md": "gone\n", "src/a.js": "a\n", "tool!": "x" };

/** Two work trees of one repository: where the step was broken off, and where it goes on, with what people did meanwhile. */
async function withTrees(
  meanwhile: Readonly<Record<string, string>>,
  work: (first: Workspace, second: Workspace, root: string) => Promise<void>,
): Promise<void> {
  await using folder = await makeFolder();
  const repository = await makeRepository(folder.path, before);
  const prepare = async (headSha: string, name: string): Promise<Workspace> =>
    await prepareWorkspace({
      gitDir: join(folder.path, `${name}.git`),
      workTree: join(folder.path, name),
      path: process.env["PATH"] ?? "",
      repositoryUrl: repository.url,
      token: "",
      merge: null,
      headSha,
      baseSha: repository.sha,
    });
  const first = await prepare(repository.sha, "first");
  const second = await prepare(await repository.commit(meanwhile), "second");
  await work(first, second, folder.path);
}

async function keep(workspace: Workspace): Promise<readonly KeptChange[]> {
  const { changes, baseOids } = await collectChanges(workspace, "01_idea");
  return changes.map((change) => ({ change: asFileChange(change), baseOid: baseOids.get(change.path) ?? null }));
}

function written(path: string, content = "planted", mode: "100644" | "120000" = "100644"): KeptChange {
  return {
    change: { kind: "written", path, mode, contentBase64: Buffer.from(content).toString("base64") },
    baseOid: null,
  };
}

describe("what an interrupted step has changed", () => {
  test("is put back in another work tree: files, modes, and what is gone", async () => {
    await withTrees({}, async (first, second) => {
      await writeFile(join(first.workTree, "docs/idea.md"), "new\n");
      await mkdir(join(first.workTree, "docs/deep/er"), { recursive: true });
      await writeFile(join(first.workTree, "docs/deep/er/run.sh"), "#!/bin/sh\n", { mode: 0o755 });
      await rm(join(first.workTree, "docs/gone.md"));
      // A file where a folder was, and the other way round.
      await rm(join(first.workTree, "src"), { recursive: true });
      await writeFile(join(first.workTree, "src"), "a file\n");
      const kept = await keep(first);

      expect(await restoreChanges(second, kept)).toEqual([]);

      expect(await keep(second)).toEqual(kept);
      expect(kept.map(({ change }) => `${change.kind} ${change.path}`)).toEqual([
        "written docs/deep/er/run.sh",
        "deleted docs/gone.md",
        "written docs/idea.md",
        "written src",
        "deleted src/a.js",
      ]);
    });
  });

  test("is left out where people have changed, made or removed the same file meanwhile", async () => {
    await withTrees({ "docs/idea.md": "a person's\n", "docs/new.md": "a person's\n" }, async (first, second) => {
      await writeFile(join(first.workTree, "docs/idea.md"), "the agent's\n");
      await writeFile(join(first.workTree, "docs/new.md"), "the agent's\n");
      await writeFile(join(first.workTree, "docs/gone.md"), "the agent's\n");
      const kept = await keep(first);
      expect(await restoreChanges(second, kept)).toEqual(["docs/idea.md", "docs/new.md"]);
      expect(await readFile(join(second.workTree, "docs/idea.md"), "utf8")).toBe("a person's\n");
      expect(await readFile(join(second.workTree, "docs/new.md"), "utf8")).toBe("a person's\n");
      expect(await readFile(join(second.workTree, "docs/gone.md"), "utf8")).toBe("the agent's\n");
    });
  });
});

describe("a checkpoint that names changes", () => {
  test("does not lead out of the tree, into git, through links, or over folders", async () => {
    await withTrees({}, async (first, second, root) => {
      const hostile = [
        written("../escaped"),
        written("/tmp/escaped"),
        written(".git/config"),
        written("docs/.GIT/hooks/post-checkout"),
        written("docs/a\nb"),
        written("docs/link", "/etc/passwd", "120000"),
        written("docs/idea.md/x"),
        written("docs"),
        { change: { kind: "deleted" as const, path: "../first/docs/idea.md" }, baseOid: null },
      ];
      const paths = hostile.map(({ change }) => change.path);
      expect([...(await restoreChanges(second, hostile))].sort()).toEqual(paths.sort());
      expect(await keep(second)).toEqual([]);
      expect((await lstat(join(first.workTree, "docs/idea.md"))).isFile()).toBe(true);
      expect((await readdir(root)).filter((name) => name === "escaped")).toEqual([]);
    });
  });

  test("does not lead through a link of the repository", async () => {
    await withTrees({}, async (_first, second, root) => {
      await mkdir(join(root, "outside"));
      await symlink(join(root, "outside"), join(second.workTree, "way"));
      expect(await restoreChanges(second, [written("way/planted")])).toEqual(["way/planted"]);
      expect(await readdir(join(root, "outside"))).toEqual([]);
    });
  });
});
