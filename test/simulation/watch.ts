/** Sits beside the store and holds every event against what must never be. */
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { TaskEvent } from "../../src/core/events.ts";
import { evolve, stateFrom } from "../../src/core/evolve.ts";
import { taskIdFrom } from "../../src/core/ids.ts";
import {
  branchOf,
  currentPhaseOf,
  initialState,
  isSettled,
  liveRunOf,
  openDependenciesOf,
  openQuestionsOf,
  purseOf,
  taskBranchOf,
  type ExistingTask,
  type TaskState,
} from "../../src/core/state.ts";
import { decodeEvent } from "../../src/store/event-codec.ts";
import { rowsOfEvents, rowsOfState } from "../../src/store/projections.ts";
import { replyUsdMax } from "./jobs.ts";
import { GatePromises } from "./gate-promises.ts";
import { phaseBudgetUsd } from "./playbooks.ts";
import { defaultBranch, type SimGitHub } from "./sim-github.ts";
import type { Subject } from "./subject.ts";

/** Whoever these are, nothing happens because of them. */
const powerless = ["reader", "stranger", "helper[bot]"];

/** What an answer leads to. */
const ofAnswers: readonly TaskEvent["type"][] = [
  "QuestionAnswered",
  "AnswerWithdrawn",
  "TaskResumed",
  "TaskPaused",
  "RunRequested",
];

/** What must never be, and is. */
export class Violation extends Error {
  override name = "Violation";
}

interface EventRow {
  readonly rowid: number;
  readonly stream_id: string;
  readonly version: number;
  readonly type: string;
  readonly schema_version: number;
  readonly payload: string;
  readonly user_id: string | null;
}

export interface Watched {
  readonly events: TaskEvent[];
  state: TaskState;
}

export class Watch {
  readonly tasks = new Map<string, Watched>();
  readonly #github: SimGitHub;
  readonly #story: (line: string) => void;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Distinct messages that were handed to the app, by kind. */
  readonly handed = {
    webhook: new Set<string>(),
    step: new Set<string>(),
    request: new Set<string>(),
    outcome: new Set<string>(),
  };
  readonly gates: GatePromises;
  readonly #subjects: readonly Subject[];
  /** The app finds what happened as it did happen; or else what it makes of that is its own. */
  readonly #readsPast: boolean;
  #lastRow = 0;

  constructor(
    dataDir: string,
    github: SimGitHub,
    subjects: readonly Subject[],
    story: (line: string) => void,
    readsPast: boolean,
  ) {
    this.#subjects = subjects;
    this.#readsPast = readsPast;
    this.#github = github;
    this.#story = story;
    this.gates = new GatePromises(github, () => this.#existing());
    this.#database = new DatabaseSync(join(dataDir, "phasegate.sqlite"), { readOnly: true });
  }

  #existing(): readonly ExistingTask[] {
    return [...this.tasks.values()].flatMap(({ state }) => (state.status === "absent" ? [] : [state]));
  }

  /** An effect of the task waits for a person. */
  hasFailed(taskId: string): boolean {
    return this.rows("select 1 from effects where task_id = ? and status = 'failed' limit 1", taskId).length > 0;
  }

