/** A pull request that changes the configuration is told what its head would come to. Only told: nothing of it is obeyed. */
import type { Repository } from "../core/events.ts";
import { noInput } from "../core/task-input.ts";
import type { Playbooks } from "./ports/configuration.ts";
import type { GitHub } from "./ports/github.ts";

interface Checking {
  readonly github: Pick<
    GitHub,
    "readRepositoryFiles" | "readSettings" | "readSettingsFaults" | "mergeBaseOf" | "showConfigurationCheck"
  >;
  readonly playbooks: Playbooks;
}

/** One request where the head has no configuration, as in most repositories. */
export async function checkConfiguration(
  checking: Checking,
  repository: Repository,
  ends: { readonly headSha: string; readonly baseSha: string },
): Promise<void> {
  const { github, playbooks } = checking;
  const head = await readAt(checking, repository, ends.headSha);
  if (head.sameAs === nothing) return;
  // Held against where it parted: what only the base changed since is nobody's here.
  const parted = await github.mergeBaseOf(repository, ends);
  if (parted !== null && (await readAt(checking, repository, parted)).sameAs === head.sameAs) return;
  const { faults, labels } = playbooks.forRepository(head.files);
  const found = { faults: [...head.settings.faults, ...faults], labels };
  // Told in the language that is in force: what the head says of it is not obeyed, either.
  const { settings } = await github.readSettings(repository);
  await github.showConfigurationCheck(repository, ends.headSha, found, { input: noInput, settings });
}

async function readAt({ github }: Checking, repository: Repository, sha: string) {
  const files = await github.readRepositoryFiles(repository, sha);
  const settings = await github.readSettingsFaults(repository, sha);
  return { files, settings, sameAs: JSON.stringify([files.sha, settings]) };
}

const nothing = JSON.stringify(["", { sha: "", faults: [] }]);
