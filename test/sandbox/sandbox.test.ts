import { createHmac } from "node:crypto";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { deleteIssue } from "./routes/issue-changes.ts";
import type { Person } from "./person.ts";
import { startTestbed, WEBHOOK_SECRET, numberAt, valueAt } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";

let bed: Testbed;
let answerWith = 200;
beforeAll(async () => {
  bed = await startTestbed({}, () => answerWith);
});
afterEach(() => {
  answerWith = 200;
  bed.sandbox.webhooks.drop = () => false;
  bed.sandbox.webhooks.duplicate = () => false;
});
afterAll(async () => {
  await bed.stop();
});

describe("issues", () => {
  test("tell of each label at their birth", async () => {
    const from = (await bed.heard()).length;
    const issue = await bed.person("wanda").openIssue({ title: "Make it", labels: ["create_app", "urgent"] });
    expect(await bed.heard(from)).toEqual([
      "label.created",
      "label.created",
      "issues.opened",
      "issues.labeled",
      "issues.labeled",
    ]);
    expect(bed.received[from + 3]?.payload).toMatchObject({
      label: { name: "create_app" },
      issue: { number: issue.number, labels: [{ name: "create_app" }, { name: "urgent" }] },
      repository: { full_name: "octo/shop" },
      sender: { login: "wanda", type: "User" },
      installation: { id: expect.any(Number) },
    });
  });

  test("of strangers come without their labels, and strangers can't label", async () => {
    const issue = await bed.person("stranger").openIssue({ title: "Please", labels: ["create_app"] });
    expect(issue.labels).toEqual([]);
    expect(
      (await bed.person("stranger").request("POST", `/issues/${issue.number}/labels`, { labels: ["create_app"] }))
        .status,
    ).toBe(403);
    expect((await bed.person("stranger").request("PATCH", "/issues/1", { title: "mine now" })).status).toBe(403);
    expect((await bed.person("stranger").comment(issue.number, "hello?")).user.login).toBe("stranger");
  });

  test.each([
    ["no title", {}],
    ["an empty title", { title: " " }],
    ["a title that is too long", { title: "x".repeat(257) }],
    ["a title that is a number", { title: 5 }],
    ["a body that is too long", { title: "x", body: "é".repeat(140_000) }],
    ["labels that are no list", { title: "x", labels: "create_app" }],
  ])("are refused with %s", async (_, body) => {
    expect((await bed.person("wanda").request("POST", "/issues", body)).status).toBe(422);
  });

  test("are refused when the body is no JSON", async () => {
    const token = bed.sandbox.tokenOf("wanda");
    expect((await bed.call("POST", "/repos/octo/shop/issues", { token, body: "{" })).status).toBe(400);
  });

  test("that never were answer 404, whatever their number looks like", async () => {
    for (const number of ["999", "0", "-1", "1e3", "99999999999999999999"]) {
      expect((await bed.api("GET", `/issues/${number}`)).status).toBe(404);
    }
  });

  test("that were deleted answer 410", async () => {
    const { number } = await bed.person("wanda").openIssue({ title: "mistake" });
    const shop = bed.sandbox.repositoryOf("octo/shop");
    deleteIssue(bed.sandbox.context, shop, number, shop.owner);
    expect((await bed.api("GET", `/issues/${number}`)).status).toBe(410);
  });

  test("that are closed tell so once", async () => {
    const { number } = await bed.person("wanda").openIssue({ title: "short" });
    const from = (await bed.heard()).length;
    await bed.person("wanda").editIssue(number, { state: "closed" });
    await bed.person("wanda").editIssue(number, { state: "closed" });
    await bed.person("wanda").editIssue(number, { title: "longer" });
    expect(await bed.heard(from)).toEqual(["issues.closed", "issues.edited"]);
    expect(bed.received.at(-1)?.payload).toMatchObject({ changes: { title: { from: "short" } } });
  });
});

