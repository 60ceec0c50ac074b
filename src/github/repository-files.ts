/** Reads what a repository brings along under `.github/phasegate/`. */
import type { RepositoryFiles } from "../control/ports/configuration.ts";
import type { Repository } from "../core/events.ts";
import { isOfOthers, repositoryFolder, type RepositoryFile } from "../core/repository-files.ts";
import type { Api } from "./api.ts";
import type { ListFolder } from "./list-folder.ts";
import { nameOf, pathOf } from "./repository.ts";
import { listFiles, type TreeFile } from "./tree.ts";

const [parentFolder = "", folderName = ""] = repositoryFolder.split("/");

/** What is more than any folder of guides needs. */
export const repositoryFilesMax = 200;
const repositoryBytesMax = 2 * 1024 * 1024;
/** A guide goes into a prompt whole; the same figure holds for those of the app. */
const fileBytesMax = 262_144;

const readsAtOnce = 8;
/** Each is of a few megabytes at most, and most repositories have none. */
const foldersMax = 50;

const none: RepositoryFiles = { sha: "", files: [] };

/** `ref` is a commit; null asks for the default branch as it is now. */
export type ReadRepositoryFiles = (repository: Repository, ref: string | null) => Promise<RepositoryFiles>;

/**
 * One request tells by the folder's sha whether anything changed; where nothing did, that is all. What changed costs one more,
 * and one for each file that was never read. Of a commit that was looked at before even the first is spared.
 */
export function createRepositoryFilesReader(api: Api, list: ListFolder): ReadRepositoryFiles {
  const folders = new Map<string, RepositoryFiles>();
  /** By repository: the files of the folder that was read last, by their shas. */
  const contents = new Map<number, ReadonlyMap<string, Content>>();

  return async (repository, ref) => {
    const sha = await folderSha(repository, ref);
    if (sha === "") return none;
    const key = `${repository.repositoryId} ${sha}`;
    const known = folders.get(key);
    if (known !== undefined) return known;
    const read = { sha, files: await readFolder(repository, sha) };
    dropOldest(folders, foldersMax);
    folders.set(key, read);
    return read;
  };

  /** Empty where there is no such folder. */
  async function folderSha(repository: Repository, ref: string | null): Promise<string> {
    const entries = await list(repository, ref, parentFolder);
    return entries.find(({ name, type }) => name === folderName && type === "dir")?.sha ?? "";
  }

  async function readFolder(repository: Repository, sha: string): Promise<readonly RepositoryFile[]> {
    const wanted = (await listFiles(api, repository, sha))
      .map((file) => ({ ...file, path: `${repositoryFolder}/${file.path}` }))
      .filter(({ path }) => !isOfOthers(path));
    const before = contents.get(repository.repositoryId);
    const read = new Map<string, Content>();
    const refused = refusals(wanted);
    const open = [...new Map(wanted.flatMap((file) => (refused.has(file.path) ? [] : [[file.sha, file]]))).values()];
    for (let from = 0; from < open.length; from += readsAtOnce) {
      await Promise.all(
        open.slice(from, from + readsAtOnce).map(async (file) => {
          read.set(file.sha, before?.get(file.sha) ?? (await readContent(repository, file)));
        }),
      );
    }
    dropOldest(contents, foldersMax);
    contents.set(repository.repositoryId, read);
    return wanted.flatMap(({ path, sha: of }) => {
      const content = refused.get(path) ?? read.get(of);
      return content === undefined ? [] : [{ path, content }];
    });
  }

  async function readContent(repository: Repository, { path, sha }: TreeFile): Promise<Content> {
    const { data } = await api.read({
      repository,
      permissions: { contents: "read" },
      doing: `reading ${path} of ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.getBlob({ ...pathOf(repository), file_sha: sha }),
    });
    return { kind: "bytes", bytes: Buffer.from(data.content, data.encoding === "base64" ? "base64" : "utf8") };
  }
}

type Content = RepositoryFile["content"];

/** By path, why a file is not even read. */
function refusals(files: readonly TreeFile[]): ReadonlyMap<string, Content> {
  const refused = new Map<string, Content>();
  const refuse = (path: string, rule: string, message: string): void => {
    refused.set(path, { kind: "unread", rule, message });
  };
  let count = 0;
  let bytes = 0;
  for (const { path, mode, size } of files) {
    if (mode === "120000" || mode === "160000") {
      refuse(path, "no-file", `expected a file, got a ${mode === "120000" ? "symbolic link" : "submodule"}`);
    } else if (size > fileBytesMax) {
      refuse(path, "too-large", `expected at most ${fileBytesMax} bytes, got ${size}`);
    } else if (count === repositoryFilesMax) {
      refuse(
        path,
        "too-many",
        `expected at most ${repositoryFilesMax} files in ${repositoryFolder}; this one is not read`,
      );
    } else if (bytes + size > repositoryBytesMax) {
      const message = `expected at most ${repositoryBytesMax} bytes in ${repositoryFolder}; this one is not read`;
      refuse(path, "too-much", message);
    } else {
      count += 1;
      bytes += size;
    }
  }
  return refused;
}

function dropOldest(map: Map<unknown, unknown>, most: number): void {
  if (map.size < most) return;
  const [oldest] = map.keys();
  map.delete(oldest);
}
