import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fakeToken } from "./memory-tree.ts";

/** Documents or a small code base, written as one text: `steps`, the defect if there is one, then each file below `=== <path>`. */
export interface CorpusCase {
  readonly name: string;
  /** Steps of `create_app` that the files are held against, e.g. `planning/07_features`; all of one phase. */
  readonly steps: readonly string[];
  /** e.g. `links-resolve docs/a.md:4`, with `-` for a path or a line that there is none of; null in a good case. */
  readonly defect: string | null;
  readonly files: Readonly<Record<string, string>>;
}

export function corpus(half: "good" | "bad"): readonly CorpusCase[] {
  const folder = path.join(import.meta.dirname, "corpus", half);
  return readdirSync(folder)
    .sort()
    .map((file) => parseCase(path.basename(file, ".txt"), readFileSync(path.join(folder, file), "utf8")));
}

function parseCase(name: string, text: string): CorpusCase {
  const [head = "", ...parts] = text.split(/^=== /mu);
  const field = (key: string): string | null => new RegExp(`^${key}: (.+)$`, "mu").exec(head)?.[1] ?? null;
  const files = parts.map((part) => {
    const end = part.indexOf("\n");
    // A credential is put in here, so that no scanner takes the case for a leak.
    return [part.slice(0, end), part.slice(end + 1).replace("{{SECRET}}", fakeToken)] as const;
  });
  return { name, steps: field("steps")?.split(" ") ?? [], defect: field("defect"), files: Object.fromEntries(files) };
}