  /** What has happened to a task and nobody has taken up, although nothing is under way. */
  unheardOf(task: ExistingTask): string | null {
    if (this.hasFailed(task.taskId)) return null;
    const events = this.tasks.get(task.taskId)?.events ?? [];
    return this.gates.unheardOf(task) ?? first(this.#subjects, (subject) => subject.unheardOf(task, events));
  }

  /** Once all has come to rest. */
  atEnd(task: ExistingTask): string | null {
    if (this.hasFailed(task.taskId)) return null;
    const events = this.tasks.get(task.taskId)?.events ?? [];
    return this.gates.atEnd(task) ?? first(this.#subjects, (subject) => subject.atEnd(task, events));
  }

  close(): void {
    this.#database.close();
  }

  rows(query: string, ...parameters: readonly (string | number)[]): readonly Record<string, unknown>[] {
    const statement = this.#statements.get(query) ?? this.#database.prepare(query);
    this.#statements.set(query, statement);
    return statement.all(...parameters);
  }

  /** What was acknowledged is stored: a crash in the next moment loses none of it. What belonged to an erased task is gone. */
  isStored(key: string): boolean {
    if (this.rows("select 1 from inbox where key = ? limit 1", key).length > 0) return true;
    return this.#existing().some(({ erasedBy }) => erasedBy !== null);
  }

  isDueWithin(after: string, ms: number): boolean {
    const due = this.nextDue(after);
    return due !== null && Date.parse(due) <= Date.parse(after) + ms;
  }

  /** The app has not taken up yet what it was told. */
  isUnheard(): boolean {
    return this.rows("select 1 from inbox where status = 'waiting' limit 1").length > 0;
  }

  /** Something is still to be done. Looks at the repository's checks go on for as long as these are red, and change nothing. */
  isWaiting(): boolean {
    return (
      this.isUnheard() ||
      // What waits behind an effect that failed waits for a person, as the task does.
      this.rows(
        `select 1 from effects as one where status = 'waiting' and lane not like 'ci:%' and not exists (
           select 1 from effects as failed where failed.lane = one.lane and failed.status = 'failed') limit 1`,
      ).length > 0
    );
  }

  /** When something in the queues becomes due; null where nothing waits. */
  nextDue(now: string): string | null {
    const [row] = this.rows(
      `select min(not_before) as due from (
         select not_before from inbox where status = 'waiting' and not_before > ?
         union all select not_before from effects where status = 'waiting' and not_before > ?)`,
      now,
      now,
    );
    return (row?.["due"] as string | null | undefined) ?? null;
  }

  /** Called after each transaction that may have brought events. */
  look(): void {
    const rows = this.rows("select rowid, * from events where rowid > ? order by rowid", this.#lastRow);
    const touched = new Set<string>();
    for (const row of rows as unknown as EventRow[]) {
      this.#lastRow = row.rowid;
      touched.add(row.stream_id);
      const task = this.tasks.get(row.stream_id) ?? { events: [], state: initialState };
      this.tasks.set(row.stream_id, task);
      if (row.version !== task.events.length + 1) {
        throw new Violation(
          `versions without holes: task ${row.stream_id} has ${row.version} after ${task.events.length}`,
        );
      }
      const event = decodeEvent(row);
      this.#judge(row, event, task.state);
      const fail = (rule: string): never => {
        throw new Violation(`${rule}: ${row.stream_id} v${row.version} ${textOf(event)}`);
      };
      this.gates.judge(event, task.state, task.events, fail);
      const { state, events } = task;
      if (state.status !== "absent") for (const subject of this.#subjects) subject.judge(event, state, events, fail);
      task.events.push(event);
      task.state = evolve(task.state, event);
      this.#story(`    ${row.stream_id} v${row.version} ${textOf(event)}`);
    }
    for (const taskId of touched) {
      this.#readModels(taskId);
      this.#story(`    ${taskId} is ${summaryOf(this.tasks.get(taskId)?.state ?? initialState)}`);
    }
  }

  /** Texts went out of the events; their number, order and kinds stay. */
  erased(taskId: string): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) return;
    const rows = this.rows("select * from events where stream_id = ? order by version", taskId);
    const events = (rows as unknown as EventRow[]).map((row) => decodeEvent(row));
    if (events.map(({ type }) => type).join() !== task.events.map(({ type }) => type).join()) {
      throw new Violation(`only appended: the events of task ${taskId} are others after it was erased`);
    }
    task.events.splice(0, task.events.length, ...events);
    task.state = stateFrom(events);
    this.#readModels(taskId);
  }

  #judge(row: EventRow, event: TaskEvent, before: TaskState): void {
    const live = before.status === "absent" ? null : liveRunOf(before);
    const phase = before.status === "absent" ? null : currentPhaseOf(before);
    const fail = (rule: string): never => {
      throw new Violation(`${rule}: ${row.stream_id} v${row.version} ${textOf(event)} while ${summaryOf(before)}`);
    };
    if (before.status !== "absent" && isSettled(before)) {
      // What was under way when the task ended may still be recorded.
      if (event.type.startsWith("Task") && event.type !== "TaskErased") fail("a task ends once");
      if (event.type === "RunRequested" || event.type === "PhaseStarted") fail("nothing starts after the end");
    }
    const steps = phase?.steps.filter(({ changesetId }) => changesetId !== null) ?? [];
    if (event.type === "RunRequested") {
      if (live !== null) fail("one live run a task");
      if (before.status !== "absent" && before.blockedBy !== null) fail("no run while the task is blocked");
      if (before.status !== "absent" && openQuestionsOf(before).length + openDependenciesOf(before).length > 0) {
        fail("no run while it lacks what it must have");
      }
    }
    if (event.type === "DependencyGranted" && event.by === null && before.status !== "absent") {
      const asked = before.dependencies.find(({ name }) => name === event.name);
      const changedAt = this.#github.names.get(event.name) ?? "";
      const second = (at: string) => Math.floor(Date.parse(at) / 1_000);
      if (!(second(changedAt) >= second(asked?.askedAt ?? ""))) fail("nothing is lent that was there before");
    }
    if (event.type === "RunStarted" && live?.started === true) fail("a run starts once");
    if (event.type === "GateOpened" && before.status !== "absent") {
      const there = before.phases.find((each) => each.phase === event.phase)?.gate ?? null;
      if (there !== null) fail("one gate a phase");
    }
    if (event.type === "PhaseVerified") {
      // Whoever ends a conversation waits for no turn that was cut off.
      const isTalk = phase?.conversation != null;
      if (event.passed && !isTalk && steps.some(({ completed }) => !completed)) fail("what passes is complete");
      // Without a head it is the refusal of a changeset.
      if (event.headSha !== "" && steps.some(({ commitSha }) => commitSha === null)) {
        fail("what is verified was published before");
      }
    }
    if (event.type === "PhaseCompleted") {
      const pull = this.#github.fake.pulls.get(phase?.gate?.pullRequest ?? 0);
      if (pull?.merged !== true) fail("only a merge completes a phase");
      // What was merged into another branch counts by somebody's word, and leaves no commit that would be known.
      const isTaken =
        event.mergeSha === "" && before.status !== "absent" && before.blockedBy?.kind === "gate-retargeted";
      if (pull?.base === defaultBranch && !isTaken && !this.#github.merges.has(event.mergeSha)) {
        fail("a merge completes it");
      }
    }
    this.#mayDoNothing(row, event, before, fail);
  }

  #mayDoNothing(row: EventRow, event: TaskEvent, before: TaskState, fail: (rule: string) => never): void {
    // Anybody may open an issue with the label, which makes a draft; and close the own one.
    if (event.type === "TaskCreated") return;
    if (event.type === "TaskPaused" && event.reason.kind === "issue-closed") return;
    // Whoever wrote the issue may answer what is asked about it, and with the last answer the task goes on (Q8).
    const author = before.status === "absent" ? "" : before.issue.author;
    const isAuthors = row.user_id === author || ("by" in event && event.by === author);
    if (isAuthors && ofAnswers.includes(event.type)) return;
    if (row.user_id !== null && powerless.includes(row.user_id)) {
      // What closes an issue ends its run, too.
      if (event.type === "RunEnded" && event.outcome.kind === "cancelled") return;
      fail("whoever has no write changes nothing");
    }
    for (const login of powerless) {
      if (row.payload.includes(`"by":"${login}"`) || row.payload.includes(`"by":["${login}"`)) {
        fail("whoever has no write is not heard");
      }
    }
  }

