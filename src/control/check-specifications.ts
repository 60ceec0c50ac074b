/** Specifications are looked at in each commit that changes them, whoever made it. Only told: what counts is the gate's own check. */
import type { Repository } from "../core/events.ts";
import { noInput } from "../core/task-input.ts";
import type { GitHub } from "./ports/github.ts";
import type { Verifier } from "./ports/verifier.ts";

interface Checking {
  readonly github: Pick<
    GitHub,
    "readTree" | "readSettings" | "readSpecsSha" | "mergeBaseOf" | "showSpecificationsCheck"
  >;
  readonly verifier: Pick<Verifier, "specFaults">;
}

/** Head of a push that changed some. */
export async function checkSpecifications(checking: Checking, repository: Repository, headSha: string): Promise<void> {
  const { github, verifier } = checking;
  const found = await verifier.specFaults(await github.readTree(repository, headSha));
  const { settings } = await github.readSettings(repository);
  await github.showSpecificationsCheck(repository, headSha, found, { input: noInput, settings });
}

/** One request where the head of the pull request has none, a few more where it has some. */
export async function checkSpecificationsOfPull(
  checking: Checking,
  repository: Repository,
  ends: { readonly headSha: string; readonly baseSha: string },
): Promise<void> {
  const { github } = checking;
  const headSpecs = await github.readSpecsSha(repository, ends.headSha);
  if (headSpecs === "") return;
  const parted = await github.mergeBaseOf(repository, ends);
  if (parted !== null && (await github.readSpecsSha(repository, parted)) === headSpecs) return;
  await checkSpecifications(checking, repository, ends.headSha);
}
