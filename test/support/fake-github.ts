/** A GitHub in memory behind the port: stateful, safe to repeat as the port promises, with faults on demand. */
import type { ConfigurationFound, RepositoryFiles, SettingsFaults } from "../../src/control/ports/configuration.ts";
import type {
  GateState,
  MergeResult,
  MergeTrees,
  ReviewState,
  ThreadState,
  VetoBox,
} from "../../src/control/ports/gates.ts";
import {
  DispatchRefused,
  type WebhookDelivery,
  type GitHub,
  type IssueText,
  type NamesSeen,
  type Onboarding,
  type Permission,
  type Preflight,
  type WorkflowRun,
} from "../../src/control/ports/github.ts";
import type { Notice, RequestShown } from "../../src/control/ports/notices.ts";
import type { RecordFile, RecordHead, RecordMark } from "../../src/control/ports/records.ts";
import type { TaskView } from "../../src/control/ports/task-view.ts";
import type { Change } from "../../src/core/change.ts";
import type { CiKind, CiState } from "../../src/core/ci.ts";
import type { Repository } from "../../src/core/events.ts";
import type { InputFault } from "../../src/core/input-fault.ts";
import type { SpecificationsFound } from "../../src/core/spec-to-start.ts";
import { defaultSettings, type SettingsFound, type TaskSettings } from "../../src/core/settings.ts";
import { inEnglish } from "../../src/core/phrase.ts";

interface Commit {
  readonly sha: string;
  /** What an earlier try is found by: the changeset's id, or that of the verified attempt. */
  readonly mark: string;
  readonly files: ReadonlyMap<string, string>;
  /** Its second parent, where it brought a branch and its base together. */
  readonly mergedSha?: string;
}

export interface FakePull extends GateState {
  readonly branch: string;
  readonly base: string;
  /** How often its body was written. */
  readonly presented: number;
  /** Those of its body. */
  readonly boxes: readonly VetoBox[];
  /** The person who last edited it. */
  readonly editor: string | null;
}

/** Our check run on a commit, by what it was written from. */
export interface FakeCheck {
  readonly headSha: string;
  readonly phase: number;
  readonly verified: "passed" | "failed" | "accepted" | null;
  /** How often it was written. */
  readonly shown: number;
}

export interface FakeRun extends WorkflowRun {
  readonly runId: string;
  /** Names by slot, as the job's inputs carry them. */
  readonly grants: Readonly<Record<number, string>>;
}

/** Neither a notice nor a request: the status. */
/** As somebody reads it who reads English. */
export type NoticeRead =
  | Exclude<Notice, { kind: "refused" }>
  | { readonly kind: "refused"; readonly command: string; readonly reason: string };

export interface FakeComment {
  readonly issueNumber: number;
  readonly key: string;
  readonly notice: NoticeRead | null;
  /** As it was shown last. */
  readonly request: RequestShown | null;
}

export interface FakeReview extends ReviewState {
  readonly pullRequest: number;
}

export interface FakeThread extends ThreadState {
  readonly pullRequest: number;
  /** Keys of our replies. */
  readonly keys: readonly string[];
}

export interface FakeDelivery extends WebhookDelivery {
  readonly at: string;
  /** Though the app may know nothing of it any more. */
  readonly arrived?: boolean;
  readonly send: () => Promise<void>;
}

/** One commit of a task's record. */
export interface FakeRecord extends RecordHead {
  readonly mark: RecordMark;
  readonly files: readonly RecordFile[];
}

type Method = keyof GitHub;

interface Fault {
  readonly method: Method;
  readonly moment: "before" | "after";
  readonly applies: (args: readonly unknown[]) => boolean;
  readonly act: () => Promise<void>;
  left: number;
}

