/**
 * The streams of events that this process tells. All of them go by one timer, which also looks for what is new: one question to
 * the store each second, whoever stored it and however many listen. Nothing is kept for a client that does not read.
 */
import type { Store } from "../control/ports/store.ts";
import type { Clock, Log, Timer } from "../control/ports/surroundings.ts";
import { eventView } from "../core/event-view.ts";
import type { TaskEvent } from "../core/events.ts";
import { evolve, stateFrom } from "../core/evolve.ts";
import type { TaskId } from "../core/ids.ts";
import { redactTokens } from "../core/redact.ts";
import { redactValue } from "../core/redact-json.ts";
import { isSettled } from "../core/state.ts";
import { ApiRefused } from "./api.ts";

const lookEveryMs = 1_000;
/** Proxies end a connection on which nothing is said for a minute, some after half of one. */
const silenceMsMax = 15_000;
/** Of a client that has not read what was said last. */
const unreadMsMax = 30_000;
const permissionEveryMs = 5 * 60_000;
const streamMsMax = 60 * 60_000;
const streamsMax = 200;
const streamsOfPersonMax = 5;
/** Made at once, so that a long history is told at the pace of its reader. */
const eventsAtOnce = 50;
/** What a client that comes back by itself waits. */
const retryMs = 1_000;

const endings = {
  settled: "The task has ended, and all of it was told.",
  draining: "This process of the app stops. Ask again with the id of the last event.",
  "too-long": "A stream lasts an hour. Ask again with the id of the last event.",
  "no-access": "GitHub no longer lets your token read the issues of this repository.",
  unavailable: "GitHub or the store does not answer just now. Ask again with the id of the last event.",
} as const;

interface Listener {
  readonly login: string;
  readonly taskId: TaskId;
  /** How many events the client knows already. */
  readonly after: number;
  /** Asked of GitHub. */
  readonly mayStill: () => Promise<boolean>;
  /** Ends the connection, whatever waits in it. */
  readonly disconnect: () => void;
}

export interface LiveStreams {
  /** The words of one answer. Throws `ApiRefused` where there are too many. */
  open(listener: Listener): Promise<ReadableStream<Uint8Array>>;
  /** Ends all streams, and opens no other. */
  drain(): void;
}

interface Options {
  readonly store: Pick<Store, "readEvents" | "newestVersions">;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
}

interface Stream {
  readonly login: string;
  readonly taskId: TaskId;
  /** The newest event has this version. */
  hear(version: number): void;
  tick(now: number): void;
  end(why: keyof typeof endings): void;
}

/** As an event of a task is known to its clients. Later tasks of an issue have the suffix of their branches. */
function eventIdOf(ordinal: number, version: number): string {
  return `${version}${ordinal > 1 ? `-r${ordinal}` : ""}`;
}

export function createLiveStreams(options: Options): LiveStreams {
  const { store, clock, timer, log } = options;
  const streams = new Set<Stream>();
  let drains = false;
  let callOff: (() => void) | null = null;
  let looking = false;
  let lookFailed = false;

  function tick(): void {
    callOff = streams.size === 0 ? null : timer(lookEveryMs, tick);
    const now = clock.now().getTime();
    for (const stream of streams) stream.tick(now);
    void look();
  }

  async function look(): Promise<void> {
    if (looking || streams.size === 0) return;
    looking = true;
    try {
      const versions = await store.newestVersions([...new Set([...streams].map(({ taskId }) => taskId))]);
      for (const stream of streams) stream.hear(versions.get(stream.taskId) ?? 0);
      lookFailed = false;
    } catch (error) {
      // Once, and not each second that the store is away.
      if (!lookFailed) log.warn({ err: error }, "looking for events to tell");
      lookFailed = true;
    } finally {
      looking = false;
    }
  }

  function refuseTooMany(login: string): void {
    if (drains) throw new ApiRefused("unavailable", "The app is stopping; try again in a moment.", 5);
    const ofPerson = [...streams].filter((stream) => stream.login === login);
    if (ofPerson.length >= streamsOfPersonMax) {
      throw new ApiRefused("too-many-requests", `${login} listens ${streamsOfPersonMax} times already; end one.`, 60);
    }
    if (streams.size >= streamsMax) throw new ApiRefused("unavailable", "Too many listen; try again later.", 60);
  }

  return {
    async open(listener) {
      const events = await store.readEvents(listener.taskId);
      refuseTooMany(listener.login);
      const { stream, words } = openStream(options, listener, events, () => streams.delete(stream));
      streams.add(stream);
      callOff ??= timer(lookEveryMs, tick);
      return words;
    },
    drain() {
      drains = true;
      callOff?.();
      for (const stream of streams) stream.end("draining");
    },
  };
}

