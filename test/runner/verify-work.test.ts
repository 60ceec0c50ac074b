/** What follows the last step, with the real CLI: no run here has a step to do. */
import { afterEach, describe, expect, test } from "vitest";
import type { Criterion } from "../../src/core/playbook.ts";
import type { Checkpoint } from "../../src/protocol/checkpoint.ts";
import type { Job } from "../../src/protocol/runner.ts";
import { openSealed } from "../../src/protocol/envelope.ts";
import { runnerRoutes } from "../../src/protocol/runner.ts";
import { runPhase, type RunEnd, type RunOptions } from "../../src/runner/run-phase.ts";
import { purposeOf, structured, withReport, type ReportGiven } from "../model/answer-report.ts";
import { limitOfSubscription, refusals } from "../model/ask-first.ts";
import type { AnswerBlock, ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { startModelServer, type Decide } from "../model/model-server.ts";
import { sealKey, startFakeApp, type FakeApp } from "./fake-app.ts";
import { aJob, aStep, canHaveSecondUser, makeFolder, makeRepository, runOptions, secrets } from "./run-world.ts";

const agrees: Criterion = { id: "plan-agrees", text: "The documents agree.", severity: "must", kind: "judged" };
const isClear: Criterion = { id: "plan-is-clear", text: "All understand it.", severity: "should", kind: "judged" };
const testsPass: Criterion = {
  id: "tests-pass",
  text: "The tests pass.",
  severity: "must",
  kind: "deterministic",
  check: "tests-pass",
};
const idea = "# Idea\n\n## Problem\n\nLong links break in mails, and nobody can read them out on the phone.\n";

interface Given {
  readonly decide?: Decide;
  readonly report?: ReportGiven;
  readonly criteria?: readonly Criterion[];
  readonly testCommand?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly job?: Partial<Omit<Job, "phase" | "headSha">>;
  readonly reviewers?: readonly string[];
  readonly stepsToDo?: readonly string[];
  readonly checkpoint?: Checkpoint | undefined;
  readonly options?: (app: FakeApp) => Partial<RunOptions>;
}

interface Verified {
  readonly end: RunEnd;
  readonly app: FakeApp;
  readonly log: readonly string[];
  /** Of the model, oldest first. */
  readonly asked: readonly ModelRequest[];
  readonly report: FakeApp["outcomes"][number]["report"];
}

const leftovers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const remove of leftovers.splice(0)) await remove();
});

async function verified(given: Given): Promise<Verified> {
  const folder = await makeFolder();
  leftovers.push(() => folder[Symbol.asyncDispose]());
  const repository = await makeRepository(folder.path, { "docs/01_idea.md": idea, ...given.files });
  const job = aJob({
    steps: [aStep({ slug: "01_idea" })],
    stepsToDo: [...(given.stepsToDo ?? [])],
    // A rework has no checkpoint to begin with.
    attempt: given.checkpoint === undefined ? 2 : 1,
    ...given.job,
    headSha: repository.sha,
    phase: {
      criteria: [...(given.criteria ?? [agrees, isClear])],
      verifierGuide: "Read both documents.",
      testCommand: given.testCommand ?? null,
      reviewers: given.reviewers ?? [],
    },
    ...(given.checkpoint === undefined ? {} : { checkpoint: { checkpointId: given.checkpoint.checkpointId } }),
  });
  const app = await startFakeApp(job, { stored: given.checkpoint });
  const decide = given.decide ?? withReport(prose, given.report);
  const model = await startModelServer({ decide, credentials: [secrets.modelKey] });
  const log: string[] = [];
  try {
    const options = runOptions(folder.path, { appUrl: app.url, modelUrl: model.url }, log);
    const end = await runPhase({ ...options, ...given.options?.(app) });
    const asked = model.requests.flatMap(({ request }) => request ?? []);
    return { end, app, log, asked, report: app.outcomes[0]?.report ?? null };
  } finally {
    await model.stop();
    await app.close();
  }
}

function prose(): ModelAnswer {
  return { blocks: [{ type: "text", text: "All is well." }] };
}

/** A decider that stands before the usual report. */
function before(answer: (request: ModelRequest, purpose: string) => ModelAnswer | null): Decide {
  const usual = withReport(prose);
  return (request) => answer(request, purposeOf(request)?.kind ?? "step") ?? usual(request);
}

function verifying({ asked }: Verified): readonly ModelRequest[] {
  return asked.filter((request) => purposeOf(request)?.kind === "verify");
}

test("a reply may hold what the repository's settings say, and no more", async () => {
  const done = await verified({ job: { maxTokens: 1_234 } });
  expect(new Set(done.asked.map(({ maxTokens }) => maxTokens))).toEqual(new Set([1_234]));
});

