/** GitHub of a simulation: the fake of the other tests, with what GitHub refuses, and with webhooks for what happens. */
import type { Intent } from "../../src/control/intents.ts";
import type { VetoBox } from "../../src/control/ports/gates.ts";
import type { GitHub } from "../../src/control/ports/github.ts";
import type { RequestShown } from "../../src/control/ports/notices.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { CheckShown, TaskView } from "../../src/control/ports/task-view.ts";
import type { Repository } from "../../src/core/events.ts";
import { followingPhaseOf } from "../../src/core/state.ts";
import type { TreePaths } from "../../src/core/merge-paths.ts";
import { checkText, finalCheckText, type CheckText } from "../../src/github/texts/check.ts";
import { sayIn } from "../../src/github/texts/words.ts";
import { linksOf } from "../../src/github/texts/links.ts";
import type { Specifications } from "./specifications.ts";
import { FakeGitHub, type FakePull } from "../support/fake-github.ts";

export interface Webhook {
  readonly guid: string;
  readonly intent: Intent;
}

/** GitHub said no, as it really would at this moment. */
export class Refused extends Error {
  override name = "Refused";
}

const writes: readonly (keyof GitHub)[] = [
  "dispatchRun",
  "cancelRun",
  "publish",
  "openGate",
  "presentGate",
  "releaseCi",
  "reopenGate",
  "closeGate",
  "closeIssue",
  "answerThread",
  "requestReview",
  "deleteBranch",
  "makeBranch",
  "openFinalGate",
  "showStatus",
  "showCheck",
  "mergeGate",
  "setVetoBoxes",
  "notify",
  "showFaults",
  "onboard",
  "showConfigurationCheck",
  "showSpecificationsCheck",
  "openSpecIssue",
  "addToRecord",
  "dropRecord",
];
/** Those whose traces are kept here, not in the fake. */
const ownWrites: readonly (keyof GitHub)[] = ["showRequest", "hideComment"];

export const defaultBranch = "main";

export class SimGitHub {
  readonly fake = new FakeGitHub();
  repository: Repository = { installationId: 1, repositoryId: 2, owner: "octo", name: "links" };
  suspended = false;
  archived = false;
  readonly deletedIssues = new Set<number>();
  /** On their way to the app, oldest first. */
  inTransit: Webhook[] = [];
  readonly guids = new Set<string>();
  /** What each merge commit brought, and who merged it: a person, or the app. */
  readonly merges = new Map<string, { readonly pull: FakePull; readonly byUs: boolean }>();
  /** Commits that people pushed to the branches into which gates are merged. */
  readonly pushes = new Set<string>();
  /** Heads and bases of which GitHub knows whether they can be merged: it works that out when it is asked first. */
  readonly #workedOut = new Set<string>();
  /** Pull requests whose body says that they close the issue. */
  readonly #closing = new Set<number>();
  /** Where each pull request was made to point at. */
  readonly intendedBases = new Map<number, string>();
  /** Closed pull requests that people opened again. */
  readonly reopened = new Set<number>();
  /** Boxes of vetoes from which people took a tick: pull request, attempt and number. */
  readonly unticked = new Set<string>();
  /** What our check run says of a commit; null while it is in progress. */
  readonly checks = new Map<string, CheckText["conclusion"]>();
  /** Phases, by task, whose check was to be shown while GitHub took nothing. */
  readonly unchecked = new Set<string>();
  /** Comments, by their keys, that GitHub did not take. */
  readonly unsaid = new Set<string>();
  specifications: Specifications | null = null;
  /** Called when the app has merged a pull request, with its head. */
  mergedByApp: (pull: FakePull) => void = () => undefined;
  /** How often people closed a pull request of a branch: each may lead to another one. */
  readonly closings = new Map<string, number>();
  /** Each commit that the app made, in order: branch and mark. */
  readonly commits: { readonly branch: string; readonly mark: string }[] = [];
  /** Each workflow run that was started. */
  readonly dispatches: string[] = [];
  /** Each comment that was written anew, by its key. */
  readonly comments: string[] = [];
  /** What the status comment of each task shows. */
  readonly shown = new Map<string, TaskView["task"]>();
  /** Tasks whose status was to be shown while GitHub took nothing; the app gives such a comment up until the next change. */
  readonly unshown = new Set<string>();
  /** Names of secrets and variables, each with the moment of its last change. */
  readonly names = new Map<string, string>();
  /** The app has no permission to list them. */
  namesHidden = false;
  /** The comment of each request, by the task and the message that asked; as it is now. */
  readonly requests = new Map<string, { readonly key: string; readonly request: RequestShown }>();
  /** Names that were lent with a dispatch, by task and slot. */
  readonly lent = new Map<string, string>();
  readonly #now: () => Date;
  #deliveries = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Answers the name under which it is sent. */
  emit(intent: Intent): string {
    const guid = `guid-${this.guids.size + 1}`;
    this.guids.add(guid);
    this.inTransit.push({ guid, intent });
    return guid;
  }

