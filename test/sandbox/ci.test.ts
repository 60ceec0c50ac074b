import { afterEach, describe, expect, test } from "vitest";
import { otherApp } from "./other-app.ts";
import type { RepositoryToAdd } from "./sandbox.ts";
import { listAt, numberAt, proposePull, publish, startTestbed, textAt, valueAt } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";
import type { WorkflowRun } from "./state.ts";
import { passes } from "./triggers.ts";

let bed: Testbed;

afterEach(async () => {
  await bed.stop();
  expect(bed.faults()).toEqual([]);
});

const job = `jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Unit tests
        run: npm test
`;

async function start(on: string, over: Partial<RepositoryToAdd> = {}): Promise<Testbed> {
  const ci = `name: CI\non: ${on}\n${job}`;
  bed = await startTestbed({ files: { "README.md": "# Shop\n", ".github/workflows/ci.yml": ci }, ...over });
  return bed;
}

function runs(): readonly WorkflowRun[] {
  return [...bed.sandbox.repositoryOf("octo/shop").runs.values()];
}

async function finished(): Promise<void> {
  if (runs().every(({ status }) => status === "completed")) return;
  await new Promise<void>((resolve) => {
    const stop = bed.sandbox.observe(() => {
      if (runs().some(({ status }) => status !== "completed")) return;
      stop();
      resolve();
    });
  });
}

const events = () => runs().map(({ event }) => event);

/** A commit with that message on the branch; its sha. */
async function commit(branch: string, message: string): Promise<string> {
  const head = textAt((await bed.api("GET", `/git/ref/heads/${branch}`)).body, "object", "sha");
  const { body } = await bed.api("GET", `/git/commits/${head}`);
  const made = await bed.api("POST", "/git/commits", { message, tree: valueAt(body, "tree", "sha"), parents: [head] });
  const sha = textAt(made.body, "sha");
  await bed.api("PATCH", `/git/refs/heads/${branch}`, { sha });
  return sha;
}

