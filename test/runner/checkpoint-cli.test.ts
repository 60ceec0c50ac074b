/** Runs that stop and go on on another machine, with the real CLI: each run has folders, a home and a work tree of its own. */
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { Step } from "../../src/core/playbook.ts";
import type { Checkpoint } from "../../src/protocol/checkpoint.ts";
import type { Job, JobDependency } from "../../src/protocol/runner.ts";
import { MachineTakenAway, runPhase, type RunEnd, type RunOptions } from "../../src/runner/run-phase.ts";
import { withReport } from "../model/answer-report.ts";
import type { ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { startModelServer } from "../model/model-server.ts";
import { startFakeApp, type FakeApp } from "./fake-app.ts";
import { aJob, aStep, makeFolder, makeRepository, runOptions, secrets } from "./run-world.ts";

const words = "Long links break in mails, and nobody can read them out on the phone.";
const document = `# Document\n\n## Problem\n\n${words}\n`;
const steps = [aStep({ slug: "01_idea" }), aStep({ slug: "02_market" })];

interface Machine {
  readonly decide: (request: ModelRequest) => ModelAnswer;
  readonly files?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly job?: Partial<Omit<Job, "phase" | "headSha">>;
  readonly checkpoint?: unknown;
  readonly options?: (app: FakeApp, log: readonly string[]) => Partial<RunOptions>;
}

interface Ran {
  readonly end: RunEnd;
  readonly app: FakeApp;
  readonly log: readonly string[];
  /** Of the model, oldest first. */
  readonly asked: readonly ModelRequest[];
}

const leftovers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const remove of leftovers.splice(0)) await remove();
});

async function runOn({ decide, files, checkpoint, ...given }: Machine): Promise<Ran> {
  const folder = await makeFolder();
  leftovers.push(() => folder[Symbol.asyncDispose]());
  const repository = await makeRepository(folder.path, { "README.md": "A product\n", ...files });
  const stored = checkpoint as Checkpoint | undefined;
  const job = aJob({
    steps: given.steps ?? steps,
    ...given.job,
    headSha: repository.sha,
    ...(stored === undefined ? {} : { checkpoint: { checkpointId: stored.checkpointId } }),
  });
  const app = await startFakeApp(job, { stored });
  const model = await startModelServer({ decide: withReport(decide), credentials: [secrets.modelKey] });
  const log: string[] = [];
  const options = runOptions(folder.path, { appUrl: app.url, modelUrl: model.url }, log);
  try {
    const end = await runPhase({ ...options, ...given.options?.(app, log) });
    const asked = model.requests.flatMap(({ request }) => request ?? []);
    return { end, app, log, asked };
  } finally {
    await model.stop();
    await app.close();
  }
}

function bash(command: string): ModelAnswer {
  return { blocks: [{ type: "tool_use", name: "Bash", input: { command, description: "work" } }] };
}

function say(text: string): ModelAnswer {
  return { blocks: [{ type: "text", text }] };
}

function stepIn({ lastUserText }: ModelRequest): string {
  return /^Step: planning\/(\S+)$/mu.exec(lastUserText)?.[1] ?? "";
}

function writing(step: string): ModelAnswer {
  return bash(`mkdir -p docs; cat > docs/${step}.md <<'END'\n${document}END`);
}

/** Writes each document at once. */
function diligent(request: ModelRequest): ModelAnswer {
  return request.toolResults.length > 0 ? say("Done.") : writing(stepIn(request));
}

/** Works on the second step and never comes to its end. */
function slow(request: ModelRequest): ModelAnswer {
  const step = stepIn(request);
  if (step !== "02_market") return diligent(request);
  const half = "echo half of it > docs/02_market.md; echo odd > docs/notes.md";
  return request.toolResults.length === 0 ? bash(half) : bash("while :; do sleep 0.1; done");
}

/** The first run: its second step is broken off in the midst of a tool, as the reason says. */
async function brokenOff(reason: Error): Promise<Ran & { readonly checkpoint: Checkpoint }> {
  const stop = new AbortController();
  const ran = await runOn({
    decide: slow,
    options: (_, log) => ({
      signal: stop.signal,
      log: (level, text) => {
        (log as string[]).push(`${level}: ${text}`);
        if (text.includes("while :;")) stop.abort(reason);
      },
    }),
  });
  const checkpoint = ran.app.checkpoints.at(-1);
  if (checkpoint === undefined) throw new Error("the run left no checkpoint");
  return { ...ran, checkpoint };
}

