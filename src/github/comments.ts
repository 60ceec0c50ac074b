import type { GitHub } from "../control/ports/github.ts";
import type { Notice, RequestShown, Spoken } from "../control/ports/notices.ts";
import type { Log } from "../control/ports/surroundings.ts";
import type { TaskView } from "../control/ports/task-view.ts";
import type { Repository } from "../core/events.ts";
import type { Language } from "../core/task-input.ts";
import type { InputFault } from "../core/input-fault.ts";
import type { TaskId } from "../core/ids.ts";
import { isSettled, openDependenciesOf, openQuestionsOf, type ExistingTask } from "../core/state.ts";
import type { Api } from "./api.ts";
import { markedBody, markerOf } from "./marker.ts";
import { nameOf, pathOf, readOrNull, readRepository } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { createStateLabels } from "./state-label.ts";
import type { BlockContext } from "./texts/blocked.ts";
import { createTurns } from "./turns.ts";
import { linksOf } from "./texts/links.ts";
import { formText } from "./texts/form.ts";
import { noticeText } from "./texts/notices.ts";
import { requestText } from "./texts/requests.ts";
import { statusText } from "./texts/status.ts";
import { languageOf, sayIn, type Say } from "./texts/words.ts";

const commentsPerPage = 100;
const commentPagesMax = 30;
const rememberedMax = 1_000;

export interface CommentSettings {
  readonly appId: number;
  readonly appUrl: string;
  readonly webUrl: string;
  /** Of texts where neither a task nor its repository says (Q22). */
  readonly language: Language;
  readonly workflowFile: string;
  readonly actionRef: string;
  readonly log: Log;
  readonly appSlug: () => Promise<string>;
}

export interface Comments {
  /** Creates or edits the one status comment of the task, and its label; writes nothing where they say the same already. */
  showStatus(repository: Repository, view: TaskView): Promise<void>;
  /** Writes the comment once for each key. */
  notify: GitHub["notify"];
  /** Creates or edits the one comment on what a form lacks; without faults it only edits. */
  showFaults: GitHub["showFaults"];
  /** Creates or edits the one comment of a request; writes nothing where it says the same already. */
  showRequest(repository: Repository, shown: RequestToShow): Promise<void>;
}

interface RequestToShow {
  readonly task: ExistingTask;
  readonly key: string;
  readonly request: RequestShown;
}

interface Shown {
  readonly commentId: number;
  readonly body: string;
}

/** Notices that link to a file of the default branch. */
const namesDefaultBranch: ReadonlySet<Notice["kind"]> = new Set<Notice["kind"]>([
  "blocked",
  "action-outdated",
  "summary",
  "config",
]);

