import type { Change } from "../../core/change.ts";
import type { CiState } from "../../core/ci.ts";
import type { Repository } from "../../core/events.ts";
import type { ChangesetId, RunId, TaskId } from "../../core/ids.ts";
import type { InputFault } from "../../core/input-fault.ts";
import type { BlockReason } from "../../core/outcome.ts";
import type { Tree } from "../../core/report.ts";
import type { SettingsFound, TaskSettings } from "../../core/settings.ts";
import type { SpecificationsFound, SpecToStart } from "../../core/spec-to-start.ts";
import type { ExistingTask } from "../../core/state.ts";
import type { ConfigurationFound, RepositoryFiles, SettingsFaults } from "./configuration.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { GateState, MergeResult, MergeTrees, ReviewState, ThreadState, VetoBox } from "./gates.ts";
import type { AnswerShown, Notice, RequestShown, Spoken } from "./notices.ts";
import type { RecordFile, RecordHead, RecordMark } from "./records.ts";
import type { CheckShown, TaskView } from "./task-view.ts";

export type Permission = "admin" | "write" | "read" | "none";

export interface IssueText {
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly authorIsBot: boolean;
  readonly labels: readonly string[];
  readonly open: boolean;
}

/** What must be so before a run can start. Null where all is well. */
export interface Preflight {
  readonly fault: Extract<
    BlockReason,
    { kind: "no-workflow-file" | "actions-disabled" | "no-model-secret" | "empty-repository" | "settings-invalid" }
  > | null;
  readonly defaultBranch: string;
  /** Head of the default branch; empty where the repository is empty. */
  readonly headSha: string;
  /** True where a workflow on push or pull_request reads secrets or has a write token (Q29). */
  readonly ciIsSensitive: boolean;
  /** Of `.github/phasegate.yml`; the defaults where there is none, or it can't be read (then `fault` says so). */
  readonly settings: TaskSettings;
}

export interface WorkflowRun {
  readonly workflowRunId: number;
  readonly url: string;
  readonly status: "queued" | "in_progress" | "completed";
  readonly conclusion: string | null;
}

/** One changeset to be put on a phase branch. */
export interface Publication {
  readonly branch: string;
  readonly defaultBranch: string;
  readonly changesetId: ChangesetId;
  readonly taskId: TaskId;
  /** First line of the commit; the publisher adds `[skip ci]` and the trailers. */
  readonly message: string;
  readonly changes: readonly Change[];
  /** The commit of the base that the changeset was made on and is merged with; null for most. */
  readonly mergedSha: string | null;
}

/** A secret or a variable, of which only the name is ever read. */
export interface NamesSeen {
  readonly name: string;
  readonly updatedAt: string;
}

export interface WebhookDelivery {
  readonly deliveryId: number;
  /** Of the event: the same for each try. */
  readonly guid: string;
}

/** What came of the pull request that sets a repository up. */
export type Onboarding =
  | { readonly kind: "opened" | "updated"; readonly pullRequest: number }
  | {
      readonly kind: "none";
      readonly why: "no-access" | "empty" | "read-only" | "set-up" | "closed-before" | "not-open" | "nothing-to-add";
    };

/** GitHub's answer that another try cannot change; the message is shown to people. */
export class DispatchRefused extends Error {
  override name = "DispatchRefused";
}

