import { isLiftedByWords, noConversation, outlastsDone, type Conversation, type TurnReply } from "./conversation.ts";
import { hasValue, sameName, type Dependency, type Question } from "./dialogue.ts";
import type { EventOf, ReworkSource, TaskEvent } from "./events.ts";
import type { Feedback, FeedbackItem } from "./feedback.ts";
import type { ChangesetId, RunId } from "./ids.ts";
import { invariant } from "./invariant.ts";
import type { BlockReason, Outcome } from "./outcome.ts";
import type { PlaybookOutline } from "./playbook.ts";
import type { DecisionTaken, Finding } from "./report.ts";
import { afterFailed, afterPassed, beginningAttempt } from "./rework.ts";
import { phrase, type Phrase } from "./phrase.ts";
import { rippleOutline } from "./ripple.ts";
import { noInput } from "./task-input.ts";
import { securityExampleCharactersMax, withSecurity, type SecurityNote } from "./security.ts";
import { defaultSettings } from "./settings.ts";
import { addSpent, nothingSpent } from "./usage.ts";
import {
  currentPhaseOf,
  initialState,
  isOver,
  isSettled,
  liveRunOf,
  openVetoesOf,
  outlineOfPhase,
  type Decision,
  type ExistingTask,
  type Gate,
  type PhaseProgress,
  type Rework,
  type StepProgress,
  type TaskFacts,
  type TaskState,
} from "./state.ts";

const recentActionsMax = 5;
const errorsMax = 5;

export function stateFrom(events: Iterable<TaskEvent>, from: TaskState = initialState): TaskState {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
}

/** Folds one event. It judges nothing: what was accepted once is a fact. */
export function evolve(state: TaskState, event: TaskEvent): TaskState {
  if (event.type === "TaskCreated") {
    invariant(state.status === "absent", "a task is created once");
    return {
      status: "draft",
      taskId: event.taskId,
      repository: event.repository,
      issue: event.issue,
      createdBy: event.by,
      createdAt: event.at,
      ordinal: event.ordinal,
      playbook: event.playbook,
      taskBudgetUsd: event.taskBudgetUsd,
      settings: defaultSettings,
      input: noInput,
      purses: [],
      account: null,
      questions: [],
      dependencies: [],
      errors: [],
      prompt: null,
      blockedBy: null,
      security: [],
      erasedBy: null,
      finalGate: null,
      planned: [],
      ripples: [],
      itemsAt: null,
      phases: [],
      recentActions: [{ at: event.at, text: phrase`task created` }],
    };
  }
  invariant(state.status !== "absent", `${event.type} belongs to a task that exists`);
  return evolveExisting(withRecentAction(state, event), event);
}

