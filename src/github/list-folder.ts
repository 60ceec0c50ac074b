import type { Api } from "./api.ts";
import { nameOf, pathOf, readIfAllowed, readOrNull } from "./repository.ts";
import type { TokenScope } from "./tokens.ts";

interface FolderEntry {
  readonly name: string;
  /** `file`, `dir`, `symlink` or `submodule`. */
  readonly type: string;
  readonly sha: string;
  readonly size: number;
}

/** What a folder holds in a commit, or, with null, in the default branch as it is now; nothing where there is none. */
export type ListFolder = (place: TokenScope, ref: string | null, path: string) => Promise<readonly FolderEntry[]>;

const rememberedMax = 500;

/** Of a commit that was looked at before it costs nothing: commits never change. */
export function createFolderLister(api: Api): ListFolder {
  const remembered = new Map<string, readonly FolderEntry[]>();

  return async (place, ref, path) => {
    const key = `${place.installationId} ${nameOf(place)} ${ref} ${path}`;
    const known = ref === null ? undefined : remembered.get(key);
    if (known !== undefined) return known;
    const entries = await list(place, ref, path);
    if (ref !== null) {
      const [oldest] = remembered.keys();
      if (oldest !== undefined && remembered.size >= rememberedMax) remembered.delete(oldest);
      remembered.set(key, entries);
    }
    return entries;
  };

  async function list(place: TokenScope, ref: string | null, path: string): Promise<readonly FolderEntry[]> {
    // A repository that lends us nothing of its owner has no defaults; its own must be readable.
    const read = place.repositoryId === null ? readIfAllowed : readOrNull;
    const listing = await read(api, {
      repository: place,
      permissions: { contents: "read" },
      doing: `listing ${path} of ${nameOf(place)}`,
      send: (octokit) => octokit.rest.repos.getContent({ ...pathOf(place), path, ...(ref === null ? {} : { ref }) }),
    });
    if (!Array.isArray(listing?.data)) return [];
    return listing.data.map(({ name, type, sha, size }) => ({ name, type, sha, size }));
  }
}
