import type { Change } from "../core/change.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf, readIfAllowed } from "./repository.ts";
import type { TokenPermissions } from "./tokens.ts";

export const workflowRights = { contents: "write", workflows: "write" } as const;

/** Whether the installation gives the optional right to write workflow files (Q31). */
export async function mayWriteWorkflows(api: Api, repository: Repository): Promise<boolean> {
  const answer = await readIfAllowed(api, {
    repository,
    permissions: workflowRights,
    doing: `asking for the right to write workflow files in ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.get(pathOf(repository)),
  });
  return answer !== null;
}

/** What a commit of these changes needs. */
export function rightsOf(changes: readonly Change[]): TokenPermissions {
  return changes.some(({ path }) => path.startsWith(".github/workflows/")) ? workflowRights : { contents: "write" };
}
