import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { graphql, madeFromNowOn, rest } from "./faults.ts";
import type { FaultRule } from "./faults.ts";
import { listAt, numberAt, proposePull, startTestbed, valueAt } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";

let bed: Testbed;
let issue: number;
let token: string;
beforeAll(async () => {
  bed = await startTestbed();
  ({ number: issue } = await bed.person("wanda").openIssue({ title: "faults" }));
  token = await bed.installationToken();
});
afterAll(async () => {
  await bed.stop();
});

const commenting = rest("POST", /\/issues\/\d+\/comments$/u);

function fault(rule: FaultRule) {
  const set = bed.sandbox.faults.add(rule);
  onTestFinished(() => set.end());
  return set;
}

function comment(body: string) {
  return bed.api("POST", `/issues/${issue}/comments`, { body }, token);
}

async function commentsSaying(body: string): Promise<number> {
  const comments = await bed.person("wanda").comments(issue);
  return comments.filter((one) => one.body === body).length;
}

describe("a fault of the API", () => {
  test("before the work leaves nothing behind, and strikes as often as it was told", async () => {
    const set = fault({ kind: "error-before", status: 502, matches: commenting, times: 2 });
    const statuses = [await comment("b"), await comment("b"), await comment("b")].map(({ status }) => status);
    expect(statuses).toEqual([502, 502, 201]);
    expect(await commentsSaying("b")).toBe(1);
    expect(set.hits()).toBe(2);
  });

  test("after success has done the work, and is recorded as what was done", async () => {
    fault({ kind: "error-after", status: 500, matches: commenting, times: 1 });
    expect(await comment("a")).toMatchObject({ status: 500, body: { message: "Server Error" } });
    expect(await commentsSaying("a")).toBe(1);
    expect(bed.sandbox.requests.findLast(({ method }) => method === "POST")).toMatchObject({ status: 201 });
  });

  test("after success waits for a success", async () => {
    const set = fault({ kind: "error-after", status: 500, matches: commenting, times: 1 });
    expect((await comment(" ")).status).toBe(422);
    expect(set.hits()).toBe(0);
    expect((await comment("now")).status).toBe(500);
  });

  test.each([
    ["after", 1],
    ["before", 0],
  ] as const)("cuts the connection %s the work", async (when, made) => {
    fault({ kind: "cut", when, matches: commenting, times: 1 });
    await expect(comment(`cut ${when}`)).rejects.toThrow("fetch failed");
    expect(await commentsSaying(`cut ${when}`)).toBe(made);
    expect((await comment("whole again")).status).toBe(201);
  });

  test("holds an answer whose work is done until it is let go, and nobody else waits", async () => {
    const gate = Promise.withResolvers<void>();
    const set = fault({ kind: "held", until: gate.promise, matches: commenting, times: 1 });
    const held = comment("held");
    await set.struck;
    expect(await commentsSaying("held")).toBe(1);
    expect((await comment("not held")).status).toBe(201);
    gate.resolve();
    expect((await held).status).toBe(201);
  });

  test.each([403, 429] as const)(
    "is a secondary limit as %i: with a time to wait and plenty of requests left",
    async (status) => {
      fault({ kind: "secondary-limit", status, retryAfterSeconds: 7, matches: commenting, times: 1 });
      const refused = await comment("limited");
      expect(refused).toMatchObject({ status, body: { message: expect.stringContaining("secondary rate limit") } });
      expect(refused.headers.get("retry-after")).toBe("7");
      expect(Number(refused.headers.get("x-ratelimit-remaining"))).toBeGreaterThan(0);
      expect(await commentsSaying("limited")).toBe(0);
    },
  );

  test("is a primary limit: nothing left until the reset, which GraphQL tells with 200", async () => {
    fault({ kind: "primary-limit", resetInSeconds: 90, matches: () => true, times: 2 });
    const byRest = await comment("limited");
    const byGraphql = await bed.call("POST", "/graphql", { token, body: { query: "{ viewer { login } }" } });
    const reset = Date.parse("2026-09-01T10:01:30Z") / 1000;
    for (const { headers } of [byRest, byGraphql]) {
      expect([headers.get("x-ratelimit-remaining"), headers.get("x-ratelimit-reset")]).toEqual(["0", String(reset)]);
      expect(headers.get("retry-after")).toBeNull();
    }
    expect([byRest.status, byGraphql.status]).toEqual([403, 200]);
    expect(valueAt(byGraphql.body, "errors", 0, "type")).toBe("RATE_LIMITED");
  });

  test("strikes a GraphQL field by its name", async () => {
    fault({ kind: "error-before", status: 502, matches: graphql("updateRefs"), times: 1 });
    const ask = (query: string) => bed.call("POST", "/graphql", { token, body: { query } });
    expect((await ask("{ viewer { login } }")).status).toBe(200);
    expect((await ask("mutation { updateRefs(input: {}) { clientMutationId } }")).status).toBe(502);
  });
});