function evolveExisting(state: ExistingTask, event: Exclude<TaskEvent, { type: "TaskCreated" }>): ExistingTask {
  const facts = factsOf(state);
  switch (event.type) {
    case "TaskStarted":
      return {
        ...facts,
        status: "pending",
        run: null,
        input: event.input,
        taskBudgetUsd: event.input.budgetUsd ?? facts.taskBudgetUsd,
        prompt: { hash: event.promptHash, hiddenRemoved: event.hiddenRemoved, startedBy: event.by },
      };
    case "PhaseStarted":
      return {
        ...facts,
        status: "pending",
        run: null,
        phases: [...facts.phases, newPhase(facts, event.phase, event.at)],
      };
    case "RunRequested":
      return {
        ...facts,
        status: "pending",
        run: {
          runId: event.runId,
          attempt: event.attempt,
          requestedAt: event.at,
          findings: event.findings,
          dispatched: null,
          started: false,
          spent: nothingSpent,
          asked: false,
          budgetSet: false,
        },
        // What a rework must mend may be any step; a run decides by the findings which ones it takes up again.
        phases: onPhase(facts, event.phase, (phase) => ({
          ...beginningAttempt(phase, event.at, event.findings),
          toMend: event.findings,
          steps:
            phase.conversation === null
              ? reopened(phase.steps, new Set(event.findings.map((finding) => stepOfFinding(phase, finding))))
              : phase.steps.map((step) => ({ ...step, completed: false })),
        })),
      };
    case "RunDispatched": {
      if (state.status !== "pending" && state.status !== "in_progress") return state;
      const run = state.run;
      if (run === null || run.runId !== event.runId) return state;
      return { ...state, run: { ...run, dispatched: { workflowRunId: event.workflowRunId, url: event.url } } };
    }
    case "RunStarted": {
      const run = liveRunOf(state);
      invariant(run?.runId === event.runId, "the run that starts is the live one");
      const questions = carried(facts.questions);
      const phases = inConversation(facts, currentPhaseOf(facts)?.phase ?? 0, (conversation) => ({
        ...conversation,
        said: conversation.said.map((turn) => ({ ...turn, carried: true })),
      }));
      return { ...facts, status: "in_progress", run: { ...run, started: true }, questions, phases };
    }
    case "StepCompleted": {
      const run = liveRunOf(state);
      const counted = run?.runId === event.runId ? { run: { ...run, spent: addSpent(run.spent, event.spent) } } : {};
      return {
        ...state,
        ...counted,
        // What came since goes out with the acknowledgement.
        questions: carried(facts.questions),
        phases: onPhase(facts, event.phase, (phase) => ({
          ...phase,
          environmentFaults: 0,
          emptySlices: 0,
          limitedRuns: 0,
          spent: addSpent(phase.spent, event.spent),
          // A turn that only talks is work, too.
          spentWithoutCommitUsd:
            event.files > 0 || phase.conversation !== null ? 0 : phase.spentWithoutCommitUsd + event.spent.costUsd,
          hasChanged: phase.hasChanged || event.files > 0,
          toMend: phase.toMend.filter((finding) => stepOfFinding(phase, finding) !== event.step),
          steps: onStep(phase, event.step, (step) => ({
            ...step,
            completed: true,
            changesetId: event.changesetId,
            commitSha: null,
          })),
        })),
      };
    }
    case "StepPublished":
      return {
        ...state,
        phases: onPhase(facts, event.phase, (phase) => ({
          ...phase,
          // Whatever was published first stands on the base, too.
          merging: null,
          conversation: onReply(phase, event.changesetId, { commitSha: event.commitSha }),
          steps: onStep(phase, event.step, (step) =>
            step.changesetId === event.changesetId ? { ...step, commitSha: event.commitSha } : step,
          ),
        })),
      };
    case "ChangesetRefused":
      return {
        ...state,
        security: withSecurity(facts.security, "app", event.phase, notesOf(event.findings)),
        phases: onPhase(facts, event.phase, (phase) => ({
          ...phase,
          conversation: onReply(phase, event.changesetId, { findings: event.findings }),
          steps: onStep(phase, event.step, (step) => ({ ...step, completed: false, changesetId: null })),
          // An answer stands on changes that never arrive: it was none.
          feedback: phase.feedback.map((item) =>
            item.answer?.changesetId === event.changesetId ? { ...item, answer: null } : item,
          ),
        })),
      };
    case "GateOpened":
      return {
        ...state,
        phases: onPhase(facts, event.phase, (phase) => ({
          ...phase,
          gate: {
            pullRequest: event.pullRequest,
            url: event.url,
            draft: event.draft,
            headSha: null,
            approvedSha: null,
            releasedSha: null,
            releasedOnto: null,
            review: "pending",
            approvedBy: [],
            approvedByComment: [],
            requestedBy: [],
            takenUp: [],
            requestedAt: null,
          },
        })),
      };
    case "RunEnded":
      return evolveRunEnded(facts, event);
    case "PhaseVerified": {
      const conversation = facts.phases.find(({ phase }) => phase === event.phase)?.conversation ?? null;
      if (conversation !== null && conversation.doneBy === null) return evolveTurnVerified(state, event);
      const phases = onPhase(facts, event.phase, (phase) => ({
        ...(event.passed ? afterPassed(phase, event.at) : afterFailed(phase, event.at, event.findings)),
        failedAttempts: phase.failedAttempts + (event.passed ? 0 : 1),
        attempt: event.passed ? phase.attempt : phase.attempt + 1,
        toMend: event.findings,
        verification: {
          attempt: event.attempt,
          headSha: event.headSha,
          passed: event.passed,
          checks: event.checks,
          findings: event.findings,
          notes: event.notes,
        },
      }));
      // The app has nothing left to do for what the run handed over: another run, or a person, is next.
      return event.passed ? { ...state, phases } : { ...facts, status: "pending", run: liveRunOf(state), phases };
    }
    case "WorkReported": {
      const { attempt, report } = event;
      return {
        ...state,
        phases: onPhase(facts, event.phase, (phase) =>
          withDecisions({ ...phase, report: { ...report, attempt } }, attempt, report.decisions),
        ),
      };
    }
    case "SecurityNoted":
      return { ...state, security: withSecurity(facts.security, event.source, event.phase, event.notes) };
    case "SettingsRead":
      return { ...state, settings: event.settings };
    case "DecisionVetoed": {
      const { at, number, by, reason } = event;
      const phases = onDecision(facts, event.phase, number, { by, reason });
      return { ...state, phases: reason === null ? phases : vetoedSince({ ...facts, phases }, event.phase, at) };
    }
    case "VetoWithdrawn": {
      const phases = onDecision(facts, event.phase, event.number, null);
      return { ...state, phases: onPhase({ ...facts, phases }, event.phase, stillVetoed) };
    }
    case "CiObserved":
      return {
        ...state,
        phases: onPhase(facts, event.phase, (phase) => ({ ...phase, ci: { ...event.ci, headSha: event.headSha } })),
      };
    case "ReviewCreated":
      return {
        ...facts,
        status: "review",
        phases: onGate(asPresented(facts, event.phase), event.phase, (gate) => ({
          ...gate,
          draft: false,
          headSha: event.headSha,
          approvedSha: null,
          releasedSha: null,
          releasedOnto: null,
          // What was said about an older head; whoever asked for changes meanwhile is still to be heard.
          approvedBy: [],
          approvedByComment: [],
        })),
      };
    case "ReviewApproved":
      return {
        ...state,
        phases: onGate(facts, event.phase, (gate) => ({
          ...gate,
          approvedSha: event.headSha,
          approvedBy: [...without(gate.approvedBy, event.by), event.by],
          requestedBy: without(gate.requestedBy, event.by),
        })),
      };
    case "PhaseApproved":
      return {
        ...state,
        phases: onGate(facts, event.phase, (gate) => ({
          ...unsaid(gate, event.by),
          approvedSha: event.headSha,
          approvedBy: [...without(gate.approvedBy, event.by), event.by],
          approvedByComment: [
            ...unsaid(gate, event.by).approvedByComment,
            { login: event.by, headSha: event.headSha, takesBack: gate.requestedBy.includes(event.by) },
          ],
        })),
      };
    case "ChangesRequested":
      return {
        ...state,
        phases: onGate(facts, event.phase, (gate) => ({
          ...unsaid(gate, event.by),
          requestedBy: [...without(gate.requestedBy, event.by), event.by],
          requestedAt: event.at,
        })),
      };
    case "ReviewWithdrawn":
      return {
        ...state,
        phases: onGate(facts, event.phase, (gate) => unsaid(gate, event.by)),
      };
    case "CiReleased":
      return {
        ...state,
        // Nobody has looked at the checks of this head.
        phases: onGate(withoutCi(facts, event.phase), event.phase, (gate) => ({
          ...gate,
          releasedSha: event.headSha,
          releasedOnto: gate.approvedSha ?? gate.headSha,
        })),
      };
    case "FeedbackGiven":
      return {
        ...state,
        phases: onPhase(facts, event.phase, (phase) => ({
          ...phase,
          feedback: withItems(phase.feedback, event.feedback),
        })),
      };
    case "FeedbackResolved":
    case "FeedbackReopened": {
      const now = event.type === "FeedbackResolved" ? "resolved" : "open";
      return {
        ...state,
        phases: onFeedback(facts, event.phase, event.ids, (item) => ({ ...item, state: now })),
      };
    }
    case "FeedbackAnswered": {
      const { answer: kind, textHash, changesetId, changed } = event;
      return {
        ...state,
        phases: onFeedback(facts, event.phase, [event.id], (item) => ({
          ...item,
          answer: { kind, textHash, changesetId, changed },
        })),
      };
    }
    case "ReworkRequested": {
      const { by, source, ids, reviewIds, textHash } = event;
      return {
        ...facts,
        status: "pending",
        run: null,
        blockedBy: null,
        phases: onPhase(facts, event.phase, (phase) => {
          const items = phase.feedback.filter(({ id }) => ids.includes(id));
          const named = new Set(items.map(({ step }) => step));
          return {
            ...phase,
            // A phase that begins with it has had no attempt.
            attempt: phase.attempt + (source === "ripple" ? 0 : 1),
            ...countersAfresh,
            ...withReworkCounted(phase, source),
            // Those that it takes up were given to the agent as feedback just before.
            vetoedAt: stillVetoed(phase).vetoedAt,
            accepted: null,
            rework: { by, source, ids, textHash, base: source === "conflict" ? (phase.merging?.base ?? null) : null },
            // Who repeats a point wants another answer.
            feedback: phase.feedback.map((item) => (ids.includes(item.id) ? { ...item, answer: null } : item)),
            steps: reopened(phase.steps, named),
            gate:
              phase.gate === null
                ? null
                : {
                    ...phase.gate,
                    requestedBy: [],
                    takenUp: [...phase.gate.takenUp, ...reviewIds],
                    review: "changes_requested",
                  },
          };
        }),
      };
    }
    case "RetryRequested":
      return {
        ...state,
        phases: onPhase(facts, event.phase, (phase) => ({ ...phase, ...countersAfresh })),
      };
    case "PhaseAccepted":
      return {
        ...facts,
        status: "in_progress",
        run: null,
        blockedBy: null,
        phases: onPhase(facts, event.phase, (phase) => ({
          ...phase,
          accepted: { by: event.by, failed: event.failed },
          conversation:
            phase.conversation === null
              ? null
              : { ...phase.conversation, doneBy: phase.conversation.doneBy ?? event.by },
        })),
      };
    case "TurnSaid":
      return evolveTurnSaid(state, event);
    case "TurnAnswered":
      return {
        ...state,
        phases: inConversation(facts, event.phase, (conversation) => {
          const { changesetId, textHash, changed } = event;
          const heard = conversation.said.filter((turn) => turn.carried).at(-1)?.number ?? 0;
          const reply = { number: conversation.replies.length + 1, textHash, changesetId, changed, heard, ...unseen };
          return {
            ...conversation,
            said: conversation.said.map((turn) => (turn.carried ? { ...turn, settled: true } : turn)),
            replies: [...conversation.replies, reply],
          };
        }),
      };
    case "ConversationClosed":
      return evolveConversationClosed(state, event);
    case "ConversationSettled":
      return { ...withoutMerge(facts, event, ""), blockedBy: null };
    case "AccountIdentified":
      return { ...state, account: event.account };
    case "QuestionsAsked":
      const waits = event.questions.some(({ required }) => required);
      const questions = [...facts.questions, ...questionsFrom(event)];
      return { ...(waits ? withAsking(state, event.runId) : state), questions };
    case "QuestionAnswered": {
      const { number, by, at, text, option, commentId } = event;
      const base = { by, at, text, option, commentId, delivered: false };
      const questions = onQuestion(facts.questions, number, (question) => ({
        ...question,
        answer: { ...base, carried: question.answer?.carried ?? false },
      }));
      return { ...state, questions };
    }
    case "AnswersDelivered":
      return { ...state, questions: delivered(facts.questions, event.numbers) };
    case "AnswerWithdrawn":
      return {
        ...state,
        questions: onQuestion(facts.questions, event.number, (question) => ({ ...question, answer: null })),
      };
    case "DependencyRequested":
      const dependencies = withRequest(facts, event);
      return { ...(event.dependency.required ? withAsking(state, event.runId) : state), dependencies };
    case "DependencyGranted": {
      const next = facts.dependencies.filter(({ grant }) => grant !== null).length;
      return {
        ...state,
        dependencies: onDependency(facts.dependencies, event.name, (dependency) => ({
          ...dependency,
          state: "granted",
          by: event.by,
          grant: hasValue(dependency.type) ? (dependency.grant ?? next) : null,
          refused: null,
        })),
      };
    }
    case "DependencySkipped":
      return {
        ...state,
        dependencies: onDependency(facts.dependencies, event.name, (dependency) => ({
          ...dependency,
          state: "skipped",
          by: event.by,
        })),
      };
    case "DependencyRefused":
      return {
        ...withAsking(state, event.runId),
        dependencies: onDependency(facts.dependencies, event.name, (dependency) => ({
          ...dependency,
          state: "open",
          by: null,
          // Only what is newer than the value that was tried: its job read it after this.
          askedAt: liveRunOf(state)?.requestedAt ?? event.at,
          refused: event.message,
        })),
      };
    case "ErrorReported": {
      const { requestId, at, phase, step, runId, error: type, message, details, cause } = event;
      const error = { requestId, at, phase, step, runId, type, message, details, cause };
      return { ...state, errors: [error, ...facts.errors].slice(0, errorsMax) };
    }
    case "PrioritySet":
      return { ...state, input: { ...state.input, priority: event.priority } };
    case "BudgetSet": {
      const { phase, usd } = event;
      const other = withBudgetSet(state);
      if (phase === null) return { ...other, taskBudgetUsd: usd };
      return { ...other, purses: [...facts.purses.filter((purse) => purse.phase !== phase), { phase, usd }] };
    }
    case "RepositoryMoved":
      return { ...state, repository: event.repository };
    case "PhaseCompleted":
      return {
        ...facts,
        status: "pending",
        run: null,
        blockedBy: null,
        itemsAt: event.mergeSha === "" ? facts.itemsAt : event.mergeSha,
        phases: onPhase(facts, event.phase, (phase) => ({
          ...phase,
          completed: { by: event.by, mergeSha: event.mergeSha, at: event.at, skipped: false },
        })),
      };
    case "PhaseSkipped":
      return { ...withoutMerge(facts, event, event.by), blockedBy: null };
    case "ApprovedItemsChanged": {
      const changed = event.changed.items.length === 0 ? null : event.changed;
      return { ...state, phases: onPhase(facts, event.phase, (phase) => ({ ...phase, changed })) };
    }
    case "PhasesPlanned": {
      const { playbook, planned } = facts;
      return {
        ...state,
        planned: [...planned, event.phase],
        playbook: { ...playbook, hash: event.playbookHash, phases: [...playbook.phases, ...event.phases] },
      };
    }
    case "RippleFound":
      return { ...state, ...withRipple(facts, event) };
    case "RippleSettled":
      return withoutMerge(facts, event, "");
    case "FinalGateOpened": {
      const finalGate = { pullRequest: event.pullRequest, url: event.url };
      return isSettled(state) ? { ...state, finalGate } : { ...facts, status: "review", finalGate };
    }
    case "FinalGateMerged":
      return { ...state, blockedBy: null };
    case "TaskPaused": {
      const paused = { ...state, blockedBy: event.reason };
      return dropsRun(event.reason) ? { ...factsOf(paused), status: "pending", run: null } : paused;
    }
    case "TaskResumed": {
      const phase = currentPhaseOf(facts)?.phase;
      // A counter that stopped the task must not stop it again at its next step.
      const phases = phase === undefined ? facts.phases : onPhase(facts, phase, afresh(facts.blockedBy));
      return { ...state, blockedBy: null, phases };
    }
    case "TaskCompleted":
      return { ...facts, status: "completed", endedAt: event.at };
    case "TaskFailed":
      return { ...facts, status: "failed", endedAt: event.at, message: event.message };
    case "TaskCancelled":
      return { ...facts, status: "cancelled", endedAt: event.at, cancelledBy: event.by };
    case "TaskErased":
      return { ...state, erasedBy: event.by };
    case "ConflictFound": {
      const { phase: number, headSha, base, baseSha, mergeBaseSha } = event;
      const merging = { headSha, base, baseSha, mergeBaseSha };
      return { ...state, phases: onPhase(facts, number, (phase) => ({ ...phase, merging })) };
    }
  }
}

