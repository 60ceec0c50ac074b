import { type Context, Hono } from "hono";
import { readBody, requirePermission, requireRepository, requireToken } from "./auth.ts";
import { readDispatch } from "./dispatch.ts";
import { notFound } from "./errors.ts";
import { jobJson, runHtmlUrl, runJson, runUrl, workflowJson } from "./payloads-actions.ts";
import { numberParam, paginate } from "./routes/http.ts";
import { cancelRun, rerunRun, startRun } from "./runs.ts";
import type { Actor, Level, Repository, SandboxContext, Workflow, WorkflowJob, WorkflowRun } from "./state.ts";
import { findWorkflow, listWorkflows } from "./workflows.ts";
import { artifactRoutes } from "./artifacts.ts";
import { actionsSettingsRoutes } from "./actions-settings.ts";

const ACTIONS = "/repos/:owner/:repo/actions";
/** Of a list that is filtered. */
const FILTERED_RUNS_MAX = 1000;

/** All of Actions' REST, with full paths: mount it at "/". */
export function actionsRoutes(context: SandboxContext): Hono {
  const routes = new Hono();
  routes.route("/", workflowRoutes(context));
  routes.route("/", runRoutes(context));
  routes.route("/", jobRoutes(context));
  routes.route("/", artifactRoutes(context));
  routes.route("/", actionsSettingsRoutes(context));
  return routes;
}

function workflowRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get(`${ACTIONS}/workflows`, async (c) => {
    const { repository } = admit(context, c, "read");
    const workflows = await listWorkflows(context, repository);
    const page = paginate(context, c, workflows).map((workflow) => workflowJson(context, repository, workflow));
    return c.json({ total_count: workflows.length, workflows: page });
  });

  routes.get(`${ACTIONS}/workflows/:workflow`, async (c) => {
    const { repository } = admit(context, c, "read");
    return c.json(workflowJson(context, repository, await requireWorkflow(context, c, repository)));
  });

  for (const [verb, state] of [
    ["enable", "active"],
    ["disable", "disabled_manually"],
  ] as const) {
    routes.put(`${ACTIONS}/workflows/:workflow/${verb}`, async (c) => {
      const { repository } = admit(context, c, "write");
      const workflow = await requireWorkflow(context, c, repository);
      workflow.state = state;
      workflow.updatedAt = context.timestamp();
      return c.body(null, 204);
    });
  }

  routes.post(`${ACTIONS}/workflows/:workflow/dispatches`, async (c) => {
    const { repository, actor } = admit(context, c, "write");
    const workflow = await requireWorkflow(context, c, repository);
    const body = await readBody(c);
    const { start, wantsDetails } = await readDispatch(context, repository, workflow, actor.account, body);
    const run = await startRun(context, start);
    if (!wantsDetails) return c.body(null, 204);
    return c.json({
      workflow_run_id: run.id,
      run_url: runUrl(context, repository, run.id),
      html_url: runHtmlUrl(context, repository, run.id),
    });
  });

  routes.get(`${ACTIONS}/workflows/:workflow/runs`, async (c) => {
    const { repository } = admit(context, c, "read");
    const workflow = await requireWorkflow(context, c, repository);
    return listRuns(context, c, repository, (run) => run.workflowId === workflow.id);
  });
  return routes;
}

function runRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get(`${ACTIONS}/runs`, (c) => {
    const { repository } = admit(context, c, "read");
    return listRuns(context, c, repository, () => true);
  });

  routes.get(`${ACTIONS}/runs/:run`, async (c) => {
    const { repository } = admit(context, c, "read");
    return c.json(await runJson(context, repository, requireRun(c, repository)));
  });

  routes.get(`${ACTIONS}/runs/:run/attempts/:attempt`, async (c) => {
    const { repository } = admit(context, c, "read");
    const run = requireRun(c, repository);
    if (numberParam(c, "attempt") !== run.attempt) throw notFound();
    return c.json(await runJson(context, repository, run));
  });

  for (const [verb, force] of [
    ["cancel", "gently"],
    ["force-cancel", "force"],
  ] as const) {
    routes.post(`${ACTIONS}/runs/:run/${verb}`, async (c) => {
      const { repository } = admit(context, c, "write");
      await cancelRun(context, repository, requireRun(c, repository), force);
      return c.json({}, 202);
    });
  }

  for (const verb of ["rerun", "rerun-failed-jobs"]) {
    routes.post(`${ACTIONS}/runs/:run/${verb}`, async (c) => {
      const { repository, actor } = admit(context, c, "write");
      await rerunRun(context, repository, requireRun(c, repository), actor.account);
      return c.json({}, 201);
    });
  }
  return routes;
}

function jobRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get(`${ACTIONS}/runs/:run/jobs`, (c) => {
    const { repository } = admit(context, c, "read");
    const run = requireRun(c, repository);
    const all = c.req.query("filter") === "all";
    return listJobs(context, c, repository, run, (job) => all || job.attempt === run.attempt);
  });

  routes.get(`${ACTIONS}/runs/:run/attempts/:attempt/jobs`, (c) => {
    const { repository } = admit(context, c, "read");
    const run = requireRun(c, repository);
    const attempt = numberParam(c, "attempt");
    if (attempt < 1 || attempt > run.attempt) throw notFound();
    return listJobs(context, c, repository, run, (job) => job.attempt === attempt);
  });

  routes.get(`${ACTIONS}/jobs/:job`, (c) => {
    const { repository } = admit(context, c, "read");
    const { run, job } = requireJob(c, repository);
    return c.json(jobJson(context, repository, run, job));
  });

  routes.get(`${ACTIONS}/jobs/:job/logs`, (c) => {
    const { repository } = admit(context, c, "read");
    const { job } = requireJob(c, repository);
    // No API shows the log of a job that runs.
    if (job.status !== "completed") throw notFound();
    return c.redirect(`${context.url()}/_blob/logs/${repository.id}/${job.id}`, 302);
  });

  // A signed address on another host, in truth: it takes no token.
  routes.get("/_blob/logs/:repository/:job", (c) => {
    const repository = context.state.repositories.get(numberParam(c, "repository"));
    if (repository === undefined) throw notFound();
    return c.text(requireJob(c, repository).job.log);
  });
  return routes;
}

/** The sender and the repository, when the sender may do that with Actions. */
function admit(context: SandboxContext, c: Context, level: Level): { actor: Actor; repository: Repository } {
  const actor = requireToken(context, c);
  const repository = requireRepository(context, c, actor);
  requirePermission(context, actor, repository, "actions", level);
  return { actor, repository };
}

async function requireWorkflow(context: SandboxContext, c: Context, repository: Repository): Promise<Workflow> {
  const workflow = await findWorkflow(context, repository, c.req.param("workflow") ?? "");
  if (workflow === null) throw notFound();
  return workflow;
}

function requireRun(c: Context, repository: Repository): WorkflowRun {
  const run = repository.runs.get(numberParam(c, "run"));
  if (run === undefined) throw notFound();
  return run;
}

function requireJob(c: Context, repository: Repository): { run: WorkflowRun; job: WorkflowJob } {
  const id = numberParam(c, "job");
  for (const run of repository.runs.values()) {
    const job = run.jobs.find((one) => one.id === id);
    if (job !== undefined) return { run, job };
  }
  throw notFound();
}

async function listRuns(
  context: SandboxContext,
  c: Context,
  repository: Repository,
  belongs: (run: WorkflowRun) => boolean,
): Promise<Response> {
  const filters = ["actor", "branch", "event", "status", "head_sha", "created"].flatMap((name) => {
    const value = c.req.query(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const found = [...repository.runs.values()]
    .toReversed()
    .filter((run) => belongs(run) && filters.every(([name, value]) => matchesFilter(run, name, value)));
  const listed = filters.length === 0 ? found : found.slice(0, FILTERED_RUNS_MAX);
  const page = paginate(context, c, listed);
  const runs = await Promise.all(page.map((run) => runJson(context, repository, run)));
  return c.json({ total_count: found.length, workflow_runs: runs });
}

function matchesFilter(run: WorkflowRun, name: string, value: string): boolean {
  switch (name) {
    case "actor":
      return run.actor.login.toLowerCase() === value.toLowerCase();
    case "branch":
      return run.headBranch === value;
    case "event":
      return run.event === value;
    // One parameter for both, as on GitHub.
    case "status":
      return run.status === value || run.conclusion === value;
    case "head_sha":
      return run.headSha === value;
    default:
      return matchesDates(run.createdAt, value);
  }
}

/** GitHub's search syntax for dates: `2026-01-01`, `>=x`, `<x`, `x..y`, where `*` is open. */
function matchesDates(date: string, filter: string): boolean {
  const at = Date.parse(date);
  const [from, to] = filter.split("..");
  if (from !== undefined && to !== undefined) {
    return (from === "*" || at >= Date.parse(from)) && (to === "*" || at <= Date.parse(to));
  }
  const [, sign = "", bound = ""] = /^(>=|<=|>|<)?(.*)$/.exec(filter) ?? [];
  const limit = Date.parse(bound);
  if (sign === ">=") return at >= limit;
  if (sign === "<=") return at <= limit;
  if (sign === ">") return at > limit;
  if (sign === "<") return at < limit;
  return date.startsWith(bound);
}

function listJobs(
  context: SandboxContext,
  c: Context,
  repository: Repository,
  run: WorkflowRun,
  belongs: (job: WorkflowJob) => boolean,
): Response {
  const jobs = run.jobs.filter(belongs);
  const page = paginate(context, c, jobs).map((job) => jobJson(context, repository, run, job));
  return c.json({ total_count: jobs.length, jobs: page });
}
