import { createPublicKey, verify } from "node:crypto";
import type { Context } from "hono";
import { badRequest, forbidden, GitHubError, notFound, unauthorized } from "./errors.ts";
import { findInstallation, findRepository } from "./state.ts";
import type { Actor, Installation, Level, Repository, Role, SandboxContext } from "./state.ts";

const LEVELS: readonly Level[] = ["read", "write", "admin"];
const ROLES: readonly Role[] = ["read", "triage", "write", "maintain", "admin"];
const JWT_LIFE_SECONDS_MAX = 600;
/** GitHub tolerates a clock that runs ahead by about a minute. */
const JWT_SKEW_SECONDS = 60;

/** Throws 401 unless the request carries a JWT signed by the App's key. */
export function requireAppJwt(context: SandboxContext, c: Context): void {
  const token = bearerOf(c.req.header("authorization"));
  if (token === null) throw unauthorized("A JSON web token could not be decoded");
  const parts = token.split(".");
  const [head, body, signature] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) {
    throw unauthorized("A JSON web token could not be decoded");
  }
  const header = decodePart(head);
  const claims = decodePart(body);
  if (header["alg"] !== "RS256") throw unauthorized("A JSON web token could not be decoded");
  const key = createPublicKey(context.options.publicKeyPem);
  const signed = verify("sha256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"));
  if (!signed) throw unauthorized("A JSON web token could not be decoded");

  const now = context.now().getTime() / 1000;
  const { iss, iat, exp } = claims;
  if (String(iss) !== String(context.options.appId) && iss !== context.options.clientId) {
    throw unauthorized("'Issuer' claim ('iss') must be the App ID");
  }
  if (typeof exp !== "number" || exp <= now) {
    throw unauthorized(
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (exp - now > JWT_LIFE_SECONDS_MAX + JWT_SKEW_SECONDS) {
    throw unauthorized("'Expiration time' claim ('exp') is too far in the future");
  }
  if (typeof iat !== "number" || iat > now + JWT_SKEW_SECONDS) {
    throw unauthorized(
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
}

/** The sender by its token: 401 when it is unknown, revoked or expired, or there is none where one is needed. */
export function requireToken(context: SandboxContext, c: Context): Actor {
  const token = bearerOf(c.req.header("authorization"));
  if (token === null && isOpenToAll(c)) return ANYBODY;
  if (token === null) throw unauthorized("Requires authentication");
  const actor = actorOfToken(context, token);
  if (actor === null) throw unauthorized();
  if (actor.kind === "installation") refuseSuspended(actor.installation);
  return actor;
}

export function refuseSuspended(installation: Installation): void {
  if (installation.suspendedAt !== null) throw new GitHubError(403, "This installation has been suspended");
}

/** What anybody may read of a public repository without a token; a private one is 404 for them. */
const OPEN_PATH =
  /^\/repos\/[^/]+\/[^/]+(?:\/(?:branches|commits|compare|contents|git|issues|labels|pulls)(?:\/.*)?)?$/;
/** Somebody without an account: reads as a stranger does, and has no role anywhere. */
const ANYBODY: Actor = {
  kind: "user",
  account: { id: 0, login: "", type: "User" },
  token: {
    token: "",
    kind: "user",
    account: { id: 0, login: "", type: "User" },
    installationId: null,
    repositoryIds: "all",
    permissions: "all",
    expiresAt: null,
  },
};

function isOpenToAll(c: Context): boolean {
  // A header that holds no token is a mistake, not anonymity.
  const anonymous = c.req.header("authorization") === undefined;
  return anonymous && ["GET", "HEAD"].includes(c.req.method) && OPEN_PATH.test(c.req.path);
}

export function actorOfToken(context: SandboxContext, text: string): Actor | null {
  const token = context.state.tokens.get(text);
  if (token === undefined) return null;
  if (token.expiresAt !== null && new Date(token.expiresAt) <= context.now()) return null;
  if (token.kind !== "installation") return { kind: token.kind, account: token.account, token };
  const installation = context.state.installations.get(token.installationId ?? 0);
  return installation === undefined ? null : { kind: "installation", account: token.account, token, installation };
}

/** The repository of the path (`:owner/:repo`), when the actor may see it; otherwise 404, or 301 for a former name. */
export function requireRepository(context: SandboxContext, c: Context, actor: Actor): Repository {
  const owner = c.req.param("owner") ?? "";
  const name = c.req.param("repo") ?? "";
  const repository = findRepository(context.state, owner, name);
  if (repository === null) throw movedOrMissing(context, c, actor, owner, name);
  if (!canSee(context, actor, repository)) throw notFound();
  if (repository.archived && c.req.method !== "GET") {
    throw new GitHubError(403, "Repository was archived so is read-only.");
  }
  return repository;
}

export function canSee(context: SandboxContext, actor: Actor, repository: Repository): boolean {
  if (!repository.private) return true;
  if (actor.kind === "user" && roleOf(repository, actor.account.login) === null) return false;
  return reaches(context, actor, repository);
}

/** Throws 403 unless the actor has the permission on the repository at that level or above. */
export function requirePermission(
  context: SandboxContext,
  actor: Actor,
  repository: Repository,
  permission: string,
  level: Level,
): void {
  requireAnyPermission(context, actor, repository, [permission], level);
}

/** As `requirePermission`, where GitHub accepts one of several, such as issues or pull_requests. */
export function requireAnyPermission(
  context: SandboxContext,
  actor: Actor,
  repository: Repository,
  permissions: readonly string[],
  level: Level,
): void {
  if (permissions.some((permission) => hasPermission(context, actor, repository, permission, level))) return;
  const isPerson = actor.kind === "user";
  if (isPerson && !permissions.some((permission) => userHas(repository, actor.account.login, permission, level))) {
    throw new GitHubError(403, "Must have admin rights to Repository.");
  }
  const accepted = permissions.map((permission) => `${permission}=${level}`).join("; ");
  throw forbidden(accepted, isPerson ? "personal access token" : "integration");
}

export function hasPermission(
  context: SandboxContext,
  actor: Actor,
  repository: Repository,
  permission: string,
  level: Level,
): boolean {
  if (actor.kind === "user" && !userHas(repository, actor.account.login, permission, level)) return false;
  if (actor.token.permissions === "all") return true;
  // A public repository is readable with any token, but only what is public: secrets and the like are not.
  const isOpen = !repository.private && level === "read" && isPublic(permission);
  if (!reaches(context, actor, repository)) return isOpen;
  if (permission === "metadata" && level === "read") return true;
  const granted = actor.token.permissions[permission];
  if (granted !== undefined && LEVELS.indexOf(granted) >= LEVELS.indexOf(level)) return true;
  // Stricter than GitHub: what the app reads in a story, it must be able to read in a private repository, too.
  return isOpen && actor.kind !== "installation";
}

/** The role of a collaborator; the owner is admin; null for strangers. */
export function roleOf(repository: Repository, login: string): Role | null {
  if (repository.owner.login.toLowerCase() === login.toLowerCase()) return "admin";
  return repository.collaborators.get(login.toLowerCase()) ?? null;
}

export function roleAtLeast(role: Role | null, least: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(least);
}

export function bearerOf(header: string | undefined): string | null {
  const match = /^(?:bearer|token)\s+(\S+)$/i.exec(header ?? "");
  return match?.[1] ?? null;
}

function reaches(context: SandboxContext, actor: Actor, repository: Repository): boolean {
  const { repositoryIds } = actor.token;
  if (repositoryIds !== "all" && !repositoryIds.has(repository.id)) return false;
  if (actor.kind !== "installation") return true;
  return findInstallation(context.state, repository)?.id === actor.installation.id;
}

function isPublic(permission: string): boolean {
  return ["metadata", "contents", "issues", "pull_requests", "checks", "actions", "statuses"].includes(permission);
}

/** A user's rights by role: triage may label and close, write may push, admin may change settings. */
function userHas(repository: Repository, login: string, permission: string, level: Level): boolean {
  const role = roleOf(repository, login);
  if (level === "read") {
    if (["secrets", "actions_variables", "environments"].includes(permission)) return roleAtLeast(role, "write");
    return roleAtLeast(role, "read") || !repository.private;
  }
  if (permission === "administration" || level === "admin") return roleAtLeast(role, "admin");
  if (permission === "issues" || permission === "pull_requests") return roleAtLeast(role, "triage");
  // Only Apps make check runs.
  if (permission === "checks") return false;
  return roleAtLeast(role, "write");
}

function movedOrMissing(context: SandboxContext, c: Context, actor: Actor, owner: string, name: string): GitHubError {
  for (const repository of context.state.repositories.values()) {
    const moved = repository.formerNames.some((former) => former.toLowerCase() === `${owner}/${name}`.toLowerCase());
    if (!moved || !canSee(context, actor, repository)) continue;
    const rest = new URL(c.req.url).pathname.split("/").slice(4);
    const location = [`${context.url()}/repositories/${repository.id}`, ...rest].join("/");
    return new GitHubError(301, "Moved Permanently", { headers: { Location: location } });
  }
  return notFound();
}

function decodePart(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value));
  } catch (cause) {
    throw new GitHubError(401, "A JSON web token could not be decoded", { cause });
  }
  throw unauthorized("A JSON web token could not be decoded");
}

/** The JSON body as a record; an absent body is an empty record, anything but an object 400. */
export async function readBody(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new GitHubError(400, "Problems parsing JSON", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest("Body should be a JSON object");
  }
  return Object.fromEntries(Object.entries(value));
}
