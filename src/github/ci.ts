/** Reads what the repository's own checks say of a gate's head; the rules stand in `ci-signs.ts`. */
import type { CiState } from "../core/ci.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Octokit } from "./api.ts";
import { checkSays, namesOf, neverStarted, runSays, stateOf, statusSays, type Sign } from "./ci-signs.ts";
import { nameOf, pathOf, readIfAllowed, readRepository } from "./repository.ts";
import { concernsGates, excludedBy, triggersOf, type Excluded, type WorkflowTriggers } from "./workflow-triggers.ts";
import { workflowPath } from "./workflow-file.ts";
import { listWorkflowFiles, readWorkflowText } from "./workflow-texts.ts";

const perPage = 100;
/** A thousand check runs, as many as GitHub answers for one commit. */
const checkPagesMax = 10;
const statusPagesMax = 3;
/** Runs and checks appear within seconds; five minutes are also enough for a runner's queue to take them in. */
const startsWithinMs = 5 * 60_000;
const rememberedMax = 500;

/** Of GitHub's own App, whose check runs are the jobs of workflows. */
const actionsSlug = "github-actions";

interface Head {
  readonly sha: string;
  readonly branch: string;
  readonly releasedAt: string;
  readonly now: string;
}

export type ReadCi = (repository: Repository, head: Head) => Promise<CiState>;

export function createCiReader(api: Api, { appId }: { readonly appId: number }): ReadCi {
  /** By commit: which workflows could run on it. */
  const remembered = new Map<string, readonly WorkflowTriggers[]>();

  return async (repository, head) => {
    const { sha } = head;
    const runs = await readRuns(api, repository, sha);
    const checks = await readChecks(api, repository, sha, appId);
    const statuses = await readStatuses(api, repository, sha);
    return stateOf([...runs, ...checks, ...statuses]) ?? (await silence(repository, head));
  };

  /** Nothing says anything: why? */
  async function silence(repository: Repository, head: Head): Promise<CiState> {
    const workflows = (await workflowsOn(repository, head.sha)).filter((each) => concernsGates(each, head.branch));
    const isEarly = Date.parse(head.now) - Date.parse(head.releasedAt) < startsWithinMs;
    if (workflows.length === 0) {
      const mayCome = isEarly && (await hasForeignSuite(api, repository, head.sha, appId));
      return { kind: mayCome ? "waiting" : "none", reason: null, failed: [] };
    }
    if (isEarly) return { kind: "waiting", reason: null, failed: [] };
    return neverStarted(await reasonOf(api, repository, head, workflows));
  }

  async function workflowsOn(repository: Repository, sha: string): Promise<readonly WorkflowTriggers[]> {
    const known = remembered.get(sha);
    if (known !== undefined) return known;
    const files = await listWorkflowFiles(api, repository, sha);
    const found: WorkflowTriggers[] = [];
    for (const file of files ?? []) {
      const triggers = triggersOf(file.path, await readWorkflowText(api, repository, file));
      if (triggers !== null) found.push(triggers);
    }
    // So many files that nobody reads them: one of them will run.
    if (files === null) found.push({ name: "a workflow", path: "", triggers: [] });
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(sha, found);
    return found;
  }
}

export type Run = Awaited<
  ReturnType<Octokit["rest"]["actions"]["listWorkflowRunsForRepo"]>
>["data"]["workflow_runs"][number];

/** Of each workflow and event the newest run, without our own workflow's. */
export async function newestRuns(api: Api, repository: Repository, sha: string): Promise<readonly Run[]> {
  const { data } = await api.read({
    repository,
    permissions: { actions: "read" },
    doing: `reading the workflow runs of ${sha} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.actions.listWorkflowRunsForRepo({ ...pathOf(repository), head_sha: sha, per_page: perPage }),
  });
  const newest = new Map<string, Run>();
  for (const run of data.workflow_runs) {
    if (run.path.split("@")[0] === workflowPath) continue;
    const key = `${run.workflow_id} ${run.event}`;
    if ((newest.get(key)?.run_number ?? 0) < run.run_number) newest.set(key, run);
  }
  return [...newest.values()];
}

async function readRuns(api: Api, repository: Repository, sha: string): Promise<readonly Sign[]> {
  return (await newestRuns(api, repository, sha)).map((run) => ({
    name: runName(run),
    url: run.html_url,
    says: runSays(run),
  }));
}

export function runName({ name, path }: Run): string {
  return name ?? path;
}

type Check = Awaited<ReturnType<Octokit["rest"]["checks"]["listForRef"]>>["data"]["check_runs"][number];

/** Of Apps that are neither ours nor Actions; none where the app may not read checks. */
export async function foreignChecks(
  api: Api,
  repository: Repository,
  sha: string,
  appId: number,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (let page = 1; page <= checkPagesMax; page += 1) {
    const answer = await readIfAllowed(api, {
      repository,
      permissions: { checks: "read" },
      doing: `reading the check runs of ${sha} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.checks.listForRef({ ...pathOf(repository), ref: sha, per_page: perPage, page }),
    });
    if (answer === null) return checks;
    checks.push(...answer.data.check_runs);
    if (answer.data.check_runs.length < perPage) break;
  }
  return checks.filter(({ app }) => app?.id !== appId && app?.slug !== actionsSlug);
}

async function readChecks(api: Api, repository: Repository, sha: string, appId: number): Promise<readonly Sign[]> {
  return (await foreignChecks(api, repository, sha, appId)).map((check) => ({
    name: check.name,
    url: check.details_url ?? check.html_url ?? "",
    says: checkSays(check),
  }));
}

