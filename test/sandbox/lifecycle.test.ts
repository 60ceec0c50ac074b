import { afterEach, describe, expect, test } from "vitest";
import { proposePull, startTestbed, listAt, numberAt, textAt, valueAt } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";

let bed: Testbed;
async function freshBed(): Promise<Testbed> {
  bed = await startTestbed();
  return bed;
}
afterEach(async () => {
  await bed.sandbox.webhooks.idle();
  expect(bed.faults()).toEqual([]);
  await bed.stop();
});

const tokens = (): Promise<{ readonly status: number; readonly body: unknown }> => {
  const [id = 0] = bed.sandbox.context.state.installations.keys();
  return bed.call("POST", `/app/installations/${id}/access_tokens`, { token: bed.jwt() });
};

describe("a repository", () => {
  test("that is renamed is told of under its new name, and the old one leads on", async () => {
    const { sandbox, received } = await freshBed();
    sandbox.settings.rename("octo/shop", "store");
    await bed.heard();
    expect(received.at(-1)).toMatchObject({
      event: "repository",
      payload: {
        action: "renamed",
        changes: { repository: { name: { from: "shop" } } },
        repository: { full_name: "octo/store" },
      },
    });
    expect((await bed.api("GET", "")).status).toBe(301);
  });

  test("that is archived is read-only until it is taken out again", async () => {
    const { sandbox } = await freshBed();
    const from = (await bed.heard()).length;
    sandbox.settings.archive("octo/shop");
    const refused = await bed.person("wanda").request("POST", "/issues", { title: "x" });
    sandbox.settings.unarchive("octo/shop");
    const taken = await bed.person("wanda").request("POST", "/issues", { title: "x" });
    expect([refused.status, taken.status]).toEqual([403, 201]);
    expect((await bed.heard(from)).slice(0, 2)).toEqual(["repository.archived", "repository.unarchived"]);
  });

  test("that is transferred is lost to the App, which hears of it", async () => {
    const { sandbox, received } = await freshBed();
    const token = await bed.installationToken();
    sandbox.settings.transfer("octo/shop", "other");
    await bed.heard();
    expect(received.at(-1)?.payload).toMatchObject({
      action: "transferred",
      changes: { owner: { from: { user: { login: "octo" } } } },
      repository: { full_name: "other/shop" },
    });
    expect((await bed.api("POST", "/issues", { title: "x" }, token)).status).toBe(301);
    const there = await bed.call("POST", "/repos/other/shop/issues", { token, body: { title: "x" } });
    expect(there.status).toBe(403);
  });

  test("that is deleted is told of and gone", async () => {
    const { sandbox } = await freshBed();
    const token = await bed.installationToken();
    sandbox.settings.deleteRepository("octo/shop");
    expect((await bed.heard()).at(-1)).toBe("repository.deleted");
    expect((await bed.api("GET", "", undefined, token)).status).toBe(404);
  });
});

