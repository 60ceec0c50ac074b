import { Hono } from "hono";
import type { Context } from "hono";
import { readBody, requirePermission, requireRepository, requireToken } from "../auth.ts";
import { checksOn, emitCheck, ownApp, suiteOf, suitesOn } from "../check-suites.ts";
import { GitHubError, invalid, notFound } from "../errors.ts";
import { checkRunJson } from "../payloads-pulls.ts";
import type {
  Actor,
  Annotation,
  CheckRun,
  CheckStatus,
  Conclusion,
  Level,
  Repository,
  SandboxContext,
} from "../state.ts";
import {
  asRecord,
  numberParam,
  optionalList,
  optionalNumber,
  optionalRecord,
  optionalString,
  paginate,
  requiredString,
} from "./http.ts";

const STATUSES: readonly CheckStatus[] = ["queued", "in_progress", "completed"];
const CONCLUSIONS: readonly Conclusion[] = [
  "success",
  "failure",
  "neutral",
  "cancelled",
  "skipped",
  "timed_out",
  "action_required",
];
const ANNOTATIONS_MAX = 50;
const TEXT_LENGTH_MAX = 65_535;

/** Check runs of the App on commits. */
export function checkRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  function open(c: Context, level: Level): { actor: Actor; repository: Repository } {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    if (level === "write" && actor.kind === "user") {
      throw new GitHubError(403, "You must authenticate via a GitHub App.");
    }
    requirePermission(context, actor, repository, "checks", level);
    return { actor, repository };
  }

  routes.post("/repos/:owner/:repo/check-runs", async (c) => {
    const { actor, repository } = open(c, "write");
    const body = await readBody(c);
    const name = requiredString(body, "name");
    const headSha = requiredString(body, "head_sha");
    if ((await context.git(repository).commit(headSha)) === null) throw invalid(`No commit found for SHA: ${headSha}`);
    const app = ownApp(context);
    const check: CheckRun = {
      id: context.newId(),
      name,
      headSha,
      status: "queued",
      conclusion: null,
      detailsUrl: null,
      externalId: "",
      startedAt: context.timestamp(),
      completedAt: null,
      output: { title: null, summary: null, text: null },
      annotations: [],
      suiteId: suiteOf(context, repository, headSha, app).id,
      app,
    };
    update(context, check, body);
    repository.checkRuns.set(check.id, check);
    await emitCheck(context, repository, check, "created", actor.account);
    if (check.status === "completed") await emitCheck(context, repository, check, "completed", actor.account);
    return c.json(checkRunJson(context, repository, check), 201);
  });

  routes.patch("/repos/:owner/:repo/check-runs/:id", async (c) => {
    const { actor, repository } = open(c, "write");
    const check = requireCheck(repository, c);
    const before = check.status;
    update(context, check, await readBody(c));
    if (check.status === "completed" && before !== "completed")
      await emitCheck(context, repository, check, "completed", actor.account);
    return c.json(checkRunJson(context, repository, check));
  });

  routes.get("/repos/:owner/:repo/check-runs/:id", (c) => {
    const { repository } = open(c, "read");
    return c.json(checkRunJson(context, repository, requireCheck(repository, c)));
  });

  routes.get("/repos/:owner/:repo/check-runs/:id/annotations", (c) => {
    const { repository } = open(c, "read");
    const check = requireCheck(repository, c);
    const extra = {
      start_column: null,
      end_column: null,
      raw_details: null,
      blob_href: `${context.url()}/${check.headSha}`,
    };
    return c.json(paginate(context, c, check.annotations).map((each) => ({ ...each, ...extra })));
  });

  routes.get("/repos/:owner/:repo/commits/:ref/check-runs", async (c) => {
    const { repository } = open(c, "read");
    const sha = await context.git(repository).resolve(c.req.param("ref"));
    if (sha === null) throw invalid(`No commit found for SHA: ${c.req.param("ref")}`);
    const name = c.req.query("check_name");
    const status = c.req.query("status");
    const appId = c.req.query("app_id");
    const on = checksOn(context, repository, sha).filter(
      (each) =>
        (name === undefined || each.name === name) &&
        (status === undefined || each.status === status) &&
        (appId === undefined || String(each.appId) === appId),
    );
    const found = c.req.query("filter") === "all" ? on : latestByName(on);
    const runs = paginate(context, c, found).map(({ json }) => json);
    return c.json({ total_count: found.length, check_runs: runs });
  });

  routes.get("/repos/:owner/:repo/commits/:ref/check-suites", async (c) => {
    const { repository } = open(c, "read");
    const sha = await context.git(repository).resolve(c.req.param("ref"));
    if (sha === null) throw invalid(`No commit found for SHA: ${c.req.param("ref")}`);
    const found = await suitesOn(context, repository, sha);
    return c.json({ total_count: found.length, check_suites: paginate(context, c, found) });
  });

  routes.post("/repos/:owner/:repo/check-runs/:id/rerequest", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, actor.kind === "user" ? "contents" : "checks", "write");
    const check = requireCheck(repository, c);
    await emitCheck(context, repository, check, "rerequested", actor.account);
    return c.json({}, 201);
  });

  return routes;
}

