import { afterEach, describe, expect, test } from "vitest";
import { type ActionsBed, startActionsBed } from "./actions-testbed.ts";
import { setSecret, setVariable } from "./actions-settings.ts";
import { killRun, reportLostRun } from "./stop-runs.ts";

const MANIFEST = `
name: Look around
inputs:
  token: { default: "\${{ github.token }}" }
  api key: {}
  quiet: { default: "no" }
runs: { using: node24, main: main.mjs, post: post.mjs }
`;

const MAIN = `
import { appendFileSync, readFileSync } from "node:fs";
const { env } = process;
console.log("::add-mask::hidden-word");
console.log("the word is hidden-word, the key is " + env["INPUT_API_KEY"]);
appendFileSync(env.GITHUB_OUTPUT, "answer<<END\\nforty\\ntwo\\nEND\\n");
appendFileSync(env.GITHUB_ENV, "LEFT_BEHIND=yes\\n");
appendFileSync(env.GITHUB_STATE, "started=true\\n");
const event = JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, "utf8"));
const me = await fetch(env.GITHUB_API_URL + "/repos/" + env.GITHUB_REPOSITORY, {
  headers: { authorization: "Bearer " + env.INPUT_TOKEN },
});
const write = await fetch(env.GITHUB_API_URL + "/repos/" + env.GITHUB_REPOSITORY + "/git/refs", {
  method: "POST",
  headers: { authorization: "Bearer " + env.INPUT_TOKEN },
  body: JSON.stringify({ ref: "refs/heads/sneaky", sha: env.GITHUB_SHA }),
});
const { PATH, ...seen } = env;
const report = { seen, event: event.inputs, sender: event.sender.login, read: me.status, write: write.status };
console.log("REPORT " + JSON.stringify(report));
`;

const POST = `console.log("post sees " + process.env.STATE_started + " and " + process.env.LEFT_BEHIND);`;

const WORKFLOW = `
name: Work
run-name: Work on \${{ inputs.task }}
on:
  workflow_dispatch:
    inputs:
      task: { required: true, type: string }
      secret_name: { type: string }
permissions: {}
jobs:
  phase:
    runs-on: \${{ vars.RUNNER || 'ubuntu-latest' }}
    permissions: { contents: read, id-token: write }
    env: { FROM_JOB: "job \${{ inputs.task }}" }
    steps:
      - id: look
        uses: octo/action@v1
        with: { api key: "\${{ secrets[inputs.secret_name] }}", quiet: "yes" }
        env: { FROM_STEP: "\${{ github.actor }}" }
      - run: echo "shell got \${{ steps.look.outputs.answer }}; $LEFT_BEHIND"
`;

const beds: ActionsBed[] = [];
async function bed(...options: Parameters<typeof startActionsBed>): Promise<ActionsBed> {
  const started = await startActionsBed(...options);
  beds.push(started);
  return started;
}

function reportOf(log: string): Record<string, unknown> {
  const line = log.split("\n").find((one) => one.includes("REPORT "));
  return JSON.parse(line?.slice(line.indexOf("REPORT ") + 7) ?? "{}");
}

afterEach(async () => {
  for (const started of beds.splice(0)) await started.stop();
});

