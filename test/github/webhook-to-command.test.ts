import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { translateWebhook } from "../../src/github/webhook-to-command.ts";

const repository = { installationId: 11, repositoryId: 22, owner: "octo", name: "shop" };
const owner = { login: "owner", type: "User" };
const bot = { login: "phasegate[bot]", type: "Bot" };

function payload(action: string, rest: object, sender: object = owner): object {
  return {
    action,
    installation: { id: 11 },
    repository: { id: 22, name: "shop", owner: { login: "octo" }, private: true },
    sender,
    ...rest,
  };
}

/** A push has no action. */
function pushed(ref: string, rest: object = {}, sender: object = owner): object {
  const of = { id: 22, name: "shop", owner: { login: "octo" }, default_branch: "main" };
  return { ref, deleted: false, installation: { id: 11 }, repository: of, sender, ...rest };
}

const specPath = ".phasegate/specs/active/spec-2026-02-18-001.yaml";
const specPushed = {
  after: "c3",
  commits: [
    { added: [".phasegate/specs/active/spec-2026-02-18-001.yaml", ".phasegate/specs/templates/fix.yaml", "README.md"] },
    { added: [".phasegate/specs/active/spec-2026-02-18-001.yaml"] },
  ],
};

const text = { title: "A shop", body: "Sell things." };
const comment = (body: string | null, user: object | null = owner, issue: object = { number: 7 }) => ({
  issue: { ...text, ...issue },
  comment: { id: 5, node_id: "IC_5", body, user, created_at: "2026-01-01T10:00:00Z" },
});
const issue = (over: object = {}) => ({
  issue: { number: 7, user: owner, labels: [{ name: "create_app" }], ...text, ...over },
});

const here = { repo: { id: 2 } };
const pushedPull = { number: 8, head: { sha: "a1", ...here }, base: { sha: "b2", ...here } };
const forkedPull = { ...pushedPull, head: { sha: "a1", repo: { id: 3 } } };
const goneFork = { ...pushedPull, head: { sha: "a1", repo: null } };
const pushedEnds = { headSha: "a1", baseSha: "b2" };