describe("an installation", () => {
  test("that is suspended gets no token, no answer and no webhook but that", async () => {
    const { sandbox, received } = await freshBed();
    const token = await bed.installationToken();
    const from = (await bed.heard()).length;
    sandbox.settings.suspend("octo");
    await bed.person("wanda").openIssue({ title: "unheard" });
    expect((await tokens()).body).toMatchObject({ message: "This installation has been suspended" });
    expect((await bed.api("GET", "/issues", undefined, token)).status).toBe(403);
    sandbox.settings.unsuspend("octo");
    expect(await bed.heard(from)).toEqual(["installation.suspend", "installation.unsuspend"]);
    expect(received[from]?.payload).toMatchObject({ installation: { suspended_by: { login: "octo" } } });
    expect((await tokens()).status).toBe(201);
  });

  test("that is removed takes its tokens along, and a new one has another id", async () => {
    const { sandbox, received } = await freshBed();
    const token = await bed.installationToken();
    const [before] = sandbox.context.state.installations.keys();
    sandbox.settings.uninstall("octo");
    await bed.person("wanda").openIssue({ title: "unheard" });
    expect((await bed.api("GET", "/issues", undefined, token)).status).toBe(401);
    sandbox.settings.install("octo/shop");
    const heard = await bed.heard();
    expect(heard.slice(-2)).toEqual(["installation.deleted", "installation.created"]);
    expect(received.at(-2)?.payload).toMatchObject({ repositories: [{ full_name: "octo/shop" }] });
    expect([...sandbox.context.state.installations.keys()]).not.toContain(before);
    expect((await tokens()).status).toBe(201);
  });

  test("loses one repository and keeps the others", async () => {
    const { sandbox, received } = await freshBed();
    await sandbox.addRepository({ owner: "octo", name: "two", files: { a: "a" }, collaborators: {}, private: true });
    const token = await bed.installationToken();
    sandbox.settings.removeFromInstallation("octo/two");
    await bed.heard();
    expect(received.at(-1)).toMatchObject({
      event: "installation_repositories",
      payload: { action: "removed", repositories_removed: [{ full_name: "octo/two" }], repositories_added: [] },
    });
    expect((await bed.call("GET", "/repos/octo/two", { token })).status).toBe(404);
    expect((await bed.api("GET", "", undefined, token)).status).toBe(200);
  });
});

describe("an issue", () => {
  test("is closed for a reason, reopened, and deleted by its owner only", async () => {
    await freshBed();
    const wanda = bed.person("wanda");
    const { number } = await wanda.openIssue({ title: "short-lived" });
    const from = (await bed.heard()).length;
    expect(await wanda.closeIssue(number, "not_planned")).toMatchObject({ state_reason: "not_planned" });
    expect(await wanda.reopenIssue(number)).toMatchObject({ state: "open", state_reason: "reopened" });
    expect(() => wanda.deleteIssue(number)).toThrow("may not delete issues");
    bed.person("octo").deleteIssue(number);
    expect(await bed.heard(from)).toEqual(["issues.closed", "issues.reopened", "issues.deleted"]);
  });

  test("that is transferred leads on, and its comments go along", async () => {
    const { sandbox, received } = await freshBed();
    await sandbox.addRepository({ owner: "octo", name: "two", files: {}, collaborators: {} });
    const wanda = bed.person("wanda");
    const { number } = await wanda.openIssue({ title: "elsewhere", labels: ["create_app"] });
    await wanda.comment(number, "with this");
    const from = (await bed.heard()).length;
    const there = wanda.transferIssue(number, "octo/two");
    expect(await bed.heard(from)).toEqual(["issues.transferred", "issues.opened"]);
    expect(received[from]?.payload).toMatchObject({
      issue: { number },
      changes: { new_issue: { number: there }, new_repository: { full_name: "octo/two" } },
    });
    expect(received[from + 1]?.payload).toMatchObject({
      issue: { number: there, labels: [], comments: 1 },
      changes: { old_issue: { number }, old_repository: { full_name: "octo/shop" } },
    });
    const moved = await bed.api("GET", `/issues/${number}`);
    expect(moved.status).toBe(301);
    const byId = await bed.call("GET", (moved.headers.get("location") ?? "").replace(sandbox.url, ""));
    expect(byId.headers.get("location")).toBe(`${sandbox.url}/repos/octo/two/issues/${there}`);
    expect(listAt((await bed.api("GET", "/issues?state=all")).body)).toEqual([]);
  });

  test("shows one pinned comment, the newest", async () => {
    const { received } = await freshBed();
    const { number } = await bed.person("wanda").openIssue({ title: "pins" });
    const ids = [];
    for (const body of ["one", "two"]) {
      ids.push(numberAt((await bed.api("POST", `/issues/${number}/comments`, { body })).body, "id"));
    }
    const from = (await bed.heard()).length;
    for (const id of ids) {
      const pinned = await bed.api("PUT", `/issues/comments/${id}/pin`);
      expect(pinned).toMatchObject({ status: 200, body: { pin: { pinned_by: { login: "phasegate[bot]" } } } });
    }
    expect((await bed.api("GET", `/issues/${number}`)).body).toMatchObject({ pinned_comment: { id: ids[1] } });
    expect((await bed.api("GET", `/issues/comments/${ids[0]}`)).body).toMatchObject({ pin: null });
    expect((await bed.person("rita").request("DELETE", `/issues/comments/${ids[1]}/pin`)).status).toBe(403);
    expect((await bed.api("DELETE", `/issues/comments/${ids[1]}/pin`)).status).toBe(204);
    expect((await bed.api("GET", `/issues/${number}`)).body).toMatchObject({ pinned_comment: null });
    expect(await bed.heard(from)).toEqual(["issue_comment.pinned", "issue_comment.pinned", "issue_comment.unpinned"]);
    expect(received.at(-1)?.payload).toMatchObject({ comment: { id: ids[1] } });
  });

  test("takes and loses labels that the repository has or gets on the way", async () => {
    await freshBed();
    const { number } = await bed.person("wanda").openIssue({ title: "labels" });
    const made = await bed.api("POST", "/labels", { name: "phase: 1", color: "00ff00", description: "first" });
    expect(made).toMatchObject({ status: 201, body: { name: "phase: 1", color: "00ff00" } });
    expect((await bed.api("POST", "/labels", { name: "PHASE: 1" })).status).toBe(422);
    expect((await bed.api("GET", "/labels/phase%3A%201")).body).toMatchObject({ description: "first" });
    expect((await bed.api("GET", "/labels/none")).status).toBe(404);
    const added = await bed.api("POST", `/issues/${number}/labels`, { labels: ["phase: 1", "fresh"] });
    expect(listAt(added.body).map((label) => valueAt(label, "name"))).toEqual(["phase: 1", "fresh"]);
    const left = await bed.api("DELETE", `/issues/${number}/labels/phase%3A%201`);
    expect(listAt(left.body).map((label) => valueAt(label, "name"))).toEqual(["fresh"]);
    expect((await bed.api("DELETE", `/issues/${number}/labels/phase%3A%201`)).status).toBe(404);
  });
});

