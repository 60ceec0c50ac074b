import { redactValue } from "../../core/redact-json.ts";
import { redactTokens } from "../../core/redact.ts";

/** The runner has done so; but one that was taken over has not, and what it says goes to people and into events. */
export function withoutTokens(said: object): object {
  const redacted = redactValue(said, redactTokens);
  return typeof redacted === "object" && redacted !== null ? redacted : {};
}