describe("comments", () => {
  test("are listed page by page", async () => {
    const { number } = await bed.person("wanda").openIssue({ title: "talk" });
    for (const text of ["one", "two", "three"]) await bed.person("wanda").comment(number, text);
    const first = await bed.api("GET", `/issues/${number}/comments?per_page=2`);
    expect(first.body).toMatchObject([{ body: "one" }, { body: "two" }]);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    const second = await bed.call("GET", next.replace(bed.sandbox.url, ""), { token: await bed.installationToken() });
    expect(second.body).toMatchObject([{ body: "three" }]);
    expect(second.headers.get("link")).not.toContain('rel="next"');
  });

  test("are edited with what they were, deleted, and reacted to once", async () => {
    const { number } = await bed.person("wanda").openIssue({ title: "edit" });
    const made = await bed.api("POST", `/issues/${number}/comments`, { body: "first" });
    expect(made.body).toMatchObject({
      user: { login: "phasegate[bot]", type: "Bot" },
      performed_via_github_app: { slug: "phasegate" },
    });
    const id = numberAt(made.body, "id");
    const from = (await bed.heard()).length;
    await bed.api("PATCH", `/issues/comments/${id}`, { body: "second" });
    expect((await bed.person("stranger").request("PATCH", `/issues/comments/${id}`, { body: "mine" })).status).toBe(
      403,
    );
    const react = () => bed.api("POST", `/issues/comments/${id}/reactions`, { content: "rocket" });
    expect([(await react()).status, (await react()).status]).toEqual([201, 200]);
    await bed.api("DELETE", `/issues/comments/${id}`);
    expect(await bed.heard(from)).toEqual(["issue_comment.edited", "issue_comment.deleted"]);
    expect(bed.received[from]?.payload).toMatchObject({
      changes: { body: { from: "first" } },
      comment: { body: "second" },
    });
  });

  test("of people are edited, quoted and deleted by their writers, and tell who did it", async () => {
    const [wanda, rita, stranger] = ["wanda", "rita", "stranger"].map((login) => bed.person(login)) as [
      Person,
      Person,
      Person,
    ];
    const { number } = await rita.openIssue({ title: "talk" });
    const from = (await bed.heard()).length;
    const question = await wanda.comment(number, "Which one?\n\nThis <!-- not seen --> or that\n<!-- marker -->");
    const answer = await rita.quoteReply(number, question.id, "That.");
    await rita.answer(number, "2");
    await rita.editComment(answer.id, "This.");
    await wanda.editComment(answer.id, "Both.");
    await expect(stranger.editComment(answer.id, "None.")).rejects.toThrow("403");
    await expect(stranger.deleteComment(answer.id)).rejects.toThrow("403");
    await wanda.deleteComment(answer.id);

    expect(answer.body).toBe("> Which one?\n>\n> This  or that\n\nThat.");
    await bed.heard();
    const told = bed.received.slice(from).map(({ payload }) => payload);
    expect(
      told.map((payload) => [
        payload["action"],
        valueAt(payload, "sender", "login"),
        valueAt(payload, "comment", "user", "login"),
        valueAt(payload, "changes", "body", "from"),
        valueAt(payload, "comment", "body"),
      ]),
    ).toEqual([
      ["created", "wanda", "wanda", undefined, question.body],
      ["created", "rita", "rita", undefined, answer.body],
      ["created", "rita", "rita", undefined, "/answer 2"],
      ["edited", "rita", "rita", answer.body, "This."],
      ["edited", "wanda", "rita", "This.", "Both."],
      ["deleted", "wanda", "rita", undefined, "Both."],
    ]);
  });

  test.each(["created", "edited", "deleted"])(
    "are told of as in GitHub's own examples when they are %s",
    async (action) => {
      const wanda = bed.person("wanda");
      const { number } = await wanda.openIssue({ title: action });
      const { id } = await wanda.comment(number, "first");
      if (action === "edited") await wanda.editComment(id, "second");
      if (action === "deleted") await wanda.deleteComment(id);
      await bed.heard();
      const payload = bed.received.at(-1)?.payload ?? {};
      const known = z
        .array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }))
        .parse(examples)
        .find(({ name }) => name === "issue_comment");
      const example = known?.examples.findLast((one) => one["action"] === action);

      expect(payload["action"]).toBe(action);
      expect(example).toBeDefined();
      for (const part of [[], ["comment"], ["changes"], ["comment", "user"], ["comment", "reactions"]]) {
        const wanted = Object.keys(Object(valueAt(example, ...part)));
        // Of an organisation's repository.
        const missing = wanted.filter((key) => key !== "organization" && !(key in Object(valueAt(payload, ...part))));
        expect([part.join("."), missing]).toEqual([part.join("."), []]);
      }
    },
  );
});

