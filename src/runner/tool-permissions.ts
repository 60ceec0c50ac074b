/** Calls of tools outside a step's list, where people are asked for them (Q14): what is asked, and what was said of it. Pure. */

import type { Permission } from "../core/permission.ts";
import { AskableTool, limits, type Job } from "../protocol/runner.ts";

type Known = NonNullable<Job["permissions"]>;

/** What people would be asked for; or why they can't be, for the agent. */
export type Asking =
  | { readonly kind: "ask"; readonly tool: AskableTool; readonly command: string | null; readonly input: string }
  | { readonly kind: "unfit"; readonly reason: string };

interface Place {
  readonly workTree: string;
  readonly redact: (text: string) => string;
}

const treeName = "<work tree>";

/**
 * What nobody sees, what turns a line around, blanks that only look like one, and what opens a marker of ours: the comment takes it
 * out or changes it, and Bash would run the rest of it with what was allowed.
 */
const unshown = /[^\P{C}\n\t]|[\p{Default_Ignorable_Code_Point}\u{2800}\u{fffc}]|(?! )\p{Z}|<!--/u;

export function isAskable(tool: string): tool is AskableTool {
  return AskableTool.safeParse(tool).success;
}

/** A command is allowed word for word, so whoever is asked has to see all of it as it is. */
export function askingOf(tool: AskableTool, input: unknown, { workTree, redact }: Place): Asking {
  if (tool !== "Bash") {
    const shown = redact(JSON.stringify(input) ?? "").replaceAll(workTree, treeName);
    return { kind: "ask", tool, command: null, input: cut(shown, limits.toolInputCharactersMax) };
  }
  const said = typeof input === "object" && input !== null && "command" in input ? input.command : null;
  if (typeof said !== "string" || said.trim() === "") return unfit("the call holds no command");
  const command = said.trim();
  if (redact(command) !== command)
    return unfit("it holds a value that may stand nowhere: read it from the environment");
  if (command.includes(treeName)) return unfit(`"${treeName}" may not stand in it`);
  if (unshown.test(command)) return unfit("it holds characters that can't be shown as they are");
  const placed = command.replaceAll(workTree, treeName);
  if (placed.length > limits.commandCharactersMax) {
    return unfit(
      `it is longer than ${limits.commandCharactersMax} characters, which is the most that people are shown`,
    );
  }
  return { kind: "ask", tool, command: placed, input: cut(placed, limits.toolInputCharactersMax) };
}

export function saidOf(known: Known, { tool, command }: Permission): Known[number] | null {
  return known.findLast((each) => each.tool === tool && each.command === command) ?? null;
}

/** The call that waited while people were asked. It is made anew: on this machine the work tree is another one. */
export function saidOfRequests(known: Known, requestIds: readonly string[]): Known[number] | null {
  return known.findLast(({ requestId }) => requestIds.includes(requestId)) ?? null;
}

export const refusedText =
  "People refused this. Do not call it again, and do not ask for it in other words: go another way, or say in the deliverable what is missing.";

export function allowedText(tool: string, lines: readonly string[]): string {
  return [
    `People allowed this use of ${tool}. Nothing was run yet: make the call again now, in the same words.`,
    ...lines,
  ].join("\n");
}

function unfit(why: string): Asking {
  return { kind: "unfit", reason: `The step has no Bash, and people can't be asked for this command: ${why}.` };
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 2).toWellFormed()} …`;
}
