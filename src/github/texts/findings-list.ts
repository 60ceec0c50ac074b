import type { Diagnosis } from "../../control/ports/diagnosis.ts";
import { block, link, plain } from "./escape.ts";
import type { Say } from "./words.ts";

const messageCharactersMax = 1_000;
const marks = { ok: "✅", warning: "⚠️", fault: "❌" } as const;

/** Faults first: that is what somebody has to do something about. What was found is in English everywhere. */
export function findingsList(findings: readonly Diagnosis[], say: Say): string {
  const sorted = (["fault", "warning", "ok"] as const).flatMap((level) =>
    findings.filter((finding) => finding.level === level),
  );
  return sorted.map((finding) => line(finding, say)).join("\n");
}

function line({ check, level, message, mend }: Diagnosis, say: Say): string {
  const said = `- ${marks[level]} **${plain(check, 60)}:** ${plain(message, messageCharactersMax)}`;
  if (mend === null) return said;
  const isLink = /^https?:\/\/\S+$/u.test(mend);
  return isLink ? `${said} ${link(say`Mend it here`, mend)}.` : `${said}\n  ${mendWords(mend, say)}`;
}

/** Words with an address in them stay readable, and the address can be followed. */
function mendWords(mend: string, say: Say): string {
  return mend
    .split(/(https?:\/\/[^\s,]+)/u)
    .map((part) => (/^https?:/u.test(part) ? link(say`link`, part) : spaced(part)))
    .join("")
    .trim();
}

/** Escaping trims, but here the text goes on. */
function spaced(part: string): string {
  return `${/^\s/u.test(part) ? " " : ""}${plain(part, messageCharactersMax)}${/\s$/u.test(part) ? " " : ""}`;
}

/** Of how many kinds, as half a sentence. */
export function findingsCount(findings: readonly Diagnosis[], say: Say): string {
  const count = (level: Diagnosis["level"]) => findings.filter((finding) => finding.level === level).length;
  const faults = count("fault");
  const warnings = count("warning");
  if (faults + warnings === 0) return say`all is well`;
  const parts = [
    ...(faults === 0 ? [] : [say.count(faults, "thing to mend", "things to mend")]),
    ...(warnings === 0 ? [] : [say`${warnings} to know`]),
  ];
  return parts.join(", ");
}

/** Folded, with the button that copies it. */
export function folded(summary: string, text: string): string {
  return `<details><summary>${summary}</summary>\n\n${block(text, 20_000)}\n\n</details>`;
}
