import type { CiState } from "../../core/ci.ts";
import type { TurnReply } from "../../core/conversation.ts";
import type { Dependency, Question, ReportedError } from "../../core/dialogue.ts";
import type { AnswerKind } from "../../core/feedback.ts";
import type { BlockReason } from "../../core/outcome.ts";
import type { Phrase } from "../../core/phrase.ts";
import type { ConfigurationFault } from "../../core/repository-files.ts";
import type { ItemChange, ItemsChanged } from "../../core/ripple.ts";
import type { InstallationSettings, SettingsFound, TaskSettings } from "../../core/settings.ts";
import type { ExistingTask } from "../../core/state.ts";
import type { TaskInput } from "../../core/task-input.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Forecast } from "./task-view.ts";

/** What the person is told once. `key` is found again on GitHub, so that a repeat writes nothing. */
export type Notice =
  | {
      readonly kind: "blocked";
      readonly reason: BlockReason;
      readonly task: ExistingTask;
      /** Of the current phase, where its budget is used up. */
      readonly forecast?: Forecast | undefined;
      /** The file that is awaited. */
      readonly awaited?: { readonly path: string; readonly text: string } | undefined;
    }
  | { readonly kind: "second-label"; readonly label: string; readonly running: string }
  /** What a task needs could not be looked up, again and again. `why` holds the last error, without secrets. */
  | { readonly kind: "not-taken-up"; readonly label: string; readonly why: string }
  /** The label's playbook, or what it uses, is wrong in the repository: no task was made. */
  | { readonly kind: "playbook-faulty"; readonly label: string; readonly faults: readonly ConfigurationFault[] }
  | { readonly kind: "help" }
  /** What `/doctor` found in the repository. */
  | { readonly kind: "doctor"; readonly findings: readonly Diagnosis[] }
  /** The settings in force. `owner` is whose defaults may be among them. */
  | {
      readonly kind: "config";
      readonly found: SettingsFound;
      readonly installation: InstallationSettings;
      readonly owner: string;
    }
  | { readonly kind: "unknown-command"; readonly typed: string }
  | { readonly kind: "refused"; readonly command: string; readonly reason: Phrase }
  /** Answers to what does not stand in a thread: the words of a review or of `/rework`. */
  | {
      readonly kind: "feedback-answered";
      readonly answers: readonly (AnswerShown & { readonly by: string; readonly id: string })[];
    }
  /** A decision was vetoed by a tick alone. */
  | { readonly kind: "veto-reason"; readonly number: number; readonly decision: string; readonly by: string }
  /** The repository's checks never started on the gate's head, or failed after the last rework. */
  | { readonly kind: "ci"; readonly ci: CiState; readonly reworks: number; readonly headSha: string }
  /** Approved items were changed: which gates that touches, and what becomes of them. */
  | {
      readonly kind: "ripple";
      readonly task: ExistingTask;
      readonly phase: number | null;
      readonly changed: ItemsChanged;
    }
  /** Nothing had to follow from a change; with why each part holds as it is. */
  | {
      readonly kind: "ripple-settled";
      readonly items: readonly ItemChange[];
      readonly parts: readonly { readonly title: string; readonly text: string }[];
    }
  /** What was built, where, what it took: the last comment of a task. */
  | { readonly kind: "summary"; readonly task: ExistingTask }
  /** `/approve` was recorded, but a rule of the branch wants a review that GitHub itself counts. */
  | { readonly kind: "review-required"; readonly pullRequest: number }
  /** `merge: auto`, and the head that they approved holds what people pushed on top of what was verified. */
  | {
      readonly kind: "unverified-head";
      readonly pullRequest: number;
      readonly by: string;
      readonly headSha: string;
    }
  /** Questions that are open for a day (Q11). */
  | { readonly kind: "question-reminder"; readonly questions: readonly Question[] }
  /** A value that was added does not work. */
  | { readonly kind: "value-refused"; readonly dependency: Dependency }
  /** Somebody without the right answered; said once a task. */
  | { readonly kind: "answer-not-yours"; readonly login: string; readonly author: string }
  /** A comment with a credential in it was hidden, or could not be; `names` are what the agent waits for. */
  | {
      readonly kind: "secret-pasted";
      readonly what: string;
      readonly hidden: boolean;
      readonly names: readonly string[];
    }
  /** The gate conflicts with its base, and the agent does not bring the two together: tried before, not its to change, or nothing to see. */
  | {
      readonly kind: "conflict";
      readonly base: string;
      readonly why: "again" | "not-ours" | "unclear";
      readonly paths: readonly string[];
      readonly reworks: number;
    }
  /** The action is older than the app; the app still serves it (Q32). */
  | { readonly kind: "action-outdated"; readonly spoken: number; readonly current: number };

/** What one request of the agent has become; the comment about it is brought up to date by it. */
export type RequestShown =
  | { readonly kind: "questions"; readonly questions: readonly Question[] }
  | {
      readonly kind: "dependency";
      readonly dependency: Dependency;
      /** False where the app may not list names: then only `/provided` is heard (Q9). */
      readonly isNoticed: boolean;
    }
  | {
      readonly kind: "error";
      readonly error: ReportedError;
    }
  /** Of a conversation; the text is the agent's. */
  | { readonly kind: "reply"; readonly reply: TurnReply; readonly phase: number; readonly text: string };

/** The agent's answer to one piece of feedback, as people read it. */
export interface AnswerShown {
  readonly kind: AnswerKind | "none";
  readonly text: string;
  /** The commit with the change; null where no file changed. */
  readonly commitSha: string | null;
}

/** What says in which language people are told something, such as a task; null where nothing does, and the installation's is meant. */
export interface Spoken {
  readonly input: Pick<TaskInput, "language">;
  readonly settings: Pick<TaskSettings, "language">;
}