describe("a branch", () => {
  test("is pushed to, pushed over and deleted by a person, and the pull request follows", async () => {
    const { received } = await freshBed();
    const wanda = bed.person("wanda");
    const number = await proposePull(bed, "work", { "a.txt": "a\n" });
    const [before, from] = [(await wanda.pull(number)).head.sha, (await bed.heard()).length];
    const pushed = await wanda.push({ branch: "work", files: { "b.txt": "b\n", "a.txt": null } });
    const forced = await wanda.forcePush({ branch: "work", files: { "c.txt": "c\n" }, message: "Start over" });
    await wanda.deleteBranch("work");
    expect(await bed.heard(from)).toEqual([
      "push",
      "pull_request.synchronize",
      "push",
      "pull_request.synchronize",
      "delete",
      "push",
      "pull_request.closed",
    ]);
    const at = (index: number) => received[from + index]?.payload;
    expect(at(0)).toMatchObject({ before, after: pushed, forced: false, sender: { login: "wanda" } });
    expect(at(2)).toMatchObject({ before: pushed, after: forced, forced: true });
    expect(at(3)).toMatchObject({ before: pushed, after: forced, pull_request: { commits: 1, changed_files: 1 } });
    await expect(wanda.reopenPull(number)).rejects.toThrow("has been deleted");
  });

  test("with a rule for reviews tells so, moves by merges only, and is closed to what nobody approved", async () => {
    const { sandbox } = await freshBed();
    expect((await bed.api("GET", "/rules/branches/main")).body).toEqual([]);
    sandbox.settings.requireReviews("octo/shop", "main", 1);
    expect((await bed.api("GET", "/rules/branches/main")).body).toMatchObject([
      { type: "pull_request", parameters: { required_approving_review_count: 1 } },
    ]);
    expect((await bed.api("GET", "/rules/branches/other")).body).toEqual([]);
    await expect(bed.person("wanda").push({ branch: "main", files: { "x.txt": "x" } })).rejects.toThrow(
      "must be made through a pull request",
    );
    const number = await proposePull(bed, "ruled", { "r.txt": "r\n" });
    const decision = async () => {
      const query = `{ repository(owner: "octo", name: "shop") { pullRequest(number: ${number}) { reviewDecision mergeStateStatus } } }`;
      const answer = await bed.call("POST", "/graphql", { token: await bed.installationToken(), body: { query } });
      return valueAt(answer.body, "data", "repository", "pullRequest");
    };
    expect(await decision()).toEqual({ reviewDecision: "REVIEW_REQUIRED", mergeStateStatus: "BLOCKED" });
    await expect(bed.person("wanda").merge(number)).rejects.toThrow("405");
    const { id } = await bed.person("wanda").review({ number, event: "APPROVE" });
    await bed.person("wanda").dismissReview(number, id, "too early");
    expect(await decision()).toMatchObject({ reviewDecision: "REVIEW_REQUIRED" });
    await bed.person("wanda").review({ number, event: "APPROVE" });
    expect(await decision()).toEqual({ reviewDecision: "APPROVED", mergeStateStatus: "CLEAN" });
    expect(await bed.person("wanda").merge(number)).toMatchObject({ merged: true });
  });
});