/** What the app starts by itself is counted until people ask for something. */
function withReworkCounted(
  { ciReworks, conflictReworks }: PhaseProgress,
  source: ReworkSource,
): Pick<PhaseProgress, "ciReworks" | "conflictReworks"> {
  if (source === "ci") return { ciReworks: ciReworks + 1, conflictReworks };
  if (source === "conflict") return { ciReworks, conflictReworks: conflictReworks + 1 };
  return { ciReworks: 0, conflictReworks: 0 };
}

function evolveRunEnded(facts: TaskFacts, event: Extract<TaskEvent, { type: "RunEnded" }>): ExistingTask {
  const { outcome } = event;
  const phases = onPhase(facts, event.phase, (phase) => ({
    ...(outcome.kind === "failed" ? afterFailed(phase, event.at, outcome.findings) : phase),
    spent: addSpent(phase.spent, event.spent),
    spentWithoutCommitUsd:
      phase.conversation !== null && outcome.kind === "completed"
        ? 0
        : phase.spentWithoutCommitUsd + event.spent.costUsd,
    failedAttempts: phase.failedAttempts + (outcome.kind === "failed" ? 1 : 0),
    attempt: phase.attempt + (outcome.kind === "failed" ? 1 : 0),
    toMend: outcome.kind === "failed" ? replacedBy(outcome.findings, phase) : phase.toMend,
    limitedRuns: phase.limitedRuns + (outcome.kind === "rate-limited" ? 1 : 0),
    environmentFaults: phase.environmentFaults + (outcome.kind === "lost" ? 1 : 0),
    emptySlices: phase.emptySlices + (outcome.kind === "slice-ended" ? 1 : 0),
  }));
  return outcome.kind === "completed" || outcome.kind === "nothing-to-do"
    ? { ...facts, status: "in_progress", run: null, phases }
    : { ...facts, status: "pending", run: null, phases };
}