function textOf({ app }: Ran, path: string): string | undefined {
  const change = app.steps.flatMap(({ changes }) => changes).find((change) => change.path === path);
  return change?.kind === "written" ? Buffer.from(change.contentBase64, "base64").toString() : undefined;
}

describe("a run whose machine is taken away in the midst of a tool", () => {
  test("is lost, and another one goes on in the same conversation, with the same tree, at the same step", async () => {
    const first = await brokenOff(new MachineTakenAway("SIGTERM"));
    expect(first.end.outcome).toEqual({ kind: "lost", message: "the machine was taken away" });
    expect(first.app.order.slice(-2)).toEqual(["checkpoint", "outcome"]);
    const { checkpoint } = first;
    expect(checkpoint).toMatchObject({ reason: "manual", taskId: "task-1", runId: "run-1" });
    expect(checkpoint.executionState).toMatchObject({ currentStep: "02_market", progress: 50, toolsUsed: ["Bash"] });
    const paths = checkpoint.resumeContext.changes.map(({ change, baseOid }) => [change.path, baseOid]);
    expect(paths).toEqual([["docs/02_market.md", null], ["docs/notes.md", null]]); // prettier-ignore

    const second = await runOn({
      files: { "docs/01_idea.md": document },
      job: { runId: "run-2", stepsToDo: ["02_market"] },
      checkpoint,
      decide: (request) =>
        request.toolResults.length === 0 ? bash(`cat docs/02_market.md; rm docs/notes.md; pwd`) : finishMarket(request),
    });

    expect(second.end.outcome).toEqual({ kind: "completed" });
    expect(second.log.filter((line) => line.startsWith("warn"))).toEqual([]);
    const earlier = second.asked[0]?.messages ?? [];
    expect(earlier.map(({ text }) => text).join("\n")).toContain("Step: planning/01_idea");
    expect(JSON.stringify(earlier)).toContain("half of it");
    const results = second.asked.flatMap(({ toolResults }) => toolResults.map(({ text }) => text)).join("\n");
    expect(results).toContain("half of it");
    expect(textOf(second, "docs/02_market.md")).toBe(document);
    expect(second.app.steps[0]?.changes.map(({ path }) => path)).toEqual(["docs/02_market.md"]);
    const workTrees = [first, second].map(
      ({ asked }) => /^Work tree: (\S+)$/mu.exec(asked.at(-1)?.lastUserText ?? "")?.[1],
    );
    expect(workTrees[0]).not.toBe(workTrees[1]);
  });

  test("is cancelled where a person cancelled the job, and leaves a checkpoint all the same", async () => {
    const { end, checkpoint } = await brokenOff(new Error("SIGINT"));
    expect(end.outcome).toEqual({ kind: "cancelled" });
    expect(checkpoint.executionState.conversation?.files.length).toBeGreaterThan(0);
  });

  test("does not put back what people have changed meanwhile, and the agent is told", async () => {
    const { checkpoint } = await brokenOff(new MachineTakenAway("SIGTERM"));
    const second = await runOn({
      files: { "docs/01_idea.md": document, "docs/02_market.md": "A person's own words.\n" },
      job: { stepsToDo: ["02_market"] },
      checkpoint,
      decide: (request) =>
        request.toolResults.length === 0 ? bash("cat docs/02_market.md; rm docs/notes.md") : finishMarket(request),
    });
    expect(second.asked.flatMap(({ toolResults }) => toolResults.map(({ text }) => text))[0]).toContain(
      "A person's own",
    );
    expect(second.asked[0]?.lastUserText).toContain("docs/02_market.md");
    expect(second.log).toContain("warn: what the step had changed in docs/02_market.md is not put back");
    expect(second.end.outcome).toEqual({ kind: "completed" });
  });
});

function finishMarket(request: ModelRequest): ModelAnswer {
  return request.toolResults.length === 1 ? writing("02_market") : say("Done.");
}

