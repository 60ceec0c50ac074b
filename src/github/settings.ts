/** Reads `.github/phasegate.yml` of a repository and of its owner's repository `.github`. */
import { isUtf8 } from "node:buffer";
import type { SettingsFaults } from "../control/ports/configuration.ts";
import type { Clock } from "../control/ports/surroundings.ts";
import type { Repository } from "../core/events.ts";
import type { ConfigurationFault } from "../core/repository-files.ts";
import { defaultSettings, type SettingsFound } from "../core/settings.ts";
import type { Api } from "./api.ts";
import type { ListFolder } from "./list-folder.ts";
import { nameOf, pathOf } from "./repository.ts";
import {
  contentFolderName,
  nearMissesIn,
  originsOf,
  parseSettings,
  settingsBytesMax,
  settingsFileName,
  settingsFolder,
  settingsOf,
  settingsPath,
  strayIn,
  together,
  type FileRead,
} from "./settings-file.ts";
import type { TokenScope } from "./tokens.ts";

const rememberedMax = 2_000;
/** What an owner sets changes rarely, and its branch is not looked at otherwise. */
const ownerAgainMs = 5 * 60_000;
const ownerRepository = ".github";

export const nothingSet: SettingsFound = { settings: defaultSettings, origins: {}, faults: [] };

export type ReadSettings = (repository: Repository, headSha: string) => Promise<SettingsFound>;

export interface SettingsReader {
  readonly readSettings: ReadSettings;
  /** What would be wrong with the repository's own, were this commit the head of the default branch. Only to be told. */
  readonly readSettingsFaults: (repository: Repository, sha: string) => Promise<SettingsFaults>;
}

export interface SettingsReading {
  readonly api: Api;
  readonly list: ListFolder;
  readonly clock: Clock;
  /** Of the MCP servers that a file may name. */
  readonly mcpHosts: readonly string[];
}

/** What the folder `.github` of one commit came to. */
interface Looked {
  /** Empty where there is no file that could be read. */
  readonly fileSha: string;
  readonly file: FileRead;
  /** Of `.github/phasegate`, in which no settings are any more; empty where it is not there. */
  readonly folderSha: string;
  readonly stray: readonly string[];
  /** Names that are almost right, beside it. */
  readonly misnamed: readonly string[];
}

const givesNothing: FileRead = { kind: "given", given: {} };
const nothingThere: Looked = { fileSha: "", file: givesNothing, folderSha: "", stray: [], misnamed: [] };

/**
 * Costs nothing while the default branch stands still, one request where it moved, and one more where the file has changed.
 * The owner's is asked for every five minutes at the most. Folders are listed rather than the file asked for: a file that is
 * called almost right would otherwise count for nothing, and nobody would know.
 */
