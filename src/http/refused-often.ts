/** What keeps strangers from having us verify one made-up thing after the other. */
import type { Context, MiddlewareHandler } from "hono";
import type { Clock } from "../control/ports/surroundings.ts";
import { clientAddress } from "./client-address.ts";
import { createRateLimit } from "./rate-limit.ts";

const windowMs = 60_000;
const refusedMax = 60;

/**
 * Counts what was refused (4xx) by address, and lets nothing more of an address in that had its share, until a minute is over.
 * What is let in costs it nothing, so that many jobs behind one address start at once. `isLight` says of what costs us next
 * to nothing: it is heard all the same, so that nobody who shares GitHub's way to us can shut it.
 */
export function holdBackRefused(options: {
  readonly clock: Clock;
  readonly isLight: (context: Context) => boolean;
  readonly refuse: (context: Context, message: string) => Response;
}): MiddlewareHandler {
  const refused = createRateLimit({ clock: options.clock, max: refusedMax, windowMs });
  return async (context, next) => {
    const address = clientAddress(context);
    const wait = refused.waitOf(address);
    if (wait !== null && !options.isLight(context)) {
      context.header("retry-after", String(wait));
      return options.refuse(context, `too much from your address was refused; try again in ${wait} s`);
    }
    await next();
    if (context.res.status >= 400 && context.res.status < 500) refused.take(address);
    return undefined;
  };
}
