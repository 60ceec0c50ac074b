/** Chains of events in which something once got stuck, cost money unseen, or outlived its end. */
import { describe, expect, test } from "vitest";
import { rowsIn, temporaryFolder } from "../store/temporary-store.ts";
import { repository, spent, world, type World } from "./world.ts";

const minuteMs = 60_000;

async function inReview(told: World): Promise<World> {
  await told.label();
  await told.runPhase();
  return told;
}

function spentUsd(task: Awaited<ReturnType<World["task"]>>): number {
  return task.phases.reduce((sum, phase) => sum + phase.spent.costUsd, 0);
}

describe("money", () => {
  test.each(["/pause", "a lost runner"] as const)(
    "that a run spent before %s counts against the purse",
    async (end) => {
      const told = await world();
      await told.label();
      const runner = await told.openRun();
      await runner.step("01_idea");
      await runner.say({ kind: "usage", spent: { ...spent, costUsd: 2 } });
      if (end === "/pause") await told.comment("pause");
      else await told.advance(4 * minuteMs);
      // Half a dollar for the step, and the rest of what the run said.
      expect(spentUsd(await told.task())).toBe(2);
      if (end === "/pause") await told.comment("resume");
      expect((await told.openRun()).job.budgetUsd).toBe(3);
    },
  );

  test("runs whose slices finish no step end in a pause that people are told of", async () => {
    const told = await world();
    await told.label();
    for (let run = 0; run < 4; run += 1) {
      const runner = await told.openRun();
      await runner.end({ kind: "slice-ended" });
      await told.settle();
    }
    expect((await told.task()).blockedBy).toMatchObject({ kind: "environment" });
    expect(told.github.runs).toHaveLength(4);
  });
});

describe("a closed issue", () => {
  test("whose task a writer runs all the same is not paused again by a look at it", async () => {
    const told = await inReview(await world());
    told.github.openIssue(7, { open: false });
    await told.deliver({ kind: "issue-changed", repository, issueNumber: 7, change: "closed", sender: "owner" });
    await told.comment("run");
    await told.advance(20 * minuteMs);
    expect((await told.task()).blockedBy).toBeNull();
    expect(told.github.notices().filter(({ kind }) => kind === "blocked")).toHaveLength(1);
  });

  test("that somebody without write reopens sets no work going, however long one waits", async () => {
    const told = await inReview(await world());
    told.github.openIssue(7, { open: false });
    await told.deliver({ kind: "issue-changed", repository, issueNumber: 7, change: "closed", sender: "reader" });
    told.github.openIssue(7);
    await told.deliver({ kind: "issue-changed", repository, issueNumber: 7, change: "reopened", sender: "reader" });
    await told.advance(20 * minuteMs);
    expect((await told.task()).blockedBy).toMatchObject({ kind: "issue-closed" });
  });
});

describe("an effect that failed for good", () => {
  test("does not stand before the next phase, once its gate is merged", async () => {
    const told = await world();
    await told.label();
    told.github.failNext("presentGate", "before", () => new Error("a rule forbids it"), { times: 8 });
    await told.runPhase();
    await told.advance(30 * minuteMs);
    expect((await told.task()).blockedBy).toMatchObject({ kind: "effect-failed" });
    await told.mergeGate(31);
    await told.advance(minuteMs);
    expect(told.github.runs).toHaveLength(2);
  });

  test("on a branch that GitHub keeps does not keep words alive that were to be erased", async () => {
    const told = await inReview(await world({ dataDir: await temporaryFolder() }));
    const hash = (await told.task()).prompt?.hash ?? "";
    told.github.failNext("deleteBranch", "before", () => new Error("a rule forbids it"), { times: 99 });
    await told.comment("delete");
    await told.advance(30 * minuteMs);
    expect(await told.store.readText(hash)).toBeNull();
    expect(JSON.stringify(await told.events())).not.toContain("link shortener");
  });

  test("words of a command that was refused are erased, too", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    const { taskId } = await told.task();
    await told.openRun();
    await told.comment("rework", "owner", 7, "Say it in verse.");
    expect(told.github.notices()).toMatchObject([{ kind: "refused", command: "/rework" }]);
    await told.comment("delete");
    await told.settle();
    const left = rowsIn(told.dataDir, `select hash from texts where hash like '${taskId}.%'`);
    expect(left).toEqual([]);
  });
});
