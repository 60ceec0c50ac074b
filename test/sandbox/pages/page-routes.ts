import { Hono } from "hono";
import type { Context } from "hono";
import { findRepository } from "../state.ts";
import type { Repository, SandboxContext } from "../state.ts";
import { checkPage, runPage, runsPage } from "./actions-pages.ts";
import { repositoryPath } from "./addresses.ts";
import { commitPage, comparePage, historyPage } from "./commit-pages.ts";
import { filePage, folderPage, placeOf } from "./file-pages.ts";
import { accountPage, branchesPage, frontPage, repositoryPage } from "./home-pages.ts";
import { html, nothing } from "./html.ts";
import { issuePage, listPage } from "./issue-pages.ts";
import type { ListedState } from "./issue-pages.ts";
import { documentOf, STYLE_PATH } from "./layout.ts";
import type { Page } from "./layout.ts";
import { pullPage } from "./pull-page.ts";
import { STYLE } from "./style.ts";
import { isBinary } from "./text-view.ts";

const RAW_BYTES_MAX = 10_000_000;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);
const REPOSITORY = "/:owner/:repo";

/** GitHub's pages of public repositories, to be read by anybody on this machine. Mount it behind the API at "/". */
export function pageRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  /** A page below a repository; null is GitHub's 404. */
  function page(path: string, make: (repository: Repository, c: Context) => Promise<Page | null> | Page | null): void {
    routes.get(REPOSITORY + path, async (c) => {
      const repository = publicRepository(context, c);
      const made = repository === null ? null : await make(repository, c);
      return made === null ? c.notFound() : answer(c, made, 200);
    });
  }

  routes.use("*", async (c, next) => {
    // A name that somebody else points at this machine must not let their page read these.
    if (c.req.method === "GET" && !LOOPBACK.has(new URL(c.req.url).hostname))
      return c.text("Misdirected request.\n", 421);
    return next();
  });
  routes.get("/", (c) => answer(c, frontPage(context), 200));
  routes.get(STYLE_PATH, (c) => secured(c).body(STYLE, 200, { "Content-Type": "text/css; charset=utf-8" }));
  routes.get("/apps/:slug", (c) => account(c, `${c.req.param("slug")}[bot]`));
  routes.get("/:login", (c) => account(c, c.req.param("login")));

  function account(c: Context, login: string): Response | Promise<Response> {
    const found = context.state.accounts.get(login.toLowerCase());
    return found === undefined ? c.notFound() : answer(c, accountPage(context, found), 200);
  }

  page("", (repository) => repositoryPage(context, repository));
  page("/branches", (repository) => branchesPage(context, repository));
  page("/issues", (repository, c) => listPage(repository, "issues", listedState(c)));
  page("/pulls", (repository, c) => listPage(repository, "pulls", listedState(c)));
  page("/issues/:number{[0-9]+}", (repository, c) => {
    const issue = repository.issues.get(idOf(c, "number"));
    return issue === undefined || issue.deleted ? null : issuePage(repository, issue);
  });
  page("/pull/:number{[0-9]+}", (repository, c) => {
    const number = idOf(c, "number");
    const pull = repository.pulls.get(number);
    if (pull !== undefined) return pullPage(context, repository, pull);
    return repository.issues.has(number) ? { redirect: repositoryPath(repository, "issues", number) } : null;
  });
  page("/pull/:number{[0-9]+}/:part{files|commits|checks}", (repository, c) => {
    const number = idOf(c, "number");
    if (!repository.pulls.has(number)) return null;
    return { redirect: `${repositoryPath(repository, "pull", number)}#${c.req.param("part") ?? ""}` };
  });
  page("/tree/:rest{.+}", async (repository, c) => {
    const place = await placeOf(context, repository, c.req.param("rest") ?? "");
    return place === null ? null : folderPage(context, repository, place);
  });
  page("/blob/:rest{.+}", async (repository, c) => {
    const place = await placeOf(context, repository, c.req.param("rest") ?? "");
    const style = c.req.query("plain") === "1" ? "source" : "rendered";
    return place === null ? null : filePage(context, repository, place, style);
  });
  page("/commits", (repository) => historyPage(context, repository, repository.defaultBranch));
  page("/commits/:ref{.+}", (repository, c) => historyPage(context, repository, c.req.param("ref") ?? ""));
  page("/commit/:sha", (repository, c) => commitPage(context, repository, c.req.param("sha") ?? ""));
  page("/compare/:range{.+}", (repository, c) => comparePage(context, repository, c.req.param("range") ?? ""));
  page("/actions", (repository) => runsPage(repository, null));
  page("/actions/workflows/:file", (repository, c) => runsPage(repository, c.req.param("file") ?? ""));
  const run = (repository: Repository, c: Context, job: number | null) => {
    const found = repository.runs.get(idOf(c, "run"));
    return found === undefined ? null : runPage(repository, found, job);
  };
  page("/actions/runs/:run{[0-9]+}", (repository, c) => run(repository, c, null));
  page("/actions/runs/:run{[0-9]+}/attempts/:attempt{[0-9]+}", (repository, c) => run(repository, c, null));
  page("/actions/runs/:run{[0-9]+}/job/:job{[0-9]+}", (repository, c) => run(repository, c, idOf(c, "job")));
  page("/runs/:check{[0-9]+}", (repository, c) => {
    const check = repository.checkRuns.get(idOf(c, "check"));
    return check === undefined ? null : checkPage(repository, check);
  });

  routes.get(`${REPOSITORY}/raw/:rest{.+}`, async (c) => {
    const repository = publicRepository(context, c);
    const place = repository === null ? null : await placeOf(context, repository, c.req.param("rest"));
    const content =
      repository === null || place === null ? null : await context.git(repository).file(place.commit, place.path);
    if (content === null) return c.notFound();
    if (content.length > RAW_BYTES_MAX)
      return secured(c).text(`This file is too long for the box: ${content.length} bytes.\n`, 413);
    // Never as what it claims to be: a page of the repository must not run on this address.
    const type = isBinary(content) ? "application/octet-stream" : "text/plain; charset=utf-8";
    return secured(c).body(new Uint8Array(content), 200, { "Content-Type": type });
  });

  return routes;
}

