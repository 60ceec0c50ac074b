import { describe, expect, test } from "vitest";
import { currentPhaseOf } from "../../src/core/state.ts";
import type { TaskSettings } from "../../src/core/settings.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { says } from "./payloads.ts";
import { reportOf, world, type World, type WorldOptions } from "./world.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const branch = "phasegate/7-1-planning";

/** The first gate, #31, waits for review in a repository that has the app merge. */
async function inReview(
  settings: Partial<TaskSettings> = {},
  options: WorldOptions = {},
  prepare: (told: World) => void = () => undefined,
): Promise<World> {
  const told = await world(options);
  told.github.permissions.set("wanda", "write");
  told.github.settings = { ...told.github.settings, merge: "auto", ...settings };
  prepare(told);
  await told.label();
  await told.runPhase(7, reportOf("One table"));
  expect((await told.task()).status).toBe("review");
  return told;
}

async function merges(told: World) {
  return (await told.events()).flatMap((event) => (event.type === "PhaseCompleted" ? [[event.phase, event.by]] : []));
}

describe("the repository's settings", () => {
  test("are those of the default branch at the dispatch", async () => {
    const told = await inReview({ requesterMayApprove: false });
    expect((await told.task()).settings).toMatchObject({ merge: "auto", requesterMayApprove: false, ci: null });
    expect((await told.types()).filter((type) => type === "SettingsRead")).toHaveLength(1);
  });

  test("that cannot be read pause the task, with what is wrong, until it is mended", async () => {
    const told = await world();
    const message = ".github/phasegate.yml, line 2: merge is auto or manual";
    told.github.preflightFault = { kind: "settings-invalid", message };
    await told.label();
    expect((await told.task()).blockedBy).toEqual({ kind: "settings-invalid", message });
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "settings-invalid", message } }]);
    told.github.preflightFault = null;
    await told.comment("run");
    expect(told.github.runs).toHaveLength(1);
  });
});

