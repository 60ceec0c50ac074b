import { compare, unchecked, type Assumption } from "./assumption.ts";
import { at, list } from "./client.ts";
import { eventually, labelOf } from "./scratch.ts";

const noOid = "0".repeat(40);

const authentication: readonly Assumption[] = [
  {
    row: "An App JWT is RS256",
    async check({ client }) {
      const now = Math.floor(Date.now() / 1000);
      const app = await client.call("GET", "/app", { token: client.jwt() });
      const byClientId = await client.call("GET", "/app", { token: client.jwt({ iss: at(app.body, "client_id") }) });
      const tooLong = await client.call("GET", "/app", { token: client.jwt({ exp: now + 1_200 }) });
      return compare(["with the client id", 200, byClientId.status], ["20 minutes ahead", 401, tooLong.status]);
    },
  },
  {
    row: "An unknown, revoked or expired token is 401",
    async check({ accessTokens, client }) {
      const made = await accessTokens({ permissions: { metadata: "read" } });
      const token = String(at(made.body, "token"));
      await client.call("DELETE", "/installation/token", { token });
      const revoked = await eventually(
        () => client.call("GET", "/installation/repositories", { token }),
        ({ status }) => status === 401,
      );
      const unknown = await client.call("GET", "/installation/repositories", { token: "ghs_unknown" });
      return compare(
        ["revoked", 401, revoked.status],
        ["unknown", 401, unknown.status],
        ["message", "Bad credentials", at(unknown.body, "message")],
      );
    },
  },
  {
    row: "Installation tokens can only be narrowed",
    async check({ accessTokens, permissions }) {
      const lacking = ["administration", "deployments", "pages"].find((name) => permissions[name] === undefined);
      if (lacking === undefined) return unchecked("the installation has every permission that could be asked for");
      const more = await accessTokens({ permissions: { [lacking]: "write" } });
      const elsewhere = await accessTokens({ repository_ids: [1] });
      return compare([`with ${lacking}`, 422, more.status], ["with a repository outside", 422, elsewhere.status]);
    },
  },
  {
    row: "Tokens look like",
    async check({ token, appId }) {
      const looks = new RegExp(`^ghs_${appId}_[A-Za-z0-9._-]{36,}$`, "u").test(token);
      // Not a character of it is shown beyond the prefix.
      return compare(["looks so", true, looks], ["prefix", "ghs_", token.slice(0, 4)]);
    },
  },
  {
    row: "A missing permission is 403",
    async check({ narrowed, issue }) {
      const refused = await narrowed({ contents: "read" }, "POST", `/issues/${issue}/comments`, { body: "refused" });
      return compare(
        ["status", 403, refused.status],
        ["message", "Resource not accessible by integration", at(refused.body, "message")],
        ["names a permission", true, refused.headers.has("x-accepted-github-permissions")],
      );
    },
  },
  {
    row: "Issue comments and labels accept",
    async check({ narrowed, issue }) {
      const byPulls = await narrowed({ pull_requests: "write" }, "POST", `/issues/${issue}/comments`, {
        body: "by pull_requests",
      });
      const byIssues = await narrowed({ issues: "write" }, "POST", `/issues/${issue}/comments`, { body: "by issues" });
      return compare(["with pull_requests", 201, byPulls.status], ["with issues", 201, byIssues.status]);
    },
  },
  {
    row: "Collaborator permission:",
    async check({ api, appSlug }) {
      const bot = await api("GET", `/collaborators/${encodeURIComponent(`${appSlug}[bot]`)}/permission`);
      return compare(["a bot", 404, bot.status]);
    },
  },
];

