import { createBlockParser, type Block, type BlockParser } from "./dialogue-blocks.ts";
import type { StepDesk } from "./dialogue-desk.ts";
import type { StreamEvent } from "./stream-event.ts";

/** Finds what the agent asks in words, message by message, in one process of the CLI. */
export function createListener(desk: Pick<StepDesk, "hear" | "agentSpoke">) {
  let messageId: string | null = null;
  let parser: BlockParser | null = null;
  let found: Block[] = [];

  return { take, end };

  function take(event: StreamEvent): void {
    if (event.kind === "text" || event.kind === "tool-use") desk.agentSpoke();
    // With a result of a tool the message is over, and what it asks for is sent at once.
    if (event.kind === "tool-result") end();
    if (event.kind !== "text") return;
    if (event.messageId === null || event.messageId !== messageId) end();
    messageId = event.messageId;
    parser ??= createBlockParser();
    found.push(...parser.push(`${event.text}\n`));
  }

  function end(): void {
    if (parser === null) return;
    const blocks = [...found, ...parser.end()];
    parser = null;
    found = [];
    desk.hear(blocks);
  }
}