describe("a phase that has a reviewer", () => {
  const approves: Criterion = {
    id: "reviewer-approves",
    text: "No blocker is left.",
    severity: "must",
    kind: "judged",
  };
  const roles = ["verifier", "reviewer"].map((name) => ({
    name,
    model: `claude-${name}`,
    tools: ["Read"],
    prompt: `# You are the ${name}`,
  }));
  const reviewed = { criteria: [agrees, approves], reviewers: ["reviewer"], job: { roles } };

  test("is judged by its verifier, then by its reviewer, each by its own words and model", async () => {
    const done = await verified({
      ...reviewed,
      report: {
        verdict: ({ criterion }) =>
          criterion === "reviewer-approves" ? { passed: false, reason: "A query is built from a text." } : undefined,
      },
    });
    expect(done.report?.verdicts).toMatchObject([
      { criterion: "plan-agrees", passed: true },
      { criterion: "reviewer-approves", passed: false, reason: "A query is built from a text." },
    ]);
    const sessions = verifying(done).map(({ system, model }) => [
      /# You are the \w+/u.exec(system)?.[0],
      model,
      system.includes("You only read"),
    ]);
    expect(sessions).toEqual([
      ["# You are the verifier", "claude-verifier", true],
      ["# You are the reviewer", "claude-reviewer", true],
    ]);
    const [first, second] = verifying(done).map(({ messages }) => messages.map(({ text }) => text).join("\n"));
    expect(first).toContain("`plan-agrees`");
    expect(first).not.toContain("`reviewer-approves`");
    expect(first).toContain("Read both documents.");
    expect(second).toContain("`reviewer-approves`");
    expect(second).not.toContain("Read both documents.");
  });

  test("is not reviewed where the verifier sends it back anyway", async () => {
    const done = await verified({ ...reviewed, report: { verdict: () => ({ passed: false, confidence: "high" }) } });
    expect(done.report?.verdicts.map(({ criterion }) => criterion)).toEqual(["plan-agrees"]);
    expect(verifying(done)).toHaveLength(1);
  });
});

describe("a phase whose steps are done", () => {
  test("is judged and told, and completes whatever the verdicts are", async () => {
    const done = await verified({
      report: {
        verdict: ({ criterion }) => {
          if (criterion !== "plan-agrees") return undefined;
          const quote = "Long links break in mails";
          return {
            passed: false,
            confidence: "high",
            reason: `It says that the key is ${secrets.modelKey}.`,
            evidence: [
              { path: "docs/01_idea.md", line: 5, quote },
              { path: "docs/02_nowhere.md", line: 1, quote },
            ],
          };
        },
      },
    });

    expect(done.log.filter((line) => line.startsWith("warn") || line.startsWith("error"))).toEqual([]);
    expect(done.end).toEqual({ outcome: { kind: "completed" }, isGreen: true });
    expect(done.report).toMatchObject({
      judgeFault: null,
      tests: null,
      verdicts: [
        {
          criterion: "plan-agrees",
          passed: false,
          confidence: "high",
          reason: "It says that the key is ***.",
          evidence: [{ path: "docs/01_idea.md", line: 5, quote: "Long links break in mails" }],
        },
        { criterion: "plan-is-clear", passed: true },
      ],
      decisions: [{ decision: "The first choice of the planning phase", files: ["docs/01_idea.md"] }, {}, {}, {}, {}],
    });
    const [request] = verifying(done);
    expect(request?.system).toContain("independent verifier");
    expect(request?.system).not.toContain("You work on the phase");
    expect(request?.lastUserText).toContain("Read both documents.");
    expect(request?.lastUserText).toContain("Make long links short.");
    const [spent] = done.app.outcomes.map((outcome) => outcome.spent.costUsd);
    expect(spent).toBeGreaterThan(0);
  });

  test("is judged by a session that can't write, and sees nothing but what was handed over", async () => {
    const calls = (paths: readonly string[]): readonly AnswerBlock[] => [
      { type: "tool_use", name: "Write", input: { file_path: `${paths[0]}/docs/x.md`, content: "x" } },
      { type: "tool_use", name: "Bash", input: { command: "id", description: "look" } },
      { type: "tool_use", name: "Read", input: { file_path: `${paths[0]}/docs/01_idea.md` } },
      ...paths.slice(1).map((path) => ({ type: "tool_use" as const, name: "Read", input: { file_path: path } })),
    ];
    let places: readonly string[] = [];
    const done = await verified({
      stepsToDo: ["01_idea"],
      criteria: [agrees],
      files: { ".gitignore": "ignored.md\n" },
      decide: before(({ toolResults, lastUserText }, purpose) => {
        const workTree = /^Work tree: (\S+)$/mu.exec(lastUserText)?.[1] ?? "";
        if (purpose === "step" && toolResults.length === 0) {
          const area = workTree.replace(/\/tree$/u, "");
          places = [`${area}/home/note.md`, `${workTree}/ignored.md`, `${area}/shared/system-prompt.md`];
          const command = `chmod 777 ${area}/home ${workTree}; echo note | tee ${places[0]} ${places[1]}`;
          return { blocks: [{ type: "tool_use", name: "Bash", input: { command, description: "leave notes" } }] };
        }
        if (purpose !== "verify" || toolResults.length > 0) return null;
        return { blocks: calls([workTree, `${workTree}/ignored.md`, ...places]) };
      }),
    });

    expect(verifying(done).map(({ tools }) => tools.includes("Write"))).toEqual([false, false]);
    const results = verifying(done).at(-1)?.toolResults ?? [];
    const read = results.filter(({ call }) => call.name === "Read");
    expect(results.filter(({ call }) => call.name !== "Read").map(({ text }) => text)).toEqual([
      expect.stringContaining("No such tool available: Write"),
      expect.stringContaining("No such tool available: Bash"),
    ]);
    expect(read.filter(({ isError }) => !isError).map(({ text }) => text)).toEqual([expect.stringContaining("# Idea")]);
    expect(read).toHaveLength(5);
    expect(done.end.outcome).toEqual({ kind: "completed" });
  });

  test("that has no judged criterion is not judged, and tells its decisions all the same", async () => {
    const done = await verified({ criteria: [] });
    expect(verifying(done)).toEqual([]);
    expect(done.report).toMatchObject({ verdicts: [], judgeFault: null, decisions: { length: 5 } });
  });
});

