import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { rowsIn, temporaryFolder } from "../store/temporary-store.ts";
import { says } from "./payloads.ts";
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
  comments: ["status", "summary"],
};

describe("a process that dies after an effect took place on GitHub, before it was marked", () => {
  test("nobody dies, and this is what people find", async () => {
    const told = await wholeJob();
    expect((await told.task()).status).toBe("completed");
    expect(found(told)).toEqual(expected);
    expect(told.complaints()).toEqual([]);
  });

  test.each([
    "preflight",
    "dispatchRun",
    "publish",
    "openGate",
    "readTree",
    "presentGate",
    "showCheck",
    "readCi",
    "notify",
    "showStatus",
  ] as const)("%s: nothing is doubled and the task goes on", async (method) => {
    const told = await wholeJob((told) => told.dieAfter(method));
    expect((await told.task()).status).toBe("completed");
    expect(found(told)).toEqual(expected);
    expect(told.complaints()).toEqual([]);
  });

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
    answerThread: {
      kind: "AnswerFeedback",
      tell: async (told) => {
        await told.runPhase();
        const threadId = told.github.thread(31);
        await told.comment("rework");
        await told.runPhase();
        expect(told.github.answers).toMatchObject([{ threadId, kind: "fixed" }]);
        expect(told.github.threads).toMatchObject([{ resolved: true }]);
      },
    },
    requestReview: {
      kind: "RequestReview",
      tell: async (told) => {
        await told.runPhase();
        await told.comment("rework", "owner", 7, "More.");
        await told.runPhase();
        expect(told.github.reviewRequests).toEqual([{ pullRequest: 31, login: "owner" }]);
      },
    },
    deleteBranch: {
      kind: "DeleteBranch",
      tell: async (told) => {
        await told.runPhase();
        await told.comment("delete");
        expect([...told.github.branches.keys()]).toEqual(["main"]);
        expect(await told.task()).toMatchObject({ status: "cancelled", erasedBy: "owner" });
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

describe("a process that dies over what the agent asks", () => {
  /** The agent asks for an answer and a key, a person gives both, and the phase comes to its gate. */
  async function asked(prepare: (told: World) => void): Promise<World> {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    const runner = await told.openRun();
    prepare(told);
    await told.insist(() => runner.question("Which colour?"));
    await told.settle();
    await told.insist(() => runner.needs("STRIPE_KEY"));
    await told.insist(() => runner.end({ kind: "waiting-question" }));
    await told.settle();
    told.github.addName("STRIPE_KEY", "2030-01-01T00:00:00Z");
    await says(told, "/answer 2");
    await told.advance(61_000);
    expect((await told.openRun()).job).toMatchObject({
      answers: [{ number: 1, text: "Green" }],
      dependencies: [{ name: "STRIPE_KEY", state: "granted", slot: 1 }],
    });
    return told;
  }

  const left = { runs: 2, comments: ["status", "questions", "dependency"] };

  test("nobody dies, and this is what people find", async () => {
    const told = await asked(() => undefined);
    expect(found(told)).toMatchObject(left);
    expect(told.github.requests()).toMatchObject([
      { questions: [{ answer: { text: "Green" } }] },
      { dependency: { state: "granted" } },
    ]);
  });

  test.each(["showRequest", "listNames", "showStatus", "dispatchRun", "permissionOf"] as const)(
    "%s: each request has one comment, as it stands in the end",
    async (method) => {
      const told = await asked((doomed) => doomed.dieAfter(method));
      expect(found(told)).toMatchObject(left);
      expect(told.github.requests()).toMatchObject([
        { questions: [{ answer: { text: "Green" } }] },
        { dependency: { state: "granted" } },
      ]);
      expect((await told.types()).filter((type) => type === "QuestionsAsked")).toHaveLength(1);
      expect((await told.types()).filter((type) => type === "QuestionAnswered")).toHaveLength(1);
    },
  );

  test.each(["before", "after"] as const)("at whatever call, %s it took effect", async (moment) => {
    for (let call = 1; call <= 61; call += 12) {
      const told = await asked((doomed) => doomed.dieAtCall(call, moment));
      expect(found(told)).toMatchObject(left);
    }
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

describe("a process that dies before or after it", () => {
  test.each(["before", "after"] as const)("erasing: %s, the texts are gone in the end", async (moment) => {
    const told = await world({
      dataDir: await temporaryFolder(),
      storeOf: (store) => ({
        ...store,
        async eraseTask(taskId) {
          if (!died) {
            died = true;
            if (moment === "after") await store.eraseTask(taskId);
            told.dieAtCall(1, "before");
            await told.serving.store.readEvents(taskId);
          }
          await store.eraseTask(taskId);
        },
      }),
    });
    let died = false;
    await told.label();
    const hash = (await told.task()).prompt?.hash ?? "";
    await told.comment("delete");
    expect(died).toBe(true);
    expect(await told.store.readText(hash)).toBeNull();
    expect(rowsIn(told.dataDir, "select status from effects where effect like '%EraseTask%'")).toEqual([
      { status: "done" },
    ]);
  });

  test("starting a rework: it is started once, and the agent gets the words", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    await told.runPhase();
    const threadId = told.github.thread(31);
    await told.review(31, { verdict: "changes_requested" });
    told.dieAfter("readThreads");
    await told.advance(20_000);
    expect((await told.types()).filter((type) => type === "ReworkRequested")).toHaveLength(1);
    expect((await told.openRun()).job.feedback.map(({ id }) => id)).toEqual([`thread:${threadId}`]);
  });
});

/** Every call would take minutes; a prime number meets each kind of call within a few steps. 1 tells of them all. */
const stride = 7;

/** A review asks for changes, and a runner that never gives up hands over the rework. */
async function handedOver(count: number, moment: "before" | "after"): Promise<World> {
  const told = await world({ dataDir: await temporaryFolder() });
  await told.label();
  await told.runPhase();
  told.github.thread(31);
  await told.review(31, { verdict: "changes_requested", body: "Better." });
  told.dieAtCall(count, moment);
  await told.advance(20_000);
  const runner = await told.insist(() => told.openRun());
  for (const step of runner.job.stepsToDo) {
    const items = runner.job.feedback.filter((item) => item.step === step);
    const answers = items.map(({ id }) => ({ id, kind: "fixed", text: "Done." }) as const);
    await told.insist(() => runner.step(step, `${step}, better`, 0.5, answers));
  }
  await told.insist(() => runner.end({ kind: "completed" }));
  await told.settle();
  await told.advance(31_000);
  return told;
}

async function endOf(told: World) {
  const { status, blockedBy, phases } = await told.task();
  return {
    ...found(told),
    status,
    blockedBy,
    // A step may be published before or after the next one is handed over.
    types: (await told.types()).toSorted(),
    spentUsd: phases[0]?.spent.costUsd,
    replies: told.github.threads.map(({ comments, resolved }) => [comments.length, resolved]),
    asked: told.github.reviewRequests,
    notices: told.github.notices().map(({ kind }) => kind),
    files: [...told.github.filesOf("phasegate/7-1-planning")],
  };
}

describe("a process that dies once in a rework, at whatever call", () => {
  test.each(["before", "after"] as const)(
    "%s it took effect, leaves what an undisturbed one leaves",
    async (moment) => {
      const undisturbed = await endOf(await handedOver(Number.POSITIVE_INFINITY, moment));
      expect(undisturbed).toMatchObject({ status: "review", blockedBy: null, runs: 2, replies: [[2, true]] });
      const others: object[] = [];
      let calls = 0;
      for (let isOver = false; !isOver; calls += stride) {
        const told = await handedOver(calls + 1, moment);
        isOver = told.isDoomed;
        const end = await endOf(told);
        if (!isDeepStrictEqual(end, undisturbed)) others.push({ call: calls + 1, end });
      }
      expect(others).toEqual([]);
      expect(calls).toBeGreaterThan(50);
    },
    300_000,
  );
});
