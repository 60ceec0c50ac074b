import { describe, expect, test } from "vitest";
import { rowsIn, temporaryFolder } from "../store/temporary-store.ts";
import { found, repository, world, type World } from "./world.ts";

/** A task goes from its label to its end, whoever dies on the way. */
async function wholeJob(prepare: (told: World) => void = () => undefined): Promise<World> {
  const told = await world({ dataDir: await temporaryFolder() });
  prepare(told);
  await told.label();
  await told.playOn();
  return told;
}

const expected = {
  runs: 2,
  commits: [
    ["phasegate/7-1-planning", ["01_idea", "02_market", "verified:1/1"]],
    ["phasegate/7-2-design", ["01_screens", "verified:2/1"]],
  ],
  pulls: [
    { branch: "phasegate/7-1-planning", open: false, merged: true, draft: false },
    { branch: "phasegate/7-2-design", open: false, merged: true, draft: false },
  ],
  comments: ["status"],
};

describe("a process that dies after an effect took place on GitHub, before it was marked", () => {
  test("nobody dies, and this is what people find", async () => {
    const told = await wholeJob();
    expect((await told.task()).status).toBe("completed");
    expect(found(told)).toEqual(expected);
    expect(told.complaints()).toEqual([]);
  });

  test.each(["preflight", "dispatchRun", "publish", "openGate", "readTree", "presentGate", "showStatus"] as const)(
    "%s: nothing is doubled and the task goes on",
    async (method) => {
      const told = await wholeJob((told) => told.dieAfter(method));
      expect((await told.task()).status).toBe("completed");
      expect(found(told)).toEqual(expected);
      expect(told.complaints()).toEqual([]);
    },
  );

  /** Each of these begins with a task under way, does what makes the effect due, and says what people should find. */
  const others = {
    cancelRun: {
      kind: "CancelRun",
      tell: async (told) => {
        await told.openRun();
        await told.comment("cancel");
        expect(told.github.runs).toMatchObject([{ status: "completed", conclusion: "cancelled" }]);
      },
    },
    closeGate: {
      kind: "CloseGate",
      tell: async (told) => {
        await told.runPhase();
        await told.comment("cancel");
        expect(told.github.pulls.get(31)).toMatchObject({ open: false, merged: false });
        expect((await told.task()).status).toBe("cancelled");
      },
    },
    reopenGate: {
      kind: "ReopenGate",
      tell: async (told) => {
        await told.runPhase();
        told.github.changePull(31, { open: false });
        await told.gateChanged(31);
        await told.comment("run");
        expect(told.github.pulls.get(31)).toMatchObject({ open: true });
        expect((await told.playOn()).status).toBe("completed");
      },
    },
    releaseCi: {
      kind: "ReleaseCi",
      tell: async (told) => {
        told.github.ciIsSensitive = true;
        await told.runPhase();
        expect(told.github.marksOf("phasegate/7-1-planning")).not.toContain("verified:1/1");
        await told.review(31);
        const marks = told.github.marksOf("phasegate/7-1-planning");
        expect(marks.filter((mark) => mark === "verified:1/1")).toHaveLength(1);
      },
    },
  } satisfies Readonly<Record<string, { readonly kind: string; readonly tell: (told: World) => Promise<void> }>>;

  test.each(Object.entries(others))("%s: the effect is done once", async (method, { kind, tell }) => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    told.dieAfter(method as keyof typeof others);
    await tell(told);
    // It was done before the death and looked at after it.
    expect(told.github.countOf(method as keyof typeof others)).toBe(2);
    expect(rowsIn(told.dataDir, "select status from effects where effect like '%" + kind + "%'")).toEqual([
      { status: "done" },
    ]);
    expect(told.complaints()).toEqual([]);
  });

  test("NotifyBlocked: the person is told once", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.github.preflightFault = { kind: "no-model-secret" };
    told.dieAfter("notify");
    await told.label();
    expect(told.github.countOf("notify")).toBe(2);
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "no-model-secret" } }]);
  });

  test("over and over, at whatever call: the task still gets to its end, and nothing is doubled", async () => {
    const told = await wholeJob((told) => {
      for (const method of ["showStatus", "dispatchRun", "publish", "publish", "openGate", "presentGate"] as const) {
        told.dieAfter(method);
      }
    });
    expect((await told.task()).status).toBe("completed");
    expect(found(told)).toEqual(expected);
  });

  test("an effect that brings the process down each time is set aside, and the person is told", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    for (let deaths = 0; deaths < 8; deaths += 1) told.dieAfter("preflight");
    await told.label();
    expect(told.github.countOf("preflight")).toBe(8);
    const { blockedBy } = await told.task();
    expect(blockedBy).toMatchObject({ kind: "effect-failed", effect: "DispatchRun" });
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "effect-failed" } }]);
    await told.comment("run");
    expect((await told.playOn()).status).toBe("completed");
  });
});

describe("a process that dies in the midst of a message", () => {
  test("before it has decided anything, takes it up again and creates one task", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.dieAfter("permissionOf");
    await told.label();
    expect(await told.types()).toEqual(["TaskCreated", "TaskStarted", "PhaseStarted", "RunRequested", "RunDispatched"]);
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toHaveLength(1);
  });

  test("after the task was created, creates no second one, though the webhook is delivered again", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    const intent = { kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner" } as const;
    told.dieAfter("showStatus");
    await told.deliver(intent, "guid-1");
    await told.deliver(intent, "guid-1");
    await told.deliver(intent, "guid-2");
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toHaveLength(1);
    expect(found(told)).toMatchObject({ runs: 1, comments: ["status"] });
  });

  test("while it answers a person, answers once", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    told.dieAfter("notify");
    await told.comment("run");
    expect(told.github.countOf("notify")).toBe(2);
    expect(told.github.notices()).toMatchObject([{ kind: "refused", command: "/run" }]);
  });

  test("what a runner handed over before the death is published after it", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.die();
    await told.start();
    await told.settle();
    expect(told.github.filesOf("phasegate/7-1-planning").get("docs/01_idea.md")).toBe("01_idea of planning");
    await runner.step("01_idea");
    await runner.step("02_market");
    await runner.end({ kind: "completed" });
    await told.settle();
    expect((await told.task()).status).toBe("review");
    expect(told.github.countOf("publish")).toBe(2);
  });
});
