import picomatch from "picomatch";
import type { Phase } from "../core/playbook.ts";

/** The first step that has the path among its outputs: named outright before matched by a glob. Null where none has. */
export function stepOfPath({ steps }: Phase, path: string): string | null {
  const named = steps.find(({ outputs }) => outputs.includes(path));
  const matched = named ?? steps.find(({ outputs }) => picomatch.isMatch(path, [...outputs], { dot: true }));
  return matched?.slug ?? null;
}
