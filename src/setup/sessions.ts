import type { Clock } from "../control/ports/surroundings.ts";
import { isSame, type Random } from "./one-time-code.ts";

/** One browser on its way through set-up. */
export interface Session {
  readonly id: string;
  /** Stands in each of our forms. */
  readonly formToken: string;
  /** Goes to GitHub and comes back. */
  readonly state: string;
  readonly startedAtMs: number;
  chosen: { readonly publicUrl: string; readonly actionRef: string } | null;
}

export interface Sessions {
  start(): Session;
  /** By the id in its cookie. */
  find(id: string | undefined): Session | null;
}

/** GitHub gives an hour for the whole way; the rest is for reading the last page. */
const sessionMsMax = 2 * 60 * 60_000;
/** On loopback any program can ask for one; the oldest gives way. */
const sessionsMax = 50;
const secretBytes = 24;

export function createSessions(clock: Clock, random: Random): Sessions {
  const sessions: Session[] = [];
  const secret = () => Buffer.from(random(secretBytes)).toString("base64url");
  return {
    start() {
      const session: Session = {
        id: secret(),
        formToken: secret(),
        state: secret(),
        startedAtMs: clock.now().getTime(),
        chosen: null,
      };
      sessions.push(session);
      if (sessions.length > sessionsMax) sessions.shift();
      return session;
    },
    find(id) {
      if (id === undefined) return null;
      const found = sessions.find((session) => isSame(session.id, id));
      if (found === undefined || clock.now().getTime() - found.startedAtMs > sessionMsMax) return null;
      return found;
    },
  };
}
