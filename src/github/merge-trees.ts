import type { MergeTrees } from "../control/ports/gates.ts";
import type { Repository } from "../core/events.ts";
import type { TreePaths } from "../core/merge-paths.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { listFiles } from "./tree.ts";

interface Ends {
  readonly headSha: string;
  readonly baseSha: string;
}

/** The commit where the two parted; null where they have none in common, or one of them is gone. */
export async function mergeBaseOf(
  api: Api,
  repository: Repository,
  { headSha, baseSha }: Ends,
): Promise<string | null> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { contents: "read" },
    doing: `comparing ${headSha} with ${baseSha} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.repos.compareCommitsWithBasehead({
        ...pathOf(repository),
        basehead: `${baseSha}...${headSha}`,
        per_page: 1,
      }),
  });
  return answer?.data.merge_base_commit.sha ?? null;
}

/** All files of the two and of the commit where they parted. */
export async function readMerge(api: Api, repository: Repository, ends: Ends): Promise<MergeTrees | null> {
  const mergeBaseSha = await mergeBaseOf(api, repository, ends);
  if (mergeBaseSha === null) return null;
  return {
    mergeBaseSha,
    mergeBase: await pathsOf(api, repository, mergeBaseSha),
    head: await pathsOf(api, repository, ends.headSha),
    base: await pathsOf(api, repository, ends.baseSha),
  };
}

async function pathsOf(api: Api, repository: Repository, sha: string): Promise<TreePaths> {
  const files = await listFiles(api, repository, sha);
  return new Map(files.map(({ path, mode, sha: blob }) => [path, { mode, sha: blob }]));
}
