/** Who calls the API: whoever GitHub says a token belongs to. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { Callers } from "../control/ports/callers.ts";
import type { GitHub } from "../control/ports/github.ts";
import type { Clock } from "../control/ports/surroundings.ts";
import type { Repository } from "../core/events.ts";
import { ApiRefused } from "./api.ts";
import type { AddressOf } from "./client-address.ts";
import { createRateLimit, type Loan } from "./rate-limit.ts";

const windowMs = 60_000;
/** Of one person (Q11), whatever the token. */
const callsOfPersonMax = 60;
/** Of one address, where several people may sit. */
const callsOfAddressMax = 240;
/** Of one address. Each costs a request to GitHub, which gets suspicious of many. */
const refusedOfAddressMax = 10;

/** How long a token is known by its hash, and what it may (Q8). What its person may is asked each time. */
const rememberedMs = 60_000;
const rememberedMax = 1_000;

/** GitHub's kinds of tokens that stand for a person: personal, fine-grained, of an OAuth app, of a person who signed in to an App; and those from before 2021. */
const personsToken = /^(?:gh[pou]_[\w.-]{20,1000}|github_pat_\w{20,1000}|[0-9a-f]{40})$/u;
const namePart = /^[\w.-]{1,100}$/u;

export interface CallerOptions {
  readonly clock: Clock;
  readonly addressOf: AddressOf;
  readonly github: Pick<GitHub, "permissionOf"> & { readonly callers: Callers };
}

interface Caller {
  readonly login: string;
  /**
   * The repository, where the caller may write in it: asked of GitHub as the app, at this moment. For what the app then
   * reads by its own right; so the token itself must reach the secrets there.
   * Throws the same `not-found` for one that does not exist, one without the app, and one that the caller may not see.
   */
  writerIn(owner: string, name: string): Promise<Repository>;
  /** As `writerIn`, whatever the token reaches: for what is done with that very token, so that GitHub decides. */
  holderIn(owner: string, name: string): Promise<Holder>;
  /** The repository, where the caller's own token may read its issues; otherwise the same `not-found`. */
  readerIn(owner: string, name: string): Promise<Repository>;
  /** Whether it still may, asked of GitHub at this moment. */
  stillReads(repository: Repository): Promise<boolean>;
}

export interface Holder {
  readonly repository: Repository;
  /** The caller's own. */
  readonly token: string;
}

export type CallerOf = (context: Context) => Promise<Caller>;

interface Remembered {
  readonly login: string;
  readonly until: number;
  /** Ids of repositories whose secrets the token itself can list. */
  readonly reaches: Set<number>;
}

