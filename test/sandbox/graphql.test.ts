import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Testbed, proposePull, publish, startTestbed, textAt, valueAt } from "./sandbox-testbed.ts";
import { nodeId } from "./state.ts";

const NONE = "0".repeat(40);
const UPDATE = `mutation ($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }`;

type Result = { status: number; data: unknown; errors: unknown };
type RefUpdate = { name: string; beforeOid?: string; afterOid: string; force?: boolean };

const beds: Testbed[] = [];
async function bed(...options: Parameters<typeof startTestbed>): Promise<Testbed> {
  const started = await startTestbed(...options);
  beds.push(started);
  return started;
}

async function ask(testbed: Testbed, query: string, variables: object = {}, token?: string): Promise<Result> {
  const used = token ?? (await testbed.installationToken());
  const answer = await testbed.call("POST", "/graphql", { token: used, body: { query, variables } });
  const errors = valueAt(answer.body, "errors") ?? [];
  return { status: answer.status, data: valueAt(answer.body, "data"), errors };
}

function updateRefs(testbed: Testbed, updates: readonly RefUpdate[], token?: string): Promise<Result> {
  const [repository] = testbed.sandbox.context.state.repositories.values();
  const input = { repositoryId: nodeId("R", repository?.id ?? 0), refUpdates: updates, clientMutationId: "m1" };
  return ask(testbed, UPDATE, { input }, token);
}

async function head(testbed: Testbed, branch: string): Promise<string | null> {
  const [repository] = testbed.sandbox.context.state.repositories.values();
  if (repository === undefined) return null;
  return testbed.sandbox.context.git(repository).ref(`refs/heads/${branch}`);
}

/** A commit on top of the branch that no branch holds yet. */
async function looseCommit(testbed: Testbed, parent: string, content: string): Promise<string> {
  const base = await testbed.api("GET", `/git/commits/${parent}`);
  const tree = await testbed.api("POST", "/git/trees", {
    base_tree: textAt(base.body, "tree", "sha"),
    tree: [{ path: "new.txt", mode: "100644", type: "blob", content }],
  });
  const parents = [parent];
  const made = await testbed.api("POST", "/git/commits", { message: content, tree: textAt(tree.body, "sha"), parents });
  return textAt(made.body, "sha");
}

afterEach(async () => {
  for (const started of beds.splice(0)) await started.stop();
});