/** Whatever was found is told with the next turn; nothing is counted, for nothing has failed. */
function evolveTurnVerified(state: ExistingTask, event: EventOf<"PhaseVerified">): ExistingTask {
  const { attempt, headSha, passed, checks, findings, notes } = event;
  const facts = factsOf(state);
  return {
    ...facts,
    status: "pending",
    run: liveRunOf(state),
    phases: onPhase(facts, event.phase, (phase) => ({
      ...phase,
      attempt: Math.max(phase.attempt, attempt + 1),
      toMend: findings,
      conversation: onReply(phase, phase.conversation?.replies.at(-1)?.changesetId ?? null, { findings }),
      verification: { attempt, headSha, passed, checks, findings, notes },
    })),
  };
}

/** Before anybody has looked at it. */
const unseen = { commitSha: null, findings: [] } as const;

function onReply(
  { conversation }: PhaseProgress,
  changesetId: ChangesetId | null,
  known: Partial<Pick<TurnReply, "commitSha" | "findings">>,
): Conversation | null {
  if (conversation === null || changesetId === null) return conversation;
  const replies = conversation.replies.map((reply) =>
    reply.changesetId === changesetId ? { ...reply, ...known } : reply,
  );
  return { ...conversation, replies };
}

/** Said after `/done` it takes the conversation up again: what was presented, or about to be, is none any more. */
function evolveTurnSaid(state: ExistingTask, event: EventOf<"TurnSaid">): ExistingTask {
  const facts = factsOf(state);
  const { blockedBy } = facts;
  const { by, commentId, textHash } = event;
  const wasDone = facts.phases.some(({ phase, conversation }) => phase === event.phase && conversation?.doneBy != null);
  const phases = onPhase(facts, event.phase, (phase) => {
    if (phase.conversation === null) return phase;
    const { said } = phase.conversation;
    const known = said.find((turn) => turn.commentId === commentId);
    const number = known?.number ?? said.length + 1;
    const turn = { number, by, commentId, textHash, carried: false, settled: false };
    return {
      ...phase,
      ...countersAfresh,
      accepted: null,
      conversation: {
        ...phase.conversation,
        said: known === undefined ? [...said, turn] : said.map((each) => (each === known ? turn : each)),
        doneBy: null,
      },
    };
  });
  const next = { ...facts, phases, blockedBy: blockedBy !== null && isLiftedByWords(blockedBy) ? null : blockedBy };
  const isShown = state.status === "review" || (wasDone && state.status === "in_progress" && state.run === null);
  return isShown ? { ...next, status: "pending", run: null } : { ...state, ...next };
}

