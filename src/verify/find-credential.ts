/** Credentials in what people write, where no file's name or syntax helps to tell. */
import { credentialsIn } from "./secrets.ts";

const words: Readonly<Record<string, string>> = {
  privatekey: "a private key",
  basicauth: "an address with a password in it",
  "database-connection-string": "the address of a database with its password",
  npm: "a token of a package registry",
};

/** Forms that say by themselves what they are, beside those that the rules for files know. */
const forms: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a Google API key", pattern: /\bAIza[\w-]{35}\b/u },
  { what: "a signed token (JWT)", pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/u },
];

/** e.g. `STRIPE_SECRET_KEY=…`, as it stands in a file of settings. */
const assignment =
  /\b(?<name>[A-Z][A-Z0-9_]{0,80}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE))["'`]*\s*[=:]\s*["'`]*(?<value>[^\s"'`]{8,})/gu;

/** What people write in the place of a value. */
const placeholder = /your|example|placeholder|change-?me|xxx|\.\.\.|…|[<>${}*]|^https?:\/\/[^@]*$/iu;

/** What kind of credential a text holds, in a few words; null where none was found. */
export async function findCredential(text: string): Promise<string | null> {
  const [found] = await credentialsIn({ path: "comment.md", text });
  if (found !== undefined) return words[found.kind] ?? `a credential of ${found.kind}`;
  const form = forms.find(({ pattern }) => pattern.test(text));
  if (form !== undefined) return form.what;
  for (const { groups } of text.matchAll(assignment)) {
    const { name = "", value = "" } = groups ?? {};
    if (/\d/u.test(value) && /[a-z]/iu.test(value) && !placeholder.test(value)) return `a value of ${name}`;
  }
  return null;
}
