/** What the jobs of a repository get as their environment (L2.1), for whoever may write there. No value ever comes back. */
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import type { EnvironmentKind, RunEnvironment } from "../control/ports/environment.ts";
import { dependencyNameOf } from "../core/dependency-name.ts";
import type { Repository } from "../core/events.ts";
import { answerApi, ApiRefused, refuseApi, type Answering } from "./api.ts";
import { createCallers, type CallerOptions } from "./callers.ts";

const bodyBytesMax = 64 * 1024;
/** GitHub's own limit. */
const valueBytesMax = 48 * 1024;

const Kind = z.enum(["secret", "variable"]);
const Entry = z.strictObject({ kind: Kind, value: z.string() });

export interface EnvironmentOptions extends Answering, Pick<CallerOptions, "clock"> {
  readonly github: CallerOptions["github"] & { readonly environment: RunEnvironment };
  /** Where people see GitHub, e.g. `https://github.com`. */
  readonly webUrl: string;
}

export function environmentRoutes(options: EnvironmentOptions): Hono {
  const { log, webUrl } = options;
  const { environment } = options.github;
  const callerOf = createCallers(options);
  const routes = new Hono();
  const path = "/api/repos/:owner/:repo/environment";

  routes.get(path, (context) =>
    answerApi(options, context, async () => {
      const { repository } = await admit(context);
      const entries = await environment.list(repository);
      if (entries === null) throw notGranted("The app may list neither secrets nor variables", repository);
      // Field by field: whatever else an adapter may know of an entry stays here.
      return {
        repository: nameOf(repository),
        entries: entries.map(({ kind, name, updatedAt }) => ({ kind, name, updatedAt })),
      };
    }),
  );

  const onError = (context: Context) =>
    refuseApi(context, new ApiRefused("too-large", "The body is larger than 64 KiB; a value has at most 48 KiB."));
  routes.put(`${path}/:name`, bodyLimit({ maxSize: bodyBytesMax, onError }), (context) =>
    answerApi(options, context, async () => {
      const { login, repository } = await admit(context);
      const name = nameFrom(context, repository);
      const { kind, value } = await entryFrom(context);
      const done = await environment.set(repository, { kind, name, value });
      settle(done, { kind, name, repository });
      log.info({ repository: nameOf(repository), kind, name, by: login }, "set in the environment of runs");
      return { repository: nameOf(repository), kind, name };
    }),
  );

  routes.delete(`${path}/:name`, (context) =>
    answerApi(options, context, async () => {
      const { login, repository } = await admit(context);
      const name = nameFrom(context, repository);
      const parsed = Kind.safeParse(context.req.query("kind"));
      if (!parsed.success) throw new ApiRefused("bad-request", "Say which: add ?kind=secret or ?kind=variable.");
      const kind = parsed.data;
      const done = await environment.remove(repository, { kind, name });
      settle(done, { kind, name, repository });
      log.info({ repository: nameOf(repository), kind, name, by: login }, "deleted from the environment of runs");
      return { repository: nameOf(repository), kind, name };
    }),
  );
  return routes;

  async function admit(context: Context): Promise<{ readonly login: string; readonly repository: Repository }> {
    const caller = await callerOf(context);
    const { owner = "", repo = "" } = context.req.param();
    return { login: caller.login, repository: await caller.writerIn(owner, repo) };
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
    done: "done" | "bad-name" | "bad-value" | "not-permitted",
    {
      kind,
      name,
      repository,
    }: { readonly kind: EnvironmentKind; readonly name: string; readonly repository: Repository },
  ): void {
    switch (done) {
      case "done":
        return;
      case "not-permitted":
        throw notGranted(`The app may not write ${kind}s`, repository);
      case "bad-name":
        throw new ApiRefused("bad-name", `GitHub takes no ${kind} of the name ${name}.`);
      case "bad-value":
        throw badValue(name);
    }
  }

  function notGranted(what: string, repository: Repository): ApiRefused {
    return new ApiRefused(
      "not-granted",
      `${what} in ${nameOf(repository)}. Give the App the permissions Secrets and Variables, read and write, and accept them for its installation at ${webUrl}/${nameOf(repository)}/settings/installations.`,
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
