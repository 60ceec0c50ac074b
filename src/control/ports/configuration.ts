import type { Playbook } from "../../core/playbook.ts";
import type { ConfigurationFault, RepositoryFile } from "../../core/repository-files.ts";

/** The files of a folder of a repository, as they lie in one commit. */
export interface RepositoryFiles {
  /** Of the folder: the same for the same files. Empty where there is none. */
  readonly sha: string;
  readonly files: readonly RepositoryFile[];
}

/** What is wrong with the settings of one commit. */
export interface SettingsFaults {
  /** Of the file; empty where there is none that could be read. */
  readonly sha: string;
  readonly faults: readonly ConfigurationFault[];
}

/** What a commit's own playbooks, guides and agents came to. */
export interface ConfigurationFound {
  readonly faults: readonly ConfigurationFault[];
  /** Those that its own playbooks have. */
  readonly labels: readonly string[];
}

/** A playbook by its label, resolved and hashed. */
type PlaybookOfLabel =
  | {
      readonly kind: "playbook";
      readonly playbook: Playbook;
      readonly hash: string;
      readonly json: string;
    }
  | { readonly kind: "faulty"; readonly faults: readonly ConfigurationFault[] };

export interface Playbooks {
  /** The app's own, with those of a repository laid over them. */
  forRepository(files: RepositoryFiles): ConfigurationFound & {
    /** Null where the label starts nothing. Faults are those of the playbook and of what it uses, no others. */
    readonly byLabel: (label: string) => PlaybookOfLabel | null;
  };
  fromJson(json: string): Playbook;
}
