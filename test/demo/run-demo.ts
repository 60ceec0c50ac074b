import { execa } from "execa";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TaskEvent } from "../../src/core/events.ts";
import { addSpent, nothingSpent, tokensOf, type Spent } from "../../src/core/usage.ts";
import { LiveEvent } from "../../src/protocol/runner.ts";
import { z } from "zod";
import { startModelServer } from "../model/model-server.ts";
import { loadProduct } from "../model/load-product.ts";
import { scriptedDecide } from "../model/script.ts";
import { startWorld, type World } from "../support/github-world.ts";
import { startAppProcess, type AppLine } from "./app-process.ts";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import type { DemoEvent, PhaseResult } from "./demo-event.ts";
import type { DemoOptions } from "./options.ts";

const label = "create_app";
const issue = {
  title: "A link shortener with a web page",
  body: [
    "I want a small link shortener that we host ourselves.",
    "",
    "- Paste a long URL into a web page, get a short one.",
    "- Opening the short one redirects to the long one.",
    "- See how often each short link was opened.",
    "- Optionally choose the short name yourself.",
    "",
    "No accounts, no tracking, no database server. It should run with plain Node.js.",
  ].join("\n"),
};

/** A scripted demo ends within this time or something is wrong. */
const scriptedMsMax = 10 * 60_000;
const realMsMax = 6 * 60 * 60_000;

const PullFiles = z.array(z.object({ filename: z.string(), additions: z.int() }));

type Finished = Extract<DemoEvent, { type: "demo-finished" }>;

/** Runs the main job from the label to the last merge. Resolves when all is stopped, or, with `keep`, when `signal` says so. */
export async function runDemo(
  options: DemoOptions,
  emit: (event: DemoEvent) => void,
  signal: AbortSignal,
): Promise<Finished> {
  const startedAt = performance.now();
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "phasegate-demo-")));
  const stops: (() => Promise<unknown>)[] = [];
  const told = new Told(emit);
  try {
    emit({ type: "demo-started", model: options.model.kind, notes: options.notes });
    const status = await play(options, folder, told, emit, stops, signal);
    const result = status === "completed" ? await collect(folder, emit, stops) : { repository: null, log: [] };
    const passed = status === "completed" && result.repository !== null;
    const finished: Finished = {
      type: "demo-finished",
      status: passed ? "completed" : status === "stopped" ? "stopped" : "failed",
      repository: result.repository,
      phases: told.phases(),
      elapsedMs: Math.round(performance.now() - startedAt),
      tokens: tokensOf(told.spent().usage),
      costUsd: told.spent().costUsd,
      log: result.log,
    };
    emit(finished);
    if (options.keep && !signal.aborted) await untilAborted(signal);
    return finished;
  } finally {
    for (const stop of stops.reverse())
      await stop().catch((error: unknown) => emit({ type: "problem", message: String(error) }));
    // What people want to look at stays: the resulting work tree and the app's log.
    for (const part of ["github", "jobs", "data"]) await rm(path.join(folder, part), { recursive: true, force: true });
  }
}

