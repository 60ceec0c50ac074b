import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { readBody, refuseSuspended, requireAppJwt, requireToken } from "../auth.ts";
import { GitHubError, invalid, notFound } from "../errors.ts";
import { appJson, installationJson, repositoryJson } from "../payloads.ts";
import { findInstallation, findRepository } from "../state.ts";
import type { Delivery, Installation, IssuedToken, Level, Permissions, SandboxContext } from "../state.ts";
import type { Webhooks } from "../webhooks.ts";
import { numberParam, optionalList, optionalRecord, paginate, stringList } from "./http.ts";

const TOKEN_LIFE_MS = 3_600_000;
const DELIVERIES_REMEMBERED_MS = 3 * 24 * 3_600_000;
const LEVELS: readonly string[] = ["read", "write", "admin"];

/** What an App does as itself: its installations, their tokens, its hook and deliveries. */
export function appRoutes(context: SandboxContext, webhooks: Webhooks): Hono {
  const routes = new Hono();

  routes.get("/app", (c) => {
    requireAppJwt(context, c);
    return c.json({ ...appJson(context), installations_count: context.state.installations.size });
  });

  routes.get("/app/installations", (c) => {
    requireAppJwt(context, c);
    const all = [...context.state.installations.values()];
    return c.json(paginate(context, c, all).map((each) => installationJson(context, each)));
  });

  routes.get("/app/installations/:id", (c) => {
    requireAppJwt(context, c);
    return c.json(installationJson(context, requireInstallation(context, numberParam(c, "id"))));
  });

  routes.post("/app/installations/:id/access_tokens", async (c) => {
    requireAppJwt(context, c);
    const installation = requireInstallation(context, numberParam(c, "id"));
    refuseSuspended(installation);
    const body = await readBody(c);
    const chosen = chosenRepositories(context, installation, body);
    const permissions = narrowedPermissions(installation, optionalRecord(body, "permissions"));
    const token = issueInstallationToken(context, installation, chosen ?? installation.repositoryIds, permissions);
    const repositories = [...(chosen ?? [])].flatMap((id) => context.state.repositories.get(id) ?? []);
    return c.json(
      {
        token: token.token,
        expires_at: token.expiresAt,
        permissions,
        repository_selection: "selected",
        ...(chosen === null ? {} : { repositories: repositories.map((each) => repositoryJson(context, each)) }),
      },
      201,
    );
  });

  routes.get("/repos/:owner/:repo/installation", (c) => {
    requireAppJwt(context, c);
    const repository = findRepository(context.state, c.req.param("owner"), c.req.param("repo"));
    const installation = repository === null ? null : findInstallation(context.state, repository);
    if (installation === null) throw notFound();
    return c.json(installationJson(context, installation));
  });

  routes.delete("/installation/token", (c) => {
    const actor = requireToken(context, c);
    if (actor.kind !== "installation") throw new GitHubError(403, "Resource not accessible by personal access token");
    context.state.tokens.delete(actor.token.token);
    return c.body(null, 204);
  });

  routes.get("/installation/repositories", (c) => {
    const actor = requireToken(context, c);
    if (actor.kind !== "installation") throw new GitHubError(403, "Resource not accessible by personal access token");
    const { repositoryIds } = actor.token;
    const seen = [...context.state.repositories.values()].filter(
      (each) =>
        actor.installation.repositoryIds.has(each.id) && (repositoryIds === "all" || repositoryIds.has(each.id)),
    );
    const repositories = paginate(context, c, seen).map((each) => repositoryJson(context, each));
    return c.json({ total_count: seen.length, repository_selection: "selected", repositories });
  });

  routes.get("/app/hook/config", (c) => {
    requireAppJwt(context, c);
    return c.json({ content_type: "json", insecure_ssl: "0", secret: "********", url: webhooks.url() ?? "" });
  });

  routes.get("/app/hook/deliveries", (c) => {
    requireAppJwt(context, c);
    const before = cursorOf(c.req.query("cursor"));
    const perPage = Math.min(Math.max(Number(c.req.query("per_page") ?? 30) || 30, 1), 100);
    const all = context.state.deliveries.filter(
      (each) => each.outcome !== "pending" && isRemembered(context, each) && inStatus(each, c.req.query("status")),
    );
    const older = all.filter((each) => each.id < before).sort((a, b) => b.id - a.id);
    const page = older.slice(0, perPage);
    const last = page.at(-1);
    if (older.length > page.length && last !== undefined) {
      const next = new URL(context.url() + new URL(c.req.url).pathname + new URL(c.req.url).search);
      next.searchParams.set("cursor", `v1_${last.id}`);
      c.header("Link", `<${next.href}>; rel="next"`);
    }
    return c.json(page.map(deliveryJson));
  });

  routes.get("/app/hook/deliveries/:id", (c) => {
    requireAppJwt(context, c);
    const delivery = requireDelivery(context, numberParam(c, "id"));
    const request = { headers: { "X-GitHub-Delivery": delivery.guid }, payload: parsed(delivery.body) };
    return c.json({
      ...deliveryJson(delivery),
      url: webhooks.url() ?? "",
      request,
      response: { headers: null, payload: null },
    });
  });

  routes.post("/app/hook/deliveries/:id/attempts", (c) => {
    requireAppJwt(context, c);
    webhooks.redeliver(requireDelivery(context, numberParam(c, "id")));
    return c.json({}, 202);
  });

  routes.get("/repositories/:id/*", (c) => byId(context, c.req.param("id"), c.req.url, (url) => c.redirect(url, 307)));
  routes.get("/repositories/:id", (c) => byId(context, c.req.param("id"), c.req.url, (url) => c.redirect(url, 307)));
  return routes;
}

