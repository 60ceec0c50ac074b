import type { Playbook } from "../core/playbook.ts";
import type { ConfigurationFault, RepositoryFile } from "../core/repository-files.ts";
import { GuideError } from "./guide-error.ts";
import { readGuideFolder } from "./guide-files.ts";
import { playbooksFrom } from "./load-playbook.ts";
import { playbookFromJson, playbookToJson } from "./playbook-json.ts";
import { repositoryPlaybooks, type PlaybookLimits } from "./repository-playbooks.ts";

const parsedPlaybooksMax = 20;

interface OwnFiles {
  readonly files: readonly RepositoryFile[];
}

/** The playbooks of one repository, resolved. */
export interface OpenPlaybooks {
  readonly faults: readonly ConfigurationFault[];
  /** Those that the repository's own playbooks have. */
  readonly labels: readonly string[];
  /** Null where the label starts nothing. */
  readonly byLabel: (
    label: string,
  ) =>
    | { readonly kind: "playbook"; readonly playbook: Playbook; readonly hash: string; readonly json: string }
    | { readonly kind: "faulty"; readonly faults: readonly ConfigurationFault[] }
    | null;
}

/** Reads the app's own folder once. Throws `GuideError` with every fault of it. */
export async function openPlaybooks(folder: string, limits: PlaybookLimits) {
  const builtIn = await readGuideFolder(folder);
  const { faults } = playbooksFrom(builtIn);
  if (faults.length > 0) throw new GuideError(`reading the playbooks of "${folder}"`, faults);
  const withoutOwn = opened([]);
  /** By the object: whoever reads a repository's files hands out the same one as long as they are the same. */
  const resolved = new WeakMap<OwnFiles, OpenPlaybooks>();
  /** Tasks freeze few different ones; each has some hundred kilobytes, and is asked for at every step. */
  const parsed = new Map<string, Playbook>();

  function opened(files: readonly RepositoryFile[]): OpenPlaybooks {
    const { byLabel, ...found } = repositoryPlaybooks(builtIn, files, limits);
    return {
      ...found,
      byLabel(label) {
        const named = byLabel(label);
        return named?.kind === "playbook" ? { ...named, json: playbookToJson(named.playbook) } : named;
      },
    };
  }

  return {
    forRepository(own: OwnFiles): OpenPlaybooks {
      if (own.files.length === 0) return withoutOwn;
      const known = resolved.get(own) ?? opened(own.files);
      resolved.set(own, known);
      return known;
    },
    fromJson(json: string): Playbook {
      const known = parsed.get(json);
      if (known !== undefined) return known;
      const playbook = playbookFromJson(json);
      if (parsed.size >= parsedPlaybooksMax) parsed.clear();
      parsed.set(json, playbook);
      return playbook;
    },
  };
}
