import { agentMarkdown } from "./agent-markdown.ts";
import { answers } from "./answers.ts";
import { blocked } from "./blocked.ts";
import { check } from "./check.ts";
import { ci } from "./ci.ts";
import { commands } from "./commands.ts";
import { config } from "./config.ts";
import { configuration } from "./configuration.ts";
import { criteria } from "./criteria.ts";
import { decisions } from "./decisions.ts";
import { dependency } from "./dependency.ts";
import { escape } from "./escape.ts";
import { finalGate } from "./final-gate.ts";
import { findingsList } from "./findings-list.ts";
import { form } from "./form.ts";
import { format } from "./format.ts";
import { gate } from "./gate.ts";
import { knownServices } from "./known-services.ts";
import { labels } from "./labels.ts";
import { money } from "./money.ts";
import { notices } from "./notices.ts";
import { onboarding } from "./onboarding.ts";
import { places } from "./places.ts";
import { questions } from "./questions.ts";
import { recentActions } from "./recent-actions.ts";
import { refusals } from "./refusals.ts";
import { reply } from "./reply.ts";
import { reportedError } from "./reported-error.ts";
import { requests } from "./requests.ts";
import { rework } from "./rework.ts";
import { ripple } from "./ripple.ts";
import { security } from "./security.ts";
import { specIssue } from "./spec-issue.ts";
import { status } from "./status.ts";
import { summary } from "./summary.ts";
import { verification } from "./verification.ts";

/** By English template: a catalogue for each file of texts, with the same name, and two for what is put into words elsewhere. */
export const catalogues: readonly Readonly<Record<string, string>>[] = [
  agentMarkdown,
  answers,
  blocked,
  check,
  ci,
  commands,
  config,
  configuration,
  criteria,
  decisions,
  dependency,
  escape,
  finalGate,
  findingsList,
  form,
  format,
  gate,
  knownServices,
  labels,
  money,
  notices,
  onboarding,
  places,
  questions,
  recentActions,
  refusals,
  reply,
  reportedError,
  requests,
  rework,
  ripple,
  security,
  specIssue,
  status,
  summary,
  verification,
];

/** All that the app says. */
export const korean: ReadonlyMap<string, string> = new Map(
  catalogues.flatMap((catalogue) => Object.entries(catalogue)),
);
