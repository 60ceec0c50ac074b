import { Hono } from "hono";
import type { SandboxContext } from "./state.ts";

/** The issuer below /_oidc. */
export function oidcRoutes(_context: SandboxContext): Hono {
  return new Hono();
}
