import type { GateState, ReviewState } from "../control/ports.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Octokit } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";

export async function readGate(api: Api, repository: Repository, pullRequest: number): Promise<GateState | null> {
  const pull = await readPull(api, repository, pullRequest);
  if (pull === null) return null;
  return {
    pullRequest,
    open: pull.state === "open",
    merged: pull.merged,
    mergedBy: pull.merged_by?.login ?? null,
    mergeSha: pull.merged ? (pull.merge_commit_sha ?? null) : null,
    draft: pull.draft ?? false,
    headSha: pull.head.sha,
  };
}

export async function reopenGate(api: Api, repository: Repository, pullRequest: number): Promise<void> {
  await setState(api, repository, pullRequest, "open");
}

export async function closeGate(api: Api, repository: Repository, pullRequest: number): Promise<void> {
  await setState(api, repository, pullRequest, "closed");
}

async function setState(
  api: Api,
  repository: Repository,
  pullRequest: number,
  state: "open" | "closed",
): Promise<void> {
  const pull = await readPull(api, repository, pullRequest);
  if (pull === null || pull.merged || pull.state === state) return;
  try {
    await updatePull(api, repository, pullRequest, { state });
  } catch (error) {
    if (state === "closed" || !(error instanceof RequestFailed) || error.status !== 422) throw error;
    throw new Error(
      `reopening #${pullRequest}: GitHub refuses (${error.reason}); press "Restore branch" on the pull request first`,
      { cause: error },
    );
  }
}

export async function readReview(
  api: Api,
  repository: Repository,
  pullRequest: number,
  reviewId: number,
): Promise<ReviewState | null> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { pull_requests: "read" },
    doing: `reading review ${reviewId} of #${pullRequest} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.pulls.getReview({ ...pathOf(repository), pull_number: pullRequest, review_id: reviewId }),
  });
  if (answer === null) return null;
  const { data } = answer;
  return {
    reviewId,
    by: data.user?.login ?? "ghost",
    byBot: data.user?.type === "Bot",
    verdict:
      data.state === "APPROVED" ? "approved" : data.state === "CHANGES_REQUESTED" ? "changes_requested" : "other",
    reviewedSha: data.commit_id ?? "",
  };
}

type Pull = Awaited<ReturnType<Octokit["rest"]["pulls"]["get"]>>["data"];

export async function readPull(api: Api, repository: Repository, pullRequest: number): Promise<Pull | null> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { pull_requests: "read" },
    doing: `reading #${pullRequest} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.pulls.get({ ...pathOf(repository), pull_number: pullRequest }),
  });
  return answer?.data ?? null;
}

export async function updatePull(
  api: Api,
  repository: Repository,
  pullRequest: number,
  change: { readonly title?: string; readonly body?: string; readonly state?: "open" | "closed" },
): Promise<void> {
  await api.write({
    repository,
    permissions: { pull_requests: "write" },
    doing: `editing #${pullRequest} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.pulls.update({ ...pathOf(repository), pull_number: pullRequest, ...change }),
  });
}
