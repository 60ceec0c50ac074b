/** Holds what the gateway counted against what the CLI says it used, since one of them could be wrong. Once a step. */

import { noUsage, type Usage } from "../core/usage.ts";
import type { Conversation } from "./conversation.ts";

export interface UsageAudit {
  /** The same conversation; each of its processes is counted. */
  watch(conversation: Conversation): Conversation;
  /** What differs since the last time, in a sentence for the log; null where the two agree. */
  difference(): string | null;
}

/** Of what the CLI says; below a thousand tokens a few are many. */
const toleratedPart = 0.02;
const toleratedTokens = 200;

const kinds = ["inputTokens", "outputTokens", "cacheCreationInputTokens", "cacheReadInputTokens"] as const;

/** `counted`: of the gateway, all up to now. `isResumed`: the CLI's first word holds what earlier runs have used. */
export function createUsageAudit(counted: () => Usage, isResumed: boolean): UsageAudit {
  /** What the CLI said last, all up to then; null where that is not known. */
  let saidBefore: Usage | null = isResumed ? null : noUsage;
  let byCli = noUsage;
  let byGateway = noUsage;

  return {
    watch: (conversation) => ({
      ...conversation,
      async say(message) {
        const before = counted();
        let said: Usage | null = null;
        const onEvent: typeof message.onEvent = (event) => {
          if (event.kind === "result" && event.modelUsage.length > 0) said = event.usage;
          message.onEvent(event);
        };
        const outcome = await conversation.say({ ...message, onEvent });
        take(said, subtract(counted(), before));
        return outcome;
      },
    }),
    difference() {
      const parts = kinds.flatMap((kind) => {
        const [cli, gateway] = [byCli[kind], byGateway[kind]];
        const isClose = Math.abs(cli - gateway) <= Math.max(toleratedTokens, toleratedPart * Math.max(cli, gateway));
        return isClose ? [] : [`${kind}: Claude Code ${cli}, the gateway ${gateway}`];
      });
      byCli = noUsage;
      byGateway = noUsage;
      return parts.length === 0 ? null : `the counts of tokens differ: ${parts.join("; ")}. The gateway's are charged.`;
    },
  };

  function take(said: Usage | null, seen: Usage): void {
    // A process that was broken off says nothing: what it used shows in the next one's totals.
    if (said === null) {
      saidBefore = null;
      return;
    }
    if (saidBefore !== null) {
      // Its count began anew where it is lower than before.
      const isNew = kinds.some((kind) => (said[kind] ?? 0) < (saidBefore?.[kind] ?? 0));
      byCli = add(byCli, isNew ? said : subtract(said, saidBefore));
      byGateway = add(byGateway, seen);
    }
    saidBefore = said;
  }
}

function add(one: Usage, other: Usage): Usage {
  return combine(one, other, (a, b) => a + b);
}

function subtract(one: Usage, other: Usage): Usage {
  return combine(one, other, (a, b) => a - b);
}

function combine(one: Usage, other: Usage, work: (a: number, b: number) => number): Usage {
  return {
    inputTokens: work(one.inputTokens, other.inputTokens),
    outputTokens: work(one.outputTokens, other.outputTokens),
    cacheCreationInputTokens: work(one.cacheCreationInputTokens, other.cacheCreationInputTokens),
    cacheReadInputTokens: work(one.cacheReadInputTokens, other.cacheReadInputTokens),
  };
}
