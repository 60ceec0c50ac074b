/** The machine under the runs is killed at moments that only look random. */
import type { EventOf } from "../../src/core/events.ts";
import { actionsRuntimeOf } from "../sandbox/actions-runtime.ts";
import { killRun } from "../sandbox/stop-runs.ts";
import { Random } from "../simulation/random.ts";
import { mainJobAgent, play, runOf, type Outcome } from "./play.ts";
import { stageInProcess, type Stage } from "./stage.ts";

export interface Killed extends Outcome {
  /** Kills that met what was to be killed. */
  readonly kills: number;
}

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  /** Phases of the main job that are played, from the first. */
  readonly phases: number;
  readonly say: (line: string) => void;
}

/** When a run is killed: some time after its dispatch, after a request to the model, or after a step was handed over. */
interface Plan {
  readonly after: "dispatch" | "message" | "step";
  /** Which of them, from 1. */
  readonly count: number;
  readonly ms: number;
}

/** Of the main job; the verifier has one of the first phase done again. */
const stepsOfPhases = [10, 5, 6, 5];
/** A step takes two answers of the model or more. */
const messagesOfStep = 2;
/** A start takes about this long, from the dispatch to the first message. */
const startMs = 1_500;
const messageMs = 150;
const stepMs = 200;

export async function killRuns({ kills, seed, phases, say }: KillOptions): Promise<Killed> {
  const random = new Random(seed);
  let current: LiveKill | null = null;
  let done = 0;
  const killed: number[] = [];
  const stage = await stageInProcess(await mainJobAgent(() => current?.happened("message")));
  const startKill = ({ workflowRunId }: EventOf<"RunDispatched">): LiveKill | null => {
    if (killed.length >= kills) return null;
    const stepsLeft = stepsOfPhases.slice(0, phases).reduce((sum, steps) => sum + steps, 0) - done;
    return plannedKill(stage, workflowRunId, planOf(random, stepsLeft / (kills - killed.length)), (plan) => {
      killed.push(workflowRunId);
      say(`${killed.length}/${kills} killed run ${workflowRunId} ${plan.ms} ms after ${plan.after} ${plan.count}`);
    });
  };
  try {
    stage.onEvent((event) => {
      if (event.type === "RunDispatched") current = startKill(event);
      if (event.type === "RunEnded") current = null;
      if (event.type !== "StepCompleted") return;
      done += 1;
      current?.happened("step");
    });
    const outcome = await play(stage, phases, kills);
    return { ...outcome, kills: killed.length };
  } finally {
    current = null;
    await stage.close();
  }
}

interface LiveKill {
  happened(what: Plan["after"]): void;
}

/** The rarer kills have become, the further a run comes; so that all of them find one. */
function planOf(random: Random, stepsForEach: number): Plan {
  const after = random.weighted<Plan["after"]>([
    [2, "dispatch"],
    [5, "message"],
    [2, "step"],
  ]);
  const reach = Math.max(1, Math.round(stepsForEach));
  switch (after) {
    case "dispatch":
      return { after, count: 1, ms: random.below(startMs) };
    case "message":
      return { after, count: 1 + random.below(reach * messagesOfStep), ms: random.below(messageMs) };
    case "step":
      return { after, count: 1 + random.below(Math.max(1, reach - 1)), ms: random.below(stepMs) };
  }
}

/** Kills the machine once its moment has come, unless the run is over by then. */
function plannedKill(stage: Stage, workflowRunId: number, plan: Plan, onKill: (plan: Plan) => void): LiveKill {
  const { context } = stage.sandbox;
  let seen = 0;
  const happened = (what: Plan["after"]): void => {
    if (what !== plan.after) return;
    seen += 1;
    if (seen !== plan.count) return;
    setTimeout(() => {
      const runId = runOf(stage.events, workflowRunId);
      const isOver = stage.events.some((event) => event.type === "RunEnded" && event.runId === runId);
      if (isOver || !actionsRuntimeOf(context).liveRuns.has(workflowRunId)) return;
      onKill(plan);
      void killRun(context, workflowRunId, "reported");
    }, plan.ms);
  };
  happened("dispatch");
  return { happened };
}
