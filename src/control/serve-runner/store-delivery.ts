import { changesetIdOf, type RunId } from "../../core/ids.ts";
import { currentPhaseOf, type ExistingTask } from "../../core/state.ts";
import { limits, type OutcomeRequest, type RunnerRequest, type StepRequest } from "../../protocol/runner.ts";
import { storedChangesetFrom } from "../changeset.ts";
import { StoredOutcome, StoredRequest, StoredStep } from "../stored-messages.ts";
import type { Store } from "../ports/store.ts";
import type { Clock } from "../ports/surroundings.ts";
import { withoutTokens } from "./without-tokens.ts";

const messageCharactersMax = 2_000;

interface Storing {
  readonly store: Store;
  readonly clock: Clock;
}

/** However it came to us. The first hand-over of a step counts; what comes again is a repeat, whatever it holds. */
export async function storeStep(
  storing: Storing,
  task: ExistingTask,
  runId: RunId,
  request: StepRequest,
): Promise<void> {
  const { step, changes, spent, answers, told, reply, security } = request;
  await storing.store.saveChangeset(changesetIdOf(runId, step), storedChangesetFrom(changes));
  const said = { answers, reply, security };
  const stored = StoredStep.parse({ runId, step, files: changes.length, spent, told, ...withoutTokens(said) });
  await takeIn(storing, task, "step", `step:${runId}:${step}`, stored);
}

export async function storeRequest(
  storing: Storing,
  task: ExistingTask,
  runId: RunId,
  request: RunnerRequest,
): Promise<void> {
  const stored = StoredRequest.parse({ runId, request: withoutTokens(request) });
  await takeIn(storing, task, "request", `request:${request.id}`, stored);
}

/** Why a request is none that this run may send; null where it is. Its number counts it, so that no run fills an issue with comments. */
export function requestFault(task: ExistingTask, runId: RunId, { id, step }: RunnerRequest): string | null {
  const number = id.startsWith(`${runId}/`) ? id.slice(runId.length + 1) : "";
  if (!/^[1-9]\d{0,8}$/u.test(number)) return `the id of a request of run ${runId} is ${runId}/ and a number from 1`;
  if (Number(number) > limits.requestsMax) {
    return `run ${runId} has sent ${limits.requestsMax} requests, which is the most: let the agent go on with what it has`;
  }
  const isOfPhase = currentPhaseOf(task)?.steps.some(({ slug }) => slug === step) === true;
  return isOfPhase ? null : `the phase of run ${runId} has no step "${step}"`;
}

export async function storeOutcome(
  storing: Storing,
  task: ExistingTask,
  runId: RunId,
  request: OutcomeRequest,
): Promise<void> {
  const { outcome, report, spent, security } = request;
  const said = withoutTokens({ outcome: bounded(outcome), report, security });
  const stored = StoredOutcome.parse({ ...said, spent, runId });
  await takeIn(storing, task, "outcome", outcomeKeyOf(runId), stored);
}

/** Under this key the inbox has what the runner declared. */
export function outcomeKeyOf(runId: RunId): string {
  return `outcome:${runId}`;
}

/** It becomes an event and is kept for good. */
function bounded(outcome: OutcomeRequest["outcome"]): OutcomeRequest["outcome"] {
  return "message" in outcome ? { ...outcome, message: outcome.message.slice(0, messageCharactersMax) } : outcome;
}

async function takeIn(
  { store, clock }: Storing,
  task: ExistingTask,
  kind: "step" | "request" | "outcome",
  key: string,
  body: object,
): Promise<void> {
  // The lane of the repository's webhooks, so that the end of the job never overtakes what the job declared.
  const lane = `repository:${task.repository.repositoryId}`;
  await store.takeIn({ key, kind, lane, body: JSON.stringify(body), receivedAt: clock.now().toISOString() });
}
