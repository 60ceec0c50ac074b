import type { Conclusion, Repository, WorkflowJob, WorkflowRun } from "./state.ts";

/** What one check, job or status says of a commit. */
export type Standing = { readonly name: string; readonly state: "passed" | "pending" | "failed" };

/** The newest of each name: check runs, jobs of Actions, statuses. */
export function standingsOn(repository: Repository, sha: string): readonly Standing[] {
  const checks = [...repository.checkRuns.values()].filter(({ headSha }) => headSha === sha);
  const jobs = jobsOn(repository, sha).map(({ job }) => job);
  const found = [...checks, ...jobs].map(({ name, status, conclusion }) => ({
    name,
    state: status === "completed" ? judged(conclusion) : ("pending" as const),
  }));
  const statuses = [...repository.statuses.values()]
    .filter((status) => status.sha === sha)
    .map(({ context: name, state }) => ({
      name,
      state:
        state === "success" ? ("passed" as const) : state === "pending" ? ("pending" as const) : ("failed" as const),
    }));
  return [...new Map([...found, ...statuses].map((each) => [each.name, each])).values()];
}

/** Jobs of the newest attempt of each run, oldest first. */
export function jobsOn(
  repository: Repository,
  sha: string,
): readonly { readonly run: WorkflowRun; readonly job: WorkflowJob }[] {
  return [...repository.runs.values()]
    .filter(({ headSha }) => headSha === sha)
    .flatMap((run) => run.jobs.filter(({ attempt }) => attempt === run.attempt).map((job) => ({ run, job })));
}

/** Of the checks that a rule of the branch asks for, each that has not passed, in GitHub's words. */
export function missingChecks(repository: Repository, branch: string, sha: string): readonly string[] {
  const standings = new Map(standingsOn(repository, sha).map(({ name, state }) => [name, state]));
  return (repository.checksRequired.get(branch) ?? []).flatMap((name) => {
    const state = standings.get(name);
    if (state === "passed") return [];
    const what = state === undefined ? "expected" : state === "pending" ? "pending" : "failing";
    return [`Required status check "${name}" is ${what}.`];
  });
}

function judged(conclusion: Conclusion | null): "passed" | "failed" {
  return ["success", "neutral", "skipped"].includes(conclusion ?? "") ? "passed" : "failed";
}