describe("updateRefs", () => {
  let testbed: Testbed;
  let start: string;
  let next: string;
  beforeEach(async () => {
    testbed = await bed();
    start = await publish(testbed, "phasegate/1", { "a.txt": "one\n" });
    next = await looseCommit(testbed, start, "two\n");
  });

  test("moves a branch from where it is said to be, as a push, and its pull request follows", async () => {
    await testbed.api("POST", "/pulls", { title: "One", head: "phasegate/1", base: "main" });
    const earlier = (await testbed.heard()).length;

    const result = await updateRefs(testbed, [{ name: "refs/heads/phasegate/1", beforeOid: start, afterOid: next }]);

    expect([result.status, result.errors, valueAt(result.data, "updateRefs")]).toEqual([
      200,
      [],
      { clientMutationId: "m1" },
    ]);
    expect(await head(testbed, "phasegate/1")).toBe(next);
    expect(await testbed.heard(earlier)).toEqual(["push", "pull_request.synchronize"]);
    const pulls = await testbed.api("GET", "/pulls");
    expect(textAt(pulls.body, 0, "head", "sha")).toBe(next);
  });

  test("refuses a branch that is elsewhere, and then moves no other branch either", async () => {
    await publish(testbed, "other", { "b.txt": "b\n" });
    const other = String(await head(testbed, "other"));

    const result = await updateRefs(testbed, [
      { name: "refs/heads/other", beforeOid: other, afterOid: next, force: true },
      { name: "refs/heads/phasegate/1", beforeOid: next, afterOid: next },
    ]);

    expect([result.status, valueAt(result.data, "updateRefs")]).toEqual([200, null]);
    expect(valueAt(result.errors, 0)).toMatchObject({ type: "STALE_DATA", path: ["updateRefs"] });
    expect([await head(testbed, "other"), await head(testbed, "phasegate/1")]).toEqual([other, start]);
  });

  test("makes a branch that must not exist, once", async () => {
    const create = [{ name: "refs/heads/fresh", beforeOid: NONE, afterOid: next }];

    const first = await updateRefs(testbed, create);
    const second = await updateRefs(testbed, create);

    expect([first.errors, valueAt(second.errors, 0, "type")]).toEqual([[], "STALE_DATA"]);
    expect(await head(testbed, "fresh")).toBe(next);
  });

  test("deletes with forty zeros after", async () => {
    const result = await updateRefs(testbed, [{ name: "refs/heads/phasegate/1", beforeOid: start, afterOid: NONE }]);

    expect(result.errors).toEqual([]);
    expect(await head(testbed, "phasegate/1")).toBeNull();
  });

  test("refuses what is no fast forward, unless forced", async () => {
    const sibling = await looseCommit(testbed, String(await head(testbed, "main")), "sibling\n");
    const update = { name: "refs/heads/phasegate/1", beforeOid: start, afterOid: sibling };

    const refused = await updateRefs(testbed, [update]);
    const forced = await updateRefs(testbed, [{ ...update, force: true }]);

    expect(valueAt(refused.errors, 0, "type")).toBe("UNPROCESSABLE");
    expect([forced.errors, await head(testbed, "phasegate/1")]).toEqual([[], sibling]);
  });

  test("refuses a short name and an object that does not exist", async () => {
    const short = await updateRefs(testbed, [{ name: "phasegate/1", afterOid: next }]);
    const ghost = await updateRefs(testbed, [{ name: "refs/heads/x", afterOid: "1".repeat(40) }]);

    expect([valueAt(short.errors, 0, "type"), valueAt(ghost.errors, 0, "type")]).toEqual([
      "UNPROCESSABLE",
      "UNPROCESSABLE",
    ]);
  });

  test("needs contents: write", async () => {
    const token = await testbed.installationToken({ permissions: { contents: "read", pull_requests: "write" } });

    const result = await updateRefs(testbed, [{ name: "refs/heads/phasegate/1", afterOid: next }], token);

    expect([result.status, valueAt(result.errors, 0, "type")]).toEqual([200, "FORBIDDEN"]);
    expect(await head(testbed, "phasegate/1")).toBe(start);
  });
});

describe("the document", () => {
  test("is 401 with a token that is unknown, and without one", async () => {
    const testbed = await bed();

    const unknown = await ask(testbed, "{ viewer { login } }", {}, "ghs_unknown");
    const none = await testbed.call("POST", "/graphql", { body: { query: "{ viewer { login } }" } });

    expect([unknown.status, none.status]).toEqual([401, 401]);
  });

  test("must fit GitHub's schema", async () => {
    const testbed = await bed();

    const wrong = await ask(testbed, `{ repository(owner: "octo", name: "shop") { headOid } }`);
    const broken = await ask(testbed, "{ viewer { ");

    expect(valueAt(wrong.errors, 0, "message")).toContain('Cannot query field "headOid" on type "Repository"');
    expect(valueAt(broken.errors, 0, "message")).toContain("Syntax Error");
  });

  test("hears loudly of what the sandbox has not", async () => {
    const result = await ask(await bed(), `{ repository(owner: "octo", name: "shop") { stargazerCount } }`);

    expect(valueAt(result.errors, 0, "message")).toContain("does not implement Repository.stargazerCount");
  });

  test("must page its connections", async () => {
    const testbed = await bed();
    await proposePull(testbed, "one", { "a.txt": "a\n" });
    const query = (page: string): string =>
      `{ repository(owner: "octo", name: "shop") { pullRequest(number: 1) { reviews${page} { totalCount } } } }`;

    const none = await ask(testbed, query(""));
    const huge = await ask(testbed, query("(first: 101)"));

    expect(valueAt(none.errors, 0, "type")).toBe("MISSING_PAGINATION_BOUNDARIES");
    expect(valueAt(huge.errors, 0, "type")).toBe("EXCESSIVE_PAGINATION");
  });

  test("finds no repository that the token cannot see", async () => {
    const testbed = await bed({ private: true });
    const query = `{ repository(owner: "octo", name: "shop") { id } }`;

    const result = await ask(testbed, query, {}, testbed.sandbox.tokenOf("stranger"));

    expect(valueAt(result.data, "repository")).toBeNull();
    expect(valueAt(result.errors, 0)).toMatchObject({
      type: "NOT_FOUND",
      path: ["repository"],
      message: "Could not resolve to a Repository with the name 'octo/shop'.",
    });
  });
});

