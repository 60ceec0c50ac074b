/** What was refused, taken away or contained, for people. Examples are words of agents and strangers. */
import { withSecurity, type SecurityEntry, type SecurityKind } from "../../core/security.ts";
import { code } from "./escape.ts";
import type { Say } from "./words.ts";

const exampleCharactersMax = 100;

/** For a gate: what of its phase was. Nothing where nothing was. */
export function securitySection(entries: readonly SecurityEntry[], phase: number, say: Say): readonly string[] {
  const own = entries.filter((entry) => entry.phase === phase);
  if (own.length === 0) return [];
  const lines = securityLines(own, say).join("\n");
  return [
    `## ${say`Security`}`,
    `<details><summary>${say`What was refused, taken away or contained: ${total(own)}`}</summary>\n\n${lines}\n\n</details>`,
  ];
}

/** For the details of the status comment: of the whole task. */
export function securityDetails(entries: readonly SecurityEntry[], say: Say): readonly string[] {
  return entries.length === 0
    ? []
    : [say`Security: what was refused, taken away or contained.`, "", ...securityLines(entries, say), ""];
}

/** For the last comment of a task, which the status comment stands above. */
export function securityLine(entries: readonly SecurityEntry[], say: Say): readonly string[] {
  return entries.length === 0
    ? []
    : [
        say`- Security: ${say.count(total(entries), "thing was", "things were")} refused, taken away or contained. The details of the status comment list them.`,
      ];
}

function total(entries: readonly SecurityEntry[]): number {
  return entries.reduce((sum, { count }) => sum + count, 0);
}

/** The app's own first: a machine on which an agent ran can leave out what it saw. */
function securityLines(entries: readonly SecurityEntry[], say: Say): readonly string[] {
  const merged = entries.reduce<readonly SecurityEntry[]>(
    (sum, entry) => withSecurity(sum, entry.source, null, [entry]),
    [],
  );
  const ordered = [...merged].sort((a, b) => a.source.localeCompare(b.source) || b.count - a.count);
  return ordered.map(({ source, kind, count, example }) => {
    const who = source === "app" ? say`seen by the app` : say`reported by the run`;
    const shown = example === "" ? "" : `: ${code(example, exampleCharactersMax)}`;
    return `- ${words(kind, count, say)} (${who})${shown}`;
  });
}

function words(kind: SecurityKind, count: number, say: Say): string {
  switch (kind) {
    case "path-refused":
      return say.count(count, "change of a path that may not be changed", "changes of paths that may not be changed");
    case "secret-in-file":
      return say.count(count, "credential in a file", "credentials in files");
    case "too-much":
      return say.count(
        count,
        "handover with more files or bytes than allowed",
        "handovers with more files or bytes than allowed",
      );
    case "secret-masked":
      return say.count(count, "text in which a secret was masked", "texts in which a secret was masked");
    case "tool-denied":
      return say.count(
        count,
        "call of a tool that the step does not have",
        "calls of tools that the step does not have",
      );
    case "model-refused":
      return say.count(count, "request that the model gateway refused", "requests that the model gateway refused");
    case "dialogue-forged":
      return say.count(count, "forged call of the dialogue with people", "forged calls of the dialogue with people");
    case "process-ended":
      return say.count(count, "process left running and ended", "processes left running and ended");
    case "network-refused":
      return say.count(count, "connection that this run may not make", "connections that this run may not make");
    case "identity-refused":
      return say.count(
        count,
        "job that passed itself off as a run of this task",
        "jobs that passed themselves off as a run of this task",
      );
    case "token-refused":
      return say.count(
        count,
        "use of a run token that is no longer valid",
        "uses of run tokens that are no longer valid",
      );
    case "message-refused":
      return say.count(count, "message that the run may not send", "messages that the run may not send");
    case "person-refused":
      return say.count(
        count,
        "command or answer by somebody who may not give it",
        "commands or answers by people who may not give them",
      );
    case "other":
      return say.count(count, "other event that a newer runner reports", "other events that a newer runner reports");
  }
}
