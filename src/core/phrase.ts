/** Words for people that are made where nobody knows their language: English, kept apart from the values in it. */

export interface Phrase {
  /** With `{0}`, `{1}` for its values: under this it stands in the catalogues of other languages. */
  readonly template: string;
  /** A phrase among them is said in the same language. */
  readonly values: readonly PhraseValue[];
}

export type PhraseValue = string | number | Phrase;

/** A tag for templates. */
export function phrase(parts: TemplateStringsArray, ...values: readonly PhraseValue[]): Phrase {
  return { template: templateOf(parts), values };
}

/** Several in one, or words of somebody else, which are in no catalogue. */
export function joined(parts: readonly PhraseValue[]): Phrase {
  return { template: parts.map((_, index) => `{${index}}`).join("; "), values: parts };
}

export function inEnglish(words: Phrase): string {
  return inLanguage(words, (template) => template);
}

/** `translated` gives the template in the language that is wanted. */
export function inLanguage({ template, values }: Phrase, translated: (template: string) => string): string {
  const said = values.map((value) => (typeof value === "object" ? inLanguage(value, translated) : String(value)));
  return translated(template).replaceAll(/\{(?<index>\d+)\}/gu, (_, index: string) => said[Number(index)] ?? "");
}

function templateOf(parts: readonly string[]): string {
  return parts.reduce((template, part, index) => (index === 0 ? part : `${template}{${index - 1}}${part}`), "");
}