/** A run that is at work goes on to its end; nothing else starts. */
function evolveConversationClosed(state: ExistingTask, event: EventOf<"ConversationClosed">): ExistingTask {
  const isAtWork = liveRunOf(state) !== null;
  const facts = factsOf(state);
  const { blockedBy } = facts;
  const closed = {
    ...facts,
    blockedBy: blockedBy === null || outlastsDone(blockedBy) ? blockedBy : null,
    phases: onPhase(facts, event.phase, (phase) => ({
      ...phase,
      conversation:
        phase.conversation === null
          ? null
          : {
              ...phase.conversation,
              doneBy: event.by,
              said: phase.conversation.said.map((turn) =>
                isAtWork && turn.carried ? turn : { ...turn, settled: true },
              ),
            },
    })),
  };
  return isAtWork ? { ...state, ...closed } : { ...closed, status: "in_progress", run: null };
}

function inConversation(
  facts: TaskFacts,
  phase: number,
  change: (conversation: Conversation) => Conversation,
): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) =>
    progress.conversation === null ? progress : { ...progress, conversation: change(progress.conversation) },
  );
}

/** The reasons that come before a runner does any work: the requested run never existed. */
export function dropsRun(reason: BlockReason): boolean {
  switch (reason.kind) {
    case "no-workflow-file":
    case "actions-disabled":
    case "no-model-secret":
    case "empty-repository":
    case "dispatch-refused":
    case "workflow-file-awaited":
    case "settings-invalid":
    case "budget-exhausted":
    case "rate-limited":
      return true;
    case "plan-invalid":
    case "app-unreachable":
    case "environment":
    case "verification-failed":
    case "waiting-question":
    case "waiting-dependency":
    case "conversation":
    case "provider-refused":
    case "gate-closed":
    case "gate-retargeted":
    case "approval-needed":
    case "no-progress":
    case "runaway":
    case "paused":
    case "issue-closed":
    case "repository-archived":
    case "no-access":
    case "effect-failed":
      return false;
  }
}

/** A phase that is over, and of which nothing was merged. */
function withoutMerge(
  facts: TaskFacts,
  { phase: number, at }: { readonly phase: number; readonly at: string },
  by: string,
): Extract<ExistingTask, { status: "pending" }> {
  const completed = { by, mergeSha: "", at, skipped: true };
  const phases = onPhase(facts, number, (phase) => ({ ...phase, completed }));
  return { ...facts, status: "pending", run: null, phases };
}

/** Leaves out what only some statuses have, so that no spread carries it into another status. */
function factsOf(state: ExistingTask): TaskFacts {
  return {
    taskId: state.taskId,
    repository: state.repository,
    issue: state.issue,
    createdBy: state.createdBy,
    createdAt: state.createdAt,
    ordinal: state.ordinal,
    playbook: state.playbook,
    taskBudgetUsd: state.taskBudgetUsd,
    settings: state.settings,
    purses: state.purses,
    account: state.account,
    questions: state.questions,
    dependencies: state.dependencies,
    errors: state.errors,
    input: state.input,
    prompt: state.prompt,
    blockedBy: state.blockedBy,
    security: state.security,
    erasedBy: state.erasedBy,
    phases: state.phases,
    finalGate: state.finalGate,
    planned: state.planned,
    ripples: state.ripples,
    itemsAt: state.itemsAt,
    recentActions: state.recentActions,
  };
}

function newPhase(facts: TaskFacts, phase: number, startedAt: string): PhaseProgress {
  return {
    phase,
    startedAt,
    steps: outlineOfPhase(facts, phase).steps.map(({ slug }) => ({
      slug,
      completed: false,
      changesetId: null,
      commitSha: null,
    })),
    gate: null,
    attempt: 1,
    failedAttempts: 0,
    environmentFaults: 0,
    emptySlices: 0,
    limitedRuns: 0,
    verification: null,
    toMend: [],
    accepted: null,
    feedback: [],
    rework: null,
    conversation: outlineOfPhase(facts, phase).mode === "conversation" ? noConversation : null,
    spent: nothingSpent,
    completed: null,
    changed: null,
    report: null,
    decisions: { attempt: 0, list: [] },
    vetoedAt: null,
    sameFindings: 0,
    failedWith: [],
    idleAttempts: 0,
    hasChanged: false,
    reworkAttempts: [],
    ci: null,
    ciReworks: 0,
    merging: null,
    conflictReworks: 0,
    spentWithoutCommitUsd: 0,
  };
}

const countersAfresh = {
  failedAttempts: 0,
  sameFindings: 0,
  idleAttempts: 0,
  spentWithoutCommitUsd: 0,
  environmentFaults: 0,
  emptySlices: 0,
  limitedRuns: 0,
} as const;