describe("queries", () => {
  test("read blobs, trees and commits by expression", async () => {
    const testbed = await bed({ files: { "a/b.txt": "text\n", "c.bin": "\u0000\u0001" } });
    const main = await head(testbed, "main");

    const result = await ask(
      testbed,
      `query ($name: String!) {
        repository(owner: "octo", name: $name) {
          defaultBranchRef { name target { oid } }
          ref(qualifiedName: "refs/heads/main") { target { oid } }
          text: object(expression: "main:a/b.txt") { ... on Blob { text isBinary byteSize isTruncated } }
          binary: object(expression: "HEAD:c.bin") { ... on Blob { text isBinary } }
          tree: object(expression: "main:a") { ... on Tree { entries { name type } } }
          commit: object(expression: "main") { __typename ... on Commit { oid } }
          none: object(expression: "main:gone") { oid }
        }
      }`,
      { name: "shop" },
    );

    expect(result.errors).toEqual([]);
    expect(valueAt(result.data, "repository")).toEqual({
      defaultBranchRef: { name: "main", target: { oid: main } },
      ref: { target: { oid: main } },
      text: { text: "text\n", isBinary: false, byteSize: 5, isTruncated: false },
      binary: { text: null, isBinary: true },
      tree: { entries: [{ name: "b.txt", type: "blob" }] },
      commit: { __typename: "Commit", oid: main },
      none: null,
    });
  });

  test("tell a pull request's review decision: a mere comment clears no verdict", async () => {
    const testbed = await bed();
    const number = await proposePull(testbed, "one", { "a.txt": "a\n" });
    const query = `{ repository(owner: "octo", name: "shop") { pullRequest(number: ${number}) {
      number isDraft merged state headRefOid mergeCommit { oid } reviewDecision
      reviews(first: 10) { totalCount nodes { state author { login __typename } } }
    } } }`;
    const decision = async (): Promise<unknown> =>
      valueAt((await ask(testbed, query)).data, "repository", "pullRequest");
    const wanda = testbed.person("wanda");

    const before = valueAt(await decision(), "reviewDecision");
    await wanda.review({ number, event: "REQUEST_CHANGES", body: "no" });
    await wanda.review({ number, event: "COMMENT", body: "well" });
    const after = await decision();
    await wanda.review({ number, event: "APPROVE" });
    const approved = valueAt(await decision(), "reviewDecision");

    expect([before, valueAt(after, "reviewDecision"), approved]).toEqual([null, "CHANGES_REQUESTED", "APPROVED"]);
    expect(after).toMatchObject({
      isDraft: false,
      merged: false,
      state: "OPEN",
      mergeCommit: null,
      reviews: {
        totalCount: 2,
        nodes: [{ state: "CHANGES_REQUESTED", author: { login: "wanda", __typename: "User" } }, {}],
      },
    });
  });
});