/** For a browser that asked for what is not there; null when the sender speaks to the API. */
export function notFoundPage(context: SandboxContext, c: Context): Response | null {
  const isBrowser = (c.req.header("accept") ?? "").includes("text/html");
  if (c.req.method !== "GET" || !isBrowser || c.req.path.startsWith("/repos/")) return null;
  const [, owner = "", name = ""] = c.req.path.split("/");
  const found = findRepository(context.state, owner, name);
  const repository = found === null || found.private ? null : found;
  const isSettings = repository !== null && /^\/[^/]+\/[^/]+\/(?:settings|new|edit)(?:\/|$)/.test(c.req.path);
  const body = html`<h1>${isSettings ? "Not in the box" : "Not found"}</h1>
    <p>
      ${
        isSettings
          ? "GitHub has this page for people who are signed in. The box has pages to read only."
          : "There is nothing at this address, or it is not part of the box."
      }
    </p>
    <p><code>${c.req.path}</code></p>
    ${repository === null ? html`<p><a href="/">All repositories</a></p>` : nothing}`;
  return answer(c, { title: "Not found", body, repository, tab: null }, 404);
}

function answer(c: Context, page: Page, status: 200 | 404): Response {
  if ("redirect" in page) return c.redirect(page.redirect, 302);
  return secured(c).html(documentOf(page), status);
}

/** No script runs on these pages, whatever stands in them, and nobody else's page may show them. */
function secured(c: Context): Context {
  c.header(
    "Content-Security-Policy",
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Referrer-Policy", "no-referrer");
  c.header("Cache-Control", "no-cache");
  return c;
}

function publicRepository(context: SandboxContext, c: Context): Repository | null {
  const repository = findRepository(context.state, c.req.param("owner") ?? "", c.req.param("repo") ?? "");
  return repository === null || repository.private ? null : repository;
}

function listedState(c: Context): ListedState {
  const state = c.req.query("state");
  return state === "closed" || state === "all" ? state : "open";
}

/** A number of the path; one that can't be exact is nobody's. */
function idOf(c: Context, name: string): number {
  const number = Number(c.req.param(name));
  return Number.isSafeInteger(number) ? number : -1;
}
