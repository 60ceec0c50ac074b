import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../store/temporary-store.ts";
import { world, type World, type WorldOptions } from "./world.ts";

const own = "phasegate/7-task";

/** A repository that wants each task brought in by one last pull request. */
async function collecting(options: WorldOptions = {}, prepare: (told: World) => void = () => undefined) {
  const told = await world(options);
  told.github.settings = { ...told.github.settings, integration: "task" };
  prepare(told);
  await told.label();
  return told;
}

/** Both phases are merged into the task's own branch. */
async function collected(told: World): Promise<void> {
  for (const pullRequest of [31, 32]) {
    await told.runPhase();
    expect(told.github.pulls.get(pullRequest)).toMatchObject({ base: own });
    await told.mergeGate(pullRequest);
  }
}

describe("integration: task", () => {
  test("collects the phases on a branch of the task's own, and one last pull request brings them in", async () => {
    const told = await collecting();
    await collected(told);
    expect(told.github.filesOf("main").size).toBe(0);
    expect(await told.task()).toMatchObject({ status: "review", finalGate: { pullRequest: 33 } });
    expect(told.github.pulls.get(33)).toMatchObject({ branch: own, base: "main", open: true });
    await told.mergeGate(33);
    expect((await told.task()).status).toBe("completed");
    expect([...told.github.filesOf("main").keys()]).toEqual([
      "docs/01_idea.md",
      "docs/02_market.md",
      "docs/01_screens.md",
    ]);
  });

  test.each(["makeBranch", "openFinalGate"] as const)(
    "a process that dies after %s doubles nothing",
    async (method) => {
      const told = await collecting({ dataDir: await temporaryFolder() }, (doomed) => doomed.dieAfter(method));
      await collected(told);
      await told.settle();
      await told.mergeGate(33);
      expect((await told.task()).status).toBe("completed");
      expect(told.github.pulls.size).toBe(3);
      expect((await told.types()).filter((type) => type === "FinalGateOpened")).toHaveLength(1);
    },
  );

  test("a last merge whose webhook is lost is found by the sweep", async () => {
    const told = await collecting();
    await collected(told);
    told.github.merge(33, "owner");
    await told.advance(6 * 60_000);
    expect((await told.task()).status).toBe("completed");
  });

  test("/delete takes the task's own branch away, too", async () => {
    const told = await collecting();
    await told.runPhase();
    expect(told.github.headOf(own)).not.toBeNull();
    await told.comment("delete");
    expect([...told.github.branches.keys()]).toEqual(["main"]);
  });
});
