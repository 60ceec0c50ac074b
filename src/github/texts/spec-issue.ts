/** The issue that a pushed specification gets: what is wanted, in its own words. */
import type { SpecToStart } from "../../core/spec-to-start.ts";
import { block, code } from "./escape.ts";
import type { Say } from "./words.ts";

const wordsCharactersMax = 20_000;

/** Its words stand in a block: the agent reads them as they are, and nothing in them mentions or links. */
export function specIssueBody({ path, description, requirements, acceptance }: SpecToStart, say: Say): string {
  const words = [
    ...(description === "" ? [] : [description]),
    requirements.map(({ id, description: wish }) => `${id}: ${wish}`).join("\n"),
    [say`It is done when:`, ...acceptance.map((sentence) => `- ${sentence}`)].join("\n"),
  ].join("\n\n");
  return `${say`From the specification ${code(path)}, which says more and goes before this text.`}\n\n${block(words, wordsCharactersMax)}`;
}
