import { describe, expect, test } from "vitest";
import { openEnvelope, takeInEnvelope } from "../../src/control/envelope.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { OpenRun } from "../../src/control/ports/store.ts";
import { createSeal } from "../../src/control/seal.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { sealEnvelope, type Envelope } from "../../src/protocol/envelope.ts";
import type { Job } from "../../src/protocol/runner.ts";
import { checkpointOf } from "./checkpoint-of.ts";
import { questionOf, Runner, spent, world, type World } from "./world.ts";

function stepOf(step: string, text: string): Envelope["steps"][number] {
  const contentBase64 = Buffer.from(text).toString("base64");
  const changes = [{ kind: "written", path: `docs/${step}.md`, mode: "100644", contentBase64 } as const];
  return { step, changes, spent, findings: [], answers: [], told: [] };
}

const completed: Envelope["outcome"] = {
  outcome: { kind: "completed" },
  report: null,
  spent: { ...spent, costUsd: 0 },
};

function whole(envelope: Partial<Envelope> & Pick<Envelope, "outcome">): Envelope {
  return { steps: [], requests: [], checkpoint: null, ...envelope };
}

interface Given {
  readonly told: World;
  readonly job: Job;
  readonly runner: Runner;
  readonly run: OpenRun;
  readonly sealKey: string;
  readonly taking: World["serving"];
  /** The job ends, and leaves this behind. */
  readonly leave: (
    envelope: Partial<Envelope> & Pick<Envelope, "outcome">,
    sealedWith?: string,
    forRun?: string,
  ) => void;
}

async function givenARun(): Promise<Given> {
  const told = await world();
  await told.label();
  const { runId, workflowRunId } = await told.liveRun();
  const { runToken, job, sealKey } = await openSession(told.serving, told.proof(runId, workflowRunId));
  const [run] = await told.store.openRuns();
  if (run === undefined) throw new Error("no run is open");
  return {
    told,
    job,
    runner: new Runner(told, runToken, job),
    run,
    sealKey,
    taking: told.serving,
    leave: (envelope, sealedWith = sealKey, forRun = runId) =>
      told.github.envelopes.set(workflowRunId, sealEnvelope(whole(envelope), sealedWith, forRun)),
  };
}

describe("the envelope of the task's live run", () => {
  test("is taken in as if the runner had delivered it: steps, then the outcome", async () => {
    const { told, taking, run, leave } = await givenARun();
    leave({ steps: [stepOf("01_idea", "idea"), stepOf("02_market", "market")], outcome: completed });
    expect(await takeInEnvelope(taking, run)).toBe(true);
    await told.settle();
    const types = await told.types();
    expect(types.filter((type) => type === "StepCompleted")).toHaveLength(2);
    expect(types.lastIndexOf("StepCompleted")).toBeLessThan(types.indexOf("RunEnded"));
    expect((await told.task()).status).toBe("review");
  });

  test("brings what the agent asked for, and what the next run goes on from, before the outcome", async () => {
    const { told, job, taking, run, leave } = await givenARun();
    const questions = [questionOf("Which colour?")];
    const ask = { kind: "questions" as const, step: "01_idea", questions };
    const { runId } = job;
    leave({
      requests: [
        { ...ask, id: `${runId}/1` },
        { ...ask, id: "run-of-nobody/1" },
        { ...ask, id: `${runId}/2`, step: "01_screens" },
      ],
      checkpoint: checkpointOf(job),
      outcome: { outcome: { kind: "waiting-question" }, report: null, spent },
    });
    expect(await takeInEnvelope(taking, run)).toBe(true);
    await told.settle();
    expect(await told.task()).toMatchObject({
      blockedBy: { kind: "waiting-question" },
      questions: [{ number: 1, requestId: `${runId}/1` }],
    });
    expect(await told.store.readCheckpoint(run.taskId)).toMatchObject({ checkpointId: "c1", runId });
    const warnings = told.complaints().filter((message) => message.includes("request"));
    expect(warnings).toEqual(Array(2).fill("the envelope has a request that is none of its run's"));
  });

  test("brings no checkpoint of another run", async () => {
    const { told, job, taking, run, leave } = await givenARun();
    leave({ checkpoint: checkpointOf({ ...job, runId: "run-of-nobody" }), outcome: completed });
    expect(await takeInEnvelope(taking, run)).toBe(true);
    expect(await told.store.readCheckpoint(run.taskId)).toBeNull();
    expect(told.complaints()).toContain("the envelope has a checkpoint that is none of its run's");
  });

  test("does not double what did arrive, whatever it says of it", async () => {
    const { told, taking, run, runner, leave } = await givenARun();
    await runner.step("01_idea", "as it arrived");
    await told.settle();
    leave({ steps: [stepOf("01_idea", "another text"), stepOf("02_market", "market")], outcome: completed });
    expect(await takeInEnvelope(taking, run)).toBe(true);
    expect(await takeInEnvelope(taking, run)).toBe(true);
    await told.settle();
    expect((await told.types()).filter((type) => type === "StepCompleted")).toHaveLength(2);
    const files = [...told.github.branches].flatMap(([, commits]) => commits.map((commit) => commit.files));
    expect(files.some((tree) => tree.get("docs/01_idea.md") === "as it arrived")).toBe(true);
    expect(files.some((tree) => tree.get("docs/01_idea.md") === "another text")).toBe(false);
  });

  test("is not even fetched where the outcome has arrived and waits", async () => {
    const { told, taking, run, leave } = await givenARun();
    leave({ steps: [], outcome: completed });
    const store = { ...taking.store, isWaiting: () => Promise.resolve(true) };
    expect(await takeInEnvelope({ ...taking, store }, run)).toBe(true);
    expect(told.github.calls).not.toContain("readEnvelope");
  });

  test("leaves out a step that the phase has not, and says so", async () => {
    const { told, taking, run, leave } = await givenARun();
    leave({ steps: [stepOf("99_other", "x")], outcome: completed });
    expect(await takeInEnvelope(taking, run)).toBe(true);
    expect(told.complaints()).toContain("the envelope names a step that the phase has not");
    await told.settle();
    expect(await told.types()).not.toContain("StepCompleted");
  });
});

