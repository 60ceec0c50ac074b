/** A changeset that was made on the base, published as a merge of the two; over git's real trees. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Publication } from "../../src/control/ports/github.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { Change } from "../../src/core/change.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { running, taskId, viewOf } from "./texts-fixtures.ts";

const run = promisify(execFile);
const branch = "phasegate/7-1-planning";
let bed: GitHubTestbed;
/** Where the two parted, and the base since. */
let parted: string;
let baseSha: string;

beforeEach(async () => {
  bed = await startGitHubTestbed({
    files: {
      "both.md": "one\n",
      "ours.md": "one\n",
      "theirs.md": "one\n",
      "ours-gone.md": "one\n",
      "gone.md": "one\n",
    },
  });
  parted = await git("rev-parse", "main");
  await published("01_idea", [
    written("both.md", "ours\n"),
    written("ours.md", "ours\n"),
    written("new.sh", "#!/bin/sh\n", "100755"),
    { kind: "deleted", path: "ours-gone.md" },
  ]);
  await bed.owner.push({ branch: "main", files: { "both.md": "theirs\n", "theirs.md": "theirs\n" } });
  baseSha = await bed.owner.push({ branch: "main", files: { "late/theirs.md": "theirs\n" } });
});

afterEach(() => bed.stop());

async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["--git-dir", bed.sandbox.gitDirOf("octo/shop"), ...args]);
  return stdout.trim();
}

function written(path: string, content: string, mode: "100644" | "100755" = "100644"): Change {
  return { kind: "written", path, mode, content: Buffer.from(content) };
}

function publication(step: string, changes: readonly Change[], mergedSha: string | null = null): Publication {
  const changesetId = changesetIdOf(runIdFrom("run-1"), step);
  const message = `Phase 1 planning: ${step} (#7)`;
  return { branch, defaultBranch: "main", changesetId, taskId, message, changes, mergedSha };
}

async function published(step: string, changes: readonly Change[], mergedSha: string | null = null): Promise<string> {
  const answer = await bed.github.publish(bed.repository, publication(step, changes, mergedSha));
  if (!("commitSha" in answer)) throw new Error(`a commit was expected, got ${JSON.stringify(answer)}`);
  return answer.commitSha;
}

async function filesOf(sha: string): Promise<Readonly<Record<string, string>>> {
  const listed = await git("ls-tree", "-r", "--format=%(objectmode) %(path)", sha);
  const files: Record<string, string> = {};
  for (const line of listed.split("\n")) {
    const path = line.slice(7);
    files[path] = `${line.slice(0, 6)} ${await git("cat-file", "-p", `${sha}:${path}`)}`;
  }
  return files;
}

const merged = [written("both.md", "ours and theirs\n")];

