import type { TaskEvent } from "../../src/core/events.ts";
import type { AnyCheck, DecisionTaken } from "../../src/core/report.ts";
import { addSpent, nothingSpent, tokensOf, type Spent } from "../../src/core/usage.ts";
import { LiveEvent } from "../../src/protocol/runner.ts";
import type { AppLine } from "./app-process.ts";
import type { DemoEvent, PhaseResult } from "./demo-event.ts";

/** Turns the app's log into the events of the demo, and remembers what the end needs. */
export class Told {
  onEvent: (event: TaskEvent) => void = () => undefined;
  /** What app and runner complained about without stopping. */
  readonly warnings: string[] = [];
  readonly #emit: (event: DemoEvent) => void;
  readonly #phases = new Map<number, PhaseTold>();
  readonly #titles = new Map<string, string>();
  #outline: Extract<TaskEvent, { type: "TaskCreated" }>["playbook"] | null = null;
  #phase = 0;
  #attempt = 1;
  /** The run before stopped to ask something. */
  #waited = false;
  /** Where each point of feedback stands. */
  readonly #places = new Map<string, string>();
  /** Of the phase that is under way. */
  #decisions: readonly DecisionTaken[] = [];
  /** When the run began, or its last step ended: what lies between is the next step. */
  #stepStartedAt = 0;

  constructor(emit: (event: DemoEvent) => void) {
    this.#emit = emit;
  }

  gateOf(phase: number): number | null {
    return this.#phases.get(phase)?.pullRequest ?? null;
  }

  reworksOf(phase: number): number {
    return this.#phases.get(phase)?.reworks ?? 0;
  }

