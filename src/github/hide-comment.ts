import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";

const hideMutation = `mutation HideComment($input: MinimizeCommentInput!) {
  minimizeComment(input: $input) { minimizedComment { isMinimized } }
}`;

/** Folds a comment of an issue or a pull request away; people can still unfold it. False where GitHub refuses, or it is gone. */
export async function hideComment(api: Api, repository: Repository, commentNodeId: string): Promise<boolean> {
  try {
    await api.write({
      repository,
      // A comment of a pull request's conversation may count as either.
      permissions: { issues: "write", pull_requests: "write" },
      doing: `hiding a comment in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.graphql(hideMutation, { input: { subjectId: commentNodeId, classifier: "OFF_TOPIC" } }),
    });
    return true;
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    return false;
  }
}
