import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { z } from "zod";
import type { EventOf, TaskEvent, TaskEventType } from "../../src/core/events.ts";
import { evolve, stateFrom } from "../../src/core/evolve.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import { nothingSpent } from "../../src/core/usage.ts";
import { decodeEvent, encodeEvent } from "../../src/store/event-codec.ts";
import { eventCodecs } from "../../src/store/event-schemas.ts";

/** Every type, in an order that a task could have lived through. */
const life: readonly TaskEventType[] = [
  "TaskCreated",
  "TaskStarted",
  "PhaseStarted",
  "RunRequested",
  "RunDispatched",
  "AccountIdentified",
  "RunStarted",
  "QuestionsAsked",
  "QuestionAnswered",
  "AnswersDelivered",
  "AnswerWithdrawn",
  "DependencyRequested",
  "DependencyGranted",
  "DependencyRefused",
  "DependencySkipped",
  "ErrorReported",
  "TurnSaid",
  "StepCompleted",
  "TurnAnswered",
  "StepPublished",
  "GateOpened",
  "ChangesetRefused",
  "SettingsRead",
  "SecurityNoted",
  "WorkReported",
  "ConversationClosed",
  "RunEnded",
  "PhaseVerified",
  "ReviewCreated",
  "CiObserved",
  "DecisionVetoed",
  "VetoWithdrawn",
  "ChangesRequested",
  "ReviewWithdrawn",
  "FeedbackGiven",
  "FeedbackResolved",
  "FeedbackReopened",
  "ConflictFound",
  "ReworkRequested",
  "FeedbackAnswered",
  "RetryRequested",
  "PhaseAccepted",
  "ReviewApproved",
  "PhaseApproved",
  "CiReleased",
  "RepositoryMoved",
  "ApprovedItemsChanged",
  "PhaseCompleted",
  "PhasesPlanned",
  "RippleFound",
  "RippleSettled",
  "PhaseSkipped",
  "ConversationSettled",
  "FinalGateOpened",
  "FinalGateMerged",
  "TaskPaused",
  "BudgetSet",
  "PrioritySet",
  "TaskResumed",
  "TaskFailed",
  "TaskCancelled",
  "TaskCompleted",
  "TaskErased",
];

const folder = new URL("../fixtures/events/", import.meta.url);

/** The newest where no version is named. */
function sampleRow(type: TaskEventType, version: number = eventCodecs[type].version) {
  return { type, schema_version: version, payload: readFileSync(new URL(`${type}.v${version}.json`, folder), "utf8") };
}

function samplesOf(types: readonly TaskEventType[]): readonly TaskEvent[] {
  return types.map((type) => decodeEvent(sampleRow(type)));
}

/** The schemas take every event that the union allows; `tsc` names a type whose schema is narrower. */
type TooNarrow = {
  [Type in TaskEventType]: EventOf<Type> extends z.input<(typeof eventCodecs)[Type]["schema"]> ? never : Type;
}[TaskEventType];
const noSchemaIsTooNarrow: [TooNarrow] extends [never] ? true : TooNarrow = true;

test("every event type has a codec, and every version of it a sample", () => {
  expect(noSchemaIsTooNarrow).toBe(true);
  const expected = Object.entries(eventCodecs).flatMap(([type, { version }]) =>
    Array.from({ length: version }, (_, index) => `${type}.v${index + 1}.json`),
  );
  expect(readdirSync(folder).sort()).toEqual(expected.sort());
  expect([...life].sort()).toEqual(Object.keys(eventCodecs).sort());
});

test.each(life.map((type, index) => [type, index] as const))(
  "the sample of %s is read, folded and written again",
  (type, index) => {
    const row = sampleRow(type);
    const event = decodeEvent(row);
    expect(event.type).toBe(type);

    const before = stateFrom(samplesOf(life.slice(0, index)));
    expect(evolve(before, event)).not.toEqual({ status: "absent" });

    const encoded = encodeEvent(event);
    expect(encoded).toMatchObject({ type, schema_version: row.schema_version, timestamp: event.at });
    expect(JSON.parse(encoded.payload)).toEqual(JSON.parse(row.payload));
    expect(decodeEvent(encoded)).toEqual(event);
  },
);

test.each(
  life.flatMap((type) =>
    Array.from({ length: eventCodecs[type].version - 1 }, (_, index) => [type, index + 1] as const),
  ),
)("a row of %s in version %i is written as one of now, with all that it said", (type, version) => {
  const row = sampleRow(type, version);
  const event = decodeEvent(row);
  const encoded = encodeEvent(event);
  expect(encoded.schema_version).toBe(eventCodecs[type].version);
  expect(JSON.parse(encoded.payload)).toMatchObject(JSON.parse(row.payload));
  expect(decodeEvent(encoded)).toEqual(event);
});

