/** What must be true of gates: who may merge them, what reworks them and how often, and what is left of them at the end. */
import { keyOf } from "../../src/control/people.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import type { Finding } from "../../src/core/report.ts";
import {
  isSettled,
  openVetoesOf,
  type ExistingTask,
  type Gate,
  type PhaseProgress,
  type TaskState,
} from "../../src/core/state.ts";
import type { FakePull } from "../support/fake-github.ts";
import { defaultBranch, isOfTask, type SimGitHub } from "./sim-github.ts";

const ciReworksMax = 2;
const sameFindingsMax = 3;

/** What keeps the app from merging a gate, and what it needs, each by a name. */
interface Standing {
  readonly against: ReadonlySet<string>;
  readonly approvers: ReadonlySet<string>;
  readonly isChecked: boolean;
}

interface Counts {
  /** Vetoes that a rework took up, by task, phase and veto. */
  readonly takenUp: Set<string>;
  readonly ciReworks: Map<string, number>;
  readonly same: Map<string, { readonly key: string; readonly count: number }>;
}

type Fail = (rule: string) => void;

export class GatePromises {
  readonly #github: SimGitHub;
  readonly #states: () => readonly ExistingTask[];
  readonly #counts: Counts = { takenUp: new Set(), ciReworks: new Map(), same: new Map() };
  /**
   * By pull request, at moments in which the app had nothing under way, oldest first: whatever it does now, it has seen what
   * was so when every list of GitHub had caught up with it.
   */
  #stood: { readonly at: number; readonly standings: ReadonlyMap<number, Standing> }[] = [];

  constructor(github: SimGitHub, states: () => readonly ExistingTask[]) {
    this.#github = github;
    this.#states = states;
  }

  /** The app has nothing under way. `at` in milliseconds, and `lagMs` what GitHub's lists may lag behind. */
  rest(at: number, lagMs: number): void {
    const standings = new Map<number, Standing>();
    for (const pull of this.#github.gates) if (pull.open) standings.set(pull.pullRequest, this.#standingOf(pull));
    const stood = [...this.#stood, { at, standings }];
    this.#stood = stood.slice(
      Math.max(
        0,
        stood.findLastIndex((each) => each.at <= at - lagMs),
      ),
    );
  }

  /** What stood against it both then and now forbids it; what it needs must have been there then or now. */
  mergedByApp(pull: FakePull): string | null {
    const now = this.#standingOf(pull);
    const then = this.#stood[0]?.standings.get(pull.pullRequest) ?? now;
    const [against] = [...now.against].filter((each) => then.against.has(each));
    if (against !== undefined) return `the app merges what nothing stands against: #${pull.pullRequest}: ${against}`;
    if (now.approvers.size + then.approvers.size === 0) {
      return `the app merges what was approved on its head: #${pull.pullRequest}, ${pull.headSha}`;
    }
    return now.isChecked || then.isChecked ? null : `the app merges what is green: #${pull.pullRequest}`;
  }

  #standingOf(pull: FakePull): Standing {
    const { fake } = this.#github;
    const against = new Set<string>();
    if (fake.settings.merge !== "auto") against.add("the settings leave it to people");
    if (fake.preflightFault?.kind === "settings-invalid") against.add("nobody can read the settings");
    if (isOfTask(pull.branch)) against.add("the last pull request of a task is merged by people");
    const task = this.#states().find(({ phases }) => phases.some(({ gate }) => gate?.pullRequest === pull.pullRequest));
    const phase = task?.phases.find(({ gate }) => gate?.pullRequest === pull.pullRequest);
    const gate = phase?.gate ?? null;
    const kind = fake.ci.get(pull.headSha)?.kind ?? fake.ciDefault;
    const isChecked = kind === "green" || kind === "none";
    if (task === undefined || phase === undefined || gate === null) {
      return { against: against.add("nobody knows it"), approvers: new Set(), isChecked };
    }
    for (const { number, veto } of openVetoesOf(phase)) against.add(`the veto of ${veto.by} on ${number}`);
    for (const by of gate.requestedBy) against.add(`${by} wants changes`);
    for (const number of this.#unheardTicks(pull, phase)) against.add(`a tick at ${number}`);
    return { against, approvers: this.#approversOf(pull, task, gate), isChecked };
  }

  #unheardTicks({ boxes }: FakePull, { phase, decisions, feedback }: PhaseProgress): readonly number[] {
    return boxes
      .filter(({ attempt, number, ticked }) => {
        const isTakenUp = feedback.some(({ id }) => id === `veto:${phase}:${attempt}:${number}`);
        return ticked && attempt === decisions.attempt && !isTakenUp;
      })
      .map(({ number }) => number);
  }

  #approversOf(pull: FakePull, task: ExistingTask, gate: Gate): ReadonlySet<string> {
    const { fake } = this.#github;
    const heads = this.#github.twinsOf(pull);
    const reviewers = fake.reviews.filter(
      ({ pullRequest, verdict, reviewedSha }) =>
        pullRequest === pull.pullRequest && verdict === "approved" && heads.includes(reviewedSha),
    );
    const commenters = gate.approvedByComment.filter(({ headSha }) => heads.includes(headSha));
    const logins = [...reviewers.map(({ by }) => by), ...commenters.map(({ login }) => login)];
    const mayApprove = (login: string) =>
      ["admin", "write"].includes(fake.permissions.get(login) ?? "") &&
      (fake.settings.requesterMayApprove || !requestersOf(task).includes(login));
    return new Set(logins.filter(mayApprove));
  }

