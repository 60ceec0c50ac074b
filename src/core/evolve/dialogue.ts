import { hasValue, sameName, type Dependency, type Question } from "../dialogue.ts";
import type { EventOf } from "../events.ts";
import type { RunId } from "../ids.ts";
import { isOver, liveRunOf, type ExistingTask, type TaskFacts } from "../state.ts";

export function questionsAsked(state: ExistingTask, event: EventOf<"QuestionsAsked">): ExistingTask {
  const waits = event.questions.some(({ required }) => required);
  const questions = [...state.questions, ...questionsFrom(event)];
  return { ...(waits ? withAsking(state, event.runId) : state), questions };
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

export function questionAnswered(state: ExistingTask, event: EventOf<"QuestionAnswered">): ExistingTask {
  const { number, by, at, text, option, commentId } = event;
  const base = { by, at, text, option, commentId, delivered: false };
  const questions = onQuestion(state.questions, number, (question) => ({
    ...question,
    answer: { ...base, carried: question.answer?.carried ?? false },
  }));
  return { ...state, questions };
}

export function answersDelivered(state: ExistingTask, event: EventOf<"AnswersDelivered">): ExistingTask {
  return { ...state, questions: delivered(state.questions, event.numbers) };
}

function delivered(questions: readonly Question[], numbers: readonly number[]): readonly Question[] {
  return questions.map((question) =>
    question.answer !== null && numbers.includes(question.number)
      ? { ...question, answer: { ...question.answer, delivered: true } }
      : question,
  );
}

export function answerWithdrawn(state: ExistingTask, event: EventOf<"AnswerWithdrawn">): ExistingTask {
  return {
    ...state,
    questions: onQuestion(state.questions, event.number, (question) => ({ ...question, answer: null })),
  };
}

function onQuestion(
  questions: readonly Question[],
  number: number,
  change: (question: Question) => Question,
): readonly Question[] {
  return questions.map((question) => (question.number === number ? change(question) : question));
}

/** From here on a run has what people said up to now. */
export function carried(questions: readonly Question[]): readonly Question[] {
  return questions.map((question) =>
    question.answer === null ? question : { ...question, answer: { ...question.answer, carried: true } },
  );
}

export function dependencyRequested(state: ExistingTask, event: EventOf<"DependencyRequested">): ExistingTask {
  const dependencies = withRequest(state, event);
  return { ...(event.dependency.required ? withAsking(state, event.runId) : state), dependencies };
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

export function dependencyGranted(state: ExistingTask, event: EventOf<"DependencyGranted">): ExistingTask {
  const next = state.dependencies.filter(({ grant }) => grant !== null).length;
  return {
    ...state,
    dependencies: onDependency(state.dependencies, event.name, (dependency) => ({
      ...dependency,
      state: "granted",
      by: event.by,
      grant: hasValue(dependency.type) ? (dependency.grant ?? next) : null,
      refused: null,
    })),
  };
}

export function dependencySkipped(state: ExistingTask, event: EventOf<"DependencySkipped">): ExistingTask {
  return {
    ...state,
    dependencies: onDependency(state.dependencies, event.name, (dependency) => ({
      ...dependency,
      state: "skipped",
      by: event.by,
    })),
  };
}

export function dependencyRefused(state: ExistingTask, event: EventOf<"DependencyRefused">): ExistingTask {
  return {
    ...withAsking(state, event.runId),
    dependencies: onDependency(state.dependencies, event.name, (dependency) => ({
      ...dependency,
      state: "open",
      by: null,
      // Only what is newer than the value that was tried: its job read it after this.
      askedAt: liveRunOf(state)?.requestedAt ?? event.at,
      refused: event.message,
    })),
  };
}

function onDependency(
  dependencies: readonly Dependency[],
  name: string,
  change: (dependency: Dependency) => Dependency,
): readonly Dependency[] {
  return dependencies.map((dependency) => (sameName(dependency.name, name) ? change(dependency) : dependency));
}

function withAsking(state: ExistingTask, runId: RunId): ExistingTask {
  if (state.status !== "pending" && state.status !== "in_progress") return state;
  return state.run?.runId === runId ? { ...state, run: { ...state.run, asked: true } } : state;
}

const errorsMax = 5;

export function errorReported(state: ExistingTask, event: EventOf<"ErrorReported">): ExistingTask {
  const { requestId, at, phase, step, runId, error: type, message, details, cause } = event;
  const error = { requestId, at, phase, step, runId, type, message, details, cause };
  return { ...state, errors: [error, ...state.errors].slice(0, errorsMax) };
}
