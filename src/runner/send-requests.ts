/** Sends what the agent asks of people, under ids of the run's own, and keeps what could not be sent. */

import { limits, type RunnerRequest } from "../protocol/runner.ts";
import { AppUnreachable, type RunSession } from "./app-client.ts";
import type { Requests } from "./dialogue.ts";

export interface SentRequests extends Requests {
  /** What the app has not got, in the order of asking. */
  readonly undelivered: RunnerRequest[];
}

interface RequestsOptions {
  readonly runId: string;
  readonly session: Pick<RunSession, "ask">;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

export function createRequests({ runId, session, redact, signal }: RequestsOptions): SentRequests {
  const undelivered: RunnerRequest[] = [];
  let count = 0;
  return { send, left: () => limits.requestsMax - count, undelivered };

  async function send(asked: Parameters<Requests["send"]>[0]): Promise<string> {
    if (count >= limits.requestsMax)
      throw new Error(`this run has asked ${limits.requestsMax} times, which is the most`);
    count += 1;
    const id = `${runId}/${count}`;
    const request = withoutSecrets({ ...asked, id }, redact);
    // One that nobody got shows that the next would wait for nothing.
    if (undelivered.length > 0) {
      undelivered.push(request);
      return id;
    }
    try {
      await session.ask(request, signal);
    } catch (error) {
      if (!(error instanceof AppUnreachable)) throw error;
      undelivered.push(request);
    }
    return id;
  }
}

/** Whatever stands in it is an agent's word, and people will read it. */
function withoutSecrets(request: RunnerRequest, redact: (text: string) => string): RunnerRequest {
  switch (request.kind) {
    case "questions":
      return {
        ...request,
        questions: request.questions.map((question) => ({
          ...question,
          question: redact(question.question),
          options: question.options.map(redact),
          default: question.default === null ? null : redact(question.default),
        })),
      };
    case "dependency": {
      const { dependency } = request;
      return {
        ...request,
        dependency: { ...dependency, name: redact(dependency.name), description: redact(dependency.description) },
      };
    }
    case "error": {
      const { error } = request;
      return { ...request, error: { ...error, message: redact(error.message), details: redact(error.details) } };
    }
    case "permission": {
      const { command, input } = request;
      return { ...request, command: command === null ? null : redact(command), input: redact(input) };
    }
    case "value-refused":
      return { ...request, message: redact(request.message) };
  }
}
