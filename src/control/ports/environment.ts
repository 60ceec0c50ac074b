import type { Repository } from "../../core/events.ts";

export type EnvironmentKind = "secret" | "variable";

export interface EnvironmentEntry {
  readonly kind: EnvironmentKind;
  readonly name: string;
  readonly updatedAt: string;
}

/** Why GitHub lets a token write nothing: it is none any more, it lacks the permission, or the repository is archived. */
export type WriteRefusal = "token-refused" | "not-permitted" | "read-only";

interface EnvironmentList {
  readonly entries: readonly EnvironmentEntry[];
  /** Of these the app may read no list. */
  readonly missing: readonly EnvironmentKind[];
}

/**
 * Secrets and variables of a repository, as whoever manages it sets them (L2.1). No value ever comes back.
 * What changes something is done with the token of whoever wants it, so that GitHub decides whether that token may.
 */
export interface RunEnvironment {
  /** As the app. */
  list(repository: Repository): Promise<EnvironmentList>;
  /** One that is there is changed. Names are kept in capitals; none may begin with `GITHUB_`, and a value has 1 to 49,152 bytes. */
  set(
    token: string,
    repository: Repository,
    entry: { readonly kind: EnvironmentKind; readonly name: string; readonly value: string },
  ): Promise<"done" | "bad-name" | "bad-value" | WriteRefusal>;
  /** One that is gone is deleted. */
  remove(
    token: string,
    repository: Repository,
    entry: { readonly kind: EnvironmentKind; readonly name: string },
  ): Promise<"done" | "bad-name" | WriteRefusal>;
}
