import type { TaskId } from "../../core/ids.ts";
import { LiveEvent, type EventsAnswer, type EventsRequest } from "../../protocol/runner.ts";
import { queueStatus } from "../handle-command.ts";
import { emptyLive, liveAfter, showsMore } from "./live-status.ts";
import { isErased, liveTaskOf, sessionOf, type ServingRunner } from "./session.ts";
import { withoutTokens } from "./without-tokens.ts";

/** Between two looks of people at what a run does (Q11). */
const liveStatusMs = 30_000;

/** Lines of one run's log that are kept; a run of an hour writes some thousands. */
const runLogEventsMax = 50_000;

/** Stores live telemetry. The answer tells the runner what need not come again, and whether to stop. */
export async function takeEvents(serving: ServingRunner, token: string, said: EventsRequest): Promise<EventsAnswer> {
  const session = await sessionOf(serving, token);
  const events = said.events.map((each) => ({ ...each, event: LiveEvent.parse(withoutTokens(each.event)) }));
  const { runId, taskId } = session;
  const at = serving.clock.now().toISOString();
  const live = (await liveTaskOf(serving, session)) !== null;
  const last = Math.max(0, ...events.map(({ number }) => number));
  // Heard, and not kept: somebody had the texts of this task erased.
  if (!live && (await isErased(serving, session))) return { acknowledged: last, stop: true };
  const kept = events.filter(({ number }) => number <= runLogEventsMax);
  const stored = await serving.store.appendRunLog(
    runId,
    kept.map((event) => ({ number: event.number, line: JSON.stringify(event) })),
  );
  // Silent from here on: an ended run may flush its last words for some minutes, and then its token is worth nothing.
  if (live) await serving.store.touchRunSession(runId, at);
  // What a run that is over still has to say must not pass for its successor's.
  if (live && events.length > 0) {
    const before = (await serving.store.readLive(taskId)) ?? emptyLive(at);
    const after = events.reduce((status, { event }) => liveAfter(status, event, at), before);
    await serving.store.updateLive(taskId, after);
    for (const { event } of events) serving.log.info({ taskId, runId, live: event }, "live");
    if (showsMore(before, after)) await showLive(serving, taskId);
  }
  // Beyond the limit a line counts as heard, or the runner would send it for ever.
  return { acknowledged: stored >= runLogEventsMax ? Math.max(stored, last) : stored, stop: !live };
}

/** The status comment follows what the run does, as often as Q11 allows. */
async function showLive(serving: ServingRunner, taskId: TaskId): Promise<void> {
  const now = serving.clock.now().getTime();
  if (now - (serving.liveShownAt.get(taskId) ?? Number.NEGATIVE_INFINITY) < liveStatusMs) return;
  serving.liveShownAt.set(taskId, now);
  await queueStatus(serving, taskId, {}, "soon");
}
