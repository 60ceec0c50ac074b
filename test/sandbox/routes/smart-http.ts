import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import type { Context, MiddlewareHandler } from "hono";
import { actorOfToken, canSee, hasPermission } from "../auth.ts";
import { gitEnvironment } from "../git-process.ts";
import { refMoved } from "../refs.ts";
import { findRepository } from "../state.ts";
import type { Actor, Repository, SandboxContext } from "../state.ts";

const PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** Whether the request is git's own protocol rather than the API's. */
export function isSmartHttp(path: string): boolean {
  return PATH.test(path) && !path.startsWith("/repos/");
}

/** Clone, fetch and push through `git http-backend`; the password is a token, whatever the user name. */
export function smartHttp(
  context: SandboxContext,
  homeDir: string,
  writing: <T>(work: () => Promise<T>) => Promise<T>,
): MiddlewareHandler {
  return async (c, next) => {
    const match = PATH.exec(c.req.path);
    if (match === null || !isSmartHttp(c.req.path)) return next();
    const [, owner = "", name = "", service = ""] = match;
    const pushes = service === "git-receive-pack" || c.req.query("service") === "git-receive-pack";
    const repository = findRepository(context.state, owner, name);
    const password = passwordOf(c.req.header("authorization"));
    const actor = password === null ? null : actorOfToken(context, password);
    if (password !== null && actor === null) return challenge(c, "Invalid username or token.");
    const seen = repository !== null && (actor === null ? !repository.private : canSee(context, actor, repository));
    if (!seen || repository === null)
      return actor === null ? challenge(c, "Authentication required.") : c.text("Repository not found.", 404);
    if (actor === null && pushes) return challenge(c, "Authentication required.");
    if (actor !== null && !hasPermission(context, actor, repository, "contents", pushes ? "write" : "read")) {
      return c.text(`Permission to ${owner}/${name}.git denied to ${actor.account.login}.`, 403);
    }
    if (service !== "git-receive-pack" || actor === null) return backend(c, repository, homeDir, service, {});
    return writing(() => push(context, c, repository, actor, homeDir));
  };
}

async function push(
  context: SandboxContext,
  c: Context,
  repository: Repository,
  actor: Actor,
  homeDir: string,
): Promise<Response> {
  const git = context.git(repository);
  const before = new Map((await git.refs("refs/")).map(({ ref, sha }) => [ref, sha]));
  const allowed = actor.kind === "user" || hasPermission(context, actor, repository, "workflows", "write");
  const response = await backend(c, repository, homeDir, "git-receive-pack", {
    SANDBOX_WORKFLOWS: allowed ? "allowed" : "refused",
  });
  // The client goes on only when its pull requests show what it pushed.
  const answer = await response.arrayBuffer();
  const after = new Map((await git.refs("refs/")).map(({ ref, sha }) => [ref, sha]));
  for (const ref of new Set([...before.keys(), ...after.keys()])) {
    const change = {
      repository,
      account: actor.account,
      ref,
      before: before.get(ref) ?? null,
      after: after.get(ref) ?? null,
    };
    if (change.before !== change.after) await refMoved(context, change);
  }
  return new Response(answer, { status: response.status, headers: response.headers });
}

/** One CGI call. The head of the answer is read; the rest flows. */
async function backend(
  c: Context,
  repository: Repository,
  homeDir: string,
  service: string,
  env: Record<string, string>,
): Promise<Response> {
  const child = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      ...gitEnvironment(homeDir),
      ...env,
      GIT_PROJECT_ROOT: repository.gitDir,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${service}`,
      REQUEST_METHOD: c.req.method,
      QUERY_STRING: new URL(c.req.url).search.slice(1),
      CONTENT_TYPE: c.req.header("content-type") ?? "",
      HTTP_CONTENT_ENCODING: c.req.header("content-encoding") ?? "",
      GIT_PROTOCOL: c.req.header("git-protocol") ?? "",
      REMOTE_USER: "sandbox",
      REMOTE_ADDR: "127.0.0.1",
    },
  });
  child.stdin.on("error", () => undefined);
  const { body } = c.req.raw;
  if (body === null) child.stdin.end();
  else
    Readable.fromWeb(body)
      .on("error", () => child.kill())
      .pipe(child.stdin);

  const { status, headers, rest } = await readHead(child.stdout);
  return new Response(rest, { status, headers });
}

async function readHead(
  stdout: Readable,
): Promise<{ status: number; headers: Headers; rest: ReadableStream<Uint8Array> }> {
  let buffered = Buffer.alloc(0);
  const chunks: AsyncIterator<Buffer> = stdout[Symbol.asyncIterator]();
  while (buffered.indexOf("\r\n\r\n") < 0) {
    const { value, done } = await chunks.next();
    if (done === true) throw new Error("git http-backend ended without an answer");
    buffered = Buffer.concat([buffered, value]);
  }
  const end = buffered.indexOf("\r\n\r\n");
  const headers = new Headers();
  let status = 200;
  for (const line of buffered.subarray(0, end).toString("latin1").split("\r\n")) {
    const [name = "", value = ""] = line.split(/:\s*/, 2);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else headers.set(name, value);
  }
  const first = buffered.subarray(end + 4);
  const rest = new ReadableStream<Uint8Array>({
    start(controller) {
      if (first.length > 0) controller.enqueue(new Uint8Array(first));
    },
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel() {
      stdout.destroy();
    },
  });
  return { status, headers, rest };
}

function passwordOf(header: string | undefined): string | null {
  const basic = /^basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (basic !== undefined)
    return Buffer.from(basic, "base64")
      .toString("utf8")
      .replace(/^[^:]*:/, "");
  return /^(?:bearer|token)\s+(\S+)$/i.exec(header ?? "")?.[1] ?? null;
}

function challenge(c: Context, message: string): Response {
  return c.text(message, 401, { "WWW-Authenticate": 'Basic realm="GitHub"' });
}
