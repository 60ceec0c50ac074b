/** The status comment follows a run while it works (F2.1, Q11). */
import { describe, expect, test } from "vitest";
import type { LiveEvent } from "../../src/protocol/runner.ts";
import { spent, world } from "./world.ts";

function action(text: string, document: string | null = null): LiveEvent {
  return { kind: "action", step: "01_idea", text, document };
}

async function atWork() {
  const told = await world();
  await told.label();
  const runner = await told.openRun();
  await told.advance(31_000);
  const { taskId } = await told.task();
  return { told, runner, live: () => told.store.readLive(taskId), shown: () => told.github.shown.length };
}

describe("what the agent does", () => {
  test("is kept as its action, its document and the last five actions, newest first", async () => {
    const { runner, live } = await atWork();
    await runner.say({ kind: "step-started", step: "01_idea", number: 1, total: 2 });
    await runner.say(action("Write docs/01_idea.md", "docs/01_idea.md"));
    for (let which = 1; which <= 5; which += 1) await runner.say(action(`Read ${which}.md`));
    expect(await live()).toMatchObject({
      currentStep: "01_idea",
      currentAction: "Read 5.md",
      currentDocument: "docs/01_idea.md",
      recentActions: [5, 4, 3, 2, 1].map((which) => ({ text: `Read ${which}.md` })),
    });
    await runner.say({ kind: "step-started", step: "02_market", number: 2, total: 2 });
    expect(await live()).toMatchObject({ currentAction: null, currentDocument: null });
  });

  test("of endless words is cut", async () => {
    const { runner, live } = await atWork();
    await runner.say(action("x".repeat(4_000)));
    expect((await live())?.currentAction).toHaveLength(300);
  });
});

describe("the status comment", () => {
  test("follows every 30 seconds at most, however much happens", async () => {
    const { told, runner, shown } = await atWork();
    const before = shown();
    for (let second = 0; second < 120; second += 2) {
      await runner.say(action(`Read ${second}.md`), { kind: "usage", spent: { ...spent, costUsd: second / 100 } });
      await told.advance(2_000);
    }
    expect(shown() - before).toBeGreaterThanOrEqual(3);
    expect(shown() - before).toBeLessThanOrEqual(4);
  });

  test("shows what came last", async () => {
    const { told, runner } = await atWork();
    await runner.say(action("Read a.md"));
    await told.advance(20_000);
    await runner.say(action("Read b.md"));
    await told.advance(11_000);
    expect([...told.github.views.values()].at(-1)?.live).toMatchObject({ currentAction: "Read b.md" });
  });

  test("is left alone where nothing changed: heartbeats, log lines, the same once more", async () => {
    const { told, runner, shown } = await atWork();
    await runner.say({ kind: "usage", spent });
    await told.advance(61_000);
    const before = shown();
    for (let minute = 0; minute < 3; minute += 1) {
      await runner.heartbeat();
      await runner.say({ kind: "log", level: "info", text: "still here" }, { kind: "usage", spent });
      await told.advance(60_000);
    }
    expect(shown()).toBe(before);
  });
});
