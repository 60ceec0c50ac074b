import type { GateState, ReviewState } from "../control/ports/gates.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Octokit } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";

export async function readGate(api: Api, repository: Repository, pullRequest: number): Promise<GateState | null> {
  const pull = await readPull(api, repository, pullRequest);
  if (pull === null) return null;
  return {
    pullRequest,
    base: pull.base.ref,
    open: pull.state === "open",
    merged: pull.merged,
    mergedBy: pull.merged_by?.login ?? null,
    mergeSha: pull.merged ? (pull.merge_commit_sha ?? null) : null,
    draft: pull.draft ?? false,
    headSha: pull.head.sha,
    conflicted: pull.mergeable === null ? null : !pull.mergeable,
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

/** All of them, oldest first; those that their author has not sent yet are none. */
export async function readReviews(
  api: Api,
  repository: Repository,
  pullRequest: number,
): Promise<readonly ReviewState[]> {
  const reviews: ReviewState[] = [];
  for (let page = 1; page <= reviewPagesMax; page += 1) {
    const answer = await readOrNull(api, {
      repository,
      permissions: { pull_requests: "read" },
      doing: `reading the reviews of #${pullRequest} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.pulls.listReviews({
          ...pathOf(repository),
          pull_number: pullRequest,
          per_page: reviewsPerPage,
          page,
        }),
    });
    if (answer === null) return reviews;
    reviews.push(...answer.data.flatMap(reviewsFrom));
    if (answer.data.length < reviewsPerPage) return reviews;
  }
  throw new Error(
    `reading the reviews of #${pullRequest} in ${nameOf(repository)}: more than ${reviewPagesMax * reviewsPerPage}`,
  );
}

const reviewsPerPage = 100;
const reviewPagesMax = 30;

/** GitHub's words for a review's state; one without is pending. */
const verdicts: ReadonlyMap<string, ReviewState["verdict"]> = new Map([
  ["APPROVED", "approved"],
  ["CHANGES_REQUESTED", "changes_requested"],
  ["COMMENTED", "commented"],
  ["DISMISSED", "dismissed"],
]);

function reviewsFrom(
  review: Awaited<ReturnType<Octokit["rest"]["pulls"]["listReviews"]>>["data"][number],
): readonly ReviewState[] {
  const verdict = verdicts.get(review.state);
  if (verdict === undefined) return [];
  return [
    {
      reviewId: review.id,
      by: review.user?.login ?? "ghost",
      byBot: review.user?.type === "Bot",
      verdict,
      reviewedSha: review.commit_id ?? "",
      body: review.body,
    },
  ];
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