/** In place of what was found before and has not begun. */
function withRipple(
  { playbook, ripples, phases }: TaskFacts,
  { phase: number, changed }: EventOf<"RippleFound">,
): Pick<TaskFacts, "playbook" | "ripples" | "itemsAt"> {
  const begun = phases.some(({ phase }) => phase === number);
  const others = begun ? ripples : ripples.filter(({ phase }) => phase !== number);
  const outlines = begun ? playbook.phases : playbook.phases.filter((outline) => outline.number !== number);
  const itemsAt = changed.sha;
  if (number === null || changed.touched.length === 0) {
    return { playbook: { ...playbook, phases: outlines }, ripples: others, itemsAt };
  }
  const outline = rippleOutline(outlines, number, changed);
  return {
    playbook: { ...playbook, phases: [...outlines, outline] },
    ripples: [...others, { ...changed, phase: number }],
    itemsAt,
  };
}

function onDecision(facts: TaskFacts, phase: number, number: number, veto: Decision["veto"]): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => {
    const list = progress.decisions.list.map((each) => (each.number === number ? { ...each, veto } : each));
    return { ...progress, decisions: { ...progress.decisions, list } };
  });
}

/** Without new decisions those of before stand. One that is named again is still vetoed, should nobody have taken that up. */
function withDecisions(phase: PhaseProgress, attempt: number, taken: readonly DecisionTaken[]): PhaseProgress {
  if (taken.length === 0) return phase;
  const open = openVetoesOf(phase);
  const list = taken.map((decision, index): Decision => {
    const same = decision.decision === "" ? undefined : open.find((each) => each.decision === decision.decision);
    return { ...decision, number: index + 1, veto: same?.veto ?? null };
  });
  return stillVetoed({ ...phase, decisions: { attempt, list } });
}

/** Vetoed for a reason since when it says, or not any more. */
function stillVetoed(phase: PhaseProgress): PhaseProgress {
  return openVetoesOf(phase).some(({ veto }) => veto.reason !== null) ? phase : { ...phase, vetoedAt: null };
}

function withoutCi(facts: TaskFacts, phase: number): TaskFacts {
  return { ...facts, phases: onPhase(facts, phase, (progress) => ({ ...progress, ci: null })) };
}

function vetoedSince(facts: TaskFacts, phase: number, vetoedAt: string | null): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => ({ ...progress, vetoedAt }));
}

/** The counter that stopped the task, and no other. */
function afresh(reason: BlockReason | null): (phase: PhaseProgress) => PhaseProgress {
  return (phase) => {
    if (reason?.kind === "environment") return { ...phase, environmentFaults: 0, emptySlices: 0 };
    if (reason?.kind === "no-progress") return { ...phase, idleAttempts: 0, spentWithoutCommitUsd: 0 };
    return reason?.kind === "verification-failed" ? { ...phase, failedAttempts: 0, sameFindings: 0 } : phase;
  };
}

function withAsking(state: ExistingTask, runId: RunId): ExistingTask {
  if (state.status !== "pending" && state.status !== "in_progress") return state;
  return state.run?.runId === runId ? { ...state, run: { ...state.run, asked: true } } : state;
}

function withBudgetSet(state: ExistingTask): ExistingTask {
  if (state.status !== "pending" && state.status !== "in_progress") return state;
  return state.run === null ? state : { ...state, run: { ...state.run, budgetSet: true } };
}

/** From here on a run has what people said up to now. */
function carried(questions: readonly Question[]): readonly Question[] {
  return questions.map((question) =>
    question.answer === null ? question : { ...question, answer: { ...question.answer, carried: true } },
  );
}

function questionsFrom({ at, requestId, phase, step, questions }: EventOf<"QuestionsAsked">): readonly Question[] {
  return questions.map((question, index) => ({
    ...question,
    requestId,
    index,
    phase,
    step,
    askedAt: at,
    answer: null,
  }));
}

function onQuestion(
  questions: readonly Question[],
  number: number,
  change: (question: Question) => Question,
): readonly Question[] {
  return questions.map((question) => (question.number === number ? change(question) : question));
}

function delivered(questions: readonly Question[], numbers: readonly number[]): readonly Question[] {
  return questions.map((question) =>
    question.answer !== null && numbers.includes(question.number)
      ? { ...question, answer: { ...question.answer, delivered: true } }
      : question,
  );
}

/** Whoever asks for what is there already gets it, too; what was skipped is asked for anew. */
function withRequest(
  facts: TaskFacts,
  { at, phase, step, requestId, dependency }: EventOf<"DependencyRequested">,
): readonly Dependency[] {
  const known = facts.dependencies;
  const steps = [{ phase, step }];
  if (!known.some(({ name }) => sameName(name, dependency.name))) {
    const fresh = { ...dependency, requestId, steps, askedAt: at, by: null, grant: null, refused: null };
    return [...known, { ...fresh, state: "open" }];
  }
  return onDependency(known, dependency.name, (before) => {
    const asked = before.steps.some((each) => each.phase === phase && each.step === step);
    const isWanted = before.state !== "skipped" && before.steps.some((each) => !isOver(facts, each.phase));
    const both = {
      ...before,
      steps: asked ? before.steps : [...before.steps, ...steps],
      required: dependency.required || (before.required && isWanted),
    };
    // What is still open keeps its comment, and its moment: somebody may have added it since.
    return before.state === "skipped" ? { ...both, requestId, state: "open", askedAt: at, by: null } : both;
  });
}

function onDependency(
  dependencies: readonly Dependency[],
  name: string,
  change: (dependency: Dependency) => Dependency,
): readonly Dependency[] {
  return dependencies.map((dependency) => (sameName(dependency.name, name) ? change(dependency) : dependency));
}

/** The step that mends it; the last one mends what is about the phase as a whole. */
function stepOfFinding({ steps }: PhaseProgress, { step }: Finding): string | undefined {
  return step ?? steps.at(-1)?.slug;
}

/** Of a step, what was found last; of other steps, what is still to be mended. */
function replacedBy(findings: readonly Finding[], phase: PhaseProgress): readonly Finding[] {
  const named = new Set(findings.map((finding) => stepOfFinding(phase, finding)));
  return [...phase.toMend.filter((finding) => !named.has(stepOfFinding(phase, finding))), ...findings];
}

