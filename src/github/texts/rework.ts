import type { Rework } from "../../core/state.ts";
import { code, people } from "./escape.ts";
import type { Say } from "./words.ts";

/** What the agent is at, without a full stop. */
export function reworkWords({ by, source, ids, base }: Rework, say: Say): string {
  if (source === "conflict") {
    return say`the agent is resolving a conflict with ${base === null || base === "" ? say`the base branch` : code(base, 100)}`;
  }
  // The repository's checks are nobody's wish.
  if (source === "ci" && by.length === 0) return say`the agent works on what the repository's own checks found`;
  const points = ids.length === 0 ? "" : ` (${say.count(ids.length, "point", "points")})`;
  if (source === "ripple") return `${say`the agent brings in line what follows from a changed item`}${points}`;
  return source === "veto"
    ? `${say`the agent takes anew what ${people(by, say)} vetoed`}${points}`
    : `${say`the agent works on what ${people(by, say)} asked for`}${points}`;
}
