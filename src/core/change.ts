/** One file of a changeset, with its bytes; on the wire and in the store they are base64. */
export type Change =
  | {
      readonly kind: "written";
      /** With `/`, relative to the root of the repository. */
      readonly path: string;
      readonly mode: "100644" | "100755" | "120000";
      readonly content: Uint8Array;
    }
  | { readonly kind: "deleted"; readonly path: string };
