import type { Repository } from "../../core/events.ts";

/** Who calls the app with a GitHub token of their own. */
export interface Callers {
  /** Of the person whose token it is; null where GitHub refuses it, or it is no person's. */
  loginOf(token: string): Promise<string | null>;
  /** Whether the token itself may list the names of the repository's secrets. */
  reachesSecrets(token: string, repository: Repository): Promise<boolean>;
  /** Whether the token itself may read the issues of a repository; in a public one any may. */
  readsIssues(token: string, repository: Pick<Repository, "owner" | "name">): Promise<boolean>;
  /** As the app; null where there is none of that name, or the app is not installed there, or suspended. */
  findRepository(owner: string, name: string): Promise<Repository | null>;
}
