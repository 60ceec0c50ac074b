import { z } from "zod";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { readPull } from "./gate-state.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";

const rulesPerPage = 100;

/** Asks for a new review. One who cannot review makes GitHub refuse them all, so then each is asked alone. */
export async function requestReview(
  api: Api,
  repository: Repository,
  pullRequest: number,
  logins: readonly string[],
): Promise<void> {
  const pull = await readPull(api, repository, pullRequest);
  if (pull === null || pull.state !== "open") return;
  const asked = new Set(pull.requested_reviewers?.map(({ login }) => login.toLowerCase()));
  const wanted = [...new Set(logins)].filter((login) => !asked.has(login.toLowerCase()));
  if (wanted.length === 0) return;
  if (await ask(api, repository, pullRequest, wanted)) return;
  if (wanted.length === 1) return;
  for (const login of wanted) await ask(api, repository, pullRequest, [login]);
}

/** False where GitHub refuses one of them. */
async function ask(
  api: Api,
  repository: Repository,
  pullRequest: number,
  reviewers: readonly string[],
): Promise<boolean> {
  try {
    await api.write({
      repository,
      permissions: { pull_requests: "write" },
      doing: `asking for a review of #${pullRequest} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.pulls.requestReviewers({
          ...pathOf(repository),
          pull_number: pullRequest,
          reviewers: [...reviewers],
        }),
    });
    return true;
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 422) return false;
    throw error;
  }
}

/** True where a rule of the branch wants a review: a ruleset's, or of the older branch protection, of which only the verdict shows. */
export async function requiresReview(api: Api, repository: Repository, pullRequest: number): Promise<boolean> {
  const pull = await readPull(api, repository, pullRequest);
  if (pull === null) return false;
  return (await rulesWantReview(api, repository, pull.base.ref)) || (await verdictIsWanted(api, repository, pull));
}

async function rulesWantReview(api: Api, repository: Repository, branch: string): Promise<boolean> {
  try {
    const answer = await readOrNull(api, {
      repository,
      permissions: { metadata: "read" },
      doing: `reading the rules of ${branch} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.repos.getBranchRules({ ...pathOf(repository), branch, per_page: rulesPerPage }),
    });
    return answer?.data.some((rule) => PullRequestRule.safeParse(rule).success) ?? false;
  } catch (error) {
    // Private repositories of free plans have no rules.
    if (error instanceof RequestFailed && error.status === 403) return false;
    throw error;
  }
}

const PullRequestRule = z.object({
  type: z.literal("pull_request"),
  parameters: z.object({ required_approving_review_count: z.int().min(1) }),
});

async function verdictIsWanted(
  api: Api,
  repository: Repository,
  { number }: { readonly number: number },
): Promise<boolean> {
  const answer: unknown = await readOrNull(api, {
    repository,
    permissions: { pull_requests: "read" },
    doing: `asking whether #${number} of ${nameOf(repository)} needs a review`,
    send: (octokit) => octokit.graphql(decisionQuery, { ...pathOf(repository), number }),
  });
  const decision = answer === null ? null : DecisionAnswer.parse(answer).repository?.pullRequest?.reviewDecision;
  return decision === "REVIEW_REQUIRED";
}

const decisionQuery = `query Decision($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) { pullRequest(number: $number) { reviewDecision } }
}`;

const DecisionAnswer = z.object({
  repository: z.object({ pullRequest: z.object({ reviewDecision: z.string().nullable() }).nullable() }).nullable(),
});
