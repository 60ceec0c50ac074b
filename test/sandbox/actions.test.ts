import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ActionsBed, type ActionsBedOptions, startActionsBed } from "./actions-testbed.ts";
import { addArtifact } from "./artifacts.ts";

const WORKFLOW = `
name: Work
on:
  workflow_dispatch:
    inputs:
      task: { required: true }
      size: { type: choice, options: [small, big], default: small }
jobs:
  only:
    runs-on: ubuntu-latest
    steps: [{ run: "exit 0" }]
`;
const DISPATCHES = "/actions/workflows/work.yml/dispatches";

const beds: ActionsBed[] = [];
async function bed(options: Partial<ActionsBedOptions> = {}): Promise<ActionsBed> {
  const started = await startActionsBed({ workflow: WORKFLOW, ...options });
  beds.push(started);
  return started;
}

/** Jobs that end when the test says so, by run id. */
function heldJobs(): { release: (runId: number) => void; actions: ActionsBedOptions["actions"] } {
  const waiting = new Map<number, () => void>();
  return {
    release: (runId) => waiting.get(runId)?.(),
    actions: {
      execute: ({ run, signal, log }) =>
        new Promise((resolve) => {
          waiting.set(run.id, () => resolve({ conclusion: "success" }));
          signal.addEventListener("abort", () => resolve({ conclusion: "cancelled" }), { once: true });
          log("held");
        }),
    },
  };
}

afterEach(async () => {
  for (const started of beds.splice(0)) await started.stop();
});

describe("dispatching a workflow", () => {
  test("is 204, or 200 with the run's addresses when they are asked for", async () => {
    const { api, repository, faults, finished } = await bed();

    const plain = await api("POST", DISPATCHES, { ref: "main", inputs: { task: "a" } });
    const detailed = await api("POST", DISPATCHES, {
      ref: "refs/heads/main",
      inputs: { task: "b" },
      return_run_details: true,
    });

    const [first, second] = [...repository.runs.values()];
    expect([plain.status, plain.body]).toEqual([204, ""]);
    expect([detailed.status, detailed.body]).toMatchObject([200, { workflow_run_id: second?.id }]);
    expect(second?.inputs).toEqual({ task: "b", size: "small" });
    if (first !== undefined && second !== undefined) await Promise.all([finished(first), finished(second)]);
    expect(faults).toEqual([]);
  });

  test("is 403 while Actions is off, while the token may only read, and 401 without a token", async () => {
    const { api, repository } = await bed({ permissions: { metadata: "read", actions: "read" } });
    const reader = await api("POST", DISPATCHES, { ref: "main", inputs: { task: "a" } });
    const nobody = await api("POST", DISPATCHES, { ref: "main" }, "ghs_unknown");
    const { api: writerApi, repository: other } = await bed();
    other.actionsEnabled = false;
    const off = await writerApi("POST", DISPATCHES, { ref: "main", inputs: { task: "a" } });

    expect([reader.status, nobody.status, off.status]).toEqual([403, 401, 403]);
    expect(reader.body).toMatchObject({ message: "Resource not accessible by integration" });
    expect([repository.runs.size, other.runs.size]).toEqual([0, 0]);
  });
});

describe("a dispatch that GitHub refuses", () => {
  const ci = "on: push\njobs: { ci: { runs-on: ubuntu-latest, steps: [{ run: exit 0 }] } }\n";
  const shared: { bed?: ActionsBed } = {};
  beforeAll(async () => {
    shared.bed = await startActionsBed({ workflow: WORKFLOW, files: { ".github/workflows/ci.yml": ci } });
  });
  afterAll(() => shared.bed?.stop());

  const many = Object.fromEntries(Array.from({ length: 26 }, (_, index) => [`input${index}`, "x"]));
  test.each([
    ["an unknown workflow", "/actions/workflows/none.yml/dispatches", { ref: "main" }, 404, "Not Found"],
    ["an unknown ref", DISPATCHES, { ref: "gone", inputs: { task: "a" } }, 422, "No ref found for: gone"],
    ["no ref", DISPATCHES, { inputs: { task: "a" } }, 422, `Invalid request.\n\n"ref" wasn't supplied.`],
    ["a missing required input", DISPATCHES, { ref: "main" }, 422, "Required input 'task' not provided"],
    [
      "an input that is not declared",
      DISPATCHES,
      { ref: "main", inputs: { task: "a", other: "x" } },
      422,
      'Unexpected inputs provided: ["other"]',
    ],
    [
      "a choice outside its list",
      DISPATCHES,
      { ref: "main", inputs: { task: "a", size: "huge" } },
      422,
      "Provided value 'huge' for input 'size' not in the list of allowed values",
    ],
    [
      "more than 25 inputs",
      DISPATCHES,
      { ref: "main", inputs: many },
      422,
      "Invalid request.\n\nNo more than 25 properties are allowed; 26 were supplied.",
    ],
    [
      "a workflow without the trigger",
      "/actions/workflows/ci.yml/dispatches",
      { ref: "main" },
      422,
      "Workflow does not have 'workflow_dispatch' trigger",
    ],
  ])("has %s", async (_what, path, body, status, message) => {
    const answer = await shared.bed?.api("POST", path, body);

    expect([answer?.status, answer?.body]).toMatchObject([status, { message }]);
    expect(shared.bed?.repository.runs.size).toBe(0);
  });
});