describe("a pull request", () => {
  test("is pointed at another base, and GitHub tells what it was", async () => {
    const { received } = await freshBed();
    await bed.person("wanda").push({ branch: "release", files: { "v.txt": "1\n" } });
    const number = await proposePull(bed, "work", { "a.txt": "a\n" });
    expect(await bed.person("wanda").retarget(number, "release")).toMatchObject({ base: { ref: "release" } });
    await bed.heard();
    expect(received.at(-1)?.payload).toMatchObject({
      action: "edited",
      changes: { base: { ref: { from: "main" } } },
      pull_request: { base: { ref: "release" } },
    });
  });

  test("asks collaborators for a review, nobody else, and not its author", async () => {
    await freshBed();
    const number = await proposePull(bed, "asked", { "a.txt": "a\n" });
    const from = (await bed.heard()).length;
    const ask = (...reviewers: string[]) => bed.api("POST", `/pulls/${number}/requested_reviewers`, { reviewers });
    expect((await ask("wanda")).body).toMatchObject({ requested_reviewers: [{ login: "wanda" }] });
    expect([(await ask("stranger")).status, (await ask("phasegate[bot]")).status]).toEqual([422, 422]);
    expect(await bed.heard(from)).toEqual(["pull_request.review_requested"]);
    await bed.person("wanda").review({ number, event: "APPROVE" });
    expect((await bed.api("GET", `/pulls/${number}/requested_reviewers`)).body).toEqual({ users: [], teams: [] });
  });

  test("shows its conversations: who said what on which line, in which review, and whether it is settled", async () => {
    const { sandbox } = await freshBed();
    const number = await proposePull(bed, "talked", { "a.txt": "a\nb\n" });
    const from = (await bed.heard()).length;
    const wanda = bed.person("wanda");
    const comments = [{ path: "a.txt", line: 2, body: "why b?" }];
    await wanda.review({ number, event: "REQUEST_CHANGES", body: "see below", comments });
    const [thread] = await wanda.threads(number);
    const root = thread?.comments.nodes[0]?.databaseId ?? 0;
    await bed.api("POST", `/pulls/${number}/comments`, { body: "because", in_reply_to: root });
    await wanda.reply(number, root, "I see");
    await wanda.request("PATCH", `/pulls/comments/${root}`, { body: "why b at all?" });
    await wanda.resolveThread(thread?.id ?? "");
    await wanda.unresolveThread(thread?.id ?? "");
    await bed.person("wanda").push({ branch: "talked", files: { "a.txt": "a\n" } });

    const query = `{ repository(owner: "octo", name: "shop") { pullRequest(number: ${number}) { reviewThreads(first: 9) { nodes {
      isResolved isOutdated path line originalLine comments(first: 9) { nodes {
        author { login __typename } body diffHunk path line originalLine outdated state pullRequestReview { state }
      } }
    } } } } }`;
    const answer = await bed.call("POST", "/graphql", { token: await bed.installationToken(), body: { query } });
    const about = { diffHunk: "@@ -0,0 +1,2 @@\n+a\n+b", path: "a.txt", line: null, originalLine: 2, outdated: true };
    expect(listAt(answer.body, "data", "repository", "pullRequest", "reviewThreads", "nodes")).toEqual([
      {
        isResolved: false,
        isOutdated: true,
        path: "a.txt",
        line: null,
        originalLine: 2,
        comments: {
          nodes: [
            ["wanda", "User", "why b at all?", "CHANGES_REQUESTED"],
            ["phasegate", "Bot", "because", "COMMENTED"],
            ["wanda", "User", "I see", "COMMENTED"],
          ].map(([login, __typename, body, state]) => ({
            ...about,
            author: { login, __typename },
            body,
            state: "SUBMITTED",
            pullRequestReview: { state },
          })),
        },
      },
    ]);
    const told = (await bed.heard(from)).filter((event) => event.startsWith("pull_request_review"));
    expect(told).toEqual([
      "pull_request_review.submitted",
      "pull_request_review_comment.created",
      "pull_request_review.submitted",
      "pull_request_review_comment.created",
      "pull_request_review.submitted",
      "pull_request_review_comment.created",
      "pull_request_review_comment.edited",
      "pull_request_review_thread.resolved",
      "pull_request_review_thread.unresolved",
    ]);
    expect(sandbox.repositoryOf("octo/shop").reviewThreads.size).toBe(1);
    await wanda.request("DELETE", `/pulls/comments/${root}`);
    expect((await bed.heard()).at(-1)).toBe("pull_request_review_comment.deleted");
  });

  test("takes an App's answer in a conversation by in_reply_to, and not where GitHub is closed to Apps", async () => {
    await freshBed();
    const number = await proposePull(bed, "closed", { "a.txt": "a\n" });
    const comment = {
      path: "a.txt",
      line: 1,
      body: "hm",
      commit_id: (await bed.person("wanda").pull(number)).head.sha,
    };
    const made = await bed.person("wanda").request("POST", `/pulls/${number}/comments`, comment);
    const id = numberAt(made.body, "id");
    const closed = await bed.api("POST", `/pulls/${number}/comments/${id}/replies`, { body: "no" });
    const open = await bed.api("POST", `/pulls/${number}/comments`, { body: "yes", in_reply_to: id });
    expect([closed.status, open.status, textAt(open.body, "user", "login")]).toEqual([404, 201, "phasegate[bot]"]);
  });

  test("may be a draft in a private repository of a paid plan", async () => {
    const { sandbox } = await freshBed();
    const paid = { owner: "octo", name: "paid", private: true, plan: "team", files: { a: "a" } } as const;
    await sandbox.addRepository({ ...paid, collaborators: {} });
    const token = sandbox.tokenOf("octo");
    const at = (method: string, path: string, body?: unknown) =>
      bed.call(method, `/repos/octo/paid${path}`, { token, body });
    const main = valueAt((await at("GET", "/git/ref/heads/main")).body, "object", "sha");
    await at("POST", "/git/refs", { ref: "refs/heads/next", sha: main });
    await at("PUT", "/contents/b", { message: "b", content: "Yg==", branch: "next" });
    const draft = await at("POST", "/pulls", { title: "x", head: "next", base: "main", draft: true });
    expect(draft).toMatchObject({ status: 201, body: { draft: true } });
  });
});
