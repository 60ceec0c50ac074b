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

/** What the sandbox lacks, said loudly: an empty answer would look like GitHub's. */
export function notImplemented(what: string): Error {
  return new Error(`the sandbox's GraphQL does not implement ${what}: add it in test/sandbox/graphql-*.ts`);
}
