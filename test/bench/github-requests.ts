/** What a request costs under GitHub's documented limits, and how many tasks an hour they leave. */
import type { Exchange } from "../sandbox/state.ts";

/** `content` is what GitHub counts as creating content: comments, pull requests, reviews. `commit` is a part of a commit. */
export type RequestKind = "read" | "dispatch" | "content" | "commit" | "write";

/** Per hour and installation, as GitHub documents them. */
const requestsPerHour = 5_000;
const contentPerHour = 500;
/** One write a second, one after the other. */
const writesPerHour = 3_600;

/** Null for what is no request to the API (git, pages, tokens of jobs) or not the app's own. */
export function kindOf({ method, url, requestHeaders, requestBody }: Exchange): RequestKind | null {
  const agent = Object.entries(requestHeaders).find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
  const path = url.split("?")[0] ?? "";
  if (!/^(?:Bearer|token) (?:ghs_|eyJ)/iu.test(agent)) return null;
  if (path === "/graphql") return isMutation(requestBody) ? (isReference(requestBody) ? "commit" : "write") : "read";
  if (!/^\/(?:repos|app|orgs|users|installation|repositories)\b/u.test(path)) return null;
  if (method === "GET" || method === "HEAD") return "read";
  if (path.endsWith("/access_tokens")) return null;
  if (path.endsWith("/dispatches")) return "dispatch";
  if (/\/git\/(?:trees|commits|refs|blobs)\b/u.test(path)) return "commit";
  if (/\/(?:comments|pulls|reviews|issues)(?:\/\d+)?$/u.test(path)) return "content";
  return "write";
}

function isMutation(body: unknown): boolean {
  return typeof body === "object" && body !== null && "query" in body && /^\s*mutation\b/u.test(String(body.query));
}

function isReference(body: unknown): boolean {
  return typeof body === "object" && body !== null && "query" in body && /updateRefs?\b/u.test(String(body.query));
}

/** The least of these holds. One installation; a larger organisation has up to 2.5 times the requests. */
export function ceilingOf(task: { readonly reads: number; readonly writes: number; readonly content: number }) {
  const perHour = (limit: number, each: number) => (each === 0 ? Number.POSITIVE_INFINITY : limit / each);
  return [
    { name: "GitHub's ceiling: 5,000 requests an hour", perHour: perHour(requestsPerHour, task.reads + task.writes) },
    { name: "GitHub's ceiling: one write a second", perHour: perHour(writesPerHour, task.writes) },
    { name: "GitHub's ceiling: 500 pieces of content an hour", perHour: perHour(contentPerHour, task.content) },
  ];
}
