import { setTimeout as sleep } from "node:timers/promises";
import { ProbotOctokit } from "probot";
import { RetryLater } from "../control/ports/retry-later.ts";
import type { Store } from "../control/ports/store.ts";
import type { Clock, Log } from "../control/ports/surroundings.ts";
import { failureOf, RateLimited, RequestFailed } from "./request-failed.ts";
import { createTokens, type MintedToken, type TokenPermissions, type TokenScope } from "./tokens.ts";
import { createTurns } from "./turns.ts";

export type Octokit = InstanceType<typeof ProbotOctokit>;

export interface ApiOptions {
  readonly appId: number;
  readonly privateKey: string;
  /** e.g. `https://api.github.com`, without a slash at the end. */
  readonly apiUrl: string;
  /** Pause between two writes of one installation: 1,000 in production, 0 against the sandbox. */
  readonly writeIntervalMs: number;
  /** Of one request, its answer included. */
  readonly timeoutMs: number;
  readonly fetch?: typeof fetch;
  readonly log: Log;
  readonly clock: Clock;
  /** Null for whoever makes nothing. */
  readonly creations: Creations | null;
}

/** What is being made, by whatever process of the app. */
export type Creations = Pick<Store, "beginCreation" | "dropCreation">;

/** One request or a few that belong together. `doing` stands in front of every error, e.g. `opening the gate of ada/shop`. */
export interface Call<Result> {
  readonly repository: TokenScope;
  readonly permissions: TokenPermissions;
  readonly doing: string;
  readonly send: (octokit: Octokit) => Promise<Result>;
}

/** `made` names what the call makes, where whoever looks for it in a list may not find it at once. */
interface Write<Result> extends Call<Result> {
  readonly made?: string;
}

/**
 * Throws `RetryLater`, or `RequestFailed` for what GitHub refuses, or a plain error where the app has no access any more.
 * Repeats nothing but a call whose token was refused.
 */
export interface Api {
  read<Result>(call: Call<Result>): Promise<Result>;
  /**
   * Waits for its turn among the writes of the installation. Throws `RetryLater` where somebody has just begun to make
   * the same, and perhaps died over it: by then the lists show what came of it.
   */
  write<Result>(call: Write<Result>): Promise<Result>;
  /** As an installation with all of its repositories, to see no more than which they are. */
  asInstallation<Result>(
    installationId: number,
    doing: string,
    send: (octokit: Octokit) => Promise<Result>,
  ): Promise<Result>;
  /** With the token of whoever called the app. */
  asHolder<Result>(token: string, doing: string, send: (octokit: Octokit) => Promise<Result>): Promise<Result>;
  /** As the app itself, not as an installation. */
  asApp<Result>(doing: string, send: (octokit: Octokit) => Promise<Result>): Promise<Result>;
}

const apiVersion = "2022-11-28";
/** A new token is not known everywhere at once. */
const tokenRefusedRetryMs = 5_000;
/** Until then a list may miss what was just made. */
export const appearsWithinMs = 15_000;

