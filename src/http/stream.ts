/** What happens to an issue's task, as it happens, for whoever may read the issue: server-sent events. */
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { Store } from "../control/ports/store.ts";
import type { Repository } from "../core/events.ts";
import { stateFrom } from "../core/evolve.ts";
import { answerApi, ApiRefused, type Answering } from "./api.ts";
import type { CallerOf } from "./callers.ts";
import type { LiveStreams } from "./live-streams.ts";

export interface StreamOptions extends Answering {
  readonly callerOf: CallerOf;
  readonly store: Pick<Store, "tasksOfIssue" | "readEvents">;
  readonly live: Pick<LiveStreams, "open">;
}

const headers = {
  "content-type": "text/event-stream",
  // Nothing else comes over this connection, and a process that drains need not wait for it.
  connection: "close",
  // For nginx, which would otherwise keep words back until they are many.
  "x-accel-buffering": "no",
};

export function streamRoutes(options: StreamOptions): Hono<{ Bindings: HttpBindings }> {
  const { callerOf, store, live } = options;
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.get("/api/repos/:owner/:repo/tasks/:issue/stream", (context) =>
    answerApi(options, context, async () => {
      if (context.req.method !== "GET") throw new ApiRefused("bad-request", "Ask with GET.");
      const caller = await callerOf(context);
      const { owner, repo, issue } = context.req.param();
      const repository = await caller.readerIn(owner, repo);
      const { taskId, after } = await taskOf(repository, issue, lastHeardFrom(context.req.header("last-event-id")));
      const words = await live.open({
        login: caller.login,
        taskId,
        after,
        mayStill: () => caller.stillReads(repository),
        disconnect: () => context.env.incoming.socket.destroy(),
      });
      return context.body(words, 200, headers);
    }),
  );
  return routes;

  /** The issue's newest task, or the one of the event that the client heard last. */
  async function taskOf(repository: Repository, issue: string, last: LastHeard | null) {
    const isNumber = /^[1-9]\d{0,8}$/u.test(issue);
    const ids = isNumber ? await store.tasksOfIssue(repository.repositoryId, Number(issue)) : [];
    for (const taskId of ids) {
      const events = await store.readEvents(taskId);
      const state = stateFrom(events);
      if (state.status === "absent") continue;
      if (last === null) return { taskId, after: 0 };
      if (state.ordinal === last.ordinal && last.version <= events.length) return { taskId, after: last.version };
    }
    if (ids.length > 0 && last !== null) throw unknownId();
    throw new ApiRefused("not-found", `${repository.owner}/${repository.name} has no task of an issue of that number.`);
  }
}

interface LastHeard {
  readonly version: number;
  readonly ordinal: number;
}

function lastHeardFrom(id: string | undefined): LastHeard | null {
  if (id === undefined || id === "") return null;
  const { version, ordinal = "1" } = /^(?<version>\d{1,9})(?:-r(?<ordinal>\d{1,9}))?$/u.exec(id)?.groups ?? {};
  if (version === undefined) throw unknownId();
  return { version: Number(version), ordinal: Number(ordinal) };
}

function unknownId(): ApiRefused {
  return new ApiRefused("bad-request", "Last-Event-ID is the id of no event of this issue; without it you hear all.");
}
