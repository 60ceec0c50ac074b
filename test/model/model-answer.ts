/** What a script answers, and how it becomes a message or a stream of server-sent events. */

export type ModelAnswer =
  | {
      readonly blocks: readonly AnswerBlock[];
      readonly stopReason?: StopReason;
      /** Estimated from the lengths of the texts unless given. */
      readonly usage?: Usage;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly error: AnswerError }
  /** Keeps the connection open: without any answer, after the headers, or in the middle of the stream. */
  | { readonly hang: "connect" | "headers" | "mid" }
  /** Drops the connection: before the headers, or in the middle of the stream. */
  | { readonly cut: "start" | "mid" };

export type AnswerBlock =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly name: string; readonly input: Readonly<Record<string, unknown>> };

type StopReason = "end_turn" | "tool_use" | "max_tokens" | "stop_sequence" | "refusal";

export interface AnswerError {
  readonly status: number;
  /** e.g. `overloaded_error`. */
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** In tokens, with the field names of the API. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
}

/** A complete message as the API returns it without `stream`. */
export interface Message {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly model: string;
  readonly content: readonly (AnswerBlock & { readonly id?: string })[];
  readonly stop_reason: StopReason;
  readonly stop_sequence: null;
  readonly usage: Usage;
}

export interface MessageParts {
  /** Unique for each answer; ids of the message and of its tool calls follow from it. */
  readonly key: string;
  readonly model: string;
  readonly blocks: readonly AnswerBlock[];
  readonly stopReason?: StopReason | undefined;
  readonly usage: Usage;
}

export function messageOf({ key, model, blocks, stopReason, usage }: MessageParts): Message {
  const calls = blocks.some(({ type }) => type === "tool_use");
  return {
    id: `msg_${key}`,
    type: "message",
    role: "assistant",
    model,
    content: blocks.map((block, index) => (block.type === "text" ? block : { id: `toolu_${key}${index}`, ...block })),
    stop_reason: stopReason ?? (calls ? "tool_use" : "end_turn"),
    stop_sequence: null,
    usage,
  };
}

export interface SseEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Small enough that a message of ordinary size comes in several pieces, as from the real API. */
const TEXT_DELTA_LENGTH = 60;
const JSON_DELTA_LENGTH = 2_000;

export function eventsOf(message: Message): readonly SseEvent[] {
  const { content, stop_reason, usage } = message;
  return [
    {
      type: "message_start",
      // The API announces one output token first and the true number at the end.
      message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    },
    { type: "ping" },
    ...content.flatMap(blockEvents),
    {
      type: "message_delta",
      delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: "message_stop" },
  ];
}

function blockEvents(block: Message["content"][number], index: number): readonly SseEvent[] {
  const empty = block.type === "text" ? { ...block, text: "" } : { ...block, input: {} };
  const deltas =
    block.type === "text"
      ? pieces(block.text, TEXT_DELTA_LENGTH).map((text) => ({ type: "text_delta", text }))
      : pieces(JSON.stringify(block.input), JSON_DELTA_LENGTH).map((json) => ({
          type: "input_json_delta",
          partial_json: json,
        }));
  return [
    { type: "content_block_start", index, content_block: empty },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

function pieces(text: string, length: number): readonly string[] {
  // By code points: half a surrogate pair would not survive the way through UTF-8.
  const points = Array.from(text);
  return Array.from({ length: Math.ceil(points.length / length) }, (_, index) =>
    points.slice(index * length, (index + 1) * length).join(""),
  );
}