function reopened(steps: readonly StepProgress[], named: ReadonlySet<string | undefined>): readonly StepProgress[] {
  return steps.map((step) => (named.has(step.slug) ? { ...step, completed: false } : step));
}

/** Somebody said more: where it belongs may be another step now, and what became of it stays. */
function withItems(known: readonly Feedback[], items: readonly FeedbackItem[]): readonly Feedback[] {
  const said = new Map(items.map((item) => [item.id, item]));
  const ids = new Set(known.map(({ id }) => id));
  return [
    ...known.map((item) => ({ ...item, ...said.get(item.id) })),
    ...items.filter(({ id }) => !ids.has(id)).map((item): Feedback => ({ ...item, state: "open", answer: null })),
  ];
}

function onFeedback(
  facts: TaskFacts,
  phase: number,
  ids: readonly string[],
  change: (item: Feedback) => Feedback,
): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => ({
    ...progress,
    feedback: progress.feedback.map((item) => (ids.includes(item.id) ? change(item) : item)),
  }));
}

/** Requirement C2.1: who asks for changes outweighs who approves, until the rework is presented. */
function withVerdict(gate: Gate, rework: Rework | null): Gate {
  const isAsked = rework !== null && rework.source !== "ripple";
  if (gate.requestedBy.length > 0 || isAsked) return { ...gate, review: "changes_requested" };
  if (gate.approvedBy.length > 0) return { ...gate, review: "approved" };
  return { ...gate, review: gate.headSha === null ? "pending" : "in_review" };
}

/** Without any verdict of this person. */
function unsaid(gate: Gate, by: string): Gate {
  return {
    ...gate,
    approvedBy: without(gate.approvedBy, by),
    approvedByComment: gate.approvedByComment.filter(({ login }) => login !== by),
    requestedBy: without(gate.requestedBy, by),
  };
}

function without(logins: readonly string[], login: string): readonly string[] {
  return logins.filter((candidate) => candidate !== login);
}

function onPhase(
  facts: TaskFacts,
  phase: number,
  change: (phase: PhaseProgress) => PhaseProgress,
): readonly PhaseProgress[] {
  return facts.phases.map((candidate) => (candidate.phase === phase ? change(candidate) : candidate));
}

function onGate(facts: TaskFacts, phase: number, change: (gate: Gate) => Gate): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => ({
    ...progress,
    gate: progress.gate === null ? null : withVerdict(change(progress.gate), progress.rework),
  }));
}

/** The rework is done, and nobody has looked at the checks of the new head. */
function asPresented(facts: TaskFacts, phase: number): TaskFacts {
  return { ...facts, phases: onPhase(facts, phase, (progress) => ({ ...progress, rework: null, ci: null })) };
}

function notesOf(findings: readonly Finding[]): readonly SecurityNote[] {
  return findings.flatMap(({ check, path }): readonly SecurityNote[] => {
    const example = (path ?? "").slice(0, securityExampleCharactersMax);
    if (check === "no-secrets") return [{ kind: "secret-in-file", count: 1, example }];
    return check === "paths-allowed" ? [{ kind: "path-refused", count: 1, example }] : [];
  });
}

function onStep(
  phase: PhaseProgress,
  slug: string,
  change: (step: StepProgress) => StepProgress,
): readonly StepProgress[] {
  return phase.steps.map((step) => (step.slug === slug ? change(step) : step));
}

function withRecentAction(state: ExistingTask, event: Exclude<TaskEvent, { type: "TaskCreated" }>): ExistingTask {
  const text = actionTextOf(event, state.playbook);
  if (text === null) return state;
  return { ...state, recentActions: [{ at: event.at, text }, ...state.recentActions].slice(0, recentActionsMax) };
}