  judge(event: TaskEvent, before: TaskState, events: readonly TaskEvent[], fail: Fail): void {
    if (before.status === "absent") return;
    if (event.type === "PhaseStarted") this.#startsRightly(before, events, fail);
    if (event.type === "VetoWithdrawn") this.#wasUnticked(event.phase, event.number, before, fail);
    if (event.type === "ReworkRequested") this.#reworks(event, before, fail);
    this.#countSame(event, before, fail);
  }

  /** Where others approve, the word of who asked for it starts nothing. */
  #startsRightly(before: ExistingTask, events: readonly TaskEvent[], fail: Fail): void {
    const last = before.phases.at(-1);
    if (this.#github.fake.settings.requesterMayApprove || last?.completed?.skipped !== false) return;
    const approved = events.flatMap((event) =>
      (event.type === "PhaseApproved" || event.type === "ReviewApproved") && event.phase === last.phase
        ? [event.by]
        : [],
    );
    const requesters = requestersOf(before);
    const others = [last.completed.by, ...approved].filter((login) => !requesters.includes(login));
    if (others.length === 0) fail("no phase starts on the word of who asked for it alone");
  }

  #wasUnticked(number: number, decision: number, before: ExistingTask, fail: Fail): void {
    const phase = before.phases.find((each) => each.phase === number);
    const box = `${phase?.gate?.pullRequest ?? 0} ${phase?.decisions.attempt ?? 0} ${decision}`;
    if (!this.#github.unticked.has(box)) fail("a veto stands until its tick is taken away");
  }

