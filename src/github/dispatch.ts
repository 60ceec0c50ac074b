import { DispatchRefused, type WorkflowRun } from "../control/ports/github.ts";
import { RetryLater } from "../control/ports/retry-later.ts";
import type { Repository } from "../core/events.ts";
import type { RunId, TaskId } from "../core/ids.ts";
import { appearsWithinMs, type Api } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { lacksPermission, RequestFailed } from "./request-failed.ts";
import { outdatedWorkflowFile, workflowFileName, workflowPath } from "./workflow-file.ts";

const recentRunsMax = 50;
/** `run-name` of the workflow file puts this before the input `phase`. */
const runNamePrefix = "Phasegate · ";
/** Of a random id: enough to tell apart the recent runs of one phase of one issue. */
const shortIdCharacters = 8;

interface RunToDispatch {
  readonly runId: RunId;
  readonly taskId: TaskId;
  /** For people, e.g. `Planning · issue #7`. */
  readonly phase: string;
  readonly ref: string;
  readonly grants: readonly { readonly slot: number; readonly name: string }[];
}

/**
 * Starts the workflow, once for each run: its name holds phase, issue and short id, so that a dispatch whose answer was lost is found.
 * Throws `DispatchRefused` for what a person must mend.
 */
export async function dispatchRun(api: Api, repository: Repository, run: RunToDispatch): Promise<WorkflowRun> {
  const there = await findRun(api, repository, run);
  if (there !== null) return there;
  const answer = await send(api, repository, run);
  if (answer !== null) {
    return { workflowRunId: answer.workflow_run_id, url: answer.html_url, status: "queued", conclusion: null };
  }
  const started = await findRun(api, repository, run);
  if (started !== null) return started;
  throw new RetryLater(`dispatching run ${run.runId}: accepted, but not listed yet`, appearsWithinMs);
}

/** Null where GitHub accepted without saying which run it is. */
async function send(
  api: Api,
  repository: Repository,
  run: RunToDispatch,
): Promise<{ readonly workflow_run_id: number; readonly html_url: string } | null> {
  try {
    const { data } = await api.write({
      repository,
      permissions: { actions: "write" },
      doing: `dispatching run ${run.runId} in ${nameOf(repository)}`,
      made: `run ${run.runId} ${labelOf(run)}`,
      send: (octokit) =>
        octokit.rest.actions.createWorkflowDispatch({
          ...pathOf(repository),
          workflow_id: workflowFileName,
          // Always the default branch: a workflow file on a phase branch was written by the agent.
          ref: run.ref,
          inputs: { run: run.runId, task: run.taskId, phase: labelOf(run), ...grantInputs(run) },
          return_run_details: true,
        }),
    });
    return data ?? null;
  } catch (error) {
    // A permission is no matter of the workflow or of Actions: people are told of it as wherever one is missing.
    if (!(error instanceof RequestFailed) || lacksPermission(error)) throw error;
    if (error.status === 404) {
      throw new DispatchRefused(
        `GitHub does not find the workflow ${workflowPath} on ${run.ref}, or Actions are switched off (${error.reason})`,
        { cause: error },
      );
    }
    if (/unexpected inputs|required input/iu.test(error.reason)) {
      throw new DispatchRefused(outdatedWorkflowFile(run.ref, run.grants.length > 0, error.reason), { cause: error });
    }
    throw new DispatchRefused(`GitHub refused to start the workflow: ${error.reason}`, { cause: error });
  }
}

/** Names alone, and only where there are any: a workflow file that is older than the slots still serves the tasks that need none. */
function grantInputs({ grants }: RunToDispatch): Readonly<Record<string, string>> {
  return Object.fromEntries(grants.map(({ slot, name }) => [`secret_${slot}`, name]));
}

/** The input `phase`, as the run's list shows it. */
function labelOf({ phase, runId }: RunToDispatch): string {
  return `${phase} · ${runId.slice(0, shortIdCharacters)}`;
}

async function findRun(api: Api, repository: Repository, run: RunToDispatch): Promise<WorkflowRun | null> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { actions: "read" },
    doing: `looking for run ${run.runId} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.actions.listWorkflowRuns({
        ...pathOf(repository),
        workflow_id: workflowFileName,
        event: "workflow_dispatch",
        per_page: recentRunsMax,
      }),
  });
  const name = `${runNamePrefix}${labelOf(run)}`;
  const found = answer?.data.workflow_runs.find((candidate) => candidate.display_title === name);
  return found === undefined ? null : workflowRunFrom(found);
}

export async function readRun(api: Api, repository: Repository, workflowRunId: number): Promise<WorkflowRun | null> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { actions: "read" },
    doing: `reading workflow run ${workflowRunId} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.getWorkflowRun({ ...pathOf(repository), run_id: workflowRunId }),
  });
  return answer === null ? null : workflowRunFrom(answer.data);
}

/** A run that is over or gone needs no cancelling. */
export async function cancelRun(api: Api, repository: Repository, workflowRunId: number): Promise<void> {
  try {
    await api.write({
      repository,
      permissions: { actions: "write" },
      doing: `cancelling workflow run ${workflowRunId} of ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.actions.cancelWorkflowRun({ ...pathOf(repository), run_id: workflowRunId }),
    });
  } catch (error) {
    if (error instanceof RequestFailed && (error.status === 409 || error.status === 404)) return;
    throw error;
  }
}

function workflowRunFrom(run: {
  readonly id: number;
  readonly html_url: string;
  readonly status: string | null;
  readonly conclusion: string | null;
}): WorkflowRun {
  return {
    workflowRunId: run.id,
    url: run.html_url,
    status: run.status === "completed" || run.status === "in_progress" ? run.status : "queued",
    conclusion: run.conclusion,
  };
}
