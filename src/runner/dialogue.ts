/** What the parts of the runner tell each other about requests to people. Types alone. */

import type { PendingAction } from "../protocol/checkpoint.ts";
import type { JobDependency, PersonAnswer, RunnerRequest, StepRequest } from "../protocol/runner.ts";

type WithoutId<Request> = Request extends unknown ? Omit<Request, "id"> : never;

export interface Requests {
  /** Stored by the app before it answers, or kept for the envelope where nobody answers. Gives the id that it went under. */
  send(request: WithoutId<RunnerRequest>): Promise<string>;
  /** Requests that this run may still send. */
  left(): number;
}

/** What people have said up to now: of the job, and of what came with acknowledgements since. */
export interface Resolved {
  readonly answers: readonly PersonAnswer[];
  readonly dependencies: readonly JobDependency[];
}

/** One answer that the agent has heard. An answer that was changed is another one. */
export type Told = StepRequest["told"][number];

/** Values that this job holds. They never stand in an argument, a prompt or a message: only in the agent's environment. */
export interface Grants {
  /** Granted, and there. */
  readonly names: readonly string[];
  /** For a process of a step: only what the step asked for, in an earlier run or in this one (Q28). */
  environmentOf(step: string): Readonly<Record<string, string>>;
  /** From now on the step gets it, too. False where this job does not hold it. */
  lend(step: string, name: string): boolean;
}

/** Where the step was when the run before this one stopped. */
export interface StepResume {
  readonly pending: readonly PendingAction[];
  readonly round: number;
  /** Changed files that were not put back, since people changed them meanwhile. */
  readonly leftOut: readonly string[];
}

/** What a checkpoint needs to know of the conversation. */
export interface ConversationState {
  readonly sessionId: string;
  /** There is a transcript to go on from. */
  readonly hasSpoken: boolean;
  readonly lastMessageId: string | null;
  readonly lastOutput: string;
  readonly toolsUsed: readonly string[];
}
