/** The main job with the real app, action and CLI, while the machine under its runs is killed at moments that only look random. */

import { execFileSync } from "node:child_process";
import type { EventOf, TaskEvent } from "../../src/core/events.ts";
import { demoAgent } from "../demo/agent.ts";
import { demoPerson } from "../demo/person.ts";
import { isWait } from "../demo/told.ts";
import { loadProduct, loadWish } from "../model/load-product.ts";
import type { ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { actionsRuntimeOf } from "../sandbox/actions-runtime.ts";
import { killRun } from "../sandbox/stop-runs.ts";
import { Random } from "../simulation/random.ts";
import { repositoryName } from "../support/github-world.ts";
import { openStory, type Story } from "../support/story.ts";

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** Phases of the main job that are played, from the first. */
  readonly phases: number;
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  /** Kills that met a run at work. */
  readonly kills: number;
  readonly dispatches: number;
  /** Mode, id and path of each file on the default branch at the end. */
  readonly tree: readonly string[];
  /** Promises that were broken; none where all is well. */
  readonly faults: readonly string[];
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
/** Above it a task is stuck, whatever the machine. */
const msMaxOfRun = 60_000;

export async function runChaos({ kills, seed, phases, say }: ChaosOptions): Promise<ChaosReport> {
  const random = new Random(seed);
  const { title, body } = await loadWish("create_app");
  const product = await loadProduct("create_app");
  const author = demoAgent(product);
  let onMessage: () => void = () => undefined;
  const decide = (request: ModelRequest): ModelAnswer => {
    onMessage();
    return author(request);
  };
  const opened = await openStory({
    decide,
    provokes: ["run lost", "command refused"],
    environment: { REVIEW_DEBOUNCE_SECONDS: "0", NAMES_SECONDS: "1" },
  });
  const { story, complaints, violations } = opened;
  const killed: number[] = [];
  let current: LiveKill | null = null;
  try {
    const end = Promise.withResolvers<void>();
    const issue = { number: 0 };
    const gates = new Map<number, number>();
    const told = { gateOf: (phase: number) => gates.get(phase) ?? null, reworksOf: () => 0 };
    const person = demoPerson(
      story,
      told,
      () => issue.number,
      () => undefined,
      { isContent: true },
    );
    let done = 0;
    story.onEvent((event) => {
      hear(event).catch((error: unknown) => end.reject(error));
    });

    const hear = async (event: TaskEvent): Promise<void> => {
      if (event.type === "RunDispatched") current = startKill(event);
      if (event.type === "RunEnded") current = null;
      if (event.type === "GateOpened") gates.set(event.phase, event.pullRequest);
      if (event.type === "StepCompleted") {
        done += 1;
        current?.happened("step");
      }
      if (event.type === "PhaseCompleted" && event.phase === phases) end.resolve();
      // Too many in a row: that is what the app tells people, and a person lets it go on.
      if (event.type === "TaskPaused" && !isWait(event)) await story.owner.comment(issue.number, "/run");
      await person.hear(event);
    };
    const startKill = ({ workflowRunId }: EventOf<"RunDispatched">): LiveKill | null => {
      if (killed.length >= kills) return null;
      const stepsLeft = stepsOfPhases.slice(0, phases).reduce((sum, steps) => sum + steps, 0) - done;
      return plannedKill(story, workflowRunId, planOf(random, stepsLeft / (kills - killed.length)), (plan) => {
        killed.push(workflowRunId);
        say(`${killed.length}/${kills} killed run ${workflowRunId} ${plan.ms} ms after ${plan.after} ${plan.count}`);
      });
    };
    onMessage = () => current?.happened("message");
    issue.number = (await story.owner.openIssue({ title, body, labels: ["create_app"] })).number;
    await within(end.promise, (kills + phases * 9) * msMaxOfRun);
    await story.settled();
    return report(story, { kills: killed.length, phases, complaints: [...complaints, ...violations] });
  } finally {
    current = null;
    await opened.close();
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
function plannedKill(story: Story, workflowRunId: number, plan: Plan, onKill: (plan: Plan) => void): LiveKill {
  const { context } = story.sandbox;
  let seen = 0;
  const happened = (what: Plan["after"]): void => {
    if (what !== plan.after) return;
    seen += 1;
    if (seen !== plan.count) return;
    setTimeout(() => {
      const isOver = story.events.some(
        (event) => event.type === "RunEnded" && runOf(story, event.runId) === workflowRunId,
      );
      if (isOver || !actionsRuntimeOf(context).liveRuns.has(workflowRunId)) return;
      onKill(plan);
      void killRun(context, workflowRunId, "reported");
    }, plan.ms);
  };
  happened("dispatch");
  return { happened };
}

function runOf({ events }: Story, runId: string): number | null {
  const dispatched = events.find((event) => event.type === "RunDispatched" && event.runId === runId);
  return dispatched?.type === "RunDispatched" ? dispatched.workflowRunId : null;
}

function report(
  story: Story,
  { kills, phases, complaints }: { kills: number; phases: number; complaints: readonly string[] },
): ChaosReport {
  const { events, sandbox } = story;
  const repository = sandbox.repositoryOf(repositoryName);
  // The run of the phase that comes next may have begun already.
  const played = new Set(
    events.flatMap((event) => (event.type === "RunRequested" && event.phase <= phases ? [event.runId] : [])),
  );
  const dispatched = events.filter((event) => event.type === "RunDispatched");
  const dispatches = dispatched.filter(({ runId }) => played.has(runId)).length;
  const ends = events.flatMap((event) =>
    event.type === "RunEnded" && played.has(event.runId) ? [event.outcome.kind] : [],
  );
  const lost = ends.filter((kind) => kind === "lost").length;
  // Where the person answers before the run is over, the task does not even pause.
  const waits = ends.filter((kind) => kind.startsWith("waiting-")).length;
  const sentBack = events.filter(
    (event) => event.type === "PhaseVerified" && event.phase <= phases && !event.passed,
  ).length;
  const attempts = new Map(
    events.flatMap((event) => (event.type === "RunRequested" ? [[event.runId, event.attempt] as const] : [])),
  );
  const steps = events.filter((event) => event.type === "StepCompleted");
  const published = events.filter((event) => event.type === "StepPublished");
  const faults = [
    ...complaints,
    ...(dispatched.length === repository.runs.size
      ? []
      : [`${repository.runs.size} jobs for ${dispatched.length} dispatches`]),
    // One for each phase, for each verification that failed, after each wait, and after each kill that met a run before its last word.
    ...(dispatches === phases + sentBack + waits + lost
      ? []
      : [
          `${dispatches} dispatches for ${sentBack} failed verifications, ${lost} lost runs and ${waits} waits: ${ends.join(", ")}`,
        ]),
    ...twice(steps.map(({ runId, phase, step }) => `step ${phase}/${step} was done in attempt ${attempts.get(runId)}`)),
    ...twice(published.map(({ changesetId }) => `changeset ${changesetId} was published`)),
    ...steps
      .filter(({ changesetId }) => published.every((each) => each.changesetId !== changesetId))
      .map(({ phase, step }) => `step ${phase}/${step} was accepted and is not on its branch`),
    ...twice([...repository.issueComments.values()].map(({ body }) => body.split("\n")[0] ?? "").filter(isMarker)),
    ...[...repository.pulls.values()].filter(({ merged }) => !merged).map(({ number }) => `#${number} is not merged`),
  ];
  return { kills, dispatches, tree: treeOf(story), faults };
}

function isMarker(line: string): boolean {
  return line.startsWith("<!-- phasegate:");
}

function twice(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text, at) => texts.indexOf(text) !== at))].map((text) => `more than once: ${text}`);
}

function treeOf({ sandbox }: Story): readonly string[] {
  const git = ["--git-dir", sandbox.gitDirOf(repositoryName), "ls-tree", "-r", "main"];
  const lines = execFileSync("git", git, { encoding: "utf8" }).trim().split("\n");
  // Each world has its own address in it.
  return lines.filter((line) => !line.endsWith(".github/workflows/phasegate.yml"));
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the task is not done after ${ms / 1_000} s`)), ms);
  });
  try {
    await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