const git: readonly Assumption[] = [
  {
    row: "A commit by an App without author and committer",
    async check({ api, commit, headSha, appSlug }) {
      const own = await api("GET", `/git/commits/${headSha}`);
      const author = { name: "probe", email: "probe@example.org" };
      const authored = await commit(headSha, "authored.txt", "x", { author });
      return compare(
        ["author", `${appSlug}[bot]`, at(own.body, "author", "name")],
        ["committer", "GitHub", at(own.body, "committer", "name")],
        ["verified", true, at(own.body, "verification", "verified")],
        ["verified with an author", false, at(authored.body, "verification", "verified")],
      );
    },
  },
  {
    row: "`sha: null` deletes",
    async check({ api, headSha, name }) {
      const commit = await api("GET", `/git/commits/${headSha}`);
      const remove = (file: string) =>
        api("POST", "/git/trees", {
          base_tree: at(commit.body, "tree", "sha"),
          tree: [{ path: `${name}/${file}`, mode: "100644", type: "blob", sha: null }],
        });
      const there = await remove("a.txt");
      const missing = await remove("never-was.txt");
      return compare(["what is there", 201, there.status], ["what is not", 422, missing.status]);
    },
  },
  {
    row: "A path under `.github/workflows/` without",
    async check({ api, headSha, permissions }) {
      if (permissions["workflows"] === "write") return unchecked("the installation may write workflows");
      const commit = await api("GET", `/git/commits/${headSha}`);
      const tree = await api("POST", "/git/trees", {
        base_tree: at(commit.body, "tree", "sha"),
        tree: [{ path: ".github/workflows/phasegate-probe.yml", mode: "100644", type: "blob", content: "on: push\n" }],
      });
      return compare(["a tree", 403, tree.status]);
    },
  },
  {
    row: "A ref update that is no fast forward",
    async check({ api, commit, baseSha, base, name, head }) {
      const sibling = at((await commit(baseSha, "sibling.txt", "x")).body, "sha");
      const backwards = await api("PATCH", `/git/refs/heads/${head}`, { sha: sibling, force: false });
      const existing = await api("POST", "/git/refs", { ref: `refs/heads/${base}`, sha: baseSha });
      const missing = await api("PATCH", `/git/refs/heads/${name}/none`, { sha: baseSha, force: false });
      return compare(
        ["no fast forward", 422, backwards.status],
        ["an existing one", 422, existing.status],
        ["a missing one", 422, missing.status],
      );
    },
  },
];

const issues: readonly Assumption[] = [
  {
    row: "Labels given at creation",
    async check({ api, issue, name }) {
      const found = await api("GET", `/issues/${issue}`);
      const names = list(at(found.body, "labels")).map((label) => at(label, "name"));
      return compare(["labels of the issue", [labelOf(name)], names]);
    },
  },
  {
    row: "Bodies hold 262,144",
    async check({ api, issue, pull }) {
      const comment = (bytes: number) => api("POST", `/issues/${issue}/comments`, { body: "x".repeat(bytes) });
      const full = await comment(262_144);
      const over = await comment(262_145);
      const title = await api("PATCH", `/issues/${issue}`, { title: "x".repeat(257) });
      const body = await api("PATCH", `/pulls/${pull}`, { body: "x".repeat(65_537) });
      if (full.status === 201) await api("DELETE", `/issues/comments/${String(at(full.body, "id"))}`);
      return compare(
        ["262,144 bytes in a comment", 201, full.status],
        ["262,145", 422, over.status],
        ["a title of 257", 422, title.status],
        ["a pull request body of 65,537", 422, body.status],
      );
    },
  },
  {
    row: "An issue shows one pinned comment",
    async check({ api, issue }) {
      const ids: string[] = [];
      for (const body of ["first pin", "second pin"]) {
        ids.push(String(at((await api("POST", `/issues/${issue}/comments`, { body })).body, "id")));
      }
      const statuses = [];
      for (const id of ids) statuses.push((await api("PUT", `/issues/comments/${id}/pin`)).status);
      const shown = await eventually(
        () => api("GET", `/issues/${issue}`),
        ({ body }) => String(at(body, "pinned_comment", "id")) === ids[1],
      );
      const removed = await api("DELETE", `/issues/comments/${ids[1]}/pin`);
      return compare(
        ["two pins", [200, 200], statuses],
        ["the second is shown", ids[1], String(at(shown.body, "pinned_comment", "id"))],
        ["unpinning", 204, removed.status],
      );
    },
  },
  {
    row: "The same reaction twice",
    async check({ api, issue }) {
      const react = () => api("POST", `/issues/${issue}/reactions`, { content: "eyes" });
      const first = await react();
      const second = await react();
      return compare(
        ["first", 201, first.status],
        ["second", 200, second.status],
        ["the same one", at(first.body, "id"), at(second.body, "id")],
      );
    },
  },
  {
    row: "A comment that is minimised",
    async check({ api, graphql, issue }) {
      const body = "hidden by the probe";
      const made = await api("POST", `/issues/${issue}/comments`, { body });
      const hidden = await graphql(
        `
          mutation ($id: ID!) {
            minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) {
              minimizedComment {
                isMinimized
                minimizedReason
              }
            }
          }
        `,
        { id: at(made.body, "node_id") },
      );
      const read = await api("GET", `/issues/comments/${String(at(made.body, "id"))}`);
      return compare(
        [
          "minimising",
          { isMinimized: true, minimizedReason: "outdated" },
          at(hidden.body, "data", "minimizeComment", "minimizedComment"),
        ],
        ["its text", body, at(read.body, "body")],
      );
    },
  },
];

