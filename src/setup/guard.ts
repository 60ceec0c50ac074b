/**
 * Who may drive set-up: the person at this machine, or who has read the one-time code on the terminal.
 * A web page that a browser of theirs has open must not: neither across origins nor under a name that it pointed at us.
 */

import type { Context } from "hono";
import { isLoopbackHost } from "./setup-settings.ts";

/** What is wrong with a request, for the person at the browser; null where nothing is. */
export type Refusal = string | null;

const forwardedHeaders = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/** Without a code only a browser on this machine may come, and only under an address of loopback. */
export function refuseFromElsewhere(context: Context): Refusal {
  if (forwardedHeaders.some((name) => context.req.header(name) !== undefined)) {
    return "This request came through a proxy. Without a one-time code, set-up is only for a browser on this machine: start the app with HOST=0.0.0.0 to get a code on the terminal.";
  }
  const host = hostOf(`http://${context.req.header("host") ?? ""}`);
  if (host === null || !isLoopbackHost(host.hostname)) {
    return "Open set-up as http://localhost or http://127.0.0.1, with the port that the terminal names.";
  }
  return null;
}

/** For what changes something: the form must be one of ours, seen at the address that it was asked for. */
export function refuseOtherOrigins(context: Context): Refusal {
  const origin = hostOf(context.req.header("origin"));
  const asked = [context.req.header("host"), context.req.header("x-forwarded-host")];
  // A page of another origin can set neither header; a proxy sets the second where it changes the first.
  if (origin !== null && asked.includes(origin.host)) return null;
  return "This form was not sent from a page of this app. Behind a proxy, let it pass on the header Host.";
}

/** The key and the secret must not cross a network in the clear. */
export function isInTheClear(context: Context): boolean {
  const origin = hostOf(context.req.header("origin"));
  return origin === null || (origin.protocol !== "https:" && !isLoopbackHost(origin.hostname));
}

function hostOf(url: string | undefined): URL | null {
  return url !== undefined && URL.canParse(url) ? new URL(url) : null;
}