  /** GitHub shows it as failed, and sends it again when it is asked to. */
  failed({ guid, intent }: Webhook): void {
    const deliveryId = (this.#deliveries += 1);
    this.fake.deliveries.push({
      deliveryId,
      guid,
      at: this.#now().toISOString(),
      send: async () => void this.inTransit.push({ guid, intent }),
    });
  }

  get gates(): readonly FakePull[] {
    return [...this.fake.pulls.values()];
  }

  hasCommit(sha: string): boolean {
    return [...this.fake.branches.values()].some((commits) => commits.some((commit) => commit.sha === sha));
  }

  issueExists(number: number): boolean {
    return !this.deletedIssues.has(number) && this.fake.issues.has(number);
  }

  gateChanged(pullRequest: number, sender: string): void {
    this.emit({ kind: "gate-changed", repository: this.repository, pullRequest, sender });
  }

  reviewsChanged(pullRequest: number): void {
    this.emit({ kind: "reviews-changed", repository: this.repository, pullRequest });
  }

  pushed(pullRequest: number): void {
    this.emit({ kind: "reviews-changed", repository: this.repository, pullRequest, isPush: true });
  }

  changeIssue(issueNumber: number, change: Extract<Intent, { kind: "issue-changed" }>["change"], sender: string): void {
    const issue = this.fake.issues.get(issueNumber);
    if (issue === undefined) return;
    if (change === "deleted") {
      this.deletedIssues.add(issueNumber);
      this.fake.issues.delete(issueNumber);
    } else this.fake.issues.set(issueNumber, { ...issue, open: change === "reopened" });
    this.emit({ kind: "issue-changed", repository: this.repository, issueNumber, change, sender });
  }

  merge(pull: FakePull, by: string): void {
    this.fake.merge(pull.pullRequest, by);
    this.#merged(pull, by, false);
  }

  #merged(pull: FakePull, by: string, byUs: boolean): void {
    this.merges.set(this.fake.pulls.get(pull.pullRequest)?.mergeSha ?? "", { pull, byUs });
    this.gateChanged(pull.pullRequest, by);
    // "Closes #7" in the last gate's body.
    const issueNumber = Number(/\/(\d+)-/u.exec(pull.branch)?.[1]);
    const isLast =
      isOfTask(pull.branch) ||
      (this.#closing.has(pull.pullRequest) && this.intendedBases.get(pull.pullRequest) === defaultBranch);
    if (isLast && pull.base === defaultBranch && this.issueExists(issueNumber))
      this.changeIssue(issueNumber, "closed", by);
  }

  /** The body says so of the last gate, as far as the app knew when it wrote it. */
  #written(pullRequest: number, { task }: TaskView, phase: number): void {
    if (followingPhaseOf(task, phase) === null) this.#closing.add(pullRequest);
    else this.#closing.delete(pullRequest);
  }

