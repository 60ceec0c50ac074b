/**
 * What the checks of a repository's own say of a commit, read from three lists: workflow runs, check runs of other Apps,
 * commit statuses. Ours are left out, by App and by the workflow's path, and so are the check runs of Actions' jobs: their
 * workflow run speaks for them, with `continue-on-error` worked in.
 *
 * | sign | says | then the commit is |
 * |---|---|---|
 * | run `failure`, `timed_out` | failed | `red`, whatever the others say |
 * | check run `failure`, `timed_out`, `action_required`, `startup_failure` | failed | `red` |
 * | status `failure`, `error` | failed | `red` |
 * | run `startup_failure` | broken | `never-started`: GitHub can't start it, and no agent may change its file |
 * | run `action_required` | held | `never-started`: Actions waits until a person approves the run |
 * | queued, in progress, pending, waiting, requested; status `pending` | waiting | `waiting` |
 * | `cancelled`, `stale`, completed without a conclusion | silent | `never-started`: somebody must run it again |
 * | `success`, `neutral`, `skipped` | passed | `green`, where all others passed, too |
 * | nothing; no workflow on push or pull_request, and no other App opened a suite | | `none` |
 * | nothing; no such workflow, but a suite of another App with nothing in it | | `waiting` for five minutes, then `none`: GitHub opens one for every App, and most never use it |
 * | nothing; there is such a workflow | | `waiting` for five minutes after its release, then `never-started` |
 *
 * The first row that applies decides. Of a workflow that ran several times for the same event the newest run counts, of a
 * check run or a status the newest of its name.
 */
import type { CiState } from "../core/ci.ts";

export type Says = "passed" | "failed" | "waiting" | "broken" | "held" | "silent";

export interface Sign {
  readonly name: string;
  readonly url: string;
  readonly says: Says;
}

const failedMax = 20;

/** Null where there is no sign at all. */
export function stateOf(signs: readonly Sign[]): CiState | null {
  const all = (says: Says): readonly Sign[] => signs.filter((sign) => sign.says === says);
  const failed = all("failed")
    .slice(0, failedMax)
    .map(({ name, url }) => ({ name, url }));
  if (failed.length > 0) return { kind: "red", reason: null, failed };
  const broken = all("broken");
  if (broken.length > 0) {
    return neverStarted(`GitHub can't start ${namesOf(broken)}; mend the file of that workflow`, broken);
  }
  const held = all("held");
  if (held.length > 0) {
    return neverStarted(
      `Actions waits until somebody with write approves the run of ${namesOf(held)}; approve it on the Actions page`,
      held,
    );
  }
  if (all("waiting").length > 0) return { kind: "waiting", reason: null, failed: [] };
  const silent = all("silent");
  if (silent.length > 0) {
    return neverStarted(`${namesOf(silent)} ended without a verdict; run it again on the Actions page`, silent);
  }
  return signs.length === 0 ? null : { kind: "green", reason: null, failed: [] };
}

/** `about`: where people can look. */
export function neverStarted(
  reason: string,
  about: readonly { readonly name: string; readonly url: string }[] = [],
): CiState {
  const failed = about.slice(0, failedMax).map(({ name, url }) => ({ name, url }));
  return { kind: "never-started", reason, failed };
}

export function runSays(run: { readonly status: string | null; readonly conclusion: string | null }): Says {
  if (run.conclusion === "startup_failure") return "broken";
  if (run.status === "action_required" || run.conclusion === "action_required") return "held";
  return checkSays(run);
}

export function checkSays({
  status,
  conclusion,
}: {
  readonly status: string | null;
  readonly conclusion: string | null;
}): Says {
  if (status !== "completed") return "waiting";
  switch (conclusion) {
    case "success":
    case "neutral":
    case "skipped":
      return "passed";
    case "failure":
    case "timed_out":
    case "action_required":
    case "startup_failure":
      return "failed";
    case null:
    default:
      return "silent";
  }
}

export function statusSays(state: string): Says {
  if (state === "success") return "passed";
  return state === "pending" ? "waiting" : "failed";
}

const namesMax = 3;

/** In plain words, as a reason is: whoever shows one makes it safe to stand in Markdown. */
export function namesOf(named: readonly { readonly name: string }[]): string {
  const names = [...new Set(named.map(({ name }) => JSON.stringify(name)))];
  const more = names.length > namesMax ? ` and ${names.length - namesMax} more` : "";
  return `${names.slice(0, namesMax).join(", ")}${more}`;
}
