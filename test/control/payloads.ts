/** Webhooks as GitHub sends them, with what the translation looks at. */
import { repository, type World } from "./world.ts";

interface Sender {
  readonly login: string;
  readonly type: "User" | "Bot";
}

function senderOf(login: string): Sender {
  return { login, type: login.endsWith("[bot]") ? "Bot" : "User" };
}

const text = { title: "A link shortener", body: "Paste a long URL, get a short one." };

/** What each webhook of a repository has. */
export function payloadOf(action: string, rest: object, sender = "owner", where = repository): object {
  const { repositoryId, installationId, owner, name } = where;
  return {
    action,
    installation: { id: installationId },
    repository: { id: repositoryId, name, full_name: `${owner}/${name}`, owner: { login: owner, type: "User" } },
    sender: senderOf(sender),
    ...rest,
  };
}

export function issuePayload(action: string, { sender = "owner", label = "bug", number = 7, issue = {} } = {}): object {
  const whole = { number, user: senderOf("owner"), labels: [{ name: "create_app" }], ...text, ...issue };
  return payloadOf(action, { issue: whole, label: { name: label }, changes: {} }, sender);
}

interface Said {
  readonly action: string;
  readonly sender: string;
  /** Whose comment it was at first. */
  readonly author: string;
  readonly number: number;
  readonly onPullRequest: boolean;
  readonly id: number;
  readonly writtenAt: string;
}

export function commentPayload(body: string, more: Partial<Said> = {}): object {
  const { action = "created", sender = "owner", number = 7, onPullRequest = false, id = 5 } = more;
  const { author = sender, writtenAt } = more;
  const issue = { number, user: senderOf("owner"), labels: [], ...text };
  const shown = onPullRequest ? { ...issue, pull_request: { url: "https://github.test/pull" } } : issue;
  return payloadOf(
    action,
    { issue: shown, comment: { id, node_id: `IC_${id}`, body, user: senderOf(author), created_at: writtenAt } },
    sender,
  );
}

let commentsTyped = 5_000;

/** A person types a comment, with its webhook. Answers its id. */
export async function says(told: World, body: string, more: Partial<Said> = {}): Promise<number> {
  const id = (commentsTyped += 1);
  await told.webhook("issue_comment", commentPayload(body, { id, ...more }));
  return more.id ?? id;
}

export function pullRequestPayload(action: string, { sender = "owner", number = 31, rest = {} } = {}): object {
  return payloadOf(
    action,
    {
      number,
      pull_request: {
        number,
        merged: false,
        head: { sha: "head", repo: { id: 2 } },
        base: { sha: "base", repo: { id: 2 } },
      },
      ...rest,
    },
    sender,
  );
}

export function installationPayload(action: string, rest: object = {}, sender = "owner"): object {
  return { action, installation: { id: repository.installationId }, sender: senderOf(sender), ...rest };
}

/** As a list of an installation names a repository. */
export function listed({ repositoryId, owner, name } = repository): object {
  return { id: repositoryId, name, full_name: `${owner}/${name}`, private: true };
}
