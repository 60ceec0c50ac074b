import { createHash } from "node:crypto";
import type { Person } from "../core/commands.ts";
import type { Repository } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import type { ExistingTask } from "../core/state.ts";
import type { GitHub } from "./ports/github.ts";
import type { Store } from "./ports/store.ts";
import { readTask } from "./read-task.ts";

/** Asked of GitHub at this moment: what somebody may is never remembered. */
export async function personOf(
  { github }: { readonly github: GitHub },
  repository: Repository,
  login: string,
): Promise<Person> {
  const permission = await github.permissionOf(repository, login);
  return { login, mayWrite: permission === "admin" || permission === "write" };
}

export async function taskById(
  { store }: { readonly store: Store },
  taskId: TaskId | null,
): Promise<ExistingTask | null> {
  if (taskId === null) return null;
  const state = await readTask(store, taskId);
  return state.status === "absent" ? null : state;
}

/** Marks a comment of ours, so that a repeat finds it. */
export function keyOf(what: string): string {
  return createHash("sha256").update(what).digest("hex").slice(0, 16);
}
