import type { EventOf } from "../events.ts";
import type { Finding } from "../report.ts";
import { securityExampleCharactersMax, withSecurity, type SecurityNote } from "../security.ts";
import type { ExistingTask } from "../state.ts";

export function securityNoted(state: ExistingTask, event: EventOf<"SecurityNoted">): ExistingTask {
  return { ...state, security: withSecurity(state.security, event.source, event.phase, event.notes) };
}

export function notesOf(findings: readonly Finding[]): readonly SecurityNote[] {
  return findings.flatMap(({ check, path }): readonly SecurityNote[] => {
    const example = (path ?? "").slice(0, securityExampleCharactersMax);
    if (check === "no-secrets") return [{ kind: "secret-in-file", count: 1, example }];
    return check === "paths-allowed" ? [{ kind: "path-refused", count: 1, example }] : [];
  });
}
