import { z } from "zod";

/** A request to `/v1/messages`, flattened to what a script decides on. */
export interface ModelRequest {
  readonly model: string;
  readonly stream: boolean;
  /** Most that the reply may hold. */
  readonly maxTokens: number | null;
  /** All system text: the `system` field and the `role: "system"` entries that the CLI puts between messages. */
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  /** Names of the tools that the model may call. */
  readonly tools: readonly string[];
  /** Text of the last user message without tool results; "" where there is none. */
  readonly lastUserText: string;
  /** Results of the tool calls made since that message, in order. */
  readonly toolResults: readonly ToolResult[];
}

export interface ModelMessage {
  readonly role: "user" | "assistant" | "system";
  /** Text blocks joined by line ends. */
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly toolResults: readonly ToolResult[];
}

interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface ToolResult {
  readonly call: ToolCall;
  readonly text: string;
  readonly isError: boolean;
}

/** Thrown for what the real API answers with 400. The message is what a client would be shown. */
export class InvalidRequest extends Error {
  override name = "InvalidRequest";
}

/** Parses the JSON body of a request, and refuses what the real API would refuse: an unpaired tool call or result. */
export function parseModelRequest(body: unknown): ModelRequest {
  const parsed = MessagesBody.safeParse(body);
  if (!parsed.success) throw new InvalidRequest(z.prettifyError(parsed.error));
  const { model, stream, system, tools, max_tokens: maxTokens } = parsed.data;
  const messages = pairToolCalls(parsed.data.messages);
  const asked = messages.findLastIndex(isAsking);
  const between = messages.filter(({ role }) => role === "system").map(({ text }) => text);
  return {
    model,
    stream,
    maxTokens,
    system: [textOf(system), ...between].filter((text) => text !== "").join("\n\n"),
    messages,
    tools: tools.map(({ name }) => name),
    lastUserText: messages[asked]?.text ?? "",
    toolResults: messages.slice(asked + 1).flatMap(({ toolResults }) => toolResults),
  };
}

/** Text beside a tool result is a reminder of the client, not something that a person asked. */
function isAsking({ role, text, toolResults }: ModelMessage): boolean {
  return role === "user" && text !== "" && toolResults.length === 0;
}

const InnerBlock = z.looseObject({ type: z.string(), text: z.string().optional() });

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.record(z.string(), z.unknown()).optional(),
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional(),
  content: z.union([z.string(), z.array(InnerBlock)]).optional(),
});
type Block = z.infer<typeof Block>;

const Content = z.union([z.string(), z.array(Block)]);

const MessagesBody = z.looseObject({
  model: z.string().min(1),
  stream: z.boolean().default(false),
  max_tokens: z.int().nullable().default(null),
  system: Content.default(""),
  tools: z.array(z.looseObject({ name: z.string() })).default([]),
  messages: z.array(z.looseObject({ role: z.enum(["user", "assistant", "system"]), content: Content })).min(1),
});
type Messages = z.infer<typeof MessagesBody>["messages"];

/** As the real API, which joins neighbours of one role first: every call is answered before the other side goes on. */
function pairToolCalls(messages: Messages): readonly ModelMessage[] {
  if (messages[0]?.role === "assistant") {
    throw new InvalidRequest("messages.0: the first message must be from the user");
  }
  const open = new Map<string, ToolCall>();
  let userSpoke = false;
  const paired = messages.map(({ role, content }, index) => {
    if (role === "assistant" && userSpoke) requireNoneOpen(open, index);
    if (role !== "system") userSpoke = role === "user";
    const blocks = typeof content === "string" ? [] : content;
    const toolResults = blocks
      .filter(({ type }) => type === "tool_result")
      .map((block) => toolResultOf(block, open, index));
    const toolCalls = blocks.filter(({ type }) => type === "tool_use").map((block) => toolCallOf(block, index));
    for (const call of toolCalls) open.set(call.id, call);
    return { role, text: textOf(content), toolCalls, toolResults };
  });
  requireNoneOpen(open, messages.length - 1);
  return paired;
}

function toolCallOf({ id, name, input }: Block, index: number): ToolCall {
  if (id === undefined || name === undefined)
    throw new InvalidRequest(`messages.${index}: tool_use without id or name`);
  return { id, name, input: input ?? {} };
}

function toolResultOf(block: Block, open: Map<string, ToolCall>, index: number): ToolResult {
  const id = block.tool_use_id ?? "";
  const call = open.get(id);
  if (call === undefined) {
    throw new InvalidRequest(`messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}`);
  }
  open.delete(id);
  return { call, text: textOf(block.content ?? ""), isError: block.is_error ?? false };
}

function requireNoneOpen(open: ReadonlyMap<string, ToolCall>, index: number): void {
  if (open.size === 0) return;
  const ids = [...open.keys()].join(", ");
  throw new InvalidRequest(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks after: ${ids}`,
  );
}

/** The text blocks only: a tool result is not something that its sender said. */
function textOf(content: string | readonly z.infer<typeof InnerBlock>[]): string {
  if (typeof content === "string") return content;
  return content.flatMap(({ type, text }) => (type === "text" && text !== undefined ? [text] : [])).join("\n");
}
