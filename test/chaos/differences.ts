import type { Outcome } from "./play.ts";

/** What trouble left behind: there should be nothing but a dispatch more for each run that died, and what was said where too many did in a row. */
export function differences(undisturbed: Outcome, disturbed: Outcome): readonly string[] {
  const more = disturbed.dispatches - undisturbed.dispatches;
  const wanted = { ...undisturbed.seen, comments: undisturbed.seen.comments + 2 * disturbed.pauses };
  return [
    ...undisturbed.tree.filter((line) => !disturbed.tree.includes(line)).map((line) => `only undisturbed: ${line}`),
    ...disturbed.tree.filter((line) => !undisturbed.tree.includes(line)).map((line) => `only disturbed: ${line}`),
    ...(["comments", "pullRequests", "commits"] as const)
      .filter((name) => wanted[name] !== disturbed.seen[name])
      .map((name) => `${disturbed.seen[name]} ${name} instead of ${wanted[name]}`),
    ...(more === disturbed.lost ? [] : [`${more} dispatches more, for ${disturbed.lost} lost runs`]),
  ];
}