  /** Of the head of a gate: a commit of a step, on which nothing of the repository's own runs. */
  isStepCommit({ branch }: FakePull): boolean {
    const mark = this.fake.branches.get(branch)?.at(-1)?.mark ?? "";
    return mark !== "" && !mark.startsWith("verified:");
  }

  /** The head, and what lies beneath it where the head is our empty commit that lets checks run. */
  twinsOf({ branch, headSha }: FakePull): readonly string[] {
    const commits = this.fake.branches.get(branch) ?? [];
    const at = commits.findIndex(({ sha }) => sha === headSha);
    const beneath = commits[at]?.mark.startsWith("verified:") ? commits[at - 1]?.sha : undefined;
    return beneath === undefined ? [headSha] : [headSha, beneath];
  }

  /** Somebody pushes to a branch into which gates are merged. */
  pushToBase(branch: string, path: string, content: string): void {
    this.pushes.add(this.fake.push(branch, path, content));
    const isDefault = branch === defaultBranch;
    this.emit({ kind: "base-moved", repository: this.repository, branch, isDefault });
  }

  /** Paths that a gate and its base both changed, each in its way. */
  conflictsOf({ branch, base }: Pick<FakePull, "branch" | "base">): readonly string[] {
    const [headSha, baseSha] = [this.fake.headOf(branch), this.fake.headOf(base)];
    return headSha === null || baseSha === null ? [] : this.#bothChanged({ headSha, baseSha });
  }

