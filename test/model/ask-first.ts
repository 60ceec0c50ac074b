/** A model that asks people before it works, by tools or in words, and what a provider says instead of an answer. */

import type { AnswerBlock, ModelAnswer } from "./model-answer.ts";
import type { ModelRequest } from "./model-request.ts";
import type { Decide } from "./model-server.ts";

/** A call of one of the runner's own tools, e.g. `ask_user`. Two of them in one message are two of these. */
export function toolOfRunner(name: string, input: Readonly<Record<string, unknown>>): AnswerBlock {
  return { type: "tool_use", name: `mcp__phasegate__${name}`, input };
}

/** A block of text such as `[USER_QUESTION]`. A list stands below its name, each item behind a dash. */
export function textBlock(
  name: string,
  fields: Readonly<Record<string, string | boolean | readonly string[]>>,
): string {
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    Array.isArray(value) ? [`${name}:`, ...value.map((item) => `- ${item}`)] : [`${name}: ${String(value)}`],
  );
  return [`[${name}]`, ...lines, `[/${name}]`].join("\n");
}

/**
 * In each step that is named, `<phase>/<slug>`, the conversation says these blocks once, and then does what `decide` says.
 * A conversation that is lost says them again.
 */
export function askFirst(decide: Decide, asks: Readonly<Record<string, readonly AnswerBlock[]>>): Decide {
  return (request) => {
    const step = stepOf(request);
    const blocks = step === null ? undefined : asks[step];
    return blocks === undefined || hasSaid(request, blocks) ? decide(request) : { blocks };
  };
}

function stepOf({ messages }: ModelRequest): string | null {
  const prompts = messages.filter(({ role, toolResults }) => role === "user" && toolResults.length === 0);
  return prompts.map(({ text }) => /^Step: (\S+)$/m.exec(text)?.[1] ?? null).findLast((step) => step !== null) ?? null;
}

/** The last of the blocks is enough: of two calls in one message the CLI forgets the first. */
function hasSaid({ messages }: ModelRequest, blocks: readonly AnswerBlock[]): boolean {
  const last = blocks.at(-1);
  if (last === undefined) return true;
  return messages.some(({ role, text, toolCalls }) =>
    last.type === "text"
      ? role === "assistant" && text.includes(last.text)
      : toolCalls.some(({ name, input }) => name === last.name && JSON.stringify(input) === JSON.stringify(last.input)),
  );
}

/** An account that is used up: until when, in seconds since 1970, where the provider says so. */
export function limitOfSubscription(resetsAt: number | null): ModelAnswer {
  const headers = {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
    ...(resetsAt === null ? {} : { "anthropic-ratelimit-unified-reset": String(resetsAt) }),
  };
  return { error: { status: 429, type: "rate_limit_error", message: "This request would exceed your limit", headers } };
}

/** With a key there is no account to be used up: only a pause, in seconds, where the provider says so. */
export function limitOfKey(retryAfter: number | null): ModelAnswer {
  const headers = retryAfter === null ? {} : { "retry-after": String(retryAfter) };
  return {
    error: { status: 429, type: "rate_limit_error", message: "Number of requests has exceeded your limit", headers },
  };
}

/** What no repeat mends. */
export const refusals = {
  authentication: { error: { status: 401, type: "authentication_error", message: "invalid x-api-key" } },
  billing: {
    error: { status: 400, type: "invalid_request_error", message: "Your credit balance is too low to access the API" },
  },
  "model-not-found": { error: { status: 404, type: "not_found_error", message: "model: no-such-model" } },
} as const satisfies Readonly<Record<string, ModelAnswer>>;
