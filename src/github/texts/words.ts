/** What people read, in their language: texts stand in the code in English, and `korean/` has each of them again. */
import type { Spoken } from "../../control/ports/notices.ts";
import { inLanguage, phrase, type Phrase, type PhraseValue } from "../../core/phrase.ts";
import type { Language } from "../../core/task-input.ts";
import { korean } from "./korean/index.ts";

/**
 * A tag for templates, in one language: say`${name} is missing.` is looked up as `{0} is missing.`
 * Values are put in as they are; what they hold is never looked up. English where nothing is found.
 */
export interface Say {
  (parts: TemplateStringsArray, ...values: readonly (string | number)[]): string;
  /** `1 phase`, `2 phases`: looked up as `{0} phases`. */
  count(number: number, one: string, many: string): string;
  /** What was put into words elsewhere. */
  of(words: Phrase): string;
}

const says: Readonly<Record<Language, Say>> = { en: sayBy(new Map()), ko: sayBy(korean) };

export function sayIn(language: Language): Say {
  return says[language];
}

/** The form of the issue says first, then the repository's settings, then the installation. */
export function languageOf({ input, settings }: Spoken, installed: Language): Language {
  return input.language ?? settings.language ?? installed;
}

function sayBy(catalogue: ReadonlyMap<string, string>): Say {
  const of = (words: Phrase) => inLanguage(words, (template) => catalogue.get(template) ?? template);
  return Object.assign(
    (parts: TemplateStringsArray, ...values: readonly PhraseValue[]) => of(phrase(parts, ...values)),
    {
      of,
      count: (number: number, one: string, many: string) =>
        of({
          template: number === 1 && !catalogue.has(`{0} ${many}`) ? `{0} ${one}` : `{0} ${many}`,
          values: [number],
        }),
    },
  );
}
