import type { Permission } from "../control/ports/github.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";

/** GitHub's five roles in our four words; what it may invent later counts as nothing. */
const levels: ReadonlyMap<string, Permission> = new Map([
  ["admin", "admin"],
  ["maintain", "write"],
  ["write", "write"],
  ["triage", "read"],
  ["read", "read"],
]);

/** What a person may do, asked anew each time. Throws where GitHub does not answer: the caller must not guess. */
export async function permissionOf(api: Api, repository: Repository, login: string): Promise<Permission> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { metadata: "read" },
    doing: `asking for the permission of ${login} on ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.getCollaboratorPermissionLevel({ ...pathOf(repository), username: login }),
  });
  return answer === null ? "none" : (levels.get(answer.data.permission) ?? "none");
}