/** Every method is safe to repeat: it looks for what an earlier try left behind before it writes. */
export interface GitHub {
  permissionOf(repository: Repository, login: string): Promise<Permission>;
  readIssue(repository: Repository, number: number): Promise<IssueText | null>;
  /** The issue of a specification, made once for each id, with the label. */
  openSpecIssue(
    repository: Repository,
    spec: SpecToStart,
    label: string,
    spoken: Spoken,
  ): Promise<{ readonly number: number; readonly title: string; readonly body: string }>;
  /** As completed. One that is closed or gone is left as it is. */
  closeIssue(repository: Repository, number: number): Promise<void>;
  preflight(repository: Repository): Promise<Preflight>;
  /** Of the default branch as it is now, and of the repository's owner. */
  readSettings(repository: Repository): Promise<SettingsFound>;
  /** What a commit has in `.github/phasegate/`; null asks for the default branch as it is now. */
  readRepositoryFiles(repository: Repository, ref: string | null): Promise<RepositoryFiles>;
  /** What would be wrong with the repository's settings, were this commit the head of the default branch. */
  readSettingsFaults(repository: Repository, sha: string): Promise<SettingsFaults>;
  /** Makes the check run that says what is wrong with a commit's configuration. Nothing where the app was not given the right. */
  showConfigurationCheck(
    repository: Repository,
    headSha: string,
    found: ConfigurationFound,
    spoken: Spoken,
  ): Promise<void>;
  /** Of the folder of those that are worked on, in a commit: the same for the same files, empty where there is none. */
  readSpecsSha(repository: Repository, sha: string): Promise<string>;
  /** Makes the check run that says what is wrong with a commit's specifications. Nothing where the app was not given the right. */
  showSpecificationsCheck(
    repository: Repository,
    headSha: string,
    found: SpecificationsFound,
    spoken: Spoken,
  ): Promise<void>;
  /** Throws `DispatchRefused` where GitHub will not, for a reason that a person must mend. */
  dispatchRun(
    repository: Repository,
    run: {
      readonly runId: RunId;
      readonly taskId: TaskId;
      readonly phase: string;
      readonly ref: string;
      /** Names of granted secrets or variables, each in its slot (Q28). */
      readonly grants: readonly { readonly slot: number; readonly name: string }[];
    },
  ): Promise<WorkflowRun>;
  /** Secrets and variables of the repository, and those that its organisation lends it: names alone. Null where the app may read none of them. */
  listNames(repository: Repository): Promise<readonly NamesSeen[] | null>;
  readRun(repository: Repository, workflowRunId: number): Promise<WorkflowRun | null>;
  /** Sealed, as the runner left it with its workflow run; null where there is none. */
  readEnvelope(repository: Repository, workflowRunId: number, runId: RunId): Promise<Uint8Array | null>;
  cancelRun(repository: Repository, workflowRunId: number): Promise<void>;
  defaultBranchOf(repository: Repository): Promise<{ readonly name: string; readonly headSha: string }>;
  /** Login of whoever wrote a commit; null where GitHub knows nobody by its address. */
  authorOf(repository: Repository, sha: string): Promise<string | null>;
  /** Head of a branch; null where there is none. */
  headOf(repository: Repository, branch: string): Promise<string | null>;
  /**
   * `replaced` names files that would vanish unsaid, since a written file takes the place of their folder or they stand in its
   * way; `unmerged` those that both sides of a merge changed and the changeset says nothing of.
   */
  publish(
    repository: Repository,
    publication: Publication,
  ): Promise<
    { readonly commitSha: string } | { readonly replaced: readonly string[] } | { readonly unmerged: readonly string[] }
  >;
  /** The commit of a changeset that was published; null where the branch has none. */
  findPublished(repository: Repository, branch: string, changesetId: ChangesetId): Promise<string | null>;
  /** The commit where a head and a base parted; null where they have none in common. */
  mergeBaseOf(
    repository: Repository,
    ends: { readonly headSha: string; readonly baseSha: string },
  ): Promise<string | null>;
  /** The same with all files of the three. */
  readMerge(
    repository: Repository,
    ends: { readonly headSha: string; readonly baseSha: string },
  ): Promise<MergeTrees | null>;
  /** Whether the installation gives the optional right to write workflow files (Q31). */
  mayWriteWorkflows(repository: Repository): Promise<boolean>;
  openGate(
    repository: Repository,
    gate: { readonly branch: string; readonly base: string; readonly view: TaskView; readonly phase: number },
  ): Promise<{ readonly pullRequest: number; readonly url: string; readonly draft: boolean }>;
  /** Makes the branch at that commit, unless it is there. Answers its head. */
  makeBranch(repository: Repository, branch: string, sha: string): Promise<string>;
  /** The pull request of a task's own branch (Q6), open or new; null where the base has all that is on it. */
  openFinalGate(
    repository: Repository,
    gate: { readonly branch: string; readonly base: string; readonly view: TaskView },
  ): Promise<{ readonly pullRequest: number; readonly url: string } | null>;
  readTree(repository: Repository, sha: string): Promise<Tree>;
  /** Writes the body; with `ready` also the commit that lets CI run (unless `ciLater`), and the end of the draft. Answers the head. */
  presentGate(
    repository: Repository,
    gate: {
      readonly view: TaskView;
      readonly phase: number;
      readonly ready: boolean;
      readonly branch: string;
      readonly ciLater: boolean;
    },
  ): Promise<{ readonly headSha: string }>;
  /** The commit that lets CI run on the head that was approved (Q29). Answers its sha; null where none is needed, or the branch is gone. */
  releaseCi(
    repository: Repository,
    gate: { readonly view: TaskView; readonly phase: number; readonly branch: string },
  ): Promise<string | null>;
  readGate(repository: Repository, pullRequest: number): Promise<GateState | null>;
  reopenGate(repository: Repository, pullRequest: number): Promise<void>;
  closeGate(repository: Repository, pullRequest: number): Promise<void>;
  /** All reviews of the pull request, oldest first. */
  readReviews(repository: Repository, pullRequest: number): Promise<readonly ReviewState[]>;
  /** All threads, resolved ones included, in the order of their beginning. */
  readThreads(repository: Repository, pullRequest: number): Promise<readonly ThreadState[]>;
  /** Replies in the thread, once for each key, and resolves it where asked. A thread that is gone is left alone. */
  answerThread(
    repository: Repository,
    reply: {
      readonly pullRequest: number;
      readonly threadId: string;
      readonly key: string;
      readonly answer: AnswerShown;
      readonly resolve: boolean;
      readonly spoken: Spoken;
    },
  ): Promise<void>;
  /** Asks these people for a new review; whoever cannot review is left out. */
  requestReview(repository: Repository, pullRequest: number, logins: readonly string[]): Promise<void>;
  /** True where a rule of the branch wants a review before a merge. */
  requiresReview(repository: Repository, pullRequest: number): Promise<boolean>;
  /** Nothing where it is gone. */
  deleteBranch(repository: Repository, branch: string): Promise<void>;
  /** Creates or edits the one status comment, pins it where GitHub offers that, and sets the one label `phasegate:*`. */
  showStatus(repository: Repository, view: TaskView): Promise<void>;
  /** Deliveries of the app's webhook since then, newest first, without those that arrived; at most as many. */
  failedDeliveries(since: string, limit: number): Promise<readonly WebhookDelivery[]>;
  /** Those since then that arrived, newest first. */
  arrivedDeliveries(since: string): Promise<readonly WebhookDelivery[]>;
  redeliver(deliveryId: number): Promise<void>;
  notify(
    repository: Repository,
    issueNumber: number,
    key: string,
    notice: Notice,
    spoken: Spoken | null,
  ): Promise<void>;
  /** Makes the comment of a request, or brings it up to date; found again by its key, which is the id of the request. */
  showRequest(
    repository: Repository,
    shown: { readonly task: ExistingTask; readonly key: string; readonly request: RequestShown },
  ): Promise<void>;
  /**
   * Makes the comment that says what an issue's form lacks, or brings it up to date, found again by its key. With no faults
   * it says so where it is there, and is not made.
   */
  showFaults(
    repository: Repository,
    issueNumber: number,
    key: string,
    faults: readonly InputFault[],
    spoken: Spoken | null,
  ): Promise<void>;
  /** Makes the check run of the gate's head, or brings it up to date. Nothing where the app was not given the right. */
  showCheck(repository: Repository, check: CheckShown): Promise<void>;
  /** The boxes in the gate's body as it is now; empty where the body has none, or the gate is gone. */
  readVetoBoxes(repository: Repository, pullRequest: number): Promise<readonly VetoBox[]>;
  /** Ticks these boxes, or takes their ticks away; the rest of the body stays. */
  setVetoBoxes(
    repository: Repository,
    pullRequest: number,
    boxes: readonly Pick<VetoBox, "attempt" | "number" | "ticked">[],
  ): Promise<void>;
  /** The person who last edited the pull request's text; null where GitHub names none. */
  lastEditorOf(repository: Repository, pullRequest: number): Promise<string | null>;
  /**
   * What the repository's own checks say of a commit: check runs of other apps, commit statuses, workflow runs.
   * `releasedAt`: since when its workflows may run on it; with `never-started` nobody waits any longer than a few minutes.
   */
  readCi(
    repository: Repository,
    head: { readonly sha: string; readonly branch: string; readonly releasedAt: string; readonly now: string },
  ): Promise<CiState>;
  /** The end of the logs of the jobs that failed on a commit, bounded; data. */
  readFailedLogs(
    repository: Repository,
    sha: string,
  ): Promise<readonly { readonly name: string; readonly log: string }[]>;
  /** Merges with a method that the repository allows, and only this head. */
  mergeGate(
    repository: Repository,
    gate: { readonly pullRequest: number; readonly headSha: string; readonly view: TaskView; readonly phase: number },
  ): Promise<MergeResult>;
  /** Ids of all installations of the app that are not suspended. */
  readInstallations(): Promise<readonly number[]>;
  /** Repositories of an installation, as they are now. */
  readInstalled(installationId: number): Promise<readonly Repository[]>;
  /** Makes the pull request that sets a repository up, or brings it up to date where it is open. */
  onboard(
    repository: Repository,
    wanted: {
      /** Whether the label starts a task of this app: only then its form is offered. */
      readonly starts: (label: string) => boolean;
      /** Asked only where there is a pull request to write it into. */
      readonly examine: () => Promise<readonly Diagnosis[]>;
      /** False: an open one is brought up to date, and none is made. */
      readonly mayOpen: boolean;
    },
  ): Promise<Onboarding>;
  /** What the app can do in a repository; `none` where it is gone, or the app is not there any more, or suspended. */
  reachOf(repository: Repository): Promise<"writable" | "read-only" | "none">;
  /** The newest commit of the record of that name; null where there is none. */
  recordHead(repository: Repository, name: string): Promise<RecordHead | null>;
  /**
   * Puts one commit on the record of that name, and makes it where `onto` is null. The file lies beside those of `onto` where
   * `beside` says so, else instead of them. Fails where somebody else was faster. Nothing in a repository without a commit.
   */
  addToRecord(
    repository: Repository,
    name: string,
    addition: {
      readonly onto: RecordHead | null;
      readonly beside: boolean;
      readonly mark: RecordMark;
      readonly file: RecordFile;
    },
  ): Promise<void>;
  /** Nothing where there is none. */
  dropRecord(repository: Repository, name: string): Promise<void>;
  /** The records of all tasks. */
  listRecords(repository: Repository): Promise<readonly { readonly name: string; readonly commitSha: string }[]>;
  /** The files of one commit of a record, by their names. */
  readRecord(repository: Repository, commitSha: string): Promise<readonly RecordFile[]>;
  /** Hides a comment; false where GitHub will not. */
  hideComment(repository: Repository, commentNodeId: string): Promise<boolean>;
}
