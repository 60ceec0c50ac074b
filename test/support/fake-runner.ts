/** Speaks the runner's protocol as the action does, without a model: what it hands over is the demo's product. */
import { Checkpoint } from "../../src/protocol/checkpoint.ts";
import {
  audienceOf,
  protocolVersion,
  runnerRoutes,
  SessionAnswer,
  type Answer,
  type FileChange,
  type Job,
  type RunnerReport,
} from "../../src/protocol/runner.ts";
import { loadProduct, type ProductScript } from "../model/load-product.ts";
import type { Conclusion, JobToExecute } from "../sandbox/state.ts";

export interface FakeRunnerOptions {
  /** Answers true where the runner should die right after it handed over this step, without a word. */
  readonly diesAfter?: (job: Job, step: string) => boolean;
  /** What it says to feedback; by default that all is fixed. */
  readonly answerTo?: (item: Job["feedback"][number]) => Answer;
  /** What it hands over for a step; by default the product's files. */
  readonly changesOf?: (job: Job, step: string, product: ProductScript) => readonly FileChange[];
  /** What it leaves for the next run, with a question, instead of working; null where it works. */
  readonly leaves?: (job: Job) => Checkpoint | null;
  /** Hears what it goes on from. */
  readonly goesOn?: (checkpoint: Checkpoint) => void;
  /** What it says of its work at the end; by default that all criteria are met, and what it decided. */
  readonly reportOf?: (job: Job) => RunnerReport;
}

const spent = {
  usage: { inputTokens: 1_000, outputTokens: 400, cacheCreationInputTokens: 0, cacheReadInputTokens: 2_000 },
  costUsd: 0.02,
};

const questions = {
  kind: "questions",
  questions: [
    { category: "choice", question: "Which colour?", options: ["Red", "Green"], default: null, required: true },
  ],
};

export async function fakeRunner(options: FakeRunnerOptions = {}) {
  const product = await loadProduct("create_app");
  return async ({ env }: JobToExecute): Promise<{ readonly conclusion: Conclusion }> => {
    const appUrl = env["INPUT_APP_URL"] ?? "";
    const { runToken, job } = SessionAnswer.parse(
      await post(appUrl, runnerRoutes.session, null, {
        protocol: protocolVersion,
        runId: env["INPUT_RUN"],
        oidcToken: await identityToken(env, audienceOf(appUrl)),
      }),
    );
    if (job.checkpoint !== null) {
      options.goesOn?.(Checkpoint.parse(await send("GET", appUrl, runnerRoutes.checkpoint, runToken)));
    }
    const left = options.leaves?.(job) ?? null;
    if (left !== null) {
      await send("PUT", appUrl, runnerRoutes.checkpoint, runToken, left);
      await post(appUrl, runnerRoutes.request, runToken, {
        ...questions,
        id: `${job.runId}/1`,
        step: job.stepsToDo[0],
      });
      const outcome = { outcome: { kind: "waiting-question" }, report: null, spent };
      await post(appUrl, runnerRoutes.outcome, runToken, outcome);
      return { conclusion: "success" };
    }
    for (const step of job.stepsToDo) {
      const changes = options.changesOf?.(job, step, product) ?? filesOf(product, job.phase.name, step);
      const answers = job.feedback
        .filter((item) => item.step === step)
        .map((item) => options.answerTo?.(item) ?? { id: item.id, kind: "fixed", text: "Changed as asked." });
      await post(appUrl, runnerRoutes.step, runToken, { step, changes, spent, findings: [], answers });
      if (options.diesAfter?.(job, step) === true) return { conclusion: "failure" };
    }
    await post(appUrl, runnerRoutes.outcome, runToken, {
      outcome: { kind: "completed" },
      report: options.reportOf?.(job) ?? reportOf(job),
      spent: { ...spent, costUsd: 0 },
    });
    return { conclusion: "success" };
  };
}

/** All that was asked is met. */
function reportOf({ phase }: Job): RunnerReport {
  const verdicts = phase.criteria.flatMap(({ id, kind }) =>
    kind === "judged"
      ? [{ criterion: id, passed: true, confidence: "high" as const, reason: "It is so.", evidence: [] }]
      : [],
  );
  const asksForTests = phase.criteria.some((each) => each.kind === "deterministic" && each.check === "tests-pass");
  const tests = { command: "npm test", result: "passed" as const, exitCode: 0, seconds: 1, tail: "12 passed" };
  return { verdicts, judgeFault: null, tests: asksForTests ? tests : null, decisions: decisionsOf(phase.name) };
}

function decisionsOf(phase: string): RunnerReport["decisions"] {
  return ["storage", "addresses", "errors"].map((about) => ({
    decision: `How the ${phase} treats ${about}: the plain way.`,
    alternative: "Something cleverer.",
    reason: "Less to go wrong.",
    confidence: "high",
    files: [],
  }));
}

export function filesOf(product: ProductScript, phase: string, slug: string): readonly FileChange[] {
  const step = product.steps.find((candidate) => candidate.phase === phase && candidate.slug === slug);
  if (step === undefined) throw new Error(`playing step ${phase}/${slug}: the product has none of that name`);
  return step.files.map((file) => written(file.path, file.text));
}

export function written(filePath: string, text: string): FileChange {
  return { kind: "written", path: filePath, mode: "100644", contentBase64: Buffer.from(text).toString("base64") };
}

async function identityToken(env: Readonly<Record<string, string>>, audience: string): Promise<string> {
  const url = `${env["ACTIONS_ID_TOKEN_REQUEST_URL"]}&audience=${encodeURIComponent(audience)}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}` } });
  const answer: unknown = await response.json();
  if (typeof answer === "object" && answer !== null && "value" in answer) return String(answer.value);
  throw new Error(`asking for an identity token: ${JSON.stringify(answer)}`);
}

function post(appUrl: string, route: string, token: string | null, body: unknown): Promise<unknown> {
  return send("POST", appUrl, route, token, body);
}

async function send(
  method: string,
  appUrl: string,
  route: string,
  token: string | null,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${appUrl}${route}`, {
    method,
    headers: { "content-type": "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${route}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}
