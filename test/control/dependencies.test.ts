/** What the agent needs of people, and how it gets it (D1, Q9, Q28). */
import { describe, expect, test } from "vitest";
import { says } from "./payloads.ts";
import { questionOf, world, type Runner, type World } from "./world.ts";

const branch = "phasegate/7-1-planning";

async function waiting(ask: (runner: Runner) => Promise<unknown>): Promise<{ told: World; runner: Runner }> {
  const told = await world();
  await told.label();
  const runner = await told.openRun();
  await ask(runner);
  await runner.end({ kind: "waiting-dependency" });
  await told.settle();
  expect((await told.task()).blockedBy).toEqual({ kind: "waiting-dependency" });
  return { told, runner };
}

const needsKey = (runner: Runner) => runner.needs("STRIPE_KEY");

function reasonsOf(told: World): readonly string[] {
  return told.github.notices().flatMap((notice) => (notice.kind === "refused" ? [notice.reason] : []));
}

async function statesOf(told: World): Promise<readonly string[]> {
  return (await told.task()).dependencies.map(({ name, state }) => `${name} ${state}`);
}

describe("a dependency", () => {
  test("has its comment at once, and keeps the task waiting", async () => {
    const { told } = await waiting(needsKey);
    expect(told.github.requests()).toMatchObject([
      { kind: "dependency", isNoticed: true, dependency: { name: "STRIPE_KEY", state: "open" } },
    ]);
    expect(told.github.notices()).toEqual([]);
  });

  test("says in its comment that nobody notices it where the app may list no names", async () => {
    const told = await world();
    told.github.names = null;
    await told.label();
    await needsKey(await told.openRun());
    await told.settle();
    expect(told.github.requests()).toMatchObject([{ isNoticed: false }]);
  });

  test("that is provided goes with the next job, in its slot and to the step that asked, and its comment says so", async () => {
    const { told } = await waiting(needsKey);
    told.github.addName("STRIPE_KEY", "2020-01-01T00:00:00Z");
    await says(told, "/provided STRIPE_KEY");
    expect(told.github.requests()).toMatchObject([{ dependency: { state: "granted", by: "owner" } }]);
    expect(told.github.runs.at(-1)?.grants).toEqual({ 1: "STRIPE_KEY" });
    expect((await told.openRun()).job.dependencies).toEqual([
      { name: "STRIPE_KEY", askedAs: "STRIPE_KEY", type: "api_key", state: "granted", steps: ["01_idea"], slot: 1 },
    ]);
  });

  test("keeps its slot in every later job, whatever comes and goes beside it", async () => {
    const { told } = await waiting(async (runner) => {
      await needsKey(runner);
      await runner.needs("FIGMA_TOKEN");
    });
    told.github.addName("FIGMA_TOKEN", "2030-01-01T00:00:00Z");
    await says(told, "/skip STRIPE_KEY");
    const next = await told.openRun();
    await next.needs("STRIPE_KEY");
    await next.end({ kind: "waiting-dependency" });
    await told.settle();
    told.github.addName("STRIPE_KEY", "2030-01-01T00:00:00Z");
    await says(told, "/status");
    expect(told.github.runs.map(({ grants }) => grants)).toEqual([
      {},
      { 1: "FIGMA_TOKEN" },
      { 1: "FIGMA_TOKEN", 2: "STRIPE_KEY" },
    ]);
  });

  test("under a name that GitHub forbids goes by the legal one, and either name provides it", async () => {
    const { told } = await waiting((runner) => runner.needs("github_token"));
    told.github.addName("APP_GITHUB_TOKEN", "2020-01-01T00:00:00Z");
    await says(told, "/provided github_token");
    expect(await statesOf(told)).toEqual(["APP_GITHUB_TOKEN granted"]);
    expect(told.github.runs.at(-1)?.grants).toEqual({ 1: "APP_GITHUB_TOKEN" });
  });

  test("that is optional never waits, and comes with a later job should it come", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.needs("STRIPE_KEY", { required: false });
    await told.settle();
    expect(await told.task()).toMatchObject({ status: "in_progress", blockedBy: null });
    told.github.addName("STRIPE_KEY", "2030-01-01T00:00:00Z");
    await told.advance(61_000);
    await runner.end({ kind: "slice-ended" });
    await told.settle();
    expect(told.github.runs.at(-1)?.grants).toEqual({ 1: "STRIPE_KEY" });
  });

  test("that is skipped lets the task go on, and the agent is told", async () => {
    const { told } = await waiting(needsKey);
    await says(told, "/skip");
    expect((await told.openRun()).job.dependencies).toMatchObject([{ state: "skipped", slot: null }]);
    expect(told.github.requests()).toMatchObject([{ dependency: { state: "skipped", by: "owner" } }]);
  });

  test("beside a question waits until both are there", async () => {
    const { told } = await waiting(async (runner) => {
      await runner.ask({ kind: "questions", questions: [questionOf("Which colour?", { required: false })] });
      await needsKey(runner);
    });
    await says(told, "/answer 1");
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-dependency" });
    await says(told, "/skip STRIPE_KEY");
    expect((await told.openRun()).job.answers).toHaveLength(1);
  });

  test("whose value was tried and is wrong is open again, with what was wrong, and its comment is the same one", async () => {
    const { told } = await waiting(needsKey);
    told.github.addName("STRIPE_KEY", "2026-11-21T10:00:30Z");
    await told.advance(61_000);
    const next = await told.openRun();
    await next.ask({ kind: "value-refused", name: "STRIPE_KEY", message: "Stripe answers 401" });
    await next.end({ kind: "waiting-dependency" });
    await told.settle();
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-dependency" });
    expect(told.github.requests()).toMatchObject([{ dependency: { state: "open", refused: "Stripe answers 401" } }]);
    // The same value, seen again, is no new one.
    await told.advance(180_000);
    expect(await statesOf(told)).toEqual(["STRIPE_KEY open"]);
    told.github.addName("STRIPE_KEY", told.time.now().toISOString());
    await told.advance(61_000);
    expect((await told.openRun()).job.dependencies).toMatchObject([{ state: "granted", slot: 1 }]);
  });
});