describe("a verifier", () => {
  test("that answers in prose twice is at fault itself: nothing is judged, and the phase completes", async () => {
    const done = await verified({ decide: before((_, purpose) => (purpose === "verify" ? prose() : null)) });
    expect(done.end.outcome).toEqual({ kind: "completed" });
    expect(done.report).toMatchObject({
      verdicts: [],
      judgeFault: "the verifier gave no verdicts in 2 tries: it answered in prose",
      decisions: { length: 5 },
    });
  });

  test("whose first try breaks off judges in a second one, in a home of its own", async () => {
    let tries = 0;
    const homes = new Set<string>();
    const done = await verified({
      decide: before(({ lastUserText, toolResults }, purpose) => {
        if (purpose !== "verify" || toolResults.length > 0) return null;
        homes.add(/^Work tree: (\S+)$/mu.exec(lastUserText)?.[1] ?? "");
        tries += 1;
        return tries <= 2 ? prose() : null;
      }),
    });
    expect(done.report).toMatchObject({ judgeFault: null, verdicts: { length: 2 } });
    expect(homes.size).toBeGreaterThanOrEqual(1);
  });

  test("that never gives the shape that was asked for is at fault itself", async () => {
    const broken = structured({ verdicts: { "plan-agrees": "yes" } });
    const done = await verified({ decide: before((_, purpose) => (purpose === "verify" ? broken : null)) });
    expect(done.report?.judgeFault).toContain("never had the shape that was asked for");
  });

  test("that takes too long is ended, and is at fault itself", async () => {
    const done = await verified({
      criteria: [agrees],
      job: { verification: { budgetUsd: 1, minutes: 0.03, testMinutes: 1 } },
      decide: before((_, purpose) => (purpose === "verify" ? { hang: "mid" } : null)),
    });
    expect(done.report?.judgeFault).toContain("it took longer than 0.03 minutes");
    expect(done.end.outcome).toEqual({ kind: "completed" });
  });

  test("has money of its own, and its end is no end of the run", async () => {
    const done = await verified({ job: { verification: { budgetUsd: 0.000_1, minutes: 1, testMinutes: 1 } } });
    expect(done.report).toMatchObject({
      verdicts: [],
      judgeFault: "the $0.00 that the verifier may spend are used up",
      decisions: { length: 5 },
    });
  });

  test("spends the run's money: what it leaves is what there is for the rest", async () => {
    const usage = {
      input_tokens: 0,
      output_tokens: 100_000,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    };
    const done = await verified({
      criteria: [agrees],
      job: { budgetUsd: 1, verification: { budgetUsd: 2, minutes: 1, testMinutes: 1 } },
      decide: before((request, purpose) => {
        const answer = purpose === "verify" ? withReport(prose)(request) : null;
        return answer !== null && "blocks" in answer ? { ...answer, usage } : null;
      }),
    });
    expect(done.report).toMatchObject({ verdicts: { length: 1 }, judgeFault: null, decisions: [] });
    expect(done.app.outcomes[0]?.spent.costUsd).toBeGreaterThanOrEqual(1);
    expect(done.asked.filter((request) => purposeOf(request)?.kind === "decisions")).toEqual([]);
  });
});