async function play(
  options: DemoOptions,
  folder: string,
  told: Told,
  emit: (event: DemoEvent) => void,
  stops: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<"completed" | "failed" | "stopped"> {
  const model = await startModel(options, stops);
  const world = await startWorld({
    folder,
    claudePath: await claudeBinaryPath(),
    secret: model.secret,
    ...(model.url === null ? {} : { modelUrl: model.url }),
    jobEnvironment: options.sameUser ? { PHASEGATE_UNSAFE_SAME_USER: "1" } : {},
  });
  stops.push(() => world.sandbox.stop());
  let settle: (status: "completed" | "failed" | "stopped") => void = () => undefined;
  const settled = new Promise<"completed" | "failed" | "stopped">((resolve) => {
    settle = resolve;
  });
  signal.addEventListener("abort", () => settle("stopped"), { once: true });
  const app = await startAppProcess({
    environment: {
      ...world.appEnvironment,
      TASK_BUDGET_USD: String(options.budgetUsd),
      // The scripted reviewer has no second thoughts, so nobody need wait for them.
      REVIEW_DEBOUNCE_SECONDS: "1",
    },
    logFile: path.join(folder, "app.log"),
    onLine: (line) => told.hear(line),
    onDeath(message) {
      emit({ type: "problem", message });
      settle("failed");
    },
  });
  stops.push(() => app.stop());
  emit({ type: "ready", github: world.sandbox.url, app: world.appUrl, model: model.url ?? "the provider", folder });
  told.onEvent = (event) => {
    if (event.type === "ReviewCreated")
      void review(world, told, event.phase, emit).catch((error: unknown) => fail(error));
    if (event.type === "TaskCompleted") settle("completed");
    if (event.type === "TaskPaused" || event.type === "TaskFailed" || event.type === "TaskCancelled") settle("failed");
  };
  function fail(error: unknown): void {
    emit({ type: "problem", message: error instanceof Error ? error.message : String(error) });
    settle("failed");
  }
  const opened = await world.owner.openIssue({ ...issue, labels: [label] });
  const url = `${world.sandbox.url}/acme/links/issues/${opened.number}`;
  emit({ type: "issue-opened", number: opened.number, title: issue.title, label, url });
  const patience = new AbortController();
  const tooLong = delay(options.model.kind === "real" ? realMsMax : scriptedMsMax, "failed" as const, {
    signal: patience.signal,
  }).catch(() => "failed" as const);
  try {
    return await Promise.race([settled, tooLong]);
  } finally {
    patience.abort();
  }
}

async function startModel(options: DemoOptions, stops: (() => Promise<unknown>)[]) {
  if (options.model.kind === "real") return { url: options.model.baseUrl, secret: options.model.secret };
  const key = "sk-ant-scripted-model";
  const product = await loadProduct(path.join(import.meta.dirname, "product"));
  const server = await startModelServer({ decide: scriptedDecide(product), credentials: [key] });
  stops.push(() => server.stop());
  return { url: server.url, secret: { name: "ANTHROPIC_API_KEY", value: key } };
}

/** The phase in which the scripted reviewer is not content at first. */
const pickyPhase = 2;
const remarks = [
  "Say what happens when the same URL is shortened twice.",
  "Please name the limit here, too, so that nobody has to look it up.",
] as const;

/** The scripted person at the gate: looks at what changed, asks once for changes, approves, merges. */
async function review(world: World, told: Told, phase: number, emit: (event: DemoEvent) => void): Promise<void> {
  const pullRequest = told.gateOf(phase);
  if (pullRequest === null) return;
  const { owner } = world;
  if (phase === pickyPhase && told.reworksOf(phase) === 0) return askForChanges(world, phase, pullRequest, emit);
  const files = await owner.request("GET", `/pulls/${pullRequest}/files?per_page=100`);
  if (!Array.isArray(files.body) || files.body.length === 0)
    throw new Error(`reviewing #${pullRequest}: it changes nothing`);
  await owner.review({ number: pullRequest, event: "APPROVE", body: "Reads well, thank you." });
  emit({ type: "reviewed", phase, pullRequest, verdict: "approved", remarks: [], by: owner.login });
  await owner.merge(pullRequest);
}

/** A review with a comment at a line of two documents. */
async function askForChanges(
  { owner }: World,
  phase: number,
  pullRequest: number,
  emit: (event: DemoEvent) => void,
): Promise<void> {
  const { body } = await owner.request("GET", `/pulls/${pullRequest}/files?per_page=100`);
  const files = PullFiles.parse(body).filter(({ filename }) => filename.endsWith(".md"));
  const said = remarks.flatMap((text, index) => {
    const file = files[index * 2] ?? files[index];
    return file === undefined ? [] : [{ path: file.filename, line: Math.min(3, file.additions), text }];
  });
  await owner.review({
    number: pullRequest,
    event: "REQUEST_CHANGES",
    body: "Good on the whole; two points before I merge it.",
    comments: said.map(({ path, line, text }) => ({ path, line, body: text })),
  });
  emit({ type: "reviewed", phase, pullRequest, verdict: "changes requested", remarks: said, by: owner.login });
}

/** Clones what came out and runs its tests. */
async function collect(folder: string, emit: (event: DemoEvent) => void, stops: readonly unknown[]) {
  if (stops.length === 0) return { repository: null, log: [] };
  const repository = path.join(folder, "links");
  const repositories = path.join(folder, "github", "repositories");
  const { stdout: bare } = await execa("ls", [repositories]);
  await mkdir(repository, { recursive: true });
  await execa("git", ["clone", "--quiet", path.join(repositories, bare.split("\n")[0] ?? ""), repository]);
  // It came from the sandbox, which is gone in a moment.
  await execa("git", ["-C", repository, "remote", "remove", "origin"]);
  const tests = await execa("npm", ["test"], {
    cwd: repository,
    all: true,
    reject: false,
    timeout: 120_000,
    stdin: "ignore",
  });
  emit({ type: "tests-run", passed: tests.exitCode === 0, output: tests.all.slice(-2_000) });
  const { stdout: log } = await execa("git", ["-C", repository, "log", "--oneline"]);
  return { repository: tests.exitCode === 0 ? repository : null, log: log.split("\n") };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Turns the app's log into the events of the demo, and remembers what the end needs. */
class Told {
  onEvent: (event: TaskEvent) => void = () => undefined;
  readonly #emit: (event: DemoEvent) => void;
  readonly #phases = new Map<number, PhaseTold>();
  readonly #titles = new Map<string, string>();
  #outline: Extract<TaskEvent, { type: "TaskCreated" }>["playbook"] | null = null;
  #phase = 0;
  #attempt = 1;
  /** Where each point of feedback stands. */
  readonly #places = new Map<string, string>();
  /** When the run began, or its last step ended: what lies between is the next step. */
  #stepStartedAt = 0;

  constructor(emit: (event: DemoEvent) => void) {
    this.#emit = emit;
  }

  gateOf(phase: number): number | null {
    return this.#phases.get(phase)?.pullRequest ?? null;
  }

  reworksOf(phase: number): number {
    return this.#phases.get(phase)?.reworks ?? 0;
  }

  spent(): Spent {
    return [...this.#phases.values()].reduce((sum, phase) => addSpent(sum, phase.spent), nothingSpent);
  }

  phases(): readonly PhaseResult[] {
    return [...this.#phases].map(([phase, { name, pullRequest, merged, steps, spent }]) => ({
      phase,
      name,
      pullRequest,
      merged,
      steps: steps.size,
      tokens: tokensOf(spent.usage),
      costUsd: spent.costUsd,
    }));
  }

  hear(line: AppLine): void {
    if (line.msg === "event") {
      // The app's own events, written by it a moment ago.
      const event = line.event as TaskEvent;
      this.#onTaskEvent(event);
      this.onEvent(event);
    } else if (line.msg === "live") {
      const live = LiveEvent.safeParse(line.live);
      if (live.success) this.#onLive(live.data);
    } else if ((line.level ?? 0) >= 50) {
      this.#emit({ type: "problem", message: line.msg });
    }
  }

  #onLive(live: LiveEvent): void {
    if (live.kind === "step-started") {
      const { step, number, total } = live;
      this.#emit({
        type: "step-started",
        phase: this.#phase,
        step,
        title: this.#titles.get(step) ?? step,
        number,
        total,
      });
    } else if (live.kind === "action") {
      this.#emit({ type: "action", step: live.step, text: live.text });
    } else if (live.kind === "round") {
      this.#emit({
        type: "round",
        step: live.step,
        round: live.round,
        missing: live.findings.map((finding) => finding.message),
      });
    } else if (live.kind === "log" && live.level === "error") {
      this.#emit({ type: "problem", message: live.text });
    }
  }

  #onTaskEvent(event: TaskEvent): void {
    switch (event.type) {
      case "TaskCreated":
        this.#outline = event.playbook;
        return;
      case "PhaseStarted": {
        const outline = this.#outline?.phases.find((phase) => phase.number === event.phase);
        this.#phase = event.phase;
        this.#titles.clear();
        for (const step of outline?.steps ?? []) this.#titles.set(step.slug, step.title);
        this.#phases.set(event.phase, {
          name: outline?.name ?? "",
          pullRequest: null,
          merged: false,
          steps: new Set(),
          reworks: 0,
          spent: nothingSpent,
        });
        const phases = this.#outline?.phases.length ?? 0;
        this.#emit({
          type: "phase-started",
          phase: event.phase,
          phases,
          title: outline?.title ?? "",
          steps: outline?.steps.length ?? 0,
        });
        return;
      }
      case "RunDispatched":
        this.#emit({ type: "run-started", phase: this.#phase, attempt: this.#attempt, url: event.url });
        return;
      case "StepCompleted":
        this.#change(event.phase, (phase) => ({
          ...phase,
          steps: new Set([...phase.steps, event.step]),
          spent: addSpent(phase.spent, event.spent),
        }));
        this.#emit({
          type: "step-completed",
          phase: event.phase,
          step: event.step,
          title: this.#titles.get(event.step) ?? event.step,
          files: event.files,
          tokens: tokensOf(event.spent.usage),
          costUsd: event.spent.costUsd,
          elapsedMs: Date.parse(event.at) - this.#stepStartedAt,
        });
        this.#stepStartedAt = Date.parse(event.at);
        return;
      case "RunEnded":
        this.#change(event.phase, (phase) => ({ ...phase, spent: addSpent(phase.spent, event.spent) }));
        return;
      case "GateOpened":
        this.#change(event.phase, (phase) => ({ ...phase, pullRequest: event.pullRequest }));
        this.#emit({ type: "gate-opened", phase: event.phase, pullRequest: event.pullRequest, url: event.url });
        return;
      case "PhaseVerified":
        this.#emit({
          type: "verified",
          phase: event.phase,
          passed: event.passed,
          checks: event.checks.length,
          findings: event.findings.map((finding) => `${finding.path ?? "phase"}: ${finding.message}`),
        });
        return;
      case "ReviewCreated": {
        const pullRequest = this.gateOf(event.phase) ?? 0;
        this.#emit({ type: "gate-ready", phase: event.phase, pullRequest, url: "" });
        return;
      }
      case "PhaseCompleted":
        this.#change(event.phase, (phase) => ({ ...phase, merged: true }));
        this.#emit({ type: "merged", phase: event.phase, pullRequest: this.gateOf(event.phase) ?? 0, by: event.by });
        return;
      case "TaskPaused":
        this.#emit({
          type: "paused",
          reason: "message" in event.reason ? `${event.reason.kind}: ${event.reason.message}` : event.reason.kind,
        });
        return;
      case "TaskFailed":
        this.#emit({ type: "problem", message: event.message });
        return;
      case "RunStarted":
        this.#stepStartedAt = Date.parse(event.at);
        return;
      case "RunRequested":
        this.#attempt = event.attempt;
        return;
      case "FeedbackGiven":
        for (const { id, path: file, line } of event.feedback) {
          this.#places.set(id, file === null ? "what the review says as a whole" : `${file}:${line ?? 1}`);
        }
        return;
      case "ReworkRequested":
        this.#change(event.phase, (phase) => ({ ...phase, reworks: phase.reworks + 1 }));
        this.#emit({
          type: "rework-requested",
          phase: event.phase,
          by: event.by.join(", "),
          points: event.ids.length,
        });
        return;
      case "FeedbackAnswered":
        this.#emit({
          type: "feedback-answered",
          phase: event.phase,
          answer: event.answer,
          place: this.#places.get(event.id) ?? event.id,
        });
        return;
      case "TaskStarted":
      case "StepPublished":
      case "ChangesetRefused":
      case "ReviewApproved":
      case "PhaseApproved":
      case "ChangesRequested":
      case "ReviewWithdrawn":
      case "CiReleased":
      case "FeedbackResolved":
      case "FeedbackReopened":
      case "RetryRequested":
      case "PhaseAccepted":
      case "RepositoryMoved":
      case "TaskResumed":
      case "TaskCompleted":
      case "TaskCancelled":
      case "TaskErased":
        return;
    }
  }

  #change(number: number, change: (phase: PhaseTold) => PhaseTold): void {
    const phase = this.#phases.get(number);
    if (phase !== undefined) this.#phases.set(number, change(phase));
  }
}

interface PhaseTold {
  readonly name: string;
  readonly pullRequest: number | null;
  readonly merged: boolean;
  /** Slugs; a rework does some of them again. */
  readonly steps: ReadonlySet<string>;
  readonly reworks: number;
  readonly spent: Spent;
}
