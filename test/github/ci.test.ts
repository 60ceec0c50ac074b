import { afterEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { CiState } from "../../src/core/ci.ts";
import { workflowPath } from "../../src/github/workflow-file.ts";
import type { Ci } from "../sandbox/ci.ts";
import { otherApp, type OtherApp } from "../sandbox/other-app.ts";
import type { RepositoryToAdd } from "../sandbox/sandbox.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

let bed: GitHubTestbed;

afterEach(() => bed.stop());

const branch = "phasegate/7-1-planning";
const released = "2026-11-21T02:20:00.000Z";
const soon = "2026-11-21T02:21:00.000Z";
const late = "2026-11-21T02:26:00.000Z";
const jobs = "jobs: { test: { runs-on: ubuntu-latest, steps: [{ name: Unit tests, run: npm test }] } }\n";
const onPull = `name: CI\non: pull_request\n${jobs}`;

async function start(ci: string | null, over: Partial<RepositoryToAdd> = {}): Promise<void> {
  bed = await startGitHubTestbed({
    files: {
      "README.md": "# Shop\n",
      [workflowPath]: `on: { workflow_dispatch: {} }\n${jobs}`,
      ...(ci === null ? {} : { ".github/workflows/ci.yml": ci }),
    },
    ...over,
  });
}

/** A phase branch with a pull request; its head. */
async function propose(message = "Phase 1 verified"): Promise<string> {
  const sha = await bed.owner.push({ branch, files: { "docs/idea.md": "# Idea\n" }, message });
  await bed.owner.request("POST", "/pulls", { title: "Planning", head: branch, base: "main" });
  await finished();
  return sha;
}

async function finished(): Promise<void> {
  const isOver = () =>
    [...bed.sandbox.repositoryOf("octo/shop").runs.values()].every(({ status }) => status === "completed");
  if (isOver()) return;
  await new Promise<void>((resolve) => {
    const stop = bed.sandbox.observe(() => {
      if (!isOver()) return;
      stop();
      resolve();
    });
  });
}

const read = (sha: string, now = soon) => bed.github.readCi(bed.repository, { sha, branch, releasedAt: released, now });
const says = (kind: CiState["kind"], more: Partial<CiState> = {}): CiState => ({
  kind,
  reason: null,
  failed: [],
  ...more,
});
const judge = (judges: Ci["judges"]) => (bed.sandbox.ci.judges = judges);
const service = (slug = "codecov"): OtherApp => otherApp(bed.sandbox, "octo/shop", slug);

describe("the checks of a repository", () => {
  test("are green when its workflow passed", async () => {
    await start(onPull);
    expect(await read(await propose())).toEqual(says("green"));
  });

  test("are red with the workflow's name and address when a job failed", async () => {
    await start(onPull);
    judge(() => ({ conclusion: "failure" }));
    expect(await read(await propose())).toEqual(
      says("red", { failed: [{ name: "CI", url: expect.stringMatching(/\/octo\/shop\/actions\/runs\/\d+$/u) }] }),
    );
  });

  test("wait while a job runs, and are red as soon as anything failed", async () => {
    await start(onPull);
    const verdict = Promise.withResolvers<{ conclusion: "success" }>();
    judge(() => verdict.promise);
    const sha = await bed.owner.push({ branch, files: { "a.md": "a" } });
    await bed.owner.request("POST", "/pulls", { title: "Planning", head: branch, base: "main" });
    expect(await read(sha)).toEqual(says("waiting"));
    await service().check({
      name: "cover",
      headSha: sha,
      conclusion: "failure",
      detailsUrl: "https://cover.example/1",
    });
    expect(await read(sha)).toEqual(says("red", { failed: [{ name: "cover", url: "https://cover.example/1" }] }));
    verdict.resolve({ conclusion: "success" });
    await finished();
  });

  test("never started where GitHub cannot start the workflow", async () => {
    await start(onPull);
    bed.sandbox.ci.admits = () => "startup_failure";
    expect(await read(await propose())).toMatchObject({
      kind: "never-started",
      reason: 'GitHub can\'t start "CI"; mend the file of that workflow',
      failed: [{ name: "CI", url: expect.stringMatching(/^http.*\/actions\/runs\/\d+$/u) }],
    });
  });

  test("never started where Actions waits for an approval of the run", async () => {
    await start(onPull);
    bed.sandbox.ci.admits = () => "action_required";
    expect(await read(await propose())).toMatchObject({
      kind: "never-started",
      reason: 'Actions waits until somebody with write approves the run of "CI"; approve it on the Actions page',
      failed: [{ name: "CI" }],
    });
  });

  test("say nothing where somebody cancelled them", async () => {
    await start(onPull);
    judge(() => ({ conclusion: "cancelled" }));
    expect(await read(await propose())).toMatchObject({
      kind: "never-started",
      reason: '"CI" ended without a verdict; run it again on the Actions page',
      failed: [{ name: "CI" }],
    });
  });

  test("are those of the newest run of a workflow, where it ran again", async () => {
    await start(`name: CI\non: { pull_request: { types: [opened, reopened] } }\n${jobs}`);
    judge(() => ({ conclusion: "failure" }));
    const sha = await propose();
    judge(() => ({ conclusion: "success" }));
    const [pull] = await bed.owner.pulls();
    await bed.owner.closePull(pull?.number ?? 0);
    await bed.owner.reopenPull(pull?.number ?? 0);
    await finished();
    expect(await read(sha)).toEqual(says("green"));
  });

  test("told by a status count like any other", async () => {
    await start(null);
    const sha = await propose();
    const status = { sha, context: "build", targetUrl: "https://ci.example/1" };
    await service("jenkins").status({ ...status, state: "pending" });
    expect(await read(sha)).toEqual(says("waiting"));
    await service("jenkins").status({ ...status, state: "error" });
    expect(await read(sha)).toEqual(says("red", { failed: [{ name: "build", url: "https://ci.example/1" }] }));
  });

  test("are none of ours: neither our check run nor our workflow counts", async () => {
    await start(null);
    const sha = await propose();
    const repository = bed.sandbox.repositoryOf("octo/shop");
    const app = { id: 4242, slug: "phasegate", name: "phasegate" };
    const check = { name: "Phasegate", headSha: sha, conclusion: "failure" } as const;
    await service().check(check);
    for (const made of repository.checkRuns.values()) Object.assign(made, { app });
    for (const suite of repository.checkSuites.values()) Object.assign(suite, { app });
    const main = await bed.github.headOf(bed.repository, "main");
    await bed.owner.request("POST", "/actions/workflows/phasegate.yml/dispatches", { ref: "main" });
    expect(await read(sha)).toEqual(says("none"));
    expect(await read(main ?? "")).toEqual(says("none"));
  });

  test("are read without the rights for other services, too: then its workflows alone count", async () => {
    await start(onPull, {
      private: true,
      permissions: { metadata: "read", contents: "write", actions: "write", pull_requests: "write" },
    });
    const sha = await propose();
    await service().check({ name: "cover", headSha: sha, conclusion: "failure" });
    await service().status({ sha, context: "build", state: "failure" });
    expect(await read(sha)).toEqual(says("green"));
  });

  test("come in pages", async () => {
    await start(null);
    const sha = await propose();
    for (let index = 0; index < 101; index += 1) {
      await service().check({ name: `part ${index}`, headSha: sha, conclusion: index === 0 ? "failure" : "success" });
    }
    expect(await read(sha)).toMatchObject({ kind: "red", failed: [{ name: "part 0" }] });
  });

  test("are not guessed where GitHub does not answer", async () => {
    await start(onPull);
    const sha = await propose();
    bed.failNext(/actions\/runs$/u, { status: 502 });
    await expect(read(sha)).rejects.toBeInstanceOf(RetryLater);
  });
});

describe("where nothing says anything", () => {
  test.each([
    ["no workflow at all", null],
    ["a workflow that is started by hand", `on: workflow_dispatch\n${jobs}`],
    ["one for pushes to the default branch", `on: { push: { branches: [main] } }\n${jobs}`],
    ["one that leaves out phase branches", `on: { push: { branches-ignore: ["phasegate/**"] } }\n${jobs}`],
    ["one for tags", `on: { push: { tags: ["v*"] } }\n${jobs}`],
  ])("and there is %s, there are no checks", async (_claim, ci) => {
    await start(ci);
    expect(await read(await propose(), late)).toEqual(says("none"));
  });

  test("a suite that another App opened is waited for a while", async () => {
    await start(null);
    const sha = await propose();
    service("circleci").openSuite(sha);
    expect(await read(sha)).toEqual(says("waiting"));
    expect(await read(sha, late)).toEqual(says("none"));
  });

  test("a workflow that should run is waited for a few minutes after its release", async () => {
    await start(onPull);
    const sha = await propose("Step [skip ci]");
    expect(await read(sha, soon)).toEqual(says("waiting"));
    expect(await read(sha, late)).toEqual(
      says("never-started", {
        reason: "the message of the commit says [skip ci], so nothing runs on it; push a commit that does not",
      }),
    );
  });

  test("what its workflows are is read once for each commit", async () => {
    await start(onPull);
    const sha = await propose("Step [skip ci]");
    await read(sha);
    bed.sent();
    await read(sha);
    expect(bed.sent().map((line) => line.replace(sha, "SHA"))).toEqual([
      "GET /repos/octo/shop/actions/runs",
      "GET /repos/octo/shop/commits/SHA/check-runs",
      "GET /repos/octo/shop/commits/SHA/status",
    ]);
  });

  test("the likely reason is that somebody switched the workflow off", async () => {
    await start(onPull);
    await bed.owner.request("GET", "/actions/workflows");
    bed.sandbox.settings.disableWorkflow("octo/shop", ".github/workflows/ci.yml");
    expect((await read(await propose(), late)).reason).toBe(
      '"CI" is switched off; enable it on the Actions page, and push again',
    );
  });

  test("the likely reason is a filter that leaves out the gate", async () => {
    await start(`name: CI\non: { push: { branches: [main] }, pull_request: { branches: [release] } }\n${jobs}`);
    expect((await read(await propose(), late)).reason).toContain(
      '"CI" has a filter of branches that leaves out phasegate/7-1-planning and pull requests into main',
    );
  });

  test("no reason is made up", async () => {
    await start("on: [push\n");
    expect((await read(await propose(), late)).reason).toContain(
      'GitHub started none of ".github/workflows/ci.yml" and does not say why',
    );
  });

  test("Actions that are off are named where that may be read", async () => {
    await start(onPull, {
      permissions: {
        metadata: "read",
        contents: "write",
        actions: "write",
        administration: "read",
        pull_requests: "write",
      },
    });
    bed.sandbox.settings.disableActions("octo/shop");
    expect((await read(await propose(), late)).reason).toContain("Actions are switched off");
  });
});

describe("the logs of what failed", () => {
  const logs = async (sha: string) => bed.github.readFailedLogs(bed.repository, sha);

  test("are those of the failed jobs, the failing step first, and no token goes to where they lie", async () => {
    await start(`name: CI\non: pull_request\n${jobs}`);
    judge(() => ({
      conclusion: "failure",
      log: ["\u001B[31m✗ adds\u001B[0m", "expected 3, got 4"],
    }));
    const sha = await propose();
    const [found, ...others] = await logs(sha);
    expect(others).toEqual([]);
    expect(found?.name).toBe("CI / test");
    expect(found?.log).toBe(
      [
        "The step that failed: Unit tests",
        "",
        "Run Unit tests",
        "shell: /usr/bin/bash -e {0}",
        "✗ adds",
        "expected 3, got 4",
        "error: Process completed with exit code 1.",
        "",
        "Before that step:",
        "Current runner version: 'sandbox'",
      ].join("\n"),
    );
    const asked = bed.sandbox.requests.filter(({ path }) => path.startsWith("/_blob/logs/"));
    expect(asked.map(({ actor }) => actor)).toEqual(["anonymous"]);
  });

  test("are bounded, of five jobs at most", async () => {
    const many = ["a", "b", "c", "d", "e", "f"].map((key) => `  ${key}: { runs-on: x, steps: [{ run: npm test }] }`);
    await start(`name: CI\non: pull_request\njobs:\n${many.join("\n")}\n`);
    judge(() => ({ conclusion: "failure", log: Array.from({ length: 2_000 }, (_, index) => `line ${index} of many`) }));
    const found = await logs(await propose());
    expect(found.map(({ name }) => name)).toEqual(["CI / a", "CI / b", "CI / c", "CI / d", "CI / e"]);
    for (const { log } of found) {
      expect(log.length).toBeLessThanOrEqual(8_000);
      expect(log).toContain("line 1999 of many");
    }
  });

  test("of other services are what they reported", async () => {
    await start(null);
    const sha = await propose();
    await service().check({
      name: "cover",
      headSha: sha,
      conclusion: "failure",
      output: { title: "Too few", summary: "12 %" },
    });
    await service().check({ name: "fine", headSha: sha, conclusion: "success" });
    await service().status({
      sha,
      context: "build",
      state: "error",
      description: "broke",
      targetUrl: "https://ci.example/1",
    });
    expect(await logs(sha)).toEqual([
      { name: "cover", log: "Too few\n\n12 %" },
      { name: "build", log: "broke\nhttps://ci.example/1" },
    ]);
  });

  test("say so where GitHub has no log any more", async () => {
    await start(onPull);
    judge(() => ({ conclusion: "failure" }));
    const sha = await propose();
    bed.failNext(/actions\/jobs\/\d+\/logs$/u, { status: 410, message: "Gone" });
    expect(await logs(sha)).toEqual([
      { name: "CI / test", log: expect.stringContaining("GitHub has no log of this job") },
    ]);
  });

  test("are asked for again later where their store does not answer", async () => {
    await start(onPull);
    judge(() => ({ conclusion: "failure" }));
    const sha = await propose();
    bed.failNext(/_blob\/logs/u, { status: 503 });
    await expect(logs(sha)).rejects.toBeInstanceOf(RetryLater);
  });
});
