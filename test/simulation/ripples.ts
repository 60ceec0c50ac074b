/** Requirements in documents that people approved: who changes them on the base, and what is promised of what follows. */
import type { TaskEvent } from "../../src/core/events.ts";
import {
  isAllDone,
  isSettled,
  pendingRippleOf,
  planDueOf,
  taskBranchOf,
  type ExistingTask,
} from "../../src/core/state.ts";
import type { Sim } from "./sim.ts";
import { defaultBranch } from "./sim-github.ts";
import type { Fail, Subject } from "./subject.ts";

/** Defines what the others cite. */
const definingPath = "docs/01_idea.md";
const ids = ["REQ-001", "REQ-002"] as const;
const asWritten = ["## Feature list", "", `- ${ids[0]} Short links`, `- ${ids[1]} Count each opening`].join("\n");
/** Of helpful people, so that a story comes to an end. */
const editsInCalmMax = 3;
/** The sweep has looked at every task by then. */
const sweptMs = 30 * 60_000;

interface Edit {
  readonly branch: string;
  readonly sha: string;
  /** Its webhook is not lost. */
  readonly isCalm: boolean;
}

type Found = Extract<TaskEvent, { type: "RippleFound" }>;

export class Ripples implements Subject {
  readonly #sim: Sim;
  readonly #edits: Edit[] = [];
  #editsInCalm = 0;

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  // ---------------------------------------------------------------- agents and people

