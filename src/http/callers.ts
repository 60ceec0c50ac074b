/** Who calls the API: whoever GitHub says a token belongs to. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { Callers } from "../control/ports/callers.ts";
import type { GitHub } from "../control/ports/github.ts";
import type { Clock } from "../control/ports/surroundings.ts";
import type { Repository } from "../core/events.ts";
import { ApiRefused } from "./api.ts";
import { clientAddress } from "./client-address.ts";
import { createRateLimit } from "./rate-limit.ts";

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
  readonly github: Pick<GitHub, "permissionOf"> & { readonly callers: Callers };
}

export interface Caller {
  readonly login: string;
  /**
   * The repository, where the caller may write in it: asked of GitHub as the app, at this moment.
   * Throws the same `not-found` for one that does not exist, one without the app, and one that the caller may not see.
   */
  writerIn(owner: string, name: string): Promise<Repository>;
}

interface Remembered {
  readonly login: string;
  readonly until: number;
  /** Ids of repositories whose secrets the token itself can list. */
  readonly reaches: Set<number>;
}

/** Throws `ApiRefused` for whoever is nobody, or calls too often. No token is kept. */
export function createCallers({ clock, github }: CallerOptions): (context: Context) => Promise<Caller> {
  const { callers } = github;
  const remembered = new Map<string, Remembered>();
  const ofPerson = createRateLimit({ clock, max: callsOfPersonMax, windowMs });
  const ofAddress = createRateLimit({ clock, max: callsOfAddressMax, windowMs });
  const refused = createRateLimit({ clock, max: refusedOfAddressMax, windowMs });

  return async (context) => {
    const address = clientAddress(context);
    holdBack(ofAddress.take(address), "There were too many requests from your address");
    const token = /^Bearer (\S+)$/iu.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
    const known = await recognise(token, address);
    holdBack(ofPerson.take(known.login.toLowerCase()), `${known.login} has sent too many requests`);
    return { login: known.login, writerIn: (owner, name) => writerIn(known, token, owner, name) };
  };

  async function recognise(token: string, address: string): Promise<Remembered> {
    const now = clock.now().getTime();
    const hash = createHash("sha256").update(token).digest("hex");
    const before = remembered.get(hash);
    if (before !== undefined && before.until > now) return before;
    remembered.delete(hash);
    holdBack(refused.waitOf(address), "There were too many refused tokens from your address");
    const login = personsToken.test(token) ? await callers.loginOf(token) : null;
    if (login === null) {
      refused.take(address);
      throw new ApiRefused(
        "token-refused",
        token === ""
          ? "Send your own GitHub token: Authorization: Bearer <token>. `gh auth token` prints one."
          : "GitHub takes this for no person's token. Send your own, e.g. what `gh auth token` prints; tokens of Apps and jobs are not heard here.",
      );
    }
    const entry = { login, until: now + rememberedMs, reaches: new Set<number>() };
    for (const [key, { until }] of remembered) {
      if (until > now && remembered.size < rememberedMax) break;
      remembered.delete(key);
    }
    remembered.set(hash, entry);
    return entry;
  }

  async function writerIn(known: Remembered, token: string, owner: string, name: string): Promise<Repository> {
    const isName = namePart.test(owner) && namePart.test(name);
    const repository = isName ? await callers.findRepository(owner, name) : null;
    const permission = repository === null ? "none" : await github.permissionOf(repository, known.login);
    if (repository === null || permission === "none") {
      throw new ApiRefused(
        "not-found",
        `There is no repository ${isName ? `${owner}/${name}` : "of that name"} in which this app is installed and that ${known.login} may see.`,
      );
    }
    const where = `${repository.owner}/${repository.name}`;
    if (permission !== "write" && permission !== "admin") {
      throw new ApiRefused("not-allowed", `This needs write access to ${where}, and ${known.login} has ${permission}.`);
    }
    // Otherwise a token that somebody gave to another service for less could be used here for more.
    if (!known.reaches.has(repository.repositoryId)) {
      if (!(await callers.reachesSecrets(token, repository))) {
        throw new ApiRefused(
          "not-allowed",
          `Your token may not list the secrets of ${where}. Use one with the scope repo, or a fine-grained one with the permission Secrets: read there.`,
        );
      }
      known.reaches.add(repository.repositoryId);
    }
    return repository;
  }
}

function holdBack(seconds: number | null, what: string): void {
  if (seconds !== null) throw new ApiRefused("too-many-requests", `${what}; try again in ${seconds} s.`, seconds);
}
