/** What a repository brings along for its tasks under `.github/phasegate/`, and what is wrong with it. */

export const repositoryFolder = ".github/phasegate";

/** A file as it lies in one commit. */
export interface RepositoryFile {
  /** From the repository's root, e.g. `.github/phasegate/playbooks/release.yml`. */
  readonly path: string;
  readonly content:
    | { readonly kind: "bytes"; readonly bytes: Uint8Array }
    /** Nobody looked inside, and why. */
    | { readonly kind: "unread"; readonly rule: string; readonly message: string };
}

/** One thing that is wrong, where it is, and what would be right. */
export interface ConfigurationFault {
  /** From the repository's root; of the app's own guides from the guide folder. */
  readonly file: string;
  /** From 1; null where no line exists. */
  readonly line: number | null;
  /** The rule's short name, e.g. `unknown-field`. */
  readonly rule: string;
  /** The field, what was expected, and what is there. */
  readonly message: string;
}

/** What is, or was meant to be, the settings: their own reader tells what is wrong with it. */
const SETTINGS = /^\.?(?:settings?|phasegate)\.(?:ya?ml|json|toml)$/iu;

/** Whether a path in the folder belongs to another feature: workflows, settings, words to readers. */
export function isOfOthers(path: string): boolean {
  const place = path.slice(repositoryFolder.length + 1);
  return place.startsWith("workflows/") || SETTINGS.test(place) || /(?:^|\/)README\.md$/u.test(place);
}
