import { jobsOn } from "./commit-standing.ts";
import { ACTIONS_APP, appJson, repositoryJson, repositoryUrl } from "./payloads.ts";
import type { Json } from "./payloads.ts";
import { headCommitJson, jobCheckJson } from "./payloads-actions.ts";
import { checkRunJson } from "./payloads-pulls.ts";
import { nodeId } from "./state.ts";
import type {
  Account,
  CheckApp,
  CheckRun,
  CheckSuite,
  Conclusion,
  Repository,
  SandboxContext,
  WorkflowRun,
} from "./state.ts";

/** The suite of an App on a commit, made where it is missing: GitHub opens one for every App that may write checks. */
export function suiteOf(context: SandboxContext, repository: Repository, headSha: string, app: CheckApp): CheckSuite {
  for (const suite of repository.checkSuites.values()) {
    if (suite.headSha === headSha && suite.app.id === app.id) return suite;
  }
  const suite: CheckSuite = { id: context.newId(), headSha, app, createdAt: context.timestamp() };
  repository.checkSuites.set(suite.id, suite);
  return suite;
}

/** Our own App. */
export function ownApp({ options }: SandboxContext): CheckApp {
  return { id: options.appId, slug: options.appSlug, name: options.appSlug };
}

export async function emitCheck(
  context: SandboxContext,
  repository: Repository,
  check: CheckRun,
  action: string,
  sender: Account,
): Promise<void> {
  const payload = { check_run: checkRunJson(context, repository, check) };
  context.emit({ event: "check_run", action, repository, sender, payload });
  if (action !== "completed") return;
  const suite = repository.checkSuites.get(check.suiteId);
  // GitHub tells of a suite once all of it is over.
  if (suite === undefined || standingOf(repository, suite).status !== "completed") return;
  const told = { check_suite: await suiteJson(context, repository, suite) };
  context.emit({ event: "check_suite", action: "completed", repository, sender, payload: told });
}

/** All check runs on a commit, those of Actions' jobs among them; newest first. */
export function checksOn(
  context: SandboxContext,
  repository: Repository,
  sha: string,
): readonly { readonly name: string; readonly status: string; readonly appId: number; readonly json: Json }[] {
  const made = [...repository.checkRuns.values()]
    .filter(({ headSha }) => headSha === sha)
    .map((check) => ({
      name: check.name,
      status: check.status as string,
      appId: check.app.id,
      json: checkRunJson(context, repository, check),
    }));
  const jobs = jobsOn(repository, sha).map(({ run, job }) => ({
    name: job.name,
    status: job.status as string,
    appId: ACTIONS_APP.id,
    json: jobCheckJson(context, repository, run, job),
  }));
  return [...made, ...jobs].reverse();
}

export async function suitesOn(context: SandboxContext, repository: Repository, sha: string): Promise<readonly Json[]> {
  const made = [...repository.checkSuites.values()]
    .filter(({ headSha }) => headSha === sha)
    .map((suite) => suiteJson(context, repository, suite));
  const ofRuns = [...repository.runs.values()]
    .filter(({ headSha }) => headSha === sha)
    .map((run) => runSuiteJson(context, repository, run));
  return Promise.all([...made, ...ofRuns]);
}

type Standing = { readonly status: "queued" | "in_progress" | "completed"; readonly conclusion: Conclusion | null };

function standingOf(repository: Repository, suite: CheckSuite): Standing {
  const checks = [...repository.checkRuns.values()].filter(({ suiteId }) => suiteId === suite.id);
  if (checks.length === 0) return { status: "queued", conclusion: null };
  if (checks.some(({ status }) => status !== "completed")) return { status: "in_progress", conclusion: null };
  const bad = checks.find(({ conclusion }) => !["success", "neutral", "skipped"].includes(conclusion ?? ""));
  return { status: "completed", conclusion: bad?.conclusion ?? "success" };
}

function suiteJson(context: SandboxContext, repository: Repository, suite: CheckSuite): Promise<Json> {
  const count = [...repository.checkRuns.values()].filter(({ suiteId }) => suiteId === suite.id).length;
  const about = { id: suite.id, headSha: suite.headSha, createdAt: suite.createdAt, count };
  return bareSuiteJson(context, repository, about, suite.app, standingOf(repository, suite));
}

function runSuiteJson(context: SandboxContext, repository: Repository, run: WorkflowRun): Promise<Json> {
  const about = { id: run.id, headSha: run.headSha, createdAt: run.createdAt, count: run.jobs.length };
  return bareSuiteJson(context, repository, about, ACTIONS_APP, run);
}

async function bareSuiteJson(
  context: SandboxContext,
  repository: Repository,
  about: { readonly id: number; readonly headSha: string; readonly createdAt: string; readonly count: number },
  app: CheckApp,
  { status, conclusion }: Standing,
): Promise<Json> {
  const url = `${repositoryUrl(context, repository)}/check-suites/${about.id}`;
  const pull = [...repository.pulls.values()].find(({ headSha }) => headSha === about.headSha);
  return {
    id: about.id,
    node_id: nodeId("CS", about.id),
    head_branch: pull?.headRef ?? null,
    head_sha: about.headSha,
    status,
    conclusion,
    url,
    before: null,
    after: about.headSha,
    pull_requests: [],
    app: appJson(context, app),
    repository: repositoryJson(context, repository),
    created_at: about.createdAt,
    updated_at: about.createdAt,
    head_commit: await headCommitJson(context, repository, about.headSha),
    latest_check_runs_count: about.count,
    check_runs_url: `${url}/check-runs`,
  };
}