  #bothChanged(ends: { readonly headSha: string; readonly baseSha: string }): readonly string[] {
    const [before, head, base] = [this.fake.partedAt(ends) ?? "", ends.headSha, ends.baseSha].map((sha) =>
      this.fake.filesAt(sha),
    );
    return [...new Set([...(head?.keys() ?? []), ...(base?.keys() ?? [])])].filter((path) => {
      const [was, ours, theirs] = [before, head, base].map((files) => files?.get(path));
      return ours !== was && theirs !== was && ours !== theirs;
    });
  }

  #isConflicted(pull: FakePull): boolean | null {
    if (!pull.open) return null;
    const ends = `${this.fake.headOf(pull.branch) ?? ""} ${this.fake.headOf(pull.base) ?? ""}`;
    const isKnown = this.#workedOut.has(ends);
    this.#workedOut.add(ends);
    return isKnown ? this.conflictsOf(pull).length > 0 : null;
  }

  /** A person ticks a box of the gate's body, or takes the tick away. */
  tick({ pullRequest }: FakePull, { attempt, number, ticked }: VetoBox, by: string): void {
    if (ticked) this.unticked.add(`${pullRequest} ${attempt} ${number}`);
    this.fake.tick(pullRequest, number, !ticked);
    this.emit({ kind: "gate-edited", repository: this.repository, pullRequest, sender: by });
  }

  /** A person adds a secret, or gives it another value. */
  setSecret(name: string): void {
    const seconds = Math.floor(this.#now().getTime() / 1_000);
    this.names.set(name, new Date(seconds * 1_000).toISOString());
  }

  close(pull: FakePull, by: string): void {
    this.closings.set(pull.branch, (this.closings.get(pull.branch) ?? 0) + 1);
    this.fake.changePull(pull.pullRequest, { open: false });
    this.gateChanged(pull.pullRequest, by);
  }

  /** What a person threw away before the app heard of it is rightly made again. */
  forgetLostCommits(branch: string): void {
    const there = new Set(this.fake.marksOf(branch));
    const kept = this.commits.filter((commit) => commit.branch !== branch || there.has(commit.mark));
    this.commits.splice(0, this.commits.length, ...kept);
  }

  /** Whoever deletes a branch closes its pull request. */
  deleteBranch(branch: string, by: string): void {
    this.fake.branches.delete(branch);
    this.forgetLostCommits(branch);
    for (const pull of this.gates) if (pull.branch === branch && pull.open) this.close(pull, by);
  }

  endRun(runId: string, conclusion: string): void {
    const run = this.fake.runs.find((each) => each.runId === runId);
    if (run === undefined || run.status === "completed") return;
    this.fake.changeRun(runId, { status: "completed", conclusion });
    this.emit({ kind: "run-completed", repository: this.repository, workflowRunId: run.workflowRunId });
  }

  /** The port, with GitHub's own rules; what goes wrong on the way is added outside. */
  client(): GitHub {
    const inner = this.fake.client();
    const ruled: GitHub = {
      ...wrapped(inner),
      readIssue: async (repository, number) => (this.issueExists(number) ? inner.readIssue(repository, number) : null),
      dispatchRun: async (repository, run) => {
        const before = this.fake.runs.length;
        const answer = await inner.dispatchRun(repository, run);
        if (this.fake.runs.length > before) this.dispatches.push(run.runId);
        for (const { slot, name } of run.grants) this.#lend(`${run.taskId} ${slot}`, name);
        return answer;
      },
      cancelRun: async (repository, workflowRunId) => {
        const before = this.fake.runs.find((run) => run.workflowRunId === workflowRunId)?.status;
        await inner.cancelRun(repository, workflowRunId);
        if (before !== undefined && before !== "completed") {
          this.emit({ kind: "run-completed", repository: this.repository, workflowRunId });
        }
      },
      readGate: async (_repository, pullRequest) => {
        const pull = this.fake.pulls.get(pullRequest);
        return pull === undefined ? null : { ...pull, conflicted: this.#isConflicted(pull) };
      },
      readMerge: async (_repository, ends) => {
        const mergeBaseSha = this.fake.partedAt(ends);
        if (mergeBaseSha === null) return null;
        const [mergeBase, head, base] = [mergeBaseSha, ends.headSha, ends.baseSha].map((sha) => this.#treeOf(sha));
        if (mergeBase === undefined || head === undefined || base === undefined) return null;
        return { mergeBaseSha, mergeBase, head, base };
      },
      publish: async (repository, publication) => {
        const { branch, changes, mergedSha, changesetId } = publication;
        const before = this.fake.headOf(branch);
        const files = this.fake.filesOf(before === null ? publication.defaultBranch : branch);
        const isThere = this.fake.marksOf(branch).includes(changesetId);
        if (mergedSha !== null && before !== null && !isThere) {
          const named = new Set(changes.map(({ path }) => path));
          const unmerged = this.#bothChanged({ headSha: before, baseSha: mergedSha }).filter(
            (each) => !named.has(each),
          );
          if (unmerged.length > 0) return { unmerged };
        }
        const answer = await inner.publish(repository, publication);
        const after = this.fake.headOf(branch);
        if (after !== before && this.fake.branches.get(branch)?.at(-1)?.mark === publication.changesetId) {
          this.commits.push({ branch, mark: publication.changesetId });
          this.specifications?.published(publication, after ?? "", files, this.fake.filesOf(branch));
        }
        if (after !== before) this.#movedHead(branch);
        return answer;
      },
      openGate: async (repository, gate) => {
        if (this.fake.headOf(gate.branch) === null) throw new RetryLater("GitHub answered 422: head invalid", 5_000);
        const opened = await inner.openGate(repository, gate);
        this.intendedBases.set(opened.pullRequest, gate.base);
        this.#written(opened.pullRequest, gate.view, gate.phase);
        return opened;
      },
      openSpecIssue: async (_repository, spec, label) =>
        this.specifications?.openIssue(spec, label) ?? { number: 0, title: "", body: "" },
      openFinalGate: async (repository, gate) => {
        const opened = await inner.openFinalGate(repository, gate);
        if (opened !== null) this.intendedBases.set(opened.pullRequest, gate.base);
        return opened;
      },
      mergeGate: async (repository, wish) => {
        const pull = this.fake.pulls.get(wish.pullRequest);
        if (pull?.open === true && this.conflictsOf(pull).length > 0) return { kind: "conflict" };
        const answer = await inner.mergeGate(repository, wish);
        if (answer.kind === "merged" && pull !== undefined && !pull.merged) {
          this.#merged(pull, "phasegate[bot]", true);
          this.mergedByApp(pull);
        }
        return answer;
      },
      showCheck: async (repository, check) => {
        await inner.showCheck(repository, check);
        const { view, phase, branch } = check;
        const head = this.fake.headOf(branch);
        if (head === null) return;
        const verifiedSha = view.task.phases.find((each) => each.phase === phase)?.verification?.headSha ?? "";
        const links = linksOf("https://github.test", repository);
        const isVerified = this.#hasSameFiles(branch, head, verifiedSha);
        const text =
          phase === null
            ? finalCheckText(view, head, links, sayIn("en"))
            : checkText({ view, phase, links, isVerified, say: sayIn("en") });
        this.checks.set(head, text.conclusion);
        this.unchecked.delete(`${view.task.taskId} ${phase}`);
      },
      presentGate: async (repository, gate) => {
        if (this.fake.headOf(gate.branch) === null && gate.ready) throw new Refused("GitHub answered 404: no branch");
        const before = this.fake.headOf(gate.branch);
        const answer = await inner.presentGate(repository, gate);
        const shown = gate.view.task.phases.find((each) => each.phase === gate.phase)?.gate ?? null;
        if (shown !== null) this.#written(shown.pullRequest, gate.view, gate.phase);
        if (this.fake.headOf(gate.branch) !== before) this.#movedHead(gate.branch);
        return answer;
      },
      releaseCi: async (repository, gate) => {
        const before = this.fake.headOf(gate.branch);
        if (before === null) return null;
        const answer = await inner.releaseCi(repository, gate);
        if (answer !== before) this.#movedHead(gate.branch);
        return answer;
      },
      reopenGate: async (repository, pullRequest) => {
        const pull = this.fake.pulls.get(pullRequest);
        if (pull === undefined || pull.open || pull.merged) return;
        if (this.fake.headOf(pull.branch) === null) throw new Refused("GitHub answered 422: the branch is gone");
        if (this.gates.some((each) => each.branch === pull.branch && each.open)) {
          throw new Refused("GitHub answered 422: there is another pull request of this branch");
        }
        await inner.reopenGate(repository, pullRequest);
        this.gateChanged(pullRequest, "phasegate[bot]");
      },
      closeGate: async (repository, pullRequest) => {
        const wasOpen = this.fake.pulls.get(pullRequest)?.open === true;
        await inner.closeGate(repository, pullRequest);
        if (wasOpen) this.gateChanged(pullRequest, "phasegate[bot]");
      },
      deleteBranch: async (repository, branch) => {
        await inner.deleteBranch(repository, branch);
        for (const pull of this.gates) {
          if (pull.branch !== branch || !pull.open) continue;
          this.fake.changePull(pull.pullRequest, { open: false });
          this.gateChanged(pull.pullRequest, "phasegate[bot]");
        }
      },
      showStatus: async (repository, view) => {
        this.#requireIssue(view.task.issue.number);
        await inner.showStatus(repository, view);
        this.shown.set(view.task.taskId, view.task);
        this.unshown.delete(view.task.taskId);
      },
      notify: async (repository, number, key, notice, spoken) => {
        if (!this.fake.pulls.has(number)) this.#requireIssue(number);
        await inner.notify(repository, number, key, notice, spoken);
      },
      listNames: async () =>
        this.namesHidden ? null : [...this.names].map(([name, updatedAt]) => ({ name, updatedAt })),
      showRequest: async (_repository, { task, key, request }) => {
        this.#requireIssue(task.issue.number);
        const of = `${task.taskId} ${requestIdOf(request)}`;
        const known = this.requests.get(of)?.key;
        if (known !== undefined && known !== key) throw new Error(`one comment a request: ${of}: ${known}, ${key}`);
        this.requests.set(of, { key, request });
      },
      showFaults: async (repository, number, key, faults, spoken) => {
        this.#requireIssue(number);
        await inner.showFaults(repository, number, key, faults, spoken);
      },
      hideComment: async () => true,
    };
    return new Proxy(ruled, {
      get: (methods, name: keyof GitHub) => {
        return async (...args: never[]): Promise<unknown> => {
          try {
            this.#refuse(name);
          } catch (error) {
            if (name === "showStatus") this.unshown.add((args[1] as unknown as TaskView).task.taskId);
            if (name === "notify") this.unsaid.add(String(args[2]));
            if (name === "showCheck") {
              const { view, phase } = args[1] as unknown as CheckShown;
              this.unchecked.add(`${view.task.taskId} ${phase}`);
            }
            throw error;
          }
          return Reflect.apply(methods[name], methods, args);
        };
      },
    });
  }

  #refuse(name: keyof GitHub): void {
    if (["failedDeliveries", "arrivedDeliveries", "redeliver"].includes(name)) return;
    if (this.suspended) throw new Refused("GitHub answered 403: this installation has been suspended");
    if (this.archived && [...writes, ...ownWrites].includes(name)) {
      throw new Refused("GitHub answered 403: the repository was archived so is read-only");
    }
  }

  #lend(slot: string, name: string): void {
    const known = this.lent.get(slot) ?? name;
    if (known !== name) throw new Error(`a slot keeps its name: ${slot}: ${known}, ${name}`);
    this.lent.set(slot, name);
  }

  #treeOf(sha: string): TreePaths {
    return new Map([...this.fake.filesAt(sha)].map(([path, content]) => [path, { mode: "100644", sha: content }]));
  }

  #hasSameFiles(branch: string, one: string, other: string): boolean {
    const commits = this.fake.branches.get(branch) ?? [];
    const filesOf = (sha: string) => JSON.stringify([...(commits.find((each) => each.sha === sha)?.files ?? [])]);
    return commits.some(({ sha }) => sha === other) && filesOf(one) === filesOf(other);
  }

  #requireIssue(number: number): void {
    if (!this.issueExists(number)) throw new Refused("GitHub answered 410: this issue was deleted");
  }

  /** GitHub tells the app of its own pushes, too. */
  #movedHead(branch: string): void {
    for (const pull of this.gates) if (pull.branch === branch && pull.open) this.pushed(pull.pullRequest);
  }
}