/** Throws `ApiRefused` for whoever is nobody, or calls too often. No token outlives its caller. */
export function createCallers({ clock, addressOf, github }: CallerOptions): CallerOf {
  const { callers } = github;
  const remembered = new Map<string, Remembered>();
  /** By the token's hash: of many calls at once with one token, GitHub hears one question. */
  const asking = new Map<string, Promise<Remembered>>();
  const ofPerson = createRateLimit({ clock, max: callsOfPersonMax, windowMs });
  const ofAddress = createRateLimit({ clock, max: callsOfAddressMax, windowMs });
  const refused = createRateLimit({ clock, max: refusedOfAddressMax, windowMs });

  return async (context) => {
    const address = addressOf(context);
    holdBack(ofAddress.take(address), "There were too many requests from your address");
    const token = /^Bearer (\S+)$/iu.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
    const known = await recognise(token, address);
    holdBack(ofPerson.take(known.login.toLowerCase()), `${known.login} has sent too many requests`);
    return {
      login: known.login,
      writerIn: (owner, name) => writerIn(known, token, owner, name),
      holderIn: async (owner, name) => ({ repository: await writableBy(known, owner, name), token }),
      readerIn: (owner, name) => readerIn(known, token, owner, name),
      stillReads: (repository) => callers.readsIssues(token, repository),
    };
  };

  async function recognise(token: string, address: string): Promise<Remembered> {
    const hash = createHash("sha256").update(token).digest("hex");
    const before = remembered.get(hash);
    if (before !== undefined && before.until > clock.now().getTime()) return before;
    remembered.delete(hash);
    const underWay = asking.get(hash);
    if (underWay !== undefined) return underWay;
    const loan = refused.lend(address);
    if (loan === null) {
      const wait = refused.waitOf(address) ?? 1;
      throw tooMany(wait, "Too many tokens from your address were refused, or are being asked about");
    }
    const asked = ask(token, hash, loan).finally(() => asking.delete(hash));
    asking.set(hash, asked);
    return asked;
  }

  async function ask(token: string, hash: string, loan: Loan): Promise<Remembered> {
    const login = personsToken.test(token) ? await callers.loginOf(token).catch(giveBack) : null;
    if (login === null) {
      loan.keep();
      throw new ApiRefused(
        "token-refused",
        token === ""
          ? "Send your own GitHub token: Authorization: Bearer <token>. `gh auth token` prints one."
          : "GitHub takes this for no person's token. Send your own, e.g. what `gh auth token` prints; tokens of Apps and jobs are not heard here.",
      );
    }
    loan.giveBack();
    const now = clock.now().getTime();
    const entry = { login, until: now + rememberedMs, reaches: new Set<number>() };
    for (const [key, { until }] of remembered) {
      if (until > now && remembered.size < rememberedMax) break;
      remembered.delete(key);
    }
    remembered.set(hash, entry);
    return entry;

    function giveBack(error: unknown): never {
      loan.giveBack();
      throw error;
    }
  }

  async function writableBy(known: Remembered, owner: string, name: string): Promise<Repository> {
    const repository = isName(owner, name) ? await callers.findRepository(owner, name) : null;
    const permission = repository === null ? "none" : await github.permissionOf(repository, known.login);
    if (repository === null || permission === "none") throw notFound(known, owner, name);
    const where = `${repository.owner}/${repository.name}`;
    if (permission !== "write" && permission !== "admin") {
      throw new ApiRefused("not-allowed", `This needs write access to ${where}, and ${known.login} has ${permission}.`);
    }
    return repository;
  }

  async function writerIn(known: Remembered, token: string, owner: string, name: string): Promise<Repository> {
    const repository = await writableBy(known, owner, name);
    // Otherwise a token that somebody gave to another service for less could be used here for more.
    if (!known.reaches.has(repository.repositoryId)) {
      if (!(await callers.reachesSecrets(token, repository))) {
        throw new ApiRefused(
          "not-allowed",
          `Your token may not list the secrets of ${repository.owner}/${repository.name}. Use one with the scope repo, or a fine-grained one with the permission Secrets: read there.`,
        );
      }
      known.reaches.add(repository.repositoryId);
    }
    return repository;
  }

  /** The token comes first: whom GitHub shows nothing learns nothing of where the app is installed, by time neither. */
  async function readerIn(known: Remembered, token: string, owner: string, name: string): Promise<Repository> {
    const reads = isName(owner, name) && (await callers.readsIssues(token, { owner, name }));
    const repository = reads ? await callers.findRepository(owner, name) : null;
    if (repository === null) throw notFound(known, owner, name);
    return repository;
  }
}

function isName(owner: string, name: string): boolean {
  return namePart.test(owner) && namePart.test(name);
}

function notFound({ login }: Remembered, owner: string, name: string): ApiRefused {
  return new ApiRefused(
    "not-found",
    `There is no repository ${isName(owner, name) ? `${owner}/${name}` : "of that name"} in which this app is installed and that ${login} may see.`,
  );
}

function holdBack(seconds: number | null, what: string): void {
  if (seconds !== null) throw tooMany(seconds, what);
}

function tooMany(seconds: number, what: string): ApiRefused {
  return new ApiRefused("too-many-requests", `${what}; try again in ${seconds} s.`, seconds);
}
