import { expect, test } from "vitest";
import { runPhase } from "../../src/runner/run-phase.ts";
import { withReport } from "../model/answer-report.ts";
import type { ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { startModelServer } from "../model/model-server.ts";
import { startFakeApp } from "./fake-app.ts";
import { aJob, aStep, makeFolder, makeRepository, runOptions, secrets } from "./run-world.ts";

const document = (text: string): string => `# Document\n\n## Problem\n\n${text}\n`;

test("a phase of two steps is done, mended, handed over step by step and declared completed", async () => {
  await using folder = await makeFolder();
  const repository = await makeRepository(folder.path, {
    "README.md": "A product\n",
    "CLAUDE.md": "Call the product Nutmeg.\n",
    ".gitignore": "node_modules/\n",
  });
  const job = aJob({ headSha: repository.sha, steps: [aStep({ slug: "01_idea" }), aStep({ slug: "02_market" })] });
  const app = await startFakeApp(job);
  const model = await startModelServer({ decide: withReport(author), credentials: [secrets.modelKey] });
  const log: string[] = [];

  const end = await runPhase(runOptions(folder.path, { appUrl: app.url, modelUrl: model.url }, log));

  await model.stop();
  await app.close();
  expect(log.filter((line) => line.startsWith("error"))).toEqual([]);
  // Claude Code and the gateway have counted the same, over processes that each tell totals.
  expect(log.filter((line) => line.includes("counts of tokens"))).toEqual([]);
  expect(end).toEqual({ outcome: { kind: "completed" }, isGreen: true });
  expect(
    app.steps.map(({ step, findings }) => ({ step, findings: findings.map(({ check, path }) => ({ check, path })) })),
  ).toEqual([
    { step: "01_idea", findings: [] },
    { step: "02_market", findings: [{ check: "paths-allowed", path: "src/stray.js" }] },
  ]);
  const written = app.steps.map(({ changes }) => changes.map(({ path }) => path));
  expect(written).toEqual([["docs/01_idea.md"], ["docs/02_market.md"]]);
  expect(textOf(app.steps[0]?.changes[0])).toContain("Long links break in mails");
  expect(app.outcomes).toHaveLength(1);
  const kinds = new Set(app.batches.flatMap(({ events }) => events.map(({ event }) => event.kind)));
  expect([...kinds].sort()).toEqual(["action", "log", "round", "step-started", "usage", "verifying"]);
  const numbers = app.batches.flatMap(({ events }) => events.map(({ number }) => number));
  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  expect(app.steps.every(({ spent }) => spent.costUsd > 0)).toBe(true);
  expect(model.requests.find(({ request }) => request !== null)?.request?.system).toContain("Call the product Nutmeg.");
  expect(JSON.stringify([app.batches, app.steps, app.outcomes, log])).not.toContain(secrets.modelKey);
});

/** Writes too short a document first, and leaves a stray file in the second step that it never removes. */
function author(request: ModelRequest): ModelAnswer {
  const prompt = request.lastUserText;
  const step = /^Step: planning\/(\S+)$/m.exec(prompt)?.[1] ?? "";
  const workTree = /^Work tree: (\S+)$/m.exec(prompt)?.[1] ?? "";
  if (request.toolResults.length > 0) return { blocks: [{ type: "text", text: "Done." }] };
  const isMending = /^Mend:/m.test(prompt);
  const text = isMending ? document("Long links break in mails and nobody can read them out.") : document("Short.");
  const stray = step === "02_market" ? [`mkdir -p ${workTree}/src; echo 1 > ${workTree}/src/stray.js`] : [];
  const path = `${workTree}/docs/${step}.md`;
  return {
    blocks: [
      {
        type: "tool_use",
        name: "Bash",
        input: { command: [`mkdir -p ${workTree}/docs`, ...stray].join("; "), description: "prepare" },
      },
      { type: "tool_use", name: "Bash", input: { command: `cat > ${path} <<'END'\n${text}END`, description: "write" } },
    ],
  };
}

test("a rework hands over the agent's answers; what it passed over goes back to it once more", async () => {
  await using folder = await makeFolder();
  const repository = await makeRepository(folder.path, {
    "docs/01_idea.md": document("Long links break in mails and nobody can read them out."),
  });
  const remark = { request: "change" as const, step: "01_idea", path: null, line: null, hunk: null };
  const comments = [{ by: "reviewer", text: "Who pays?" }];
  const job = aJob({
    headSha: repository.sha,
    steps: [aStep({ slug: "01_idea" })],
    feedback: [
      { ...remark, id: "thread:A", comments },
      { ...remark, id: "review:9", comments },
      { ...remark, id: "review:10", comments },
    ],
  });
  const app = await startFakeApp(job);
  const block = (id: string, text: string): string =>
    `[FEEDBACK_ANSWER]\nid: ${id}\nanswer: declined\ntext: ${text}\n[/FEEDBACK_ANSWER]`;
  const prompts: string[] = [];
  const model = await startModelServer({
    decide: withReport(({ lastUserText }) => {
      prompts.push(lastUserText);
      const isMending = lastUserText.includes("Mend:");
      const text = isMending ? block("F2", "Nobody pays.") : block("F1", `The key is ${secrets.modelKey}.`);
      return { blocks: [{ type: "text", text }] };
    }),
  });
  const log: string[] = [];

  const end = await runPhase(runOptions(folder.path, { appUrl: app.url, modelUrl: model.url }, log));

  await model.stop();
  await app.close();
  expect(end).toEqual({ outcome: { kind: "completed" }, isGreen: true });
  expect(app.steps).toMatchObject([
    {
      step: "01_idea",
      changes: [],
      findings: [],
      answers: [
        { id: "thread:A", kind: "declined", text: "The key is ***." },
        { id: "review:9", kind: "declined", text: "Nobody pays." },
      ],
    },
  ]);
  expect(prompts.map((prompt) => /^Answer each of (.*): end/m.exec(prompt)?.[1])).toEqual([
    "F1, F2, F3",
    "F2, F3",
    "F3",
  ]);
});

function textOf(change: { readonly kind: string; readonly contentBase64?: string } | undefined): string {
  return Buffer.from(change?.contentBase64 ?? "", "base64").toString("utf8");
}
