import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { readBlobText } from "./tree.ts";
import { workflowPath } from "./workflow-file.ts";

/** More workflow files than this are not read. */
const workflowFilesMax = 50;

export interface WorkflowText {
  readonly path: string;
  readonly sha: string;
}

/** The repository's own workflow files in a commit; null where there are too many to look at. */
export async function listWorkflowFiles(
  api: Api,
  repository: Repository,
  ref: string,
): Promise<readonly WorkflowText[] | null> {
  const folder = workflowPath.slice(0, workflowPath.lastIndexOf("/"));
  const listing = await readOrNull(api, {
    repository,
    permissions: { contents: "read" },
    doing: `listing ${folder} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.getContent({ ...pathOf(repository), path: folder, ref }),
  });
  if (listing === null || !Array.isArray(listing.data)) return [];
  const files = listing.data.filter(({ path }) => path !== workflowPath && /\.ya?ml$/u.test(path));
  return files.length > workflowFilesMax ? null : files.map(({ path, sha }) => ({ path, sha }));
}

/** Null where it is no text. */
export function readWorkflowText(api: Api, repository: Repository, { sha }: WorkflowText): Promise<string | null> {
  return readBlobText(api, repository, sha);
}