describe("pull request mutations", () => {
  const READY = `mutation ($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { isDraft } } }`;
  const DRAFT = `mutation ($id: ID!) { convertPullRequestToDraft(input: { pullRequestId: $id }) { pullRequest { isDraft } } }`;
  const RESOLVE = `mutation ($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { isResolved } } }`;
  const THREADS = `{ repository(owner: "octo", name: "shop") { pullRequest(number: 1) { id reviewThreads(first: 5) {
    nodes { id isResolved comments(first: 5) { nodes { id body isMinimized } } } } } } }`;

  test("turn a draft ready and back, and tell of it once each", async () => {
    const testbed = await bed();
    await proposePull(testbed, "one", { "a.txt": "a\n" }, { draft: true });
    const id = valueAt((await ask(testbed, THREADS)).data, "repository", "pullRequest", "id");
    const earlier = (await testbed.heard()).length;

    const ready = await ask(testbed, READY, { id });
    const again = await ask(testbed, READY, { id });
    const draft = await ask(testbed, DRAFT, { id });

    expect(valueAt(ready.data, "markPullRequestReadyForReview")).toEqual({ pullRequest: { isDraft: false } });
    expect(again.errors).toEqual([]);
    expect(valueAt(draft.data, "convertPullRequestToDraft")).toEqual({ pullRequest: { isDraft: true } });
    expect(await testbed.heard(earlier)).toEqual(["pull_request.ready_for_review", "pull_request.converted_to_draft"]);
  });

  test("need pull_requests: write, and resolving a thread needs contents: write too", async () => {
    const testbed = await bed();
    await proposePull(testbed, "one", { "a.txt": "a\n" }, { draft: true });
    await testbed.person("wanda").review({
      number: 1,
      event: "REQUEST_CHANGES",
      body: "see",
      comments: [{ path: "a.txt", line: 1, body: "why?" }],
    });
    const pull = valueAt((await ask(testbed, THREADS)).data, "repository", "pullRequest");
    const thread = valueAt(pull, "reviewThreads", "nodes", 0);
    const reader = await testbed.installationToken({ permissions: { pull_requests: "read", contents: "write" } });
    const writer = await testbed.installationToken({ permissions: { pull_requests: "write", contents: "read" } });

    const ready = await ask(testbed, READY, { id: valueAt(pull, "id") }, reader);
    const half = await ask(testbed, RESOLVE, { id: valueAt(thread, "id") }, writer);
    const whole = await ask(testbed, RESOLVE, { id: valueAt(thread, "id") });
    const unknown = await ask(testbed, RESOLVE, { id: "PRRT_kwSB999999" });

    expect([ready, half, unknown].map(({ errors }) => valueAt(errors, 0, "type"))).toEqual([
      "FORBIDDEN",
      "FORBIDDEN",
      "NOT_FOUND",
    ]);
    expect(valueAt(whole.data, "resolveReviewThread")).toEqual({ thread: { isResolved: true } });
    expect((await testbed.heard()).at(-1)).toBe("pull_request_review_thread.resolved");
  });

  test("minimise a comment", async () => {
    const testbed = await bed();
    await proposePull(testbed, "one", { "a.txt": "a\n" });
    const made = await testbed.api("POST", "/issues/1/comments", { body: "old status" });
    const id = textAt(made.body, "node_id");

    const result = await ask(
      testbed,
      `mutation ($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) {
        minimizedComment { isMinimized minimizedReason } } }`,
      { id },
    );

    expect(valueAt(result.data, "minimizeComment")).toEqual({
      minimizedComment: { isMinimized: true, minimizedReason: "outdated" },
    });
  });

  test("minimise what anybody wrote, with `issues: write` or as a writer, under a reason of GitHub's list", async () => {
    const testbed = await bed();
    const { number } = await testbed.person("rita").openIssue({ title: "help" });
    const { id } = await testbed.person("stranger").comment(number, "my key is sk-1234");
    const heard = (await testbed.heard()).length;
    const node = textAt((await testbed.api("GET", `/issues/comments/${id}`)).body, "node_id");
    const hide = (classifier: string) =>
      `mutation ($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: ${classifier} }) {
        minimizedComment { isMinimized minimizedReason } } }`;
    const reader = await testbed.installationToken({ permissions: { issues: "read", contents: "write" } });

    const refused = await ask(testbed, hide("SENSITIVE"), { id: node });
    const [byReader, byRita, byWanda, byApp] = [
      await ask(testbed, hide("OFF_TOPIC"), { id: node }, reader),
      await ask(testbed, hide("OFF_TOPIC"), { id: node }, testbed.sandbox.tokenOf("rita")),
      await ask(testbed, hide("OFF_TOPIC"), { id: node }, testbed.sandbox.tokenOf("wanda")),
      await ask(testbed, hide("OUTDATED"), { id: node }),
    ];

    expect(textAt(refused.errors, 0, "message")).toContain("ReportedContentClassifiers");
    expect([byReader, byRita].map(({ errors }) => valueAt(errors, 0, "type"))).toEqual(["FORBIDDEN", "FORBIDDEN"]);
    const reasons = [byWanda, byApp].map(({ data }) => valueAt(data, "minimizeComment", "minimizedComment"));
    expect(reasons).toEqual([
      { isMinimized: true, minimizedReason: "off-topic" },
      { isMinimized: true, minimizedReason: "outdated" },
    ]);
    // Hidden is not gone, and nobody is told.
    expect((await testbed.api("GET", `/issues/comments/${id}`)).body).toMatchObject({ body: "my key is sk-1234" });
    expect(await testbed.heard(heard)).toEqual([]);
  });
});
