import type { TaskId } from "../../core/ids.ts";
import type { Effect } from "../../core/effects.ts";

/** A message from outside, stored before anything is done about it. */
export interface InboxMessage {
  /** Delivery GUID of a webhook, or a name made from the run for a runner's message. The same key is the same message. */
  readonly key: string;
  readonly kind: "webhook" | "step" | "request" | "outcome" | "onboard" | "sweep" | "retention" | "catch-up";
  /** Messages of one lane are processed in order of arrival; e.g. `repository:1` or `run:<id>`. */
  readonly lane: string;
  readonly body: string;
  readonly receivedAt: string;
  /** Not to be processed before; as soon as it is received where absent. */
  readonly notBefore?: string;
}

/** The same for each try to deliver one event. */
export function webhookKeyOf(deliveryGuid: string): string {
  return `webhook:${deliveryGuid}`;
}

export interface ClaimedMessage extends InboxMessage {
  /** How often it was tried before this time. */
  readonly attempts: number;
  /** How many of these attempts the world put off. */
  readonly putOffs: number;
}

/** Effect as it lies in the queue. */
export interface ClaimedEffect {
  readonly key: string;
  readonly taskId: TaskId;
  readonly effect: Effect;
  /** How often it was claimed before this time. */
  readonly attempts: number;
  /** How many of these attempts the world put off. */
  readonly putOffs: number;
}

export interface NewEffect {
  /** Made from the event that caused it: the second insert of the same key is a no-op. */
  readonly key: string;
  /** Effects of one lane run one after the other, in order of their insertion; a failed one holds its lane. */
  readonly lane: string;
  readonly effect: Effect;
  readonly notBefore: string;
  /** Where true and the same key waits unclaimed, the waiting row stays and takes the earlier `notBefore`; a finished row is waiting anew. */
  readonly coalesce: boolean;
}
