/** What the repository's own checks say of a gate's head; our own check run is none of them. */
export type CiKind =
  /** Nothing is configured that would run on it. */
  | "none"
  /** Held back until the approval (Q29). */
  | "held"
  | "waiting"
  /** Something should have run, and nothing did. */
  | "never-started"
  | "red"
  | "green";

export interface CiState {
  readonly kind: CiKind;
  /** For `never-started`: the likely reason and what mends it, in one sentence. */
  readonly reason: string | null;
  /** What is red, or did not start: where people can look. */
  readonly failed: readonly { readonly name: string; readonly url: string }[];
}
