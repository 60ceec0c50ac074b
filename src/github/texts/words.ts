/** What people read, in their language: texts stand in the code in English, and `korean/` has each of them again. */
import type { Spoken } from "../../control/ports.ts";
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
}

const inEnglish: Say = Object.assign(
  (parts: TemplateStringsArray, ...values: readonly (string | number)[]) => filled(keyOf(parts), values),
  { count: (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}` },
);

const inKorean: Say = Object.assign(
  (parts: TemplateStringsArray, ...values: readonly (string | number)[]) => {
    const key = keyOf(parts);
    return filled(korean.get(key) ?? key, values);
  },
  {
    count: (number: number, one: string, many: string) => {
      const translated = korean.get(`{0} ${many}`);
      return translated === undefined ? inEnglish.count(number, one, many) : filled(translated, [number]);
    },
  },
);

const says: Readonly<Record<Language, Say>> = { en: inEnglish, ko: inKorean };

export function sayIn(language: Language): Say {
  return says[language];
}

/** The form of the issue says first, then the repository's settings, then the installation. */
export function languageOf({ input, settings }: Spoken, installed: Language): Language {
  return input.language ?? settings.language ?? installed;
}

/** Under which a template stands in a catalogue: with `{0}`, `{1}` for its values. */
function keyOf(parts: readonly string[]): string {
  return parts.reduce((key, part, index) => (index === 0 ? part : `${key}{${index - 1}}${part}`), "");
}

function filled(template: string, values: readonly (string | number)[]): string {
  return template.replaceAll(/\{(?<index>\d+)\}/gu, (_, index: string) => String(values[Number(index)] ?? ""));
}