describe("webhooks", () => {
  test("are signed over their bytes and carry GitHub's headers", async () => {
    await bed.person("wanda").openIssue({ title: "Größe 🚀" });
    await bed.heard();
    const { headers, raw } = bed.received.at(-1) ?? { headers: {}, raw: "" };
    const signature = createHmac("sha256", WEBHOOK_SECRET).update(raw).digest("hex");
    expect(headers).toMatchObject({
      "x-hub-signature-256": `sha256=${signature}`,
      "x-github-event": "issues",
      "x-github-hook-installation-target-type": "integration",
      "x-github-hook-installation-target-id": "4242",
      "user-agent": expect.stringMatching(/^GitHub-Hookshot\//),
      "content-type": "application/json",
    });
  });

  test("have a GUID of their own each, in the order of what happened", async () => {
    const from = (await bed.heard()).length;
    await Promise.all([1, 2, 3, 4].map((each) => bed.person("wanda").openIssue({ title: `many ${each}` })));
    await bed.heard();
    const many = bed.received.slice(from);
    const numbers = many.map(({ payload }) => numberAt(payload, "issue", "number"));
    expect(new Set(many.map(({ guid }) => guid)).size).toBe(4);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test("that are refused stay in the log and come again under the same GUID", async () => {
    answerWith = 503;
    await bed.person("wanda").openIssue({ title: "lost" });
    await bed.heard();
    answerWith = 200;
    const guid = bed.received.at(-1)?.guid;
    const failures = await bed.call("GET", "/app/hook/deliveries?status=failure", { token: bed.jwt() });
    expect(failures.body).toMatchObject([
      { guid, status_code: 503, event: "issues", action: "opened", redelivery: false },
    ]);
    const id = numberAt(failures.body, 0, "id");
    const again = await bed.call("POST", `/app/hook/deliveries/${id}/attempts`, { token: bed.jwt() });
    expect(again.status).toBe(202);
    await bed.heard();
    expect(bed.received.at(-1)?.guid).toBe(guid);
    const all = await bed.call("GET", "/app/hook/deliveries?per_page=1", { token: bed.jwt() });
    expect(all.body).toMatchObject([{ guid, redelivery: true, status_code: 200 }]);
    expect(all.headers.get("link")).toContain("cursor=");
  });

  test("can be lost or doubled by a test", async () => {
    bed.sandbox.webhooks.drop = (event, action) => event === "issues" && action === "opened";
    bed.sandbox.webhooks.duplicate = (event, action) => event === "issues" && action === "labeled";
    const from = (await bed.heard()).length;
    await bed.person("wanda").openIssue({ title: "faulty", labels: ["urgent"] });
    expect(await bed.heard(from)).toEqual(["issues.labeled", "issues.labeled"]);
    expect(bed.received[from]?.guid).toBe(bed.received[from + 1]?.guid);
    expect(bed.sandbox.context.state.deliveries.some((delivery) => delivery.outcome === "dropped")).toBe(true);
  });

  test("begin with the installation, and more repositories join it", async () => {
    expect(bed.received[0]).toMatchObject({
      event: "installation",
      payload: { action: "created", installation: { app_slug: "phasegate" } },
    });
    await bed.sandbox.addRepository({ owner: "octo", name: "second", files: {}, collaborators: {} });
    await bed.heard();
    expect(bed.received.at(-1)?.payload).toMatchObject({
      action: "added",
      repositories_added: [{ full_name: "octo/second" }],
    });
    expect(bed.sandbox.context.state.installations.size).toBe(1);
  });
});

describe("the handle", () => {
  test("records who asked for what, and tells observers", async () => {
    const kinds: string[] = [];
    const stop = bed.sandbox.observe((event) => kinds.push(event.kind));
    await bed.person("rita").openIssue({ title: "seen" });
    await bed.heard();
    stop();
    expect(bed.sandbox.requests.at(-1)).toMatchObject({
      method: "POST",
      path: "/repos/octo/shop/issues",
      status: 201,
      actor: "rita",
    });
    expect(kinds).toEqual(["request", "webhook"]);
  });

  test("takes a person's secret only from who may set it", () => {
    bed.person("wanda").setSecret("api_key", "s3cret");
    expect(bed.sandbox.repositoryOf("octo/shop").secrets.get("API_KEY")).toMatchObject({ value: "s3cret" });
    expect(() => bed.person("rita").setSecret("API_KEY", "x")).toThrow("may not set secrets");
  });
});

test("every answer fits GitHub's description", () => {
  expect(bed.faults()).toEqual([]);
});