type Status = Awaited<ReturnType<Octokit["rest"]["repos"]["getCombinedStatusForRef"]>>["data"]["statuses"][number];

/** None where the app may not read statuses. */
export async function readStatusList(api: Api, repository: Repository, sha: string): Promise<readonly Status[]> {
  const statuses: Status[] = [];
  for (let page = 1; page <= statusPagesMax; page += 1) {
    const answer = await readIfAllowed(api, {
      repository,
      permissions: { statuses: "read" },
      doing: `reading the statuses of ${sha} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.repos.getCombinedStatusForRef({ ...pathOf(repository), ref: sha, per_page: perPage, page }),
    });
    if (answer === null) break;
    statuses.push(...answer.data.statuses);
    if (answer.data.statuses.length < perPage) break;
  }
  return statuses;
}

async function readStatuses(api: Api, repository: Repository, sha: string): Promise<readonly Sign[]> {
  return (await readStatusList(api, repository, sha)).map((status) => ({
    name: status.context,
    url: status.target_url ?? "",
    says: statusSays(status.state),
  }));
}

async function hasForeignSuite(api: Api, repository: Repository, sha: string, appId: number): Promise<boolean> {
  const answer = await readIfAllowed(api, {
    repository,
    permissions: { checks: "read" },
    doing: `reading the check suites of ${sha} in ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.checks.listSuitesForRef({ ...pathOf(repository), ref: sha, per_page: perPage }),
  });
  return (answer?.data.check_suites ?? []).some(({ app }) => app?.id !== appId && app?.slug !== actionsSlug);
}

const skipMark = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|\n\n(?:.*\n)*skip-checks: ?true/iu;

/** The likely reason, and what mends it, in the order in which each would hide the next. */
async function reasonOf(
  api: Api,
  repository: Repository,
  { sha, branch }: Head,
  workflows: readonly WorkflowTriggers[],
): Promise<string> {
  const mark = skipMark
    .exec(await messageOf(api, repository, sha))?.[0]
    .trim()
    .split("\n")
    .at(-1);
  if (mark !== undefined) {
    return `the message of the commit says ${mark}, so nothing runs on it; push a commit that does not`;
  }
  if (await actionsAreOff(api, repository)) {
    return "Actions are switched off in the settings of this repository; switch them on and push again";
  }
  const states = await workflowStates(api, repository);
  const on = workflows.filter(({ path }) => !(states.get(path) ?? "active").startsWith("disabled"));
  if (on.length === 0) {
    return `${namesOf(workflows)} is switched off; enable it on the Actions page, and push again`;
  }
  const base = await baseOf(api, repository, branch);
  const excluded = on.map((workflow) => ({ workflow, by: excludedBy(workflow, { branch, base }) }));
  const unexplained = excluded.filter(({ by }) => by === null).map(({ workflow }) => workflow);
  const [first] = excluded;
  if (unexplained.length === 0 && first !== undefined && first.by !== null) {
    return `${namesOf([first.workflow])} ${wordsOf(first.by, { branch, base })}`;
  }
  return `GitHub started none of ${namesOf(unexplained)} and does not say why; look at the Actions page, and whether this account may use Actions (minutes, a payment that failed)`;
}

/** Where the gate would be merged; the default branch where it has no pull request. */
async function baseOf(api: Api, repository: Repository, branch: string): Promise<string> {
  const { data } = await api.read({
    repository,
    permissions: { pull_requests: "read" },
    doing: `looking for the pull request of ${branch} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.pulls.list({ ...pathOf(repository), state: "open", head: `${repository.owner}:${branch}` }),
  });
  return (
    data.find(({ head }) => head.ref === branch)?.base.ref ?? (await readRepository(api, repository)).defaultBranch
  );
}

function wordsOf(by: Excluded, { branch, base }: { readonly branch: string; readonly base: string }): string {
  switch (by) {
    case "branches":
      return `has a filter of branches that leaves out ${branch} and pull requests into ${base}; add pull_request to its triggers`;
    case "types":
      return "runs on none of the types opened, synchronize and reopened of a pull request; add them";
    case "paths":
      return "has a filter of paths, and nothing that it names was changed; if it should run all the same, take the filter away";
    case "paths-of-a-push":
      return "has a filter of paths for pushes, and the commit that lets it run changes no path; add pull_request to its triggers";
  }
}

async function messageOf(api: Api, repository: Repository, sha: string): Promise<string> {
  const { data } = await api.read({
    repository,
    permissions: { contents: "read" },
    doing: `reading commit ${sha} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.git.getCommit({ ...pathOf(repository), commit_sha: sha }),
  });
  return data.message;
}

/** False where the setting may not be read. */
async function actionsAreOff(api: Api, repository: Repository): Promise<boolean> {
  const setting = await readIfAllowed(api, {
    repository,
    permissions: { administration: "read" },
    doing: `reading the Actions setting of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.getGithubActionsPermissionsRepository(pathOf(repository)),
  });
  return setting?.data.enabled === false;
}

async function workflowStates(api: Api, repository: Repository): Promise<ReadonlyMap<string, string>> {
  const answer = await readIfAllowed(api, {
    repository,
    permissions: { actions: "read" },
    doing: `listing the workflows of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.listRepoWorkflows({ ...pathOf(repository), per_page: perPage }),
  });
  return new Map(answer?.data.workflows.map(({ path, state }) => [path, state]));
}