  /** Read models are what a fresh fold of the events gives. */
  #readModels(taskId: string): void {
    const task = this.tasks.get(taskId);
    const state = task?.state ?? initialState;
    if (task === undefined || state.status === "absent" || !this.#readsPast) return;
    const expected = rowsOfState(state);
    const history = rowsOfEvents(taskIdFrom(taskId), 1, task.events, null);
    this.#same("tasks", expected.tasks, "id", taskId);
    this.#same("agent_statuses", expected.agentStatuses, "task_id", taskId);
    this.#same("phases", expected.phases, "task_id", taskId);
    this.#same("steps", expected.steps, "task_id", taskId);
    this.#same("reviews", expected.reviews, "task_id", taskId);
    this.#same("feedback", expected.feedback, "task_id", taskId);
    this.#same("questions", expected.questions, "task_id", taskId);
    this.#same("dependencies", expected.dependencies, "task_id", taskId);
    const accounts = new Map(history.accounts.map(({ id, account }) => [id, account]));
    const runs = history.runs.map((run) => ({ ...run, account: accounts.get(run.id) ?? null }));
    this.#same("runs", runs, "task_id", taskId);
    this.#same("reported_errors", history.reportedErrors, "task_id", taskId);
    this.#same("verifications", history.verifications, "task_id", taskId);
    this.#same("usage_metrics", history.usageMetrics, "task_id", taskId);
  }

