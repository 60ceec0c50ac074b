import type { z } from "zod";
import type { GuideFault } from "./guide-error.ts";
import { parseYamlValue } from "../yaml/yaml-value.ts";

interface GuideDocument<Head> {
  readonly head: Head;
  /** Markdown with LF line ends, without front matter and surrounding white space. */
  readonly body: string;
  /** The line of a field of the head, for faults that show only beside other files. */
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

export type GuideParse<Head> =
  | { readonly kind: "parsed"; readonly document: GuideDocument<Head> }
  | { readonly kind: "faulty"; readonly faults: readonly GuideFault[] };

/** The head begins on the line after the opening `---`. */
const HEAD_FIRST_LINE = 2;

/** Parses a guide: front matter between two lines `---`, then its text. `file` only names it in faults. */
export function parseGuide<Head>(file: string, text: string, schema: z.ZodType<Head>): GuideParse<Head> {
  const faulty = (line: number, rule: string, message: string): GuideParse<Head> => ({
    kind: "faulty",
    faults: [{ file, line, rule, message }],
  });
  const lines = plainText(text).split("\n");
  if (lines[0]?.trimEnd() !== "---") {
    return faulty(1, "no-front-matter", `expected the first line to be "---", got ${JSON.stringify(cut(lines[0] ?? ""))}`);
  }
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  if (end === -1) return faulty(1, "open-front-matter", 'expected a second line "---" that closes the front matter, got none');

  const head = parseYamlValue(
    { file, text: lines.slice(1, end).join("\n"), firstLine: HEAD_FIRST_LINE },
    schema,
  );
  const body = lines.slice(end + 1).join("\n").trim();
  const faults = head.kind === "faulty" ? [...head.faults] : [];
  if (body === "") {
    faults.push({ file, line: end + 1, rule: "empty-guide", message: "expected a text below the front matter, got nothing" });
  }
  if (head.kind === "faulty" || faults.length > 0) return { kind: "faulty", faults };
  return { kind: "parsed", document: { head: head.value, body, lineOf: head.lineOf } };
}

/** Drops a byte order mark and makes every line end LF, so that a checkout with other line ends gives the same hash. */
export function plainText(text: string): string {
  return text.replace(/^\uFEFF/u, "").replaceAll(/\r\n?/gu, "\n");
}

const CUT_LENGTH = 60;

function cut(text: string): string {
  return text.length > CUT_LENGTH ? `${text.slice(0, CUT_LENGTH)}…` : text;
}
