import type { BlockReason } from "../../core/outcome.ts";
import type { ExistingTask } from "../../core/state.ts";

const loginRule = /^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/iu;

/** With those called whom the repository's settings name: nowhere else do we mention anybody. */
export function calling(text: string, { settings }: ExistingTask): string {
  const called = settings.mention.filter((login) => loginRule.test(login)).map((login) => `@${login}`);
  return called.length === 0 ? text : `${text}\n\ncc ${called.join(" ")}`;
}

/** What goes on by itself, or was wanted by whoever did it, calls nobody. */
export function needsPeople(reason: BlockReason): boolean {
  if (reason.kind === "budget-exhausted") return reason.scope !== "day";
  return reason.kind !== "rate-limited" && reason.kind !== "paused" && reason.kind !== "issue-closed";
}
