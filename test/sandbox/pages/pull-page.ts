import { issueOf, mergeability, pullCommits, pullFiles, reviewCommentsOf } from "../payloads-pulls.ts";
import type { CheckRun, Pull, Repository, Review, SandboxContext } from "../state.ts";
import { repositoryPath } from "./addresses.ts";
import { checkMark } from "./actions-pages.ts";
import { commitList, readCommits } from "./commit-pages.ts";
import { conversation, event, reviewBox } from "./conversation.ts";
import type { Entry } from "./conversation.ts";
import { diffView } from "./diff-view.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { closingEntry, commentEntries, issueHead, openingBox } from "./issue-pages.ts";
import { counted, person } from "./layout.ts";
import type { Page } from "./layout.ts";

/** All of a pull request on one page: what was said, its commits, its checks, what it changes. */
export async function pullPage(context: SandboxContext, repository: Repository, pull: Pull): Promise<Page> {
  const issue = issueOf(repository, pull);
  const commits = await readCommits(context, repository, await pullCommits(context, repository, pull));
  const files = await pullFiles(context, repository, pull);
  const checks = [...repository.checkRuns.values()].filter((check) => check.headSha === pull.headSha);
  const branch = (ref: string) => html`<a href="${repositoryPath(repository, "tree", ref)}"><code>${ref}</code></a>`;
  const merges = pull.merged ? "merged" : "wants to merge";
  const head = html`<p class="dim">
      It ${merges} ${counted(commits.length, "commit")} into ${branch(pull.baseRef)} from ${branch(pull.headRef)}.
    </p>
    <p class="jump">
      <a href="#conversation">Conversation</a>
      <a href="#commits">Commits <span class="count">${commits.length}</span></a> ${
        checks.length === 0 ? nothing : html`<a href="#checks">Checks <span class="count">${checks.length}</span></a>`
      } <a href="#files">Files changed <span class="count">${files.length}</span></a>
    </p>`;
  const entries = [
    ...commentEntries(repository, issue),
    ...reviewEntries(repository, pull),
    ...(pull.merged ? mergedEntry(repository, pull) : closingEntry(issue, "closed this without a merge")),
  ];
  const body = html`${issueHead(repository, issue, head)}
    <section id="conversation">
      ${openingBox(repository, issue)}${conversation(entries)}${await mergeBox(context, repository, pull)}
    </section>
    <h2 id="commits">Commits</h2>
    <div class="box">${commitList(repository, commits)}</div>
    ${checksView(repository, checks)}
    <h2 id="files">Files changed</h2>
    ${diffView(repository, files, pull.headSha)}`;
  return { title: `${issue.title} · Pull request #${pull.number}`, body, repository, tab: "pulls" };
}

function reviewEntries(repository: Repository, pull: Pull): Entry[] {
  const comments = reviewCommentsOf(repository, pull.number);
  const isSaid = (review: Review) =>
    review.state !== "COMMENTED" || review.body !== "" || comments.some((comment) => comment.reviewId === review.id);
  return [...repository.reviews.values()]
    .filter((review) => review.pullNumber === pull.number && review.state !== "PENDING" && isSaid(review))
    .map((review) => {
      const own = comments.filter((comment) => comment.reviewId === review.id);
      return { at: review.submittedAt ?? "", shown: () => reviewBox(repository, review, own) };
    });
}

function mergedEntry(repository: Repository, pull: Pull): Entry[] {
  const { mergedAt, mergedBy, mergeCommitSha } = pull;
  if (mergedAt === null) return [];
  const who = mergedBy === null ? html`This was` : person(mergedBy);
  const commit =
    mergeCommitSha === null
      ? nothing
      : html` as
          <a href="${repositoryPath(repository, "commit", mergeCommitSha)}"
            ><code>${mergeCommitSha.slice(0, 7)}</code></a
          >`;
  const text = html`${who} merged this into <code>${pull.baseRef}</code>${commit}`;
  return [{ at: mergedAt, shown: () => event(html`<span class="mark">✔</span>`, text, mergedAt) }];
}

const MERGE_TEXTS: Readonly<Record<string, string>> = {
  clean: "Nothing stands in the way of a merge.",
  draft: "This is a draft: it can be merged once it is marked as ready.",
  unstable: "It can be merged, but a check has not passed.",
  dirty: "It conflicts with the base branch and can't be merged.",
};

/** On GitHub a button follows here. The box has none: its people work through the API. */
async function mergeBox(context: SandboxContext, repository: Repository, pull: Pull): Promise<Html> {
  const text = MERGE_TEXTS[(await mergeability(context, repository, pull)).state];
  return text === undefined ? nothing : html`<p class="event dim">${text}</p>`;
}

function checksView(repository: Repository, checks: readonly CheckRun[]): Html {
  if (checks.length === 0) return nothing;
  const items = checks.map(
    (check) =>
      html`<li>
        ${checkMark(check.status, check.conclusion)}
        <a href="${repositoryPath(repository, "runs", check.id)}">${check.name}</a>
        <span class="dim">${check.output.title ?? ""}</span>
      </li>`,
  );
  return html`<h2 id="checks">Checks</h2>
    <div class="box">
      <ul class="list">
        ${items}
      </ul>
    </div>`;
}
