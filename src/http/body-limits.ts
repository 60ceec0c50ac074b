/** What keeps bodies of requests from filling the memory. */

import type { Context, MiddlewareHandler, Next } from "hono";
import { bodyLimit } from "hono/body-limit";

const largeBytes = 1024 * 1024;
const bracketsMax = 50_000;

/** Small requests always pass, so that nobody keeps GitHub's away by holding the places. */
export function inSlots({ slots }: { readonly slots: number }) {
  let taken = 0;
  return async (context: Context, next: Next): Promise<Response | undefined> => {
    const length = Number(context.req.header("content-length") ?? Number.NaN);
    if (length <= largeBytes) {
      await next();
      return undefined;
    }
    if (taken >= slots) return context.json({ message: "too many large deliveries at once; deliver it again" }, 503);
    taken += 1;
    try {
      await next();
    } finally {
      taken -= 1;
    }
    return undefined;
  };
}

/** As Hono's own; but a body whose length is announced is held to it by Node, and nothing need be wrapped to count it. */
export function announcedLimit(bytesMax: number): MiddlewareHandler {
  const counting = bodyLimit({ maxSize: bytesMax });
  return async (context, next) => {
    const length = context.req.header("content-length");
    if (length === undefined || context.req.header("transfer-encoding") !== undefined || Number(length) > bytesMax) {
      return counting(context, next);
    }
    await next();
    return undefined;
  };
}

/** What is parsed takes many times the memory of its text where that holds nothing but braces and brackets. */
export function bracketFault(text: string): string | null {
  let count = 0;
  for (let at = 0; at < text.length && count <= bracketsMax; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === openBrace || unit === openBracket) count += 1;
  }
  return count <= bracketsMax ? null : `the body has more than ${bracketsMax} braces and brackets`;
}

const openBrace = 0x7b;
const openBracket = 0x5b;
