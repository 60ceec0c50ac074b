import { Hono } from "hono";
import { requireToken } from "../auth.ts";
import { GitHubError } from "../errors.ts";
import { userJson } from "../payloads.ts";
import type { SandboxContext } from "../state.ts";

/** Whose token it is. */
export function userRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/user", (c) => {
    const actor = requireToken(context, c);
    if (actor.kind !== "user") throw new GitHubError(403, "Resource not accessible by integration");
    const now = context.timestamp();
    return c.json({
      ...userJson(context, actor.account),
      name: null,
      company: null,
      blog: null,
      location: null,
      email: null,
      hireable: null,
      bio: null,
      public_repos: 0,
      public_gists: 0,
      followers: 0,
      following: 0,
      created_at: now,
      updated_at: now,
    });
  });

  return routes;
}