function openStream(
  { store, clock, log }: Options,
  { login, taskId, after, mayStill, disconnect }: Listener,
  events: readonly TaskEvent[],
  closed: () => void,
): { readonly stream: Stream; readonly words: ReadableStream<Uint8Array> } {
  const encoder = new TextEncoder();
  const openedAt = clock.now().getTime();
  let state = stateFrom(events.slice(0, after));
  let told = after;
  let known = events.length;
  let greeted = false;
  let ending: keyof typeof endings | null = null;
  let isOver = false;
  /** The client has read what was said last, and asks for more. */
  let asked = false;
  let saidAt = openedAt;
  let permittedAt = openedAt;
  let wake: () => void = () => undefined;

  async function nextWords(): Promise<string | null> {
    if (!greeted) {
      greeted = true;
      return `retry: ${retryMs}\n\n`;
    }
    if (ending === null && known > told) return tell(await store.readEvents(taskId));
    if (ending === null && state.status !== "absent" && isSettled(state)) ending = "settled";
    if (ending !== null) {
      isOver = true;
      // Without an id, so that the last event stays the one to go on from.
      return `event: end\ndata: ${JSON.stringify({ reason: ending, message: endings[ending] })}\n\n`;
    }
    return clock.now().getTime() - saidAt < silenceMsMax ? null : ": still here\n\n";
  }

  function tell(all: readonly TaskEvent[]): string {
    known = all.length;
    const words = all.slice(told, told + eventsAtOnce).map((event) => {
      state = evolve(state, event);
      told += 1;
      if (state.status === "absent") return "";
      const view = redactValue(eventView(state, event, told), redactTokens);
      return `id: ${eventIdOf(state.ordinal, told)}\nevent: ${event.type}\ndata: ${JSON.stringify(view)}\n\n`;
    });
    return words.join("");
  }

  /** Called when the client has read everything, once for each answer. */
  async function answer(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    asked = true;
    for (;;) {
      const words = await nextWords().catch((error: unknown) => {
        if (ending === null) log.warn({ taskId, err: error }, "telling events");
        ending ??= "unavailable";
        return null;
      });
      if (!asked) return;
      if (words !== null) {
        asked = false;
        saidAt = clock.now().getTime();
        controller.enqueue(encoder.encode(words));
        if (!isOver) return;
        controller.close();
        return close();
      }
      if (ending !== null) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  function close(): void {
    asked = false;
    closed();
  }

  async function askPermission(): Promise<void> {
    const may = await mayStill().catch((error: unknown) => {
      log.warn({ login, taskId, err: error }, "asking whether somebody may go on listening");
      return null;
    });
    if (may !== true) stream.end(may === null ? "unavailable" : "no-access");
  }

  const stream: Stream = {
    login,
    taskId,
    hear(version) {
      known = Math.max(known, version);
      if (known > told) wake();
    },
    tick(now) {
      if (!asked && now - saidAt >= unreadMsMax) {
        log.info({ login, taskId }, "a listener that does not read was cut off");
        close();
        disconnect();
        return;
      }
      if (now - openedAt >= streamMsMax) stream.end("too-long");
      if (now - permittedAt >= permissionEveryMs) {
        permittedAt = now;
        void askPermission();
      }
      // Also for what was heard in the moment before it waited.
      if (known > told || ending !== null || now - saidAt >= silenceMsMax) wake();
    },
    end(why) {
      ending ??= why;
      wake();
    },
  };
  // Without a queue: words are made when they are asked for, so a client that does not read has none waiting.
  const words = new ReadableStream<Uint8Array>({ pull: answer, cancel: close }, { highWaterMark: 0 });
  return { stream, words };
}