export function createSettingsReader({ api, list, clock, mcpHosts }: SettingsReading): SettingsReader {
  /** By repository: the newest head, and what it came to. */
  const own = new Map<number, { readonly headSha: string; readonly looked: Looked }>();
  const owners = new Map<string, { readonly until: number; readonly looked: Looked }>();

  return { readSettings, readSettingsFaults };

  async function readSettings(repository: Repository, headSha: string): Promise<SettingsFound> {
    const [theirs, ours] = [await ofOwner(repository), await ofRepository(repository, headSha)];
    const faults = [
      ...faultsOf(ours, ""),
      ...faultsOf(theirs, ` of ${nameOf({ owner: repository.owner, name: ownerRepository })}`),
    ];
    if (theirs.file.kind === "faults" || ours.file.kind === "faults" || faults.length > 0) {
      return { ...nothingSet, faults };
    }
    const [before, after] = [theirs.file.given, ours.file.given];
    return { settings: settingsOf(together(before, after)), origins: originsOf(before, after), faults: [] };
  }

  async function readSettingsFaults(repository: Repository, sha: string): Promise<SettingsFaults> {
    const looked = await look(repository, sha, own.get(repository.repositoryId)?.looked ?? nothingThere);
    return { sha: looked.fileSha, faults: configurationFaultsOf(looked) };
  }

  async function ofRepository(repository: Repository, headSha: string): Promise<Looked> {
    const known = own.get(repository.repositoryId);
    if (known?.headSha === headSha) return known.looked;
    const looked = await look(repository, headSha, known?.looked ?? nothingThere);
    if (own.size >= rememberedMax) own.clear();
    own.set(repository.repositoryId, { headSha, looked });
    return looked;
  }

  /** Nothing where the owner has no such repository, or the installation does not reach it. */
  async function ofOwner({ installationId, owner, name }: Repository): Promise<Looked> {
    if (name.toLowerCase() === ownerRepository) return nothingThere;
    const key = `${installationId} ${owner.toLowerCase()}`;
    const known = owners.get(key);
    const now = clock.now().getTime();
    if (known !== undefined && now < known.until) return known.looked;
    const place = { installationId, owner, name: ownerRepository, repositoryId: null };
    const looked = await look(place, null, known?.looked ?? nothingThere);
    if (owners.size >= rememberedMax) owners.clear();
    owners.set(key, { until: now + ownerAgainMs, looked });
    return looked;
  }

  async function look(place: TokenScope, ref: string | null, known: Looked): Promise<Looked> {
    const entries = await list(place, ref, settingsFolder);
    const misnamed = nearMissesIn(entries.map(({ name }) => name)).map((name) => `${settingsFolder}/${name}`);
    const folder = entries.find(({ name, type }) => name === contentFolderName && type === "dir");
    const folderSha = folder?.sha ?? "";
    const path = `${settingsFolder}/${contentFolderName}`;
    const stray =
      folderSha === known.folderSha
        ? known.stray
        : folderSha === ""
          ? []
          : strayIn((await list(place, ref, path)).map(({ name }) => name)).map((name) => `${path}/${name}`);
    const file = entries.find(({ name }) => name === settingsFileName);
    const found = { folderSha, stray, misnamed };
    const refused = (fault: string): Looked => ({ ...found, fileSha: "", file: { kind: "faults", faults: [fault] } });
    if (file === undefined) return { ...found, fileSha: "", file: givesNothing };
    if (file.type !== "file") return refused(`expected a file, got a ${file.type}`);
    if (file.size > settingsBytesMax) {
      return refused(`too large: expected at most ${settingsBytesMax} bytes, got ${file.size}`);
    }
    return {
      ...found,
      fileSha: file.sha,
      file: file.sha === known.fileSha ? known.file : await readFile(place, file.sha),
    };
  }

  async function readFile(place: TokenScope, sha: string): Promise<FileRead> {
    const { data } = await api.read({
      repository: place,
      permissions: { contents: "read" },
      doing: `reading ${settingsPath} of ${nameOf(place)}`,
      send: (octokit) => octokit.rest.git.getBlob({ ...pathOf(place), file_sha: sha }),
    });
    const bytes = Buffer.from(data.content, data.encoding === "base64" ? "base64" : "utf8");
    return isUtf8(bytes) && !bytes.includes(0)
      ? parseSettings(bytes.toString("utf8"), mcpHosts)
      : { kind: "faults", faults: ["it is not UTF-8 text"] };
  }
}

function faultsOf({ file, stray, misnamed }: Looked, where: string): readonly string[] {
  return [
    ...(file.kind === "faults" ? file.faults.map((fault) => `${settingsPath}${where}: ${fault}`) : []),
    ...stray.map((path) => `${path}${where} is not read: move it to ${settingsPath}`),
    ...misnamed.map((path) => `${path} is not read: move what it says to ${settingsPath}${where}`),
  ];
}

/** The same for annotations, with the line of each apart. */
function configurationFaultsOf({ file, stray, misnamed }: Looked): readonly ConfigurationFault[] {
  const faults = file.kind === "faults" ? file.faults : [];
  const unread = `expected the settings in ${settingsPath}; this file is not read`;
  return [
    ...faults.map((fault) => {
      const [, line = null, message = fault] = /^line (\d+): ([\s\S]*)$/u.exec(fault) ?? [];
      return { file: settingsPath, line: line === null ? null : Number(line), rule: "settings", message };
    }),
    ...[...stray, ...misnamed].map((path) => ({ file: path, line: null, rule: "settings", message: unread })),
  ];
}
