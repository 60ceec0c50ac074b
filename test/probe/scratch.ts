import { setTimeout as sleep } from "node:timers/promises";
import { at, list, NoAnswer, type Answer, type Client } from "./client.ts";

/** The place in the repository where a probe writes. Everything in it begins with `name`, and so it is found again. */
export interface Scratch {
  readonly client: Client;
  /** Below the repository, with a token of all that the installation may. */
  readonly api: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** The same with a token of fewer permissions. */
  readonly narrowed: (
    permissions: Readonly<Record<string, string>>,
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<Answer>;
  readonly graphql: (query: string, variables: Readonly<Record<string, unknown>>) => Promise<Answer>;
  readonly accessTokens: (body: unknown) => Promise<Answer>;
  readonly token: string;
  /** `owner/name` */
  readonly repository: string;
  readonly appId: number;
  readonly appSlug: string;
  /** What the installation may, e.g. `{contents: "write"}`. */
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositoryNodeId: string;
  readonly name: string;
  /** Branches: where `head` started, and where its pull request goes. */
  readonly base: string;
  readonly head: string;
  readonly baseSha: string;
  /** Of the first commit on `head`, made without author and committer. */
  readonly headSha: string;
  readonly issue: number;
  /** From `head` into `base`: nothing of the repository's own is ever merged into. */
  readonly pull: number;
  readonly pullNodeId: string;
  /** A commit on top of `parent` that writes one file; it lies on no branch yet. */
  readonly commit: (
    parent: string,
    file: string,
    content: string,
    more?: Readonly<Record<string, unknown>>,
  ) => Promise<Answer>;
}

/** The probe cannot begin. The message says what to do. */
export class NoScratch extends Error {
  override name = "NoScratch";
}

const namePrefix = "phasegate-probe";

/** What is written, for the question before it. */
export const whatIsWritten = `branches below ${namePrefix}/, one issue and one pull request (closed afterwards: an App can't delete them), one label, two check runs on a commit of its own`;

export interface Place {
  readonly client: Client;
  readonly appId: number;
  readonly appSlug: string;
  readonly installationId: number;
  readonly token: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly repository: string;
  readonly repositoryNodeId: string;
  readonly defaultBranch: string;
  readonly name: string;
}

/** Reads only. */
export async function findPlace(client: Client, repository: string, stamp: string): Promise<Place> {
  const app = await client.call("GET", "/app", { token: client.jwt() });
  if (app.status !== 200)
    throw new NoScratch(`GitHub does not know the App (${app.status}): check APP_ID and PRIVATE_KEY`);
  const found = await client.call("GET", `/repos/${repository}/installation`, { token: client.jwt() });
  if (found.status !== 200)
    throw new NoScratch(`the App is not installed on ${repository} (${found.status}): install it there`);
  const installationId = Number(at(found.body, "id"));
  const made = await client.call("POST", `/app/installations/${installationId}/access_tokens`, {
    token: client.jwt(),
    body: {},
  });
  if (made.status !== 201)
    throw new NoScratch(`GitHub gives no token for ${repository} (${made.status}): is the App suspended?`);
  const token = String(at(made.body, "token"));
  const { body } = await eventually(
    () => client.call("GET", `/repos/${repository}`, { token }),
    ({ status }) => status === 200,
  );
  return {
    client,
    appId: Number(at(app.body, "id")),
    appSlug: String(at(app.body, "slug")),
    installationId,
    token,
    permissions: Object.fromEntries(Object.entries(at(made.body, "permissions") ?? {})),
    repository,
    repositoryNodeId: String(at(body, "node_id")),
    defaultBranch: String(at(body, "default_branch")),
    name: `${namePrefix}/${stamp}`,
  };
}

/** Makes branches, commit, issue and pull request. */
export async function prepare(place: Place): Promise<Scratch> {
  const { client, token, repository, name } = place;
  const api: Scratch["api"] = (method, path, body) =>
    client.call(method, `/repos/${repository}${path}`, { token, body });
  const accessTokens = (body: unknown) =>
    client.call("POST", `/app/installations/${place.installationId}/access_tokens`, { token: client.jwt(), body });
  const commit: Scratch["commit"] = async (parent, file, content, more = {}) => {
    const parentCommit = await api("GET", `/git/commits/${parent}`);
    const tree = await done(
      "making a tree",
      api("POST", "/git/trees", {
        base_tree: at(parentCommit.body, "tree", "sha"),
        tree: [{ path: `${name}/${file}`, mode: "100644", type: "blob", content }],
      }),
    );
    const body = { message: `Probe ${file} [skip ci]`, tree: at(tree.body, "sha"), parents: [parent], ...more };
    return done("making a commit", api("POST", "/git/commits", body));
  };

  const trunk = await done("reading the default branch", api("GET", `/git/ref/heads/${place.defaultBranch}`));
  const baseSha = String(at(trunk.body, "object", "sha"));
  const [base, head] = [`${name}/base`, `${name}/head`];
  const headSha = String(at((await commit(baseSha, "a.txt", "one\ntwo\n")).body, "sha"));
  await done("making a branch", api("POST", "/git/refs", { ref: `refs/heads/${base}`, sha: baseSha }));
  await done("making a branch", api("POST", "/git/refs", { ref: `refs/heads/${head}`, sha: headSha }));
  const label = labelOf(name);
  const issue = await done(
    "opening an issue",
    api("POST", "/issues", { title: `${name}: scratch of a probe`, labels: [label] }),
  );
  const pull = await done(
    "opening a pull request",
    eventually(
      () => api("POST", "/pulls", { title: `${name}: scratch of a probe`, head, base }),
      ({ status }) => status === 201,
    ),
  );
  return {
    ...place,
    api,
    async narrowed(permissions, method, path, body) {
      const made = await accessTokens({ permissions });
      const narrow = String(at(made.body, "token"));
      // A new token is not known everywhere at once.
      return eventually(
        () => client.call(method, `/repos/${repository}${path}`, { token: narrow, body }),
        ({ status }) => status !== 401,
      );
    },
    graphql: (query, variables) => client.call("POST", "/graphql", { token, body: { query, variables } }),
    accessTokens,
    base,
    head,
    baseSha,
    headSha,
    issue: Number(at(issue.body, "number")),
    pull: Number(at(pull.body, "number")),
    pullNodeId: String(at(pull.body, "node_id")),
    commit,
  };
}

/** Finds what bears the name, whatever became of the probe, and closes or deletes it. Answers what it could not. */
export async function cleanUp({ client, token, repository, name }: Place): Promise<readonly string[]> {
  const left: string[] = [];
  const attempt = async (what: string, method: string, path: string, body?: unknown): Promise<unknown> => {
    try {
      const answer = await client.call(method, `/repos/${repository}${path}`, { token, body });
      if (answer.status < 300 || answer.status === 404) return answer.body;
      left.push(`${what} (${answer.status})`);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      left.push(`${what} (${error.message})`);
    }
    return null;
  };
  for (const issue of list(await attempt(`issues called ${name}`, "GET", "/issues?state=open&per_page=100"))) {
    if (!String(at(issue, "title")).startsWith(`${name}:`)) continue;
    const number = Number(at(issue, "number"));
    await attempt(`#${number}`, "PATCH", `/issues/${number}`, { state: "closed" });
  }
  for (const ref of list(await attempt(`branches below ${name}`, "GET", `/git/matching-refs/heads/${name}`))) {
    const full = String(at(ref, "ref"));
    await attempt(full, "DELETE", `/git/${full}`);
  }
  const label = labelOf(name);
  await attempt(`the label ${label}`, "DELETE", `/labels/${encodeURIComponent(label)}`);
  return left;
}

export function labelOf(name: string): string {
  return name.replace("/", "-");
}

const triesMax = 6;
const pauseMs = 2_000;

/** GitHub may lag behind what it has just been told. */
export async function eventually(read: () => Promise<Answer>, isSo: (answer: Answer) => boolean): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await read();
    if (tries === triesMax || isSo(answer)) return answer;
    await sleep(pauseMs);
  }
}

async function done(doing: string, sending: Promise<Answer>): Promise<Answer> {
  const answer = await sending;
  if (answer.status < 300) return answer;
  throw new NoScratch(`${doing}: GitHub answered ${answer.status}: ${String(at(answer.body, "message"))}`);
}