describe("runs", () => {
  test("are found by their filters, newest first", async () => {
    const { api, dispatch, finished } = await bed();
    const first = await finished(await dispatch({ task: "a" }));
    const second = await finished(await dispatch({ task: "b" }));

    const all = await api("GET", "/actions/runs?event=workflow_dispatch&per_page=1");
    const failed = await api("GET", "/actions/workflows/work.yml/runs?status=failure");
    const since = await api("GET", `/actions/runs?created=${encodeURIComponent(">=2020-01-01")}`);

    expect(all.body).toMatchObject({ total_count: 2, workflow_runs: [{ id: second.id, run_number: 2 }] });
    expect(all.headers.get("link")).toContain('rel="next"');
    expect(failed.body).toMatchObject({ total_count: 0 });
    expect(since.body).toMatchObject({ workflow_runs: [{ id: second.id }, { id: first.id }] });
  });

  test("keep their id and inputs when they are run again, under the next attempt and without `requested`", async () => {
    const { api, dispatch, finished, told, faults } = await bed();
    const run = await finished(await dispatch({ task: "a" }));
    const earlier = told().length;

    const answer = await api("POST", `/actions/runs/${run.id}/rerun`);
    await finished(run);

    expect([answer.status, run.attempt, run.inputs]).toEqual([201, 2, { task: "a", size: "small" }]);
    expect(told().slice(earlier)).not.toContain("workflow_run.requested");
    const latest = await api("GET", `/actions/runs/${run.id}/jobs`);
    const all = await api("GET", `/actions/runs/${run.id}/jobs?filter=all`);
    expect(latest.body).toMatchObject({ total_count: 1, jobs: [{ run_attempt: 2 }] });
    expect(all.body).toMatchObject({ total_count: 2 });
    expect(faults).toEqual([]);
  });

  test("of one concurrency group go one after the other, and a newer one cancels the one that waits", async () => {
    const held = heldJobs();
    const workflow = WORKFLOW.replace("jobs:", "concurrency: 'one'\njobs:");
    const { dispatch, finished, logged } = await bed({ workflow, actions: held.actions ?? {} });
    const first = await dispatch({ task: "a" });
    await logged(first, "held");
    const second = await dispatch({ task: "b" });
    const third = await dispatch({ task: "c" });

    await finished(second);
    const waiting = third.status;
    held.release(first.id);
    await logged(third, "held");
    held.release(third.id);
    await Promise.all([finished(first), finished(third)]);

    expect(waiting).toBe("queued");
    expect([first, second, third].map(({ conclusion }) => conclusion)).toEqual(["success", "cancelled", "success"]);
  });

  test("of a group with `queue: max` all wait for their turn", async () => {
    const held = heldJobs();
    const workflow = WORKFLOW.replace("jobs:", "concurrency: { group: 'one', queue: max }\njobs:");
    const { dispatch, finished, logged } = await bed({ workflow, actions: held.actions ?? {} });
    const runs = [await dispatch({ task: "a" }), await dispatch({ task: "b" }), await dispatch({ task: "c" })];

    for (const run of runs) {
      await logged(run, "held");
      held.release(run.id);
      await finished(run);
    }

    expect(runs.map(({ conclusion }) => conclusion)).toEqual(["success", "success", "success"]);
  });

  test("end at once when they are cancelled by force", async () => {
    const held = heldJobs();
    const { api, dispatch, finished, logged } = await bed({ actions: held.actions ?? {} });
    const run = await dispatch({ task: "a" });
    await logged(run, "held");

    const answer = await api("POST", `/actions/runs/${run.id}/force-cancel`);
    await finished(run);

    expect([answer.status, run.conclusion]).toEqual([202, "cancelled"]);
  });
});

describe("artifacts", () => {
  test("are served as a zip at another address, which refuses GitHub's token", async () => {
    const { api, call, context, repository, dispatch, finished, faults } = await bed();
    const run = await finished(await dispatch({ task: "a" }));
    const artifact = addArtifact(context, repository, {
      runId: run.id,
      name: "result",
      content: Buffer.from("PK zip"),
    });

    const listed = await api("GET", `/actions/runs/${run.id}/artifacts?name=result`);
    const link = await api("GET", `/actions/artifacts/${artifact.id}/zip`);
    const path = new URL(link.headers.get("location") ?? "", context.url()).pathname;
    const zip = await call("GET", path, undefined, "");
    const withToken = await call("GET", path);

    expect(listed.body).toMatchObject({
      total_count: 1,
      artifacts: [{ name: "result", workflow_run: { id: run.id } }],
    });
    expect([link.status, zip.status, zip.body, withToken.status]).toEqual([302, 200, "PK zip", 400]);
    expect(faults).toEqual([]);
  });
});