export function createApi(options: ApiOptions): Api {
  const { log, clock, creations } = options;
  const baseFetch = options.fetch ?? fetch;
  const Client = ProbotOctokit.defaults((defaults: object) => ({
    ...defaults,
    baseUrl: options.apiUrl,
    log: { debug: ignore, info: ignore, warn: warnOf(log), error: ignore },
    // Retrying a POST that succeeded before its answer was lost would write twice; the effect queue repeats with a look first.
    retry: { enabled: false },
    // Waiting inside a call would hold the queue's lease; limits surface as RetryLater, and writes are paced here.
    throttle: { enabled: false },
    request: { fetch: boundedFetch },
  }));
  const app = new Client({ auth: { appId: options.appId, privateKey: options.privateKey } });
  const tokens = createTokens({ clock, mint: mintToken });
  /** Writes of one installation are serial, with a pause between them, as GitHub asks. */
  const inTurn = createTurns<number>(options.writeIntervalMs, (ms) => sleep(ms, undefined, { ref: false }));
  /** After a limit nobody calls before this time: going on may get the app banned. By installation. */
  const restUntilMs = new Map<number, number>();

  async function boundedFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("x-github-api-version", apiVersion);
    const response = await baseFetch(input, { ...init, headers, signal: AbortSignal.timeout(options.timeoutMs) });
    // Octokit takes a body that breaks off for an empty answer; read here, it fails like the request that it is.
    const body = await response.arrayBuffer();
    return new Response(body.byteLength === 0 ? null : body, { status: response.status, headers: response.headers });
  }

  async function asApp<Result>(doing: string, send: (octokit: Octokit) => Promise<Result>): Promise<Result> {
    try {
      return await send(app);
    } catch (error) {
      throw failureOf(doing, error, clock.now());
    }
  }

  async function asInstallation<Result>(
    installationId: number,
    doing: string,
    send: (octokit: Octokit) => Promise<Result>,
  ): Promise<Result> {
    const { data } = await asApp(doing, (octokit) =>
      octokit.rest.apps.createInstallationAccessToken({
        installation_id: installationId,
        permissions: { metadata: "read" },
      }),
    );
    return asHolder(data.token, doing, send);
  }

  async function asHolder<Result>(
    token: string,
    doing: string,
    send: (octokit: Octokit) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await send(new Client({ auth: { token } }));
    } catch (error) {
      throw failureOf(doing, error, clock.now());
    }
  }

  async function mintToken(repository: TokenScope, permissions: TokenPermissions): Promise<MintedToken> {
    const doing = `getting a token for ${repository.owner}/${repository.name} (installation ${repository.installationId})`;
    try {
      // Octokit's own installation auth would call api.github.com whatever the base URL is.
      const { data } = await asApp(doing, (octokit) =>
        octokit.rest.apps.createInstallationAccessToken({
          installation_id: repository.installationId,
          ...(repository.repositoryId === null
            ? { repositories: [repository.name] }
            : { repository_ids: [repository.repositoryId] }),
          permissions: { ...permissions },
        }),
      );
      return { token: data.token, expiresAt: data.expires_at };
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      const wanted = Object.entries(permissions).map(([name, level]) => `${name}: ${level}`);
      if (error.status === 422) {
        const reason = `the installation does not grant ${wanted.join(", ")} (${error.reason})`;
        throw new RequestFailed(doing, 403, reason, { cause: error });
      }
      // Also where the machine's clock is off for a while, or GitHub: what people said meanwhile must not be lost.
      if (error.status === 401) {
        const asked = `${error.message}; is PRIVATE_KEY the App's, and this machine's clock right?`;
        throw new RetryLater(asked, tokenRefusedRetryMs, { cause: error });
      }
      // Not a RequestFailed: a caller that asks "is it there?" must not take a lost installation for a no.
      throw new Error(`${error.message}; is the app still installed there, and not suspended?`, { cause: error });
    }
  }

  async function send<Result>(call: Call<Result>): Promise<Result> {
    const { repository, permissions, doing } = call;
    refuseWhileResting(repository.installationId, doing);
    for (let tries = 1; ; tries += 1) {
      const token = await tokens.tokenFor(repository, permissions).catch(noticeLimit);
      try {
        return await call.send(new Client({ auth: { token } }));
      } catch (error) {
        const failure = failureOf(doing, error, clock.now());
        if (failure instanceof RequestFailed && failure.status === 401) {
          tokens.forget(repository, permissions);
          // Refused before anything was done, so a write may be sent again, too.
          if (tries === 1) continue;
          throw new RetryLater(failure.message, tokenRefusedRetryMs, { cause: failure });
        }
        return noticeLimit(failure);
      }
    }

    function noticeLimit(error: unknown): never {
      if (error instanceof RateLimited) rest(repository.installationId, error);
      throw error;
    }
  }

  async function sendOnce<Result>(call: Call<Result>, key: string, creations: Creations): Promise<Result> {
    let isBegun = false;
    const begin = async () => {
      if (isBegun) return;
      const now = clock.now().getTime();
      const earliest = new Date(now - appearsWithinMs).toISOString();
      const since = await creations.beginCreation(key, new Date(now).toISOString(), earliest);
      isBegun = since === null;
      if (since === null) return;
      const restMs = Math.max(Date.parse(since) + appearsWithinMs - now, 1);
      throw new RetryLater(`${call.doing}: somebody has just begun to; what came of it shows in a moment`, restMs);
    };
    try {
      return await send({
        ...call,
        send: async (octokit) => {
          await begin();
          return call.send(octokit);
        },
      });
    } catch (error) {
      if (!isBegun) throw error;
      if (error instanceof RequestFailed || error instanceof RateLimited) await creations.dropCreation(key);
      else if (error instanceof RetryLater) {
        // It may be there although the answer got lost.
        throw new RetryLater(error.message, Math.max(error.retryAfterMs, appearsWithinMs), { cause: error });
      }
      throw error;
    }
  }

  function refuseWhileResting(installationId: number, doing: string): void {
    const leftMs = (restUntilMs.get(installationId) ?? 0) - clock.now().getTime();
    if (leftMs > 0) throw new RateLimited(`${doing}: waiting for GitHub's rate limit to lift`, leftMs);
    restUntilMs.delete(installationId);
  }

  function rest(installationId: number, failure: RateLimited): void {
    log.warn({ installationId, retryAfterMs: failure.retryAfterMs, err: failure }, "rate limit of GitHub reached");
    restUntilMs.set(installationId, clock.now().getTime() + failure.retryAfterMs);
  }

  return {
    read: send,
    write: (call) =>
      inTurn(call.repository.installationId, () => {
        const { made } = call;
        if (made === undefined || creations === null) return send(call);
        return sendOnce(call, `${call.repository.repositoryId} ${made}`, creations);
      }),
    asApp,
    asHolder,
    asInstallation,
  };
}

/** Octokit's deprecation notes and the like: worth a line, never an error. */
function warnOf(log: Log): (message: string) => void {
  return (message) => log.warn({ message }, "warning of the GitHub client");
}

/** Octokit reports each request here; our own log speaks at the borders only. */
function ignore(): void {
  return undefined;
}
