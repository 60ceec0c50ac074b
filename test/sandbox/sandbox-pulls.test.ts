import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { proposePull, publish, startTestbed, listAt, numberAt, textAt, valueAt } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";

let bed: Testbed;
beforeAll(async () => {
  bed = await startTestbed();
});
afterAll(async () => {
  await bed.stop();
});

async function textOf(path: string, ref = "main"): Promise<string | null> {
  const file = await bed.api("GET", `/contents/${path}?ref=${ref}`);
  return file.status === 200 ? Buffer.from(textAt(file.body, "content"), "base64").toString() : null;
}

describe("opening a pull request", () => {
  test("shows its files, commits and mergeability", async () => {
    const number = await proposePull(bed, "open-1", { "a.txt": "a\n" }, { draft: true, body: "text" });
    const pull = await bed.api("GET", `/pulls/${number}`);
    expect(pull.body).toMatchObject({
      draft: true,
      mergeable: true,
      mergeable_state: "draft",
      commits: 1,
      changed_files: 1,
      additions: 1,
    });
    expect((await bed.api("GET", `/pulls/${number}/files`)).body).toMatchObject([
      { filename: "a.txt", status: "added", patch: "@@ -0,0 +1 @@\n+a" },
    ]);
    const listed = await bed.api("GET", `/pulls?head=octo:open-1&base=main&state=all`);
    expect(listed.body).toMatchObject([{ number }]);
  });

  test.each([
    ["a head that does not exist", { head: "nowhere" }, "invalid"],
    ["a base that does not exist", { head: "open-2", base: "nowhere" }, "invalid"],
    ["a head that adds nothing", { head: "same" }, "No commits between main and same"],
    ["a head that has one already", { head: "open-2" }, "A pull request already exists for octo:open-2."],
  ])("is refused for %s", async (_, body, reason) => {
    if ((await bed.api("GET", "/git/ref/heads/open-2")).status === 404) {
      await proposePull(bed, "open-2", { "b.txt": "b" });
      const main = await bed.api("GET", "/git/ref/heads/main");
      await bed.api("POST", "/git/refs", { ref: "refs/heads/same", sha: valueAt(main.body, "object", "sha") });
    }
    const answer = await bed.api("POST", "/pulls", { title: "x", base: "main", ...body });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toContain(reason);
  });

  test("as a draft is refused in a private repository on the free plan", async () => {
    const vault = { owner: "octo", name: "vault", private: true, files: { a: "a" }, collaborators: {} };
    await bed.sandbox.addRepository(vault);
    const token = bed.sandbox.tokenOf("octo");
    const at = (method: string, path: string, body?: unknown) =>
      bed.call(method, `/repos/octo/vault${path}`, { token, body });
    const main = valueAt((await at("GET", "/git/ref/heads/main")).body, "object", "sha");
    await at("POST", "/git/refs", { ref: "refs/heads/next", sha: main });
    await at("PUT", "/contents/b", { message: "b", content: "Yg==", branch: "next" });
    const pull = { title: "x", head: "next", base: "main" };
    expect((await at("POST", "/pulls", { ...pull, draft: true })).status).toBe(422);
    expect((await at("POST", "/pulls", pull)).status).toBe(201);
  });
});

describe("a pull request's head", () => {
  test("follows its branch, and GitHub tells", async () => {
    const number = await proposePull(bed, "follow", { "f.txt": "1" });
    const before = textAt((await bed.api("GET", `/pulls/${number}`)).body, "head", "sha");
    const from = (await bed.heard()).length;
    const after = await publish(bed, "follow", { "f.txt": "2" });
    expect((await bed.api("GET", `/pulls/${number}`)).body).toMatchObject({ head: { sha: after }, commits: 2 });
    expect(await bed.heard(from)).toEqual(["push", "pull_request.synchronize"]);
    expect(bed.received.at(-1)?.payload).toMatchObject({ before, after, pull_request: { head: { sha: after } } });
  });

  test("that is deleted closes it", async () => {
    const number = await proposePull(bed, "gone", { "g.txt": "1" });
    await bed.api("DELETE", "/git/refs/heads/gone");
    expect((await bed.api("GET", `/pulls/${number}`)).body).toMatchObject({ state: "closed", merged: false });
    expect((await bed.api("PATCH", `/pulls/${number}`, { state: "open" })).status).toBe(422);
  });
});