describe("reads that lag", () => {
  test("miss in a list what was just made, until they have caught up", async () => {
    const misses = madeFromNowOn(bed.sandbox.context);
    await comment("just made");
    const list = () => bed.api("GET", `/issues/${issue}/comments?per_page=100`, undefined, token);
    fault({ kind: "lagging-list", misses, matches: rest("GET", /\/comments$/u), times: 1 });
    const lagging = await list();
    const full = await list();
    const bodies = (body: unknown) => listAt(body).map((each) => valueAt(each, "body"));
    expect(bodies(lagging.body)).toEqual(bodies(full.body).filter((body) => body !== "just made"));
    expect(bodies(full.body)).toContain("just made");
  });

  test("count what they show", async () => {
    fault({ kind: "lagging-list", misses: () => true, matches: rest("GET", /\/repositories$/u), times: 1 });
    const lagging = await bed.call("GET", "/installation/repositories", { token });
    expect(lagging.body).toMatchObject({ total_count: 0, repositories: [] });
  });

  test("do not know a ref that was just made", async () => {
    await proposePull(bed, "fresh", { "fresh.txt": "x" });
    const ref = () => bed.api("GET", "/git/ref/heads/fresh", undefined, token);
    fault({
      kind: "error-before",
      status: 404,
      message: "Not Found",
      matches: rest("GET", /\/ref\/heads\/fresh$/u),
      times: 1,
    });
    expect([(await ref()).status, (await ref()).status]).toEqual([404, 200]);
  });
});

describe("webhooks", () => {
  const ofIssue = (event: string) => event === "issues";

  test("come late, once they are let go, and in the order of the events", async () => {
    const { webhooks } = bed.sandbox;
    const from = (await bed.heard()).length;
    webhooks.late = ofIssue;
    const { number } = await bed.person("wanda").openIssue({ title: "late", labels: ["urgent"] });
    await bed.person("wanda").comment(number, "first to be heard");
    webhooks.late = () => false;
    expect(await bed.heard(from)).toEqual(["label.created", "issue_comment.created"]);
    expect(webhooks.held()).toBe(2);
    webhooks.release();
    expect((await bed.heard(from)).slice(2)).toEqual(["issues.opened", "issues.labeled"]);
    expect(webhooks.held()).toBe(0);
  });

  test("come in another order than what happened", async () => {
    const { webhooks } = bed.sandbox;
    const from = (await bed.heard()).length;
    webhooks.late = ofIssue;
    await bed.person("wanda").openIssue({ title: "reordered", labels: ["urgent"] });
    webhooks.late = () => false;
    webhooks.release("reversed");
    expect(await bed.heard(from)).toEqual(["issues.labeled", "issues.opened"]);
  });

  test("that were lost are in the log as failed, outside of GitHub's own filter, and come when asked for", async () => {
    const { webhooks } = bed.sandbox;
    const from = (await bed.heard()).length;
    webhooks.drop = ofIssue;
    await bed.person("wanda").openIssue({ title: "lost" });
    webhooks.drop = () => false;
    expect(await bed.heard(from)).toEqual([]);
    const log = (query: string) => bed.call("GET", `/app/hook/deliveries${query}`, { token: bed.jwt() });
    const [lost] = listAt((await log("?per_page=1")).body);
    expect(lost).toMatchObject({
      event: "issues",
      action: "opened",
      status: "failed to connect to host",
      status_code: 0,
    });
    const guids = (body: unknown) => listAt(body).map((each) => valueAt(each, "guid"));
    expect(guids((await log("?status=failure")).body)).not.toContain(valueAt(lost, "guid"));
    expect(guids((await log("?status=success")).body)).not.toContain(valueAt(lost, "guid"));

    const again = await bed.call("POST", `/app/hook/deliveries/${numberAt(lost, "id")}/attempts`, { token: bed.jwt() });
    expect(again.status).toBe(202);
    expect(await bed.heard(from)).toEqual(["issues.opened"]);
    expect(bed.received.at(-1)?.guid).toBe(valueAt(lost, "guid"));
  });

  test("are listed newest first, page by page, by a cursor that is nobody's business", async () => {
    const pages: unknown[] = [];
    let next: string | undefined = "/app/hook/deliveries?per_page=4";
    while (next !== undefined) {
      const page = await bed.call("GET", next, { token: bed.jwt() });
      pages.push(...listAt(page.body).map((each) => valueAt(each, "id")));
      const link: string | undefined = /<([^>]+)>; rel="next"/u.exec(page.headers.get("link") ?? "")?.[1];
      next = link?.replace(bed.sandbox.url, "");
      if (next !== undefined) expect(next).toMatch(/cursor=v1_\d+/u);
    }
    const all = bed.sandbox.context.state.deliveries.map(({ id }) => id).sort((a, b) => b - a);
    expect(pages).toEqual(all);
    expect((await bed.call("GET", "/app/hook/deliveries?cursor=yesterday", { token: bed.jwt() })).status).toBe(422);
  });

  test("are forgotten after three days", async () => {
    const before = await bed.call("GET", "/app/hook/deliveries", { token: bed.jwt() });
    bed.advance(3 * 24 * 3_600_000 + 1_000);
    const after = await bed.call("GET", "/app/hook/deliveries", { token: bed.jwt() });
    const id = numberAt(before.body, 0, "id");
    const again = await bed.call("POST", `/app/hook/deliveries/${id}/attempts`, { token: bed.jwt() });
    bed.advance(-(3 * 24 * 3_600_000 + 1_000));
    expect(listAt(before.body).length).toBeGreaterThan(0);
    expect([after.body, again.status]).toEqual([[], 404]);
  });
});

test("every answer fits GitHub's description", () => {
  expect(bed.faults()).toEqual([]);
});
