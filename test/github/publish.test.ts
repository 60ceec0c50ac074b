import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Publication } from "../../src/control/ports/github.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { Change } from "../../src/core/change.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { ourApp } from "../sandbox/registration.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { taskId } from "./texts-fixtures.ts";

const run = promisify(execFile);
const branch = "phasegate/7-1-planning";
let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

function written(path: string, content: string | Uint8Array, mode: "100644" | "100755" | "120000" = "100644") {
  return { kind: "written" as const, path, mode, content: Buffer.from(content) };
}

function publication(step: string, changes: readonly Change[]): Publication {
  return {
    branch,
    defaultBranch: "main",
    changesetId: changesetIdOf(runIdFrom("run-1"), step),
    taskId,
    message: `Phase 1 planning: ${step} (#7)`,
    mergedSha: null,
    changes,
  };
}

/** Publishes what nothing stands against. */
async function commitOf(wanted: Publication): Promise<{ readonly commitSha: string }> {
  const published = await bed.github.publish(bed.repository, wanted);
  if (!("commitSha" in published)) throw new Error(`a commit was expected, got ${JSON.stringify(published)}`);
  return published;
}

async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["--git-dir", bed.sandbox.gitDirOf("octo/shop"), ...args]);
  return stdout.trim();
}

