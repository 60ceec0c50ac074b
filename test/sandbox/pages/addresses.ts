import { fullName } from "../state.ts";
import type { Repository } from "../state.ts";

/** Paths of GitHub's pages, from the root of the server; each part is encoded. */
export function repositoryPath(repository: Repository, ...parts: readonly (string | number)[]): string {
  return ["", fullName(repository), ...parts.map((part) => encodePath(String(part)))].join("/");
}

export function issuePath(repository: Repository, number: number): string {
  return repositoryPath(repository, repository.pulls.has(number) ? "pull" : "issues", number);
}

/** A path or a branch: its slashes stay. */
function encodePath(path: string): string {
  return path.split("/").map(encodeSegment).join("/");
}

/** A lone surrogate can't be encoded; it has no address, so it is shown as what it is not. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed());
}