/** A few words for the list of recent actions; null for what people need not hear of. */
function actionTextOf(event: Exclude<TaskEvent, { type: "TaskCreated" }>, playbook: PlaybookOutline): Phrase | null {
  switch (event.type) {
    case "TaskStarted":
      return phrase`started by ${event.by}`;
    case "PhaseStarted":
      return phrase`phase ${event.phase} started${titled(playbook, event.phase)}`;
    case "RunRequested":
      return null;
    case "RunDispatched":
      return phrase`run dispatched`;
    case "RunStarted":
      return phrase`run started`;
    case "StepCompleted":
      return phrase`step completed${titled(playbook, event.phase, event.step)}`;
    case "StepPublished":
      return null;
    case "ChangesetRefused":
      return phrase`changes refused${titled(playbook, event.phase, event.step)}`;
    case "GateOpened":
      return phrase`pull request #${event.pullRequest} opened`;
    case "RunEnded":
      return phrase`run ended: ${kindWords[event.outcome.kind]}`;
    case "PhaseVerified":
      return event.passed ? phrase`phase ${event.phase} verified` : phrase`phase ${event.phase} failed verification`;
    case "ReviewCreated":
      return phrase`phase ${event.phase} ready for review`;
    case "ReviewApproved":
      return phrase`approved by ${event.by}`;
    case "ChangesRequested":
      return phrase`changes requested by ${event.by}`;
    case "ReviewWithdrawn":
      return phrase`review by ${event.by} no longer counts`;
    case "PhaseApproved":
      return phrase`approved by ${event.by} with /approve`;
    case "CiReleased":
    case "FeedbackResolved":
    case "FeedbackReopened":
    case "FeedbackAnswered":
      return null;
    case "FeedbackGiven":
      return event.feedback.length === 1
        ? phrase`one point of feedback`
        : phrase`${event.feedback.length} points of feedback`;
    case "ReworkRequested":
      if (event.source === "ci") return phrase`rework of phase ${event.phase}: checks of the repository failed`;
      if (event.source === "ripple") return null;
      return event.source === "conflict"
        ? phrase`rework of phase ${event.phase}: it conflicts with its base`
        : phrase`rework of phase ${event.phase} asked for by ${event.by.join(", ")}`;
    case "RetryRequested":
      return phrase`retried by ${event.by}`;
    case "PhaseAccepted":
      return phrase`phase ${event.phase} accepted by ${event.by} with failed checks`;
    case "AccountIdentified":
    case "AnswersDelivered":
    case "AnswerWithdrawn":
      return null;
    case "QuestionsAsked":
      return event.questions.length === 1
        ? phrase`question ${event.questions[0]?.number ?? ""} asked`
        : phrase`${event.questions.length} questions asked`;
    case "QuestionAnswered":
      return phrase`question ${event.number} answered by ${event.by}`;
    case "DependencyRequested":
      return phrase`${event.dependency.name} asked for`;
    case "DependencyGranted":
      return event.by === null ? phrase`${event.name} noticed` : phrase`${event.name} provided by ${event.by}`;
    case "DependencySkipped":
      return phrase`${event.name} skipped by ${event.by}`;
    case "DependencyRefused":
      return phrase`${event.name} was tried and does not work`;
    case "ErrorReported":
      return phrase`error reported${titled(playbook, event.phase, event.step)}`;
    case "PrioritySet":
      return phrase`priority ${event.priority} set by ${event.by}`;
    case "BudgetSet":
      return event.phase === null
        ? phrase`the task may spend $${event.usd.toFixed(2)}, says ${event.by}`
        : phrase`phase ${event.phase} may spend $${event.usd.toFixed(2)}, says ${event.by}`;
    case "WorkReported":
    case "SecurityNoted":
    case "CiObserved":
    case "ConflictFound":
      return null;
    case "SettingsRead":
      return phrase`settings of the repository read`;
    case "DecisionVetoed":
      return phrase`decision ${event.number} vetoed by ${event.by}`;
    case "VetoWithdrawn":
      return phrase`veto of decision ${event.number} withdrawn by ${event.by}`;
    case "ApprovedItemsChanged":
      return null;
    case "PhasesPlanned":
      return event.phases.length === 1
        ? phrase`${event.phases.length} phase planned`
        : phrase`${event.phases.length} phases planned`;
    case "RippleFound":
      return event.changed.items.length === 0
        ? phrase`approved items read as before again`
        : phrase`${idsOf(event.changed)} changed after approval`;
    case "RippleSettled":
      return phrase`phase ${event.phase}: nothing had to change`;
    case "PhaseSkipped":
      return phrase`phase ${event.phase} skipped by ${event.by}`;
    case "TurnSaid":
      return phrase`${event.by} spoke`;
    case "TurnAnswered":
      return event.changed ? phrase`the agent replied, and changed files` : phrase`the agent replied`;
    case "ConversationClosed":
      return phrase`conversation ended by ${event.by}`;
    case "ConversationSettled":
      return phrase`nothing to merge`;
    case "RepositoryMoved":
      return phrase`the repository is ${event.repository.owner}/${event.repository.name} now`;
    case "PhaseCompleted":
      return phrase`phase ${event.phase} merged by ${event.by}`;
    case "FinalGateOpened":
      return phrase`final pull request #${event.pullRequest} opened`;
    case "FinalGateMerged":
      return phrase`final pull request merged by ${event.by}`;
    case "TaskPaused":
      return event.reason.kind === "conversation" ? null : phrase`paused: ${kindWords[event.reason.kind]}`;
    case "TaskResumed":
      return phrase`resumed by ${event.by}`;
    case "TaskCompleted":
      return phrase`task completed`;
    case "TaskFailed":
      return phrase`task failed`;
    case "TaskCancelled":
      return phrase`cancelled by ${event.by}`;
    case "TaskErased":
      return phrase`texts erased by ${event.by}`;
  }
}

function idsOf({ items }: EventOf<"RippleFound">["changed"]): string {
  return items.map(({ id }) => id).join(", ");
}

/** `: Planning`, or the step's title in its stead. A slug says less, but more than nothing. */
function titled(playbook: PlaybookOutline, phase: number, slug: string | null = null): string {
  const outline = playbook.phases.find((candidate) => candidate.number === phase);
  const title =
    slug === null ? outline?.title : (outline?.steps.find((candidate) => candidate.slug === slug)?.title ?? slug);
  return title === undefined ? "" : `: ${title}`;
}

/** How a run ended, and why a task waits. */
const kindWords: Readonly<Record<Outcome["kind"] | BlockReason["kind"], Phrase>> = {
  completed: phrase`completed`,
  "nothing-to-do": phrase`nothing to do`,
  "rate-limited": phrase`rate limited`,
  "budget-exhausted": phrase`budget exhausted`,
  "slice-ended": phrase`slice ended`,
  "waiting-question": phrase`waiting question`,
  "waiting-dependency": phrase`waiting dependency`,
  "provider-refused": phrase`provider refused`,
  failed: phrase`failed`,
  lost: phrase`lost`,
  cancelled: phrase`cancelled`,
  "no-workflow-file": phrase`no workflow file`,
  "actions-disabled": phrase`actions disabled`,
  "no-model-secret": phrase`no model secret`,
  "empty-repository": phrase`empty repository`,
  "app-unreachable": phrase`app unreachable`,
  "dispatch-refused": phrase`dispatch refused`,
  environment: phrase`environment`,
  "verification-failed": phrase`verification failed`,
  conversation: phrase`conversation`,
  "gate-closed": phrase`gate closed`,
  "gate-retargeted": phrase`gate retargeted`,
  "approval-needed": phrase`approval needed`,
  "settings-invalid": phrase`settings invalid`,
  "workflow-file-awaited": phrase`workflow file awaited`,
  "plan-invalid": phrase`plan invalid`,
  "no-progress": phrase`no progress`,
  runaway: phrase`runaway`,
  paused: phrase`paused`,
  "issue-closed": phrase`issue closed`,
  "repository-archived": phrase`repository archived`,
  "no-access": phrase`no access`,
  "effect-failed": phrase`effect failed`,
};
