/** The agent's conversation over the steps of a phase: one process of the CLI for each prompt, the same session throughout. */

import { claudeArguments, offeredTools } from "./claude-command.ts";
import type { ClaudeOutcome } from "./claude-outcome.ts";
import type { Wait } from "./app-client.ts";
import { runClaude, type ClaudeProcess } from "./run-claude.ts";
import type { StreamEvent } from "./stream-event.ts";

export interface Conversation {
  /** Says one prompt and waits until the agent is done with it. Environment faults are tried again, up to a limit. */
  say(message: Message): Promise<ClaudeOutcome>;
  state(): ConversationState;
}

interface Message {
  readonly prompt: string;
  /** The CLI put a call off: it is made now, and its result is what the agent hears. Only a second try says the prompt, too. */
  readonly answersCall: boolean;
  readonly tools: readonly string[];
  /** Values that are lent to the step, by their names. */
  readonly lent: Readonly<Record<string, string>>;
  /** What is left of the step's time. */
  readonly stepMs: number;
  /** Milliseconds since 1970. */
  readonly sliceEndsAt: number;
  readonly onEvent: (event: StreamEvent) => void;
}

export interface ConversationOptions extends Pick<
  ClaudeProcess,
  "agent" | "executable" | "env" | "cwd" | "noOutputMs" | "graceMs" | "signal" | "gateway" | "redact"
> {
  readonly model: string;
  readonly systemPromptFile: string;
  /** `resume`: a transcript of this session lies in the CLI's folder. */
  readonly session: { readonly id: string; readonly resume: boolean };
  readonly dialogue: Pick<DialogueServer, "mcpConfig" | "settings" | "environment">;
  readonly newId: () => string;
  readonly wait: Wait;
  readonly now: () => Date;
  readonly onRetry: (outcome: ClaudeOutcome, pauseMs: number) => void;
}

const retryPausesMs: readonly number[] = [5_000, 20_000];

export function startConversation(options: ConversationOptions): Conversation {
  const { signal } = options;
  let session: { readonly id: string; readonly resume: boolean } = { id: options.newId(), resume: false };

  return { say };

  async function say(message: Message): Promise<ClaudeOutcome> {
    const endsAt = options.now().getTime() + message.stepMs;
    for (let tried = 0; ; tried += 1) {
      const outcome = await sayOnce({ ...message, stepMs: Math.max(1, endsAt - options.now().getTime()) });
      const pauseMs = retryPausesMs[tried];
      if (pauseMs === undefined || !isPassing(outcome) || signal.aborted) return outcome;
      options.onRetry(outcome, pauseMs);
      await options.wait(pauseMs, signal).catch(() => {
        // Stopped: the next process is not started, and the outcome is "cancelled".
      });
    }
  }

  async function sayOnce(message: Message): Promise<ClaudeOutcome> {
    const tools = message.tools.filter((tool) => offeredTools.includes(tool));
    let hasSpoken = false;
    const outcome = await runClaude({
      ...options,
      args: claudeArguments({
        sessionId: session.id,
        resume: session.resume,
        model: options.model,
        tools,
        systemPromptFile: options.systemPromptFile,
      }),
      prompt: message.prompt,
      stepMs: message.stepMs,
      onEvent: (event) => {
        if (event.kind === "text" || event.kind === "tool-use") hasSpoken = true;
        message.onEvent(event);
      },
    });
    // A first process that died before the agent spoke may have left nothing to resume, and its id can't be used again.
    if (session.resume) return outcome;
    session =
      outcome.kind === "completed" || hasSpoken ? { ...session, resume: true } : { id: options.newId(), resume: false };
    return outcome;
  }
}

/** A fault that may be gone at the next try, with nothing changed. */
function isPassing(outcome: ClaudeOutcome): boolean {
  return outcome.kind === "crashed" || (outcome.kind === "failed" && outcome.retryable);
}
