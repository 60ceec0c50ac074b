import { RetryLater } from "../control/ports/retry-later.ts";
import type { TaskView } from "../control/ports/task-view.ts";
import type { Repository } from "../core/events.ts";
import type { Language } from "../core/task-input.ts";
import { outlineOfPhase } from "../core/state.ts";
import type { Api } from "./api.ts";
import { commitOnBranch, findCommit, messageOf } from "./branch-commits.ts";
import { readPull, updatePull } from "./gate-state.ts";
import { withOwnPart } from "./own-part.ts";
import { headOf, nameOf, pathOf } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { hasTrailer, trailers, verifiedCommitMessage } from "./texts/commits.ts";
import { gateBody, gateTitle, finishedTitle, type GateFacts } from "./texts/gate.ts";
import { linksOf } from "./texts/links.ts";
import { languageOf, sayIn } from "./texts/words.ts";
import { keepTicks } from "./veto-boxes.ts";

const filesPerPage = 100;
const filePagesMax = 3;
/** A branch that was just made is not known everywhere at once. */
export const branchAppearsMs = 5_000;

/** What a gate's texts need beside the task. */
export interface GateSettings {
  readonly webUrl: string;
  /** Of texts where neither a task nor its repository says (Q22). */
  readonly language: Language;
  /** `owner/repository@sha`: where guides are read. */
  readonly actionRef: string;
}

export interface OpenedGate {
  readonly pullRequest: number;
  readonly url: string;
  readonly draft: boolean;
}

/** The open pull request of the branch, or a new one: as a draft, where the repository's plan has drafts. */
export async function openGate(
  api: Api,
  settings: GateSettings,
  repository: Repository,
  gate: { readonly branch: string; readonly base: string; readonly view: TaskView; readonly phase: number },
): Promise<OpenedGate> {
  const there = await findOpenPull(api, repository, gate);
  if (there !== null) return there;
  try {
    return await createPull(api, settings, repository, gate, { draft: true });
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.status !== 422) throw error;
    if (/draft/iu.test(error.reason)) return createPull(api, settings, repository, gate, { draft: false });
    // Made by an earlier try after our look, or the branch is not known yet to the server that we asked.
    const made = await findOpenPull(api, repository, gate);
    if (made !== null) return made;
    if (/no commits between|head invalid/iu.test(error.reason)) {
      throw new RetryLater(error.message, branchAppearsMs, { cause: error });
    }
    throw error;
  }
}

export async function findOpenPull(
  api: Api,
  repository: Repository,
  { branch, base }: { readonly branch: string; readonly base: string },
): Promise<OpenedGate | null> {
  const { data } = await api.read({
    repository,
    permissions: { pull_requests: "read" },
    doing: `looking for the pull request of ${branch} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.pulls.list({ ...pathOf(repository), state: "open", head: `${repository.owner}:${branch}`, base }),
  });
  const found = data.find((pull) => pull.head.ref === branch);
  return found === undefined ? null : openedFrom(found);
}

async function createPull(
  api: Api,
  settings: GateSettings,
  repository: Repository,
  gate: { readonly branch: string; readonly base: string; readonly view: TaskView; readonly phase: number },
  { draft }: { readonly draft: boolean },
): Promise<OpenedGate> {
  const { view, phase } = gate;
  const say = sayIn(languageOf(view.task, settings.language));
  const { data } = await api.write({
    repository,
    // Making a pull request reads both branches.
    permissions: { pull_requests: "write", contents: "read" },
    doing: `opening the pull request of ${gate.branch} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.pulls.create({
        ...pathOf(repository),
        head: gate.branch,
        base: gate.base,
        title: gateTitle(view, phase, { unfinished: !draft }, say),
        body: withOwnPart(
          gateBody({
            view,
            phase,
            links: linksOf(settings.webUrl, repository, settings.actionRef),
            say,
            ready: false,
            delivered: null,
          }),
          say,
        ),
        draft,
      }),
  });
  return openedFrom(data);
}

function openedFrom(pull: {
  readonly number: number;
  readonly html_url: string;
  readonly draft?: boolean;
}): OpenedGate {
  return { pullRequest: pull.number, url: pull.html_url, draft: pull.draft ?? false };
}

