/** The agent's conversation over the steps of a phase: one process of the CLI for each prompt, the same session throughout. */

import { claudeArguments, offeredTools } from "./claude-command.ts";
import type { ClaudeOutcome } from "./claude-outcome.ts";
import type { Wait } from "./app-client.ts";
import type { DialogueServer } from "./dialogue-server.ts";
import type { ConversationState } from "./dialogue.ts";
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
  /** Tools beyond those that people are asked for; absent where there are none. */
  readonly askable?: readonly string[];
  /** Of the step's role; the job's own where absent. */
  readonly model?: string | undefined;
  /** Servers beside our own; absent where the agent has none. */
  readonly servers?: { readonly mcpConfig: string | null; readonly rules: readonly string[] };
  /** Values that are lent to the step, by their names. */
  readonly lent: Readonly<Record<string, string>>;
  /** What is left of the step's time. */
  readonly stepMs: number;
  /** Milliseconds since 1970. */
  readonly sliceEndsAt: number;
  /** Of the answer, in JSON. Without it the agent answers in words. */
  readonly jsonSchema?: string;
  readonly onEvent: (event: StreamEvent) => void;
}

export interface ConversationOptions extends Pick<
  ClaudeProcess,
  "agent" | "executable" | "env" | "cwd" | "noOutputMs" | "graceMs" | "signal" | "gateway" | "redact" | "onLeftBehind"
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
const lastOutputCharactersMax = 4_000;
const toolsMax = 200;
const idCharactersMax = 200;

export function startConversation(options: ConversationOptions): Conversation {
  const { signal } = options;
  let session = options.session;
  let lastMessageId: string | null = null;
  let lastOutput = "";
  const toolsUsed = new Set<string>();

  return { say, state };

  function state(): ConversationState {
    return { sessionId: session.id, hasSpoken: session.resume, lastMessageId, lastOutput, toolsUsed: [...toolsUsed] };
  }

  async function say(message: Message): Promise<ClaudeOutcome> {
    const endsAt = options.now().getTime() + message.stepMs;
    for (let tried = 0; ; tried += 1) {
      const nowMs = options.now().getTime();
      if (message.sliceEndsAt <= nowMs && !signal.aborted) return { kind: "timed-out", why: "slice-end" };
      // The call may have been made in the first try: then there is nothing to resume without a prompt.
      const prompt = message.answersCall && tried === 0 ? "" : message.prompt;
      const outcome = await sayOnce({ ...message, prompt, stepMs: Math.max(1, endsAt - nowMs) }, nowMs);
      const pauseMs = retryPausesMs[tried];
      if (pauseMs === undefined || !isPassing(outcome) || signal.aborted) return outcome;
      options.onRetry(outcome, pauseMs);
      await options.wait(pauseMs, signal).catch(() => {
        // Stopped: the next process is not started, and the outcome is "cancelled".
      });
    }
  }

  async function sayOnce(message: Message, nowMs: number): Promise<ClaudeOutcome> {
    const { dialogue } = options;
    const tools = message.tools.filter((tool) => offeredTools.includes(tool));
    let hasSpoken = false;
    const outcome = await runClaude({
      ...options,
      // What we set ourselves comes last: no value of the agent's choice may take its place.
      env: { ...message.lent, ...options.env, ...dialogue.environment },
      args: claudeArguments({
        sessionId: session.id,
        resume: session.resume,
        model: message.model ?? options.model,
        tools,
        askable: message.askable ?? [],
        systemPromptFile: options.systemPromptFile,
        jsonSchema: message.jsonSchema ?? null,
        moreMcpConfig: message.servers?.mcpConfig ?? null,
        moreRules: message.servers?.rules ?? [],
        ...dialogue,
      }),
      prompt: message.prompt,
      stepMs: message.stepMs,
      sliceMs: Math.max(1, message.sliceEndsAt - nowMs),
      onEvent: (event) => {
        if (event.kind === "text" || event.kind === "tool-use") {
          hasSpoken = true;
          note(event);
        }
        message.onEvent(event);
      },
    });
    if (outcome.kind === "failed" && outcome.reason === "no-conversation") startAfresh();
    // A first process that died before the agent spoke may have left nothing to resume, and its id can't be used again.
    else if (!session.resume && outcome.kind !== "completed" && !hasSpoken) startAfresh();
    else session = { ...session, resume: true };
    return outcome;
  }

  function startAfresh(): void {
    session = { id: options.newId(), resume: false };
  }

  function note(event: Extract<StreamEvent, { kind: "text" | "tool-use" }>): void {
    lastMessageId = event.messageId?.slice(0, idCharactersMax) ?? lastMessageId;
    if (event.kind === "text") lastOutput = event.text.slice(-lastOutputCharactersMax).toWellFormed();
    else if (toolsUsed.size < toolsMax) toolsUsed.add(event.name.slice(0, idCharactersMax));
  }
}

/** A fault that may be gone at the next try, with nothing changed. */
function isPassing(outcome: ClaudeOutcome): boolean {
  return outcome.kind === "crashed" || (outcome.kind === "failed" && outcome.retryable);
}