function update(context: SandboxContext, check: CheckRun, body: Record<string, unknown>): void {
  const status = optionalString(body, "status");
  const conclusion = optionalString(body, "conclusion");
  const known = STATUSES.find((each) => each === status);
  if (status !== undefined && known === undefined)
    throw invalid(`Invalid request.\n\n${status} is not a member of ["queued", "in_progress", "completed"].`);
  const concluded = CONCLUSIONS.find((each) => each === conclusion);
  if (conclusion !== undefined && concluded === undefined)
    throw invalid(`Invalid request.\n\n${conclusion} is not a valid conclusion.`);
  const completes = concluded !== undefined || known === "completed";
  if (completes && concluded === undefined && check.conclusion === null) {
    throw invalid(
      'Invalid request.\n\nFor \'allOf/0\', {"status" => "completed"} is missing required keys: "conclusion".',
    );
  }
  updateOutput(check, optionalRecord(body, "output"));
  check.name = optionalString(body, "name") ?? check.name;
  check.detailsUrl = optionalString(body, "details_url") ?? check.detailsUrl;
  check.externalId = optionalString(body, "external_id") ?? check.externalId;
  check.startedAt = optionalString(body, "started_at") ?? check.startedAt;
  if (completes) {
    check.status = "completed";
    check.conclusion = concluded ?? check.conclusion;
    check.completedAt = optionalString(body, "completed_at") ?? check.completedAt ?? context.timestamp();
  } else if (known !== undefined) {
    check.status = known;
    check.conclusion = null;
    check.completedAt = null;
  }
}

function updateOutput(check: CheckRun, output: Record<string, unknown> | undefined): void {
  if (output === undefined) return;
  const limited = (field: string): string | null => {
    const text = optionalString(output, field) ?? null;
    if (text !== null && Array.from(text).length > TEXT_LENGTH_MAX) {
      throw invalid(`Invalid request.\n\nOnly 65535 characters are allowed; ${Array.from(text).length} were supplied.`);
    }
    return text;
  };
  const annotations = (optionalList(output, "annotations") ?? []).map((item) =>
    annotation(asRecord(item, "annotations")),
  );
  if (annotations.length > ANNOTATIONS_MAX)
    throw invalid(`Invalid request.\n\nNo more than 50 items are allowed; ${annotations.length} were supplied.`);
  check.output = {
    title: requiredString(output, "title"),
    summary: limited("summary"),
    text: limited("text"),
  };
  // Each update adds to the annotations, none replaces them.
  check.annotations.push(...annotations);
}

function annotation(item: Record<string, unknown>): Annotation {
  const level = requiredString(item, "annotation_level");
  if (level !== "notice" && level !== "warning" && level !== "failure")
    throw invalid(`Invalid request.\n\n${level} is not an annotation level.`);
  return {
    path: requiredString(item, "path"),
    start_line: optionalNumber(item, "start_line") ?? 1,
    end_line: optionalNumber(item, "end_line") ?? 1,
    annotation_level: level,
    message: requiredString(item, "message"),
    title: optionalString(item, "title") ?? null,
  };
}

/** Of a list that has the newest first: GitHub shows the newest of each name in a suite, and a suite is one App's. */
function latestByName<Check extends { readonly name: string; readonly appId: number }>(
  checks: readonly Check[],
): readonly Check[] {
  const seen = new Set<string>();
  return checks.filter(({ name, appId }) => {
    const key = `${appId} ${name}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

function requireCheck(repository: Repository, c: Context): CheckRun {
  const check = repository.checkRuns.get(numberParam(c, "id"));
  if (check === undefined) throw notFound();
  return check;
}