  #reworks(event: Extract<TaskEvent, { type: "ReworkRequested" }>, before: ExistingTask, fail: Fail): void {
    const { takenUp, ciReworks } = this.#counts;
    const phase = `${before.taskId} ${event.phase}`;
    for (const id of event.ids.filter((each) => each.startsWith("veto:"))) {
      if (takenUp.has(`${phase} ${id}`)) fail("a veto is taken up once");
      takenUp.add(`${phase} ${id}`);
    }
    const count = event.source === "ci" ? (ciReworks.get(phase) ?? 0) + 1 : 0;
    ciReworks.set(phase, count);
    if (count > ciReworksMax) fail("red checks are reworked twice, and then by somebody's word");
  }

  #countSame(event: TaskEvent, { taskId }: ExistingTask, fail: Fail): void {
    const { same } = this.#counts;
    if (["TaskPaused", "ReworkRequested", "RetryRequested", "PhaseStarted"].includes(event.type)) same.delete(taskId);
    const findings = findingsOf(event);
    if (findings === null) return;
    const key = textOf(findings);
    const known = same.get(taskId);
    const count = known?.key === key ? known.count + 1 : 1;
    same.set(taskId, { key, count });
    if (key !== "" && count > sameFindingsMax) fail("who finds the same three times asks a person");
  }

  /** What lies on the default branch came there by the pull requests that were meant for it. */
  world(): string | null {
    const { fake, merges, intendedBases } = this.#github;
    for (const { sha } of fake.branches.get(defaultBranch) ?? []) {
      const pull = merges.get(sha)?.pull;
      if (pull === undefined) continue;
      const wasPointedThere = intendedBases.get(pull.pullRequest) !== defaultBranch;
      if (fake.settings.integration === "task" && !isOfTask(pull.branch) && !wasPointedThere) {
        return `a task's own branch collects its phases: #${pull.pullRequest} lies on ${defaultBranch}`;
      }
    }
    for (const { taskId } of this.#states()) {
      if (this.#summariesOf(taskId) > 1) return `one summary a task: ${taskId}`;
    }
    return null;
  }

  #summariesOf(taskId: string): number {
    return this.#github.fake.comments.filter(
      ({ notice }) => notice?.kind === "summary" && notice.task.taskId === taskId,
    ).length;
  }

  /** Of one task, once all has come to rest. */
  atEnd(task: ExistingTask): string | null {
    const { fake, unsaid, reopened } = this.#github;
    const isLeft = (gate: Gate | null) => {
      const pull = fake.pulls.get(gate?.pullRequest ?? 0);
      return pull?.open === true && !reopened.has(pull.pullRequest);
    };
    const unheard = this.unheardOf(task);
    if (unheard !== null) return unheard;
    const inReview = task.status === "review" && task.blockedBy === null ? task.phases.at(-1)?.gate : null;
    const pull = fake.pulls.get(inReview?.pullRequest ?? 0);
    if (pull?.open === true && task.finalGate === null && this.isUntoldConflict(pull)) {
      return `a conflict is resolved, or told: #${pull.pullRequest}`;
    }
    for (const phase of task.phases) {
      const isOver = phase.completed?.skipped === true || (phase.completed === null && task.status === "cancelled");
      if (isOver && isLeft(phase.gate)) return `what nobody waits for is closed: #${phase.gate?.pullRequest ?? 0}`;
      if ((isSettled(task) || phase.completed !== null) && this.#isCheckedForEver(task, phase)) {
        return `a check ends with its task: phase ${phase.phase}`;
      }
    }
    if (task.status !== "completed" || task.erasedBy !== null) return null;
    const isRefused = unsaid.has(keyOf(`summary:${task.taskId}`)) || !this.#github.issueExists(task.issue.number);
    return this.#summariesOf(task.taskId) === 0 && !isRefused ? "a task that is done says what came of it" : null;
  }

  /** What people have said of the gate that is before them, and nobody has taken up, although nothing is under way. */
  unheardOf(task: ExistingTask): string | null {
    const phase = task.phases.at(-1);
    if (phase === undefined || phase.completed !== null) return null;
    if (task.status !== "review" || task.blockedBy !== null) return null;
    const waiting = openVetoesOf(phase).find(({ veto }) => veto.reason !== null);
    if (waiting !== undefined) return `a veto with a reason is reworked: ${waiting.number} of phase ${phase.phase}`;
    const pull = this.#github.fake.pulls.get(phase.gate?.pullRequest ?? 0);
    const vetoed = phase.decisions.list.filter(({ veto }) => veto !== null).map(({ number }) => number);
    const ticked = pull === undefined ? [] : this.#unheardTicks(pull, phase);
    const unheard = ticked.find((number) => !vetoed.includes(number));
    return unheard === undefined ? null : `a tick is heard: ${unheard} of phase ${phase.phase}`;
  }

  /** The gate can't be merged, and nobody was told so: the app brings the two together itself. */
  isUntoldConflict({ pullRequest, branch, base, draft }: FakePull): boolean {
    if (draft || this.#github.conflictsOf({ branch, base }).length === 0) return false;
    const { comments } = this.#github.fake;
    return !comments.some(({ issueNumber, notice }) => issueNumber === pullRequest && notice?.kind === "conflict");
  }

  #isCheckedForEver(task: ExistingTask, { phase, gate }: PhaseProgress): boolean {
    const { fake, checks, unchecked } = this.#github;
    const branch = fake.pulls.get(gate?.pullRequest ?? 0)?.branch ?? "";
    const head = fake.headOf(branch) ?? "";
    return !unchecked.has(`${task.taskId} ${phase}`) && checks.has(head) && checks.get(head) === null;
  }
}

function requestersOf({ issue, prompt }: ExistingTask): readonly string[] {
  return [issue.author, prompt?.startedBy ?? issue.author];
}

/** What an attempt was found wanting in; none where it passed, null where nobody has judged one. */
function findingsOf(event: TaskEvent): readonly Finding[] | null {
  if (event.type === "PhaseVerified") return event.passed ? [] : event.findings;
  if (event.type !== "RunEnded" || event.outcome.kind !== "failed" || event.outcome.findings.length === 0) return null;
  return event.outcome.findings;
}

/** A verifier words the same thing anew each time. */
function textOf(findings: readonly Finding[]): string {
  const keys = findings.map(({ check, step, path, message }) =>
    JSON.stringify([check, step, path, check.startsWith("judged:") ? null : message]),
  );
  return [...new Set(keys)].toSorted().join("\n");
}
