/** A part of the product, with what is promised of it. */
import type { TaskEvent } from "../../src/core/events.ts";
import type { ExistingTask } from "../../src/core/state.ts";

/** Ends the story: it says which promise was broken. */
export type Fail = (rule: string) => never;

export interface Subject {
  /** Each event of a task that is there, before it counts. */
  judge(event: TaskEvent, before: ExistingTask, events: readonly TaskEvent[], fail: Fail): void;
  /** What lies about on GitHub, after each step. */
  world(): string | null;
  /** What has happened to a task and nobody has taken up, although nothing is under way. */
  unheardOf(task: ExistingTask, events: readonly TaskEvent[]): string | null;
  /** Of one task, once all has come to rest. */
  atEnd(task: ExistingTask, events: readonly TaskEvent[]): string | null;
}

/** What holds for most subjects: nothing to be said here. */
export const silent: Omit<Subject, "judge"> = { world: () => null, unheardOf: () => null, atEnd: () => null };
