import { z } from "zod";
import type { TaskEvent, TaskEventType } from "../core/events.ts";
import { defaultSettings } from "../core/settings.ts";
import { noInput } from "../core/task-input.ts";
import { eventCodecs } from "./event-schemas.ts";
import type { EventRow } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

/** What the codec adds to the place of an event in its stream. */
export type EncodedEvent = Pick<EventRow, "type" | "schema_version" | "payload" | "timestamp">;

/** Refuses what `decodeEvent` could not read back: better no event than one that stops its task for good. */
export function encodeEvent(event: TaskEvent): EncodedEvent {
  const { version, schema } = eventCodecs[event.type];
  const checked = schema.safeParse(event);
  if (!checked.success) throw new Error(`encoding event ${event.type}: ${z.prettifyError(checked.error)}`);
  const { type, ...payload } = event;
  return {
    type,
    schema_version: version,
    payload: JSON.stringify(payload),
    timestamp: timestampFrom(event.at),
  };
}

/** Throws on a type or version that this Phasegate does not know: to skip an event would be to rewrite history. */
export function decodeEvent(row: Pick<EventRow, "type" | "schema_version" | "payload">): TaskEvent {
  const doing = `decoding event ${row.type} version ${row.schema_version}`;
  if (!isKnownType(row.type)) throw new Error(`${doing}: the type is unknown; a newer Phasegate may have written it`);
  const { version, schema } = eventCodecs[row.type];
  const lift = lifts[row.type]?.[row.schema_version];
  if (row.schema_version !== version && lift === undefined) {
    throw new Error(`${doing}: expected version ${version}; a newer Phasegate may have written it`);
  }
  const payload = parseObject(row.payload, doing);
  const decoded = schema.safeParse({ ...(lift === undefined ? payload : lift(payload)), type: row.type });
  if (!decoded.success) throw new Error(`${doing}: ${z.prettifyError(decoded.error)}`);
  return decoded.data;
}

type Payload = Readonly<Record<string, unknown>>;

/** By type and version: what an older shape lacks, as it was meant then. */
const lifts: { readonly [Type in TaskEventType]?: Readonly<Record<number, (payload: Payload) => Payload>> } = {
  SettingsRead: { 1: withSettingsOfNobody, 2: withSettingsOfNobody },
  TaskCreated: { 1: (payload) => withSteps(withNothingToSkip(payload)), 2: withSteps },
  TaskStarted: { 1: (payload) => ({ ...payload, input: noInput }) },
  QuestionsAsked: { 1: withoutPermissions },
  PhaseVerified: { 1: (payload) => ({ ...payload, notes: [] }) },
};

/** Also for the tasks that `/skip-phase` came too late for. */
function withNothingToSkip(payload: Payload): Payload {
  return withPhases(payload, { mayBeSkipped: false });
}

/** Before there were phases that are conversations, and such that plan others. */
function withSteps(payload: Payload): Payload {
  return withPhases(payload, { mode: "steps", plans: null });
}

function withPhases(payload: Payload, more: Payload): Payload {
  const { playbook } = payload;
  if (!isObject(playbook) || !Array.isArray(playbook["phases"])) return payload;
  const phases: readonly unknown[] = playbook["phases"];
  const lifted = phases.map((phase) => (isObject(phase) ? { ...phase, ...more } : phase));
  return { ...payload, playbook: { ...playbook, phases: lifted } };
}

/** Of what a repository could not set then. */
function withSettingsOfNobody(payload: Payload): Payload {
  const { settings } = payload;
  return isObject(settings) ? { ...payload, settings: { ...defaultSettings, ...settings } } : payload;
}

/** Before tools were asked for. */
function withoutPermissions(payload: Payload): Payload {
  const questions: unknown = payload["questions"];
  if (!Array.isArray(questions)) return payload;
  const all: readonly unknown[] = questions;
  return { ...payload, questions: all.map((each) => (isObject(each) ? { ...each, permission: null } : each)) };
}

function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKnownType(type: string): type is TaskEventType {
  return Object.hasOwn(eventCodecs, type);
}

function parseObject(json: string, doing: string): Payload {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Error(`${doing}: its payload is no JSON`, { cause });
  }
  if (!isObject(value)) throw new Error(`${doing}: expected an object as payload`);
  return value;
}
