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
