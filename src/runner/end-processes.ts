/** Ends every process of a user who does not want that. */

import { readdirSync, readFileSync } from "node:fs";

export interface EndingUser {
  readonly name: string;
  readonly uid: number;
  /** Has the user itself send SIGKILL to all that it may signal. Settles soon, whatever becomes of it. */
  killFromInside(timeoutMs: number): Promise<void>;
}

const roundsMax = 100;
const pauseMs = 20;
const namesMax = 1_000;
/** Its processes may stop the one that is to kill them. */
const insideMs = 1_000;

/**
 * Answers the names of all that it saw, cut by the kernel to 15 characters.
 *
 * From outside first, which none of them can hinder: whatever stops or kills its fellows ends here.
 * Then from inside: that reaches all at the same moment, so that none can fork away from it.
 */
export async function endProcesses(user: EndingUser): Promise<readonly string[]> {
  const seen = new Map<number, string>();
  for (let round = 0; round < roundsMax; round += 1) {
    if (killEach(user.uid, seen) === 0) return [...seen.values()].slice(0, namesMax);
    await user.killFromInside(insideMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`ending the agent's processes: user ${user.name} still has some`);
}

/** Answers how many there were. Waits for nothing between the look and the kill, since an id is soon given to another process. */
function killEach(uid: number, seen: Map<number, string>): number {
  let found = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      if (!isOwnedBy(status, uid) || !isLive(status)) continue;
      found += 1;
      seen.set(Number(name), /^Name:\s+(.*)$/m.exec(status)?.[1] ?? "");
      process.kill(Number(name), "SIGKILL");
    } catch {
      // It ended between the listing and the look, or the look and the kill.
    }
  }
  return found;
}

function isOwnedBy(status: string, uid: number): boolean {
  return new RegExp(`^Uid:.*\\b${uid}\\b`, "m").test(status);
}

/** A process whose first thread has ended shows as dead while its other threads go on. */
function isLive(status: string): boolean {
  return !/^State:\s+[ZX]/m.test(status) || Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]) > 1;
}
