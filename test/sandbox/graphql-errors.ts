import { GitHubError } from "./errors.ts";

/** An error as GitHub's GraphQL reports it: HTTP 200, with a type beside the message. */
export class GraphqlFailure extends Error {
  override name = "GraphqlFailure";
  readonly type: FailureType;

  constructor(type: FailureType, message: string) {
    super(message);
    this.type = type;
  }
}

type FailureType =
  | "NOT_FOUND"
  | "FORBIDDEN"
  | "UNPROCESSABLE"
  | "STALE_DATA"
  | "MISSING_PAGINATION_BOUNDARIES"
  | "EXCESSIVE_PAGINATION"
  | "INVALID_CURSOR_ARGUMENTS";

/** Rules that REST shares throw its errors; undefined is a fault of the sandbox. */
export function failureType(error: unknown): FailureType | undefined {
  if (error instanceof GraphqlFailure) return error.type;
  if (!(error instanceof GitHubError)) return undefined;
  if (error.status === 403) return "FORBIDDEN";
  return error.status === 404 ? "NOT_FOUND" : "UNPROCESSABLE";
}

/** What the sandbox lacks, said loudly: an empty answer would look like GitHub's. */
export function notImplemented(what: string): Error {
  return new Error(`the sandbox's GraphQL does not implement ${what}: add it in test/sandbox/graphql-*.ts`);
}