const pullRequests: readonly Assumption[] = [
  {
    row: "No commits between",
    async check({ api, name, base, head, baseSha }) {
      await api("POST", "/git/refs", { ref: `refs/heads/${name}/same`, sha: baseSha });
      const title = `${name}: refused`;
      const same = await api("POST", "/pulls", { title, head: `${name}/same`, base });
      const twice = await api("POST", "/pulls", { title, head, base });
      const missing = await api("POST", "/pulls", { title, head: `${name}/none`, base });
      return compare(
        ["no commits between", 422, same.status],
        ["an open one", 422, twice.status],
        ["a missing head", 422, missing.status],
      );
    },
  },
  {
    row: "Drafts in a private repository on a free plan",
    async check({ graphql, pullNodeId, api, pull }) {
      const turn = (mutation: string) =>
        graphql(`mutation ($id: ID!) { ${mutation}(input: { pullRequestId: $id }) { pullRequest { isDraft } } }`, {
          id: pullNodeId,
        });
      await turn("convertPullRequestToDraft");
      const { body } = await api("GET", `/pulls/${pull}`);
      const isPrivate = at(body, "base", "repo", "private") === true;
      if (at(body, "draft") !== true) return compare(["no drafts in a private repository", true, isPrivate]);
      await turn("markPullRequestReadyForReview");
      return unchecked(
        isPrivate
          ? "this private repository has drafts: its plan is a paid one"
          : "public repositories have drafts on every plan",
      );
    },
  },
  {
    row: "The head follows its branch",
    async check({ api, commit, name, base, headSha }) {
      const branch = `${name}/follows`;
      await api("POST", "/git/refs", { ref: `refs/heads/${branch}`, sha: headSha });
      const opened = await eventually(
        () => api("POST", "/pulls", { title: `${name}: scratch of a probe`, head: branch, base }),
        ({ status }) => status === 201,
      );
      const number = String(at(opened.body, "number"));
      const next = at((await commit(headSha, "next.txt", "x")).body, "sha");
      await api("PATCH", `/git/refs/heads/${branch}`, { sha: next });
      const read = () => api("GET", `/pulls/${number}`);
      const moved = await eventually(read, ({ body }) => at(body, "head", "sha") === next);
      await api("DELETE", `/git/refs/heads/${branch}`);
      const closed = await eventually(read, ({ body }) => at(body, "state") === "closed");
      return compare(
        ["its head", next, at(moved.body, "head", "sha")],
        ["without a branch", "closed", at(closed.body, "state")],
      );
    },
  },
  {
    row: "Merging a draft, a conflict or a merged one is 405",
    async check({ api, pull }) {
      // It is never merged: the head is another one.
      const stale = await api("PUT", `/pulls/${pull}/merge`, { sha: noOid });
      return compare(["a stale head", 409, stale.status]);
    },
  },
  {
    row: "Of several check runs of one name",
    async check({ api, headSha, name, permissions }) {
      if (permissions["checks"] !== "write") return unchecked("the installation may not write checks");
      const make = () =>
        api("POST", "/check-runs", { name, head_sha: headSha, status: "completed", conclusion: "neutral" });
      await make();
      const newest = at((await make()).body, "id");
      const path = `/commits/${headSha}/check-runs?check_name=${encodeURIComponent(name)}`;
      const { body } = await eventually(
        () => api("GET", path),
        (answer) => at(answer.body, "check_runs", "0", "id") === newest,
      );
      return compare(["how many", 1, at(body, "total_count")], ["which", newest, at(body, "check_runs", "0", "id")]);
    },
  },
  {
    row: "Statuses: the newest of each context counts",
    async check({ api, headSha, permissions }) {
      if (permissions["statuses"] === undefined) return unchecked("the installation may not read statuses");
      const { body } = await api("GET", `/commits/${headSha}/status`);
      return compare(["without any", "pending", at(body, "state")], ["how many", 0, at(body, "total_count")]);
    },
  },
  {
    row: "An author can't approve",
    async check({ api, pull }) {
      const approve = await api("POST", `/pulls/${pull}/reviews`, { event: "APPROVE" });
      const change = await api("POST", `/pulls/${pull}/reviews`, { event: "REQUEST_CHANGES", body: "no" });
      return compare(["approving", 422, approve.status], ["requesting changes", 422, change.status]);
    },
  },
  {
    row: "REQUEST_CHANGES needs a body",
    async check({ api, pull }) {
      const empty = await api("POST", `/pulls/${pull}/reviews`, { event: "COMMENT" });
      return compare(["a comment without a body", 422, empty.status]);
    },
  },
  {
    row: "A comment's line must be in the diff",
    async check({ api, pull, name }) {
      const before = list((await api("GET", `/pulls/${pull}/reviews`)).body).length;
      const comments = [{ path: `${name}/a.txt`, line: 99, body: "beyond the end" }];
      const refused = await api("POST", `/pulls/${pull}/reviews`, { event: "COMMENT", body: "text", comments });
      const after = list((await api("GET", `/pulls/${pull}/reviews`)).body).length;
      return compare(["a line beyond the end", 422, refused.status], ["reviews left behind", 0, after - before]);
    },
  },
  {
    row: "A comment outside a review makes",
    async check({ api, pull, name, headSha }) {
      const comment = { path: `${name}/a.txt`, line: 1, body: "alone", commit_id: headSha };
      const made = await api("POST", `/pulls/${pull}/comments`, comment);
      const id = at(made.body, "pull_request_review_id");
      const review = await api("GET", `/pulls/${pull}/reviews/${String(id)}`);
      return compare(["the comment", 201, made.status], ["its review", "COMMENTED", at(review.body, "state")]);
    },
  },
  {
    row: "`POST pulls/{number}/comments/{id}/replies` is closed to Apps",
    async check({ api, pull, name, headSha }) {
      const comment = { path: `${name}/a.txt`, line: 2, body: "to be answered", commit_id: headSha };
      const made = await api("POST", `/pulls/${pull}/comments`, comment);
      const id = at(made.body, "id");
      const closed = await api("POST", `/pulls/${pull}/comments/${String(id)}/replies`, { body: "by the closed way" });
      const open = await api("POST", `/pulls/${pull}/comments`, { body: "by the open way", in_reply_to: id });
      return compare(["replies", 404, closed.status], ["in_reply_to", 201, open.status]);
    },
  },
  {
    row: "A thread is outdated when",
    async check(scratch) {
      const { api, graphql, commit, pull, pullNodeId, head, headSha, name } = scratch;
      const comment = { path: `${name}/a.txt`, line: 2, body: "soon outdated", commit_id: headSha };
      await api("POST", `/pulls/${pull}/comments`, comment);
      const next = at((await commit(headSha, "a.txt", "all\nis\nnew\n")).body, "sha");
      await api("PATCH", `/git/refs/heads/${head}`, { sha: next });
      const query = `query ($id: ID!) { node(id: $id) { ... on PullRequest { reviewThreads(last: 1) {
        nodes { isOutdated line originalLine } } } } }`;
      const path = ["data", "node", "reviewThreads", "nodes", 0] as const;
      const seen = await eventually(
        () => graphql(query, { id: pullNodeId }),
        ({ body }) => at(body, ...path, "isOutdated") === true,
      );
      return compare(["the thread", { isOutdated: true, line: null, originalLine: 2 }, at(seen.body, ...path)]);
    },
  },
];

