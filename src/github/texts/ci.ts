/** What the repository's own checks say, in words. */
import type { CiState } from "../../core/ci.ts";
import { link, plain } from "./escape.ts";
import { listed } from "./places.ts";
import type { Say } from "./words.ts";

const failedShownMax = 10;

/** Links to what failed; what is too much is counted. */
export function failedChecks({ failed }: CiState, say: Say): string {
  const shown = failed.slice(0, failedShownMax).map(({ name, url }) => link(plain(name, 80), url));
  const more = failed.length - shown.length;
  return listed(more > 0 ? [...shown, say`${more} more`] : shown, say);
}

/** As the end of a sentence about the repository's own checks. */
export function ciWords(ci: CiState, say: Say): string {
  const reason = ci.reason === null ? null : plain(ci.reason, 500).replace(/\.$/u, "");
  switch (ci.kind) {
    case "none":
      return say`there are none`;
    case "held":
      return say`held back until an approval`;
    case "waiting":
      return say`under way`;
    case "never-started":
      return reason === null ? say`never started` : say`never started: ${reason}`;
    case "red":
      if (ci.failed.length > 0) return say`failed: ${failedChecks(ci, say)}`;
      return reason === null ? say`failed` : say`failed: ${reason}`;
    case "green":
      return say`passed`;
  }
}