describe("a run of a JavaScript action", () => {
  test("gets GitHub's environment, its inputs and a token that can only read", async () => {
    const { repository, context, dispatch, finished, told, faults, api } = await bed({
      workflow: WORKFLOW,
      action: { "action.yml": MANIFEST, "main.mjs": MAIN, "post.mjs": POST },
      private: true,
    });
    setSecret(context, repository, "MODEL_KEY", "sk-very-secret");
    setVariable(context, repository, "RUNNER", "big-runner");

    const run = await finished(await dispatch({ task: "t1", secret_name: "MODEL_KEY" }));

    const [job] = run.jobs;
    expect([run.conclusion, run.displayTitle, job?.labels]).toEqual(["success", "Work on t1", ["big-runner"]]);
    expect(job?.steps.map(({ name, conclusion }) => `${name}: ${conclusion}`)).toEqual([
      "Run octo/action@v1: success",
      'Run echo "shell got ${{ steps.look.outputs.answer }}; $LEFT_BEHIND": success',
      "Post Run octo/action@v1: success",
    ]);
    const { seen, ...rest } = reportOf(job?.log ?? "");
    expect(rest).toEqual({
      event: { task: "t1", secret_name: "MODEL_KEY" },
      sender: "phasegate[bot]",
      read: 200,
      write: 403,
    });
    expect(seen).toMatchObject({
      CI: "true",
      FROM_JOB: "job t1",
      FROM_STEP: "phasegate[bot]",
      GITHUB_ACTIONS: "true",
      GITHUB_ACTOR: "phasegate[bot]",
      GITHUB_API_URL: context.url(),
      GITHUB_EVENT_NAME: "workflow_dispatch",
      GITHUB_GRAPHQL_URL: `${context.url()}/graphql`,
      GITHUB_JOB: "phase",
      GITHUB_REF: "refs/heads/main",
      GITHUB_REPOSITORY: "octo/shop",
      GITHUB_REPOSITORY_ID: String(repository.id),
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_RUN_ID: String(run.id),
      GITHUB_SERVER_URL: context.url(),
      GITHUB_SHA: run.headSha,
      GITHUB_WORKFLOW: "Work",
      GITHUB_WORKFLOW_REF: "octo/shop/.github/workflows/work.yml@refs/heads/main",
      INPUT_API_KEY: "***",
      INPUT_QUIET: "yes",
      INPUT_TOKEN: "***",
      RUNNER_ENVIRONMENT: "github-hosted",
      RUNNER_OS: "Linux",
    });
    expect(seen).not.toHaveProperty("GITHUB_TOKEN");
    expect(job?.log).toContain("the word is ***, the key is ***");
    expect(job?.log).toContain("shell got forty\n");
    expect(job?.log).toContain("two; yes");
    expect(job?.log).toContain("post sees true and yes");
    expect(job?.log).not.toContain("sk-very-secret");
    expect(told()).toEqual([
      "workflow_run.requested",
      "workflow_job.queued",
      "workflow_run.in_progress",
      "workflow_job.in_progress",
      "workflow_job.completed",
      "workflow_run.completed",
    ]);
    expect([...context.state.tokens.values()].filter(({ kind }) => kind === "job")).toEqual([]);
    for (const path of ["/actions/runs", `/actions/runs/${run.id}`, `/actions/runs/${run.id}/jobs`]) {
      expect((await api("GET", path)).status).toBe(200);
    }
    expect(faults.filter((fault) => !fault.includes("/git/refs"))).toEqual([]);
  });

  test("fails with its exit code, and still runs its post step", async () => {
    const { dispatch, finished } = await bed({
      workflow: WORKFLOW,
      action: { "action.yml": MANIFEST, "main.mjs": "process.exitCode = 3;", "post.mjs": POST },
    });

    const run = await finished(await dispatch({ task: "t" }));

    expect(run.conclusion).toBe("failure");
    expect(run.jobs[0]?.steps.map(({ conclusion }) => conclusion)).toEqual(["failure", "skipped", "success"]);
    expect(run.jobs[0]?.log).toContain("Process completed with exit code 3");
  });

  test("fetches a private repository from GITHUB_SERVER_URL with its own token, and cannot push to it", async () => {
    const script = `
      auth="Authorization: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w0)"
      git -c http.extraheader="$auth" clone --quiet "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git" .
      echo "fetched $(git rev-parse HEAD)"
      git -c http.extraheader="$auth" push --quiet origin HEAD:refs/heads/sneaky || echo "push refused"
      git clone --quiet "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git" other </dev/null || echo "stranger refused"`;
    const { dispatch, finished, repository, context } = await bed({
      workflow: `
on: workflow_dispatch
permissions: { contents: read }
jobs:
  only:
    runs-on: ubuntu-latest
    steps:
      - run: ${JSON.stringify(script)}
        env: { TOKEN: "\${{ secrets.GITHUB_TOKEN }}", GIT_TERMINAL_PROMPT: 0 }
`,
      private: true,
    });

    const run = await finished(await dispatch());

    const log = run.jobs[0]?.log ?? "";
    expect(run.conclusion).toBe("success");
    for (const line of [`fetched ${run.headSha}`, "push refused", "stranger refused"]) expect(log).toContain(line);
    expect(await context.git(repository).ref("refs/heads/sneaky")).toBeNull();
  });

  test("fails before its first step when an action is not to be found", async () => {
    const { dispatch, finished } = await bed({
      workflow: WORKFLOW.replace("octo/action@v1", "octo/missing@v1"),
    });

    const run = await finished(await dispatch({ task: "t" }));

    expect(run.conclusion).toBe("failure");
    expect(run.jobs[0]?.log).toContain("Unable to resolve action `octo/missing@v1`");
  });

  test("hands a test's own `execute` the environment that the process would have had", async () => {
    const shown: string[] = [];
    const { dispatch, finished } = await bed({
      workflow: WORKFLOW,
      action: { "action.yml": MANIFEST },
      actions: {
        execute: async ({ env, log, inputs }) => {
          shown.push(env["INPUT_QUIET"] ?? "", env["GITHUB_RUN_ID"] ?? "", inputs["task"] ?? "");
          log("stood in");
          return { conclusion: "success" };
        },
      },
    });

    const run = await finished(await dispatch({ task: "t9" }));

    expect(run.conclusion).toBe("success");
    expect(shown).toEqual(["yes", String(run.id), "t9"]);
    expect(run.jobs[0]?.log).toContain("stood in");
  });
});

