import type { ExistingTask, TaskFacts } from "../state.ts";

/** Leaves out what only some statuses have, so that no spread carries it into another status. */
export function factsOf(state: ExistingTask): TaskFacts {
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