describe("what concerns the account and not the verifier", () => {
  test("a limit ends the run with a checkpoint, from which the next one judges without a step", async () => {
    const resetsAt = Math.floor(Date.now() / 1_000) + 3_600;
    const first = await verified({
      decide: before((_, purpose) => (purpose === "verify" ? limitOfSubscription(resetsAt) : null)),
      stepsToDo: ["01_idea"],
      options: () => ({ credential: { kind: "oauth-token", value: secrets.modelKey } }),
    });
    expect(first.end.outcome).toMatchObject({
      kind: "rate-limited",
      resetsAt: new Date(resetsAt * 1_000).toISOString(),
    });
    expect(first.report).toBeNull();
    expect(first.app.order.slice(-2)).toEqual(["checkpoint", "outcome"]);
    const checkpoint = first.app.checkpoints.at(-1);
    expect(checkpoint?.executionState).toMatchObject({ currentStep: null, progress: 100 });

    const second = await verified({ checkpoint, job: { runId: "run-2" } });

    expect(second.app.steps).toEqual([]);
    expect(second.end.outcome).toEqual({ kind: "completed" });
    expect(second.report).toMatchObject({ verdicts: { length: 2 }, decisions: { length: 5 } });
    const decisions = second.asked.find((request) => purposeOf(request)?.kind === "decisions");
    expect(decisions?.messages.some(({ text }) => /^Step: planning\/01_idea$/mu.test(text))).toBe(true);
  });

  test("a refused key is the operator's, and the phase goes on from its checkpoint", async () => {
    const done = await verified({
      decide: before((_, purpose) => (purpose === "verify" ? refusals.billing : null)),
    });
    expect(done.end.outcome).toMatchObject({ kind: "provider-refused", why: "billing" });
    expect(done.app.checkpoints).toHaveLength(1);
  });

  test("a stop in the midst of judging leaves a checkpoint of a phase that waits for nothing else", async () => {
    const stop = new AbortController();
    const done = await verified({
      decide: before((_, purpose) => {
        if (purpose !== "verify") return null;
        stop.abort(new Error("cancelled"));
        return { hang: "mid" };
      }),
      options: () => ({ signal: stop.signal }),
    });
    expect(done.end.outcome).toEqual({ kind: "cancelled" });
    expect(done.report).toBeNull();
    expect(done.app.checkpoints.at(-1)?.executionState.currentStep).toBeNull();
  });
});

