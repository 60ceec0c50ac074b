/**
 * The pull request that sets a repository up. It belongs to no task: each repository is a message of its own in the inbox, where
 * it is tried again by itself, and no two processes take it up at once.
 */
import type { Repository } from "../core/events.ts";
import type { Diagnosis } from "./ports/diagnosis.ts";
import type { InboxMessage } from "./ports/queues.ts";
import type { Processing } from "./process-message.ts";
import { dayOf } from "./retention.ts";
import { StoredOnboarding } from "./stored-messages.ts";

/** Looks at all that must be so before a task can run in a repository. */
export type Examine = (repository: Repository) => Promise<readonly Diagnosis[]>;

type Queueing = Pick<Processing, "store" | "clock">;

/** Between two repositories of one installation that are only looked at: an hour of it is a third of what GitHub lets an app ask. */
const refreshPauseMs = 2_000;

/**
 * One message for each repository, so that a hundred of them are a hundred small works, and none holds up what happens there.
 * `cause` is the message that asks for it: the same one asks once.
 */
export async function queueOnboarding(
  queueing: Queueing,
  repositories: readonly Repository[],
  { cause, mayOpen }: { readonly cause: string; readonly mayOpen: boolean },
): Promise<void> {
  for (const repository of repositories) {
    const { repositoryId } = repository;
    const place = { key: `onboard:${cause}:${repositoryId}`, lane: `onboard:${repositoryId}` };
    await take(queueing, place, { repository, mayOpen });
  }
}

/**
 * Has every open one brought up to date: at most once a day for the same files, however often the app starts.
 * None is made here. An installation whose message was lost is told of again by GitHub.
 */
export async function queueRefresh(queueing: Queueing & Pick<Processing, "onboardingVersion">): Promise<void> {
  const key = `onboard:refresh:${queueing.onboardingVersion}:${dayOf(queueing.clock.now())}`;
  await take(queueing, { key, lane: "onboard" }, { everywhere: true });
}

export async function onboard(processing: Processing, message: InboxMessage): Promise<void> {
  const stored = StoredOnboarding.parse(JSON.parse(message.body));
  if ("everywhere" in stored) return refreshEverywhere(processing, message.key);
  if ("repository" in stored) return onboardRepository(processing, stored);
  return refreshInstallation(processing, stored.installationId, message.key);
}

async function refreshEverywhere(processing: Processing, cause: string): Promise<void> {
  for (const installationId of await processing.github.readInstallations()) {
    await take(processing, placeOfRefresh(cause, installationId), { installationId });
  }
}

/** One repository after the other, with time between them: nobody waits for it. */
async function refreshInstallation(processing: Processing, installationId: number, cause: string): Promise<void> {
  const { github, clock, log } = processing;
  const repositories = await github.readInstalled(installationId);
  const start = clock.now().getTime();
  for (const [at, repository] of repositories.entries()) {
    const { lane } = placeOfRefresh(cause, installationId);
    const place = { key: `${cause}:${repository.repositoryId}`, lane };
    const notBefore = new Date(start + at * refreshPauseMs).toISOString();
    await take(processing, place, { repository, mayOpen: false }, notBefore);
  }
  log.debug({ installationId, repositories: repositories.length }, "open onboarding pull requests are looked at");
}

function placeOfRefresh(cause: string, installationId: number): Pick<InboxMessage, "key" | "lane"> {
  // Not the lane of a repository's own onboarding, which must not wait for a look that is due later.
  return { key: `${cause}:${installationId}`, lane: `onboard-refresh:${installationId}` };
}

async function take(
  { store, clock }: Queueing,
  place: Pick<InboxMessage, "key" | "lane">,
  stored: StoredOnboarding,
  notBefore?: string,
): Promise<void> {
  const receivedAt = clock.now().toISOString();
  const message = { ...place, kind: "onboard", body: JSON.stringify(stored), receivedAt } as const;
  await store.takeIn(notBefore === undefined ? message : { ...message, notBefore });
}

async function onboardRepository(
  processing: Processing,
  { repository, mayOpen }: Extract<StoredOnboarding, { mayOpen: boolean }>,
): Promise<void> {
  const { github, playbooks, examine, log } = processing;
  // Forms for the app's own types alone: a repository that has types of its own is set up.
  const { byLabel } = playbooks.forRepository({ sha: "", files: [] });
  const onboarding = await github.onboard(repository, {
    starts: (label) => byLabel(label) !== null,
    examine: () => examine(repository),
    mayOpen,
  });
  const name = `${repository.owner}/${repository.name}`;
  if (onboarding.kind !== "none") {
    log.info({ repository: name, pullRequest: onboarding.pullRequest }, `onboarding pull request ${onboarding.kind}`);
    return;
  }
  // That there is nothing to bring up to date is what is so of most repositories, and worth no line each time the app starts.
  const level = mayOpen ? "info" : "debug";
  log[level]({ repository: name, why: onboarding.why }, wordsOf[onboarding.why]);
}

const wordsOf = {
  "no-access": "the app does not reach the repository any more, so it is not set up",
  empty: "the repository has no commit yet, so it is not set up; commit something, then install the app on it again",
  "read-only": "the repository is archived, so it is not set up",
  "set-up": "the repository is set up already",
  "closed-before": "the onboarding pull request was closed before, so it is not opened again",
  "not-open": "there is no onboarding pull request to bring up to date",
  "nothing-to-add": "the repository lacks only the workflow file, and the app may not write workflow files there",
} as const;