describe("the repository's own workflows", () => {
  test("run on a push and on a pull request, with what stands in the commit, and pass", async () => {
    await start("[push, pull_request]");
    const number = await proposePull(bed, "work", { "a.txt": "a" });
    await finished();
    expect(events()).toEqual(["push", "pull_request"]);
    const sha = textAt((await bed.api("GET", `/pulls/${number}`)).body, "head", "sha");
    const { body } = await bed.api("GET", `/actions/runs?head_sha=${sha}`);
    expect(body).toMatchObject({
      total_count: 2,
      workflow_runs: [
        { event: "pull_request", head_branch: "work", status: "completed", conclusion: "success", name: "CI" },
        { event: "push", display_title: "write work" },
      ],
    });
  });

  test("show each job as a check run of GitHub's own App", async () => {
    await start("push");
    const sha = await publish(bed, "work", { "a.txt": "a" });
    await finished();
    expect((await bed.api("GET", `/commits/${sha}/check-runs`)).body).toMatchObject({
      total_count: 1,
      check_runs: [{ name: "test", conclusion: "success", app: { slug: "github-actions" } }],
    });
    expect((await bed.api("GET", `/commits/${sha}/check-suites`)).body).toMatchObject({
      total_count: 1,
      check_suites: [{ app: { slug: "github-actions" }, conclusion: "success", latest_check_runs_count: 1 }],
    });
    expect(await bed.heard()).toEqual(expect.arrayContaining(["workflow_run.completed", "check_run.completed"]));
  });

  test("fail where a test says so, with the step that failed and what it printed", async () => {
    await start("push");
    bed.sandbox.ci.judges = () => ({ conclusion: "failure", step: "Unit tests", log: ["1 test failed"] });
    await publish(bed, "work", { "a.txt": "a" });
    await finished();
    const [run] = runs();
    const { body } = await bed.api("GET", `/actions/runs/${run?.id}/jobs`);
    expect(body).toMatchObject({
      jobs: [
        {
          conclusion: "failure",
          steps: [
            { conclusion: "success" },
            { name: "Run actions/checkout@v4", conclusion: "success" },
            { name: "Unit tests", conclusion: "failure" },
          ],
        },
      ],
    });
    const log = await bed.api("GET", `/actions/jobs/${numberAt(listAt(body, "jobs")[0], "id")}/logs`);
    expect(log.status).toBe(302);
    const text = String((await bed.call("GET", new URL(log.headers.get("location") ?? "").pathname)).body);
    expect(text).toMatch(/Z 1 test failed\n[^\n]*##\[error\]Process completed with exit code 1\.\n/u);
  });

  test("stay in progress as long as a test likes, and can be cancelled", async () => {
    await start("push");
    const verdict = Promise.withResolvers<{ conclusion: "success" }>();
    bed.sandbox.ci.judges = () => verdict.promise;
    await publish(bed, "one", { "a.txt": "a" });
    await publish(bed, "two", { "a.txt": "b" });
    const [one, two] = runs();
    expect((await bed.api("POST", `/actions/runs/${two?.id}/cancel`)).status).toBe(202);
    verdict.resolve({ conclusion: "success" });
    await finished();
    expect([one?.conclusion, two?.conclusion]).toEqual(["success", "cancelled"]);
  });

  test.each(["startup_failure", "action_required"] as const)("end as %s before any job", async (admitted) => {
    await start("push");
    bed.sandbox.ci.admits = () => admitted;
    await publish(bed, "work", { "a.txt": "a" });
    expect(runs()).toMatchObject([{ status: "completed", conclusion: admitted, jobs: [] }]);
  });

  test("do not run on a commit whose message says so, on a push nor on a pull request", async () => {
    await start("[push, pull_request]");
    await proposePull(bed, "work", { "a.txt": "a" });
    const before = runs().length;
    for (const message of ["Step [skip ci]", "Step\n\nmore [no ci]", "Step\n\n\nskip-checks: true"]) {
      await commit("work", message);
    }
    expect(runs().length).toBe(before);
    await commit("work", "Verified");
    expect(events().slice(before)).toEqual(["push", "pull_request"]);
  });

  test.each([
    ["{ push: { branches: [main] } }", []],
    ['{ push: { branches: ["work/**"] } }', ["push"]],
    ['{ push: { branches-ignore: ["work/**"] } }', []],
    ["{ push: { tags: [v1] } }", []],
    ["{ push: { paths: ['src/**'] } }", []],
    ["{ push: { paths-ignore: ['src/**'] } }", ["push"]],
    ["{ pull_request: { branches: [main] } }", ["pull_request"]],
    ["{ pull_request: { branches: [release] } }", []],
    ["{ pull_request: { types: [closed] } }", []],
    ["{ pull_request: { paths: ['*.txt'] } }", ["pull_request"]],
    ["workflow_dispatch", []],
  ])("with %s run on %j", async (on, expected) => {
    await start(on);
    await proposePull(bed, "work/a", { "a.txt": "a" });
    expect(events()).toEqual(expected);
  });

  test("with a filter of paths never see a push that changes nothing", async () => {
    await start('{ push: { paths: ["**"] }, pull_request: { paths: ["**"] } }');
    await proposePull(bed, "work", { "a.txt": "a" });
    const before = runs().length;
    await commit("work", "Nothing new");
    expect(events().slice(before)).toEqual(["pull_request"]);
  });

  test("do not run where somebody switched them or all of Actions off", async () => {
    await start("push");
    await publish(bed, "one", { "a.txt": "a" });
    bed.sandbox.settings.disableWorkflow("octo/shop", ".github/workflows/ci.yml");
    await publish(bed, "two", { "a.txt": "b" });
    expect(runs().length).toBe(1);
    for (const workflow of bed.sandbox.repositoryOf("octo/shop").workflows.values()) workflow.state = "active";
    bed.sandbox.settings.disableActions("octo/shop");
    await publish(bed, "three", { "a.txt": "c" });
    expect(runs().length).toBe(1);
  });
});

test.each([
  [["main"], "main", true],
  [["main"], "maintenance", false],
  [["feature/*"], "feature/a", true],
  [["feature/*"], "feature/a/b", false],
  [["feature/**"], "feature/a/b", true],
  [["**"], "a/b", true],
  [["*", "!wip"], "wip", false],
  [["!wip"], "main", false],
  [["v1.?"], "v1.", true],
  [["*.js"], "a.js", true],
  [["*.js"], "axjs", false],
])("the filter %j lets %s through: %s", (patterns, name, expected) => {
  expect(passes(patterns, name)).toBe(expected);
});

describe("other services", () => {
  test("make check runs of their own, which stand beside ours of the same name", async () => {
    await start("workflow_dispatch");
    const sha = await publish(bed, "work", { "a.txt": "a" });
    const from = (await bed.heard()).length;
    const codecov = otherApp(bed.sandbox, "octo/shop", "codecov");
    await codecov.check({ name: "cover", headSha: sha, conclusion: null });
    await codecov.check({
      name: "cover",
      headSha: sha,
      conclusion: "failure",
      output: { title: "Too few", summary: "12 %" },
    });
    await bed.api("POST", "/check-runs", { name: "cover", head_sha: sha, conclusion: "success" });
    expect((await bed.api("GET", `/commits/${sha}/check-runs`)).body).toMatchObject({
      total_count: 2,
      check_runs: [
        { app: { slug: "phasegate" }, conclusion: "success" },
        { app: { slug: "codecov" }, conclusion: "failure", output: { title: "Too few", summary: "12 %" } },
      ],
    });
    expect(await bed.heard(from)).toEqual([
      "check_run.created",
      "check_run.completed",
      "check_suite.completed",
      "check_run.created",
      "check_run.completed",
      "check_suite.completed",
    ]);
  });

  test("have a suite on a commit before they say anything", async () => {
    await start("workflow_dispatch");
    const sha = await publish(bed, "work", { "a.txt": "a" });
    otherApp(bed.sandbox, "octo/shop", "circleci").openSuite(sha);
    expect((await bed.api("GET", `/commits/${sha}/check-suites`)).body).toMatchObject({
      check_suites: [{ app: { slug: "circleci" }, status: "queued", conclusion: null, latest_check_runs_count: 0 }],
    });
  });

  test("set statuses: the newest of each context counts, and none at all is pending", async () => {
    await start("workflow_dispatch");
    const sha = await publish(bed, "work", { "a.txt": "a" });
    const status = () => bed.api("GET", `/commits/${sha}/status`);
    expect((await status()).body).toMatchObject({ state: "pending", total_count: 0 });
    const jenkins = otherApp(bed.sandbox, "octo/shop", "jenkins");
    await jenkins.status({ sha, context: "build", state: "pending" });
    await jenkins.status({ sha, context: "lint", state: "success" });
    expect((await status()).body).toMatchObject({ state: "pending", total_count: 2 });
    await jenkins.status({
      sha,
      context: "build",
      state: "failure",
      description: "broken",
      targetUrl: "https://ci.example/1",
    });
    expect((await status()).body).toMatchObject({
      state: "failure",
      total_count: 2,
      statuses: [{ context: "build", state: "failure", description: "broken" }, { context: "lint" }],
    });
    expect(listAt((await bed.api("GET", `/commits/${sha}/statuses`)).body).length).toBe(3);
    expect(await bed.heard()).toEqual(expect.arrayContaining(["status"]));
    expect((await bed.person("wanda").request("POST", `/statuses/${sha}`, { state: "success" })).status).toBe(201);
    expect((await bed.person("rita").request("POST", `/statuses/${sha}`, { state: "success" })).status).toBe(403);
  });
});

describe("a merge is refused", () => {
  const merge = (number: number, body: object = {}) => bed.api("PUT", `/pulls/${number}/merge`, body);

  test("while a check that a rule asks for is missing, pending or failing", async () => {
    await start("workflow_dispatch");
    bed.sandbox.settings.requireChecks("octo/shop", "main", ["build"]);
    const number = await proposePull(bed, "work", { "a.txt": "a" });
    const sha = textAt((await bed.api("GET", `/pulls/${number}`)).body, "head", "sha");
    expect((await bed.api("GET", `/pulls/${number}`)).body).toMatchObject({
      mergeable: true,
      mergeable_state: "blocked",
    });
    const ci = otherApp(bed.sandbox, "octo/shop", "buildkite");
    const messages: string[] = [];
    const note = async () => {
      const { status, body } = await merge(number);
      messages.push(`${status} ${textAt(body, "message").split("\n")[2]}`);
    };
    await note();
    await ci.check({ name: "build", headSha: sha, conclusion: null });
    await note();
    await ci.check({ name: "build", headSha: sha, conclusion: "failure" });
    await note();
    expect(messages).toEqual([
      '405 Required status check "build" is expected.',
      '405 Required status check "build" is pending.',
      '405 Required status check "build" is failing.',
    ]);
    expect((await bed.api("GET", "/rules/branches/main")).body).toMatchObject([
      { type: "required_status_checks", parameters: { required_status_checks: [{ context: "build" }] } },
    ]);
    await ci.check({ name: "build", headSha: sha, conclusion: "success" });
    expect((await merge(number)).status).toBe(200);
  });

  test("by a method that the repository does not allow, and where only the queue merges", async () => {
    await start("workflow_dispatch");
    const number = await proposePull(bed, "work", { "a.txt": "a" });
    bed.sandbox.settings.allowMerges("octo/shop", "squash");
    expect((await bed.api("GET", "")).body).toMatchObject({ allow_merge_commit: false, allow_squash_merge: true });
    expect(await merge(number)).toMatchObject({
      status: 405,
      body: { message: "Merge commits are not allowed on this repository." },
    });
    bed.sandbox.settings.requireMergeQueue("octo/shop", "main");
    expect((await bed.api("GET", "/rules/branches/main")).body).toMatchObject([{ type: "merge_queue" }]);
    expect((await merge(number, { merge_method: "squash" })).body).toMatchObject({
      message: expect.stringContaining("Changes must be made through the merge queue"),
    });
  });
});

test("mergeability is not known at first where a test says so", async () => {
  await start("workflow_dispatch");
  const number = await proposePull(bed, "work", { "a.txt": "a" });
  bed.sandbox.settings.hideMergeability("octo/shop", 1);
  const read = () => bed.api("GET", `/pulls/${number}`);
  expect((await read()).body).toMatchObject({ mergeable: null, mergeable_state: "unknown" });
  expect((await read()).body).toMatchObject({ mergeable: true, mergeable_state: "clean" });
});

test("a person who ticks a box writes the whole text of the pull request anew", async () => {
  await start("workflow_dispatch");
  const body = "Decisions\n\n- [ ] **1** SQLite<!-- one -->\n- [ ] **2** Hono<!-- two -->";
  const number = await proposePull(bed, "work", { "a.txt": "a" }, { body });
  const wanda = bed.person("wanda");
  await wanda.tickBox(number, "SQLite");
  expect((await wanda.pull(number)).body).toBe(body.replace("[ ] **1**", "[x] **1**"));
  await bed.sandbox.webhooks.idle();
  expect(bed.received.at(-1)).toMatchObject({
    event: "pull_request",
    payload: { action: "edited", changes: { body: { from: body } }, sender: { login: "wanda" } },
  });
  await wanda.untickBox(number, "SQLite");
  expect((await wanda.pull(number)).body).toBe(body);
  await expect(wanda.tickBox(number, "**")).rejects.toThrow("2 boxes have these words");
});
