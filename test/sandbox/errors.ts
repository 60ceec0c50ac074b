/** Thrown inside a route; becomes an answer shaped like GitHub's. */
export class GitHubError extends Error {
  override name = "GitHubError";
  readonly status: 301 | 400 | 401 | 403 | 404 | 405 | 409 | 410 | 422;
  readonly errors: readonly unknown[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: GitHubError["status"],
    message: string,
    options: { errors?: readonly unknown[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = status;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

export function badRequest(message = "Problems parsing JSON"): GitHubError {
  return new GitHubError(400, message);
}

export function unauthorized(message = "Bad credentials"): GitHubError {
  return new GitHubError(401, message);
}

export function notFound(): GitHubError {
  return new GitHubError(404, "Not Found");
}

/** What GitHub says where a token lacks a permission; `accepted` as "contents=write". */
export function forbidden(accepted: string, by: "integration" | "personal access token" = "integration"): GitHubError {
  return new GitHubError(403, `Resource not accessible by ${by}`, {
    headers: { "X-Accepted-GitHub-Permissions": accepted },
  });
}

/** "Validation Failed" with its list, or a plain 422 with a message. */
export function invalid(message: string): GitHubError {
  return new GitHubError(422, message);
}

export function validationFailed(errors: readonly unknown[]): GitHubError {
  return new GitHubError(422, "Validation Failed", { errors });
}