describe("merging", () => {
  test.each(["merge", "squash", "rebase"] as const)("by %s keeps what the base got meanwhile", async (method) => {
    const number = await proposePull(bed, `side-${method}`, { [`${method}-head.txt`]: "head\n" });
    await publish(bed, `side-${method}`, { [`${method}-second.txt`]: "second\n" });
    await publish(bed, "main", { [`${method}-base.txt`]: "base\n" });
    const from = (await bed.heard()).length;
    const { sha } = await bed.person("wanda").merge(number, method);
    for (const name of ["head", "second", "base"]) expect(await textOf(`${method}-${name}.txt`)).toBe(`${name}\n`);
    const merged = await bed.person("wanda").pull(number);
    expect(merged).toMatchObject({ merged: true, state: "closed", merge_commit_sha: sha });
    const parents = listAt((await bed.api("GET", `/git/commits/${sha}`)).body, "parents");
    expect(parents).toHaveLength(method === "merge" ? 2 : 1);
    expect(await bed.heard(from)).toEqual(["push", "pull_request.closed"]);
  });

  test("is refused on a conflict, a draft, a moved head, twice, and to who can't write", async () => {
    const put = (number: number, body: object = {}) => bed.api("PUT", `/pulls/${number}/merge`, body);
    const conflict = await proposePull(bed, "conflict", { "src/app.ts": "mine\n" });
    await publish(bed, "main", { "src/app.ts": "theirs\n" });
    expect((await bed.api("GET", `/pulls/${conflict}`)).body).toMatchObject({
      mergeable: false,
      mergeable_state: "dirty",
    });
    expect((await put(conflict)).status).toBe(405);

    const draft = await proposePull(bed, "draft", { "d.txt": "d" }, { draft: true });
    expect((await put(draft)).status).toBe(405);

    const ready = await proposePull(bed, "ready", { "r.txt": "r" });
    expect((await put(ready, { sha: "0".repeat(40) })).status).toBe(409);
    expect((await bed.api("PUT", `/pulls/${ready}/merge`, {}, bed.sandbox.tokenOf("rita"))).status).toBe(403);
    expect((await put(ready)).body).toMatchObject({ merged: true });
    expect((await put(ready)).status).toBe(405);
  });

  test("into the default branch closes the issues that it closes, once", async () => {
    const { number: issue } = await bed.person("rita").openIssue({ title: "wanted" });
    const { number: other } = await bed.person("rita").openIssue({ title: "not this one" });
    const number = await proposePull(bed, "closing", { "c.txt": "c" }, { body: `Fixes #${issue}, see #${other}` });
    const from = (await bed.heard()).length;
    await bed.person("wanda").merge(number, "squash");
    expect(await bed.person("rita").issue(issue)).toMatchObject({ state: "closed", state_reason: "completed" });
    expect(await bed.person("rita").issue(other)).toMatchObject({ state: "open" });
    expect(await bed.heard(from)).toEqual(["push", "pull_request.closed", "issues.closed"]);
  });

  test("by an App without the permission is refused when it touches workflows", async () => {
    const content = Buffer.from("on: push\n").toString("base64");
    await bed.person("wanda").request("POST", "/git/refs", {
      ref: "refs/heads/flow",
      sha: valueAt((await bed.api("GET", "/git/ref/heads/main")).body, "object", "sha"),
    });
    await bed
      .person("wanda")
      .request("PUT", "/contents/.github/workflows/x.yml", { message: "flow", content, branch: "flow" });
    const opened = await bed.api("POST", "/pulls", { title: "flow", head: "flow", base: "main" });
    const number = numberAt(opened.body, "number");
    expect((await bed.api("PUT", `/pulls/${number}/merge`, {})).status).toBe(403);
    expect((await bed.person("wanda").merge(number)).merged).toBe(true);
  });
});

