import type { Rework } from "../../core/state.ts";
import { code, people } from "./escape.ts";
import { count } from "./format.ts";

/** What the agent is at, without a full stop. */
export function reworkWords({ by, source, ids, base }: Rework): string {
  if (source === "conflict") {
    return `the agent is resolving a conflict with ${base === null || base === "" ? "the base branch" : code(base, 100)}`;
  }
  // The repository's checks are nobody's wish.
  if (source === "ci" && by.length === 0) return "the agent works on what the repository's own checks found";
  const points = ids.length === 0 ? "" : ` (${count(ids.length, "point", "points")})`;
  if (source === "ripple") return `the agent brings in line what follows from a changed item${points}`;
  return source === "veto"
    ? `the agent takes anew what ${people(by)} vetoed${points}`
    : `the agent works on what ${people(by)} asked for${points}`;
}
