import { currentPhaseOf, nextPhaseOf, type ExistingTask } from "../core/state.ts";
import { limitEndOf, type Budgeting } from "./budget.ts";
import { frozenPlaybook, phasesOf } from "./phase-definition.ts";
import type { Playbooks } from "./ports/configuration.ts";
import type { Forecast, TaskView } from "./ports/task-view.ts";

interface Viewing extends Pick<Budgeting, "store" | "clock"> {
  readonly playbooks: Playbooks;
  readonly model: string;
}

export async function viewOf(viewing: Viewing, task: ExistingTask): Promise<TaskView> {
  const { store, model } = viewing;
  return {
    task,
    live: await store.readLive(task.taskId),
    model: task.settings.model ?? model,
    forecasts: await forecastsOf(viewing, task),
    ...(await definedBy(viewing, task)),
    limitEndsAt: await limitEndOf(viewing, task),
  };
}

/** Nothing where the frozen playbook was erased. */
async function definedBy(
  { store, playbooks }: Pick<Viewing, "store" | "playbooks">,
  task: ExistingTask,
): Promise<Pick<TaskView, "criteria" | "guides">> {
  const playbook = await frozenPlaybook({ store, playbooks }, task);
  const phases = playbook === null ? [] : phasesOf(playbook, task);
  return {
    criteria: new Map(phases.map(({ number, criteria }) => [number, criteria])),
    guides: new Map(
      phases.map(({ number, steps }) => [number, new Map(steps.map(({ slug, source }) => [slug, source]))]),
    ),
  };
}

/** With fewer completed phases of its kind a repository has no history to go by. */
const historyMin = 3;

/** Of the current phase and the next one: of all others nobody needs any. */
export async function forecastsOf(
  { store }: Pick<Viewing, "store">,
  task: ExistingTask,
): Promise<ReadonlyMap<number, Forecast>> {
  const near = [currentPhaseOf(task)?.phase, nextPhaseOf(task)];
  const wanted = task.playbook.phases.filter(({ number }) => near.includes(number));
  const found = new Map<number, Forecast>();
  for (const { number, name, budgetUsd } of wanted) {
    const costs = await store.costsOfPhase(task.repository.repositoryId, task.playbook.name, name);
    const usd = costs.length < historyMin ? null : median(costs);
    found.set(number, usd === null ? { usd: budgetUsd, from: "playbook" } : { usd, from: "history" });
  }
  return found;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const half = Math.floor((sorted.length - 1) / 2);
  return ((sorted[half] ?? 0) + (sorted[sorted.length - 1 - half] ?? 0)) / 2;
}
