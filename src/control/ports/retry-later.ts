/** Try again, and not before the moment that GitHub names. */
export class RetryLater extends Error {
  override name = "RetryLater";
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The same where nothing is wrong: what is waited for takes its time. */
export class NotYet extends RetryLater {
  override name = "NotYet";
}
