import picomatch from "picomatch";
import type { Phase } from "../core/playbook.ts";

/** The step that may mend a file: the one whose output it is, or else the phase's last. Null where the phase may not change it. */
export function stepFor(phase: Phase, path: string): string | null {
  const named = stepOfPath(phase, path);
  if (named !== null || !picomatch.isMatch(path, [...phase.allowedPaths], { dot: true })) return named;
  return phase.steps.at(-1)?.slug ?? null;
}

/** The first step that has the path among its outputs: named outright before matched by a glob. Null where none has. */
export function stepOfPath({ steps }: Phase, path: string): string | null {
  const named = steps.find(({ outputs }) => outputs.includes(path));
  const matched = named ?? steps.find(({ outputs }) => picomatch.isMatch(path, [...outputs], { dot: true }));
  return matched?.slug ?? null;
}