test("what an older version did not have is as it was meant then", () => {
  const created = decodeEvent(sampleRow("TaskCreated", 1));
  expect(created.type === "TaskCreated" && created.playbook.phases.map(({ mayBeSkipped }) => mayBeSkipped)).toEqual([
    false,
    false,
  ]);
  const asked = decodeEvent(sampleRow("QuestionsAsked", 1));
  expect(asked.type === "QuestionsAsked" && asked.questions.map(({ permission }) => permission)).toEqual([null, null]);
  expect(decodeEvent(sampleRow("PhaseVerified", 1))).toMatchObject({ passed: false, notes: [] });
});

test.each([
  [
    "a type of the future",
    { ...sampleRow("RunStarted"), type: "PhaseForgotten" },
    /PhaseForgotten version 1: the type is unknown/u,
  ],
  [
    "a property of every object",
    { ...sampleRow("RunStarted"), type: "constructor" },
    /constructor version 1: the type is unknown/u,
  ],
  [
    "a version of the future",
    { ...sampleRow("RunStarted"), schema_version: 2 },
    /RunStarted version 2: expected version 1/u,
  ],
  [
    "a payload that is torn",
    { ...sampleRow("RunStarted"), payload: '{"at":' },
    /RunStarted version 1: its payload is no JSON/u,
  ],
  ["a payload that is no object", { ...sampleRow("RunStarted"), payload: "null" }, /expected an object as payload/u],
  ["a missing field", { ...sampleRow("RunStarted"), payload: '{"at":"2026-11-20T09:00:12.345Z"}' }, /runId/u],
  [
    "a field that nobody knows",
    { ...sampleRow("RunStarted"), payload: '{"at":"2026-11-20T09:00:12.345Z","runId":"r","mood":"good"}' },
    /mood/u,
  ],
])("%s is refused with its name", (_case, row, message) => {
  expect(() => decodeEvent(row)).toThrow(message);
});

/** One of each kind; `tsc` names a kind that is missing. */
const outcomes: { readonly [Kind in Outcome["kind"]]: Extract<Outcome, { readonly kind: Kind }> } = {
  completed: { kind: "completed" },
  "nothing-to-do": { kind: "nothing-to-do" },
  "rate-limited": { kind: "rate-limited", resetsAt: "2026-11-20T14:00:00Z", message: "five hours are used up" },
  "budget-exhausted": { kind: "budget-exhausted", spentUsd: 5.04, budgetUsd: 5 },
  "slice-ended": { kind: "slice-ended" },
  "waiting-question": { kind: "waiting-question" },
  "waiting-dependency": { kind: "waiting-dependency" },
  "provider-refused": { kind: "provider-refused", why: "authentication", message: "invalid x-api-key" },
  failed: { kind: "failed", message: "no document", findings: [] },
  lost: { kind: "lost", message: "silence" },
  cancelled: { kind: "cancelled" },
};

test.each(Object.values(outcomes))("that a run ended as $kind is read as it was written", (outcome) => {
  const ended: TaskEvent = {
    type: "RunEnded",
    at: "2026-11-20T09:00:12Z",
    runId: runIdFrom("r"),
    phase: 1,
    outcome,
    spent: nothingSpent,
  };
  expect(decodeEvent({ ...encodeEvent(ended), type: "RunEnded" })).toEqual(ended);
});

test("the type of the row wins over one in the payload", () => {
  const row = {
    type: "RunStarted",
    schema_version: 1,
    payload: '{"type":"TaskCancelled","at":"2026-11-20T09:00:12Z","runId":"r"}',
  };
  expect(decodeEvent(row)).toEqual({ type: "RunStarted", at: "2026-11-20T09:00:12Z", runId: "r" });
});

test("what could not be read back is not written", () => {
  const noMoment: TaskEvent = { type: "RunStarted", at: "yesterday", runId: runIdFrom("r") };
  expect(() => encodeEvent(noMoment)).toThrow(/encoding event RunStarted/u);
  const endless = { inputTokens: Number.NaN, outputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 };
  const spent = { usage: endless, costUsd: 0 };
  const ended: TaskEvent = {
    type: "RunEnded",
    at: "2026-11-20T09:00:12Z",
    runId: runIdFrom("r"),
    phase: 1,
    outcome: { kind: "completed" },
    spent,
  };
  expect(() => encodeEvent(ended)).toThrow(/encoding event RunEnded/u);
});

test("timestamps are stored in the form whose text order is their order in time", () => {
  const early = encodeEvent({ type: "TaskCompleted", at: "2026-11-20T09:00:12Z" });
  const late = encodeEvent({ type: "TaskCompleted", at: "2026-11-20T09:00:12.001Z" });
  expect(early.timestamp < late.timestamp).toBe(true);
});
