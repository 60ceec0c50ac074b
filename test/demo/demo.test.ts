import { execa } from "execa";
import { access, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { loadProduct } from "../model/load-product.ts";
import { startModelServer } from "../model/model-server.ts";
import { demoAgent, demoQuestion, demoSecret } from "./agent.ts";
import { vetoed } from "./decisions.ts";
import type { DemoEvent } from "./demo-event.ts";
import { demoMsMax, playDemo } from "./play-demo.ts";

/** What the agent asks of people, what they do about it, and the runs that go on with it. */
const talk: readonly DemoEvent["type"][] = [
  "question-asked",
  "question-answered",
  "dependency-requested",
  "secret-added",
  "dependency-granted",
  "waiting",
  "run-started",
  "secrets-searched",
];

const verification: readonly DemoEvent["type"][] = ["verified", "sent-back"];
const vetoing: readonly DemoEvent["type"][] = ["vetoed", "rework-requested"];

describe("npm run demo", () => {
  test(
    "with --model real asks the provider with the key of the environment, and completes",
    { timeout: demoMsMax },
    async () => {
      const key = "sk-ant-api03-key-of-the-person-who-runs-the-demo";
      const model = await startModelServer({
        decide: demoAgent(await loadProduct("create_app")),
        credentials: [key],
      });
      try {
        const environment = { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: model.url };
        const { events, exitCode, stderr } = await playDemo(
          ["--model", "real", "--budget", "5", "--unsafe"],
          environment,
          () => undefined,
        );
        const last = events.at(-1);
        expect({ exitCode, stderr, problems: events.filter((event) => event.type === "problem") }).toEqual({
          exitCode: 0,
          stderr: "",
          problems: [],
        });
        expect(last).toMatchObject({ type: "demo-finished", status: "completed" });
        if (last?.type !== "demo-finished" || last.repository === null) throw new Error("the demo named no work tree");
        expect(last.phases.map(({ merged, steps }) => ({ merged, steps }))).toEqual(
          [9, 5, 6, 5].map((steps) => ({ merged: true, steps })),
        );
        expect(last.costUsd).toBeGreaterThan(0);
        expect(last.costUsd).toBeLessThan(5);
        await access(path.join(last.repository, "docs/testing/05_test_report.md"));
        expect(events.some((event) => event.type === "tests-run" && event.passed)).toBe(true);
        expect(events.some((event) => event.type === "round")).toBe(true);
        expect(events.filter((event) => event.type === "reviewed").map(({ verdict }) => verdict)).toEqual([
          "approved",
          "changes requested",
          "approved",
          "approved",
          "approved",
        ]);
        const talked = events.filter((event) => talk.includes(event.type));
        expect(talked.filter((event) => event.type !== "run-started" || event.goesOn)).toMatchObject([
          { type: "question-asked", question: demoQuestion.question, required: true },
          { type: "waiting" },
          { type: "question-answered", answer: demoQuestion.default },
          { type: "run-started" },
          { type: "dependency-requested", name: demoSecret.name },
          { type: "waiting" },
          { type: "secret-added", name: demoSecret.name },
          { type: "dependency-granted", by: null },
          { type: "run-started" },
          { type: "secrets-searched", found: [] },
        ]);
        const decided = await readFile(path.join(last.repository, "docs/planning/06_product.md"), "utf8");
        expect(decided).toContain(`**${demoQuestion.default}.**`);
        const answers = events.filter((event) => event.type === "feedback-answered");
        expect(answers.map(({ phase, answer }) => ({ phase, answer }))).toEqual([
          ...Array.from({ length: 3 }, () => ({ phase: 2, answer: "fixed" })),
          { phase: 4, answer: "fixed" },
        ]);
        expect(events.filter((event) => verification.includes(event.type))).toMatchObject([
          {
            type: "verified",
            phase: 1,
            passed: false,
            findings: [{ judged: true, place: "docs/planning/07_features.md:23" }],
          },
          { type: "sent-back", phase: 1, attempt: 2, findings: 1 },
          ...[1, 2, 2, 3, 4, 4].map((phase) => ({ type: "verified", phase, passed: true, findings: [] })),
        ]);
        expect(events.filter((event) => event.type === "gate-ready").every(({ decisions }) => decisions >= 5)).toBe(
          true,
        );
        expect(events.filter((event) => vetoing.includes(event.type))).toMatchObject([
          { type: "rework-requested", phase: 2, source: "review", points: 3 },
          { type: "vetoed", phase: 4, decision: vetoed.decision, by: "owner", reason: null },
          { type: "vetoed", phase: 4, number: vetoed.number, by: "owner", reason: vetoed.reason },
          { type: "rework-requested", phase: 4, source: "veto", points: 1 },
        ]);
        const plan = await readFile(path.join(last.repository, vetoed.path), "utf8");
        expect(plan).toContain(vetoed.after);
        expect(JSON.stringify(events)).not.toContain(key);
        expect(model.requests.filter((request) => request.headers["x-api-key"] === key).length).toBeGreaterThan(50);
        await rm(path.dirname(last.repository), { recursive: true, force: true });
      } finally {
        await model.stop();
      }
    },
  );

  test("stops everything that it started at Ctrl-C", { timeout: demoMsMax }, async () => {
    let folder = "";
    const addresses: string[] = [];
    const { events, exitCode } = await playDemo([], {}, (event, kill) => {
      if (event.type === "ready") {
        folder = event.folder;
        addresses.push(event.github, event.app, event.model);
      }
      // In the middle of a step: app, action, agent and CLI are all at work.
      if (event.type === "step-completed") kill("SIGINT");
    });
    expect(exitCode).toBe(130);
    expect(events.at(-1)).toMatchObject({ type: "demo-finished", status: "stopped", repository: null });
    for (const address of addresses) await expect(fetch(address)).rejects.toThrow();
    const { stdout: processes } = await execa("ps", ["-eo", "args"]);
    expect(processes.split("\n").filter((line) => line.includes(folder))).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });
});
