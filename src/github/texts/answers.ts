import type { AnswerShown } from "../../control/ports/notices.ts";
import { link, code, paragraphs } from "./escape.ts";
import { shaCharacters } from "./format.ts";
import type { Links } from "./links.ts";
import type { Say } from "./words.ts";

const answerCharactersMax = 4_000;

/** The agent's answer in the thread that it belongs to. */
export function answerText(answer: AnswerShown, links: Links, say: Say): string {
  const next = nextOf(answer, say);
  return [
    answerVerdict(answer, links, say),
    paragraphs(answer.text, answerCharactersMax),
    ...(next === null ? [] : [next]),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** In one sentence what came of it: the agent's claim is told apart from what a commit shows. */
export function answerVerdict({ kind, commitSha }: AnswerShown, links: Links, say: Say): string {
  const commit = commitSha === null ? null : link(code(commitSha.slice(0, shaCharacters)), links.commit(commitSha));
  switch (kind) {
    case "fixed":
      return commit === null
        ? say`**Done, says the agent**, but it changed no file for it.`
        : say`**Done** in ${commit}.`;
    case "declined":
      return commit === null
        ? say`**Not changed.**`
        : say`**Not changed** as asked; ${commit} has what was changed instead.`;
    case "question":
      return say`**The agent asks back.**`;
    case "none":
      return commit === null
        ? say`**The agent gave no answer.**`
        : say`**The agent gave no answer**, but changed something in ${commit}.`;
  }
}

/** Null where nothing is left to do but to look. */
function nextOf({ kind, commitSha }: AnswerShown, say: Say): string | null {
  switch (kind) {
    case "fixed":
      return commitSha === null ? say`*Next:* resolve this thread if that is right, or request changes again.` : null;
    case "declined":
      return say`*Next:* resolve this thread if you agree; otherwise say more here and request changes again.`;
    case "question":
      return say`*Next:* answer in this thread, then request changes again or comment ${code("/rework")} on the pull request.`;
    case "none":
      return say`*Next:* comment ${code("/rework")} on the pull request to have it tried again, or resolve this thread.`;
  }
}
