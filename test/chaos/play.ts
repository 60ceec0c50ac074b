/** The main job, played to its end by a person who is content with everything, and what became of it. */
import { execFileSync } from "node:child_process";
import type { EventOf, TaskEvent } from "../../src/core/events.ts";
import { demoAgent } from "../demo/agent.ts";
import { demoPerson } from "../demo/person.ts";
import { isWait } from "../demo/told.ts";
import { loadProduct, loadWish } from "../model/load-product.ts";
import type { Decide } from "../model/model-server.ts";
import { repositoryName } from "../support/github-world.ts";
import type { Stage } from "./stage.ts";

export interface Outcome {
  readonly dispatches: number;
  /** Runs that died on the way. */
  readonly lost: number;
  /** How often the app gave up and a person let it go on: a comment of each. */
  readonly pauses: number;
  /** Mode, id and path of each file on the default branch at the end. */
  readonly tree: readonly string[];
  /** What people see of it on GitHub. */
  readonly seen: { readonly comments: number; readonly pullRequests: number; readonly commits: number };
  /** Promises that were broken; none where all is well. */
  readonly faults: readonly string[];
}

/** Above it a task is stuck, whatever the machine. */
const msMaxOfRun = 60_000;
/** A phase with its questions, its rework and its gate. */
const runsOfPhase = 9;

/** The agent of the main job. `onRequest` hears of each of its requests to the model. */
export async function mainJobAgent(onRequest: () => void = () => undefined): Promise<Decide> {
  const author = demoAgent(await loadProduct("create_app"));
  return (request) => {
    onRequest();
    return author(request);
  };
}

/** Opens the issue and does what a person does, until so many phases are merged. `runsMore`: how many more runs the trouble may cost. */
export async function play(stage: Stage, phases: number, runsMore: number): Promise<Outcome> {
  const { title, body } = await loadWish("create_app");
  const end = Promise.withResolvers<void>();
  const issue = { number: 0 };
  const gates = new Map<number, number>();
  const told = { gateOf: (phase: number) => gates.get(phase) ?? null, reworksOf: () => 0 };
  const person = demoPerson(
    stage,
    told,
    () => issue.number,
    () => undefined,
    { isContent: true },
  );
  const hear = async (event: TaskEvent): Promise<void> => {
    if (event.type === "GateOpened") gates.set(event.phase, event.pullRequest);
    if (event.type === "PhaseCompleted" && event.phase === phases) end.resolve();
    // Too many in a row: that is what the app tells people, and a person lets it go on.
    if (event.type === "TaskPaused" && !isWait(event)) await stage.owner.comment(issue.number, "/run");
    await person.hear(event);
  };
  stage.onEvent((event) => {
    hear(event).catch((error: unknown) => end.reject(error));
  });
  issue.number = (await stage.owner.openIssue({ title, body, labels: ["create_app"] })).number;
  await within(end.promise, (runsMore + phases * runsOfPhase) * msMaxOfRun);
  await stage.settled();
  return outcomeOf(stage, phases);
}

function outcomeOf(stage: Stage, phases: number): Outcome {
  const { events, sandbox } = stage;
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
  const pulls = [...repository.pulls.values()];
  const comments = [...repository.issueComments.values()];
  const faults = [
    ...stage.complaints(),
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
    ...twice(comments.map(({ body }) => body.split("\n")[0] ?? "").filter(isMarker)),
    ...pulls.filter(({ merged }) => !merged).map(({ number }) => `#${number} is not merged`),
  ];
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["--git-dir", sandbox.gitDirOf(repositoryName), ...args], { encoding: "utf8" }).trim();
  return {
    dispatches,
    lost,
    pauses: events.filter((event) => event.type === "TaskPaused" && !isWait(event)).length,
    // Each world has its own address in it.
    tree: git("ls-tree", "-r", "main")
      .split("\n")
      .filter((line) => !line.endsWith(".github/workflows/phasegate.yml")),
    seen: {
      comments: comments.length,
      pullRequests: pulls.length,
      commits: Number(git("rev-list", "--count", "main")),
    },
    faults,
  };
}

/** Of the run that the workflow run belongs to. */
export function runOf(events: readonly TaskEvent[], workflowRunId: number): string | null {
  const isIt = (event: TaskEvent): event is EventOf<"RunDispatched"> =>
    event.type === "RunDispatched" && event.workflowRunId === workflowRunId;
  return events.find(isIt)?.runId ?? null;
}

function isMarker(line: string): boolean {
  return line.startsWith("<!-- phasegate:");
}

function twice(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text, at) => texts.indexOf(text) !== at))].map((text) => `more than once: ${text}`);
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
