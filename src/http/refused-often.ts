/** What keeps strangers from having us verify one made-up thing after the other. */
import type { Context, MiddlewareHandler } from "hono";
import type { Clock } from "../control/ports/surroundings.ts";
import type { AddressOf } from "./client-address.ts";
import { createRateLimit } from "./rate-limit.ts";

const windowMs = 60_000;
const refusedMax = 60;

/**
 * Counts what was refused (4xx) by address, and lets nothing more of an address in that had its share, until a minute is over.
 * What is let in costs it nothing once it is answered, so that many jobs behind one address start together; so many that their
 * number alone exceeds the share are told to come again in a second. `isLight` says of what costs us next
 * to nothing: it is heard all the same, so that nobody who shares GitHub's way to us can shut it.
 */
export function holdBackRefused(options: {
  readonly clock: Clock;
  readonly addressOf: AddressOf;
  readonly isLight: (context: Context) => boolean;
  readonly refuse: (context: Context, message: string) => Response;
}): MiddlewareHandler {
  const refused = createRateLimit({ clock: options.clock, max: refusedMax, windowMs });
  return async (context, next) => {
    const address = options.addressOf(context);
    const isLight = options.isLight(context);
    // Taken beforehand, so that who asks a thousand times at once is heard no more often.
    const loan = isLight ? null : refused.lend(address);
    if (!isLight && loan === null) {
      const wait = refused.waitOf(address) ?? 1;
      context.header("retry-after", String(wait));
      return options.refuse(context, `too much from your address was refused or is under way; try again in ${wait} s`);
    }
    await next();
    const isRefused = context.res.status >= 400 && context.res.status < 500;
    if (loan === null) {
      if (isRefused) refused.take(address);
    } else if (isRefused) loan.keep();
    else loan.giveBack();
    return undefined;
  };
}
