import { createHash } from "node:crypto";

/** Names the model account without showing its credential: 16 hexadecimal digits. What a limit holds back goes by it. */
export function accountOf(credential: string): string {
  return createHash("sha256").update(`phasegate model account\n${credential.trim()}`).digest("hex").slice(0, 16);
}