  spent(): Spent {
    return [...this.#phases.values()].reduce((sum, phase) => addSpent(sum, phase.spent), nothingSpent);
  }

  phases(): readonly PhaseResult[] {
    return [...this.#phases].map(([phase, { name, pullRequest, merged, steps, spent }]) => ({
      phase,
      name,
      pullRequest,
      merged,
      steps: steps.size,
      tokens: tokensOf(spent.usage),
      costUsd: spent.costUsd,
    }));
  }

  hear(line: AppLine): void {
    if (line.msg === "event") {
      // The app's own events, written by it a moment ago.
      const event = line.event as TaskEvent;
      this.#onTaskEvent(event);
      this.onEvent(event);
    } else if (line.msg === "live") {
      const live = LiveEvent.safeParse(line.live);
      if (live.success) this.#onLive(live.data);
    } else if ((line.level ?? 0) >= 50) {
      this.#emit({ type: "problem", message: line.msg });
    } else if ((line.level ?? 0) >= 40) {
      this.warnings.push(`the app warns: ${line.msg}`);
    }
  }

  #onLive(live: LiveEvent): void {
    if (live.kind === "step-started") {
      const { step, number, total } = live;
      this.#emit({
        type: "step-started",
        phase: this.#phase,
        step,
        title: this.#titles.get(step) ?? step,
        number,
        total,
      });
    } else if (live.kind === "action") {
      this.#emit({ type: "action", step: live.step, text: live.text });
    } else if (live.kind === "round") {
      this.#emit({
        type: "round",
        step: live.step,
        round: live.round,
        missing: live.findings.map((finding) => finding.message),
      });
    } else if (live.kind === "log" && live.level === "error") {
      this.#emit({ type: "problem", message: live.text });
    } else if (live.kind === "log" && live.level === "warn") {
      this.warnings.push(`the runner warns: ${live.text}`);
    }
  }

  #onTaskEvent(event: TaskEvent): void {
    switch (event.type) {
      case "TaskCreated":
        this.#outline = event.playbook;
        return;
      case "PhasesPlanned":
        if (this.#outline !== null) {
          this.#outline = { ...this.#outline, phases: [...this.#outline.phases, ...event.phases] };
        }
        return;
      case "PhaseStarted": {
        const outline = this.#outline?.phases.find((phase) => phase.number === event.phase);
        this.#phase = event.phase;
        this.#decisions = [];
        this.#titles.clear();
        for (const step of outline?.steps ?? []) this.#titles.set(step.slug, step.title);
        this.#phases.set(event.phase, {
          name: outline?.name ?? "",
          pullRequest: null,
          merged: false,
          steps: new Set(),
          reworks: 0,
          spent: nothingSpent,
        });
        const phases = this.#outline?.phases.length ?? 0;
        this.#emit({
          type: "phase-started",
          phase: event.phase,
          phases,
          title: outline?.title ?? "",
          steps: outline?.steps.length ?? 0,
        });
        return;
      }
      case "RunDispatched":
        this.#emit({
          type: "run-started",
          phase: this.#phase,
          attempt: this.#attempt,
          goesOn: this.#waited,
          url: event.url,
        });
        this.#waited = false;
        return;
      case "StepCompleted":
        this.#change(event.phase, (phase) => ({
          ...phase,
          steps: new Set([...phase.steps, event.step]),
          spent: addSpent(phase.spent, event.spent),
        }));
        this.#emit({
          type: "step-completed",
          phase: event.phase,
          step: event.step,
          title: this.#titles.get(event.step) ?? event.step,
          files: event.files,
          tokens: tokensOf(event.spent.usage),
          costUsd: event.spent.costUsd,
          elapsedMs: Date.parse(event.at) - this.#stepStartedAt,
        });
        this.#stepStartedAt = Date.parse(event.at);
        return;
      case "RunEnded":
        this.#change(event.phase, (phase) => ({ ...phase, spent: addSpent(phase.spent, event.spent) }));
        return;
      case "GateOpened":
        this.#change(event.phase, (phase) => ({ ...phase, pullRequest: event.pullRequest }));
        this.#emit({ type: "gate-opened", phase: event.phase, pullRequest: event.pullRequest, url: event.url });
        return;
      case "PhaseVerified":
        this.#emit({
          type: "verified",
          phase: event.phase,
          passed: event.passed,
          checks: event.checks.length,
          judged: event.checks.filter(({ check }) => isJudged(check)).length,
          findings: event.findings.map(({ check, path, line, message }) => ({
            place: path === null ? "the phase as a whole" : line === null ? path : `${path}:${line}`,
            judged: isJudged(check),
            message,
          })),
        });
        return;
      case "ReviewCreated": {
        const pullRequest = this.gateOf(event.phase) ?? 0;
        this.#emit({ type: "gate-ready", phase: event.phase, pullRequest, decisions: this.#decisions.length });
        return;
      }
      case "PhaseCompleted":
        this.#change(event.phase, (phase) => ({ ...phase, merged: true }));
        this.#emit({ type: "merged", phase: event.phase, pullRequest: this.gateOf(event.phase) ?? 0, by: event.by });
        return;
      case "TaskPaused":
        if (isWait(event)) {
          this.#waited = true;
          this.#emit({ type: "waiting" });
        } else {
          this.#emit({
            type: "paused",
            reason: "message" in event.reason ? `${event.reason.kind}: ${event.reason.message}` : event.reason.kind,
          });
        }
        return;
      case "QuestionsAsked":
        for (const { number, category, question, options, required } of event.questions) {
          const step = this.#titles.get(event.step) ?? event.step;
          this.#emit({ type: "question-asked", step, number, category, question, options, required });
        }
        return;
      case "QuestionAnswered":
        this.#emit({ type: "question-answered", number: event.number, by: event.by, answer: event.text });
        return;
      case "DependencyRequested": {
        const { name, type, description, required } = event.dependency;
        const step = this.#titles.get(event.step) ?? event.step;
        this.#emit({ type: "dependency-requested", step, name, kind: type, description, required });
        return;
      }
      case "DependencyGranted": {
        const { name, by } = event;
        this.#emit({ type: "dependency-granted", name, by });
        return;
      }
      case "DependencySkipped":
        this.#emit({ type: "dependency-skipped", name: event.name, by: event.by });
        return;
      case "DependencyRefused":
        this.#emit({ type: "problem", message: `the value of ${event.name} does not work: ${event.message}` });
        return;
      case "ErrorReported":
        this.#emit({ type: "problem", message: `the agent reports: ${event.message}` });
        return;
      case "TaskFailed":
        this.#emit({ type: "problem", message: event.message });
        return;
      case "RunStarted":
        this.#stepStartedAt = Date.parse(event.at);
        return;
      case "RunRequested":
        this.#attempt = event.attempt;
        if (event.findings.length > 0) {
          const { phase, attempt, findings } = event;
          this.#emit({ type: "sent-back", phase, attempt, findings: findings.length });
        }
        return;
      case "WorkReported":
        // A later attempt that names none leaves those that people know.
        if (event.report.decisions.length > 0) this.#decisions = event.report.decisions;
        return;
      case "DecisionVetoed": {
        const { phase, number, by, reason } = event;
        const decision = this.#decisions[number - 1]?.decision ?? "";
        this.#emit({ type: "vetoed", phase, number, decision, by, reason });
        return;
      }
      case "FeedbackGiven":
        for (const { id, path: file, line } of event.feedback) {
          this.#places.set(id, file === null ? placeOf(id) : `${file}:${line ?? 1}`);
        }
        return;
      case "ReworkRequested":
        this.#change(event.phase, (phase) => ({ ...phase, reworks: phase.reworks + 1 }));
        this.#emit({
          type: "rework-requested",
          phase: event.phase,
          source: event.source,
          by: event.by.join(", "),
          points: event.ids.length,
        });
        return;
      case "FeedbackAnswered":
        this.#emit({
          type: "feedback-answered",
          phase: event.phase,
          answer: event.answer,
          place: this.#places.get(event.id) ?? event.id,
        });
        return;
      case "SettingsRead":
      case "VetoWithdrawn":
      case "CiObserved":
      case "ApprovedItemsChanged":
      case "RippleFound":
      case "RippleSettled":
      case "TurnSaid":
      case "TurnAnswered":
      case "ConversationClosed":
      case "ConversationSettled":
      case "PhaseSkipped":
      case "FinalGateOpened":
      case "FinalGateMerged":
      case "TaskStarted":
      case "AccountIdentified":
      case "AnswersDelivered":
      case "AnswerWithdrawn":
      case "PrioritySet":
      case "BudgetSet":
      case "StepPublished":
      case "ChangesetRefused":
      case "ReviewApproved":
      case "PhaseApproved":
      case "ChangesRequested":
      case "ReviewWithdrawn":
      case "CiReleased":
      case "FeedbackResolved":
      case "FeedbackReopened":
      case "RetryRequested":
      case "PhaseAccepted":
      case "RepositoryMoved":
      case "TaskResumed":
      case "TaskCompleted":
      case "TaskCancelled":
      case "TaskErased":
      case "SecurityNoted":
      case "ConflictFound":
        return;
    }
  }

  #change(number: number, change: (phase: PhaseTold) => PhaseTold): void {
    const phase = this.#phases.get(number);
    if (phase !== undefined) this.#phases.set(number, change(phase));
  }
}

/** Of what stands at no line. */
function placeOf(id: string): string {
  const decision = /^veto:\d+:(\d+)$/u.exec(id)?.[1];
  return decision === undefined ? "what the review says as a whole" : `decision ${decision}`;
}

function isJudged(check: AnyCheck): boolean {
  return check.startsWith("judged:");
}

/** Of people, for what the agent asked, said or may not write: nothing is wrong, and nothing runs. */
export function isWait(event: Extract<TaskEvent, { type: "TaskPaused" }>): boolean {
  return ["waiting-question", "waiting-dependency", "conversation", "workflow-file-awaited"].includes(
    event.reason.kind,
  );
}

interface PhaseTold {
  readonly name: string;
  readonly pullRequest: number | null;
  readonly merged: boolean;
  /** Slugs; a rework does some of them again. */
  readonly steps: ReadonlySet<string>;
  readonly reworks: number;
  readonly spent: Spent;
}
