import type { Clock } from "../control/ports/surroundings.ts";
import type { Repository } from "../core/events.ts";

/** As small as the call allows; every token is narrowed to one repository besides. */
export interface TokenPermissions {
  readonly actions?: "read" | "write";
  readonly actions_variables?: "read";
  readonly administration?: "read";
  readonly checks?: "read" | "write";
  readonly contents?: "read" | "write";
  readonly issues?: "read" | "write";
  readonly metadata?: "read";
  readonly pull_requests?: "read" | "write";
  readonly secrets?: "read";
  readonly statuses?: "read";
  readonly workflows?: "write";
}

/** What a token is narrowed to. Null: GitHub finds the repository by its name, among those of the installation. */
export type TokenScope = Omit<Repository, "repositoryId"> & { readonly repositoryId: number | null };

export interface MintedToken {
  readonly token: string;
  readonly expiresAt: string;
}

export interface Tokens {
  tokenFor(repository: TokenScope, permissions: TokenPermissions): Promise<string>;
  /** The next call gets a fresh one. */
  forget(repository: TokenScope, permissions: TokenPermissions): void;
}

const renewBeforeMs = 5 * 60_000;
const cachedMax = 5_000;

export function createTokens(options: {
  readonly clock: Clock;
  readonly mint: (repository: TokenScope, permissions: TokenPermissions) => Promise<MintedToken>;
}): Tokens {
  /** Holds the promise, so that calls at the same time share one request. */
  const cached = new Map<string, Promise<MintedToken>>();

  return {
    async tokenFor(repository, permissions) {
      const key = keyOf(repository, permissions);
      const known = cached.get(key);
      if (known !== undefined) {
        const minted = await known.catch(() => null);
        if (minted !== null && isFresh(minted)) return minted.token;
        if (cached.get(key) === known) cached.delete(key);
      }
      const pending = cached.get(key) ?? remember(key, options.mint(repository, permissions));
      try {
        return (await pending).token;
      } catch (error) {
        if (cached.get(key) === pending) cached.delete(key);
        throw error;
      }
    },
    forget(repository, permissions) {
      cached.delete(keyOf(repository, permissions));
    },
  };

  function isFresh({ expiresAt }: MintedToken): boolean {
    return Date.parse(expiresAt) - options.clock.now().getTime() > renewBeforeMs;
  }

  function remember(key: string, pending: Promise<MintedToken>): Promise<MintedToken> {
    if (cached.size >= cachedMax) cached.clear();
    cached.set(key, pending);
    return pending;
  }
}

function keyOf(repository: TokenScope, permissions: TokenPermissions): string {
  const wanted = Object.entries(permissions).sort(([one], [other]) => one.localeCompare(other));
  return JSON.stringify([repository.installationId, repository.repositoryId ?? repository.name, wanted]);
}