describe("a webhook becomes an intent", () => {
  test.each<readonly [string, string, object, object]>([
    [
      "a label",
      "issues",
      payload("labeled", { ...issue(), label: { name: "create_app" } }),
      { kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner", issue: text },
    ],
    [
      "an issue that comes with labels counts for its author",
      "issues",
      payload("opened", issue(), { login: "mover", type: "User" }),
      { kind: "issue-opened", repository, issueNumber: 7, labels: ["create_app"], author: "owner", issue: text },
    ],
    [
      "an edited text of an issue",
      "issues",
      payload("edited", { ...issue(), changes: { body: { from: "Sell" } } }),
      { kind: "issue-edited", repository, issueNumber: 7, sender: "owner", issue: text },
    ],
    [
      "a command",
      "issue_comment",
      payload("created", comment("/run")),
      {
        kind: "command",
        writtenAt: "2026-01-01T10:00:00Z",
        repository,
        issueNumber: 7,
        onPullRequest: false,
        commentId: 5,
        commentNodeId: "IC_5",
        sender: "owner",
        command: { name: "run", argument: "" },
        body: "/run",
        answers: [],
        issue: text,
      },
    ],
    [
      "a command on a pull request",
      "issue_comment",
      payload("created", comment("/cancel", owner, { number: 8, pull_request: { url: "x" } })),
      {
        kind: "command",
        writtenAt: "2026-01-01T10:00:00Z",
        repository,
        issueNumber: 8,
        onPullRequest: true,
        commentId: 5,
        commentNodeId: "IC_5",
        sender: "owner",
        command: { name: "cancel", argument: "" },
        body: "/cancel",
        answers: [],
        issue: text,
      },
    ],
    [
      "a closed gate, whoever closed it",
      "pull_request",
      payload("closed", { pull_request: { number: 8, merged: true } }, bot),
      { kind: "gate-changed", repository, pullRequest: 8, sender: "phasegate[bot]" },
    ],
    [
      "a reopened gate",
      "pull_request",
      payload("reopened", { pull_request: { number: 8 } }),
      { kind: "gate-changed", repository, pullRequest: 8, sender: "owner" },
    ],
    [
      "the end of a run, whoever started it",
      "workflow_run",
      payload("completed", { workflow_run: { id: 99, path: ".github/workflows/phasegate.yml@main" } }, bot),
      { kind: "run-completed", repository, workflowRunId: 99 },
    ],
    [
      "a gate that points at another branch, whoever did it",
      "pull_request",
      payload("edited", { pull_request: { number: 8 }, changes: { base: { ref: { from: "main" } } } }, bot),
      { kind: "gate-changed", repository, pullRequest: 8, sender: "phasegate[bot]" },
    ],
    ...(["body", "title"] as const).map((changed): readonly [string, string, object, object] => [
      `a gate whose ${changed} a person edits`,
      "pull_request",
      payload("edited", { pull_request: { number: 8 }, changes: { [changed]: { from: "x" } } }),
      { kind: "gate-edited", repository, pullRequest: 8, sender: "owner" },
    ]),
    [
      "the end of another workflow's run, whoever started it",
      "workflow_run",
      payload("completed", { workflow_run: { id: 1, path: ".github/workflows/ci.yml", head_sha: "abc" } }, bot),
      { kind: "ci-changed", repository, headSha: "abc" },
    ],
    [
      "a check run of another App",
      "check_run",
      payload("completed", { check_run: { head_sha: "abc", app: { id: 7, slug: "codecov" } } }, bot),
      { kind: "ci-changed", repository, headSha: "abc" },
    ],
    [
      "a check run of nobody",
      "check_run",
      payload("completed", { check_run: { head_sha: "abc", app: null } }),
      { kind: "ci-changed", repository, headSha: "abc" },
    ],
    [
      "a check suite of another App",
      "check_suite",
      payload("completed", { check_suite: { head_sha: "abc", app: { id: 7, slug: "codecov" } } }, bot),
      { kind: "ci-changed", repository, headSha: "abc" },
    ],
    ...(["success", "failure", "error"] as const).map((state): readonly [string, string, object, object] => [
      `a status that is ${state}`,
      "status",
      payload("", { sha: "abc", state }, bot),
      { kind: "ci-changed", repository, headSha: "abc" },
    ]),
    [
      "an issue that is closed, by our own merge too",
      "issues",
      payload("closed", issue(), bot),
      { kind: "issue-changed", repository, issueNumber: 7, change: "closed", sender: "phasegate[bot]" },
    ],
    ...(["reopened", "deleted", "transferred"] as const).map((change): readonly [string, string, object, object] => [
      `an issue that is ${change}`,
      "issues",
      payload(change, issue()),
      { kind: "issue-changed", repository, issueNumber: 7, change, sender: "owner" },
    ]),
    ...(["renamed", "transferred", "archived", "unarchived", "deleted"] as const).map(
      (change): readonly [string, string, object, object] => [
        `a repository that is ${change}`,
        "repository",
        payload(change, {}, bot),
        { kind: "repository-changed", repository, change, sender: "phasegate[bot]" },
      ],
    ),
    [
      "pull_request.synchronize of a person",
      "pull_request",
      payload("synchronize", { pull_request: pushedPull }),
      { kind: "reviews-changed", repository, pullRequest: 8, isPush: true, pushed: pushedEnds },
    ],
    ...([forkedPull, goneFork] as const).map((pull_request, index): readonly [string, string, object, object] => [
      `pull_request.synchronize from a fork, ${index}: nobody who can't push here has files read`,
      "pull_request",
      payload("synchronize", { pull_request }),
      { kind: "reviews-changed", repository, pullRequest: 8, isPush: true },
    ]),
    ...([forkedPull, goneFork] as const).map((pull_request, index): readonly [string, string, object, object] => [
      `pull_request.opened from a fork, ${index}`,
      "pull_request",
      payload("opened", { pull_request }),
      { kind: "ignored", why: "pull_request.opened: from another repository" },
    ]),
    ...[
      ["pull_request.synchronize of a bot", "synchronize", bot] as const,
      ["pull_request.opened of a person", "opened", undefined] as const,
      ["pull_request.opened of the app itself", "opened", bot] as const,
    ].map(([name, action, sender]): readonly [string, string, object, object] => [
      name,
      "pull_request",
      payload(action, { pull_request: pushedPull }, sender),
      { kind: "pull-request-pushed", repository, pushed: pushedEnds },
    ]),
    [
      "a push to the default branch, whoever it is by",
      "push",
      pushed("refs/heads/main", {}, bot),
      { kind: "base-moved", repository, branch: "main", isDefault: true },
    ],
    [
      "a push of a person that adds a specification",
      "push",
      pushed("refs/heads/main", specPushed),
      {
        kind: "base-moved",
        repository,
        branch: "main",
        isDefault: true,
        specsSha: "c3",
        specs: { paths: [".phasegate/specs/active/spec-2026-02-18-001.yaml"], sha: "c3", sender: "owner" },
      },
    ],
    [
      "a push of a bot that adds a specification, which starts nothing",
      "push",
      pushed("refs/heads/main", specPushed, bot),
      { kind: "base-moved", repository, branch: "main", isDefault: true, specsSha: "c3" },
    ],
    ...(["modified", "removed"] as const).map((how): readonly [string, string, object, object] => [
      `a push to a branch of ours with a specification ${how}`,
      "push",
      pushed("refs/heads/phasegate/7-1-planning", { after: "c3", commits: [{ [how]: [specPath] }] }),
      {
        kind: "base-moved",
        repository,
        branch: "phasegate/7-1-planning",
        isDefault: false,
        specsSha: "c3",
      },
    ]),
    [
      "a push with a template of specifications, and one that was archived",
      "push",
      pushed("refs/heads/main", {
        after: "c3",
        commits: [{ added: [".phasegate/specs/templates/fix.yaml"], modified: [".phasegate/specs/archive/a.yaml"] }],
      }),
      { kind: "base-moved", repository, branch: "main", isDefault: true },
    ],
    [
      "a push to a branch of ours",
      "push",
      pushed("refs/heads/phasegate/7-task"),
      { kind: "base-moved", repository, branch: "phasegate/7-task", isDefault: false },
    ],
    ...[
      ["pull_request_review", "submitted"],
      ["pull_request_review", "dismissed"],
      ["pull_request_review", "edited"],
      ["pull_request_review_comment", "created"],
      ["pull_request_review_comment", "edited"],
      ["pull_request_review_comment", "deleted"],
      ["pull_request_review_thread", "resolved"],
      ["pull_request_review_thread", "unresolved"],
    ].map(([event = "", action = ""]): readonly [string, string, object, object] => [
      `${event}.${action} of a person`,
      event,
      payload(action, { pull_request: { number: 8 } }),
      { kind: "reviews-changed", repository, pullRequest: 8 },
    ]),
  ])("%s", (_claim, event, body, intent) => {
    expect(translateWebhook(event, body)).toEqual(intent);
  });

  describe("a comment on a line of a gate", () => {
    const pull = { number: 8, title: "Planning", body: "Decisions" };
    const onLine = (body: string, user: object = owner) =>
      payload("created", { pull_request: pull, comment: { id: 6, node_id: "PRRC_6", body, user } });

    test("is a command where it holds one: its review is told of by a webhook of its own", () => {
      expect(translateWebhook("pull_request_review_comment", onLine("/rework use SQLite\nas we said"))).toEqual({
        kind: "command",
        writtenAt: null,
        command: { name: "rework", argument: "use SQLite\nas we said" },
        repository,
        issueNumber: 8,
        onPullRequest: true,
        commentId: 6,
        commentNodeId: "PRRC_6",
        sender: "owner",
        body: "/rework use SQLite\nas we said",
        answers: [],
        issue: { title: "Planning", body: "Decisions" },
      });
    });

    test.each([
      ["says something", onLine("Why not SQLite?")],
      ["shows a command as code", onLine("`/run` would do")],
      ["is somebody else's", onLine("/run", { login: "eve", type: "User" })],
    ])("has the reviews read where it %s", (_claim, body) => {
      expect(translateWebhook("pull_request_review_comment", body)).toEqual({
        kind: "reviews-changed",
        repository,
        pullRequest: 8,
      });
    });

    test("commands nothing when it is edited", () => {
      const edited = { ...onLine("/run"), action: "edited" };
      expect(translateWebhook("pull_request_review_comment", edited).kind).toBe("reviews-changed");
    });
  });

  describe("what people say in comments", () => {
    const eve = { login: "eve", type: "User" };
    const said = { repository, issueNumber: 7, onPullRequest: false, commentId: 5, commentNodeId: "IC_5", issue: text };

    test("carries every answer that a command holds", () => {
      const body = "/answer 1: yes\n/answer 2: no";
      expect(translateWebhook("issue_comment", payload("created", comment(body)))).toEqual({
        ...said,
        kind: "command",
        writtenAt: "2026-01-01T10:00:00Z",
        sender: "owner",
        body,
        command: { name: "answer", argument: "1: yes\n/answer 2: no" },
        answers: [
          { number: 1, text: "yes" },
          { number: 2, text: "no" },
        ],
      });
    });

    test.each<readonly [string, string, object, object]>([
      [
        "talk is looked at, since it may hold what it should not",
        "created",
        comment("hello"),
        { change: "created", sender: "owner", body: "hello", answers: [] },
      ],
      [
        "a reply below a quoted question answers it",
        "created",
        comment("> **Question 3** (choice)\n\nFreemium"),
        { change: "created", sender: "owner", answers: [{ number: 3, text: "Freemium" }] },
      ],
      [
        "an edited comment answers anew, and commands nothing",
        "edited",
        comment("/run\n/answer 2: Freemium"),
        { change: "edited", sender: "owner", answers: [{ number: 2, text: "Freemium" }] },
      ],
      [
        "a deleted comment says nothing any more",
        "deleted",
        comment("/answer 2: Freemium"),
        { change: "deleted", sender: "owner", body: "", answers: [] },
      ],
      [
        "what a maintainer puts into somebody's comment is nobody's answer",
        "edited",
        comment("/answer 2: Freemium", eve),
        { change: "edited", sender: "owner", body: "/answer 2: Freemium", answers: [] },
      ],
      [
        "whoever deletes somebody's comment is named as such",
        "deleted",
        comment("/answer 2", eve),
        { change: "deleted", sender: "owner", answers: [] },
      ],
      [
        "an edit of a comment whose author is gone is nobody's answer",
        "edited",
        comment("/answer 2", null),
        { change: "edited", sender: "owner", answers: [] },
      ],
    ])("%s", (_claim, action, rest, intent) => {
      expect(translateWebhook("issue_comment", payload(action, rest))).toMatchObject({
        ...said,
        kind: "comment",
        ...intent,
      });
    });
  });

  describe("without a repository", () => {
    const named = [{ id: 22, name: "shop", full_name: "octo/shop", private: true }];
    const none = { repositories_added: [], repositories_removed: [] };

    test.each([
      ["installation", "suspend", {}, "suspended", null],
      ["installation", "deleted", { repositories: named }, "removed", null],
      ["installation", "unsuspend", {}, "back", null],
      ["installation", "new_permissions_accepted", { repositories: named }, "back", null],
      ["installation", "created", { repositories: named }, "back", [repository]],
      ["installation", "created", {}, "back", null],
      ["installation_repositories", "added", { ...none, repositories_added: named }, "back", [repository]],
      ["installation_repositories", "removed", { ...none, repositories_removed: named }, "removed", [repository]],
    ] as const)("%s.%s with %j tells what the app may reach", (event, action, rest, change, repositories) => {
      const sender = { login: "octo", type: "Organization" };
      expect(translateWebhook(event, { action, installation: { id: 11 }, sender, ...rest })).toEqual({
        kind: "access-changed",
        installationId: 11,
        change,
        repositories,
        sender: "octo",
      });
    });

    test.each([
      ["installation_repositories", "removed", none, "no repositories"],
      ["installation_repositories", "added", { repositories_added: [{ id: 1, name: "x" }] }, "full_name"],
      ["installation", "odd", {}, "of no concern"],
    ] as const)("%s.%s with %j is ignored", (event, action, rest, why) => {
      const intent = translateWebhook(event, { action, installation: { id: 11 }, sender: owner, ...rest });
      expect(intent).toMatchObject({ kind: "ignored", why: expect.stringContaining(why) });
    });
  });

  test.each([
    ["a bot's comment", "issue_comment", payload("created", comment("/run", bot), bot), "sent by a bot"],
    ["a bot's label", "issues", payload("labeled", { ...issue(), label: { name: "x" } }, bot), "sent by a bot"],
    ["an issue whose text stays", "issues", payload("edited", { ...issue(), changes: {} }), "the text is the same"],
    [
      "an edited pull request that comes as an issue",
      "issues",
      payload("edited", { ...issue({ pull_request: {} }), changes: { body: {} } }),
      "a pull request",
    ],
    ["a bot's issue", "issues", payload("opened", issue({ user: bot })), "written by a bot"],
    ["an issue without labels", "issues", payload("opened", issue({ labels: [] })), "no labels"],
    [
      "a comment that somebody else brings",
      "issue_comment",
      payload("created", comment("/run", { login: "eve", type: "User" })),
      "sender and author differ",
    ],
    ["a push of nothing", "pull_request", payload("synchronize", { pull_request: { number: 8 } }), "pull_request.head"],
    [
      "a bot's review comment",
      "pull_request_review_comment",
      payload("created", { pull_request: { number: 8 } }, bot),
      "sent by a bot",
    ],
    [
      "a text that we ourselves write anew",
      "pull_request",
      payload("edited", { pull_request: { number: 8 }, changes: { body: { from: "x" } } }, bot),
      "sent by a bot",
    ],
    [
      "an edit of neither title nor text",
      "pull_request",
      payload("edited", { pull_request: { number: 8 }, changes: {} }),
      "the text is the same",
    ],
    [
      "a check run of Actions",
      "check_run",
      payload("completed", { check_run: { head_sha: "abc", app: { id: 15368, slug: "github-actions" } } }, bot),
      "its workflow run tells",
    ],
    [
      "our own check run",
      "check_run",
      payload("completed", { check_run: { head_sha: "abc", app: { id: 4242 } } }, bot),
      "our own",
    ],
    [
      "our own check suite",
      "check_suite",
      payload("completed", { check_suite: { head_sha: "abc", app: { id: 4242 } } }, bot),
      "our own",
    ],
    ["a check run that begins", "check_run", payload("created", { check_run: { head_sha: "abc" } }), "of no concern"],
    ["a status that is pending", "status", payload("", { sha: "abc", state: "pending" }, bot), "still pending"],
    ["a closed pull request's issue", "issues", payload("closed", issue({ pull_request: {} })), "a pull request"],
    ["an empty comment", "issue_comment", payload("created", comment(null)), "empty"],
    ["an edited comment of ours", "issue_comment", payload("edited", comment("/answer 2", bot)), "written by a bot"],
    ["a pinned comment", "issue_comment", payload("pinned", comment("/answer 2")), "of no concern"],
    [
      "another workflow's run of no commit",
      "workflow_run",
      payload("completed", { workflow_run: { id: 1, path: ".github/workflows/ci.yml" } }),
      "of no commit",
    ],
    ["a run that begins", "workflow_run", payload("requested", { workflow_run: { id: 1 } }), "of no concern"],
    ["a push to a branch of others", "push", pushed("refs/heads/try/it"), "a branch of others"],
    ["a tag", "push", pushed("refs/tags/main"), "no branch"],
    ["a branch that is gone", "push", pushed("refs/heads/main", { deleted: true }), "no branch"],
    ["a push of which nothing is said", "push", payload("", {}), "ref"],
    [
      "a webhook without an installation",
      "issues",
      { action: "labeled", repository: {}, sender: owner },
      "installation",
    ],
    ["a label webhook without its label", "issues", payload("labeled", issue()), "label"],
    ["a number out of range", "pull_request", payload("closed", { pull_request: { number: -1 } }), "number"],
    ["null", "issues", null, "payload"],
    ["a text", "issues", "x", "payload"],
  ])("%s is ignored with the reason", (_claim, event, body, why) => {
    const intent = translateWebhook(event, body, 4242);
    expect(intent.kind).toBe("ignored");
    expect(intent.kind === "ignored" ? intent.why : "").toContain(why);
  });

  test("whatever arrives, it never throws", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (event, value) => {
        expect(translateWebhook(event, value).kind).toBe("ignored");
      }),
    );
  });
});
