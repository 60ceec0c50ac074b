import type { AnswerBlock, Usage } from "./model-answer.ts";

/** English text and code have about four characters a token. */
const CHARACTERS_PER_TOKEN = 4;
/** The uncached remainder after the last cache mark. */
const UNCACHED_TOKENS = 4;

export interface RawMessages {
  readonly system?: unknown;
  readonly tools?: unknown;
  readonly messages?: unknown;
}

export function estimateTokens(value: unknown): number {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/**
 * Counts like a client that marks its whole prompt for the cache: what an earlier request of the conversation sent is
 * read from the cache, what came since is written to it. It follows from this request alone, so a resumed
 * conversation counts as one whose cache is still warm.
 */
export function estimateUsage({ system, tools, messages }: RawMessages, blocks: readonly AnswerBlock[]): Usage {
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  const answered = list.findLastIndex(isAssistant);
  const fixed = estimateTokens(system) + estimateTokens(tools);
  const before = answered === -1 ? 0 : fixed + estimateTokens(list.slice(0, answered));
  const since = estimateTokens(list.slice(Math.max(answered, 0)));
  return {
    input_tokens: UNCACHED_TOKENS,
    output_tokens: Math.max(1, estimateTokens(blocks)),
    cache_creation_input_tokens: since + (answered === -1 ? fixed : 0),
    cache_read_input_tokens: before,
  };
}

function isAssistant(message: unknown): boolean {
  return typeof message === "object" && message !== null && "role" in message && message.role === "assistant";
}
