import { Hono, type Context, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie, setCookie } from "hono/cookie";
import type { Clock, Log } from "../control/ports/surroundings.ts";
import { appManifest, type AppRights } from "./app-manifest.ts";
import { canWriteEnvFile, envLines, writeEnvFile, type EnvEntries } from "./env-file.ts";
import { exchangeCode, ExchangeFailed } from "./exchange-code.ts";
import { isInTheClear, refuseFromElsewhere, refuseOtherOrigins } from "./guard.ts";
import { isSame, type OneTimeCode, type Random } from "./one-time-code.ts";
import { addressesPage, codePage, donePage, manifestPage, messagePage, styleHash, type FormState } from "./pages.ts";
import { createSessions, type Session } from "./sessions.ts";
import { checkAddresses, type SetupSettings } from "./setup-settings.ts";

export interface SetupOptions {
  readonly settings: SetupSettings;
  readonly rights: AppRights;
  /** Path of the webhook's route in the app that comes after. */
  readonly webhookPath: string;
  /** Absolute path of the environment file to write. */
  readonly envFile: string;
  /** Null where only this machine can ask. */
  readonly code: OneTimeCode | null;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly random: Random;
  readonly log: Log;
}

/** How it ended: the App is made, and its settings are in the file or on the last page. */
interface Done {
  readonly sessionId: string;
  readonly slug: string;
  readonly unwritten: { readonly lines: string; readonly why: string } | null;
}

const formBytesMax = 16 * 1024;
const cookieName = "phasegate_setup";
const fieldCharactersMax = 500;