describe("a run that has to pause", () => {
  test("for a limit of the model account leaves its conversation, and when the limit ends", async () => {
    const limited = { status: 429, type: "rate_limit_error", message: "slow down", headers: { "retry-after": "7200" } };
    const first = await runOn({
      decide: (request) => (stepIn(request) === "01_idea" ? diligent(request) : { error: limited }),
    });
    expect(first.end.outcome).toMatchObject({ kind: "rate-limited" });
    const resetsAt = first.end.outcome?.kind === "rate-limited" ? first.end.outcome.resetsAt : null;
    expect(resetsAt).not.toBeNull();
    const checkpoint = first.app.checkpoints.at(-1);
    expect(checkpoint).toMatchObject({ reason: "rate_limit", rateLimitInfo: { resetAt: resetsAt } });
    expect(checkpoint?.executionState.currentStep).toBe("02_market");
    const second = await runOn({
      files: { "docs/01_idea.md": document },
      job: { stepsToDo: ["02_market"] },
      checkpoint,
      decide: diligent,
    });
    expect(second.end.outcome).toEqual({ kind: "completed" });
    expect(JSON.stringify(second.asked[0]?.messages)).toContain("Step: planning/01_idea");
  });

  test("at the end of its slice begins no other step, and leaves its conversation", async () => {
    const hourMs = 3_600_000;
    const { end, app } = await runOn({
      decide: diligent,
      options: ({ steps }) => ({
        now: () => new Date(performance.timeOrigin + performance.now() + steps.length * hourMs),
      }),
    });
    expect(end).toEqual({ outcome: { kind: "slice-ended" }, isGreen: true });
    expect(app.order).toEqual(["step 01_idea", "checkpoint", "checkpoint", "outcome"]);
    expect(app.checkpoints.at(-1)).toMatchObject({
      reason: "auto",
      executionState: { currentStep: null, progress: 50 },
    });
    expect(app.checkpoints.at(-1)?.executionState.conversation).not.toBeNull();
  });
});

describe("a checkpoint that can't be used", () => {
  test.each<readonly [what: string, spoil: (checkpoint: Checkpoint) => unknown, says: RegExp]>([
    ["of another task", (checkpoint) => ({ ...checkpoint, taskId: "task-2" }), /it belongs to another task/u],
    ["of another phase", (checkpoint) => withState(checkpoint, { currentPhase: "design" }), /another phase/u],
    ["of another shape", ({ checkpointId }) => ({ checkpointId, version: 7 }), /has another shape/u],
    ["with a transcript that is no archive", (checkpoint) => withFiles(checkpoint, () => "AAAA"), /header/u],
    ["with a transcript that is no JSON", (checkpoint) => withFiles(checkpoint, () => packed("no json")), /JSON/u],
  ])("%s is left alone: the phase goes on from the branch, and says so", async (_what, spoil, says) => {
    const second = await runOn({
      files: { "docs/01_idea.md": document },
      job: { stepsToDo: ["02_market"] },
      checkpoint: spoil(await aCheckpoint()),
      decide: diligent,
    });
    expect(second.end.outcome).toEqual({ kind: "completed" });
    const warnings = second.log.filter((line) => line.startsWith("warn"));
    expect(warnings.join("\n")).toMatch(says);
    expect(warnings.join("\n")).toContain("The phase goes on from its branch, in a new conversation");
    expect(JSON.stringify(second.asked[0]?.messages)).not.toContain("01_idea");
  });
});

let made: Promise<Checkpoint> | null = null;

/** One for all: what is in it is spoilt in copies. */
async function aCheckpoint(): Promise<Checkpoint> {
  made ??= runOn({ decide: diligent, job: { stepsToDo: ["01_idea"] } }).then(({ app }) => {
    const checkpoint = app.checkpoints.at(-1);
    if (checkpoint === undefined) throw new Error("the run left no checkpoint");
    return checkpoint;
  });
  return await made;
}

function withState(checkpoint: Checkpoint, state: Partial<Checkpoint["executionState"]>): Checkpoint {
  return { ...checkpoint, executionState: { ...checkpoint.executionState, ...state } };
}

function withFiles(checkpoint: Checkpoint, content: (file: string) => string): Checkpoint {
  const { conversation } = checkpoint.executionState;
  const files = (conversation?.files ?? []).map((file) => ({ ...file, gzipBase64: content(file.gzipBase64) }));
  return withState(checkpoint, { conversation: conversation && { ...conversation, files } });
}

