import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import sodium from "libsodium-wrappers";
import { readBody, requirePermission, requireRepository, requireToken } from "./auth.ts";
import { GitHubError, invalid, notFound } from "./errors.ts";
import { secretJson, variableJson } from "./payloads-actions.ts";
import { repositoryUrl } from "./payloads.ts";
import { optionalBoolean, paginate, requiredString } from "./routes/http.ts";
import type { Level, Repository, SandboxContext, Secret } from "./state.ts";

await sodium.ready;

const ACTIONS = "/repos/:owner/:repo/actions";
const NAME = /^[A-Z_][A-Z0-9_]*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** A sealed box carries a public key (32 bytes) and a tag (16 bytes) beside the text. */
const SEALED_BOX_OVERHEAD = 48;
const SECRET_BYTES_MAX = 49_152;
/** Fewer than of anything else. */
const VARIABLES_PER_PAGE = { usual: 10, max: 30 };

/** Adds or changes a secret as a person does on the settings page; its time of change moves. */
export function setSecret(context: SandboxContext, repository: Repository, name: string, value: string): void {
  put(context, repository.secrets, name, value);
}

export function setVariable(context: SandboxContext, repository: Repository, name: string, value: string): void {
  put(context, repository.variables, name, value);
}

/** The organisation's, new or changed, and lent to the repository. */
export function lendSecret(context: SandboxContext, repository: Repository, name: string, value: string): void {
  put(context, repository.lentSecrets, name, value);
}

export function lendVariable(context: SandboxContext, repository: Repository, name: string, value: string): void {
  put(context, repository.lentVariables, name, value);
}

/** What a workflow of the repository sees: the repository's own comes before the organisation's. */
export function valuesOf(
  repository: Repository,
): Readonly<Record<"secrets" | "variables", Readonly<Record<string, string>>>> {
  const values = (...kept: readonly ReadonlyMap<string, Secret>[]) =>
    Object.fromEntries(kept.flatMap((some) => [...some.values()]).map(({ name, value }) => [name, value]));
  return {
    secrets: values(repository.lentSecrets, repository.secrets),
    variables: values(repository.lentVariables, repository.variables),
  };
}

function put(context: SandboxContext, kept: Map<string, Secret>, name: string, value: string): void {
  const key = checkName(name);
  const now = context.timestamp();
  kept.set(key, { name: key, value, createdAt: kept.get(key)?.createdAt ?? now, updatedAt: now });
}

/** Actions' settings of a repository: whether it is on, its secrets and variables. */
export function actionsSettingsRoutes(context: SandboxContext): Hono {
  const routes = new Hono();
  routes.route("/", policyRoutes(context));
  routes.route("/", secretRoutes(context));
  routes.route("/", variableRoutes(context));
  return routes;
}

function policyRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get(`${ACTIONS}/permissions`, (c) => {
    const repository = admit(context, c, "administration", "read");
    const enabled = repository.actionsEnabled;
    return c.json(enabled ? { enabled, allowed_actions: "all", sha_pinning_required: false } : { enabled });
  });

  routes.put(`${ACTIONS}/permissions`, async (c) => {
    const repository = admit(context, c, "administration", "write");
    const enabled = optionalBoolean(await readBody(c), "enabled");
    if (enabled === undefined) throw invalid(`Invalid request.\n\n"enabled" wasn't supplied.`);
    repository.actionsEnabled = enabled;
    return c.body(null, 204);
  });

  routes.get(`${ACTIONS}/permissions/workflow`, (c) => {
    admit(context, c, "administration", "read");
    return c.json({ default_workflow_permissions: "read", can_approve_pull_request_reviews: false });
  });
  return routes;
}

function secretRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get(`${ACTIONS}/secrets`, (c) => {
    const repository = admit(context, c, "secrets", "read");
    const all = byName(repository.secrets);
    return c.json({ total_count: all.length, secrets: paginate(context, c, all).map(secretJson) });
  });

  routes.get(`${ACTIONS}/organization-secrets`, (c) => {
    const repository = admit(context, c, "secrets", "read");
    const all = byName(repository.lentSecrets);
    return c.json({ total_count: all.length, secrets: paginate(context, c, all).map(secretJson) });
  });

  routes.get(`${ACTIONS}/secrets/public-key`, (c) => {
    const repository = admit(context, c, "secrets", "read");
    return c.json(publicKeyOf(repository));
  });

  routes.get(`${ACTIONS}/secrets/:name`, (c) => {
    const repository = admit(context, c, "secrets", "read");
    const secret = repository.secrets.get(c.req.param("name").toUpperCase());
    if (secret === undefined) throw notFound();
    return c.json(secretJson(secret));
  });

  routes.put(`${ACTIONS}/secrets/:name`, async (c) => {
    const repository = admit(context, c, "secrets", "write");
    const name = checkName(c.req.param("name"));
    const body = await readBody(c);
    const encrypted = requiredString(body, "encrypted_value");
    if (requiredString(body, "key_id") !== publicKeyOf(repository).key_id)
      throw invalid("Bad request - key_id is unknown");
    const length = Buffer.from(encrypted, "base64").length;
    if (!BASE64.test(encrypted) || length < SEALED_BOX_OVERHEAD) throw invalid("Bad request - invalid encrypted_value");
    if (length > SECRET_BYTES_MAX + SEALED_BOX_OVERHEAD) throw invalid("Secret value is too large");
    const existed = repository.secrets.has(name);
    setSecret(context, repository, name, opened(repository, encrypted));
    return existed ? c.body(null, 204) : c.json({}, 201);
  });

  routes.delete(`${ACTIONS}/secrets/:name`, (c) => {
    const repository = admit(context, c, "secrets", "write");
    if (!repository.secrets.delete(c.req.param("name").toUpperCase())) throw notFound();
    return c.body(null, 204);
  });
  return routes;
}

function variableRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get(`${ACTIONS}/variables`, (c) => {
    const repository = admit(context, c, "actions_variables", "read");
    const all = byName(repository.variables);
    const page = paginate(context, c, all, VARIABLES_PER_PAGE);
    return c.json({ total_count: all.length, variables: page.map(variableJson) });
  });

  routes.get(`${ACTIONS}/organization-variables`, (c) => {
    const repository = admit(context, c, "actions_variables", "read");
    const all = byName(repository.lentVariables);
    const page = paginate(context, c, all, VARIABLES_PER_PAGE);
    return c.json({ total_count: all.length, variables: page.map(variableJson) });
  });

  routes.get(`${ACTIONS}/variables/:name`, (c) => {
    const repository = admit(context, c, "actions_variables", "read");
    const variable = repository.variables.get(c.req.param("name").toUpperCase());
    if (variable === undefined) throw notFound();
    return c.json({
      ...variableJson(variable),
      url: `${repositoryUrl(context, repository)}/actions/variables/${variable.name}`,
    });
  });

  routes.post(`${ACTIONS}/variables`, async (c) => {
    const repository = admit(context, c, "actions_variables", "write");
    const body = await readBody(c);
    const name = checkName(requiredString(body, "name"));
    if (repository.variables.has(name)) throw new GitHubError(409, "Already exists - Variable already exists");
    setVariable(context, repository, name, requiredString(body, "value"));
    return c.json({}, 201);
  });

  routes.patch(`${ACTIONS}/variables/:name`, async (c) => {
    const repository = admit(context, c, "actions_variables", "write");
    const variable = repository.variables.get(c.req.param("name").toUpperCase());
    if (variable === undefined) throw notFound();
    setVariable(context, repository, variable.name, requiredString(await readBody(c), "value"));
    return c.body(null, 204);
  });

  routes.delete(`${ACTIONS}/variables/:name`, (c) => {
    const repository = admit(context, c, "actions_variables", "write");
    if (!repository.variables.delete(c.req.param("name").toUpperCase())) throw notFound();
    return c.body(null, 204);
  });
  return routes;
}

function admit(context: SandboxContext, c: Context, permission: string, level: Level): Repository {
  const actor = requireToken(context, c);
  const repository = requireRepository(context, c, actor);
  requirePermission(context, actor, repository, permission, level);
  return repository;
}

function byName(kept: ReadonlyMap<string, Secret>): Secret[] {
  return [...kept.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names are case-insensitive and kept in capitals. */
function checkName(text: string): string {
  const name = text.toUpperCase();
  if (!NAME.test(name)) {
    throw invalid("Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_).");
  }
  if (name.startsWith("GITHUB_")) throw invalid("Secret names must not start with GITHUB_.");
  return name;
}

/** The same key at every call, and another one for each repository. */
function publicKeyOf(repository: Repository): { key_id: string; key: string } {
  const { seed, publicKey } = keyPairOf(repository);
  return { key_id: String(seed.readUIntBE(0, 6)), key: Buffer.from(publicKey).toString("base64") };
}

function keyPairOf(repository: Repository) {
  const seed = createHash("sha256").update(`sandbox ${repository.id}`).digest();
  return { seed, ...sodium.crypto_box_seed_keypair(seed) };
}

/** GitHub takes any box, and a workflow that reads one that was sealed for another key gets nothing of use. */
function opened(repository: Repository, box: string): string {
  const { publicKey, privateKey } = keyPairOf(repository);
  try {
    return sodium.to_string(sodium.crypto_box_seal_open(Buffer.from(box, "base64"), publicKey, privateKey));
  } catch {
    return box;
  }
}
