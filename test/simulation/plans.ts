/** Planned runs: what the planner and those who work by its tables write, who breaks and mends them, and what is promised. */
import { readTables, tablesOf } from "../../src/core/markdown-table.ts";
import { runRecords } from "../../src/core/plan-records.ts";
import { withSubStageDone } from "../../src/core/plan-status.ts";
import { planPathsOf, runOfPhase } from "../../src/core/plan-tables.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { placeValuesOf } from "../../src/core/place-values.ts";
import { planDueOf, taskBranchOf, type ExistingTask } from "../../src/core/state.ts";
import type { Job } from "../../src/protocol/runner.ts";
import { planFiles } from "../core/plan-files.ts";
import type { FakePull } from "../support/fake-github.ts";
import type { Sim } from "./sim.ts";
import { defaultBranch } from "./sim-github.ts";
import { silent, type Fail, type Subject } from "./subject.ts";

type Files = ReadonlyMap<string, string>;
type Phase = Job["phase"];
type Step = Phase["steps"][number];

/** An example of a run, and the words in which it names itself. */
const exampleRun = "run-001";
/** What lies there before anybody plans. */
const isSetting = (path: string): boolean => path.startsWith("settings/") || path.startsWith("db/");

export class Plans implements Subject {
  readonly #sim: Sim;
  /** Runs of which the second phase is left out. */
  readonly #short = new Map<string, boolean>();
  readonly world = silent.world;
  readonly unheardOf = silent.unheardOf;
  readonly atEnd = silent.atEnd;

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  // ---------------------------------------------------------------- agents and people

  /** The settings that each plan follows. */
  prepare(): void {
    if (!this.#sim.features.plannedRuns) return;
    const { fake } = this.#sim.github;
    const settings = Object.entries(planFiles()).filter(([path]) => isSetting(path));
    fake.branches.set(defaultBranch, [{ sha: "base-0", mark: "", files: new Map(settings) }]);
  }

  /** What a step leaves that plans, or that a plan asks for; null for any other. `files` is the job's work tree. */
  async workOf({ phase, ...job }: Job, step: Step, words: string, files: Files): Promise<Files | null> {
    const run = runOfPhase(phase);
    const read = async (path: string) => files.get(path) ?? null;
    if (run === null) return null;
    if (phase.plans === "tables") {
      const { title, text } = job.prompt;
      const asked = { runId: run, issueNumber: job.issueNumber, title, text };
      const isFirst = phase.steps[0]?.slug === step.slug;
      const tables = [...this.#tables(run)].filter(([path]) => (path === planPathsOf(run).phases) === isFirst);
      const isBad = words.includes("TBD");
      const written = tables.map(([path, text]) => [path, isBad ? broken(text) : text] as const);
      return new Map([...(isFirst ? await runRecords(asked, read) : []), ...written]);
    }
    if (step.planned === undefined || step.turns === undefined) return null;
    const results = step.turns.map(({ id, output }) => ({ id, output }));
    const statuses = await withSubStageDone(read, step.planned, results);
    return new Map([...results.map(({ output }) => [output, words] as const), ...statuses]);
  }

  #tables(run: string): Files {
    const isShort = this.#short.get(run) ?? this.#sim.random.chance(0.3);
    this.#short.set(run, isShort);
    const ofRun = Object.entries(planFiles()).filter(([path]) => !isSetting(path));
    const kept = ofRun.filter(([path]) => !isShort || !path.includes("/ph-2_"));
    return new Map(
      kept.map(([path, text]) => {
        const whole = text.replaceAll(exampleRun, run);
        return [path.replace(exampleRun, run), isShort ? whole.replace(/^\| ph-2 .*\n/mu, "") : whole];
      }),
    );
  }

  /** Somebody breaks a table in the gate that people look at, or on the base where it is about to be read. */
  breakTable(by: string): void {
    const { github, random } = this.#sim;
    const places = this.#sim.tasks().flatMap((task): readonly Place[] => {
      const phase = task.phases.at(-1);
      const isPlanning = task.playbook.phases.some(({ number, plans }) => number === phase?.phase && plans !== null);
      const gate = github.fake.pulls.get(phase?.gate?.pullRequest ?? 0);
      const { phases: path } = planPathsOf(placeValuesOf(task).run);
      if (planDueOf(task) !== null) return [{ path, branch: baseOf(task), gate: null }];
      return isPlanning && gate?.open === true ? [{ path, branch: gate.branch, gate }] : [];
    });
    const there = places.filter(({ path, branch }) => github.fake.filesOf(branch).has(path));
    if (there.length === 0) return;
    const { path, branch, gate } = random.pick(there);
    const text = broken(github.fake.filesOf(branch).get(path) ?? "");
    this.#sim.tell(by, `breaks ${path} on ${branch}`);
    if (gate === null) return github.pushToBase(branch, path, text);
    github.fake.push(branch, path, text);
    github.pushed(gate.pullRequest);
  }

  /** Puts the tables on the base in order, one push for each that is not as it should be. */
  mend(task: ExistingTask, by: string): void {
    const { github } = this.#sim;
    const branch = baseOf(task);
    for (const [path, text] of this.#tables(placeValuesOf(task).run)) {
      if (github.fake.filesOf(branch).get(path) === text) continue;
      this.#sim.tell(by, `mends ${path} on ${branch}`);
      github.pushToBase(branch, path, text);
    }
  }

  // ---------------------------------------------------------------- promises

  judge(event: TaskEvent, before: ExistingTask, events: readonly TaskEvent[], fail: Fail): void {
    const planned = events.flatMap((each) => (each.type === "PhasesPlanned" ? each.phases : []));
    const isMerged = (number: number) =>
      before.phases.some(({ phase, completed }) => phase === number && completed?.skipped === false);
    if (event.type === "PhasesPlanned") {
      const isRead = events.some((each) => each.type === "PhasesPlanned" && each.phase === event.phase);
      if (isRead) fail("a plan is read once");
      if (!isMerged(event.phase)) fail("a plan is read when it is merged");
      this.#isAsTold(event, before, fail);
    }
    if (event.type === "PhaseStarted") {
      const at = planned.findIndex(({ number }) => number === event.phase);
      const isEarly = planned.slice(0, Math.max(0, at)).some(({ number }) => !isMerged(number));
      if (isEarly) fail("a planned phase starts when those before it are merged");
    }
    if (event.type === "PhaseCompleted" && planned.some(({ number }) => number === event.phase)) {
      this.#isWrittenDown(event, before, fail);
    }
    if (event.type === "TaskCompleted") {
      if (planDueOf(before) !== null) fail("a task is done when its plan was read");
      if (planned.some(({ number }) => !isMerged(number))) fail("a task is done when all of its plan is");
    }
  }

  /** Phases and steps are those of the tables, as they lay on the base at some moment since the merge. */
  #isAsTold(event: Extract<TaskEvent, { type: "PhasesPlanned" }>, task: ExistingTask, fail: Fail): void {
    const { run } = placeValuesOf(task);
    const told = event.phases.map(({ name, steps }) => `${name}: ${steps.map(({ slug }) => slug).join()}`).join("; ");
    const versions = (this.#sim.github.fake.branches.get(baseOf(task)) ?? []).map(({ files }) => outlineIn(files, run));
    if (!versions.includes(told)) fail(`the plan is what its tables say: ${versions.at(-1)}`);
  }

  /** What is merged with its checks passed has all its results, and the tables say so of each. */
  #isWrittenDown(
    { phase: number, mergeSha }: Extract<TaskEvent, { type: "PhaseCompleted" }>,
    task: ExistingTask,
    fail: Fail,
  ): void {
    const phase = task.phases.find((each) => each.phase === number);
    const merged = this.#sim.github.merges.get(mergeSha);
    if (merged === undefined || phase === undefined) return;
    const files = this.#sim.github.fake.filesAt(mergeSha);
    const { run } = placeValuesOf(task);
    const isVerified =
      phase.accepted === null &&
      phase.verification?.passed === true &&
      this.#sim.github.twinsOf(merged.pull).includes(phase.verification.headSha);
    for (const { slug } of task.playbook.phases.find((each) => each.number === number)?.steps ?? []) {
      const place = placeOf(number, slug, task);
      const rows = rowsIn(files, planPathsOf(run).tasks(place.phase, place.stage, place.subStage));
      for (const row of rows) {
        const { status = "", output_path: output = "" } = row;
        const isThere = output !== "" && files.has(output);
        if ((status === "COMPLETED") !== isThere) fail(`statuses equal what happened: ${slug} ${row["task_id"]}`);
        if (isVerified && !isThere) fail(`a planned turn that was verified has its result: ${slug} ${row["task_id"]}`);
      }
      const isDone = rows.every(({ status }) => status === "COMPLETED");
      const above = rowsIn(files, planPathsOf(run).subStages(place.phase, place.stage));
      const told = above.find((row) => row["sub_stage_id"] === place.subStage)?.["status"];
      if ((told === "COMPLETED") !== isDone) fail(`statuses equal what happened: ${slug}`);
    }
  }
}

