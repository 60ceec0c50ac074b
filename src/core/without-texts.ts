import type { TaskEvent } from "./events.ts";
import type { Permission } from "./permission.ts";
import type { Finding, RunnerReport } from "./report.ts";
import type { ItemsChanged } from "./ripple.ts";

/** The event without what people and agents wrote (Q33). Who did what and when stays: it is the audit log. */
export function withoutTexts(event: TaskEvent): TaskEvent {
  switch (event.type) {
    case "TaskCreated":
      return { ...event, issue: { ...event.issue, title: "" } };
    case "RunRequested":
    case "ChangesetRefused":
      return { ...event, findings: silent(event.findings) };
    case "PhaseVerified":
      return { ...event, findings: silent(event.findings), notes: silent(event.notes) };
    case "WorkReported":
      return { ...event, report: withoutWords(event.report) };
    case "DecisionVetoed":
      return { ...event, reason: event.reason === null ? null : "" };
    case "CiObserved":
      return { ...event, ci: { ...event.ci, reason: event.ci.reason === null ? null : "", failed: [] } };
    case "RunEnded": {
      const { outcome } = event;
      if (!("message" in outcome)) return event;
      const bare = { ...outcome, message: "" };
      return { ...event, outcome: bare.kind === "failed" ? { ...bare, findings: silent(bare.findings) } : bare };
    }
    case "TaskPaused": {
      const { reason } = event;
      if ("message" in reason) return { ...event, reason: { ...reason, message: "" } };
      // The name of a branch is whatever somebody typed.
      return reason.kind === "gate-retargeted" ? { ...event, reason: { ...reason, base: "" } } : event;
    }
    case "QuestionsAsked": {
      const questions = event.questions.map((question) => ({
        ...question,
        question: "",
        options: question.options.map(() => ""),
        default: question.default === null ? null : "",
        permission: withoutCommand(question.permission),
      }));
      return { ...event, questions };
    }
    case "QuestionAnswered":
      return { ...event, text: "" };
    case "DependencyRequested":
      return {
        ...event,
        dependency: { ...event.dependency, name: nameless(event.dependency.name), askedAs: "", description: "" },
      };
    case "DependencyGranted":
    case "DependencySkipped":
      return { ...event, name: nameless(event.name) };
    case "DependencyRefused":
      return { ...event, name: nameless(event.name), message: "" };
    case "ErrorReported":
      return { ...event, message: "", details: "" };
    case "FeedbackGiven":
      return { ...event, feedback: event.feedback.map((item) => ({ ...item, path: null, line: null })) };
    case "PhasesPlanned": {
      const phases = event.phases.map((phase) => ({
        ...phase,
        title: "",
        steps: phase.steps.map((step) => ({ ...step, title: "" })),
      }));
      return { ...event, phases };
    }
    case "SecurityNoted":
      return { ...event, notes: event.notes.map((note) => ({ ...note, example: "" })) };
    case "ApprovedItemsChanged":
    case "RippleFound":
      return { ...event, changed: withoutPaths(event.changed) };
    case "TaskStarted":
      return { ...event, input: { ...event.input, references: [] } };
    case "TaskFailed":
      return { ...event, message: "" };
    case "ConflictFound":
      return { ...event, base: "" };
    case "PhaseStarted":
    case "RunDispatched":
    case "SettingsRead":
    case "VetoWithdrawn":
    case "PhaseSkipped":
    case "RippleSettled":
    case "RunStarted":
    case "StepCompleted":
    case "StepPublished":
    case "GateOpened":
    case "FinalGateOpened":
    case "FinalGateMerged":
    case "ReviewCreated":
    case "ReviewApproved":
    case "PhaseApproved":
    case "ChangesRequested":
    case "ReviewWithdrawn":
    case "CiReleased":
    case "FeedbackResolved":
    case "FeedbackReopened":
    case "FeedbackAnswered":
    case "ReworkRequested":
    case "RetryRequested":
    case "PhaseAccepted":
    case "AccountIdentified":
    case "AnswersDelivered":
    case "AnswerWithdrawn":
    case "PrioritySet":
    case "BudgetSet":
    case "RepositoryMoved":
    case "PhaseCompleted":
    case "TaskResumed":
    case "TaskCompleted":
    case "TaskCancelled":
    case "TaskErased":
    case "TurnSaid":
    case "TurnAnswered":
    case "ConversationClosed":
    case "ConversationSettled":
      return event;
  }
}

/** The name of a secret or variable stays; words that an agent wrote become a number, the same in each event that names it. */
function withoutCommand(permission: Permission | null): Permission | null {
  return permission === null || permission.command === null ? permission : { ...permission, command: "" };
}

function nameless(name: string): string {
  if (/^[A-Z0-9_]+$/u.test(name)) return name;
  let sum = 0;
  for (const character of name.trim().toLowerCase()) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 0xffff_ffff;
  return `NAME_${sum}`;
}

/** How many there were and of which check, and nothing that was read in a file. */
function silent(findings: readonly Finding[]): readonly Finding[] {
  return findings.map(({ check, step }) => ({ check, step, path: null, line: null, message: "" }));
}

function withoutPaths(changed: ItemsChanged): ItemsChanged {
  return {
    ...changed,
    items: changed.items.map((item) => ({ ...item, path: "" })),
    touched: changed.touched.map((step) => ({ ...step, paths: [] })),
    feedback: changed.feedback.map((item) => ({ ...item, path: null, line: null })),
  };
}

/** Who judged what, and how many decisions there were. */
function withoutWords({ verdicts, judgeFault, tests, decisions }: RunnerReport): RunnerReport {
  return {
    verdicts: verdicts.map((verdict) => ({ ...verdict, reason: "", evidence: [] })),
    judgeFault: judgeFault === null ? null : "",
    tests: tests === null ? null : { ...tests, command: "", tail: "" },
    decisions: decisions.map(({ confidence }) => ({
      decision: "",
      alternative: "",
      reason: "",
      confidence,
      files: [],
    })),
  };
}
