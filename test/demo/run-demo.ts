import { execa } from "execa";
import { access, mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tokensOf } from "../../src/core/usage.ts";
import { startModelServer } from "../model/model-server.ts";
import { finalTree, loadProduct, loadWish, type ProductScript } from "../model/load-product.ts";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import { startWorld } from "../support/github-world.ts";
import { databasePlace, filePlace, findValue, placesOnGitHub } from "../support/where-it-stands.ts";
import { demoAgent } from "./agent.ts";
import { startAppProcess } from "./app-process.ts";
import type { DemoEvent } from "./demo-event.ts";
import { mainType, type DemoOptions } from "./options.ts";
import { demoPerson } from "./person.ts";
import { isWait, Told } from "./told.ts";
import { typeAgent } from "./type-agent.ts";

/** A scripted demo ends within this time or something is wrong. */
const scriptedMsMax = 10 * 60_000;
const realMsMax = 6 * 60 * 60_000;

type Finished = Extract<DemoEvent, { type: "demo-finished" }>;

/** Runs a task from the label to the last merge. Resolves when all is stopped, or, with `keep`, when `signal` says so. */
export async function runDemo(
  options: DemoOptions,
  show: (event: DemoEvent) => void,
  signal: AbortSignal,
): Promise<Finished> {
  let isOver = false;
  // Its last word is the end: what is stopped after it may still speak.
  const emit = (event: DemoEvent): void => {
    if (!isOver || event.type === "problem") show(event);
  };
  const startedAt = performance.now();
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "phasegate-demo-")));
  const stops: (() => Promise<unknown>)[] = [];
  const told = new Told(emit);
  try {
    emit({ type: "demo-started", model: options.model.kind, notes: options.notes });
    const product = await loadProduct(options.type);
    const status = await play(options, product, folder, told, emit, stops, signal);
    const result =
      status === "completed" ? await collect(options, product, folder, told, emit) : { repository: null, log: [] };
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
    isOver = true;
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
  product: ProductScript,
  folder: string,
  told: Told,
  emit: (event: DemoEvent) => void,
  stops: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<"completed" | "failed" | "stopped"> {
  const model = await startModel(options, product, stops);
  const { title, body, repository } = await loadWish(options.type);
  const world = await startWorld({
    folder,
    claudePath: await claudeBinaryPath(),
    secret: model.secret,
    files: repository,
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
      NAMES_SECONDS: "1",
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
  let issueNumber = 0;
  const person = demoPerson(world, told, () => issueNumber, emit, {
    isContent: options.type !== mainType,
    talk: product.steps.filter(({ says }) => says !== undefined),
  });
  told.onEvent = (event) => {
    void person.hear(event).catch((error: unknown) => fail(error));
    if (event.type === "TaskCompleted") settle("completed");
    if (event.type === "TaskPaused" && !isWait(event)) settle("failed");
    if (event.type === "TaskFailed" || event.type === "TaskCancelled") settle("failed");
  };
  function fail(error: unknown): void {
    emit({ type: "problem", message: error instanceof Error ? error.message : String(error) });
    settle("failed");
  }
  const opened = await world.owner.openIssue({ title, body, labels: [options.type] });
  issueNumber = opened.number;
  const url = `${world.sandbox.url}/acme/links/issues/${opened.number}`;
  emit({ type: "issue-opened", number: opened.number, title, label: options.type, url });
  const patience = new AbortController();
  const tooLong = delay(options.model.kind === "real" ? realMsMax : scriptedMsMax, "failed" as const, {
    signal: patience.signal,
  }).catch(() => "failed" as const);
  try {
    const status = await Promise.race([settled, tooLong]);
    if (status !== "completed" || person.secrets.length === 0) return status;
    const places = [
      ...(await placesOnGitHub(world.sandbox)),
      await databasePlace(path.join(folder, "data")),
      await filePlace("lines of the app's log", path.join(folder, "app.log")),
    ];
    const found = person.secrets.flatMap((value) => findValue(value, places));
    emit({ type: "secrets-searched", places: places.map(({ name }) => name), found });
    return found.length === 0 ? "completed" : "failed";
  } finally {
    patience.abort();
  }
}

async function startModel(options: DemoOptions, product: ProductScript, stops: (() => Promise<unknown>)[]) {
  if (options.model.kind === "real") return { url: options.model.baseUrl, secret: options.model.secret };
  const key = "sk-ant-scripted-model";
  const decide = options.type === mainType ? demoAgent(product) : typeAgent(product);
  const server = await startModelServer({ decide, credentials: [key] });
  stops.push(() => server.stop());
  return { url: server.url, secret: { name: "ANTHROPIC_API_KEY", value: key } };
}

/** Clones what came out, holds it against what was to be made, and runs its tests. */
async function collect(
  options: DemoOptions,
  product: ProductScript,
  folder: string,
  told: Told,
  emit: (event: DemoEvent) => void,
) {
  const repository = path.join(folder, "links");
  const repositories = path.join(folder, "github", "repositories");
  const { stdout: bare } = await execa("ls", [repositories]);
  await mkdir(repository, { recursive: true });
  await execa("git", ["clone", "--quiet", path.join(repositories, bare.split("\n")[0] ?? ""), repository]);
  // It came from the sandbox, which is gone in a moment.
  await execa("git", ["-C", repository, "remote", "remove", "origin"]);
  const faults =
    options.model.kind === "real"
      ? []
      : [...told.warnings, ...(await missingFrom(repository, product, options.type === mainType))];
  for (const message of faults) emit({ type: "problem", message });
  const passed = !(await isThere(path.join(repository, "package.json"))) || (await testsPass(repository, emit));
  const { stdout: log } = await execa("git", ["-C", repository, "log", "--oneline"]);
  return { repository: passed && faults.length === 0 ? repository : null, log: log.split("\n") };
}

async function testsPass(repository: string, emit: (event: DemoEvent) => void): Promise<boolean> {
  const tests = await execa("npm", ["test"], {
    cwd: repository,
    all: true,
    reject: false,
    timeout: 120_000,
    stdin: "ignore",
  });
  const passed = tests.exitCode === 0;
  emit({ type: "tests-run", passed, output: tests.all.slice(-2_000) });
  return passed;
}

/** Of a run's tables and of specifications the app itself keeps the status; the latter may lie elsewhere by then. */
const keptByApp = /^(?:\.phasegate|runs|db)\//u;

async function missingFrom(
  repository: string,
  product: ProductScript,
  isPlayedOut: boolean,
): Promise<readonly string[]> {
  const made = Object.entries(finalTree(product)).filter(([file]) => !keptByApp.test(file));
  const found = await Promise.all(
    made.map(([file]) => readFile(path.join(repository, file), "utf8").catch(() => null)),
  );
  return made.flatMap(([file, text], at) => {
    if (found[at] === null) return [`the default branch has no ${file}`];
    // What people said in between changes some.
    return isPlayedOut || found[at] === text ? [] : [`${file} on the default branch is not what was made last`];
  });
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
