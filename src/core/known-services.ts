/** What is known of services whose keys agents ask for: where a key is made, what it must be allowed, and how to see that it works (D1). */

export interface KnownService {
  /** e.g. `OpenAI`. */
  readonly title: string;
  /** Names under which its keys go, upper case. */
  readonly names: readonly string[];
  /** Where a person makes a key. */
  readonly keyPage: string;
  /** One sentence: what the key must be allowed, and no more. */
  readonly scopes: string;
  /** Null where nothing that only reads tells a good key from a bad one. */
  readonly probe: Probe | null;
}

/** One request that reads and changes nothing. `{NAME}` in a header stands for the value of that name; never in an address. */
export type Probe =
  | {
      readonly kind: "http";
      readonly method: "GET" | "POST";
      /** Fixed, or that of a project whose address a person gave as another value: then it must match. */
      readonly url: string | { readonly fromName: string; readonly pattern: RegExp; readonly path: string };
      readonly headers: Readonly<Record<string, string>>;
      /** Statuses that say that the key is wrong; whatever else is no verdict. */
      readonly refused: readonly number[];
      /** Services that answer 200 to a wrong key say so in the body. */
      readonly refusedBody: RegExp | null;
    }
  /** AWS: GetCallerIdentity, signed with the pair. */
  | { readonly kind: "aws"; readonly keyIdName: string; readonly secretName: string };

export const knownServices: readonly KnownService[] = [
  {
    title: "OpenAI",
    names: ["OPENAI_API_KEY"],
    keyPage: "https://platform.openai.com/api-keys",
    scopes: "A project key restricted to the models that the project calls is enough.",
    probe: {
      kind: "http",
      method: "GET",
      url: "https://api.openai.com/v1/models",
      headers: { authorization: "Bearer {OPENAI_API_KEY}" },
      refused: [401],
      refusedBody: null,
    },
  },
];

/** A name that had to be changed for GitHub's sake belongs to the same service. */
export function serviceOf(name: string): KnownService | null {
  const bare = name.toUpperCase().replace(/^APP_/u, "");
  return knownServices.find(({ names }) => names.includes(bare) || names.includes(name.toUpperCase())) ?? null;
}
