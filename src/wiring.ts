/** What more than one program makes of the settings. */
import { readFileSync } from "node:fs";
import { ConfigError, parseConfig, type Config } from "./control/config.ts";
import type { Clock, Log } from "./control/ports.ts";
import { defaultPolicy, type Policy } from "./core/decide.ts";
import { createGitHub, type GitHubClient } from "./github/client.ts";

const githubTimeoutMs = 30_000;

export function githubOf(config: Config, { clock, log }: { readonly clock: Clock; readonly log: Log }): GitHubClient {
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
  });
}

export function policyOf({ reviewDebounceMs, namesEveryMs }: Config): Policy {
  return { ...defaultPolicy, reviewDebounceMs, namesEveryMs };
}

/** Of a program that a person starts by hand. Ends it with a list of all faults where the settings have any. */
export function settingsOrExit(): Config {
  try {
    return parseConfig(process.env, (file) => readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`phasegate: ${error.message}\n`);
    process.exit(2);
  }
}

/** Their message names the next step; a cause would only blur that. */
const saysAll = ["StoreLocked", "AddressRefused"];

/** What went wrong and why. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause, name } = error;
  return cause instanceof Error && !saysAll.includes(name) ? `${message}: ${sentenceOf(cause)}` : message;
}