describe("stopping a run", () => {
  const WAITS = `
    process.on("SIGINT", () => { console.log("got SIGINT"); process.exit(0); });
    setInterval(() => {}, 1000);
    console.log("waiting");
  `;
  const STUBBORN = `
    process.on("SIGINT", () => console.log("ignores SIGINT"));
    process.on("SIGTERM", () => console.log("ignores SIGTERM"));
    setInterval(() => {}, 1000);
    console.log("waiting");
  `;

  test("a cancel is a SIGINT to the step, then the post step, then `cancelled`", async () => {
    const { api, dispatch, finished, logged } = await bed({
      workflow: WORKFLOW,
      action: { "action.yml": MANIFEST, "main.mjs": WAITS, "post.mjs": POST },
    });
    const run = await dispatch({ task: "t" });
    await logged(run, "waiting");

    const cancelled = await api("POST", `/actions/runs/${run.id}/cancel`);
    await finished(run);
    const again = await api("POST", `/actions/runs/${run.id}/cancel`);

    expect([cancelled.status, again.status]).toEqual([202, 409]);
    expect(run.conclusion).toBe("cancelled");
    expect(run.jobs[0]?.log).toContain("got SIGINT");
    expect(run.jobs[0]?.steps.map(({ conclusion }) => conclusion)).toEqual(["cancelled", "skipped", "success"]);
  });

  test("a step that ignores both signals is killed after its grace", async () => {
    const { api, dispatch, finished, logged } = await bed({
      workflow: WORKFLOW,
      action: { "action.yml": MANIFEST, "main.mjs": STUBBORN, "post.mjs": POST },
      actions: { cancelGrace: { terminateAfterMs: 50, killAfterMs: 100 } },
    });
    const run = await dispatch({ task: "t" });
    await logged(run, "waiting");

    await api("POST", `/actions/runs/${run.id}/cancel`);
    await finished(run);

    expect(run.conclusion).toBe("cancelled");
    expect(run.jobs[0]?.log).toContain("ignores SIGTERM");
  });

  test("a job that outlives its timeout is cancelled", async () => {
    const { dispatch, finished } = await bed({
      workflow: WORKFLOW.replace("    permissions: {", "    timeout-minutes: 0.002\n    permissions: {"),
      action: { "action.yml": MANIFEST, "main.mjs": WAITS, "post.mjs": POST },
      actions: { cancelGrace: { terminateAfterMs: 50, killAfterMs: 100 } },
    });

    const run = await finished(await dispatch({ task: "t" }));

    expect(run.conclusion).toBe("cancelled");
    expect(run.jobs[0]?.log).toContain("exceeded the maximum execution time");
    expect(run.jobs[0]?.steps[0]?.conclusion).toBe("cancelled");
  });

  test("a runner that dies at once fails the run, without a post step", async () => {
    const { context, dispatch, finished, logged } = await bed({
      workflow: WORKFLOW,
      action: { "action.yml": MANIFEST, "main.mjs": STUBBORN, "post.mjs": POST },
    });
    const run = await dispatch({ task: "t" });
    await logged(run, "waiting");

    await killRun(context, run.id, "reported");
    await finished(run);

    expect(run.conclusion).toBe("failure");
    expect(run.jobs[0]?.log).toContain("lost communication with the server");
    expect(run.jobs[0]?.log).not.toContain("post sees");
  });

  test("a runner that dies silently stays in progress until GitHub notices", async () => {
    const { context, dispatch, logged } = await bed({
      workflow: WORKFLOW,
      action: { "action.yml": MANIFEST, "main.mjs": STUBBORN, "post.mjs": POST },
    });
    const run = await dispatch({ task: "t" });
    await logged(run, "waiting");

    await killRun(context, run.id, "silent");
    const before = run.status;
    await reportLostRun(context, run.id);

    expect([before, run.status, run.conclusion]).toEqual(["in_progress", "completed", "failure"]);
  });

  test("the end of the sandbox kills what still runs", async () => {
    const { sandbox, dispatch, logged } = await bed({
      workflow: WORKFLOW,
      action: {
        "action.yml": MANIFEST,
        "main.mjs": `console.log("pid " + process.pid + ";");${STUBBORN}`,
        "post.mjs": POST,
      },
    });
    const run = await dispatch({ task: "t" });
    await logged(run, "waiting");
    const pid = Number(/pid (\d+);/.exec(run.jobs[0]?.log ?? "")?.[1]);

    await sandbox.stop();

    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(run.status).toBe("completed");
  });
});