/** The pages of set-up mode. One App is made, then nobody makes another until the next start. */
export function setupApp(options: SetupOptions): Hono {
  const { settings, code, log } = options;
  const sessions = createSessions(options.clock, options.random);
  const target = async () => ({ file: options.envFile, isWritable: await canWriteEnvFile(options.envFile) });
  let done: Done | null = null;
  let finishing: Promise<void> | null = null;

  const app = new Hono();
  app.use((context, next) => headers(context, next));
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", (context) => context.json({ status: "waits to be set up, see /setup" }, 503));
  app.get("/", (context) => context.redirect("/setup"));
  app.use("/setup/*", (context, next) => guard(context, next));
  app.post(
    "/setup/*",
    bodyLimit({ maxSize: formBytesMax, onError: (context) => refuse(context, 413, "This form is too long.") }),
  );
  app.get("/setup", (context) => start(context));
  app.post("/setup/code", (context) => takeCode(context));
  app.post("/setup", (context) => takeAddresses(context));
  app.get("/setup/callback", (context) => takeCallback(context));
  app.get("/setup/done", (context) => {
    if (done === null) return context.redirect("/setup");
    if (sessionOf(context)?.id !== done.sessionId) {
      return refuse(context, 403, "An App was made from another browser. Restart the program; then it runs with it.");
    }
    const installUrl = `${settings.githubWebUrl}/apps/${done.slug}/installations/new`;
    return context.html(donePage({ appName: done.slug, file: options.envFile, installUrl, unwritten: done.unwritten }));
  });
  app.notFound((context) => refuse(context, 404, "There is no such page. The app is not set up yet.", toStart));
  app.onError((error, context) => {
    log.error({ err: error, path: context.req.path }, "answering a request of set-up");
    return refuse(context, 500, "Something went wrong here; the log of the program says what.", toStart);
  });
  return app;

  async function guard(context: Context, next: Next): Promise<Response | undefined> {
    const refusal =
      (code === null ? refuseFromElsewhere(context) : null) ??
      (context.req.method === "GET" || context.req.method === "HEAD" ? null : refuseOtherOrigins(context));
    if (refusal !== null) return refuse(context, 403, refusal);
    await next();
    return undefined;
  }

  function sessionOf(context: Context): Session | null {
    return sessions.find(getCookie(context, cookieName));
  }

  function begin(context: Context): Session {
    const session = sessions.start();
    setCookie(context, cookieName, session.id, {
      path: "/setup",
      httpOnly: true,
      // GitHub's answer is a navigation from another site, so "Strict" would lose the session there.
      sameSite: "Lax",
      secure: context.req.header("origin")?.startsWith("https:") ?? false,
    });
    return session;
  }

  async function start(context: Context): Promise<Response> {
    const session = sessionOf(context);
    if (done !== null) return context.redirect("/setup/done");
    if (session !== null) return await showAddresses(context, session, startingForm());
    if (code !== null) return context.html(codePage(null));
    return await showAddresses(context, begin(context), startingForm());
  }

  function startingForm(): FormState {
    const { publicUrl, actionRef } = settings;
    return { publicUrl, actionRef, organisation: "", faults: { publicUrl: [], actionRef: [], organisation: [] } };
  }

  async function showAddresses(context: Context, session: Session, form: FormState): Promise<Response> {
    return context.html(addressesPage(form, session.formToken, await target()));
  }

  async function takeCode(context: Context): Promise<Response> {
    if (code === null) return context.redirect("/setup", 303);
    const given = await fieldsOf(context, ["code"]);
    const answer = code.use(given.code ?? "");
    if (answer !== "right") log.warn({ answer }, "wrong code for set-up");
    if (answer === "wrong") return context.html(codePage("This is not the code."), 403);
    if (answer === "void") return refuse(context, 403, voidCode);
    if (isInTheClear(context)) {
      return refuse(
        context,
        403,
        "The code crossed the network in the clear, so it is void. Restart the program for another one, and come over https, or through a tunnel such as ssh -L 3000:127.0.0.1:3000 and http://localhost:3000/setup.",
      );
    }
    begin(context);
    return context.redirect("/setup", 303);
  }

  async function takeAddresses(context: Context): Promise<Response> {
    const given = await fieldsOf(context, ["form_token", "public_url", "action_ref", "organisation"]);
    const session = sessionOf(context);
    if (session === null || !isSame(session.formToken, given.form_token ?? "")) {
      return refuse(context, 403, "This form is from an earlier session, or cookies are off.", toStart);
    }
    if (done !== null) return context.redirect("/setup/done", 303);
    if (isInTheClear(context)) return refuse(context, 403, "Come over https, or through a tunnel to this machine.");
    const publicUrl = (given.public_url ?? "").replace(/\/+$/u, "");
    const actionRef = given.action_ref ?? "";
    const organisation = given.organisation ?? "";
    const faults = {
      ...checkAddresses({ publicUrl, actionRef }, settings.githubWebUrl),
      organisation: isAccountName(organisation)
        ? []
        : ["expected the organisation's name in addresses: letters, digits and single hyphens"],
    };
    if (Object.values(faults).some((list: readonly string[]) => list.length > 0)) {
      context.status(422);
      return await showAddresses(context, session, { publicUrl, actionRef, organisation, faults });
    }
    session.chosen = { publicUrl, actionRef };
    const owner = organisation === "" ? "" : `/organizations/${organisation}`;
    return context.html(
      manifestPage({
        action: `${settings.githubWebUrl}${owner}/settings/apps/new?state=${session.state}`,
        manifest: appManifest(options.rights, {
          homepage: `${settings.githubWebUrl}/${actionRef.slice(0, actionRef.indexOf("@"))}`,
          webhookUrl: `${publicUrl}${options.webhookPath}`,
          // The origin that the browser sees was compared with the host that it asked.
          redirectUrl: `${context.req.header("origin") ?? ""}/setup/callback`,
        }),
        ...options.rights,
      }),
    );
  }

  async function takeCallback(context: Context): Promise<Response> {
    const session = sessionOf(context);
    const { code: given = "", state = "" } = context.req.query();
    if (session === null) {
      return refuse(
        context,
        403,
        "This browser did not begin a set-up here, or longer than two hours ago. Begin at the same address (localhost and 127.0.0.1 are two), in the same browser. An App that GitHub has made meanwhile can be deleted there.",
        toStart,
      );
    }
    if (done !== null) return context.redirect("/setup/done", 303);
    if (!isSame(session.state, state) || !/^[\w-]{1,200}$/u.test(given) || session.chosen === null) {
      return refuse(context, 403, "This answer does not belong to the set-up that this browser began.", toStart);
    }
    try {
      // One at a time: a reload must not use up the code beside the first request.
      finishing ??= finish(session.id, session.chosen, given);
      await finishing;
      return context.redirect("/setup/done", 303);
    } catch (error) {
      finishing = null;
      if (!(error instanceof ExchangeFailed)) throw error;
      log.warn({ why: error.message }, "exchanging the code of the App");
      return refuse(context, 502, error.message, toStart);
    }
  }

  async function finish(sessionId: string, chosen: NonNullable<Session["chosen"]>, given: string): Promise<void> {
    const made = await exchangeCode(given, { apiUrl: settings.githubApiUrl, fetch: options.fetch });
    const entries: EnvEntries = {
      APP_ID: String(made.appId),
      PRIVATE_KEY: made.privateKey,
      WEBHOOK_SECRET: made.webhookSecret,
      PUBLIC_URL: chosen.publicUrl,
      ACTION_REF: chosen.actionRef,
    };
    const written = await writeEnvFile(options.envFile, entries, options.newId);
    log.info({ appId: made.appId, slug: made.slug, file: options.envFile, outcome: written.kind }, "the App is made");
    const unwritten = written.kind === "written" ? null : { lines: envLines(entries), why: written.why };
    done = { sessionId, slug: made.slug, unwritten };
  }

  async function headers(context: Context, next: Next): Promise<void> {
    await next();
    const policy = [
      "default-src 'none'",
      `style-src '${styleHash}'`,
      `form-action 'self' ${new URL(settings.githubWebUrl).origin}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ];
    context.header("Content-Security-Policy", policy.join("; "));
    context.header("X-Content-Type-Options", "nosniff");
    context.header("X-Frame-Options", "DENY");
    context.header("Cross-Origin-Opener-Policy", "same-origin");
    context.header("Cross-Origin-Resource-Policy", "same-origin");
    context.header("Cache-Control", "no-store");
    // The address of the callback holds a code: only the origin may go along. Without that, forms would carry no origin.
    context.header("Referrer-Policy", "strict-origin");
  }
}

const toStart = { text: "To the beginning of set-up", href: "/setup" };
const voidCode = "The one-time code is used, or was wrong too often. Restart the program for another one.";

function refuse(
  context: Context,
  status: 403 | 404 | 413 | 500 | 502,
  message: string,
  next: { readonly text: string; readonly href: string } | null = null,
): Response | Promise<Response> {
  return context.html(messagePage("Set up Phasegate", message, next), status);
}

/** An account's name as GitHub takes it; empty for one's own account. */
function isAccountName(text: string): boolean {
  return text === "" || (text.length <= 39 && /^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/u.test(text));
}

/** Text fields of a form. What is missing, repeated or a file is missing. */
async function fieldsOf<Name extends string>(
  context: Context,
  names: readonly Name[],
): Promise<Partial<Record<Name, string>>> {
  const body = await context.req.parseBody({ all: true });
  const fields: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = body[name];
    if (typeof value === "string") fields[name] = value.trim().slice(0, fieldCharactersMax);
  }
  return fields;
}
