import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { surveyTree } from "../../src/runner/survey.ts";
import { makeFolder } from "./run-world.ts";

test("a plain work tree has nothing that git should not meet, and keeps its own git folder", async () => {
  await using folder = await makeFolder();
  await mkdir(join(folder.path, ".git"));
  await mkdir(join(folder.path, "a/.gitignore"), { recursive: true });
  await writeFile(join(folder.path, "a/.gitattributes"), "* text\n");
  expect(await surveyTree(folder.path)).toEqual([]);
  expect(await readdir(folder.path)).toEqual([".git", "a"]);
});

test("git folders below the root are removed, whatever they are", async () => {
  await using folder = await makeFolder();
  await mkdir(join(folder.path, "outside/kept"), { recursive: true });
  await mkdir(join(folder.path, "tree/a/.git/hooks"), { recursive: true });
  await mkdir(join(folder.path, "tree/b"));
  await mkdir(join(folder.path, "tree/c"));
  await writeFile(join(folder.path, "tree/b/.git"), "gitdir: /tmp");
  await symlink("../../outside", join(folder.path, "tree/c/.git"));
  await execa("/usr/bin/mkfifo", [join(folder.path, "tree/a/.git/HEAD")]);
  expect(await surveyTree(join(folder.path, "tree"))).toEqual([]);
  expect((await readdir(join(folder.path, "tree"), { recursive: true })).sort()).toEqual(["a", "b", "c"]);
  expect(await readdir(join(folder.path, "outside"))).toEqual(["kept"]);
});

test("too many files, and folders too deep, are faults of the whole tree", async () => {
  await using folder = await makeFolder();
  await mkdir(join(folder.path, Array.from({ length: 36 }, () => "d".repeat(100)).join("/")), { recursive: true });
  expect(await surveyTree(folder.path)).toMatchObject([{ path: null, message: expect.stringContaining("too deep") }]);
  expect(await surveyTree(folder.path, 10)).toMatchObject([
    { path: null, message: expect.stringContaining("more than 10 files") },
  ]);
});

test("what lies in a folder whose name is no text is seen all the same", async () => {
  await using folder = await makeFolder();
  const odd = Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.of(0xff, 0xfe)]);
  await mkdir(odd);
  await symlink("x", Buffer.concat([odd, Buffer.from("/.gitignore")]));
  expect(await surveyTree(folder.path)).toMatchObject([{ path: null }]);
});
