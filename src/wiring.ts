/** What more than one program makes of its settings. */
import type { Config } from "./control/config.ts";
import type { Clock, Log, Timer } from "./control/ports/surroundings.ts";
import type { Store } from "./control/ports/store.ts";
import { defaultPolicy, type Policy } from "./core/decide.ts";
import { createGitHub, type GitHubClient } from "./github/client.ts";

const githubTimeoutMs = 30_000;

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  /** Null where nothing is made that lists may miss: records of tasks are found by their names. */
  readonly store: Store | null;
}

export const realTimer: Timer = (ms, then) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

export function githubOf(config: Config, { clock, log, store }: Surroundings): GitHubClient {
  return createGitHub({
    appId: config.appId,
    privateKey: config.privateKey,
    apiUrl: config.githubApiUrl,
    webUrl: config.githubWebUrl,
    language: config.language,
    actionRef: config.actionRef,
    appUrl: config.publicUrl,
    mcpHosts: config.mcpHosts,
    writeIntervalMs: config.githubWriteIntervalMs,
    timeoutMs: githubTimeoutMs,
    log,
    clock,
    creations: store,
  });
}

export function policyOf({ reviewDebounceMs, namesEveryMs, logsKeptMs }: Config): Policy {
  return { ...defaultPolicy, reviewDebounceMs, namesEveryMs, logsKeptMs };
}