  #same(table: string, expected: readonly object[], column: string, taskId: string): void {
    const columns = Object.keys(expected[0] ?? {});
    const found = this.rows(`select * from ${table} where ${column} = ?`, taskId);
    const texts = (rows: readonly object[]) =>
      rows.map((row) => JSON.stringify(columns.map((name) => Reflect.get(row, name) as unknown))).sort();
    const [there, due] = [texts(found), texts(expected)];
    if (there.join("\n") === due.join("\n") && found.length === expected.length) return;
    const odd = there.find((text) => !due.includes(text)) ?? "a row is missing";
    const other = due.find((text) => !there.includes(text)) ?? "a row is too much";
    throw new Violation(`read models equal a fresh fold: ${table} of ${taskId} has ${odd}, expected ${other}`);
  }

  /** What people see, and what lies about on GitHub. */
  world(): void {
    const { fake, commits, dispatches, comments, closings, merges, pushes } = this.#github;
    unique(dispatches, "one dispatch a run");
    unique(comments, "each comment once");
    unique(
      commits.map(({ branch, mark }) => `${branch} ${mark}`),
      "each changeset is committed once",
    );
    unique(
      fake.threads.flatMap(({ threadId, comments: replies, keys }) => {
        const ours = replies.filter(({ byUs }) => byUs).length;
        return [threadId, ...(ours > keys.length ? [threadId] : [])];
      }),
      "each reply once",
    );
    for (const { sha } of fake.branches.get(defaultBranch) ?? []) {
      if (sha !== "base-0" && !merges.has(sha) && !pushes.has(sha))
        throw new Violation(`only people move main: ${sha} lies there`);
    }
    const unkept = this.gates.world() ?? first(this.#subjects, (subject) => subject.world());
    if (unkept !== null) throw new Violation(unkept);
    const pulls = new Map<string, number>();
    for (const { branch } of fake.pulls.values()) pulls.set(branch, (pulls.get(branch) ?? 0) + 1);
    for (const [branch, count] of pulls) {
      const allowed = 1 + (closings.get(branch) ?? 0);
      if (count > allowed) throw new Violation(`one gate a phase: ${branch} has ${count} pull requests`);
    }
    const branches = new Set<string>();
    for (const { events, state } of this.tasks.values()) {
      if (state.status === "absent") continue;
      for (const { phase } of state.phases) branches.add(branchOf(state, phase));
      branches.add(taskBranchOf(state) ?? "");
      this.#money(state, events);
      this.#notices(state, events);
    }
    for (const branch of fake.branches.keys()) {
      if (branch.startsWith("phasegate/") && !branches.has(branch)) {
        throw new Violation(`one branch a phase: nobody knows ${branch}`);
      }
    }
    for (const kind of ["webhook", "step", "request", "outcome"] as const) {
      const [row] = this.rows("select count(*) as count from inbox where kind = ?", kind);
      if (Number(row?.["count"]) > this.handed[kind].size) throw new Violation(`each message is stored once: ${kind}`);
    }
  }

  #money(state: Exclude<TaskState, { status: "absent" }>, events: readonly TaskEvent[]): void {
    let task = 0;
    const phases = new Map<number, number>();
    for (const event of events) {
      if (event.type !== "StepCompleted" && event.type !== "RunEnded") continue;
      task += event.spent.costUsd;
      phases.set(event.phase, (phases.get(event.phase) ?? 0) + event.spent.costUsd);
    }
    if (task > state.taskBudgetUsd + replyUsdMax) throw new Violation(`the purse: task ${state.taskId} spent ${task}`);
    for (const [phase, usd] of phases) {
      // Whoever lowers it while a run is at work lowers it for the next one.
      const set = events.flatMap((event) => (event.type === "BudgetSet" && event.phase === phase ? [event.usd] : []));
      const purseUsd = Math.max(phaseBudgetUsd, purseOf(state, phase), ...set);
      if (usd > purseUsd + replyUsdMax) throw new Violation(`the purse: phase ${phase} spent ${usd}`);
    }
  }

  /** Nobody is told of a block more often than there was one. */
  #notices(state: Exclude<TaskState, { status: "absent" }>, events: readonly TaskEvent[]): void {
    const pauses = events.filter(({ type }) => type === "TaskPaused").length;
    const told = this.#github.fake.comments.filter(
      ({ notice }) => notice?.kind === "blocked" && notice.task.taskId === state.taskId,
    ).length;
    if (told > pauses) throw new Violation(`each notice once: ${told} notices for ${pauses} pauses of ${state.taskId}`);
  }
}

function first(subjects: readonly Subject[], said: (subject: Subject) => string | null): string | null {
  for (const subject of subjects) {
    const words = said(subject);
    if (words !== null) return words;
  }
  return null;
}

function unique(list: readonly string[], rule: string): void {
  const seen = new Set<string>();
  for (const each of list) {
    if (seen.has(each)) throw new Violation(`${rule}: ${each}`);
    seen.add(each);
  }
}

function textOf(event: TaskEvent): string {
  const { type, at: _at, ...rest } = event;
  const text = type === "TaskCreated" ? "" : JSON.stringify(rest);
  return `${type} ${text.slice(0, 160)}`;
}

export function summaryOf(state: TaskState): string {
  if (state.status === "absent") return "absent";
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  return [
    state.status,
    phase === null ? null : `phase ${phase.phase}`,
    run === null ? null : `run ${run.runId}${run.started ? " at work" : run.dispatched === null ? "" : " dispatched"}`,
    state.blockedBy === null ? null : `blocked by ${state.blockedBy.kind}`,
    phase?.gate == null ? null : `gate #${phase.gate.pullRequest} ${phase.gate.review}`,
  ]
    .filter((part) => part !== null)
    .join(", ");
}
