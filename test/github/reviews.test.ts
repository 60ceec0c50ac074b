import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AnswerShown } from "../../src/control/ports/notices.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { person } from "../sandbox/person.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { running, taskId, viewOf } from "./texts-fixtures.ts";

const path = "docs/planning/01_idea.md";
let bed: GitHubTestbed;
/** Each test has a pull request of its own. */
let number: number;
let gates = 0;

beforeAll(async () => {
  bed = await startGitHubTestbed();
});

beforeEach(async () => {
  gates += 1;
  const branch = `phasegate/${gates}-1-planning`;
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index + 1}\n`).join("");
  await bed.github.publish(bed.repository, {
    branch,
    defaultBranch: "main",
    changesetId: changesetIdOf(runIdFrom("run-1"), "01_idea"),
    taskId,
    message: "Phase 1 planning: 01_idea (#7)",
    mergedSha: null,
    changes: [{ kind: "written", path, mode: "100644", content: Buffer.from(lines) }],
  });
  const gate = await bed.github.openGate(bed.repository, { branch, base: "main", view: viewOf(running), phase: 1 });
  number = gate.pullRequest;
  bed.sent();
});

afterAll(() => bed.stop());

function writes(): readonly string[] {
  return bed.sent().filter((line) => !line.startsWith("GET") && !/^POST \/graphql (?!ResolveThread)/u.test(line));
}

/** A thread at a line, begun by a review. */
async function comment(
  line: number,
  body: string,
  event: "APPROVE" | "REQUEST_CHANGES" | "COMMENT" = "REQUEST_CHANGES",
): Promise<{ readonly reviewId: number }> {
  const review = await bed.owner.review({ number, event, body: "Please look", comments: [{ path, line, body }] });
  return { reviewId: review.id };
}

async function reply(body: string): Promise<void> {
  const comments = await bed.owner.request("GET", `/pulls/${number}/comments`);
  const first = Array.isArray(comments.body) ? comments.body[0] : null;
  await bed.owner.request("POST", `/pulls/${number}/comments/${first?.id}/replies`, { body });
}

async function dismiss(reviewId: number): Promise<void> {
  await bed.owner.request("PUT", `/pulls/${number}/reviews/${reviewId}/dismissals`, { message: "settled" });
}

describe("reviews", () => {
  test("are read with their verdict, words and the commit that they looked at, oldest first", async () => {
    const { head } = await bed.owner.pull(number);
    const verdicts = [
      ["APPROVE", "approved"],
      ["REQUEST_CHANGES", "changes_requested"],
      ["COMMENT", "commented"],
    ] as const;
    for (const [event] of verdicts) await bed.owner.review({ number, event, body: `**${event}**` });
    const { reviewId } = await comment(3, "x");
    await dismiss(reviewId);
    const reviews = await bed.github.readReviews(bed.repository, number);
    expect(reviews).toEqual([
      ...verdicts.map(([event, verdict]) => ({
        reviewId: expect.any(Number),
        by: "wanda",
        byBot: false,
        verdict,
        reviewedSha: head.sha,
        body: `**${event}**`,
      })),
      expect.objectContaining({ reviewId, verdict: "dismissed", body: "Please look" }),
    ]);
    expect(await bed.github.readReviews(bed.repository, 4_711)).toEqual([]);
  });

  test("are read to the last page, without those that nobody sent yet", async () => {
    await bed.owner.request("POST", `/pulls/${number}/reviews`, { body: "draft" });
    const other = person(bed.sandbox, "mia", "octo/shop");
    for (let index = 0; index < 101; index += 1) {
      await other.review({ number, event: "COMMENT", body: `${index}` });
    }
    const reviews = await bed.github.readReviews(bed.repository, number);
    expect(reviews.map(({ body }) => body)).toEqual(Array.from({ length: 101 }, (_, index) => `${index}`));
  });
});

describe("review threads", () => {
  test("are read with line, hunk, all replies and what began them", async () => {
    await comment(3, "Say why.");
    await reply("And when.");
    await comment(5, "Nice.", "COMMENT");
    const [first, second, ...more] = await bed.github.readThreads(bed.repository, number);
    expect(first).toEqual({
      threadId: expect.any(String),
      path,
      line: 3,
      hunk: expect.stringContaining("+line 3"),
      resolved: false,
      request: "change",
      comments: [
        { by: "wanda", byBot: false, byUs: false, text: "Say why." },
        { by: "wanda", byBot: false, byUs: false, text: "And when." },
      ],
    });
    expect(second).toMatchObject({ line: 5, request: "comment" });
    expect(more).toEqual([]);
    expect(await bed.github.readThreads(bed.repository, 4_711)).toEqual([]);
  });

  test("keep the line that they were written at when the text moves on", async () => {
    await comment(3, "Say why.");
    for (const thread of bed.sandbox.repositoryOf("octo/shop").reviewThreads.values()) thread.isOutdated = true;
    expect((await bed.github.readThreads(bed.repository, number))[0]).toMatchObject({ line: 3 });
  });

  test("about a whole file have no line", async () => {
    const { head } = await bed.owner.pull(number);
    const about = { path, commit_id: head.sha, subject_type: "file", body: "Too long." };
    await bed.owner.request("POST", `/pulls/${number}/comments`, about);
    expect((await bed.github.readThreads(bed.repository, number))[0]).toMatchObject({ line: null, hunk: "" });
  });

  test("of a dismissed review ask for nothing any more", async () => {
    const { reviewId } = await comment(3, "Say why.");
    await dismiss(reviewId);
    expect((await bed.github.readThreads(bed.repository, number))[0]).toMatchObject({ request: "comment" });
  });

  test("are read to the last page, each to its last reply", async () => {
    const comments = Array.from({ length: 51 }, (_, index) => ({ path, line: index + 1, body: `thread ${index}` }));
    await bed.owner.review({ number, event: "REQUEST_CHANGES", body: "All of it", comments });
    for (let index = 0; index < 50; index += 1) await reply(`reply ${index}`);
    const threads = await bed.github.readThreads(bed.repository, number);
    expect(threads.map(({ comments: [first] }) => first?.text)).toEqual(comments.map(({ body }) => body));
    expect(threads[0]?.comments).toHaveLength(51);
    expect(threads[0]?.comments.at(-1)?.text).toBe("reply 49");
  });
});

describe("the answer to a thread", () => {
  const answer: AnswerShown = { kind: "fixed", text: "Said why @wanda.", commitSha: "0123456789abcdef" };

  async function answerFirst(over: { readonly key?: string; readonly resolve?: boolean } = {}): Promise<void> {
    const [thread] = await bed.github.readThreads(bed.repository, number);
    const { key = "one", resolve = true } = over;
    await bed.github.answerThread(bed.repository, {
      spoken: viewOf(running).task,
      pullRequest: number,
      threadId: thread?.threadId ?? "",
      key,
      answer,
      resolve,
    });
  }

  test("stands in it once for each key, and resolves it where asked", async () => {
    await comment(3, "Say why.");
    await answerFirst({ resolve: false });
    expect(await bed.github.readThreads(bed.repository, number)).toMatchObject([{ resolved: false }]);
    await answerFirst();
    await answerFirst({ key: "t--> two", resolve: false });
    const [thread, ...more] = await bed.github.readThreads(bed.repository, number);
    expect(more).toEqual([]);
    expect(thread).toMatchObject({ resolved: true, request: "change" });
    expect(thread?.comments.slice(1)).toEqual([
      {
        by: "phasegate[bot]",
        byBot: true,
        byUs: true,
        text: "<!-- phasegate:answer:one -->\n**Done** in [`0123456`](https://github.com/octo/shop/commit/0123456789abcdef).\n\nSaid why @&#8203;wanda.",
      },
      expect.objectContaining({
        by: "phasegate[bot]",
        text: expect.stringMatching(/^<!-- phasegate:answer:t%2D%2D%3E/u),
      }),
    ]);
  });

  test("that is there already costs no write", async () => {
    await comment(3, "Say why.");
    await answerFirst();
    bed.sent();
    await answerFirst();
    expect(writes()).toEqual([]);
  });

  test.each([[/POST .*\/comments$/u], [/ResolveThread/u]])(
    "when the answer of GitHub to %s is lost, the repeat leaves one reply in a resolved thread",
    async (match) => {
      await comment(3, "Say why.");
      bed.failNext(match, "lost-answer");
      await expect(answerFirst()).rejects.toBeInstanceOf(RetryLater);
      await answerFirst();
      const [thread] = await bed.github.readThreads(bed.repository, number);
      expect(thread?.comments).toHaveLength(2);
      expect(thread?.resolved).toBe(true);
    },
  );

  test("is found behind more replies than one page holds, and a person's with the same marker is none", async () => {
    await comment(3, "Say why.");
    await reply("<!-- phasegate:answer:one -->\nI am the app");
    for (let index = 0; index < 50; index += 1) await reply("more");
    await answerFirst();
    await answerFirst();
    const [thread] = await bed.github.readThreads(bed.repository, number);
    expect(thread?.comments.filter(({ byBot }) => byBot)).toHaveLength(1);
  });

  test("is written nowhere when the thread is gone", async () => {
    await comment(3, "Say why.");
    bed.failNext(/POST .*\/comments$/u, { status: 404 });
    await answerFirst();
    expect(writes()).toEqual([`POST /repos/octo/shop/pulls/${number}/comments`]);
    await bed.github.answerThread(bed.repository, {
      spoken: viewOf(running).task,
      pullRequest: number,
      threadId: "PRRT_kwSB4711",
      key: "one",
      answer,
      resolve: true,
    });
    expect(writes()).toEqual([]);
  });
});

describe("a new review", () => {
  async function requested(): Promise<readonly string[]> {
    const { body } = await bed.owner.request("GET", `/pulls/${number}/requested_reviewers`);
    const { users } = body as { readonly users: readonly { readonly login: string }[] };
    return users.map(({ login }) => login);
  }

  test("is asked of all at once, and of nobody twice", async () => {
    await bed.github.requestReview(bed.repository, number, ["wanda", "mia", "wanda"]);
    expect(await requested()).toEqual(["wanda", "mia"]);
    expect(writes().filter((line) => line.endsWith("/requested_reviewers"))).toHaveLength(1);
    await bed.github.requestReview(bed.repository, number, ["mia", "Wanda"]);
    expect(writes()).toEqual([]);
  });

  test("leaves out whoever cannot review", async () => {
    await bed.github.requestReview(bed.repository, number, ["stranger", "wanda", "nobody-of-that-name"]);
    expect(await requested()).toEqual(["wanda"]);
    await bed.github.requestReview(bed.repository, number, ["stranger"]);
  });

  test("is not asked for where the pull request is closed or gone", async () => {
    await bed.owner.closePull(number);
    bed.sent();
    await bed.github.requestReview(bed.repository, number, ["wanda"]);
    await bed.github.requestReview(bed.repository, 4_711, ["wanda"]);
    expect(writes()).toEqual([]);
  });
});

describe("whether a rule wants a review", () => {
  const rules = /GET .*\/rules\/branches\/main$/u;
  const rule = (count: number) => ({
    type: "pull_request",
    parameters: { required_approving_review_count: count },
    ruleset_id: 1,
  });
  const decision = (reviewDecision: string | null) => ({
    status: 200,
    body: { data: { repository: { pullRequest: { reviewDecision } } } },
  });

  test.each([
    ["a ruleset that wants one", [{ type: "deletion" }, rule(1)], "not asked", true],
    ["a ruleset that wants a pull request only", [rule(0)], null, false],
    ["no rule", [], null, false],
    ["the older branch protection", [], "REVIEW_REQUIRED", true],
    ["an approval that is there", [], "APPROVED", false],
  ] as const)("is told by %s", async (_claim, list, verdict, wanted) => {
    bed.failNext(rules, { status: 200, body: list });
    // A ruleset is enough: then nothing more is asked.
    if (verdict !== "not asked") bed.failNext(/graphql Decision/u, decision(verdict));
    expect(await bed.github.requiresReview(bed.repository, number)).toBe(wanted);
  });

  test("where the plan has no rules, is no", async () => {
    bed.failNext(rules, { status: 403, message: "Upgrade to GitHub Pro or make this repository public" });
    expect(await bed.github.requiresReview(bed.repository, number)).toBe(false);
    expect(await bed.github.requiresReview(bed.repository, 4_711)).toBe(false);
  });
});