describe("merge: auto", () => {
  test("merges what was approved and has no checks, for whoever approved it, and the next phase starts", async () => {
    const told = await inReview();
    await told.review(31, { by: "wanda" });
    expect(told.github.pulls.get(31)).toMatchObject({ merged: true });
    expect(await merges(told)).toEqual([[1, "wanda"]]);
    // The webhook of that merge names the app.
    await told.gateChanged(31, "phasegate[bot]");
    expect(await merges(told)).toEqual([[1, "wanda"]]);
    expect(await told.task()).toMatchObject({ status: "pending", phases: [{}, { phase: 2 }] });
  });

  test("merges after /approve", async () => {
    const told = await inReview();
    await says(told, "/approve", { sender: "wanda" });
    expect(await merges(told)).toEqual([[1, "wanda"]]);
  });

  test("waits for checks that run, and merges once they are green", async () => {
    const told = await inReview({}, {}, ({ github }) => (github.ciDefault = "waiting"));
    await told.review(31);
    await told.advance(minuteMs);
    expect(await merges(told)).toEqual([]);
    await told.ciChanges(told.github.headOf(branch) ?? "", "green");
    await told.advance(5 * secondMs);
    expect(await merges(told)).toEqual([[1, "owner"]]);
  });

  test("merges the commit that the approval let go, once its checks are green", async () => {
    const told = await inReview({}, {}, ({ github }) => {
      github.ciIsSensitive = true;
      github.ciDefault = "waiting";
    });
    await told.review(31);
    expect(await merges(told)).toEqual([]);
    await told.ciChanges(told.github.headOf(branch) ?? "", "green");
    await told.advance(5 * secondMs);
    expect(await merges(told)).toEqual([[1, "owner"]]);
  });

  test.each([[false], [true]])(
    "merges nothing that people pushed on top, and says so once (held: %s)",
    async (held) => {
      const told = await inReview({}, {}, ({ github }) => {
        github.ciIsSensitive = held;
        github.ciDefault = "green";
      });
      const headSha = told.github.push(branch, "docs/x.md", "More.");
      await told.review(31, { by: "wanda" });
      await told.reviewsChanged(31);
      await told.advance(6 * minuteMs);
      expect(await merges(told)).toEqual([]);
      const said = told.github.comments.filter(({ notice }) => notice?.kind === "unverified-head");
      expect(said).toMatchObject([{ issueNumber: 31, notice: { by: "wanda", headSha } }]);
    },
  );

  test("merges when the checks are green though no webhook says so", async () => {
    const told = await inReview({}, {}, ({ github }) => (github.ciDefault = "waiting"));
    await told.review(31, { by: "wanda" });
    told.github.setCi(told.github.headOf(branch) ?? "", "green");
    await told.advance(minuteMs);
    expect(await merges(told)).toEqual([[1, "wanda"]]);
  });

  test.each([
    [
      "the settings say manual by now",
      ({ github }: World) => void (github.settings = { ...github.settings, merge: "manual" }),
    ],
    ["nobody who approved may write any more", ({ github }: World) => void github.permissions.set("wanda", "read")],
    ["the approval was dismissed", ({ github }: World) => github.changeReview(1_000, { verdict: "dismissed" })],
    ["the head has moved", ({ github }: World) => void github.push(branch, "docs/x.md", "More.")],
    ["somebody points it elsewhere", ({ github }: World) => github.changePull(31, { base: "release" })],
  ])("merges nothing where, at that moment, %s", async (_what, change) => {
    const told = await inReview({}, {}, ({ github }) => (github.ciDefault = "waiting"));
    await told.review(31, { by: "wanda" });
    told.github.setCi(told.github.headOf(branch) ?? "", "green");
    // No webhook tells of it: what counts is read where it is decided.
    change(told);
    await told.advance(minuteMs);
    expect(told.github.pulls.get(31)).toMatchObject({ merged: false });
    expect(await merges(told)).toEqual([]);
  });

  test("merges nothing against a veto, nor against a tick that nobody has heard yet", async () => {
    const told = await inReview({}, {}, ({ github }) => (github.ciDefault = "waiting"));
    await told.review(31, { by: "wanda" });
    told.github.tick(31, 1);
    await told.ciChanges(told.github.headOf(branch) ?? "", "green");
    await told.advance(minuteMs);
    expect(await merges(told)).toEqual([]);
    await told.gateEdited(31);
    expect(currentPhaseOf(await told.task())?.decisions.list).toMatchObject([{ veto: { by: "owner" } }]);
    await told.advance(10 * minuteMs);
    expect(await merges(told)).toEqual([]);
    await told.tick(31, 1, { ticked: false });
    await told.advance(10 * minuteMs);
    expect(await merges(told)).toEqual([[1, "wanda"]]);
  });

  test("tries again while GitHub is not done, and holds up nothing else meanwhile", async () => {
    const told = await inReview();
    const notYet = { kind: "not-yet", message: "GitHub is still computing" } as const;
    told.github.mergeAnswers.push(notYet, notYet);
    await told.review(31);
    expect(await merges(told)).toEqual([]);
    await told.advance(minuteMs);
    expect(await merges(told)).toEqual([[1, "owner"]]);
    expect(told.github.countOf("mergeGate")).toBe(3);
  });

  test("says once why a gate was not merged, and leaves it to people", async () => {
    const told = await inReview();
    told.github.mergeAnswers.push(
      { kind: "refused", message: "it conflicts with main" },
      { kind: "refused", message: "it conflicts with main" },
    );
    await told.review(31);
    await told.review(31, { by: "wanda" });
    await told.advance(10 * minuteMs);
    expect(told.github.comments.filter(({ notice }) => notice?.kind === "refused")).toMatchObject([
      { issueNumber: 31, notice: { command: "merge: auto", reason: "it conflicts with main" } },
    ]);
    expect((await told.task()).status).toBe("review");
    await told.mergeGate(31);
    expect(await merges(told)).toEqual([[1, "owner"]]);
  });

  test("gives up after some hours of not yet, and says so", async () => {
    const told = await inReview();
    for (let tries = 0; tries < 50; tries += 1) {
      told.github.mergeAnswers.push({ kind: "not-yet", message: "required checks are missing" });
    }
    await told.review(31);
    for (let hours = 0; hours < 6; hours += 1) await told.advance(60 * minuteMs);
    expect(told.github.notices().filter(({ kind }) => kind === "refused")).toMatchObject([
      { reason: "required checks are missing" },
    ]);
    expect(told.github.countOf("mergeGate")).toBe(41);
    expect((await told.task()).blockedBy).toBeNull();
  });
});

describe("a process that dies after it merged", () => {
  test("records the merge once, for whoever approved it, though the webhook was faster", async () => {
    const told = await inReview({}, { dataDir: await temporaryFolder() });
    told.dieAfter("mergeGate");
    await told.review(31, { by: "wanda" });
    expect(await merges(told)).toEqual([[1, "wanda"]]);
    expect(told.github.runs).toHaveLength(2);
  });

  test("hears of it by the webhook alone, and still knows who approved", async () => {
    const told = await inReview();
    told.github.failNext("mergeGate", "before", () => new Error("no answer"), { times: 100 });
    await told.review(31, { by: "wanda" });
    await told.mergeGate(31, "phasegate[bot]");
    expect(await merges(told)).toEqual([[1, "wanda"]]);
  });
});

