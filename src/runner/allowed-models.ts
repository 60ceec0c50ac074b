/** Which models a run may ask the provider for. */

import type { Job } from "../protocol/runner.ts";

/** As the CLI spells out the short names that it knows. */
const families: ReadonlyMap<string, string> = new Map([
  ["sonnet", "claude-sonnet"],
  ["opus", "claude-opus"],
  ["haiku", "claude-haiku"],
]);
/** Short names of which only the CLI knows what they stand for today. */
const open: ReadonlySet<string> = new Set(["default", "best", "opusplan", "inherit"]);
/** What the CLI asks for small things of its own, such as the summary of a page. */
const small = "claude-haiku";

/** Those of the settings, as the gateway takes them: full names, and beginnings of names. Undefined where a name may mean any. */
export function allowedModelsOf({ model, roles }: Pick<Job, "model" | "roles">): readonly string[] | undefined {
  const named = [model, ...roles.map((role) => role.model)].map((name) => name.replace(/\[[^\]]*\]$/, ""));
  if (named.some((name) => open.has(name))) return undefined;
  return [...new Set([...named.map((name) => families.get(name) ?? name), small])];
}