const graphqlApi: readonly Assumption[] = [
  {
    row: "`updateRefs` with a `beforeOid`",
    async check({ graphql, api, repositoryNodeId, base, baseSha, headSha }) {
      const stale = await graphql(updateRefs, {
        input: {
          repositoryId: repositoryNodeId,
          refUpdates: [{ name: `refs/heads/${base}`, beforeOid: headSha, afterOid: headSha, force: false }],
        },
      });
      const now = await api("GET", `/git/ref/heads/${base}`);
      return compare(
        ["status", 200, stale.status],
        ["type", "STALE_DATA", at(stale.body, "errors", 0, "type")],
        ["the branch", baseSha, at(now.body, "object", "sha")],
      );
    },
  },
  {
    row: "Forty zeros stand for",
    async check({ graphql, api, repositoryNodeId, name, baseSha }) {
      const ref = `refs/heads/${name}/by-graphql`;
      const move = (beforeOid: string, afterOid: string) =>
        graphql(updateRefs, {
          input: { repositoryId: repositoryNodeId, refUpdates: [{ name: ref, beforeOid, afterOid, force: false }] },
        });
      const made = await move(noOid, baseSha);
      const there = await eventually(
        () => api("GET", `/git/${ref.replace("refs", "ref")}`),
        ({ status }) => status === 200,
      );
      const deleted = await move(baseSha, noOid);
      const gone = await eventually(
        () => api("GET", `/git/${ref.replace("refs", "ref")}`),
        ({ status }) => status === 404,
      );
      return compare(
        ["errors", [], [...list(at(made.body, "errors")), ...list(at(deleted.body, "errors"))]],
        ["made", 200, there.status],
        ["deleted", 404, gone.status],
      );
    },
  },
];

