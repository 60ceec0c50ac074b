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

const text = { title: "A shop", body: "Sell things." };
const comment = (body: string | null, user: object | null = owner, issue: object = { number: 7 }) => ({
  issue: { ...text, ...issue },
  comment: { id: 5, body, user },
});
const issue = (over: object = {}) => ({
  issue: { number: 7, user: owner, labels: [{ name: "create_app" }], ...text, ...over },
});

describe("a webhook becomes an intent", () => {
  test.each([
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
      "a command",
      "issue_comment",
      payload("created", comment("/run")),
      {
        kind: "command",
        repository,
        issueNumber: 7,
        onPullRequest: false,
        commentId: 5,
        sender: "owner",
        command: { name: "run" },
        issue: text,
      },
    ],
    [
      "a command on a pull request",
      "issue_comment",
      payload("created", comment("/cancel", owner, { number: 8, pull_request: { url: "x" } })),
      {
        kind: "command",
        repository,
        issueNumber: 8,
        onPullRequest: true,
        commentId: 5,
        sender: "owner",
        command: { name: "cancel" },
        issue: text,
      },
    ],
    [
      "a review",
      "pull_request_review",
      payload("submitted", { pull_request: { number: 8 }, review: { id: 3 } }),
      { kind: "review-submitted", repository, pullRequest: 8, reviewId: 3 },
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
  ])("%s", (_claim, event, body, intent) => {
    expect(translateWebhook(event, body)).toEqual(intent);
  });

  test.each([
    ["a bot's comment", "issue_comment", payload("created", comment("/run", bot), bot), "sent by a bot"],
    ["a bot's label", "issues", payload("labeled", { ...issue(), label: { name: "x" } }, bot), "sent by a bot"],
    ["a bot's issue", "issues", payload("opened", issue({ user: bot })), "written by a bot"],
    ["an issue without labels", "issues", payload("opened", issue({ labels: [] })), "no labels"],
    ["an edited comment", "issue_comment", payload("edited", comment("/run")), "of no concern"],
    [
      "a comment that somebody else brings",
      "issue_comment",
      payload("created", comment("/run", { login: "eve", type: "User" })),
      "sender and author differ",
    ],
    ["talk", "issue_comment", payload("created", comment("hello")), "no command"],
    ["an empty comment", "issue_comment", payload("created", comment(null)), "no command"],
    [
      "another workflow's run",
      "workflow_run",
      payload("completed", { workflow_run: { id: 1, path: ".github/workflows/ci.yml" } }),
      "another workflow",
    ],
    ["a run that begins", "workflow_run", payload("requested", { workflow_run: { id: 1 } }), "of no concern"],
    ["a push", "push", payload("", {}), "of no concern"],
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
    const intent = translateWebhook(event, body);
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
