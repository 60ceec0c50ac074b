import { readFileSync } from "node:fs";
import type { Scratch } from "./scratch.ts";

/** One row of ../sandbox/ASSUMPTIONS.md that real GitHub can be asked about. */
export interface Assumption {
  /** How the row begins; no other one does. */
  readonly row: string;
  readonly check: (scratch: Scratch) => Promise<Verdict>;
}

export type Verdict =
  | { readonly kind: "holds" }
  | { readonly kind: "differs"; readonly how: string }
  | { readonly kind: "unchecked"; readonly why: string };

export function unchecked(why: string): Verdict {
  return { kind: "unchecked", why };
}

/** What was asked, what the sandbox would answer, what came. */
type Comparison = readonly [what: string, expected: unknown, found: unknown];

export function compare(...comparisons: readonly Comparison[]): Verdict {
  const differences = comparisons
    .filter(([, expected, found]) => JSON.stringify(expected) !== JSON.stringify(found))
    .map(
      ([what, expected, found]) =>
        `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found) ?? "nothing"}`,
    );
  return differences.length === 0 ? { kind: "holds" } : { kind: "differs", how: differences.join("; ") };
}

/** The rules of all tables, without their sources and tests. */
export function readRows(): readonly string[] {
  const text = readFileSync(new URL("../sandbox/ASSUMPTIONS.md", import.meta.url), "utf8");
  return text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| rule |"))
    .map((line) => line.split(" | ")[0]?.slice(2) ?? "");
}

/** The one row that begins so. */
export function rowOf({ row }: Pick<Assumption, "row">, rows: readonly string[]): string {
  const [found, ...more] = rows.filter((candidate) => candidate.startsWith(row));
  if (found === undefined || more.length > 0)
    throw new Error(
      `finding the row "${row}" in ASSUMPTIONS.md: ${found === undefined ? "none begins" : "several begin"} so`,
    );
  return found;
}