describe("publishing a changeset", () => {
  test("makes the branch on top of the default branch, with one commit", async () => {
    const main = await git("rev-parse", "main");
    const { commitSha } = await commitOf(
      publication("01_idea", [
        written("docs/idea.md", "# Idea\n"),
        written("run.sh", "#!/bin/sh\n", "100755"),
        written("link", "docs/idea.md", "120000"),
        written("logo.png", new Uint8Array([0, 255, 1, 254])),
        written("big.txt", "x".repeat(300_000)),
        { kind: "deleted", path: "old.txt" },
        { kind: "deleted", path: "never/was.txt" },
      ]),
    );
    expect(await git("rev-parse", branch)).toBe(commitSha);
    expect(await git("rev-parse", `${branch}~1`)).toBe(main);
    expect((await git("ls-tree", "-r", "--format=%(objectmode) %(path)", branch)).split("\n")).toEqual([
      "100644 .github/workflows/phasegate.yml",
      "100644 README.md",
      "100644 big.txt",
      "100644 docs/idea.md",
      "120000 link",
      "100644 logo.png",
      "100755 run.sh",
    ]);
    expect(await git("cat-file", "-s", `${branch}:logo.png`)).toBe("4");
    expect(await git("log", "-1", "--format=%B", branch)).toBe(
      [
        "Phase 1 planning: 01_idea (#7) [skip ci]",
        "",
        "Phasegate-Task: task-1",
        "Phasegate-Changeset: run-1/01_idea",
      ].join("\n"),
    );
    expect(bed.sent().filter((line) => line.endsWith("/git/trees"))).toHaveLength(1);
  });

  test("again gives the same commit and writes nothing", async () => {
    const wanted = publication("01_idea", [written("a.md", "a")]);
    const first = await bed.github.publish(bed.repository, wanted);
    bed.sent();
    expect(await bed.anotherClient().publish(bed.repository, wanted)).toEqual(first);
    expect(bed.sent().filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  test.each([[/git\/trees/u], [/git\/commits$/u], [/graphql MoveBranch/u], [/git\/blobs/u]])(
    "when the answer to %s is lost, the repeat makes one commit in all",
    async (match) => {
      const wanted = publication("01_idea", [written("a.md", "a"), written("b.bin", new Uint8Array([0, 255]))]);
      bed.failNext(match, "lost-answer");
      await expect(bed.github.publish(bed.repository, wanted)).rejects.toBeInstanceOf(RetryLater);
      const { commitSha } = await commitOf(wanted);
      expect(await git("rev-parse", branch)).toBe(commitSha);
      expect(await git("rev-list", "--count", `main..${branch}`)).toBe("1");
    },
  );

  test("keeps a commit that a person made in between", async () => {
    await bed.github.publish(bed.repository, publication("01_idea", [written("a.md", "a")]));
    const byHand = await bed.owner.request("PUT", "/contents/by-hand.md", {
      message: "By hand",
      content: Buffer.from("mine").toString("base64"),
      branch,
    });
    expect(byHand.status).toBe(201);
    await bed.github.publish(bed.repository, publication("02_market", [written("b.md", "b")]));
    expect((await git("ls-tree", "-r", "--name-only", branch)).split("\n")).toEqual(
      expect.arrayContaining(["a.md", "b.md", "by-hand.md"]),
    );
    expect(await git("rev-list", "--count", `main..${branch}`)).toBe("3");
  });

  test("a swap that loses against a person's push is made again on the new head", async () => {
    await bed.github.publish(bed.repository, publication("01_idea", [written("a.md", "a")]));
    bed.failNext(/graphql MoveBranch/u, async () => {
      const author = ["-c", "user.name=wanda", "-c", "user.email=wanda@example.com"];
      const byHand = await git(...author, "commit-tree", `${branch}^{tree}`, "-p", branch, "-m", "by hand");
      await git("update-ref", `refs/heads/${branch}`, byHand);
    });
    await bed.github.publish(bed.repository, publication("02_market", [written("b.md", "b")]));
    expect(bed.sent().filter((line) => line.includes("MoveBranch"))).toHaveLength(3);
    expect(await git("rev-list", "--count", `main..${branch}`)).toBe("3");
    expect(await git("log", "--format=%s", `main..${branch}`)).toContain("by hand");
  });

  test("a rule of the repository that refuses is no race: one try, and GitHub's words", async () => {
    bed.failNext(/graphql MoveBranch/u, { status: 422 });
    await expect(bed.github.publish(bed.repository, publication("01_idea", [written("a.md", "a")]))).rejects.toThrow(
      "committing to phasegate/7-1-planning in octo/shop: GitHub answered 422: refused by the test",
    );
  });

  test("without changes there is no commit, and the head is the answer", async () => {
    const main = await git("rev-parse", "main");
    expect(await bed.github.publish(bed.repository, publication("01_idea", []))).toEqual({ commitSha: main });
    expect(await git("branch", "--list", branch)).toBe("");
    const { commitSha } = await commitOf(publication("02_market", [written("a.md", "a")]));
    const same = publication("03_persona", [written("a.md", "a"), { kind: "deleted", path: "gone.md" }]);
    expect(await bed.github.publish(bed.repository, same)).toEqual({ commitSha });
  });

  test("hundreds of files go in chained trees into one commit", async () => {
    const files = Array.from({ length: 250 }, (_, index) =>
      written(`src/file-${index}.ts`, `export const n = ${index};`),
    );
    await bed.github.publish(bed.repository, publication("01_idea", [...files, { kind: "deleted", path: "old.txt" }]));
    expect(bed.sent().filter((line) => line.endsWith("/git/trees"))).toHaveLength(3);
    expect(await git("rev-list", "--count", `main..${branch}`)).toBe("1");
    expect((await git("ls-tree", "-r", "--name-only", branch, "src/")).split("\n")).toHaveLength(250);
  });

  test("a folder may take the place of a file, and a file that of a folder", async () => {
    await bed.github.publish(bed.repository, publication("01_idea", [written("lib/a.ts", "a"), written("tool", "t")]));
    await bed.github.publish(
      bed.repository,
      publication("02_market", [
        { kind: "deleted", path: "lib/a.ts" },
        written("lib", "now a file"),
        { kind: "deleted", path: "tool" },
        written("tool/main.ts", "now a folder"),
      ]),
    );
    const paths = (await git("ls-tree", "-r", "--name-only", branch)).split("\n");
    expect(paths).toEqual(expect.arrayContaining(["lib", "tool/main.ts"]));
  });

  test.each([
    ["a file in place of a folder", "packages/a", ["packages/a/.claude/settings.json", "packages/a/main.ts"]],
    ["a folder in place of a file", "tool/main.ts", ["tool"]],
  ])(
    "%s that leaves files undeleted is refused with their names, and nothing moves",
    async (_what, path, vanishing) => {
      await commitOf(
        publication("01_idea", [
          written("packages/a/.claude/settings.json", "{}"),
          written("packages/a/main.ts", "a"),
          written("tool", "t"),
        ]),
      );
      const before = await git("rev-parse", branch);
      const hostile = publication("02_market", [written(path, "in the way")]);
      expect(await bed.github.publish(bed.repository, hostile)).toEqual({ replaced: vanishing });
      expect(await git("rev-parse", branch)).toBe(before);
    },
  );
});

describe("reading what is there", () => {
  test("the tree of a commit lists regular files and reads texts only", async () => {
    const { commitSha } = await commitOf(
      publication("01_idea", [
        written("b.bin", new Uint8Array([0, 1])),
        written("a.md", "링크\n"),
        written("link", "a.md", "120000"),
        written("huge.txt", "y".repeat(1024 * 1024 + 1)),
      ]),
    );
    const tree = await bed.github.readTree(bed.repository, commitSha);
    expect(tree.paths).toEqual([
      ".github/workflows/phasegate.yml",
      "README.md",
      "a.md",
      "b.bin",
      "huge.txt",
      "old.txt",
    ]);
    expect(await tree.read("a.md")).toBe("링크\n");
    expect(await tree.read("b.bin")).toBeNull();
    expect(await tree.read("huge.txt")).toBeNull();
    await expect(tree.read("nowhere.md")).rejects.toThrow("no such file");
  });

  test("heads are those of the branches, or null", async () => {
    expect(await bed.github.headOf(bed.repository, "main")).toBe(await git("rev-parse", "main"));
    expect(await bed.github.headOf(bed.repository, "nowhere")).toBeNull();
    expect(await bed.github.defaultBranchOf(bed.repository)).toEqual({
      name: "main",
      headSha: await git("rev-parse", "main"),
    });
  });
});

describe("a workflow file", () => {
  const wanted = publication("04_steps", [written(".github/workflows/phasegate-x.yml", "on: push\n")]);

  test("is published where the installation gives the right", async () => {
    expect(await bed.github.mayWriteWorkflows(bed.repository)).toBe(true);
    await commitOf(wanted);
    expect(await git("show", `${branch}:.github/workflows/phasegate-x.yml`)).toBe("on: push");
  });

  test("is refused elsewhere, which can be known before", async () => {
    await bed.stop();
    const { workflows: _, ...permissions } = ourApp.permissions;
    bed = await startGitHubTestbed({ permissions });
    expect(await bed.github.mayWriteWorkflows(bed.repository)).toBe(false);
    await expect(bed.github.publish(bed.repository, wanted)).rejects.toThrow(/does not grant .*workflows: write/u);
  });
});
