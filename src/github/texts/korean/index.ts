import { agentMarkdown } from "./agent-markdown.ts";
import { answers } from "./answers.ts";
import { blocked } from "./blocked.ts";
import { commands } from "./commands.ts";
import { dependency } from "./dependency.ts";
import { escape } from "./escape.ts";
import { finalGate } from "./final-gate.ts";
import { form } from "./form.ts";
import { format } from "./format.ts";
import { labels } from "./labels.ts";
import { money } from "./money.ts";
import { places } from "./places.ts";
import { questions } from "./questions.ts";
import { recentActions } from "./recent-actions.ts";
import { refusals } from "./refusals.ts";
import { reply } from "./reply.ts";
import { reportedError } from "./reported-error.ts";
import { requests } from "./requests.ts";
import { rework } from "./rework.ts";
import { specIssue } from "./spec-issue.ts";
import { status } from "./status.ts";

/** All that the app says, by its English template. One file for each file of texts, with the same name. */
export const korean: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...agentMarkdown,
    ...answers,
    ...blocked,
    ...commands,
    ...dependency,
    ...escape,
    ...finalGate,
    ...form,
    ...format,
    ...labels,
    ...money,
    ...places,
    ...questions,
    ...recentActions,
    ...refusals,
    ...reply,
    ...reportedError,
    ...requests,
    ...rework,
    ...specIssue,
    ...status,
  }),
);