  /** What an agent writes there, beside its own words. */
  textFor(path: string, words: string): string {
    if (!this.#sim.features.ripples) return words;
    if (path === definingPath) return `${asWritten}\n\n${words}`;
    if (path === "docs/02_market.md") return `${words}\n\nSellers like ${ids[1]}.`;
    if (path === "docs/01_screens.md") return `${words}\n\nThe page of ${ids[0]}.`;
    return words;
  }

  /** A later phase may change what an earlier one approved: the document as it is then, or null where it does not. */
  changedByAgent(phase: number, files: ReadonlyMap<string, string>): { path: string; text: string } | null {
    const { features, random, calm } = this.#sim;
    const text = files.get(definingPath);
    if (!features.ripples || calm || phase < 2 || text === undefined || random.chance(0.8)) return null;
    return { path: definingPath, text: this.#changed(text) };
  }

  /** Somebody changes, takes away or puts back an item where people approved it. False where there is none. */
  edit(by: string): boolean {
    const { github, random, calm } = this.#sim;
    const tasks = this.#sim.tasks().filter((task) => task.itemsAt !== null && !isSettled(task));
    const branches = tasks.map(baseOf).filter((branch) => github.fake.filesOf(branch).has(definingPath));
    if (branches.length === 0 || (calm && this.#editsInCalm >= editsInCalmMax)) return false;
    if (calm) this.#editsInCalm += 1;
    const branch = random.pick(branches);
    const before = github.fake.filesOf(branch).get(definingPath) ?? "";
    const text = this.#changed(before);
    if (text === before) return false;
    this.#sim.tell(by, `changes ${definingPath} on ${branch}: ${JSON.stringify([...itemsIn(text).values()])}`);
    github.pushToBase(branch, definingPath, text);
    this.#edits.push({ branch, sha: github.fake.headOf(branch) ?? "", isCalm: calm });
    return true;
  }

  #changed(text: string): string {
    const { random } = this.#sim;
    const id = random.pick(ids);
    const line = new RegExp(`^- ${id} .*$`, "mu");
    return random.weighted<() => string>([
      [5, () => text.replace(line, `- ${id} Otherwise, ${random.below(1_000)}`)],
      [1, () => text.replace(line, "")],
      [2, () => `${asWritten}\n\nPut back.`],
      [1, () => `${text}\n\nMore words, ${random.below(1_000)}.`],
    ])();
  }

  // ---------------------------------------------------------------- promises

  judge(event: TaskEvent, before: ExistingTask, events: readonly TaskEvent[], fail: Fail): void {
    const pending = pendingRippleOf(before);
    if (event.type === "RippleFound") this.#isNews(event, events, fail);
    if (event.type === "PhaseStarted" && pending !== null && pending.phase !== event.phase) {
      fail("what follows from a change comes before other phases");
    }
    if (event.type === "TaskCompleted" && pending !== null) fail("a task is done after what follows from a change");
    if (event.type === "RippleSettled") {
      const phase = before.phases.find((each) => each.phase === event.phase);
      const isAnswered = phase?.feedback.every(({ answer }) => answer !== null) === true;
      if (!isAnswered || phase?.gate !== null) fail("what holds as it is was answered, part by part");
    }
  }

  #isNews({ changed: { sha, since, items } }: Found, events: readonly TaskEvent[], fail: Fail): void {
    const earlier = events.filter((event) => event.type === "RippleFound");
    if (earlier.some(({ changed }) => changed.sha === sha)) fail("a change is found once");
    // What a gate brings was found when it was verified, and the base may have moved since.
    if (events.at(-1)?.type === "PhaseCompleted") return;
    const [was, is] = [this.#itemsAt(since), this.#itemsAt(sha)];
    if (was === null || is === null) return;
    const same = items.find(({ id }) => was.get(id) === is.get(id));
    if (same !== undefined) fail(`what is found has changed: ${same.id}`);
  }

  /** Null where nobody knows the commit any more. */
  #itemsAt(sha: string): ReadonlyMap<string, string> | null {
    return this.#sim.github.hasCommit(sha) ? itemsIn(this.#sim.github.fake.filesAt(sha).get(definingPath) ?? "") : null;
  }

  world(): string | null {
    return null;
  }

  unheardOf(task: ExistingTask, events: readonly TaskEvent[]): string | null {
    const { clock } = this.#sim;
    if (isSettled(task) || task.itemsAt === null || isAllDone(task) || planDueOf(task) !== null) return null;
    const isSure = ({ isCalm }: Edit) => isCalm || this.#sim.calmSince + sweptMs < clock.passed;
    const edit = this.#edits.find((each) => isSure(each) && this.#isUnseen(each, task, events));
    return edit === undefined ? null : `what somebody changes of what was approved is found: ${edit.sha}`;
  }

  atEnd(task: ExistingTask, events: readonly TaskEvent[]): string | null {
    const unheard = this.unheardOf(task, events);
    if (unheard !== null) return unheard;
    const isTold = ({ changed }: Found) =>
      this.#sim.github.fake.comments.some(
        ({ notice }) =>
          notice?.kind === "ripple" && notice.task.taskId === task.taskId && notice.changed.sha === changed.sha,
      );
    const { unsaid, deletedIssues } = this.#sim.github;
    if (task.erasedBy !== null || unsaid.size > 0 || deletedIssues.has(task.issue.number)) return null;
    const untold = events.filter((event) => event.type === "RippleFound").find((event) => !isTold(event));
    return untold === undefined ? null : `people are told of what changed: ${untold.changed.sha}`;
  }

  /** It lies where the task goes, later than what people approved first, and neither it nor what came after was looked at. */
  #isUnseen({ branch, sha }: Edit, task: ExistingTask, events: readonly TaskEvent[]): boolean {
    const line = (this.#sim.github.fake.branches.get(branch) ?? []).map((commit) => commit.sha);
    const at = line.indexOf(sha);
    if (branch !== baseOf(task) || at === -1) return false;
    const merges = events.flatMap((event) =>
      event.type === "PhaseCompleted" && event.mergeSha !== "" ? [line.indexOf(event.mergeSha)] : [],
    );
    const first = merges[0] ?? -1;
    if (first === -1 || first > at) return false;
    const isDefined =
      task.playbook.name === "create_app" &&
      task.phases.some(({ phase, completed }) => phase === 1 && completed?.skipped === false);
    const before = this.#itemsAt(line[at - 1] ?? "");
    const after = this.#itemsAt(sha);
    if (!isDefined || before === null || after === null) return false;
    const changed = [...before].filter(([id, text]) => after.get(id) !== text).map(([id]) => id);
    const isSeen = (id: string) =>
      events.some((event) => {
        if (event.type !== "RippleFound") return false;
        const [from, to] = [line.indexOf(event.changed.since), line.indexOf(event.changed.sha)];
        if (from >= at || at > to) return false;
        const isAsBefore = this.#itemsAt(event.changed.since)?.get(id) === this.#itemsAt(event.changed.sha)?.get(id);
        return isAsBefore || event.changed.items.some((item) => item.id === id);
      });
    // Whoever puts it back before anybody looks has changed nothing, and nobody need find that it was put back.
    const found = events.flatMap((event) => (event.type === "RippleFound" ? [line.indexOf(event.changed.sha)] : []));
    const lookedAt = Math.max(first, ...[...merges, ...found].filter((place) => place < at));
    const known = this.#itemsAt(line[lookedAt] ?? "");
    const isBack = (id: string) =>
      after.get(id) === known?.get(id) ||
      line.slice(at).some((each) => this.#itemsAt(each)?.get(id) === before.get(id));
    return changed.some((id) => !isSeen(id) && !isBack(id));
  }
}

function baseOf(task: ExistingTask): string {
  return taskBranchOf(task) ?? defaultBranch;
}

function itemsIn(text: string): ReadonlyMap<string, string> {
  const isDeclared = /^## Feature list$/mu.test(text);
  if (!isDeclared) return new Map();
  return new Map(
    [...text.matchAll(/^- (?<id>REQ-\d{3}) .*$/gmu)].map((match) => [match.groups?.["id"] ?? "", match[0]]),
  );
}
