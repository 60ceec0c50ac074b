/** What the repository's own checks say, in words. */
import type { CiState } from "../../core/ci.ts";
import { link, plain } from "./escape.ts";
import { listed } from "./places.ts";

const failedShownMax = 10;

/** Links to what failed; what is too much is counted. */
export function failedChecks({ failed }: CiState): string {
  const shown = failed.slice(0, failedShownMax).map(({ name, url }) => link(plain(name, 80), url));
  const more = failed.length - shown.length;
  return listed(more > 0 ? [...shown, `${more} more`] : shown);
}

/** As the end of a sentence about the repository's own checks. */
export function ciWords(ci: CiState): string {
  const reason = ci.reason === null ? "" : `: ${plain(ci.reason, 500).replace(/\.$/u, "")}`;
  switch (ci.kind) {
    case "none":
      return "there are none";
    case "held":
      return "held back until an approval";
    case "waiting":
      return "under way";
    case "never-started":
      return `never started${reason}`;
    case "red":
      return ci.failed.length === 0 ? `failed${reason}` : `failed: ${failedChecks(ci)}`;
    case "green":
      return "passed";
  }
}