describe("the project's own tests", () => {
  const manifest = (script: string): string => JSON.stringify({ name: "links", scripts: { test: script } });

  test("run in the work tree; what they change reaches neither the app nor the verifier", async () => {
    const done = await verified({
      criteria: [testsPass, agrees],
      files: { "package.json": manifest("env > env.txt; echo spoilt > docs/01_idea.md; echo 3 tests pass") },
      decide: before(({ toolResults, lastUserText }, purpose) => {
        if (purpose !== "verify" || toolResults.length > 0) return null;
        const workTree = /^Work tree: (\S+)$/mu.exec(lastUserText)?.[1] ?? "";
        const read = (path: string) => ({ type: "tool_use", name: "Read", input: { file_path: path } }) as const;
        return { blocks: [read(`${workTree}/docs/01_idea.md`), read(`${workTree}/env.txt`)] };
      }),
    });
    expect(done.report?.tests).toMatchObject({ command: "npm test", result: "passed", exitCode: 0 });
    expect(done.report?.tests?.tail).toContain("3 tests pass");
    const results = verifying(done).at(-1)?.toolResults ?? [];
    expect(results).toHaveLength(2);
    expect(results.filter(({ isError }) => !isError).map(({ text }) => text)).toEqual([
      expect.stringContaining("Long links break"),
    ]);
    expect(done.app.steps).toEqual([]);
    expect(done.log.join("\n")).toContain("running the tests: npm test");
  });

  test("that fail end the attempt with their last words, and nobody is asked for a verdict", async () => {
    const done = await verified({
      criteria: [testsPass, agrees],
      testCommand: "echo 'expected 2, got 3'; exit 4",
    });
    expect(done.end.outcome).toMatchObject({
      kind: "failed",
      findings: [
        {
          check: "tests-pass",
          step: null,
          path: null,
          line: null,
          message: expect.stringContaining("expected 2, got 3"),
        },
      ],
    });
    expect(done.report).toMatchObject({
      tests: { result: "failed", exitCode: 4, tail: "expected 2, got 3" },
      verdicts: [],
      judgeFault: null,
      decisions: [],
    });
    expect(done.asked).toEqual([]);
  });

  test("that never end are ended, and that is a finding", async () => {
    const done = await verified({
      criteria: [testsPass],
      testCommand: "echo begun; while :; do sleep 0.05; done",
      job: { verification: { budgetUsd: 1, minutes: 1, testMinutes: 0.01 } },
    });
    expect(done.report?.tests).toMatchObject({ result: "timed-out", exitCode: null, tail: "begun" });
    expect(done.end.outcome).toMatchObject({ kind: "failed", findings: [{ check: "tests-pass" }] });
  });

  test("whose program is not on the machine could not run, and the phase is judged all the same", async () => {
    const done = await verified({ criteria: [testsPass, agrees], testCommand: "no-such-tester --all" });
    expect(done.end.outcome).toEqual({ kind: "completed" });
    expect(done.report).toMatchObject({
      tests: { result: "could-not-run", tail: "Not on this runner: no-such-tester." },
      verdicts: { length: 1 },
    });
  });

  test.runIf(canHaveSecondUser)(
    "run as the agent's user, without the model's token and without what people lent",
    async () => {
      const done = await verified({
        criteria: [testsPass],
        testCommand: "env | cut -d= -f1 | sort | tr '\\n' ' '; id -un",
      });
      const tail = done.report?.tests?.tail ?? "";
      expect(tail).toMatch(
        /^CI HOME LANG NO_COLOR PATH PWD (?:OLDPWD )?SHELL (?:SHLVL )?TERM TMPDIR (?:_ )?phasegate-[0-9a-f]{8}$/u,
      );
    },
  );

  test("that outlast the run's time are left to the next run", async () => {
    const done = await verified({
      criteria: [testsPass],
      testCommand: "while :; do sleep 0.05; done",
      job: {
        limits: { moreRoundsMax: 2, stepMinutes: 2, noOutputMinutes: 1, heartbeatSeconds: 30, sliceMinutes: 0.03 },
      },
    });
    expect(done.end.outcome).toEqual({ kind: "slice-ended" });
    expect(done.app.checkpoints).toHaveLength(1);
  });
});

describe("the decisions of a phase", () => {
  test("are asked for with those that people know already, and by tools that only read", async () => {
    const known = { decision: "Links never expire", alternative: "After two years", reason: "", files: [] };
    const done = await verified({ criteria: [], job: { decisions: [{ ...known, confidence: "low" }] } });
    const request = done.asked.find((each) => purposeOf(each)?.kind === "decisions");
    expect(request?.lastUserText).toContain("- Links never expire (not: After two years)");
    expect(request?.tools).toContain("Read");
    expect(request?.tools).not.toContain("Write");
  });

  test("that are told in prose twice are none, and hold nothing up", async () => {
    const done = await verified({
      criteria: [],
      decide: before((_, purpose) => (purpose === "decisions" ? prose() : null)),
    });
    expect(done.end.outcome).toEqual({ kind: "completed" });
    expect(done.report).toMatchObject({ decisions: [] });
    expect(done.log.filter((line) => line.startsWith("warn"))).toHaveLength(2);
  });

  test("hold nothing up either where the account meets its limit", async () => {
    const done = await verified({
      criteria: [],
      options: () => ({ credential: { kind: "oauth-token", value: secrets.modelKey } }),
      decide: before((_, purpose) => (purpose === "decisions" ? limitOfSubscription(null) : null)),
    });
    expect(done.end.outcome).toEqual({ kind: "completed" });
    expect(done.report).toMatchObject({ decisions: [] });
  });

  test("travel in the sealed envelope where the app is away at the end", async () => {
    let sealed: Uint8Array | null = null;
    await verified({
      options: (app) => {
        const unavailable = { status: 503, body: { error: "unavailable", message: "starting" } };
        app.faults.set(
          runnerRoutes.outcome,
          Array.from({ length: 20 }, () => unavailable),
        );
        return {
          uploadArtifact: async ({ content }) => {
            sealed = content;
            await Promise.resolve();
          },
        };
      },
    });
    expect(sealed).not.toBeNull();
    expect(openSealed(sealed ?? new Uint8Array(), sealKey, "run-1").outcome.report).toMatchObject({
      verdicts: { length: 2 },
      decisions: { length: 5 },
    });
  });
});
