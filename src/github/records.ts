/** Records of tasks: commits under `refs/phasegate/`, where no branch, pull request, workflow or webhook sees them. */
import type { GitHub } from "../control/ports/github.ts";
import type { RecordFile, RecordHead } from "../control/ports/records.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { readCommit } from "./branch-commits.ts";
import { entriesOf, type Entry } from "./make-tree.ts";
import { nameOf, pathOf } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { recordCommitMessage, recordMarkIn } from "./texts/commits.ts";
import { listFiles, readBlobText } from "./tree.ts";

const folder = "phasegate/tasks/";
/** One for each turn of a task; each is a request to read. Whoever may write to the repository could put any number there. */
const filesMax = 2_000;

export async function recordHead(api: Api, repository: Repository, name: string): Promise<RecordHead | null> {
  const commitSha = await shaOf(api, repository, name);
  if (commitSha === null) return null;
  const { tree, message } = await readCommit(api, repository, commitSha);
  return { commitSha, treeSha: tree.sha, mark: recordMarkIn(message) };
}

async function shaOf(api: Api, repository: Repository, name: string): Promise<string | null> {
  try {
    const { data } = await api.read({
      repository,
      permissions: { contents: "read" },
      doing: `reading the record ${name} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.getRef({ ...pathOf(repository), ref: `${folder}${name}` }),
    });
    return data.object.sha;
  } catch (error) {
    // 409: the repository is empty.
    if (error instanceof RequestFailed && (error.status === 404 || error.status === 409)) return null;
    throw error;
  }
}

/**
 * REST moves a ref only to what descends from it, so of two who put their commits on the same one the second is refused.
 * GraphQL would compare the old head, too; that it takes names outside `refs/heads` is written nowhere.
 */
export async function addToRecord(
  api: Api,
  repository: Repository,
  name: string,
  { onto, beside, mark, file }: Parameters<GitHub["addToRecord"]>[2],
): Promise<void> {
  const doing = `keeping the record ${name} in ${nameOf(repository)}`;
  const permissions = { contents: "write" } as const;
  const content = Buffer.from(file.text);
  try {
    const entries = await entriesOf(api, repository, [{ kind: "written", path: file.path, mode: "100644", content }]);
    const treeSha = await makeTree(api, repository, doing, beside && onto !== null ? onto.treeSha : null, entries);
    const { data: commit } = await api.write({
      repository,
      permissions,
      doing,
      send: (octokit) =>
        octokit.rest.git.createCommit({
          ...pathOf(repository),
          message: recordCommitMessage(name, mark),
          tree: treeSha,
          parents: onto === null ? [] : [onto.commitSha],
        }),
    });
    await api.write({
      repository,
      permissions,
      doing,
      send: async (octokit) =>
        onto === null
          ? octokit.rest.git.createRef({ ...pathOf(repository), ref: `refs/${folder}${name}`, sha: commit.sha })
          : octokit.rest.git.updateRef({
              ...pathOf(repository),
              ref: `${folder}${name}`,
              sha: commit.sha,
              force: false,
            }),
    });
  } catch (error) {
    // Without a commit nothing can be written, and the task waits for one.
    if (error instanceof RequestFailed && error.status === 409 && onto === null) return;
    throw error;
  }
}

async function makeTree(
  api: Api,
  repository: Repository,
  doing: string,
  base: string | null,
  entries: readonly Entry[],
): Promise<string> {
  const { data } = await api.write({
    repository,
    permissions: { contents: "write" },
    doing,
    send: (octokit) =>
      octokit.rest.git.createTree({
        ...pathOf(repository),
        ...(base === null ? {} : { base_tree: base }),
        tree: [...entries],
      }),
  });
  return data.sha;
}

export async function dropRecord(api: Api, repository: Repository, name: string): Promise<void> {
  if ((await shaOf(api, repository, name)) === null) return;
  try {
    await api.write({
      repository,
      permissions: { contents: "write" },
      doing: `deleting the record ${name} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.deleteRef({ ...pathOf(repository), ref: `${folder}${name}` }),
    });
  } catch (error) {
    if (!(error instanceof RequestFailed) || (await shaOf(api, repository, name)) !== null) throw error;
  }
}

export async function listRecords(api: Api, repository: Repository): ReturnType<GitHub["listRecords"]> {
  try {
    const refs = await api.read({
      repository,
      permissions: { contents: "read" },
      doing: `listing the records in ${nameOf(repository)}`,
      send: (octokit) => octokit.paginate(octokit.rest.git.listMatchingRefs, { ...pathOf(repository), ref: folder }),
    });
    return refs.map(({ ref, object }) => ({ name: ref.slice(`refs/${folder}`.length), commitSha: object.sha }));
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 409) return [];
    throw error;
  }
}

export async function readRecord(api: Api, repository: Repository, commitSha: string): Promise<readonly RecordFile[]> {
  const listed = await listFiles(api, repository, commitSha);
  if (listed.length > filesMax) throw new Error(`it has ${listed.length} files, more than a record ever has`);
  const files: RecordFile[] = [];
  for (const { path, sha } of listed) files.push({ path, text: (await readBlobText(api, repository, sha)) ?? "" });
  return files;
}
