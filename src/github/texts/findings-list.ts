import type { Diagnosis } from "../../control/ports.ts";
import { block, link, plain } from "./escape.ts";

const messageCharactersMax = 1_000;
const marks = { ok: "✅", warning: "⚠️", fault: "❌" } as const;

/** Faults first: that is what somebody has to do something about. */
export function findingsList(findings: readonly Diagnosis[]): string {
  const sorted = (["fault", "warning", "ok"] as const).flatMap((level) =>
    findings.filter((finding) => finding.level === level),
  );
  return sorted.map(line).join("\n");
}

function line({ check, level, message, mend }: Diagnosis): string {
  const said = `- ${marks[level]} **${plain(check, 60)}:** ${plain(message, messageCharactersMax)}`;
  if (mend === null) return said;
  const isLink = /^https?:\/\/\S+$/u.test(mend);
  return isLink ? `${said} ${link("Mend it here", mend)}.` : `${said}\n  ${mendWords(mend)}`;
}

/** Words with an address in them stay readable, and the address can be followed. */
function mendWords(mend: string): string {
  return mend
    .split(/(https?:\/\/[^\s,]+)/u)
    .map((part) => (/^https?:/u.test(part) ? link("link", part) : spaced(part)))
    .join("")
    .trim();
}

/** Escaping trims, but here the text goes on. */
function spaced(part: string): string {
  return `${/^\s/u.test(part) ? " " : ""}${plain(part, messageCharactersMax)}${/\s$/u.test(part) ? " " : ""}`;
}

/** Of how many kinds, as half a sentence. */
export function findingsCount(findings: readonly Diagnosis[]): string {
  const count = (level: Diagnosis["level"]) => findings.filter((finding) => finding.level === level).length;
  const faults = count("fault");
  const warnings = count("warning");
  if (faults + warnings === 0) return "all is well";
  const parts = [
    ...(faults === 0 ? [] : [`${faults} ${faults === 1 ? "thing" : "things"} to mend`]),
    ...(warnings === 0 ? [] : [`${warnings} to know`]),
  ];
  return parts.join(", ");
}

/** Folded, with the button that copies it. */
export function folded(summary: string, text: string): string {
  return `<details><summary>${summary}</summary>\n\n${block(text, 20_000)}\n\n</details>`;
}
