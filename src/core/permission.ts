/**
 * A tool outside a step's list that people are asked for, where the repository's settings say so (Q14). The runner asks, when the agent
 * calls it: a question that an agent writes never becomes one, whatever its words are.
 */

import type { Question } from "./dialogue.ts";

export interface Permission {
  readonly tool: string;
  /** Of a shell, and for exactly this one; the work tree is `<work tree>` in it. Null for a tool that is allowed by its name. */
  readonly command: string | null;
}

export interface PermissionGiven extends Permission {
  /** Of the message that asked. */
  readonly requestId: string;
  readonly isAllowed: boolean;
}

/** In this order: the first is the one that allows. */
export const permissionOptions: readonly string[] = ["Allow", "Refuse"];

/** `input`: what the call holds, cut and without secrets. */
export function permissionQuestion(
  { tool, command }: Permission,
  { step, input }: { readonly step: string; readonly input: string },
): string {
  return command === null
    ? `May the agent use the tool ${tool} in step ${step}? Allowed, it may use it in all steps of this phase. Now it wants it with:\n\n${input}`
    : `May the agent run this command in step ${step}? Allowed, it may run exactly this one in all steps of this phase.\n\n${command}`;
}

/** What people said in a phase; of the same thing asked twice the newest counts. */
export function permissionsIn(questions: readonly Question[], phase: number): readonly PermissionGiven[] {
  const given = new Map<string, PermissionGiven>();
  for (const { permission, answer, requestId, phase: of } of questions) {
    if (permission === null || answer === null || of !== phase) continue;
    const key = JSON.stringify([permission.tool, permission.command]);
    given.set(key, { ...permission, requestId, isAllowed: answer.option === 1 });
  }
  return [...given.values()];
}