/** The branch on which a task collects its phases. */
export function isOfTask(branch: string): boolean {
  return /^phasegate\/\d+-task(-r\d+)?$/u.test(branch);
}

export function requestIdOf(request: RequestShown): string {
  switch (request.kind) {
    case "questions":
      return request.questions[0]?.requestId ?? "none";
    case "dependency":
      return request.dependency.requestId;
    case "error":
      return request.error.requestId;
    case "reply":
      return `reply ${request.phase}/${request.reply.number}`;
  }
}

/** The fake's client makes its methods as they are asked for, so that a spread would find none. */
function wrapped(client: GitHub): GitHub {
  const names: readonly (keyof GitHub)[] = [
    ...writes,
    "permissionOf",
    "readIssue",
    "preflight",
    "readSettings",
    "readRepositoryFiles",
    "readSettingsFaults",
    "readSpecsSha",
    "readInstallations",
    "readInstalled",
    "mayWriteWorkflows",
    "readRun",
    "readEnvelope",
    "defaultBranchOf",
    "authorOf",
    "headOf",
    "readTree",
    "findPublished",
    "reachOf",
    "recordHead",
    "listRecords",
    "readRecord",
    "mergeBaseOf",
    "readMerge",
    "readGate",
    "readReviews",
    "readThreads",
    "requiresReview",
    "readVetoBoxes",
    "lastEditorOf",
    "readCi",
    "readFailedLogs",
    "failedDeliveries",
    "arrivedDeliveries",
    "redeliver",
  ];
  return Object.fromEntries(names.map((name) => [name, client[name].bind(client)])) as unknown as GitHub;
}