describe("a changeset that was made on the base", () => {
  test("becomes a merge of both, with what each side changed alone", async () => {
    const head = await git("rev-parse", branch);
    const commitSha = await published("02_market", [...merged, written("more.md", "more\n")], baseSha);
    expect(await git("rev-parse", branch)).toBe(commitSha);
    expect(await git("log", "-1", "--format=%P", branch)).toBe(`${head} ${baseSha}`);
    expect(await filesOf(branch)).toEqual({
      "both.md": "100644 ours and theirs",
      "gone.md": "100644 one",
      "late/theirs.md": "100644 theirs",
      "more.md": "100644 more",
      "new.sh": "100755 #!/bin/sh",
      "ours.md": "100644 ours",
      "theirs.md": "100644 theirs",
    });
  });

  test("makes the gate mergeable again", async () => {
    const { pullRequest } = await bed.github.openGate(bed.repository, {
      view: viewOf(running),
      phase: 1,
      branch,
      base: "main",
    });
    expect(await bed.github.readGate(bed.repository, pullRequest)).toMatchObject({ conflicted: true, base: "main" });
    await published("02_market", merged, baseSha);
    expect(await bed.github.readGate(bed.repository, pullRequest)).toMatchObject({ conflicted: false });
  });

  test("deletes what it says, on whichever side that is", async () => {
    const deleted = (path: string): Change => ({ kind: "deleted", path });
    const gone = ["both.md", "new.sh", "theirs.md", "gone.md", "never-was.md"].map(deleted);
    await published("02_market", gone, baseSha);
    expect(Object.keys(await filesOf(branch))).toEqual(["late/theirs.md", "ours.md"]);
  });

  test("again gives the same commit, also where the answer was lost", async () => {
    bed.failNext(/graphql MoveBranch/u, "lost-answer");
    const wanted = publication("02_market", merged, baseSha);
    await expect(bed.github.publish(bed.repository, wanted)).rejects.toBeInstanceOf(RetryLater);
    const there = await git("rev-parse", branch);
    expect(await bed.anotherClient().publish(bed.repository, wanted)).toEqual({ commitSha: there });
  });

  test("keeps what a person pushed to the phase branch, before it and in between", async () => {
    await bed.owner.push({ branch, files: { "by-hand.md": "mine\n" } });
    bed.failNext(/graphql MoveBranch/u, async () => {
      await bed.owner.push({ branch, files: { "ours.md": "mine\n" } });
    });
    await published("02_market", merged, baseSha);
    expect(await filesOf(branch)).toMatchObject({
      "both.md": "100644 ours and theirs",
      "by-hand.md": "100644 mine",
      "ours.md": "100644 mine",
    });
    expect(await git("merge-base", "--all", branch, "main")).toBe(baseSha);
  });

  test("is refused with the names of files that both sides changed and it says nothing of", async () => {
    await bed.owner.push({ branch, files: { "theirs.md": "mine\n" } });
    const head = await git("rev-parse", branch);
    const wanted = publication("02_market", merged, baseSha);
    expect(await bed.github.publish(bed.repository, wanted)).toEqual({ unmerged: ["theirs.md"] });
    expect(await git("rev-parse", branch)).toBe(head);
  });

  test("is refused where it would push a file of either side aside", async () => {
    const wanted = publication("02_market", [...merged, written("late", "in the way\n")], baseSha);
    expect(await bed.github.publish(bed.repository, wanted)).toEqual({ replaced: ["late/theirs.md"] });
  });

  test("is a commit like any other where a person has merged the two by hand", async () => {
    await git("update-ref", `refs/heads/${branch}`, await mergedByHand());
    await published("02_market", merged, baseSha);
    expect(await git("log", "-1", "--format=%P", branch)).not.toContain(" ");
    expect(await filesOf(branch)).toMatchObject({ "both.md": "100644 ours and theirs", "ours.md": "100644 ours" });
  });

  test("makes the merge also where it changes nothing by itself", async () => {
    await bed.owner.push({ branch, files: { "both.md": "theirs\n" } });
    await published("02_market", [], baseSha);
    expect(await git("log", "-1", "--format=%P", branch)).toContain(baseSha);
    expect(await filesOf(branch)).toMatchObject({ "both.md": "100644 theirs", "ours.md": "100644 ours" });
  });
});

async function mergedByHand(): Promise<string> {
  const author = ["-c", "user.name=wanda", "-c", "user.email=wanda@example.com"];
  return git(...author, "commit-tree", `${branch}^{tree}`, "-p", branch, "-p", baseSha, "-m", "by hand");
}

describe("the three sides of a merge", () => {
  test("are the trees of head and base, and of where they parted", async () => {
    const headSha = await git("rev-parse", branch);
    const sides = await bed.github.readMerge(bed.repository, { headSha, baseSha });
    expect(sides?.mergeBaseSha).toBe(parted);
    expect([...(sides?.mergeBase.keys() ?? [])]).toContain("ours-gone.md");
    expect(sides?.head.get("new.sh")).toEqual({ mode: "100755", sha: await git("rev-parse", `${branch}:new.sh`) });
    expect(sides?.base.has("late/theirs.md")).toBe(true);
    expect(await bed.github.mergeBaseOf(bed.repository, { headSha, baseSha })).toBe(parted);
  });

  test("are none where the histories have nothing in common", async () => {
    const author = ["-c", "user.name=wanda", "-c", "user.email=wanda@example.com"];
    const headSha = await git(...author, "commit-tree", "main^{tree}", "-m", "another beginning");
    expect(await bed.github.readMerge(bed.repository, { headSha, baseSha })).toBeNull();
    expect(await bed.github.mergeBaseOf(bed.repository, { headSha, baseSha })).toBeNull();
  });
});
