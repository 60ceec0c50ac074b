import picomatch from "picomatch";
import { parse } from "yaml";

/** What the repository's own setting gives a workflow that names no permissions; null where we may not ask. */
export type DefaultToken = "read" | "write" | null;

/** Stands for every phase branch when a workflow's branch filter is asked. */
const phaseBranch = "phasegate/1-1-planning";

/**
 * True where the workflow would run on a gate's commits and could hand a secret or a write token to the code in them (Q29).
 * What cannot be read counts as sensitive.
 */
export function isSensitiveWorkflow(text: string, defaultToken: DefaultToken): boolean {
  let workflow: unknown;
  try {
    workflow = parse(text);
  } catch {
    // GitHub would not run it either, but our reader is not theirs.
    return true;
  }
  if (!isMapping(workflow)) return workflow !== null;
  if (!runsOnGates(workflow["on"])) return false;
  return readsSecrets(workflow) || mayWrite(workflow, defaultToken);
}

function runsOnGates(on: unknown): boolean {
  if (typeof on === "string") return isGateEvent(on);
  if (Array.isArray(on)) return on.some(isGateEvent);
  if (!isMapping(on)) return true;
  if ("pull_request" in on) return true;
  return "push" in on && pushesMatch(on["push"]);
}

function isGateEvent(event: unknown): boolean {
  return event === "push" || event === "pull_request";
}

/** A push filter that names only other branches, or only tags, never sees a phase branch. */
function pushesMatch(filter: unknown): boolean {
  if (!isMapping(filter)) return true;
  const branches = filter["branches"];
  if (branches === undefined) return !("tags" in filter || "tags-ignore" in filter) || "branches-ignore" in filter;
  const patterns = Array.isArray(branches) ? branches : [branches];
  return patterns.some((pattern) => typeof pattern !== "string" || picomatch.isMatch(phaseBranch, pattern));
}

/** The job's own token is not a secret that somebody stored; what it may do is looked at apart. */
function readsSecrets(workflow: unknown): boolean {
  return textsOf(workflow).some((text) => /\bsecrets\b/u.test(text.replace(/secrets\.GITHUB_TOKEN\b/gu, "")));
}

function mayWrite(workflow: Readonly<Record<string, unknown>>, defaultToken: DefaultToken): boolean {
  const jobs = isMapping(workflow["jobs"]) ? Object.values(workflow["jobs"]) : [];
  const outer = workflow["permissions"];
  return jobs.some((job) => {
    const granted = isMapping(job) && "permissions" in job ? job["permissions"] : outer;
    if (granted === undefined) return defaultToken !== "read";
    if (isMapping(granted)) return Object.values(granted).includes("write");
    return granted === "write-all";
  });
}

/** Every key and value: `secrets: inherit` is a key, `${{ secrets.X }}` a value. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key === "secrets" ? "secrets" : "", ...textsOf(inner)]);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
