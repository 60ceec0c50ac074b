import { currentPhaseOf } from "../../core/state.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type {
  Acknowledgement,
  OutcomeRequest,
  PersonAnswer,
  RunnerRequest,
  StepRequest,
} from "../../protocol/runner.ts";
import type { RunSession } from "../ports/store.ts";
import { answersOf } from "./job-words.ts";
import { checkpointFault, storeCheckpoint } from "./run-checkpoint.ts";
import { liveTaskOf, notOfRun, sessionOf, type ServingRunner } from "./session.ts";
import { requestFault, storeOutcome, storeRequest, storeStep } from "./store-delivery.ts";

/** Stores one step's changes, acknowledged before anything is published. */
export async function takeStep(serving: ServingRunner, token: string, request: StepRequest): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const { runId } = session;
  const task = await liveTaskOf(serving, session);
  // Nothing could come of it, and it may be large.
  if (task === null) return acknowledged(true);
  if (currentPhaseOf(task)?.steps.some(({ slug }) => slug === request.step) !== true) {
    throw await notOfRun(serving, session, `the phase of run ${runId} has no step "${request.step}"`);
  }
  await storeStep(serving, task, runId, request);
  return acknowledge(serving, session, request.told);
}

/** Stores what the agent asks for, acknowledged before anybody is told. */
export async function takeRequest(
  serving: ServingRunner,
  token: string,
  request: RunnerRequest,
): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const { runId } = session;
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  const fault = requestFault(task, runId, request);
  if (fault !== null) throw await notOfRun(serving, session, fault);
  await storeRequest(serving, task, runId, request);
  return acknowledge(serving, session);
}

export async function takeCheckpoint(
  serving: ServingRunner,
  token: string,
  checkpoint: Checkpoint,
): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  const fault = checkpointFault(task, session.runId, checkpoint);
  if (fault !== null)
    throw await notOfRun(serving, session, `the checkpoint is none of run ${session.runId}: ${fault}`);
  await storeCheckpoint(serving, task, session.runId, checkpoint);
  return acknowledge(serving, session);
}

export async function takeOutcome(
  serving: ServingRunner,
  token: string,
  request: OutcomeRequest,
): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  await storeOutcome(serving, task, session.runId, request);
  return acknowledge(serving, session);
}

/** After a step also with what people have said that the conversation was not `told`: the next step hears it (Q11). */
async function acknowledge(
  serving: ServingRunner,
  session: RunSession,
  told: StepRequest["told"] | null = null,
): Promise<Acknowledgement> {
  await serving.store.touchRunSession(session.runId, serving.clock.now().toISOString());
  serving.wake();
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  return acknowledged(false, told === null ? [] : answersOf(task, told));
}

function acknowledged(stop: boolean, answers: readonly PersonAnswer[] = []): Acknowledgement {
  return { acknowledged: true, stop, ...(answers.length === 0 ? {} : { answers: [...answers] }) };
}
