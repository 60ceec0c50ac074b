/** Which models a run may ask the provider for. */

import type { Job } from "../protocol/runner.ts";

/** Short names that the CLI spells out as a model of that family. It knows others, and what they stand for changes. */
const families: ReadonlySet<string> = new Set(["sonnet", "opus", "haiku", "fable"]);
/** What the CLI asks for small things of its own, such as the summary of a page. */
const small = "claude-haiku";

/** Those of the settings, as the gateway takes them: full names, and beginnings of names. Undefined where a name may mean any. */
export function allowedModelsOf({ model, roles }: Pick<Job, "model" | "roles">): readonly string[] | undefined {
  const allowed = [model, ...roles.map((role) => role.model)].map(allowedFor);
  return allowed.includes(null) ? undefined : [...new Set([...allowed.flatMap((name) => name ?? []), small])];
}

function allowedFor(said: string): string | null {
  const name = said.replace(/\[[^\]]*\]$/, "");
  const lower = name.toLowerCase();
  if (families.has(lower)) return `claude-${lower}`;
  if (/^[a-z]+$/.test(lower)) return null;
  // The CLI takes the newest of its family for one that the provider has no more.
  return /^claude-[a-z]+/.exec(lower)?.[0] ?? name;
}
