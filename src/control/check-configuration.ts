/** A pull request that changes `.github/phasegate/` is told what its head would come to. Only told: nothing of it is obeyed. */
import type { Repository } from "../core/events.ts";
import type { GitHub, Playbooks } from "./ports.ts";

interface Checking {
  readonly github: Pick<GitHub, "readRepositoryFiles" | "mergeBaseOf" | "showConfigurationCheck">;
  readonly playbooks: Playbooks;
}

/** One request where the head has no such folder, as in most repositories. */
export async function checkConfiguration(
  { github, playbooks }: Checking,
  repository: Repository,
  ends: { readonly headSha: string; readonly baseSha: string },
): Promise<void> {
  const { headSha } = ends;
  const head = await github.readRepositoryFiles(repository, headSha);
  if (head.sha === "") return;
  // Held against where it parted: what only the base changed since is nobody's here.
  const parted = await github.mergeBaseOf(repository, ends);
  if (parted !== null && (await github.readRepositoryFiles(repository, parted)).sha === head.sha) return;
  const { faults, labels } = playbooks.forRepository(head);
  await github.showConfigurationCheck(repository, headSha, { faults, labels });
}
