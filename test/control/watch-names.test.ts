/** GitHub sends nothing when somebody adds a secret: the app looks (Q9). */
import { describe, expect, test } from "vitest";
import { says } from "./payloads.ts";
import { world, type World } from "./world.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

async function needing(names: readonly string[] = ["STRIPE_KEY"], issueNumber = 7, told?: World): Promise<World> {
  const there = told ?? (await world());
  if (issueNumber !== 7) there.github.openIssue(issueNumber);
  await there.label("create_app", { issueNumber });
  const runner = await there.openRun(issueNumber);
  for (const name of names) await runner.needs(name);
  await runner.end({ kind: "waiting-dependency" });
  await there.settle();
  return there;
}

/** How often the app looked while so much time passed. */
async function looksIn(told: World, ms: number): Promise<number> {
  const before = told.github.countOf("listNames");
  await told.advance(ms);
  return told.github.countOf("listNames") - before;
}

describe("a secret that is added after it was asked for", () => {
  test("is noticed within a minute, and the task goes on without anybody's word", async () => {
    const told = await needing();
    told.github.addName("STRIPE_KEY", "2026-11-21T10:00:10Z");
    await told.advance(minuteMs + 5_000);
    expect(await told.task()).toMatchObject({
      blockedBy: null,
      dependencies: [{ state: "granted", by: null }],
    });
    expect(told.github.runs).toHaveLength(2);
    expect(told.github.requests()).toMatchObject([{ dependency: { state: "granted", by: null } }]);
  });

  test("is looked for at once on any command of its repository, also on another issue's", async () => {
    const told = await needing();
    await needing(["FIGMA_TOKEN"], 8, told);
    told.github.addName("STRIPE_KEY", "2026-11-21T10:00:10Z");
    await says(told, "/status", { number: 8 });
    expect((await told.task(7)).dependencies).toMatchObject([{ state: "granted" }]);
    expect((await told.task(8)).dependencies).toMatchObject([{ state: "open" }]);
  });

  test("is found after a restart, however long the app was away", async () => {
    const told = await needing();
    told.github.addName("STRIPE_KEY", "2026-11-21T10:00:10Z");
    await told.leap(3 * 24 * hourMs);
    expect((await told.task()).dependencies).toMatchObject([{ state: "granted" }]);
  });

  test("is not looked for by a command of somebody who may not give any", async () => {
    const told = await needing();
    const before = told.github.countOf("listNames");
    await says(told, "/status", { sender: "reader" });
    expect(told.github.countOf("listNames")).toBe(before);
  });
});

describe("a name that was there before it was asked for", () => {
  test("is not lent, whoever looks how often, until somebody with write provides it", async () => {
    const told = await world();
    told.github.addName("STRIPE_KEY", "2026-11-21T09:00:00Z");
    await needing(["STRIPE_KEY"], 7, told);
    await told.advance(5 * minuteMs);
    await says(told, "/status");
    expect((await told.task()).dependencies).toMatchObject([{ state: "open" }]);
    await says(told, "/provided STRIPE_KEY");
    expect((await told.task()).dependencies).toMatchObject([{ state: "granted", by: "owner" }]);
  });
});

describe("the pace", () => {
  test("goes by the age of the newest request: each minute, then each fifth, then each fifteenth", async () => {
    const told = await needing();
    expect(await looksIn(told, 10 * minuteMs)).toBe(10);
    await told.leap(hourMs);
    expect(await looksIn(told, 30 * minuteMs)).toBe(6);
    await told.leap(24 * hourMs);
    expect(await looksIn(told, hourMs)).toBe(4);
  }, 60_000);

  test("is that of the settings in the first hour, and no faster afterwards", async () => {
    const slow = await needing(["STRIPE_KEY"], 7, await world({ namesEveryMs: 10 * minuteMs }));
    expect(await looksIn(slow, hourMs / 2)).toBe(3);
    await slow.leap(hourMs);
    expect(await looksIn(slow, hourMs)).toBe(6);
    const fast = await needing(["STRIPE_KEY"], 7, await world({ namesEveryMs: 1_000 }));
    expect(await looksIn(fast, minuteMs)).toBeGreaterThanOrEqual(10);
    await fast.leap(hourMs);
    expect(await looksIn(fast, 30 * minuteMs)).toBe(6);
  }, 60_000);

  test("is one look a repository, however many of its tasks wait", async () => {
    const told = await needing();
    await needing(["FIGMA_TOKEN"], 8, told);
    told.github.addName("STRIPE_KEY", "2026-11-21T10:30:00Z");
    told.github.addName("FIGMA_TOKEN", "2026-11-21T10:30:00Z");
    expect(await looksIn(told, minuteMs)).toBe(1);
    expect((await told.task(7)).dependencies).toMatchObject([{ state: "granted" }]);
    expect((await told.task(8)).dependencies).toMatchObject([{ state: "granted" }]);
  });

  test("ends with the last that is waited for, and never begins for a file or a service", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.needs("docs/brand.md", { type: "file" });
    await runner.needs("STRIPE_KEY");
    await runner.end({ kind: "waiting-dependency" });
    await told.settle();
    expect(await looksIn(told, 2 * minuteMs)).toBe(2);
    await says(told, "/skip STRIPE_KEY");
    expect(await looksIn(told, 5 * minuteMs)).toBe(0);
  });

  test("goes on after GitHub did not answer, with a line in the log", async () => {
    const told = await needing();
    told.github.failNext("listNames", "before", () => new Error("502"));
    told.github.addName("STRIPE_KEY", "2026-11-21T10:00:10Z");
    await told.advance(minuteMs + 5_000);
    expect(told.complaints()).toEqual(["looking for names that were added"]);
    expect((await told.task()).dependencies).toMatchObject([{ state: "open" }]);
    await told.advance(minuteMs);
    expect((await told.task()).dependencies).toMatchObject([{ state: "granted" }]);
  });
});

test("a command is obeyed although GitHub does not list the names", async () => {
  const told = await needing();
  told.github.failNext("listNames", "before", () => new Error("502"));
  await says(told, "/pause");
  expect((await told.task()).blockedBy).toEqual({ kind: "paused", by: "owner" });
  expect((await told.types()).filter((type) => type === "TaskPaused")).toHaveLength(2);
});
