/** The app goes away while a run has something to tell: what it has not got goes out sealed, with the workflow run. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import { openSealed, type Envelope } from "../../src/protocol/envelope.ts";
import { runnerRoutes } from "../../src/protocol/runner.ts";
import { runPhase, type RunEnd } from "../../src/runner/run-phase.ts";
import { artifactUpload } from "../../src/runner/upload-artifact.ts";
import { startGitHubTestbed, type GitHubTestbed } from "../github/github-testbed.ts";
import { actionsRuntimeOf, runtimeTokenOf } from "../sandbox/actions-runtime.ts";
import { sealKey, startFakeApp, type FakeApp } from "./fake-app.ts";
import { aJob, aStep, makeFolder, makeRepository, runOptions, secrets } from "./run-world.ts";

const runId = runIdFrom("run-1");
const text = `Long links break in mails, and nobody can read them out on the phone.`;
const answer = `[FEEDBACK_ANSWER]\nid: F1\nanswer: fixed\ntext: With the key ${secrets.modelKey}.\n[/FEEDBACK_ANSWER]`;
const completed = JSON.stringify({
  type: "result",
  subtype: "success",
  is_error: false,
  result: answer,
  terminal_reason: "completed",
});
/** Does any step: the prompt names it in its first line. */
const script = `#!/bin/bash
step=$(sed -n '1s|^Step: planning/||p')
mkdir -p docs
printf '# D\\n\\n## Problem\\n\\n%s\\n' '${text}' > "docs/$step.md"
printf '%s\\n' '${completed}'
`;

const question = `[USER_QUESTION]
category: choice
question: Who pays, now that ${secrets.modelKey} is known?
options:
- visitors
- owners
default: owners
required: true
[/USER_QUESTION]`;
/** Writes half of its document, asks, and waits. */
const asking = `#!/bin/bash
cat > /dev/null
mkdir -p docs
echo half > docs/01_idea.md
cat <<'END'
${JSON.stringify({ type: "assistant", message: { id: "msg_1", content: [{ type: "text", text: question }] } })}
${JSON.stringify({ ...JSON.parse(completed), result: question })}
END
`;

let github: GitHubTestbed;

beforeEach(async () => {
  github = await startGitHubTestbed();
});

afterEach(() => github.stop());

interface Ended {
  readonly end: RunEnd;
  readonly app: FakeApp;
  readonly log: readonly string[];
  readonly envelope: Envelope | null;
}

/** A run of two steps whose app behaves as `prepare` says. */
async function runWith(prepare: (app: FakeApp) => void, cli = script): Promise<Ended> {
  await using folder = await makeFolder();
  const repository = await makeRepository(folder.path, { "README.md": "A product\n" });
  const remark = { id: "thread:A", request: "change", path: null, line: null, hunk: null } as const;
  const app = await startFakeApp(
    aJob({
      headSha: repository.sha,
      steps: [aStep({ slug: "01_idea" }), aStep({ slug: "02_market" })],
      feedback: [{ ...remark, step: "02_market", comments: [{ by: "reviewer", text: "Who pays?" }] }],
    }),
  );
  prepare(app);
  const claudePath = join(folder.path, "claude");
  await writeFile(claudePath, cli);
  await chmod(claudePath, 0o755);
  const { workflowRunId, runtimeToken } = await aJobOnGitHub();
  const log: string[] = [];
  const options = runOptions(folder.path, { appUrl: app.url, modelUrl: "http://127.0.0.1:9" }, log);
  const resultsUrl = `${github.sandbox.context.url()}/_actions/`;
  const uploadArtifact = artifactUpload({ resultsUrl, runtimeToken, fetch, wait: options.wait });
  try {
    const end = await runPhase({ ...options, claudePath, uploadArtifact });
    const sealed = await github.github.readEnvelope(github.repository, workflowRunId, runId);
    return { end, app, log, envelope: sealed === null ? null : openSealed(sealed, sealKey, runId) };
  } finally {
    await app.close();
  }
}

async function aJobOnGitHub(): Promise<{ readonly workflowRunId: number; readonly runtimeToken: string }> {
  const asked = { runId, taskId: taskIdFrom("task-1"), phase: "Planning · issue #7", ref: "main", grants: [] };
  const { workflowRunId } = await github.github.dispatchRun(github.repository, asked);
  const repository = github.sandbox.repositoryOf("octo/shop");
  const run = repository.runs.get(workflowRunId);
  const job = run?.jobs[0];
  if (run === undefined || job === undefined) throw new Error("the dispatched run has no job");
  const runtimeToken = runtimeTokenOf(run, job, "genuine");
  actionsRuntimeOf(github.sandbox.context).uploaders.set(runtimeToken, { repository, run, job });
  return { workflowRunId, runtimeToken };
}

