/** Reads what the workflow gives to the action. Collects every fault, so that a person mends them in one go. */

import { isIP } from "node:net";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Slots in which a job carries granted values (Q28). */
const slotsMax = 10;

/**
 * Takes the granted values out of the environment, where whatever is started later could read them. By slot, from 1; a slot
 * that the workflow file does not name is missing.
 */
export function takeValues(env: Record<string, string | undefined>): ReadonlyMap<number, string> {
  const values = new Map<number, string>();
  for (let slot = 1; slot <= slotsMax; slot += 1) {
    const value = env[valueVariable(slot)];
    if (value !== undefined) values.set(slot, value);
    delete env[valueVariable(slot)];
  }
  return values;
}

/** As `takeValues` found them, for the process that carries on. */
export function asEnvironment(values: ReadonlyMap<number, string>): Record<string, string> {
  return Object.fromEntries([...values].map(([slot, value]) => [valueVariable(slot), value]));
}

function valueVariable(slot: number): string {
  return `PHASEGATE_SECRET_${slot}`;
}

export interface Inputs {
  /** Without a slash at the end. */
  readonly appUrl: string;
  readonly runId: string;
  /** For the log only. */
  readonly task: string;
  readonly phase: string;
  readonly credential: { readonly kind: "api-key" | "oauth-token"; readonly value: string };
  readonly claudePath: string | null;
  readonly modelUrl: URL;
  readonly repositoryToken: string;
  /** e.g. `https://github.com`. */
  readonly serverUrl: string;
  readonly runnerTemp: string;
  readonly path: string;
  readonly unsafeSameUser: boolean;
}

export type ParsedInputs =
  | { readonly kind: "inputs"; readonly inputs: Inputs }
  | { readonly kind: "faults"; readonly faults: readonly string[] };

/** As `action.yml` names them. */
export const inputNames: readonly string[] = [
  "app_url",
  "run",
  "task",
  "phase",
  "anthropic_api_key",
  "claude_code_oauth_token",
  "claude_path",
  "model_base_url",
  "github_token",
];

const modelUrlDefault = "https://api.anthropic.com";

export function parseInputs(env: Environment): ParsedInputs {
  const faults: string[] = [];
  const input = (name: string): string => (env[`INPUT_${name.toUpperCase()}`] ?? "").trim();

  const appUrl = parseUrl(input("app_url"), "app_url", "the address of your Phasegate app", faults);
  const modelUrl = parseUrl(input("model_base_url") || modelUrlDefault, "model_base_url", "an address", faults);
  const serverUrl = parseServerUrl(env["GITHUB_SERVER_URL"] ?? "https://github.com", faults);
  const runId = input("run");
  if (!/^[\w.:-]{1,200}$/.test(runId)) {
    faults.push(
      `run: expected the id of a run, got "${runId.slice(0, 50)}". The app fills it in: start work with the label or /run on the issue, not by hand`,
    );
  }
  const credential = parseCredential(env, input, faults);
  const claudePath = input("claude_path");
  if (claudePath !== "" && !claudePath.startsWith("/")) {
    faults.push(`claude_path: expected an absolute path, got "${claudePath}"`);
  }
  const runnerTemp = env["RUNNER_TEMP"] ?? "";
  if (!runnerTemp.startsWith("/"))
    faults.push("RUNNER_TEMP: expected an absolute path. Run this as a step of a GitHub Actions job on Linux");
  if (faults.length > 0 || appUrl === null || modelUrl === null || serverUrl === null || credential === null) {
    return { kind: "faults", faults };
  }
  return {
    kind: "inputs",
    inputs: {
      appUrl: appUrl.href.replace(/\/+$/, ""),
      runId,
      task: input("task"),
      phase: input("phase"),
      credential,
      claudePath: claudePath === "" ? null : claudePath,
      modelUrl,
      repositoryToken: input("github_token"),
      serverUrl: serverUrl.origin,
      runnerTemp,
      path: env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
      unsafeSameUser: env["PHASEGATE_UNSAFE_SAME_USER"] === "1",
    },
  };
}

function parseCredential(
  env: Environment,
  input: (name: string) => string,
  faults: string[],
): Inputs["credential"] | null {
  for (const variable of ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"]) {
    if ((env[variable] ?? "") !== "" && env[variable] !== "0") {
      faults.push(
        `${variable}: Bedrock and Vertex are signed by Claude Code itself, which would put the credential into the agent's hands. Version 1 refuses them: use ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN`,
      );
    }
  }
  const apiKey = input("anthropic_api_key");
  if (apiKey !== "") return { kind: "api-key", value: apiKey };
  const oauthToken = input("claude_code_oauth_token");
  if (oauthToken !== "") return { kind: "oauth-token", value: oauthToken };
  faults.push(
    "anthropic_api_key: got neither it nor claude_code_oauth_token. Add the secret ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN to the repository or organisation, then comment /run on the issue",
  );
  return null;
}

/** Tokens and prompts travel to it: in the clear only where they don't leave the machine. */
function parseUrl(text: string, name: string, what: string, faults: string[]): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isUsable = url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (isUsable && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)))) return url;
  faults.push(`${name}: expected ${what} with https://, got "${text.slice(0, 100)}"`);
  return null;
}

function parseServerUrl(text: string, faults: string[]): URL | null {
  const url = parseUrl(text, "GITHUB_SERVER_URL", "the address of GitHub", faults);
  if (url === null || url.hostname === "github.com" || url.hostname.endsWith(".ghe.com") || isLoopback(url.hostname))
    return url;
  faults.push(`GITHUB_SERVER_URL: version 1 does not work with GitHub Enterprise Server, got "${text}"`);
  return null;
}

function isLoopback(hostname: string): boolean {
  if (hostname === "localhost" || hostname === "[::1]") return true;
  return isIP(hostname) === 4 && hostname.startsWith("127.");
}
