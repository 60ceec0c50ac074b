import type { Repository } from "../../core/events.ts";

export type EnvironmentKind = "secret" | "variable";

export interface EnvironmentEntry {
  readonly kind: EnvironmentKind;
  readonly name: string;
  readonly updatedAt: string;
}

/** Secrets and variables of a repository, as whoever manages it sets them (L2.1). No value ever comes back. */
export interface RunEnvironment {
  /** Null where the app may read neither. */
  list(repository: Repository): Promise<readonly EnvironmentEntry[] | null>;
  /** One that is there is changed. Names are kept in capitals; none may begin with `GITHUB_`, and a value has 1 to 49,152 bytes. */
  set(
    repository: Repository,
    entry: { readonly kind: EnvironmentKind; readonly name: string; readonly value: string },
  ): Promise<"done" | "bad-name" | "bad-value" | "not-permitted">;
  /** One that is gone is deleted. */
  remove(
    repository: Repository,
    entry: { readonly kind: EnvironmentKind; readonly name: string },
  ): Promise<"done" | "bad-name" | "not-permitted">;
}
