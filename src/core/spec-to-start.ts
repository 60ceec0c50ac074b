import type { ConfigurationFault } from "./repository-files.ts";

/** Where specifications lie in a repository (Q17). */
export const specsFolder = ".phasegate/specs";

/** What the specifications of a commit came to. */
export interface SpecificationsFound {
  readonly faults: readonly ConfigurationFault[];
  /** How many were read. */
  readonly looked: number;
}

/** A specification that somebody pushed, with what an issue is made of. */
export interface SpecToStart {
  readonly id: string;
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly requirements: readonly { readonly id: string; readonly description: string }[];
  readonly acceptance: readonly string[];
}