/** What lies on GitHub. Tests set up and look at it directly, as a person does. */
export class FakeGitHub {
  readonly issues = new Map<number, IssueText>();
  readonly permissions = new Map<string, Permission>();
  /** Oldest commit first. */
  readonly branches = new Map<string, readonly Commit[]>([["main", [{ sha: "base-0", mark: "", files: new Map() }]]]);
  readonly pulls = new Map<number, FakePull>();
  readonly reviews: FakeReview[] = [];
  readonly threads: FakeThread[] = [];
  /** Each answer that we gave in a thread, once for each key. */
  readonly answers: { readonly threadId: string; readonly kind: string; readonly commitSha: string | null }[] = [];
  /** Whom we asked for a new review, by pull request. */
  readonly reviewRequests: { readonly pullRequest: number; readonly login: string }[] = [];
  /** Webhooks that did not arrive. */
  readonly deliveries: FakeDelivery[] = [];
  /** Where the app is installed. */
  installed: readonly Repository[] = [];
  /** What commits have in `.github/phasegate/`. */
  readonly repositoryFiles = new Map<string, RepositoryFiles>();
  /** What is wrong with the settings of commits. */
  readonly settingsFaults = new Map<string, SettingsFaults>();
  /** Our check runs of specifications and of configurations, by commit. */
  readonly specificationsChecks = new Map<string, SpecificationsFound>();
  readonly configurationChecks = new Map<string, ConfigurationFound>();
  /** What came of each wish to set a repository up. */
  onboarding: Onboarding = { kind: "opened", pullRequest: 1 };
  readonly onboarded: { readonly name: string; readonly forms: readonly string[]; readonly mayOpen: boolean }[] = [];
  /** Comments on what an issue lacks, as they are now. */
  readonly forms: {
    readonly issueNumber: number;
    readonly key: string;
    readonly faults: readonly InputFault[];
  }[] = [];
  /** In every repository. */
  reach: Awaited<ReturnType<GitHub["reachOf"]>> = "writable";
  /** Records of tasks, by their names, oldest commit first. */
  readonly records = new Map<string, readonly FakeRecord[]>();
  requiresReview = false;
  defaultBranch = "main";
  readonly runs: FakeRun[] = [];
  readonly comments: FakeComment[] = [];
  /** By workflow run: what its job left sealed. */
  readonly envelopes = new Map<number, Uint8Array>();
  /** Every edit of a status comment, as the status was. */
  readonly shown: string[] = [];
  /** What the newest status comment of each task was written from. */
  readonly views = new Map<string, TaskView>();
  /** Secrets and variables; null where the app may not read them. */
  names: readonly NamesSeen[] | null = [];
  /** Node ids of comments that were hidden. */
  readonly hidden: string[] = [];
  refusesToHide = false;
  /** Every call, e.g. `publish`, in the order in which they began. */
  readonly calls: string[] = [];
  /** Issues that somebody looked at. */
  readonly issuesRead = new Set<number>();
  readonly #arguments = new Map<string, (readonly unknown[])[]>();
  preflightFault: Preflight["fault"] = null;
  ciIsSensitive = false;
  /** Of commits that people make on the default branch. */
  lastAuthor: string | null = "owner";
  settings: TaskSettings = defaultSettings;
  origins: SettingsFound["origins"] = {};
  /** What the repository's own checks say, by commit. */
  readonly ci = new Map<string, CiState>();
  /** Of commits of which nothing else is said. */
  ciDefault: CiKind = "none";
  /** Of jobs that failed, by commit. */
  readonly failedLogs = new Map<string, readonly { readonly name: string; readonly log: string }[]>();
  /** Our own, by commit. */
  readonly checks = new Map<string, FakeCheck>();
  /** What a gate's head and its base have, where they conflict. */
  mergeTrees: MergeTrees | null = null;
  /** Files that both sides of a merge changed and no changeset says anything of. */
  unmerged: readonly string[] = [];
  /** What the next wishes to merge are answered with; then each is granted. */
  readonly mergeAnswers: MergeResult[] = [];
  refusesDispatch = false;
  mayWriteWorkflows = false;
  readonly #faults: Fault[] = [];
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];
  #serial = 0;

  /**
   * The port. Every client of the same fake sees the same GitHub, as an app does that was started anew.
   * Where `isAlive` says no, the process that called is dead: nothing of its calls arrives, nor any answer.
   */
  client(isAlive: () => boolean = () => true): GitHub {
    return new Proxy(this.#methods(), {
      get: (methods, name) => {
        const method: unknown = Reflect.get(methods, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]): Promise<unknown> => {
          if (!isAlive()) return never();
          this.calls.push(String(name));
          const known = this.#arguments.get(String(name));
          if (known === undefined) this.#arguments.set(String(name), [args]);
          else known.push(args);
          this.#lookAround();
          await this.#fail(name, "before", args);
          if (!isAlive()) return never();
          const answer: unknown = await Reflect.apply(method, methods, args);
          this.#lookAround();
          await this.#fail(name, "after", args);
          this.#lookAround();
          return isAlive() ? answer : never();
        };
      },
    });
  }

  /** The next calls of the method fail, before or after they took effect. */
  failNext(
    method: Method,
    moment: Fault["moment"],
    error: () => Error,
    { times = 1, applies = () => true }: { readonly times?: number; readonly applies?: Fault["applies"] } = {},
  ): void {
    this.#faults.push({ method, moment, applies, left: times, act: () => Promise.reject(error()) });
  }

  /** The next call of the method hangs, before or after it took effect, until the answer is called. */
  hangNext(method: Method, moment: Fault["moment"], applies: Fault["applies"] = () => true): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#faults.push({ method, moment, applies, left: 1, act: () => promise });
    return resolve;
  }

  /** Does something right after the next call of the method took effect, before its answer arrives. */
  afterNext(method: Method, act: () => Promise<void>): void {
    this.#faults.push({ method, moment: "after", applies: () => true, left: 1, act });
  }

  healAll(): void {
    this.#faults.length = 0;
  }

  /** Resolves as soon as it holds; looked at whenever a call begins or ends. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve });
    });
  }

  countOf(method: Method): number {
    return this.calls.filter((call) => call === method).length;
  }

  /** Of each call of the method, oldest first. */
  argumentsOf<Name extends Method>(method: Name): readonly Parameters<GitHub[Name]>[] {
    return (this.#arguments.get(method) ?? []) as Parameters<GitHub[Name]>[];
  }

  openIssue(number: number, issue: Partial<IssueText> = {}): void {
    this.issues.set(number, {
      title: "A link shortener",
      body: "Paste a long URL, get a short one.",
      author: "owner",
      authorIsBot: false,
      labels: ["create_app"],
      open: true,
      ...issue,
    });
  }

  changeRun(runId: string, change: Partial<FakeRun>): void {
    const index = this.runs.findIndex((run) => run.runId === runId);
    const run = this.runs[index];
    if (run === undefined) throw new Error(`changing run ${runId}: it was never dispatched`);
    this.runs[index] = { ...run, ...change };
  }

  changePull(number: number, change: Partial<FakePull>): void {
    this.pulls.set(number, { ...this.#pull(number), ...change });
  }

  /** What conflicted has been merged. */
  #settle(branch: string): void {
    for (const pull of this.pulls.values()) {
      if (pull.branch === branch) this.changePull(pull.pullRequest, { conflicted: false });
    }
  }

  merge(number: number, by: string): void {
    const { branch, base } = this.#pull(number);
    const files = this.#mergedFiles(this.headOf(branch) ?? "", this.headOf(base) ?? "");
    const merged = { sha: `merge-${number}`, mark: "", files };
    this.branches.set(base, [...(this.branches.get(base) ?? []), merged]);
    this.changePull(number, { open: false, merged: true, mergedBy: by, mergeSha: `merge-${number}` });
  }

  /** A person ticks a box of the gate's body, or takes the tick away. */
  tick(number: number, box: number, ticked = true, editor: string | null = null): void {
    const { boxes } = this.#pull(number);
    if (!boxes.some((each) => each.number === box)) throw new Error(`ticking box ${box} of #${number}: there is none`);
    this.changePull(number, { boxes: boxes.map((each) => (each.number === box ? { ...each, ticked } : each)), editor });
  }

  /** The repository's own checks have something new to say of a commit. */
  setCi(sha: string, kind: CiKind, rest: Partial<CiState> = {}): void {
    this.ci.set(sha, { ...ciState(sha, kind), ...rest });
  }

  /** A thread at a line of a document; `comments` may say more than one thing. */
  thread(pullRequest: number, thread: Partial<FakeThread> = {}): string {
    const threadId = `T${this.threads.length + 1}`;
    const comments = [{ by: "owner", byBot: false, byUs: false, text: `Change ${threadId}.` }];
    const place = { path: "docs/01_idea.md", line: 3, hunk: "@@ -0,0 +1,3 @@", resolved: false } as const;
    const whole = { ...place, threadId, pullRequest, request: "change", comments, keys: [] } as const;
    this.threads.push({ ...whole, ...thread });
    return threadId;
  }

  changeThread(threadId: string, change: Partial<FakeThread>): void {
    const index = this.threads.findIndex((thread) => thread.threadId === threadId);
    const thread = this.threads[index];
    if (thread === undefined) throw new Error(`changing thread ${threadId}: there is none`);
    this.threads[index] = { ...thread, ...change };
  }

  changeReview(reviewId: number, change: Partial<FakeReview>): void {
    const index = this.reviews.findIndex((review) => review.reviewId === reviewId);
    const review = this.reviews[index];
    if (review === undefined) throw new Error(`changing review ${reviewId}: there is none`);
    this.reviews[index] = { ...review, ...change };
  }

  /** A person's commit on top of the branch. */
  push(branch: string, path: string, content: string): string {
    const before = this.branches.get(branch) ?? [];
    return this.#commit(branch, before, "", new Map([...(before.at(-1)?.files ?? []), [path, content]]));
  }

  /** A person throws the newest commits of the branch away. */
  forcePush(branch: string, commits: number): void {
    const kept = (this.branches.get(branch) ?? []).slice(0, -commits);
    this.branches.set(branch, kept);
    for (const pull of this.pulls.values()) {
      if (pull.branch === branch && pull.open) this.changePull(pull.pullRequest, { headSha: kept.at(-1)?.sha ?? "" });
    }
  }

  review(pullRequest: number, review: Partial<FakeReview> = {}): number {
    const reviewId = 1_000 + this.reviews.length;
    const { headSha } = this.#pull(pullRequest);
    const whole = {
      reviewId,
      pullRequest,
      by: "owner",
      byBot: false,
      verdict: "approved",
      reviewedSha: headSha,
      body: "",
    } as const;
    this.reviews.push({ ...whole, ...review });
    return reviewId;
  }

  headOf(branch: string): string | null {
    return this.branches.get(branch)?.at(-1)?.sha ?? null;
  }

  /** Marks of the commits that a branch has beyond the base. */
  marksOf(branch: string): readonly string[] {
    return (this.branches.get(branch) ?? []).map(({ mark }) => mark).filter((mark) => mark !== "");
  }

  filesOf(branch: string): ReadonlyMap<string, string> {
    return this.branches.get(branch)?.at(-1)?.files ?? new Map();
  }

  /** Comments of requests, in the order of their making. */
  requests(): readonly RequestShown[] {
    return this.comments.flatMap(({ request }) => (request === null ? [] : [request]));
  }

  /** Somebody adds a secret or a variable, or gives it another value. */
  addName(name: string, updatedAt: string): void {
    this.names = [...(this.names ?? []).filter((each) => each.name !== name), { name, updatedAt }];
  }

  notices(): readonly NoticeRead[] {
    return this.comments.flatMap(({ notice }) => (notice === null ? [] : [notice]));
  }

  /** A person brings the base into the branch, and keeps what the branch says where both changed something. */
  mergeBase(branch: string, base: string): string {
    const [headSha, baseSha] = [this.headOf(branch) ?? "", this.headOf(base) ?? ""];
    const files = this.#mergedFiles(headSha, baseSha);
    return this.#commit(branch, this.branches.get(branch) ?? [], "", files, baseSha);
  }

  /** The newest commit that both have. */
  partedAt({ headSha, baseSha }: { readonly headSha: string; readonly baseSha: string }): string | null {
    const base = new Set(this.#historyOf(baseSha));
    return this.#historyOf(headSha).findLast((sha) => base.has(sha)) ?? null;
  }

  filesAt(sha: string): ReadonlyMap<string, string> {
    return [...this.branches.values()].flat().find((commit) => commit.sha === sha)?.files ?? new Map();
  }

  /** Oldest first; what a commit merged stands before it. */
  #historyOf(sha: string): readonly string[] {
    const line = [...this.branches.values()].find((commits) => commits.some((commit) => commit.sha === sha)) ?? [];
    const upTo = line.slice(0, line.findIndex((commit) => commit.sha === sha) + 1);
    return upTo.flatMap(({ sha: each, mergedSha }) => [
      ...(mergedSha === undefined ? [] : this.#historyOf(mergedSha)),
      each,
    ]);
  }

  /** What the head changed since the two parted, on top of the base. */
  #mergedFiles(headSha: string, baseSha: string): ReadonlyMap<string, string> {
    const [head, before] = [this.filesAt(headSha), this.filesAt(this.partedAt({ headSha, baseSha }) ?? "")];
    const merged = new Map(this.filesAt(baseSha));
    for (const path of new Set([...head.keys(), ...before.keys()])) {
      const content = head.get(path);
      if (content === before.get(path)) continue;
      if (content === undefined) merged.delete(path);
      else merged.set(path, content);
    }
    return merged;
  }

  #methods(): GitHub {
    return {
      permissionOf: async (_repository, login) => this.permissions.get(login) ?? "none",
      readIssue: async (_repository, number) => {
        this.issuesRead.add(number);
        return this.issues.get(number) ?? null;
      },
      readInstallations: async () => [...new Set(this.installed.map(({ installationId }) => installationId))],
      readInstalled: async (id) => this.installed.filter(({ installationId }) => installationId === id),
      openSpecIssue: async (_repository, spec, label) => {
        const there = [...this.issues].find(([, { authorIsBot, title }]) => authorIsBot && title === spec.title);
        const number = there?.[0] ?? 100 + this.issues.size;
        const { title, description: body } = spec;
        const author = { author: "phasegate[bot]", authorIsBot: true };
        if (there === undefined) this.openIssue(number, { title, body, ...author, labels: [label] });
        return { number, title, body };
      },
      onboard: async (repository, { starts, examine, mayOpen }) => {
        if (this.onboarding.kind !== "none") await examine();
        this.onboarded.push({ name: repository.name, forms: ["create_app", "other"].filter(starts), mayOpen });
        return this.onboarding;
      },
      findPublished: async (_repository, branch, changesetId) =>
        this.branches.get(branch)?.find(({ mark }) => mark === changesetId)?.sha ?? null,
      reachOf: async () => this.reach,
      recordHead: async (_repository, name) => this.records.get(name)?.at(-1) ?? null,
      addToRecord: async (_repository, name, { onto, beside, mark, file }) => {
        const commits = this.records.get(name) ?? [];
        if (commits.at(-1)?.commitSha !== onto?.commitSha) throw new Error("GitHub answered 422: not a fast forward");
        const files = [...(beside ? (commits.at(-1)?.files ?? []) : []), file];
        const commitSha = `record-${name}-${commits.length + 1}`;
        this.records.set(name, [...commits, { commitSha, treeSha: `tree of ${commitSha}`, mark, files }]);
      },
      dropRecord: async (_repository, name) => {
        this.records.delete(name);
      },
      listRecords: async () =>
        [...this.records].map(([name, commits]) => ({ name, commitSha: commits.at(-1)?.commitSha ?? "" })),
      readRecord: async (_repository, commitSha) =>
        [...this.records.values()].flat().find((commit) => commit.commitSha === commitSha)?.files ?? [],
      closeIssue: async (_repository, number) => {
        const issue = this.issues.get(number);
        if (issue !== undefined) this.issues.set(number, { ...issue, open: false });
      },
      preflight: async () => ({
        fault: this.preflightFault,
        defaultBranch: "main",
        headSha: this.headOf("main") ?? "",
        ciIsSensitive: this.ciIsSensitive,
        settings: this.settings,
      }),
      readRepositoryFiles: async (_repository, ref) =>
        this.repositoryFiles.get(ref ?? this.headOf(this.defaultBranch) ?? "") ?? { sha: "", files: [] },
      readSettingsFaults: async (_repository, sha) => this.settingsFaults.get(sha) ?? { sha: "", faults: [] },
      showConfigurationCheck: async (_repository, headSha, found) => {
        this.configurationChecks.set(headSha, found);
      },
      readSpecsSha: async (_repository, sha) => {
        const files = [...this.branches.values()].flat().find((commit) => commit.sha === sha)?.files ?? new Map();
        const specs = [...files].filter(([path]) => path.startsWith(".phasegate/specs/active/"));
        return specs.length === 0 ? "" : JSON.stringify(specs);
      },
      showSpecificationsCheck: async (_repository, headSha, found) => {
        this.specificationsChecks.set(headSha, found);
      },
      readSettings: async () => ({
        settings: this.preflightFault?.kind === "settings-invalid" ? defaultSettings : this.settings,
        origins: this.origins,
        faults: this.preflightFault?.kind === "settings-invalid" ? [this.preflightFault.message] : [],
      }),
      dispatchRun: async (_repository, { runId, grants: granted }) => {
        const there = this.runs.find((run) => run.runId === runId);
        if (there !== undefined) return there;
        if (this.refusesDispatch) throw new DispatchRefused("GitHub refused to start the workflow: disabled");
        const workflowRunId = 100 + this.runs.length;
        const url = `https://github.test/runs/${workflowRunId}`;
        const grants = Object.fromEntries(granted.map(({ slot, name }) => [slot, name]));
        const run: FakeRun = { runId, workflowRunId, url, status: "queued", conclusion: null, grants };
        this.runs.push(run);
        return run;
      },
      readRun: async (_repository, workflowRunId) =>
        this.runs.find((run) => run.workflowRunId === workflowRunId) ?? null,
      cancelRun: async (_repository, workflowRunId) => {
        const run = this.runs.find((candidate) => candidate.workflowRunId === workflowRunId);
        if (run === undefined || run.status === "completed") return;
        this.changeRun(run.runId, { status: "completed", conclusion: "cancelled" });
      },
      defaultBranchOf: async () => ({ name: this.defaultBranch, headSha: this.headOf(this.defaultBranch) ?? "" }),
      authorOf: async () => this.lastAuthor,
      headOf: async (_repository, branch) => this.headOf(branch),
      mergeBaseOf: async (_repository, ends) => this.mergeTrees?.mergeBaseSha ?? this.partedAt(ends),
      readMerge: async () => this.mergeTrees,
      publish: async (_repository, { branch, defaultBranch, changesetId, changes, mergedSha }) => {
        const commits = this.branches.get(branch) ?? this.branches.get(defaultBranch) ?? [];
        const there = commits.find(({ mark }) => mark === changesetId);
        if (there !== undefined) return { commitSha: there.sha };
        const head = commits.at(-1);
        if (this.unmerged.length > 0 && mergedSha !== null) return { unmerged: this.unmerged };
        // The merged head can be merged.
        if (mergedSha !== null) this.#settle(branch);
        if (changes.length === 0) return { commitSha: head?.sha ?? "" };
        const before = mergedSha === null ? head?.files : this.#mergedFiles(head?.sha ?? "", mergedSha);
        const files = applied(before ?? new Map(), changes);
        return { commitSha: this.#commit(branch, commits, changesetId, files, mergedSha) };
      },
      mayWriteWorkflows: async () => this.mayWriteWorkflows,
      openGate: async (_repository, { branch, base }) => {
        const there = [...this.pulls.values()].find((pull) => pull.branch === branch && pull.open);
        const pullRequest = there?.pullRequest ?? 31 + this.pulls.size;
        if (there === undefined) {
          const headSha = this.headOf(branch) ?? "";
          const state = {
            open: true,
            merged: false,
            mergedBy: null,
            mergeSha: null,
            draft: true,
            conflicted: false,
            presented: 0,
            boxes: [],
            editor: null,
          };
          this.pulls.set(pullRequest, { ...state, pullRequest, branch, base, headSha });
        }
        return { pullRequest, url: `https://github.test/pull/${pullRequest}`, draft: true };
      },
      makeBranch: async (_repository, branch, sha) => {
        const there = this.headOf(branch);
        if (there !== null) return there;
        const line = [...this.branches.values()].find((commits) => commits.some((commit) => commit.sha === sha)) ?? [];
        const at = line.findIndex((commit) => commit.sha === sha);
        this.branches.set(branch, line.slice(0, at + 1));
        return sha;
      },
      openFinalGate: async (repository, { branch, base, view }) => {
        if (this.headOf(branch) === null || this.headOf(branch) === this.headOf(base)) return null;
        const gate = await this.#methods().openGate(repository, { branch, base, view, phase: 0 });
        this.changePull(gate.pullRequest, { draft: false });
        return { pullRequest: gate.pullRequest, url: gate.url };
      },
      readTree: async (_repository, sha) => {
        const files = this.filesAt(sha);
        return { paths: [...files.keys()], read: async (path) => files.get(path) ?? null };
      },
      presentGate: async (repository, gate) => {
        const pull = this.#gateOf(gate.view, gate.phase);
        if (pull.open && gate.ready && !gate.ciLater) {
          // What is presented is what was verified, whoever approved what before.
          const phases = gate.view.task.phases.map((phase) =>
            phase.gate === null ? phase : { ...phase, gate: { ...phase.gate, approvedSha: null } },
          );
          const view = { ...gate.view, task: { ...gate.view.task, phases } };
          await this.#methods().releaseCi(repository, { ...gate, view });
        }
        const { draft, presented, boxes } = this.#pull(pull.pullRequest);
        this.changePull(pull.pullRequest, {
          presented: presented + 1,
          boxes: boxesOf(gate.view, gate.phase, boxes),
          draft: draft && !(pull.open && gate.ready),
        });
        return { headSha: this.headOf(gate.branch) ?? "" };
      },
      releaseCi: async (_repository, { view, phase, branch }) => {
        const attempt = view.task.phases.find((each) => each.phase === phase)?.verification?.attempt ?? 1;
        const mark = `verified:${phase}/${attempt}`;
        const commits = this.branches.get(branch) ?? [];
        const there = commits.find((commit) => commit.mark === mark);
        if (there !== undefined) return there.sha;
        const approved = view.task.phases.find((each) => each.phase === phase)?.gate?.approvedSha ?? null;
        if (commits.length === 0 || (approved !== null && this.headOf(branch) !== approved)) return null;
        return this.#commit(branch, commits, mark, commits.at(-1)?.files ?? new Map());
      },
      readGate: async (_repository, pullRequest) => this.pulls.get(pullRequest) ?? null,
      reopenGate: async (_repository, pullRequest) => {
        if (!this.#pull(pullRequest).merged) this.changePull(pullRequest, { open: true });
      },
      closeGate: async (_repository, pullRequest) => {
        if (!this.#pull(pullRequest).merged) this.changePull(pullRequest, { open: false });
      },
      readReviews: async (_repository, pullRequest) =>
        this.reviews.filter((review) => review.pullRequest === pullRequest),
      readThreads: async (_repository, pullRequest) =>
        this.threads.filter((thread) => thread.pullRequest === pullRequest),
      answerThread: async (_repository, { threadId, key, answer, resolve }) => {
        const thread = this.threads.find((candidate) => candidate.threadId === threadId);
        if (thread === undefined) return;
        const said = { by: "phasegate[bot]", byBot: true, byUs: true, text: `${answer.kind}: ${answer.text}` };
        const isNew = !thread.keys.includes(key);
        if (isNew) this.answers.push({ threadId, kind: answer.kind, commitSha: answer.commitSha });
        this.changeThread(threadId, {
          resolved: thread.resolved || resolve,
          keys: isNew ? [...thread.keys, key] : thread.keys,
          comments: isNew ? [...thread.comments, said] : thread.comments,
        });
      },
      requestReview: async (_repository, pullRequest, logins) => {
        for (const login of logins) {
          const isThere = this.reviewRequests.some((each) => each.pullRequest === pullRequest && each.login === login);
          if (!isThere) this.reviewRequests.push({ pullRequest, login });
        }
      },
      requiresReview: async () => this.requiresReview,
      deleteBranch: async (_repository, branch) => {
        this.branches.delete(branch);
      },
      failedDeliveries: async (since, limit) =>
        this.#deliveriesSince(since)
          .filter(({ arrived }) => arrived !== true)
          .slice(0, limit),
      arrivedDeliveries: async (since) => this.#deliveriesSince(since).filter(({ arrived }) => arrived === true),
      // What was sent once stays in GitHub's list, and may be sent again.
      redeliver: async (deliveryId) => {
        await this.deliveries.find((delivery) => delivery.deliveryId === deliveryId)?.send();
      },
      showStatus: async (_repository, view) => {
        const { task } = view;
        this.views.set(task.taskId, view);
        this.shown.push(`${task.taskId}: ${task.status}${task.blockedBy === null ? "" : `, ${task.blockedBy.kind}`}`);
        this.#comment(task.issue.number, `status:${task.taskId}`, { notice: null, request: null });
      },
      readEnvelope: async (_repository, workflowRunId) => this.envelopes.get(workflowRunId) ?? null,
      notify: async (_repository: Repository, issueNumber, key, notice) => {
        const read = notice.kind === "refused" ? { ...notice, reason: inEnglish(notice.reason) } : notice;
        this.#comment(issueNumber, key, { notice: read, request: null });
      },
      showRequest: async (_repository, { task, key, request }) => {
        this.#comment(task.issue.number, `request:${key}`, { notice: null, request });
      },
      showFaults: async (_repository, issueNumber, key, faults) => {
        const index = this.forms.findIndex((form) => form.key === key);
        if (index === -1 && faults.length === 0) return;
        this.forms.splice(index === -1 ? this.forms.length : index, 1, { issueNumber, key, faults });
      },
      listNames: async () => this.names,
      showCheck: async (_repository, { view, phase, branch }) => {
        const headSha = this.headOf(branch);
        const progress = view.task.phases.find((each) => each.phase === phase);
        if (headSha === null || phase === null || progress === undefined) return;
        const passed = progress.verification?.passed;
        const said = passed === undefined ? null : passed ? "passed" : "failed";
        const verified = progress.accepted === null ? said : "accepted";
        this.checks.set(headSha, { headSha, phase, verified, shown: (this.checks.get(headSha)?.shown ?? 0) + 1 });
      },
      setVetoBoxes: async (_repository, pullRequest, boxes) => {
        const wanted = new Map(boxes.map(({ attempt, number, ticked }) => [`${attempt}:${number}`, ticked]));
        const { boxes: before } = this.#pull(pullRequest);
        const after = before.map((box) => ({
          ...box,
          ticked: wanted.get(`${box.attempt}:${box.number}`) ?? box.ticked,
        }));
        this.changePull(pullRequest, { boxes: after });
      },
      lastEditorOf: async (_repository, pullRequest) => this.#pull(pullRequest).editor,
      readVetoBoxes: async (_repository, pullRequest) => this.pulls.get(pullRequest)?.boxes ?? [],
      readCi: async (_repository, { sha }) => this.ci.get(sha) ?? ciState(sha, this.ciDefault),
      readFailedLogs: async (_repository, sha) => this.failedLogs.get(sha) ?? [],
      mergeGate: async (_repository, { pullRequest, headSha }) => {
        const pull = this.#pull(pullRequest);
        if (pull.merged) return { kind: "merged", mergeSha: pull.mergeSha ?? "" };
        const answer = this.mergeAnswers.shift();
        if (answer !== undefined && answer.kind !== "merged") return answer;
        if (!pull.open || pull.draft) return { kind: "refused", message: "the pull request is closed, or a draft" };
        if (pull.headSha !== headSha) return { kind: "refused", message: "the head of the branch has moved" };
        this.merge(pullRequest, "phasegate[bot]");
        return { kind: "merged", mergeSha: `merge-${pullRequest}` };
      },
      hideComment: async (_repository, commentNodeId) => {
        if (this.refusesToHide) return false;
        if (!this.hidden.includes(commentNodeId)) this.hidden.push(commentNodeId);
        return true;
      },
    };
  }

  /** A notice stays as it is; a request is brought up to date. */
  /** Newest first. */
  #deliveriesSince(since: string): readonly FakeDelivery[] {
    return this.deliveries.filter(({ at }) => at >= since).toReversed();
  }

  #comment(issueNumber: number, key: string, said: Pick<FakeComment, "notice" | "request">): void {
    const at = this.comments.findIndex((comment) => comment.issueNumber === issueNumber && comment.key === key);
    if (at === -1) this.comments.push({ issueNumber, key, ...said });
    else if (said.request !== null) this.comments[at] = { issueNumber, key, ...said };
  }

  #commit(
    branch: string,
    before: readonly Commit[],
    mark: string,
    files: ReadonlyMap<string, string>,
    mergedSha: string | null = null,
  ): string {
    const sha = `sha-${(this.#serial += 1)}`;
    const commit = { sha, mark, files, ...(mergedSha === null ? {} : { mergedSha }) };
    this.branches.set(branch, [...before, commit]);
    for (const pull of this.pulls.values()) {
      if (pull.branch === branch && pull.open) this.changePull(pull.pullRequest, { headSha: sha });
    }
    return sha;
  }

  #gateOf({ task }: TaskView, phase: number): FakePull {
    const pullRequest = task.phases.find((each) => each.phase === phase)?.gate?.pullRequest;
    if (pullRequest === undefined) throw new Error(`presenting phase ${phase}: it has no gate`);
    return this.#pull(pullRequest);
  }

  #pull(number: number): FakePull {
    const pull = this.pulls.get(number);
    if (pull === undefined) throw new Error(`pull request #${number}: there is none`);
    return pull;
  }

  async #fail(name: string | symbol, moment: Fault["moment"], args: readonly unknown[]): Promise<void> {
    const fault = this.#faults.find(
      (each) => each.left > 0 && each.method === name && each.moment === moment && each.applies(args),
    );
    if (fault === undefined) return;
    fault.left -= 1;
    await fault.act();
  }

  #lookAround(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.holds()) waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}

function ciState(sha: string, kind: CiKind): CiState {
  const failed = kind === "red" ? [{ name: "test", url: `https://github.test/checks/${sha}` }] : [];
  return { kind, reason: kind === "never-started" ? "its workflow is disabled" : null, failed };
}

/** Written anew, with the ticks of people that nobody has heard yet. */
function boxesOf({ task }: TaskView, phase: number, before: readonly VetoBox[]): readonly VetoBox[] {
  const decisions = task.phases.find((each) => each.phase === phase)?.decisions;
  return (decisions?.list ?? []).map(({ number, veto }) => {
    const { attempt = 1 } = decisions ?? {};
    const isTicked = before.some((box) => box.attempt === attempt && box.number === number && box.ticked);
    return { attempt, number, ticked: isTicked || veto !== null, writtenTicked: veto !== null };
  });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function applied(files: ReadonlyMap<string, string>, changes: readonly Change[]): ReadonlyMap<string, string> {
  const after = new Map(files);
  for (const change of changes) {
    if (change.kind === "deleted") after.delete(change.path);
    else after.set(change.path, Buffer.from(change.content).toString("utf8"));
  }
  return after;
}
