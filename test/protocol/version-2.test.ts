/** Version 2 of the protocol as it was when it was current. The fixtures are never edited: actions out there speak it. */
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import {
  inVersionSpoken,
  noteOutdatedAction,
  openSession,
  takeEvents,
  takeStep,
} from "../../src/control/serve-runner.ts";
import {
  EventsRequest,
  OutcomeRequest,
  protocolVersion,
  protocolVersionsServed,
  SessionRequest,
  StepRequest,
  type LiveEvent,
  type PersonAnswer,
} from "../../src/protocol/runner.ts";
import { heartbeat, world, type World } from "../control/world.ts";
import requests from "../fixtures/protocol/version-2.requests.json" with { type: "json" };
import schemas from "../fixtures/protocol/version-2.schemas.json" with { type: "json" };

const ajv = new Ajv({ strict: false });
addFormats.default(ajv);

/** What is wrong with a message by the rules of version 2; nothing more may stand in it than those know. */
function faultsOf(shape: keyof typeof schemas, message: unknown): unknown {
  const validate = ajv.compile(schemas[shape]);
  // As it crosses the wire.
  validate(JSON.parse(JSON.stringify(message)));
  return validate.errors;
}

function withoutDocument(event: LiveEvent): object {
  if (event.kind !== "action") return event;
  const { document: _, ...rest } = event;
  return rest;
}

const answer: PersonAnswer = {
  number: 3,
  requestId: "run-0/1",
  index: 0,
  question: "Who pays?",
  text: "The visitors.",
  by: "owner",
  at: "2026-11-21T10:00:00.000Z",
};

async function sessionOfVersion2(told: World) {
  await told.label();
  const { runId, workflowRunId } = await told.liveRun();
  return openSession(told.serving, { ...told.proof(runId, workflowRunId), protocol: 2 });
}

describe("an action that speaks version 2", () => {
  test("is served, beside the current version", () => {
    expect(protocolVersionsServed).toEqual([protocolVersion, 2]);
  });

  test("is understood: each of its requests is one of today", () => {
    for (const shape of ["SessionRequest", "EventsRequest", "StepRequest", "OutcomeRequest"] as const) {
      expect(faultsOf(shape, requests[shape])).toBeNull();
    }
    expect(SessionRequest.parse(requests.SessionRequest)).toEqual({ ...requests.SessionRequest, account: null });
    const events = EventsRequest.parse(requests.EventsRequest).events.map(({ event }) => event);
    const actions = events.filter(({ kind }) => kind === "action");
    expect(actions).toMatchObject([{ document: null }]);
    expect(events.map(withoutDocument)).toEqual(requests.EventsRequest.events.map(({ event }) => event));
    expect(StepRequest.parse(requests.StepRequest)).toEqual({ ...requests.StepRequest, told: [] });
    expect(OutcomeRequest.parse(requests.OutcomeRequest)).toEqual(requests.OutcomeRequest);
  });

  test("gets a session in the shape that it knows, and its step is taken without answers", async () => {
    const told = await world();
    const answer = await sessionOfVersion2(told);
    expect(faultsOf("SessionAnswer", inVersionSpoken(answer))).toBeNull();
    expect(faultsOf("EventsAnswer", await takeEvents(told.serving, answer.runToken, heartbeat))).toBeNull();
    const step = await takeStep(told.serving, answer.runToken, StepRequest.parse(requests.StepRequest));
    expect(faultsOf("Acknowledged", step)).toBeNull();
  });

  test("learns what people answered: their words come as findings", async () => {
    const told = await world();
    const given = await sessionOfVersion2(told);
    const long = { ...answer, text: "x".repeat(9_000) };
    const spoken = inVersionSpoken({ ...given, job: { ...given.job, answers: [answer, long] } });
    expect(faultsOf("SessionAnswer", spoken)).toBeNull();
    expect(spoken.job.findings[0]).toEqual({
      check: "outputs-exist",
      step: given.job.stepsToDo[0],
      path: null,
      line: null,
      message: 'owner answered the question "Who pays?" with: The visitors.',
    });
    expect(spoken.job.findings[1]?.message).toHaveLength(2_000);
  });

  test("is told of on the issue, once a task", async () => {
    const told = await world();
    const { job } = await sessionOfVersion2(told);
    const task = await told.task();
    await noteOutdatedAction(told.serving, task.taskId, 2);
    await noteOutdatedAction(told.serving, task.taskId, 2);
    expect(job.issueNumber).toBe(7);
    expect(told.github.comments.filter(({ notice }) => notice?.kind === "action-outdated")).toMatchObject([
      { issueNumber: 7, notice: { spoken: 2, current: protocolVersion } },
    ]);
  });

  test("gets its session although GitHub does not answer about the notice", async () => {
    const told = await world();
    const notify = () => Promise.reject(new Error("no answer"));
    const serving = { ...told.serving, github: { ...told.serving.github, notify } };
    await told.label();
    const { runId, workflowRunId } = await told.liveRun();
    const proof = { ...told.proof(runId, workflowRunId), protocol: 2 };
    expect((await openSession(serving, proof)).protocol).toBe(2);
    await told.settle();
    expect(told.complaints()).toEqual(["telling that the action is outdated"]);
  });
});

test("an action that speaks version 1 is refused, with what to update", async () => {
  const told = await world();
  await told.label();
  const { runId, workflowRunId } = await told.liveRun();
  const opened = openSession(told.serving, { ...told.proof(runId, workflowRunId), protocol: 1 });
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
