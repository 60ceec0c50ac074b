/** Reads `.github/phasegate/settings.yml` of a commit of the default branch. */
import { isUtf8 } from "node:buffer";
import { defaultSettings } from "../core/settings.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import {
  invalid,
  nearMissIn,
  parseSettings,
  settingsBytesMax,
  settingsFileName,
  settingsFolder,
  type SettingsRead,
} from "./settings-file.ts";

const rememberedMax = 2_000;
const namesNone: SettingsRead = { kind: "settings", settings: defaultSettings };

export type ReadSettings = (repository: Repository, headSha: string) => Promise<SettingsRead>;

/**
 * Costs nothing while the default branch stands still, one request where it moved, and a second one where the file is there
 * and has changed. The folder is listed rather than the file asked for: a file that is called almost right would otherwise
 * count for nothing, and nobody would know.
 */
export function createSettingsReader(api: Api): ReadSettings {
  /** By repository: the newest head, and what its file came to. */
  const remembered = new Map<
    number,
    { readonly headSha: string; readonly blobSha: string; readonly read: SettingsRead }
  >();

  return async (repository, headSha) => {
    const known = remembered.get(repository.repositoryId);
    if (known?.headSha === headSha) return known.read;
    const found = await find(repository, headSha);
    const blobSha = found.kind === "file" ? found.sha : "";
    const read =
      found.kind !== "file" ? found : known?.blobSha === blobSha ? known.read : await readFile(repository, blobSha);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(repository.repositoryId, { headSha, blobSha, read });
    return read;
  };

  async function find(
    repository: Repository,
    ref: string,
  ): Promise<SettingsRead | { readonly kind: "file"; readonly sha: string }> {
    const listing = await readOrNull(api, {
      repository,
      permissions: { contents: "read" },
      doing: `listing ${settingsFolder} of ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.repos.getContent({ ...pathOf(repository), path: settingsFolder, ref }),
    });
    if (listing === null) return namesNone;
    if (!Array.isArray(listing.data)) return invalid([`${settingsFolder} is no folder`]);
    const file = listing.data.find(({ name }) => name === settingsFileName);
    if (file === undefined) {
      const near = nearMissIn(listing.data.map(({ name }) => name));
      return near === null ? namesNone : invalid([`there is ${settingsFolder}/${near}, which is not read; rename it`]);
    }
    if (file.type !== "file") return invalid([`expected a file, got a ${file.type}`]);
    if (file.size > settingsBytesMax) {
      return invalid([`too large: expected at most ${settingsBytesMax} bytes, got ${file.size}`]);
    }
    return { kind: "file", sha: file.sha };
  }

  async function readFile(repository: Repository, sha: string): Promise<SettingsRead> {
    const { data } = await api.read({
      repository,
      permissions: { contents: "read" },
      doing: `reading ${settingsFolder}/${settingsFileName} of ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.getBlob({ ...pathOf(repository), file_sha: sha }),
    });
    const bytes = Buffer.from(data.content, data.encoding === "base64" ? "base64" : "utf8");
    return isUtf8(bytes) && !bytes.includes(0)
      ? parseSettings(bytes.toString("utf8"))
      : invalid(["it is not UTF-8 text"]);
  }
}