export function createComments(api: Api, settings: CommentSettings): Comments {
  /** What our comments said last, by their markers: saves the search on every edit. GitHub stays the truth. */
  const shown = new Map<string, Shown>();
  /** Ids of requests' comments that a search found: what they say may have changed since. */
  const requestComments = new Map<string, number>();
  /** Comments that were made but not pinned yet, since GitHub did not answer. */
  const toPin = new Map<TaskId, number>();
  /** Repositories, by id, where GitHub refused to pin. */
  const withoutPins = new Set<number>();
  const showLabel = createStateLabels(api, settings);

  /** Two who find no comment at the same time would write two. */
  const inTurn = createTurns<string>();

  return {
    showStatus: (repository, view) => inTurn(view.task.taskId, () => showStatus(repository, view)),
    notify: (repository, issueNumber, key, ...said) => inTurn(key, () => notify(repository, issueNumber, key, ...said)),
    showFaults: (repository, issueNumber, key, ...said) =>
      inTurn(key, () => showFaults(repository, issueNumber, key, ...said)),
    showRequest: (repository, asked) => inTurn(asked.key, () => showRequest(repository, asked)),
  };

  async function showStatus(repository: Repository, view: TaskView): Promise<void> {
    if ((await showComment(repository, view)) === "no-issue") return;
    await pin(repository, view.task.taskId);
    await showLabel(repository, view.task);
  }

  async function showComment(repository: Repository, view: TaskView): Promise<"shown" | "no-issue"> {
    const { task } = view;
    const context = await contextOf(repository, task, task.blockedBy !== null);
    const requests = await linksOfRequests(repository, task);
    const marker = markerOf("status", task.taskId);
    const body = markedBody(marker, statusText(view, { ...context, requests }));
    const made = await show(repository, { issueNumber: task.issue.number, mayMake: true }, marker, body);
    if (made !== null && made !== "no-issue") toPin.set(task.taskId, made.commentId);
    return made === "no-issue" ? made : "shown";
  }

  async function showFaults(
    repository: Repository,
    issueNumber: number,
    key: string,
    faults: readonly InputFault[],
    spoken: Spoken | null,
  ): Promise<void> {
    const marker = markerOf("form", key);
    const body = markedBody(marker, formText(faults, sayTo(spoken)));
    await show(repository, { issueNumber, mayMake: faults.length > 0 }, marker, body);
  }

  async function showRequest(repository: Repository, { task, key, request }: RequestToShow): Promise<void> {
    const isFile = request.kind === "dependency" && request.dependency.type === "file";
    const text = requestText(request, task, await contextOf(repository, task, isFile));
    const marker = markerOf("request", key);
    await show(repository, { issueNumber: task.issue.number, mayMake: true }, marker, markedBody(marker, text));
  }

  /** The comment, where it was made by this call; null where it was there. */
  async function show(
    repository: Repository,
    { issueNumber, mayMake }: { readonly issueNumber: number; readonly mayMake: boolean },
    marker: string,
    body: string,
  ): Promise<Shown | null | "no-issue"> {
    const remembered = shown.get(marker);
    if (remembered !== undefined && (await bringUpToDate(repository, marker, remembered, body))) return null;
    // What we remember may be gone, or this is the first time: GitHub knows.
    const found = await find(repository, issueNumber, marker);
    if (found === "no-issue") return found;
    if (found !== null && (await bringUpToDate(repository, marker, found, body))) return null;
    if (!mayMake) return null;
    const commentId = await create(repository, issueNumber, marker, body);
    if (commentId === null) return "no-issue";
    const made = { commentId, body };
    remember(marker, made);
    return made;
  }

  /** Addresses of the comments of what is open, by the id of the request: found by one search where they are not known. */
  async function linksOfRequests(repository: Repository, task: ExistingTask): Promise<ReadonlyMap<string, string>> {
    const open = [...openQuestionsOf(task), ...openDependenciesOf(task)].map(({ requestId }) => requestId);
    const links = linksOf(settings.webUrl, repository);
    const found = new Map<string, string>();
    if (isSettled(task) || open.length === 0) return found;
    const markers = new Map(open.map((requestId) => [requestId, markerOf("request", requestId)]));
    const unknown = [...markers.values()].filter((marker) => !shown.has(marker) && !requestComments.has(marker));
    const there = unknown.length === 0 ? "no-issue" : await findAll(repository, task.issue.number, unknown);
    if (requestComments.size >= rememberedMax) requestComments.clear();
    if (there !== "no-issue") for (const [marker, { commentId }] of there) requestComments.set(marker, commentId);
    for (const [requestId, marker] of markers) {
      const commentId = shown.get(marker)?.commentId ?? requestComments.get(marker);
      if (commentId !== undefined) found.set(requestId, links.comment(task.issue.number, commentId));
    }
    return found;
  }

  /** Right after its making only: what a person unpinned stays so. */
  async function pin(repository: Repository, taskId: TaskId): Promise<void> {
    const commentId = toPin.get(taskId);
    if (commentId === undefined) return;
    try {
      if (!withoutPins.has(repository.repositoryId)) {
        await api.write({
          repository,
          permissions: { issues: "write" },
          doing: `pinning comment ${commentId} in ${nameOf(repository)}`,
          send: (octokit) =>
            octokit.request("PUT /repos/{owner}/{repo}/issues/comments/{comment_id}/pin", {
              ...pathOf(repository),
              comment_id: commentId,
            }),
        });
      }
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      withoutPins.add(repository.repositoryId);
      settings.log.debug({ repository: nameOf(repository), commentId, err: error }, "status comment not pinned");
    }
    toPin.delete(taskId);
  }

  async function notify(
    repository: Repository,
    issueNumber: number,
    key: string,
    notice: Notice,
    spoken: Spoken | null,
  ): Promise<void> {
    const marker = markerOf("notice", key);
    if ((await find(repository, issueNumber, marker)) !== null) return;
    const context = await contextOf(repository, spoken, namesDefaultBranch.has(notice.kind));
    await create(repository, issueNumber, marker, markedBody(marker, noticeText(notice, context)));
  }

  /** False where the comment is gone. */
  async function bringUpToDate(repository: Repository, marker: string, comment: Shown, body: string): Promise<boolean> {
    // Until the edit has succeeded nobody knows what the comment says.
    shown.delete(marker);
    if (comment.body !== body && !(await edit(repository, comment.commentId, body))) return false;
    remember(marker, { commentId: comment.commentId, body });
    return true;
  }

  function sayTo(spoken: Spoken | null): Say {
    return sayIn(spoken === null ? settings.language : languageOf(spoken, settings.language));
  }

  async function contextOf(repository: Repository, spoken: Spoken | null, withBranch: boolean): Promise<BlockContext> {
    return {
      say: sayTo(spoken),
      links: linksOf(settings.webUrl, repository, settings.actionRef),
      workflowFile: settings.workflowFile,
      appUrl: settings.appUrl,
      actionRef: settings.actionRef,
      requests: new Map(),
      // Few texts name it, so only they cost a request.
      defaultBranch: withBranch ? (await readRepository(api, repository)).defaultBranch : "HEAD",
    };
  }

  async function find(repository: Repository, issueNumber: number, marker: string): Promise<Shown | null | "no-issue"> {
    const found = await findAll(repository, issueNumber, [marker]);
    return found === "no-issue" ? found : (found.get(marker) ?? null);
  }

  /** Ours only: anybody can write a comment with our marker in it. Stops at the last one that is looked for. */
  async function findAll(
    repository: Repository,
    issueNumber: number,
    markers: readonly string[],
  ): Promise<ReadonlyMap<string, Shown> | "no-issue"> {
    const found = new Map<string, Shown>();
    for (let page = 1; page <= commentPagesMax; page += 1) {
      const answer = await readOrNull(api, {
        repository,
        permissions: { issues: "read" },
        doing: `reading the comments of #${issueNumber} in ${nameOf(repository)}`,
        send: (octokit) =>
          octokit.rest.issues.listComments({
            ...pathOf(repository),
            issue_number: issueNumber,
            per_page: commentsPerPage,
            page,
          }),
      });
      if (answer === null) return issueIsGone(repository, issueNumber);
      for (const comment of answer.data) {
        const { id: commentId, body = "" } = comment;
        const marker = markers.find((each) => !found.has(each) && body.startsWith(each));
        if (marker !== undefined && (await isOurs(comment))) found.set(marker, { commentId, body });
      }
      if (found.size === markers.length || answer.data.length < commentsPerPage) return found;
    }
    settings.log.warn(
      { repository: nameOf(repository), issueNumber },
      "issue has too many comments to look at them all",
    );
    return found;
  }

  async function isOurs(comment: {
    readonly user: { readonly login: string; readonly type: string } | null;
    readonly performed_via_github_app?: { readonly id: number } | null;
  }): Promise<boolean> {
    if (comment.user?.type !== "Bot") return false;
    const appId = comment.performed_via_github_app?.id;
    if (appId !== undefined) return appId === settings.appId;
    return comment.user.login === `${await settings.appSlug()}[bot]`;
  }

  /** Null where the issue is gone. */
  async function create(
    repository: Repository,
    issueNumber: number,
    marker: string,
    body: string,
  ): Promise<number | null> {
    try {
      const { data } = await api.write({
        repository,
        permissions: { issues: "write" },
        doing: `commenting on #${issueNumber} in ${nameOf(repository)}`,
        made: marker,
        send: (octokit) =>
          octokit.rest.issues.createComment({ ...pathOf(repository), issue_number: issueNumber, body }),
      });
      return data.id;
    } catch (error) {
      if (!(error instanceof RequestFailed) || (error.status !== 404 && error.status !== 410)) throw error;
      issueIsGone(repository, issueNumber);
      return null;
    }
  }

  /** Deleted or moved away: there is nobody left to tell. */
  function issueIsGone(repository: Repository, issueNumber: number): "no-issue" {
    settings.log.warn({ repository: nameOf(repository), issueNumber }, "issue is gone, comment not written");
    return "no-issue";
  }

  /** False where the comment is gone. */
  async function edit(repository: Repository, commentId: number, body: string): Promise<boolean> {
    try {
      await api.write({
        repository,
        permissions: { issues: "write" },
        doing: `editing comment ${commentId} in ${nameOf(repository)}`,
        send: (octokit) => octokit.rest.issues.updateComment({ ...pathOf(repository), comment_id: commentId, body }),
      });
      return true;
    } catch (error) {
      if (error instanceof RequestFailed && error.status === 404) return false;
      throw error;
    }
  }

  function remember(marker: string, comment: Shown): void {
    if (shown.size >= rememberedMax) shown.clear();
    shown.set(marker, comment);
  }
}
