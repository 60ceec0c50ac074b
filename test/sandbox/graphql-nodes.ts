import { canSee } from "./auth.ts";
import type { Viewer } from "./graphql-git.ts";
import { parseNodeId } from "./state.ts";
import type { IssueComment, Pull, Repository, ReviewComment, ReviewThread } from "./state.ts";

export type FoundNode =
  | { readonly type: "Repository"; readonly repository: Repository }
  | { readonly type: "PullRequest"; readonly repository: Repository; readonly pull: Pull }
  | { readonly type: "PullRequestReviewThread"; readonly repository: Repository; readonly thread: ReviewThread }
  | { readonly type: "IssueComment"; readonly repository: Repository; readonly comment: IssueComment }
  | { readonly type: "PullRequestReviewComment"; readonly repository: Repository; readonly comment: ReviewComment };

/** What a global id names, if the viewer may see its repository. */
export function findNode({ context, actor }: Viewer, globalId: string): FoundNode | null {
  const parsed = parseNodeId(globalId);
  if (parsed === null) return null;
  for (const repository of context.state.repositories.values()) {
    const found = canSee(context, actor, repository) ? findIn(repository, parsed.kind, parsed.id) : null;
    if (found !== null) return found;
  }
  return null;
}

function findIn(repository: Repository, kind: string, id: number): FoundNode | null {
  switch (kind) {
    case "R":
      return repository.id === id ? { type: "Repository", repository } : null;
    case "PR": {
      const pull = [...repository.pulls.values()].find((one) => one.id === id);
      return pull === undefined ? null : { type: "PullRequest", repository, pull };
    }
    case "PRRT": {
      const thread = repository.reviewThreads.get(id);
      return thread === undefined ? null : { type: "PullRequestReviewThread", repository, thread };
    }
    case "IC": {
      const comment = repository.issueComments.get(id);
      return comment === undefined ? null : { type: "IssueComment", repository, comment };
    }
    case "PRRC": {
      const comment = repository.reviewComments.get(id);
      return comment === undefined ? null : { type: "PullRequestReviewComment", repository, comment };
    }
    default:
      return null;
  }
}
