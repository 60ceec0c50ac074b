/** The pull request that sets a repository up. It belongs to no task: each repository is a message of its own in the inbox. */
import type { Repository } from "../core/events.ts";
import type { Diagnosis } from "./ports.ts";
import type { Processing } from "./process-message.ts";
import { StoredOnboarding } from "./stored-messages.ts";

/** Looks at all that must be so before a task can run in a repository. */
export type Examine = (repository: Repository) => Promise<readonly Diagnosis[]>;

/**
 * One message for each repository, so that a hundred of them are a hundred small works, each tried again by itself, and none
 * holds up what happens there. `cause` is the message that asks for it: the same one asks once.
 */
export async function queueOnboarding(
  { store, clock }: Pick<Processing, "store" | "clock">,
  repositories: readonly Repository[],
  { cause, mayOpen }: { readonly cause: string; readonly mayOpen: boolean },
): Promise<void> {
  for (const repository of repositories) {
    const stored: StoredOnboarding = { repository, mayOpen };
    await store.takeIn({
      key: `onboard:${cause}:${repository.repositoryId}`,
      kind: "onboard",
      lane: `onboard:${repository.repositoryId}`,
      body: JSON.stringify(stored),
      receivedAt: clock.now().toISOString(),
    });
  }
}

export async function onboardRepository(processing: Processing, body: string): Promise<void> {
  const { github, playbooks, examine, log } = processing;
  const { repository, mayOpen } = StoredOnboarding.parse(JSON.parse(body));
  // Forms for the app's own types alone: a repository that has types of its own is set up.
  const { byLabel } = playbooks.forRepository({ sha: "", files: [] });
  const onboarding = await github.onboard(repository, {
    starts: (label) => byLabel(label) !== null,
    examine: () => examine(repository),
    mayOpen,
  });
  const name = `${repository.owner}/${repository.name}`;
  if (onboarding.kind === "none") log.info({ repository: name, why: onboarding.why }, wordsOf[onboarding.why]);
  else
    log.info({ repository: name, pullRequest: onboarding.pullRequest }, `onboarding pull request ${onboarding.kind}`);
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