function packed(text: string): string {
  return gzipSync(text).toString("base64");
}

describe("a granted value", () => {
  const value = "vRy7Kq2mZ8wXt4Lp9Nc3Bd6F";
  const dependency: JobDependency = {
    name: "PAYMENT_KEY",
    askedAs: "PAYMENT_KEY",
    type: "api_key",
    state: "granted",
    steps: ["01_idea"],
    slot: 3,
  };

  test("is in the environment of the step that asked, and in nothing that leaves the machine", async () => {
    const forms = [Array.from(value).reverse().join(""), Buffer.from(value).toString("hex")];
    const written = [value, forms.join("\n"), "nothing"];
    const ran = await runOn({
      job: { dependencies: [dependency] },
      options: () => ({ values: new Map([[3, value]]) }),
      decide: (request) => {
        const step = stepIn(request);
        const isMending = request.lastUserText.includes("Mend:");
        if (step === "01_idea" && !isMending && request.toolResults.length === 0) {
          return bash(`printenv PAYMENT_KEY; echo $PAYMENT_KEY > docs_key.txt; tr '\\0' ' ' < /proc/$PPID/cmdline`);
        }
        if (step === "02_market" && request.toolResults.length === 0) {
          return bash(`echo "value: [$PAYMENT_KEY]"; ${writeCommand("02_market", "")}`);
        }
        const mayWrite = step === "01_idea" && request.toolResults.length < (isMending ? 1 : 2);
        return mayWrite ? bash(writeCommand("01_idea", written.shift() ?? "")) : say(`The key is ${value}.`);
      },
    });
    expect(ran.end.outcome).toEqual({ kind: "completed" });
    const results = ran.asked.flatMap(({ toolResults }) => toolResults.map(({ text }) => text));
    // It had it, so that its absence elsewhere means something.
    expect(results[0]).toMatch(new RegExp(`^${value}\n`, "u"));
    expect(results.join("\n").replaceAll(new RegExp(`^${value}$`, "gmu"), "")).not.toContain(value);
    expect(results.some((text) => text.includes("value: []"))).toBe(true);
    const mends = ran.asked.map(({ lastUserText }) => lastUserText).filter((text) => text.includes("Mend:"));
    expect(mends.join("\n")).toContain("the value of PAYMENT_KEY stands in the file: read it from the environment");
    const files = ran.app.checkpoints.flatMap(({ executionState }) => executionState.conversation?.files ?? []);
    expect(files.length).toBeGreaterThan(0);
    const transcripts = files.map(({ gzipBase64 }) => gunzipSync(Buffer.from(gzipBase64, "base64")).toString());
    for (const line of transcripts.join("").split("\n"))
      if (line !== "") expect(() => void JSON.parse(line)).not.toThrow();
    const { steps, batches, requests, checkpoints, outcomes } = ran.app;
    const decoded = steps.flatMap(({ changes }) =>
      changes.map((change) =>
        change.kind === "written" ? Buffer.from(change.contentBase64, "base64").toString() : "",
      ),
    );
    const all = JSON.stringify([steps, batches, requests, checkpoints, outcomes, ran.log, decoded, transcripts]);
    for (const form of [value, ...forms, value.slice(0, 20)]) {
      expect(all.includes(form)).toBe(false);
    }
    expect(decoded[0]).toContain("nothing");
  });

  test("that nobody put there is named to the people, and the agent is not started", async () => {
    const ran = await runOn({
      job: { dependencies: [dependency] },
      options: () => ({ values: new Map([[3, ""]]) }),
      decide: diligent,
    });
    expect(ran.end).toEqual({ outcome: { kind: "waiting-dependency" }, isGreen: true });
    expect(ran.app.order).toEqual(["request run-1/1", "checkpoint", "outcome"]);
    expect(ran.app.requests).toEqual([
      {
        kind: "value-refused",
        id: "run-1/1",
        step: "01_idea",
        name: "PAYMENT_KEY",
        message: "GitHub gave no value for PAYMENT_KEY: no secret and no variable of that name holds one.",
      },
    ]);
    expect(ran.asked).toEqual([]);
  });
});

function writeCommand(step: string, more: string): string {
  return `mkdir -p docs; cat > docs/${step}.md <<'END'\n${document}\n${more}\nEND`;
}
