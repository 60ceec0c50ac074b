import { Hono } from "hono";
import type { SandboxContext } from "./state.ts";

/** Routes with full paths from the root: mount it with `app.route("/", actionsRoutes(context))`. */
export function actionsRoutes(_context: SandboxContext): Hono {
  return new Hono();
}
