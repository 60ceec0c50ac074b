import { Hono } from "hono";
import type { SandboxContext } from "./state.ts";

/** POST /graphql. */
export function graphqlRoutes(_context: SandboxContext): Hono {
  return new Hono();
}