const updateRefs = "mutation ($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";

const nameLists = ["secrets", "organization-secrets", "variables", "organization-variables"].map(
  (list) => `/actions/${list}`,
);

const others: readonly Assumption[] = [
  {
    row: "Names of secrets with their times",
    async check({ narrowed }) {
      const statuses = async (permissions: Readonly<Record<string, string>>) => {
        const found = [];
        for (const list of nameLists) found.push((await narrowed(permissions, "GET", list)).status);
        return found;
      };
      return compare(
        ["without a permission", [403, 403, 403, 403], await statuses({ metadata: "read" })],
        ["with `secrets`", [200, 200, 403, 403], await statuses({ secrets: "read" })],
        ["with `actions_variables`", [403, 403, 200, 200], await statuses({ actions_variables: "read" })],
      );
    },
  },
  {
    row: "Variables come 10 to a page",
    async check({ api }) {
      const all = await api("GET", "/actions/variables");
      const total = Number(at(all.body, "total_count"));
      if (total <= 10) return unchecked(`the repository has ${total} variables: it takes more than ten`);
      return compare(["a page", 10, list(at(all.body, "variables")).length]);
    },
  },
  {
    row: "The lists of secrets and variables have an ETag",
    async check({ client, token, repository }) {
      const found = [];
      for (const names of nameLists) {
        const path = `/repos/${repository}${names}`;
        const first = await client.call("GET", path, { token });
        const again = await client.call("GET", path, {
          token,
          headers: { "if-none-match": first.headers.get("etag") ?? "" },
        });
        const used = ({ headers }: typeof first) => Number(headers.get("x-ratelimit-used"));
        found.push([again.status, used(again) - used(first)]);
      }
      return compare(["again, and what it cost", nameLists.map(() => [304, 0]), found]);
    },
  },
  {
    row: "Reading whether Actions is on",
    async check({ api, permissions }) {
      if (permissions["administration"] !== undefined) return unchecked("the installation has the permission");
      return compare(["without the permission", 403, (await api("GET", "/actions/permissions")).status]);
    },
  },
  {
    row: "The log goes back three days",
    async check({ client }) {
      const foreign = await client.call("GET", "/app/hook/deliveries?cursor=yesterday", { token: client.jwt() });
      return compare(["a foreign cursor", 422, foreign.status]);
    },
  },
  {
    row: "An unchanged answer is 304",
    async check({ client, token }) {
      const path = "/installation/repositories?per_page=1";
      const first = await client.call("GET", path, { token });
      const etag = first.headers.get("etag") ?? "";
      const again = await client.call("GET", path, { token, headers: { "if-none-match": etag } });
      const used = ({ headers }: typeof first) => headers.get("x-ratelimit-used");
      return compare(["again", 304, again.status], ["requests used", used(first), used(again)]);
    },
  },
];

export const assumptions: readonly Assumption[] = [
  ...authentication,
  ...git,
  ...issues,
  ...graphqlApi,
  ...pullRequests,
  ...others,
];
