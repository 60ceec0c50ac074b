import { nothingSpent } from "../../core/usage.ts";
import { LiveEvent } from "../../protocol/runner.ts";
import type { LiveStatus } from "../ports/task-view.ts";

const recentActionsMax = 5;

const actionCharactersMax = 300;

export function emptyLive(at: string): LiveStatus {
  return {
    currentAction: null,
    currentStep: null,
    currentDocument: null,
    recentActions: [],
    spent: nothingSpent,
    lastUpdate: at,
  };
}

export function liveAfter(live: LiveStatus, event: LiveEvent, at: string): LiveStatus {
  switch (event.kind) {
    case "step-started":
      return { ...live, currentStep: event.step, currentAction: null, currentDocument: null, lastUpdate: at };
    case "action": {
      const text = event.text.slice(0, actionCharactersMax).toWellFormed();
      return {
        ...live,
        currentStep: event.step,
        currentAction: text,
        // Whoever looks something up goes on with the document afterwards.
        currentDocument: event.document ?? live.currentDocument,
        recentActions: [{ at, text }, ...live.recentActions].slice(0, recentActionsMax),
        lastUpdate: at,
      };
    }
    case "round":
      return { ...live, currentStep: event.step, currentAction: `round ${event.round}`, lastUpdate: at };
    case "usage":
      return { ...live, spent: event.spent, lastUpdate: at };
    case "verifying":
      return { ...live, currentAction: "checking the phase", currentDocument: null, lastUpdate: at };
    case "log":
      return { ...live, lastUpdate: at };
  }
}

/** Whether people would see another status. */
export function showsMore(before: LiveStatus, after: LiveStatus): boolean {
  const seen = ({ lastUpdate: _lastUpdate, recentActions, ...rest }: LiveStatus) =>
    JSON.stringify([rest, recentActions.map(({ text }) => text)]);
  return seen(before) !== seen(after);
}
