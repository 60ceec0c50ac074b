/** The logs of what failed on a commit, for whoever is to mend it. Words of the repository's own tools: data. */
import { RetryLater } from "../control/ports/retry-later.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Octokit } from "./api.ts";
import { foreignChecks, newestRuns, readStatusList, runName, type Run } from "./ci.ts";
import { checkSays, runSays, statusSays } from "./ci-signs.ts";
import { failingPart, plainLines } from "./job-log.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";

interface Reading {
  readonly api: Api;
  readonly appId: number;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
}

export interface FailedLog {
  readonly name: string;
  readonly log: string;
}

const logCharactersMax = 8_000;
const jobsMax = 5;
/** Of other services. */
const reportsMax = 5;
const jobsPerPage = 100;
/** Of a log that is longer, this much of its end is looked at. */
const tailBytes = 1024 * 1024;
/** A log that goes on beyond is left where it is. */
const logBytesMax = 100 * 1024 * 1024;
const retryMs = 10_000;

export async function readFailedLogs(
  reading: Reading,
  repository: Repository,
  sha: string,
): Promise<readonly FailedLog[]> {
  const { api, appId } = reading;
  const logs: FailedLog[] = [];
  for (const run of await newestRuns(api, repository, sha)) {
    if (logs.length === jobsMax) break;
    if (runSays(run) !== "failed") continue;
    logs.push(...(await logsOfRun(reading, repository, run, jobsMax - logs.length)));
  }
  const checks = (await foreignChecks(api, repository, sha, appId))
    .filter((check) => checkSays(check) === "failed")
    .map(({ name, output }) => ({
      name,
      log: bounded([output.title, output.summary, output.text].filter((part) => part !== null).join("\n\n")),
    }));
  const statuses = (await readStatusList(api, repository, sha))
    .filter(({ state }) => statusSays(state) === "failed")
    .map(({ context, description, target_url: url }) => ({
      name: context,
      log: bounded([description ?? "", url ?? ""].join("\n")),
    }));
  return [...logs, ...[...checks, ...statuses].slice(0, reportsMax)];
}

async function logsOfRun(
  reading: Reading,
  repository: Repository,
  run: Run,
  most: number,
): Promise<readonly FailedLog[]> {
  const { data } = await reading.api.read({
    repository,
    permissions: { actions: "read" },
    doing: `reading the jobs of workflow run ${run.id} of ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.actions.listJobsForWorkflowRun({ ...pathOf(repository), run_id: run.id, per_page: jobsPerPage }),
  });
  const failed = data.jobs.filter((job) => checkSays(job) === "failed").slice(0, most);
  if (failed.length === 0) {
    return [{ name: runName(run), log: "GitHub ended this workflow, and none of its jobs has failed." }];
  }
  const logs: FailedLog[] = [];
  for (const job of failed) {
    logs.push({ name: `${runName(run)} / ${job.name}`, log: await logOfJob(reading, repository, job) });
  }
  return logs;
}

type Job = Awaited<ReturnType<Octokit["rest"]["actions"]["listJobsForWorkflowRun"]>>["data"]["jobs"][number];

async function logOfJob(reading: Reading, repository: Repository, job: Job): Promise<string> {
  const doing = `fetching the log of job ${job.id} of ${nameOf(repository)}`;
  const location = await readOrNull(reading.api, {
    repository,
    permissions: { actions: "read" },
    doing,
    send: async (octokit) => {
      const answer = await octokit.rest.actions.downloadJobLogsForWorkflowRun({
        ...pathOf(repository),
        job_id: job.id,
        // Followed below, without our token: the other address has no right to it.
        request: { redirect: "manual" },
      });
      return answer.headers.location ?? null;
    },
  });
  const step = job.steps?.find(({ conclusion }) => conclusion === "failure")?.name;
  const head = step === undefined ? "" : `The step that failed: ${step}\n\n`;
  if (location === null) return `${head}GitHub has no log of this job (any more).`;
  return `${head}${failingPart(await endOf(reading, location, doing), logCharactersMax - head.length)}`;
}

async function endOf({ fetch, timeoutMs }: Reading, location: string, doing: string): Promise<string> {
  let chunks: Uint8Array[] = [];
  let kept = 0;
  let bytes = 0;
  try {
    const response = await fetch(location, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`the store of logs answered ${response.status}`);
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      kept += chunk.length;
      bytes += chunk.length;
      if (bytes > logBytesMax) break;
      if (kept > 2 * tailBytes) {
        chunks = [Buffer.concat(chunks).subarray(-tailBytes)];
        kept = tailBytes;
      }
    }
  } catch (cause) {
    throw new RetryLater(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, retryMs, { cause });
  }
  return Buffer.concat(chunks).subarray(-tailBytes).toString("utf8");
}

function bounded(text: string): string {
  return plainLines(text).join("\n").trim().slice(0, logCharactersMax);
}