describe("reviews", () => {
  test("are told with their state in lower case, and their comments with them", async () => {
    const number = await proposePull(bed, "reviewed", { "README.md": "# Shop\n\nOpen all day\n" });
    const from = (await bed.heard()).length;
    const review = await bed.person("wanda").review({
      number,
      event: "REQUEST_CHANGES",
      body: "not yet",
      comments: [{ path: "README.md", line: 3, side: "RIGHT", body: "And at night?" }],
    });
    expect(review.state).toBe("CHANGES_REQUESTED");
    expect(await bed.heard(from)).toEqual(["pull_request_review.submitted", "pull_request_review_comment.created"]);
    expect(bed.received[from]?.payload).toMatchObject({
      review: { id: review.id, state: "changes_requested", body: "not yet" },
    });
    const comments = await bed.api("GET", `/pulls/${number}/comments`);
    expect(comments.body).toMatchObject([
      { path: "README.md", line: 3, side: "RIGHT", pull_request_review_id: review.id },
    ]);

    const root = numberAt(comments.body, 0, "id");
    const reply = await bed.api("POST", `/pulls/${number}/comments`, { body: "Done", in_reply_to: root });
    expect(reply).toMatchObject({ status: 201, body: { in_reply_to_id: root } });
    const dismissed = await bed.api("PUT", `/pulls/${number}/reviews/${review.id}/dismissals`, { message: "settled" });
    expect(dismissed.body).toMatchObject({ state: "DISMISSED" });
    await bed.heard();
    expect(bed.received.at(-1)?.payload).toMatchObject({ action: "dismissed", review: { state: "dismissed" } });
  });

  test("are refused where GitHub refuses them, and leave nothing behind", async () => {
    const number = await proposePull(bed, "refused", { "x.txt": "x" });
    const app = (body: object) => bed.api("POST", `/pulls/${number}/reviews`, body);
    expect((await app({ event: "APPROVE" })).body).toMatchObject({ errors: ["Can not approve your own pull request"] });
    const wanda = (body: object) => bed.person("wanda").request("POST", `/pulls/${number}/reviews`, body);
    expect((await wanda({ event: "REQUEST_CHANGES" })).status).toBe(422);
    expect((await wanda({ event: "COMMENT" })).status).toBe(422);
    const comment = (more: object) => ({
      event: "COMMENT",
      body: "b",
      comments: [{ path: "x.txt", body: "c", line: 1, ...more }],
    });
    expect((await wanda(comment({ line: 99 }))).status).toBe(422);
    expect((await wanda(comment({ path: "README.md" }))).status).toBe(422);
    expect((await bed.api("GET", `/pulls/${number}/reviews`)).body).toEqual([]);
    expect((await bed.api("GET", `/pulls/${number}/comments`)).body).toEqual([]);
    expect((await wanda({ event: "APPROVE" })).body).toMatchObject({ state: "APPROVED", user: { login: "wanda" } });
  });

  test("stay unseen by others while pending", async () => {
    const number = await proposePull(bed, "pending", { "y.txt": "y" });
    const from = (await bed.heard()).length;
    const pending = await bed.person("wanda").request("POST", `/pulls/${number}/reviews`, { body: "thinking" });
    expect((await bed.api("GET", `/pulls/${number}/reviews`)).body).toEqual([]);
    const id = numberAt(pending.body, "id");
    await bed.person("wanda").request("POST", `/pulls/${number}/reviews/${id}/events`, { event: "APPROVE" });
    expect((await bed.api("GET", `/pulls/${number}/reviews`)).body).toMatchObject([{ id, state: "APPROVED" }]);
    expect(await bed.heard(from)).toEqual(["pull_request_review.submitted"]);
  });
});

describe("check runs", () => {
  test("belong to the App, add annotations and colour the pull request", async () => {
    const number = await proposePull(bed, "checked", { "z.txt": "z" });
    const sha = valueAt((await bed.api("GET", `/pulls/${number}`)).body, "head", "sha");
    const annotation = { path: "z.txt", start_line: 1, end_line: 1, annotation_level: "warning", message: "m" };
    const output = { title: "t", summary: "s", annotations: [annotation] };
    const made = await bed.api("POST", "/check-runs", {
      name: "phasegate",
      head_sha: sha,
      status: "in_progress",
      output,
    });
    expect(made).toMatchObject({
      status: 201,
      body: { status: "in_progress", app: { slug: "phasegate" }, pull_requests: [{ number }] },
    });
    expect((await bed.api("GET", `/pulls/${number}`)).body).toMatchObject({ mergeable_state: "unstable" });
    const id = numberAt(made.body, "id");
    expect((await bed.api("PATCH", `/check-runs/${id}`, { status: "completed" })).status).toBe(422);
    const done = await bed.api("PATCH", `/check-runs/${id}`, { conclusion: "success", output });
    expect(done.body).toMatchObject({ status: "completed", conclusion: "success", output: { annotations_count: 2 } });
    expect((await bed.api("GET", `/pulls/${number}`)).body).toMatchObject({ mergeable_state: "clean" });
    expect((await bed.api("GET", "/commits/checked/check-runs")).body).toMatchObject({ total_count: 1 });
    const person = await bed.person("wanda").request("POST", "/check-runs", { name: "x", head_sha: sha });
    expect(person.status).toBe(403);
  });
});

test("every answer fits GitHub's description", () => {
  expect(bed.faults()).toEqual([]);
});
