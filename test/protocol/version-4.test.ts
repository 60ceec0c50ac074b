/** Version 4 of the protocol as it was when it was current. The fixtures are never edited: actions out there speak it. */
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { takeOutcome, takeStep } from "../../src/control/serve-runner/deliveries.ts";
import { takeEvents } from "../../src/control/serve-runner/telemetry.ts";
import { inVersionSpoken, noteOutdatedAction } from "../../src/control/serve-runner/older-runners.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import {
  EventsRequest,
  OutcomeRequest,
  protocolVersion,
  protocolVersionsServed,
  RunnerRequest,
  SessionRequest,
  StepRequest,
} from "../../src/protocol/runner.ts";
import { heartbeat, world, type World } from "../control/world.ts";
import requests from "../fixtures/protocol/version-4.requests.json" with { type: "json" };
import schemas from "../fixtures/protocol/version-4.schemas.json" with { type: "json" };

const ajv = new Ajv({ strict: false });
addFormats.default(ajv);

/** What is wrong with a message by the rules of version 4; nothing more may stand in it than those know. */
function faultsOf(shape: keyof typeof schemas, message: unknown): unknown {
  const validate = ajv.compile(schemas[shape]);
  // As it crosses the wire.
  validate(JSON.parse(JSON.stringify(message)));
  return validate.errors;
}

async function sessionOfVersion4(told: World) {
  await told.label();
  const { runId, workflowRunId } = await told.liveRun();
  return openSession(told.serving, { ...told.proof(runId, workflowRunId), protocol: 4 });
}

describe("an action that speaks version 4", () => {
  test("is served, beside the current version", () => {
    expect(protocolVersionsServed).toEqual([protocolVersion, 4]);
  });

  test("is understood: each of its requests is one of today", () => {
    for (const shape of [
      "SessionRequest",
      "EventsRequest",
      "StepRequest",
      "RunnerRequest",
      "OutcomeRequest",
    ] as const) {
      expect(faultsOf(shape, requests[shape])).toBeNull();
    }
    expect(SessionRequest.parse(requests.SessionRequest)).toEqual(requests.SessionRequest);
    expect(EventsRequest.parse(requests.EventsRequest)).toEqual(requests.EventsRequest);
    expect(StepRequest.parse(requests.StepRequest)).toEqual(requests.StepRequest);
    expect(RunnerRequest.parse(requests.RunnerRequest)).toEqual(requests.RunnerRequest);
    expect(OutcomeRequest.parse(requests.OutcomeRequest)).toEqual(requests.OutcomeRequest);
  });

  test("gets a session and answers in the shapes that it knows", async () => {
    const told = await world();
    const answer = await sessionOfVersion4(told);
    expect(faultsOf("SessionAnswer", inVersionSpoken(answer))).toBeNull();
    expect(faultsOf("EventsAnswer", await takeEvents(told.serving, answer.runToken, heartbeat))).toBeNull();
    const step = await takeStep(told.serving, answer.runToken, StepRequest.parse(requests.StepRequest));
    expect(faultsOf("Acknowledged", step)).toBeNull();
  });

  test("gets no criterion and no finding whose check it does not know, but for the words", async () => {
    const told = await world();
    const given = await sessionOfVersion4(told);
    const must = { text: "It is so.", severity: "must" } as const;
    const newer: never = "is-newer" as never;
    const criteria = [
      { ...must, id: "has-tests", kind: "deterministic", check: "tests-exist" },
      { ...must, id: "newer", kind: "deterministic", check: newer },
      { ...must, id: "sense", kind: "judged" },
    ] as const;
    const finding = { step: "01_idea", path: null, line: null };
    const spoken = inVersionSpoken({
      ...given,
      job: {
        ...given.job,
        phase: { ...given.job.phase, criteria: [...criteria] },
        findings: [
          { ...finding, check: "judged:sense", message: "It contradicts itself." },
          { ...finding, check: newer, message: "It is old." },
        ],
      },
    });
    expect(faultsOf("SessionAnswer", spoken)).toBeNull();
    expect(spoken.job.phase.criteria.map(({ id }) => id)).toEqual(["has-tests", "sense"]);
    expect(spoken.job.findings.map(({ check, message }) => [check, message])).toEqual([
      ["judged:sense", "It contradicts itself."],
      ["outputs-exist", "It is old."],
    ]);
  });

  test("comes to a gate, with what it reports", async () => {
    const told = await world();
    const { runToken, job } = await sessionOfVersion4(told);
    for (const step of job.stepsToDo) {
      await takeStep(told.serving, runToken, StepRequest.parse({ ...requests.StepRequest, step, answers: [] }));
    }
    const outcome = { ...requests.OutcomeRequest, outcome: { kind: "completed" } };
    await takeOutcome(told.serving, runToken, OutcomeRequest.parse(outcome));
    await told.settle();
    expect((await told.task()).status).toBe("review");
    expect(told.heldAgainst).toMatchObject([{ tests: { result: "passed" } }]);
  });

  test("is told of on the issue, once a task", async () => {
    const told = await world();
    const { job } = await sessionOfVersion4(told);
    const task = await told.task();
    await noteOutdatedAction(told.serving, task.taskId, 4);
    await noteOutdatedAction(told.serving, task.taskId, 4);
    expect(job.issueNumber).toBe(7);
    expect(told.github.comments.filter(({ notice }) => notice?.kind === "action-outdated")).toMatchObject([
      { issueNumber: 7, notice: { spoken: 4, current: protocolVersion } },
    ]);
  });

  test("gets its session although GitHub does not answer about the notice", async () => {
    const told = await world();
    const notify = () => Promise.reject(new Error("no answer"));
    const serving = { ...told.serving, github: { ...told.serving.github, notify } };
    await told.label();
    const { runId, workflowRunId } = await told.liveRun();
    const proof = { ...told.proof(runId, workflowRunId), protocol: 4 };
    expect((await openSession(serving, proof)).protocol).toBe(4);
    await told.settle();
    expect(told.complaints()).toEqual(["telling that the action is outdated"]);
  });
});

test("an action that speaks version 3 is refused, with what to update", async () => {
  const told = await world();
  await told.label();
  const { runId, workflowRunId } = await told.liveRun();
  const opened = openSession(told.serving, { ...told.proof(runId, workflowRunId), protocol: 3 });
  await expect(opened).rejects.toMatchObject({
    code: "unsupported-protocol",
    message: expect.stringContaining("set the `uses:` line of .github/workflows/phasegate.yml"),
  });
});

test("an action that speaks the current version gets the key that seals its envelope, and no notice", async () => {
  const told = await world();
  await told.label();
  const { runId, workflowRunId } = await told.liveRun();
  const answer = await openSession(told.serving, { ...told.proof(runId, workflowRunId), protocol: protocolVersion });
  expect(inVersionSpoken(answer)).toBe(answer);
  expect(Buffer.from(answer.sealKey, "base64")).toHaveLength(32);
  await told.settle();
  expect(told.github.comments.map(({ notice }) => notice?.kind ?? "status")).toEqual(["status"]);
});
