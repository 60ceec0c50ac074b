import { createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import { PriceOverride } from "../protocol/runner.ts";
import { networks, type Network } from "../core/network.ts";
import type { Language } from "../core/task-input.ts";
import { derivedCheckpointKey, parseCheckpointKeys, type CheckpointKey } from "./checkpoint-keys.ts";

export interface Config {
  readonly appId: number;
  readonly privateKey: string;
  readonly webhookSecret: string;
  /** Reachable by GitHub and by runners; without a slash at its end. */
  readonly publicUrl: string;
  /** `owner/repo@sha` of the action, for the workflow file. */
  readonly actionRef: string;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** `postgres://…` with its password; null where the store is SQLite in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly model: string;
  readonly language: Language;
  /** Most that a phase of a new task may spend; null where its playbook says. */
  readonly phaseBudgetUsd: number | null;
  readonly taskBudgetUsd: number;
  /** Of one model account, from midnight to midnight UTC. */
  readonly dayBudgetUsd: number;
  /** In the place of the runner's own price table. */
  readonly prices: readonly PriceOverride[];
  /** The first seals, all open. Never empty. */
  readonly checkpointKeys: readonly CheckpointKey[];
  readonly logLevel: string;
  readonly githubApiUrl: string;
  readonly githubWebUrl: string;
  readonly oidcIssuer: string;
  /** Pause between two writes of one installation. GitHub asks for a second. */
  readonly githubWriteIntervalMs: number;
  /** Silence after a review that requests changes, before its rework starts. */
  readonly reviewDebounceMs: number;
  /** Between two looks at the names that a task waits for, in the first hour. */
  readonly namesEveryMs: number;
  /** From the end of a task until its logs and changesets are deleted. */
  readonly logsKeptMs: number;
  /** Most that runs may reach. */
  readonly network: Network;
  /** Of the MCP servers that repositories may give their agents, e.g. `mcp.notion.com`. */
  readonly mcpHosts: readonly string[];
  /** Addresses and ranges of the reverse proxies whose `X-Forwarded-For` is believed, e.g. `203.0.113.0/24`. */
  readonly trustedProxies: readonly string[];
}

/** What of the settings nobody may read in a log. */
export function secretsOf({ privateKey, webhookSecret, databaseUrl, checkpointKeys }: Config): readonly string[] {
  const { password, searchParams } = new URL(databaseUrl ?? "postgres://none");
  const keys = checkpointKeys.map(({ key }) => Buffer.from(key).toString("base64"));
  return [privateKey, webhookSecret, decodeURIComponent(password), ...searchParams.getAll("password"), ...keys];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** All that is wrong with the settings, each line with where to get the right value. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `the settings have ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
    );
    this.faults = faults;
  }
}

const appPage = "your app's page, GitHub → Settings → Developer settings → GitHub Apps → Edit";

/** Secrets that are public knowledge: Probot's default among them. */
const wornOutSecrets = new Set(["development", "secret", "changeme", "password"]);

const defaults = {
  githubApiUrl: "https://api.github.com",
  githubWebUrl: "https://github.com",
  oidcIssuer: "https://token.actions.githubusercontent.com",
} as const;

/** Where a reverse proxy is unless the operator says: on this machine or in its network. */
export const privateNetworks: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "::1",
  "fc00::/7",
  "fe80::/10",
];

const usdMax = 10_000;

/**
 * Reads the settings from an environment. `readFile` gets the paths of `PRIVATE_KEY_PATH` and `MODEL_PRICES`.
 * Throws `ConfigError` with every fault at once, so that nobody mends them one start at a time.
 */
export function parseConfig(environment: Environment, readFile: (path: string) => string): Config {
  const faults: string[] = [];
  const get = (name: string) => environment[name]?.trim() || undefined;
  const required = (name: string, where: string): string => {
    const value = get(name);
    if (value === undefined) faults.push(`${name}: not set; ${where}`);
    return value ?? "";
  };
  const numberOf = (name: string, fallback: number, min: number, max: number): number => {
    const text = get(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    faults.push(`${name}: expected a number from ${min} to ${max}, got "${text}"`);
    return fallback;
  };

  const appIdText = required("APP_ID", `the number called "App ID" on ${appPage}`);
  if (appIdText !== "" && !/^[1-9]\d*$/u.test(appIdText)) {
    faults.push(`APP_ID: expected the app's number, got "${appIdText}" (a client id does not do); see ${appPage}`);
  }
  const privateKey = privateKeyOf(get, readFile, faults);
  const webhookSecret = required(
    "WEBHOOK_SECRET",
    `the "Webhook secret" that you set on ${appPage}; make one with: openssl rand -hex 32`,
  );
  if (webhookSecret !== "" && (webhookSecret.length < 16 || wornOutSecrets.has(webhookSecret))) {
    faults.push(
      "WEBHOOK_SECRET: expected at least 16 characters that nobody can guess; make one with: openssl rand -hex 32",
    );
  }
  const publicUrl = urlOf(
    "PUBLIC_URL",
    required("PUBLIC_URL", "the https address under which GitHub and its runners reach this app"),
    faults,
  );
  const actionRef = required(
    "ACTION_REF",
    "owner/repository@commit of the action that runners should use, e.g. your fork of this repository at a full commit SHA",
  );
  if (actionRef !== "" && !/^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/u.test(actionRef)) {
    faults.push(
      `ACTION_REF: expected owner/repository@<full 40-digit commit SHA>, got "${actionRef}"; a tag or branch can be moved by others`,
    );
  }
  if (get("GHE_HOST") !== undefined) {
    faults.push("GHE_HOST: GitHub Enterprise Server is not supported in version 1; unset it and use github.com");
  }
  const language = get("PHASEGATE_LANGUAGE") ?? "en";
  if (language !== "en" && language !== "ko")
    faults.push(`PHASEGATE_LANGUAGE: expected "en" or "ko", got "${language}"`);
  const config: Config = {
    appId: Number(appIdText),
    privateKey,
    webhookSecret,
    publicUrl,
    actionRef,
    host: get("HOST") ?? "0.0.0.0",
    port: numberOf("PORT", 3000, 0, 65_535),
    ...storeOf(get, faults),
    model: get("CLAUDE_MODEL") ?? "sonnet",
    language: language === "ko" ? "ko" : "en",
    phaseBudgetUsd: get("PHASE_BUDGET_USD") === undefined ? null : numberOf("PHASE_BUDGET_USD", 5, 0.01, usdMax),
    taskBudgetUsd: numberOf("TASK_BUDGET_USD", 25, 0.01, usdMax),
    dayBudgetUsd: numberOf("DAY_BUDGET_USD", 50, 0.01, usdMax),
    prices: pricesOf(get("MODEL_PRICES"), readFile, faults),
    checkpointKeys: [
      ...parseCheckpointKeys(get("CHECKPOINT_KEYS"), faults),
      // Also where others are set: what it sealed before that is still there.
      ...(privateKey === "" ? [] : [derivedCheckpointKey(privateKey)]),
    ],
    logLevel: get("LOG_LEVEL") ?? "info",
    githubApiUrl: elsewhere("GITHUB_API_URL", get("GITHUB_API_URL"), defaults.githubApiUrl, faults),
    githubWebUrl: elsewhere("GITHUB_WEB_URL", get("GITHUB_WEB_URL"), defaults.githubWebUrl, faults),
    oidcIssuer: elsewhere("OIDC_ISSUER", get("OIDC_ISSUER"), defaults.oidcIssuer, faults),
    githubWriteIntervalMs: numberOf("GITHUB_WRITE_INTERVAL_MS", 1_000, 0, 60_000),
    reviewDebounceMs: numberOf("REVIEW_DEBOUNCE_SECONDS", 20, 0, 3_600) * 1_000,
    namesEveryMs: numberOf("NAMES_SECONDS", 60, 1, 3_600) * 1_000,
    logsKeptMs: numberOf("KEEP_LOGS_DAYS", 90, 7, 36_500) * 24 * 60 * 60_000,
    network: networkOf(get("NETWORK"), faults),
    mcpHosts: hostsOf("MCP_SERVERS_ALLOWED", get("MCP_SERVERS_ALLOWED"), faults),
    trustedProxies: proxiesOf(get("TRUSTED_PROXIES"), faults),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Where the store is, for programs that need nothing else. Throws `ConfigError`. */
export function parseStoreSettings(environment: Environment): Pick<Config, "dataDir" | "databaseUrl"> {
  const faults: string[] = [];
  const settings = storeOf((name) => environment[name]?.trim() || undefined, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return settings;
}

function storeOf(get: (name: string) => string | undefined, faults: string[]): Pick<Config, "dataDir" | "databaseUrl"> {
  return { dataDir: get("DATA_DIR") ?? "./data", databaseUrl: databaseUrlOf(get("DATABASE_URL"), faults) };
}

function networkOf(said: string | undefined, faults: string[]): Network {
  const network = networks.find((each) => each === (said ?? "open"));
  if (network === undefined) faults.push(`NETWORK: expected ${networks.join(", ")}, got "${said}"`);
  return network ?? "none";
}

function privateKeyOf(
  get: (name: string) => string | undefined,
  readFile: (path: string) => string,
  faults: string[],
): string {
  const where = `"Generate a private key" on ${appPage}`;
  const inline = get("PRIVATE_KEY");
  const path = get("PRIVATE_KEY_PATH");
  if (inline !== undefined && path !== undefined)
    faults.push("PRIVATE_KEY and PRIVATE_KEY_PATH: set one of them, not both");
  if (inline === undefined && path === undefined) {
    faults.push(`PRIVATE_KEY: not set, nor PRIVATE_KEY_PATH; ${where}`);
    return "";
  }
  let pem: string;
  try {
    pem = (inline ?? readFile(path ?? "")).replaceAll("\\n", "\n");
  } catch (error) {
    faults.push(`PRIVATE_KEY_PATH: reading "${path}": ${error instanceof Error ? error.message : String(error)}`);
    return "";
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "rsa")
      faults.push(`PRIVATE_KEY: expected an RSA key, got ${key.asymmetricKeyType}; ${where}`);
    // GitHub hands out PKCS#1, the signer wants PKCS#8: both are taken.
    return key.export({ type: "pkcs8", format: "pem" }).toString();
  } catch {
    faults.push(
      `${inline === undefined ? "PRIVATE_KEY_PATH" : "PRIVATE_KEY"}: expected an RSA private key in PEM form; ${where}`,
    );
    return "";
  }
}

const Prices = z.array(PriceOverride);

/** A JSON list, or the path of a file with one. */
function pricesOf(
  text: string | undefined,
  readFile: (path: string) => string,
  faults: string[],
): readonly PriceOverride[] {
  if (text === undefined) return [];
  const example = '[{"model":"claude-sonnet","input":3,"output":15,"cacheRead":0.3}], US dollars for a million tokens';
  try {
    const json = text.startsWith("[") ? text : readFile(text);
    const parsed = Prices.safeParse(JSON.parse(json));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    faults.push(`MODEL_PRICES: expected ${example}; got something else${where}: ${issue?.message ?? "unreadable"}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    faults.push(`MODEL_PRICES: expected ${example}, or the path of a file with such a list; ${why}`);
  }
  return [];
}

/** The address holds a password, so no fault repeats any of it. */
function databaseUrlOf(text: string | undefined, faults: string[]): string | null {
  if (text === undefined) return null;
  const example = "postgres://user:password@host:5432/database";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^postgres(?:ql)?:$/u.test(url.protocol)) {
    const hint = text.includes("@")
      ? "; in its password, @ : / ? # and % are written as %40 %3A %2F %3F %23 and %25"
      : "";
    faults.push(`DATABASE_URL: expected an address such as ${example}${hint}; unset it to use SQLite in DATA_DIR`);
    return null;
  }
  if (!canDecode(text))
    faults.push("DATABASE_URL: expected each % in it to be written as %25; one stands there as it is");
  if (url.pathname.length < 2) faults.push(`DATABASE_URL: expected the database's name at its end, as in ${example}`);
  if (url.host === "" && !url.searchParams.has("host"))
    faults.push(`DATABASE_URL: expected a host, as in ${example}, or ?host=/folder/of/the/socket`);
  return text;
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** With a comma between two. */
function hostsOf(name: string, text: string | undefined, faults: string[]): readonly string[] {
  const hosts = (text ?? "").split(",").map((host) => host.trim().toLowerCase());
  const named = [...new Set(hosts.filter((host) => host !== ""))];
  for (const host of named) {
    if (!URL.canParse(`https://${host}`) || new URL(`https://${host}`).host !== host) {
      faults.push(`${name}: expected hosts such as mcp.example.org, with a comma between two, got "${host}"`);
    }
  }
  return named;
}

/** With a comma between two, in the place of the private ones. */
function proxiesOf(text: string | undefined, faults: string[]): readonly string[] {
  if (text === undefined) return privateNetworks;
  const proxies = text.split(",").map((proxy) => proxy.trim());
  for (const proxy of proxies) {
    if (isNetwork(proxy)) continue;
    faults.push(
      `TRUSTED_PROXIES: expected addresses or ranges such as 203.0.113.7, 198.51.100.0/24 or 2001:db8::/32, with a comma between two, got "${proxy}"; name those of your reverse proxy, or unset it to believe private addresses`,
    );
  }
  return proxies;
}

/** All addresses at once are no proxy's, and an IPv4 address that is written as IPv6 never comes. */
function isNetwork(text: string): boolean {
  const { address = "", bits } = /^(?<address>[^/%]+)(?:\/(?<bits>[1-9]\d{0,2}))?$/u.exec(text)?.groups ?? {};
  const version = isIP(address);
  if (version === 0 || /^::ffff:.*\./iu.test(address)) return false;
  return bits === undefined || Number(bits) <= (version === 6 ? 128 : 32);
}

function urlOf(name: string, text: string, faults: string[]): string {
  if (text === "") return "";
  const parsed = z.url({ protocol: /^https?$/u }).safeParse(text);
  if (!parsed.success) {
    faults.push(`${name}: expected an address such as https://phasegate.example.org, got "${text}"`);
    return "";
  }
  const url = new URL(text);
  if (url.protocol !== "https:" && !isLoopback(url)) {
    faults.push(`${name}: expected https, got "${text}"; run tokens would cross the network in the clear`);
  }
  if (url.search !== "" || url.hash !== "") faults.push(`${name}: expected no query and no fragment, got "${text}"`);
  return text.replace(/\/+$/u, "");
}

/** Another GitHub than github.com may only be one on this machine: the sandbox. */
function elsewhere(name: string, text: string | undefined, fallback: string, faults: string[]): string {
  if (text === undefined || text === fallback) return fallback;
  const url = urlOf(name, text, faults);
  if (url !== "" && !isLoopback(new URL(url))) {
    faults.push(`${name}: expected ${fallback} or an address on this machine, got "${text}"`);
  }
  return url;
}

function isLoopback(url: URL): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
}