describe("/provided", () => {
  test("asks GitHub first, and is refused with the way where there is no such name", async () => {
    const { told } = await waiting(needsKey);
    await says(told, "/provided STRIPE_KEY");
    expect(reasonsOf(told)).toEqual([expect.stringContaining("no secret or variable named STRIPE_KEY yet; add it")]);
    expect(await statesOf(told)).toEqual(["STRIPE_KEY open"]);
  });

  test("is taken at its word where the app may list no names", async () => {
    const { told } = await waiting(needsKey);
    told.github.names = null;
    await says(told, "/provided `stripe_key`");
    expect(await statesOf(told)).toEqual(["STRIPE_KEY granted"]);
  });

  test("without a name means the only thing that is open, and asks which where there are two", async () => {
    const { told } = await waiting(async (runner) => {
      await runner.needs("the staging database", { type: "service" });
      await runner.needs("access to the shop", { type: "permission" });
    });
    await says(told, "/provided");
    expect(reasonsOf(told)).toEqual([expect.stringContaining("open are the staging database, access to the shop")]);
    await says(told, "/provided the staging database");
    await says(told, "/provided");
    expect(await statesOf(told)).toEqual(["the staging database granted", "access to the shop granted"]);
    expect(told.github.runs.at(-1)?.grants).toEqual({});
  });

  test("of several names, a line each, does what it can and says of the others why not, in one comment", async () => {
    const { told } = await waiting(async (runner) => {
      await needsKey(runner);
      await runner.needs("FIGMA_TOKEN");
      await runner.needs("SLACK_TOKEN");
    });
    told.github.addName("STRIPE_KEY", "2020-01-01T00:00:00Z");
    await says(told, "/provided STRIPE_KEY\n/provided FIGMA_TOKEN\n/provided NOTION_TOKEN");
    expect(await statesOf(told)).toEqual(["STRIPE_KEY granted", "FIGMA_TOKEN open", "SLACK_TOKEN open"]);
    expect(reasonsOf(told)).toEqual([expect.stringMatching(/named FIGMA_TOKEN yet.*; .*nothing by that name/u)]);
  });

  test.each([
    ["docs/brand.md", "docs/brand.md", true],
    ["./docs/brand.md", "docs/brand.md", true],
    ["docs/brand", "docs/brand/logo.svg", true],
    ["docs/brand.md", "docs/brand.md.bak", false],
    // Nothing that could be looked for.
    ["the company's logo", "README.md", true],
  ])("of the file %j where there is %j: taken %s", async (asked, there, isTaken) => {
    const { told } = await waiting((runner) => runner.needs(asked, { type: "file" }));
    told.github.push("main", there, "content");
    await says(told, "/provided");
    expect(await statesOf(told)).toEqual([expect.stringContaining(isTaken ? "granted" : "open")]);
    if (!isTaken) expect(reasonsOf(told)).toEqual([expect.stringContaining("no file docs/brand.md on main")]);
  });

  test("of a file looks where the next run stands, once the phase has a branch", async () => {
    const { told } = await waiting(async (runner) => {
      await runner.step("01_idea");
      await runner.needs("docs/brand.md", { type: "file", required: true });
    });
    told.github.push("main", "docs/brand.md", "content");
    await says(told, "/provided");
    expect(reasonsOf(told)).toEqual([expect.stringContaining(`no file docs/brand.md on ${branch}`)]);
    told.github.push(branch, "docs/brand.md", "content");
    await says(told, "/provided");
    expect(await statesOf(told)).toEqual(["docs/brand.md granted"]);
  });

  test("and /skip of the issue's author without write do nothing", async () => {
    const told = await world();
    told.github.openIssue(7, { author: "reader" });
    await told.label();
    const runner = await told.openRun();
    await needsKey(runner);
    await runner.end({ kind: "waiting-dependency" });
    await told.settle();
    told.github.names = null;
    await says(told, "/provided STRIPE_KEY", { sender: "reader" });
    await says(told, "/skip STRIPE_KEY", { sender: "reader" });
    expect(await statesOf(told)).toEqual(["STRIPE_KEY open"]);
    expect(told.github.notices()).toEqual([]);
  });

  test("of an eleventh value is refused with what to do instead", async () => {
    const { told } = await waiting(async (runner) => {
      for (let which = 1; which <= 11; which += 1) await runner.needs(`KEY_${which}`);
    });
    told.github.names = null;
    for (let which = 1; which <= 11; which += 1) await says(told, `/provided KEY_${which}`);
    expect(reasonsOf(told)).toEqual([expect.stringContaining("10 values, and has them; have the agent go on without")]);
    await says(told, "/skip KEY_11");
    expect(Object.keys(told.github.runs.at(-1)?.grants ?? {})).toHaveLength(10);
  });

  test("on the pull request of the phase counts as on the issue", async () => {
    const { told } = await waiting(async (runner) => {
      await runner.step("01_idea");
      await needsKey(runner);
    });
    told.github.addName("STRIPE_KEY", "2020-01-01T00:00:00Z");
    await says(told, "/provided STRIPE_KEY", { number: 31, onPullRequest: true });
    expect(await statesOf(told)).toEqual(["STRIPE_KEY granted"]);
  });
});