describe("requester_may_approve: false", () => {
  test("an approval of whoever asked merges nothing; another's does", async () => {
    const told = await inReview({ requesterMayApprove: false });
    await told.review(31, { by: "owner" });
    await says(told, "/approve");
    await told.advance(minuteMs);
    expect(await merges(told)).toEqual([]);
    expect(told.github.notices()).toMatchObject([{ command: "/approve", reason: expect.stringContaining("owner") }]);
    await told.review(31, { by: "wanda" });
    expect(await merges(told)).toEqual([[1, "wanda"]]);
  });

  test("merged by whoever asked, the next phase waits for another's /approve", async () => {
    const told = await inReview({ requesterMayApprove: false, merge: "manual" });
    await told.mergeGate(31, "owner");
    expect((await told.task()).blockedBy).toMatchObject({ kind: "approval-needed", by: "owner" });
    expect(told.github.runs).toHaveLength(1);
    await says(told, "/approve");
    expect(told.github.runs).toHaveLength(1);
    await says(told, "/approve", { sender: "wanda" });
    expect(await told.task()).toMatchObject({ status: "pending", blockedBy: null });
    expect(told.github.runs).toHaveLength(2);
  });
});

describe("settings that change while a task waits for people", () => {
  test("merge: auto has a gate merged that was approved before", async () => {
    const told = await inReview({ merge: "manual" });
    await told.review(31, { by: "wanda" });
    told.github.settings = { ...told.github.settings, merge: "auto" };
    await told.advance(6 * minuteMs);
    expect(await merges(told)).toEqual([[1, "wanda"]]);
  });

  test("requester_may_approve: true lets a task go on that the requester merged", async () => {
    const told = await inReview({ requesterMayApprove: false, merge: "manual" });
    await told.mergeGate(31, "owner");
    told.github.settings = { ...told.github.settings, requesterMayApprove: true };
    await told.advance(6 * minuteMs);
    expect(await told.task()).toMatchObject({ status: "pending", blockedBy: null });
    expect(told.github.runs).toHaveLength(2);
  });

  test("and cannot be read change nothing, and are read once for all tasks of a repository", async () => {
    const told = await inReview({ merge: "manual" });
    told.github.openIssue(8);
    await told.label("create_app", { issueNumber: 8 });
    await told.runPhase(8);
    await told.review(31, { by: "wanda" });
    told.github.settings = { ...told.github.settings, merge: "auto" };
    told.github.preflightFault = { kind: "settings-invalid", message: "line 2" };
    const before = told.github.countOf("readSettings");
    await told.leap(9 * minuteMs);
    expect(told.github.countOf("readSettings")).toBe(before + 1);
    expect(await merges(told)).toEqual([]);
  });
});

describe("/skip-phase", () => {
  test("goes on without a phase where the playbook allows it: its run stops, its gate closes, and the task ends", async () => {
    const told = await inReview({ merge: "manual" });
    await told.mergeGate(31);
    await told.runPhase();
    await says(told, "/skip-phase");
    expect(told.github.pulls.get(32)).toMatchObject({ open: false, merged: false });
    expect(await told.task()).toMatchObject({ status: "completed", phases: [{}, { completed: { skipped: true } }] });
    // No merge closes it.
    expect(told.github.issues.get(7)?.open).toBe(false);
  });

  test("written before the phase began is refused, with what to do", async () => {
    const told = await inReview({ merge: "manual" });
    const writtenAt = told.time.now().toISOString();
    await told.advance(2 * secondMs);
    await told.mergeGate(31);
    await says(told, "/skip-phase", { writtenAt });
    expect(told.github.notices()).toMatchObject([
      { command: "/skip-phase", reason: expect.stringContaining("design began after you wrote it") },
    ]);
    await says(told, "/skip-phase", { writtenAt: told.time.now().toISOString() });
    expect((await told.task()).status).toBe("completed");
  });

  test("is refused where the playbook does not allow it", async () => {
    const told = await inReview({ merge: "manual" });
    await says(told, "/skip-phase");
    expect(told.github.notices()).toMatchObject([
      { command: "/skip-phase", reason: expect.stringContaining("does not allow to go on without planning") },
    ]);
    expect((await told.task()).status).toBe("review");
  });
});

describe("the last comment of a task", () => {
  test("is posted once, whoever dies over it", async () => {
    const told = await inReview({ merge: "manual" }, { dataDir: await temporaryFolder() });
    await told.mergeGate(31);
    await told.runPhase();
    told.dieAfter("notify");
    await told.mergeGate(32);
    expect((await told.task()).status).toBe("completed");
    expect(told.github.comments.filter(({ notice }) => notice?.kind === "summary")).toMatchObject([{ issueNumber: 7 }]);
  });
});