describe("an envelope that is none of the run's", () => {
  test.each<readonly [string, (given: Given) => void, string]>([
    [
      "sealed with another key",
      ({ leave }) => leave({ steps: [], outcome: completed }, Buffer.alloc(32, 9).toString("base64")),
      "opening the envelope of a run",
    ],
    [
      "sealed for another run",
      ({ leave, sealKey }) => leave({ steps: [], outcome: completed }, sealKey, "run-of-others"),
      "opening the envelope of a run",
    ],
    [
      "that is something else",
      ({ told, run }) => told.github.envelopes.set(run.workflowRunId ?? 0, Buffer.from("hello")),
      "opening the envelope of a run",
    ],
  ])("%s is left alone, with a warning", async (_what, arrange, complaint) => {
    const given = await givenARun();
    arrange(given);
    expect(await takeInEnvelope(given.taking, given.run)).toBe(false);
    expect(given.told.complaints()).toEqual([complaint]);
  });

  test("is no fault: a run may leave none", async () => {
    const { told, taking, run } = await givenARun();
    expect(await takeInEnvelope(taking, run)).toBe(false);
    expect(told.complaints()).toEqual([]);
  });

  test("that can't be fetched blocks nothing, unless GitHub asks to come again", async () => {
    const { told, taking, run } = await givenARun();
    const failing = (fault: Error) => ({
      ...taking,
      github: { ...taking.github, readEnvelope: () => Promise.reject(fault) },
    });
    expect(await takeInEnvelope(failing(new Error("the artifact is no zip file")), run)).toBe(false);
    expect(told.complaints()).toEqual(["fetching the envelope of a run"]);
    await expect(takeInEnvelope(failing(new RetryLater("no answer", 10)), run)).rejects.toBeInstanceOf(RetryLater);
  });

  test("is not taken in once the task waits for another run, or for none", async () => {
    const { told, taking, run, leave } = await givenARun();
    leave({ steps: [stepOf("01_idea", "idea")], outcome: completed });
    await told.comment("cancel");
    expect(await takeInEnvelope(taking, run)).toBe(false);
    await told.settle();
    expect(await told.types()).not.toContain("StepCompleted");
  });

  test("given what lies in the store, then nothing of the run's key is among it, and a newer key of the app changes nothing", async () => {
    const { told, run, sealKey, leave } = await givenARun();
    const stored = await told.store.runSessionOf(run.runId);
    expect(stored?.sealKey).toBe("of:k1");
    expect(Buffer.from(sealKey, "base64")).toHaveLength(32);
    leave({ steps: [], outcome: completed });
    const [k1, k2] = [
      { id: "k1", key: Buffer.alloc(32, 1) },
      { id: "k2", key: Buffer.alloc(32, 2) },
    ];
    const sealed = sealEnvelope(whole({ outcome: completed }), sealKey, run.runId);
    const openedWith = (keys: Parameters<typeof createSeal>[0]) =>
      openEnvelope({ ...told.serving, appSeal: createSeal(keys) }, sealed, run.runId);
    expect(await openedWith([k2, k1])).toMatchObject({ outcome: completed });
    expect(await openedWith([k2])).toBeNull();
  });

  test("of a session that an earlier version opened, with the key itself in the store, is opened", async () => {
    const { told, run } = await givenARun();
    const before = Buffer.alloc(32, 9).toString("base64");
    const session = await told.store.runSessionOf(run.runId);
    const runSessionOf = async () => (session === null ? null : { ...session, sealKey: before });
    const sealed = sealEnvelope(whole({ outcome: completed }), before, run.runId);
    const taking = { ...told.serving, store: { ...told.store, runSessionOf } };
    expect(await openEnvelope(taking, sealed, run.runId)).toMatchObject({ outcome: completed });
  });

  test("is not opened for a run without a session", async () => {
    const { told, sealKey } = await givenARun();
    const sealed = sealEnvelope(whole({ outcome: completed }), sealKey, "run-of-nobody");
    expect(await openEnvelope(told.serving, sealed, runIdFrom("run-of-nobody"))).toBeNull();
  });
});