function goesAwayAt(app: FakeApp, route: string, after = 0): void {
  const served = Array.from({ length: after }, () => null);
  const down = Array.from({ length: 100 }, () => ({ status: 503, body: "<html>" }));
  app.faults.set(route, [...served, ...down]);
}

describe("a run whose app goes away", () => {
  test("before the last step is handed over leaves that step, its answers and the outcome of all its work", async () => {
    const { end, app, envelope, log } = await runWith((app) => {
      goesAwayAt(app, runnerRoutes.step, 1);
      goesAwayAt(app, runnerRoutes.outcome);
    });
    expect(app.steps.map(({ step }) => step)).toEqual(["01_idea"]);
    expect(envelope).toMatchObject({
      steps: [
        {
          step: "02_market",
          changes: [{ kind: "written", path: "docs/02_market.md" }],
          findings: [],
          answers: [{ id: "thread:A", kind: "fixed", text: "With the key ***." }],
        },
      ],
      outcome: { outcome: { kind: "completed" } },
    });
    expect(end).toEqual({ outcome: { kind: "completed" }, isGreen: false });
    expect(log.at(-1)).toBe(
      'error: what the app has not got lies sealed in this run\'s artifact "phasegate-envelope-run-1", and the app takes it in when it is back: nothing needs to be done',
    );
  });

  test("in the midst of the work ends there, and leaves the step that is done", async () => {
    const { end, app, envelope } = await runWith((app) => goesAwayAt(app, runnerRoutes.step));
    // The outcome alone would make the app forget the step.
    expect(app.outcomes).toEqual([]);
    expect(app.steps).toEqual([]);
    expect(envelope?.steps.map(({ step }) => step)).toEqual(["01_idea"]);
    expect(envelope?.outcome.outcome).toMatchObject({
      kind: "lost",
      message: expect.stringContaining("reaching the app"),
    });
    expect(end.outcome?.kind).toBe("lost");
  });

  test("while it waits for people leaves what it asked and its checkpoint, and none of it shows a secret", async () => {
    const { end, app, envelope } = await runWith((app) => {
      goesAwayAt(app, runnerRoutes.request);
      goesAwayAt(app, runnerRoutes.checkpoint);
      goesAwayAt(app, runnerRoutes.outcome);
    }, asking);
    expect(end.outcome).toEqual({ kind: "waiting-question" });
    expect(app.order).toEqual([]);
    expect(envelope).toMatchObject({
      steps: [],
      requests: [
        { kind: "questions", id: "run-1/1", step: "01_idea", questions: [{ options: ["visitors", "owners"] }] },
      ],
      checkpoint: {
        executionState: { currentStep: "01_idea" },
        resumeContext: {
          pendingActions: [{ kind: "requests", requestIds: ["run-1/1"] }],
          changes: [{ change: { kind: "written", path: "docs/01_idea.md" }, baseOid: null }],
        },
      },
      outcome: { outcome: { kind: "waiting-question" } },
    });
    expect(JSON.stringify(envelope)).not.toContain(secrets.modelKey);
  });

  test("while it waits, and comes back in time, gets what was asked before the checkpoint, and both before the outcome", async () => {
    const { app, envelope } = await runWith((app) => {
      const down = Array.from({ length: 16 }, () => ({ status: 503, body: "<html>" }));
      app.faults.set(runnerRoutes.request, down);
    }, asking);
    expect(app.order).toEqual(["request run-1/1", "checkpoint", "outcome"]);
    expect(envelope).toBeNull();
  });

  test("and comes back in time gets all of it in order, and no envelope", async () => {
    const { end, app, envelope } = await runWith((app) => {
      const down = Array.from({ length: 16 }, () => ({ status: 503, body: "<html>" }));
      app.faults.set(runnerRoutes.step, [null, ...down]);
    });
    expect(app.steps.map(({ step }) => step)).toEqual(["01_idea", "02_market"]);
    expect(app.outcomes).toHaveLength(1);
    expect(end.isGreen).toBe(true);
    expect(envelope).toBeNull();
  });
});

test("a run that the app has refused leaves nothing", async () => {
  const { envelope, log } = await runWith((app) => {
    app.faults.set(runnerRoutes.outcome, [{ status: 401, body: { error: "token-refused", message: "ended" } }]);
  });
  expect(envelope).toBeNull();
  expect(log.at(-1)).toBe('error: declaring the outcome "completed": ended');
});