/** Mints a token that acts as the App's bot. */
export function issueInstallationToken(
  context: SandboxContext,
  installation: Installation,
  repositoryIds: ReadonlySet<number>,
  permissions: Permissions,
): IssuedToken {
  // The format of 2026: prefix, App id, then something long with dots and underscores. Nothing may parse it.
  const part = (bytes: number) => randomBytes(bytes).toString("base64url").replaceAll("-", "_");
  const token: IssuedToken = {
    token: `ghs_${context.options.appId}_${part(24)}.${part(180)}.${part(64)}`,
    kind: "installation",
    account: context.bot,
    installationId: installation.id,
    repositoryIds: new Set(repositoryIds),
    permissions,
    expiresAt: new Date(context.now().getTime() + TOKEN_LIFE_MS).toISOString().replace(/\.\d+Z$/, "Z"),
  };
  context.state.tokens.set(token.token, token);
  return token;
}

function requireInstallation(context: SandboxContext, id: number): Installation {
  const installation = context.state.installations.get(id);
  if (installation === undefined) throw notFound();
  return installation;
}

function chosenRepositories(
  context: SandboxContext,
  installation: Installation,
  body: Record<string, unknown>,
): Set<number> | null {
  const names = stringList(body, "repositories");
  const ids = optionalList(body, "repository_ids");
  if (names === undefined && ids === undefined) return null;
  const chosen = new Set<number>();
  for (const name of names ?? []) {
    chosen.add(findRepository(context.state, installation.account.login, name)?.id ?? -1);
  }
  for (const id of ids ?? []) chosen.add(typeof id === "number" ? id : -1);
  for (const id of chosen) {
    if (installation.repositoryIds.has(id)) continue;
    throw invalid(
      "There is at least one repository that does not exist or is not accessible to the parent installation.",
    );
  }
  return chosen;
}

function narrowedPermissions(installation: Installation, asked: Record<string, unknown> | undefined): Permissions {
  if (asked === undefined) return installation.permissions;
  // Every token may read metadata.
  const permissions: Permissions = { metadata: "read" };
  for (const [name, level] of Object.entries(asked)) {
    const granted = installation.permissions[name];
    const wanted = typeof level === "string" ? LEVELS.indexOf(level) : -1;
    if (granted === undefined || wanted < 0 || wanted > LEVELS.indexOf(granted)) {
      throw invalid("The permissions requested are not granted to this installation.");
    }
    permissions[name] = toLevel(wanted);
  }
  return permissions;
}

function toLevel(index: number): Level {
  if (index === 2) return "admin";
  return index === 1 ? "write" : "read";
}

function requireDelivery(context: SandboxContext, id: number): Delivery {
  const delivery = context.state.deliveries.find((each) => each.id === id && isRemembered(context, each));
  if (delivery === undefined) throw notFound();
  return delivery;
}

function isRemembered(context: SandboxContext, delivery: Delivery): boolean {
  return context.now().getTime() - new Date(delivery.deliveredAt).getTime() <= DELIVERIES_REMEMBERED_MS;
}

/** Opaque to clients, who follow the Link header. */
function cursorOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const id = /^v1_(\d+)$/.exec(text)?.[1];
  if (id === undefined) throw invalid("Invalid cursor");
  return Number(id);
}

function inStatus(delivery: Delivery, status: string | undefined): boolean {
  if (status === undefined) return true;
  // GitHub's filter knows only what was answered: a timeout is in neither half.
  if (status === "failure") return delivery.statusCode >= 400 && delivery.statusCode <= 599;
  return delivery.statusCode >= 200 && delivery.statusCode < 400;
}

function deliveryJson(delivery: Delivery): Record<string, unknown> {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.durationSeconds,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  };
}

function parsed(body: string): unknown {
  return JSON.parse(body);
}

/** Addresses by id, where a renamed repository's 301 points to. */
function byId(context: SandboxContext, id: string, url: string, redirect: (url: string) => Response): Response {
  const repository = context.state.repositories.get(Number(id));
  if (repository === undefined) throw notFound();
  const { pathname, search } = new URL(url);
  const rest = pathname.split("/").slice(3).join("/");
  const path = `${context.url()}/repos/${repository.owner.login}/${repository.name}`;
  return redirect(`${rest === "" ? path : `${path}/${rest}`}${search}`);
}