function baseOf(task: ExistingTask): string {
  return taskBranchOf(task) ?? defaultBranch;
}

/** An id that no row may have. */
function broken(table: string): string {
  return table.replace(/^\| (?<kind>ph|stg|sub|tsk)-0?1 /mu, "| $<kind>-9 ");
}

/** Where a table lies that may be broken; on the base there is no gate. */
interface Place {
  readonly path: string;
  readonly branch: string;
  readonly gate: FakePull | null;
}

type Row = Readonly<Record<string, string>>;

function rowsIn(files: Files, path: string): readonly Row[] {
  const [table] = tablesOf(readTables(files.get(path) ?? ""));
  const columns = table?.header.texts ?? [];
  return (table?.rows ?? []).map(({ texts }) => Object.fromEntries(columns.map((name, at) => [name, texts[at] ?? ""])));
}

/** As events name it: phases with their steps. */
function outlineIn(files: Files, run: string): string {
  const paths = planPathsOf(run);
  return rowsIn(files, paths.phases)
    .map(({ phase_id: phase = "", phase_name: name = "" }) => {
      const steps = rowsIn(files, paths.stages(phase)).flatMap(({ stage_id: stage = "" }) =>
        rowsIn(files, paths.subStages(phase, stage)).map(({ sub_stage_id: subStage = "" }) => `${stage}_${subStage}`),
      );
      return `${name.toLowerCase()}: ${steps.join()}`;
    })
    .join("; ");
}

/** Planned phases are numbered as their rows are. */
function placeOf(
  number: number,
  slug: string,
  { playbook }: ExistingTask,
): { phase: string; stage: string; subStage: string } {
  const planned = playbook.phases.filter(({ steps }) => steps.some((step) => /^stg-\d+_sub-\d+$/u.test(step.slug)));
  const at = planned.findIndex((each) => each.number === number);
  const [stage = "", subStage = ""] = slug.split("_");
  return { phase: `ph-${at + 1}`, stage, subStage };
}