/** Writes the body; with `ready` also the commit that lets CI run (unless `ciLater`), and the end of the draft. */
export async function presentGate(
  api: Api,
  settings: GateSettings,
  repository: Repository,
  gate: {
    readonly view: TaskView;
    readonly phase: number;
    readonly ready: boolean;
    readonly branch: string;
    readonly ciLater: boolean;
  },
): Promise<{ readonly headSha: string }> {
  const { view, phase } = gate;
  const pullRequest = view.task.phases.find((candidate) => candidate.phase === phase)?.gate?.pullRequest;
  if (pullRequest === undefined) throw new Error(`presenting phase ${phase} of ${nameOf(repository)}: it has no gate`);
  const pull = await readPull(api, repository, pullRequest);
  if (pull === null) throw new Error(`presenting #${pullRequest} of ${nameOf(repository)}: it is gone`);
  const open = pull.state === "open";
  const verified = open && gate.ready && !gate.ciLater ? await release(api, repository, gate, null) : null;
  const headSha = verified?.head ?? pull.head.sha;
  const { files, complete } = await readDelivered(api, repository, pullRequest);
  const say = sayIn(languageOf(view.task, settings.language));
  const facts: GateFacts = {
    view,
    phase,
    links: linksOf(settings.webUrl, repository, settings.actionRef),
    say,
    ready: gate.ready,
    delivered: { headSha, files, complete, ciLater: gate.ciLater },
  };
  // Read as late as can be: what somebody ticks or writes between this and the edit is lost.
  const current = (await readPull(api, repository, pullRequest)) ?? pull;
  const body = withOwnPart(keepTicks(gateBody(facts), current.body ?? ""), say, current.body ?? "");
  const title = gate.ready ? finishedTitle(current.title) : current.title;
  if (open && gate.ready && current.draft === true) {
    await endDraft(api, repository, pullRequest, { pullRequestId: current.node_id, body, title });
  } else if (body !== current.body || title !== current.title) {
    await updatePull(api, repository, pullRequest, { body, title });
  }
  return { headSha };
}

/**
 * The commit that lets CI run, or the one that is there already: step commits carry `[skip ci]` (Q29).
 * Answers its sha. Null where there is none: the branch is gone, or a person pushed to it after the approval, which
 * starts CI by itself.
 */
export async function releaseCi(
  api: Api,
  repository: Repository,
  gate: { readonly view: TaskView; readonly phase: number; readonly branch: string },
): Promise<string | null> {
  const { released } = await release(api, repository, gate, approvedShaOf(gate));
  return released;
}

function approvedShaOf({ view, phase }: { readonly view: TaskView; readonly phase: number }): string | null {
  return view.task.phases.find((candidate) => candidate.phase === phase)?.gate?.approvedSha ?? null;
}

/** `onlyOn` is the head that was approved; null where whatever is there may be released. */
async function release(
  api: Api,
  repository: Repository,
  gate: { readonly view: TaskView; readonly phase: number; readonly branch: string },
  onlyOn: string | null,
): Promise<{ readonly released: string | null; readonly head: string | null }> {
  const { task } = gate.view;
  const attempt = task.phases.find((candidate) => candidate.phase === gate.phase)?.verification?.attempt ?? 1;
  const isOurs = (message: string) =>
    // Both: the same phase and attempt of another task may lie in the history of the default branch.
    hasTrailer(message, trailers.task, task.taskId) &&
    hasTrailer(message, trailers.verified, `${gate.phase}/${attempt}`);
  const listed = await findCommit(api, repository, gate.branch, isOurs);
  const head = await headOf(api, repository, gate.branch);
  // The list may lag behind the branch.
  const there = listed ?? (head !== null && isOurs(await messageOf(api, repository, head)) ? head : null);
  // A person's commits on top of it start CI by themselves.
  if (there !== null || head === null || (onlyOn !== null && head !== onlyOn)) return { released: there, head };
  const released = await commitOnBranch(api, repository, {
    branch: gate.branch,
    startBranch: gate.branch,
    message: verifiedCommitMessage({
      phase: gate.phase,
      phaseTitle: outlineOfPhase(task, gate.phase).title,
      issue: task.issue.number,
      taskId: task.taskId,
      attempt,
    }),
    allowEmpty: true,
    treeOf: async ({ treeSha }) => treeSha,
  });
  return { released, head: released };
}

async function readDelivered(api: Api, repository: Repository, pullRequest: number) {
  const files: { path: string; deleted: boolean }[] = [];
  for (let page = 1; page <= filePagesMax; page += 1) {
    const { data } = await api.read({
      repository,
      permissions: { pull_requests: "read" },
      doing: `reading the files of #${pullRequest} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.pulls.listFiles({
          ...pathOf(repository),
          pull_number: pullRequest,
          per_page: filesPerPage,
          page,
        }),
    });
    files.push(...data.map(({ filename, status }) => ({ path: filename, deleted: status === "removed" })));
    if (data.length < filesPerPage) return { files, complete: true };
  }
  return { files, complete: false };
}

const markReady = `mutation EndDraft($text: UpdatePullRequestInput!, $ready: MarkPullRequestReadyForReviewInput!) {
  updatePullRequest(input: $text) { pullRequest { number } }
  markPullRequestReadyForReview(input: $ready) { pullRequest { isDraft } }
}`;

/** REST cannot end a draft. The text goes along in the same request, first: who is called to review finds it written. */
async function endDraft(
  api: Api,
  repository: Repository,
  pullRequest: number,
  text: { readonly pullRequestId: string; readonly body: string; readonly title: string },
): Promise<void> {
  await api.write({
    repository,
    // With pull_requests alone GitHub has been seen to refuse it.
    permissions: { pull_requests: "write", contents: "write" },
    doing: `marking #${pullRequest} of ${nameOf(repository)} as ready`,
    send: (octokit) => octokit.graphql(markReady, { text, ready: { pullRequestId: text.pullRequestId } }),
  });
}
