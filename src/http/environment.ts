/** What the jobs of a repository get as their environment (L2.1), for whoever may write there. No value ever comes back. */
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import type { EnvironmentKind, RunEnvironment, WriteRefusal } from "../control/ports/environment.ts";
import { dependencyNameOf } from "../core/dependency-name.ts";
import type { Repository } from "../core/events.ts";
import { answerApi, ApiRefused, refuseApi, type Answering } from "./api.ts";
import type { CallerOf, Holder } from "./callers.ts";

/** GitHub's own limit. */
const valueBytesMax = 48 * 1024;
/** JSON may write six bytes for one of the value, and there is some room for what stands around it. */
const bodyBytesMax = 6 * valueBytesMax + 4 * 1024;

/** As GitHub calls them where a fine-grained token is made. */
const permissionOf = { secret: "Secrets", variable: "Variables" } as const;

const Kind = z.enum(["secret", "variable"]);
const Entry = z.strictObject({ kind: Kind, value: z.string() });

export interface EnvironmentOptions extends Answering {
  readonly callerOf: CallerOf;
  readonly github: { readonly environment: RunEnvironment };
  /** Where people see GitHub, e.g. `https://github.com`. */
  readonly webUrl: string;
}

export function environmentRoutes(options: EnvironmentOptions): Hono {
  const { log, webUrl, callerOf } = options;
  const { environment } = options.github;
  const routes = new Hono();
  const path = "/api/repos/:owner/:repo/environment";

  routes.get(path, (context) =>
    answerApi(options, context, async () => {
      const { owner, repo } = context.req.param();
      const repository = await (await callerOf(context)).writerIn(owner, repo);
      const { entries, missing } = await environment.list(repository);
      if (missing.length === Kind.options.length) throw notGranted(repository);
      // Field by field: whatever else an adapter may know of an entry stays here.
      return {
        repository: nameOf(repository),
        entries: entries.map(({ kind, name, updatedAt }) => ({ kind, name, updatedAt })),
        missing,
      };
    }),
  );

  const onError = (context: Context) =>
    refuseApi(
      context,
      new ApiRefused("too-large", `The body is larger than ${bodyBytesMax / 1024} KiB; a value has at most 48 KiB.`),
    );
  routes.put(`${path}/:name`, bodyLimit({ maxSize: bodyBytesMax, onError }), (context) =>
    answerApi(options, context, async () => {
      const { login, repository, token } = await admitHolder(context);
      const name = nameFrom(context, repository);
      const { kind, value } = await entryFrom(context);
      const done = await environment.set(token, repository, { kind, name, value });
      settle(done, { kind, name, repository });
      log.info({ repository: nameOf(repository), kind, name, by: login }, "set in the environment of runs");
      return { repository: nameOf(repository), kind, name };
    }),
  );

  routes.delete(`${path}/:name`, (context) =>
    answerApi(options, context, async () => {
      const { login, repository, token } = await admitHolder(context);
      const name = nameFrom(context, repository);
      const parsed = Kind.safeParse(context.req.query("kind"));
      if (!parsed.success) throw new ApiRefused("bad-request", "Say which: add ?kind=secret or ?kind=variable.");
      const kind = parsed.data;
      const done = await environment.remove(token, repository, { kind, name });
      settle(done, { kind, name, repository });
      log.info({ repository: nameOf(repository), kind, name, by: login }, "deleted from the environment of runs");
      return { repository: nameOf(repository), kind, name };
    }),
  );
  return routes;

  async function admitHolder(context: Context): Promise<Holder & { readonly login: string }> {
    const caller = await callerOf(context);
    const { owner = "", repo = "" } = context.req.param();
    return { login: caller.login, ...(await caller.holderIn(owner, repo)) };
  }

  /** What an agent may ask for under its name, and nothing else: neither GitHub's own names nor the model's credential. */
  function nameFrom(context: Context, repository: Repository): string {
    const { name: said = "" } = context.req.param();
    const name = said.toUpperCase();
    const legal = dependencyNameOf("env_variable", said);
    if (legal === name) return name;
    throw new ApiRefused(
      "bad-name",
      `${JSON.stringify(said.slice(0, 100))} can't be set or deleted here. A name has letters, digits and _, at most 100, and none of those that GitHub, the runner or the agent keep for themselves (GITHUB_…, ACTIONS_…, ANTHROPIC_…, CLAUDE_… and the like); ${legal} would do. The model's credential is set at ${webUrl}/${nameOf(repository)}/settings/secrets/actions.`,
    );
  }

  /** What the port says where it did nothing. */
  function settle(
    done: "done" | "bad-name" | "bad-value" | WriteRefusal,
    {
      kind,
      name,
      repository,
    }: { readonly kind: EnvironmentKind; readonly name: string; readonly repository: Repository },
  ): void {
    switch (done) {
      case "done":
        return;
      case "token-refused":
        throw new ApiRefused(
          "token-refused",
          "GitHub does not take this token any more. Send another one of your own.",
        );
      case "not-permitted":
        throw new ApiRefused(
          "not-allowed",
          `GitHub does not let your token write the ${kind}s of ${nameOf(repository)}. Give it the permission "${permissionOf[kind]}: write" there if it is a fine-grained one, or the scope "repo" if it is a classic one.`,
        );
      case "read-only":
        throw new ApiRefused(
          "read-only",
          `${nameOf(repository)} is archived, or GitHub has switched it off, so nothing in it can be changed. Unarchive it at ${webUrl}/${nameOf(repository)}/settings first.`,
        );
      case "bad-name":
        throw new ApiRefused("bad-name", `GitHub takes no ${kind} of the name ${name}.`);
      case "bad-value":
        throw badValue(name);
    }
  }

  function notGranted(repository: Repository): ApiRefused {
    return new ApiRefused(
      "not-granted",
      `The app may list neither secrets nor variables in ${nameOf(repository)}. Give the App the permissions Secrets and Variables, read-only, and accept them for its installation at ${webUrl}/${nameOf(repository)}/settings/installations.`,
    );
  }
}

async function entryFrom(context: Context): Promise<z.infer<typeof Entry>> {
  const text = await context.req.text();
  // Nothing of the body is told back: it may hold the value.
  const parsed = Entry.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new ApiRefused("bad-request", 'Expected JSON: {"kind": "secret" or "variable", "value": "<text>"}.');
  }
  const bytes = Buffer.byteLength(parsed.data.value);
  if (bytes === 0 || bytes > valueBytesMax) {
    throw new ApiRefused("bad-value", `The value has ${bytes} bytes; GitHub takes 1 to ${valueBytesMax}.`);
  }
  return parsed.data;
}

function badValue(name: string): ApiRefused {
  return new ApiRefused("bad-value", `GitHub takes no such value for ${name}: it has 1 to ${valueBytesMax} bytes.`);
}

function nameOf({ owner, name }: Repository): string {
  return `${owner}/${name}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
