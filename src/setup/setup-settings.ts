import { ConfigError, parseConfig } from "../control/config.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that set-up makes. While none of them is there, nobody has set the app up. */
const identityNames = ["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET"] as const;
const addressNames = ["PUBLIC_URL", "ACTION_REF"] as const;

/** What set-up mode itself runs with. */
export interface SetupSettings {
  readonly host: string;
  readonly port: number;
  readonly githubApiUrl: string;
  readonly githubWebUrl: string;
  /** What the form is filled in with. */
  readonly publicUrl: string;
  readonly actionRef: string;
}

/** Nothing at all is set: then a list of five faults helps nobody. */
export function isNotSetUp(environment: Environment): boolean {
  return [...identityNames, ...addressNames].every((name) => isUnset(environment, name));
}

/**
 * Settings of set-up mode, by the rules of `parseConfig`. `HOST` is loopback unless set.
 * Throws `ConfigError`, also where an App is set up already.
 */
export function parseSetupSettings(environment: Environment): SetupSettings {
  const there = identityNames.filter((name) => !isUnset(environment, name));
  if (there.length > 0) {
    throw new ConfigError([
      `${there.join(", ")}: an App is set up already; check it with npm run doctor, or take these settings away to make another App`,
    ]);
  }
  const faults = faultsOf(environment, (name) => !wantedLater.has(name));
  if (faults.length > 0) throw new ConfigError(faults);
  const get = (name: string) => environment[name]?.trim() || undefined;
  return {
    host: get("HOST") ?? "127.0.0.1",
    port: Number(get("PORT") ?? 3000),
    githubApiUrl: withoutSlash(get("GITHUB_API_URL") ?? "https://api.github.com"),
    githubWebUrl: withoutSlash(get("GITHUB_WEB_URL") ?? "https://github.com"),
    publicUrl: get("PUBLIC_URL") ?? "",
    actionRef: get("ACTION_REF") ?? "",
  };
}

const wantedLater = new Set<string>([...identityNames, ...addressNames]);

/** What the form gave. The faults are those that the app itself would start with. */
export function checkAddresses(
  given: { readonly publicUrl: string; readonly actionRef: string },
  githubWebUrl: string,
): { readonly publicUrl: readonly string[]; readonly actionRef: readonly string[] } {
  const environment = { PUBLIC_URL: given.publicUrl, ACTION_REF: given.actionRef };
  const of = (name: string) =>
    faultsOf(environment, (candidate) => candidate === name).map((fault) => fault.slice(name.length + 2));
  const publicUrl = of("PUBLIC_URL");
  if (publicUrl.length === 0 && isLoopback(given.publicUrl) && !isLoopback(githubWebUrl)) {
    publicUrl.push("this address names the machine itself, where GitHub and its runners cannot reach the app");
  }
  // Readers of environment files disagree about these.
  if (publicUrl.length === 0 && /[\s\p{Cc}"'`\\$]/u.test(given.publicUrl)) {
    publicUrl.push("expected no spaces, quotes, backslashes or dollar signs");
  }
  return { publicUrl, actionRef: of("ACTION_REF") };
}

function faultsOf(environment: Environment, isMeant: (name: string) => boolean): string[] {
  try {
    parseConfig(environment, () => "");
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.filter((fault) => isMeant(fault.slice(0, fault.indexOf(":"))));
  }
}

/** Hosts that only programs of this machine reach. */
export function isLoopbackHost(host: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]", "::1"].includes(host.toLowerCase());
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname);
}

function isUnset(environment: Environment, name: string): boolean {
  return (environment[name]?.trim() ?? "") === "";
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/u, "");
}
