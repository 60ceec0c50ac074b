/** A gate that conflicts with its base: noticed, merged by a run, or told to people. */
import { describe, expect, test } from "vitest";
import type { MergeTrees } from "../../src/control/ports/gates.ts";
import type { TreePaths } from "../../src/core/merge-paths.ts";
import { currentPhaseOf } from "../../src/core/state.ts";
import { found, repository, world, type World } from "./world.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const branch = "phasegate/7-1-planning";

/** The first gate, #31, waits for review. */
async function inReview(prepare: (told: World) => void = () => undefined): Promise<World> {
  const told = await world();
  told.github.permissions.set("wanda", "write");
  prepare(told);
  await told.label();
  await told.runPhase();
  return told;
}

/** A link has `@` before its target. */
function paths(files: Readonly<Record<string, string>>): TreePaths {
  return new Map(
    Object.entries(files).map(([path, sha]) => [path, { mode: sha.startsWith("@") ? "120000" : "100644", sha }]),
  );
}

function sidesOf(
  path: string,
  [before, ours, theirs]: readonly [string, string, string] = ["1", "2", "3"],
): MergeTrees {
  return {
    mergeBaseSha: "base-0",
    mergeBase: paths({ [path]: before }),
    head: paths({ [path]: ours }),
    base: paths({ [path]: theirs }),
  };
}

/** Somebody merges into main what the gate conflicts with; nobody hears of it yet. */
function conflicts(told: World, sides: MergeTrees = sidesOf("docs/02_market.md"), pullRequest = 31): string {
  told.github.mergeTrees = sides;
  told.github.changePull(pullRequest, { conflicted: true });
  return told.github.push("main", "docs/02_market.md", "theirs");
}

async function pushed(told: World, to: string = "main"): Promise<void> {
  await told.deliver({ kind: "base-moved", repository, branch: to, isDefault: to === "main" });
  await told.advance(5 * secondMs);
}

async function phaseOf(told: World) {
  const phase = currentPhaseOf(await told.task());
  if (phase === null) throw new Error("no phase has started");
  return phase;
}

async function reworks(told: World): Promise<readonly string[]> {
  return (await told.events()).flatMap((event) => (event.type === "ReworkRequested" ? [event.source] : []));
}

function mergedWith(told: World): readonly (string | null)[] {
  return told.github.argumentsOf("publish").map(([, { mergedSha }]) => mergedSha);
}

function noticesOf(told: World) {
  return told.github.notices().filter(({ kind }) => kind === "conflict");
}

describe("a conflict with the base", () => {
  test("is noticed by a push to it, and merged by a run whose first changeset is published with the base", async () => {
    const told = await inReview();
    const baseSha = conflicts(told);
    await pushed(told);
    const runner = await told.openRun();
    expect(runner.job).toMatchObject({ merge: { baseSha, mergeBaseSha: "base-0" }, stepsToDo: ["02_market"] });
    const [item, ...others] = runner.job.feedback;
    expect(others).toEqual([]);
    expect(item).toMatchObject({
      id: `conflict:${baseSha}:docs/02_market.md`,
      path: "docs/02_market.md",
      step: "02_market",
      comments: [
        { by: "GitHub", text: expect.stringContaining("This phase changed the file, and so did main since.") },
      ],
    });
    await told.runOn(runner);
    expect(mergedWith(told)).toEqual([null, null, baseSha]);
    expect(await told.task()).toMatchObject({ status: "review", phases: [{ merging: null, conflictReworks: 1 }] });
    expect(await reworks(told)).toEqual(["conflict"]);
    expect(told.github.pulls.get(31)).toMatchObject({ conflicted: false, draft: false });
  });

  test("goes to the first step whose document it is in, as a whole", async () => {
    const told = await inReview();
    const both = { "docs/01_idea.md": "1", "docs/02_market.md": "1", "docs/other.md": "1" };
    const changed = (sha: string) => paths(Object.fromEntries(Object.keys(both).map((path) => [path, sha])));
    conflicts(told, { mergeBaseSha: "base-0", mergeBase: paths(both), head: changed("2"), base: changed("3") });
    await pushed(told);
    const runner = await told.openRun();
    expect(runner.job.feedback.map(({ step, path }) => `${step} ${path}`)).toEqual([
      "01_idea docs/01_idea.md",
      "01_idea docs/02_market.md",
      "01_idea docs/other.md",
    ]);
    expect(runner.job.stepsToDo).toEqual(["01_idea"]);
  });

  test("says of a file that one side deleted which side it was", async () => {
    const told = await inReview();
    const [ours, theirs] = ["docs/01_idea.md", "docs/02_market.md"];
    conflicts(told, {
      mergeBaseSha: "base-0",
      mergeBase: paths({ [ours]: "1", [theirs]: "1" }),
      head: paths({ [theirs]: "2" }),
      base: paths({ [ours]: "2" }),
    });
    await pushed(told);
    const texts = (await told.openRun()).job.feedback.map(({ comments }) => comments[0]?.text);
    expect(texts).toEqual([
      expect.stringContaining("This phase deleted the file, and main changed it since."),
      expect.stringContaining("This phase changed the file, and main deleted it since."),
    ]);
  });

  test("is noticed by the sweep where the webhook is lost", async () => {
    const told = await inReview();
    conflicts(told);
    await told.advance(6 * minuteMs);
    expect(await reworks(told)).toEqual(["conflict"]);
  });

  test("that came while the agent was at work is noticed with the presentation", async () => {
    const told = await inReview((early) => {
      early.github.afterNext("presentGate", async () => void conflicts(early));
    });
    expect(await reworks(told)).toEqual(["conflict"]);
  });

  test("is noticed when a person pushes to the phase branch, or has it point back at the base", async () => {
    for (const kind of ["reviews-changed", "gate-changed"] as const) {
      const told = await inReview();
      told.github.push(branch, "docs/by-hand.md", "mine");
      conflicts(told);
      const where = { repository, pullRequest: 31 };
      await told.deliver(
        kind === "gate-changed" ? { kind, ...where, sender: "owner" } : { kind, ...where, isPush: true },
      );
      await told.advance(5 * secondMs);
      expect(await reworks(told)).toEqual(["conflict"]);
      expect((await phaseOf(told)).merging?.headSha).toBe(told.github.headOf(branch));
    }
  });

  test("is waited for while GitHub works it out", async () => {
    const told = await inReview();
    conflicts(told);
    told.github.changePull(31, { conflicted: null });
    await pushed(told);
    expect(await reworks(told)).toEqual([]);
    const before = told.github.countOf("readGate");
    await told.advance(4 * minuteMs);
    expect(told.github.countOf("readGate") - before).toBeGreaterThan(3);
    expect(told.complaints()).toEqual([]);
    told.github.changePull(31, { conflicted: true });
    await told.advance(5 * minuteMs);
    expect(await reworks(told)).toEqual(["conflict"]);
  });

  test("is looked for once, however many pushes there were, and a push elsewhere wakes nobody", async () => {
    const told = await inReview();
    const before = told.github.countOf("readGate");
    for (let sent = 0; sent < 10; sent += 1) {
      await told.deliver({ kind: "base-moved", repository, branch: "main", isDefault: true });
    }
    await pushed(told);
    expect(told.github.countOf("readGate")).toBe(before + 1);
    await pushed(told, "phasegate/7-task");
    expect(told.github.countOf("readGate")).toBe(before + 1);
    expect(await reworks(told)).toEqual([]);
  });

  test("of a phase that goes to the task's own branch is one with that branch", async () => {
    const told = await inReview(({ github }) => (github.settings = { ...github.settings, integration: "task" }));
    told.github.mergeTrees = sidesOf("docs/02_market.md");
    told.github.changePull(31, { conflicted: true });
    const baseSha = told.github.push("phasegate/7-task", "docs/02_market.md", "theirs");
    await pushed(told);
    expect(await reworks(told)).toEqual([]);
    await pushed(told, "phasegate/7-task");
    expect((await phaseOf(told)).merging).toMatchObject({ base: "phasegate/7-task", baseSha });
  });

  test("keeps a gate from being merged by the app, and is merged instead", async () => {
    const told = await inReview(({ github }) => (github.settings = { ...github.settings, merge: "auto" }));
    told.github.mergeTrees = sidesOf("docs/02_market.md");
    told.github.push("main", "docs/02_market.md", "theirs");
    told.github.mergeAnswers.push({ kind: "conflict" });
    await told.review(31, { by: "wanda" });
    expect(await reworks(told)).toEqual(["conflict"]);
    expect(told.github.notices()).toEqual([]);
  });

  test("waits for what people asked for, and is merged after that", async () => {
    const told = await inReview();
    await told.review(31, { verdict: "changes_requested", body: "Better." });
    conflicts(told);
    await pushed(told);
    expect(await reworks(told)).toEqual([]);
    await told.advance(20 * secondMs);
    expect(await reworks(told)).toEqual(["review"]);
    await told.runPhase();
    expect(mergedWith(told)).toEqual([null, null, null]);
    expect(await reworks(told)).toEqual(["review", "conflict"]);
  });
});

describe("the run that merges", () => {
  async function merging(sides?: MergeTrees): Promise<World> {
    const told = await inReview();
    conflicts(told, sides);
    await pushed(told);
    return told;
  }

  test("has nothing to merge where a person did it meanwhile", async () => {
    const told = await merging();
    const { baseSha } = (await phaseOf(told)).merging ?? {};
    told.github.mergeTrees = { ...sidesOf("docs/02_market.md"), mergeBaseSha: baseSha ?? "" };
    const runner = await told.openRun();
    expect(runner.job.merge).toBeNull();
    await told.runOn(runner);
    expect(await told.task()).toMatchObject({ status: "review", phases: [{ merging: null }] });
  });

  test("is followed by another where its changeset passes over what a person pushed, and that merges, too", async () => {
    const told = await merging();
    told.github.unmerged = ["docs/pushed.md"];
    const first = await told.openRun();
    await first.step("02_market");
    await told.settle();
    expect((await told.task()).phases[0]?.merging).not.toBeNull();
    told.github.unmerged = [];
    const second = await told.openRun();
    expect(second.job).toMatchObject({ merge: { mergeBaseSha: "base-0" }, attempt: 3 });
    expect(second.job.findings).toMatchObject([{ check: "paths-allowed", path: "docs/pushed.md", step: "02_market" }]);
    await told.runOn(second);
    expect((await told.task()).status).toBe("review");
  });

  test("is followed by one that merges where its machine died", async () => {
    const told = await merging();
    const { runId, workflowRunId } = await told.liveRun();
    await told.openRun();
    told.github.changeRun(runId, { status: "completed", conclusion: "failure" });
    await told.deliver({ kind: "run-completed", repository, workflowRunId });
    expect((await told.openRun()).job.merge).toMatchObject({ mergeBaseSha: "base-0" });
  });

  test("is one of two in a row; after that people are told, once", async () => {
    const told = await merging();
    await told.runPhase();
    conflicts(told);
    await pushed(told);
    await told.runPhase();
    conflicts(told);
    await pushed(told);
    await pushed(told);
    expect(await reworks(told)).toEqual(["conflict", "conflict"]);
    expect(noticesOf(told)).toEqual([{ kind: "conflict", base: "main", why: "again", paths: [], reworks: 2 }]);
    expect((await told.task()).status).toBe("review");
  });

  test("is one again after people have asked for something", async () => {
    const told = await merging();
    await told.runPhase();
    conflicts(told);
    await pushed(told);
    await told.runPhase();
    await told.comment("rework", "owner", 7, "Say who pays.");
    await told.runPhase();
    conflicts(told);
    await pushed(told);
    expect(await reworks(told)).toEqual(["conflict", "conflict", "command", "conflict"]);
  });
});

describe("a conflict that is not the agent's to resolve", () => {
  test.each([
    ["a link", sidesOf("docs/latest", ["@a", "@b", "@c"]), "docs/latest"],
    ["what the repository says to agents", sidesOf("CLAUDE.md"), "CLAUDE.md"],
    [
      "a file where the other side has a folder",
      {
        mergeBaseSha: "base-0",
        mergeBase: paths({}),
        head: paths({ "docs/a.md": "1" }),
        base: paths({ docs: "1" }),
      },
      "docs",
    ],
  ] as const)("since it is in %s, is told to people, once for each head", async (_what, sides, path) => {
    const told = await inReview();
    conflicts(told, sides);
    await pushed(told);
    await pushed(told);
    expect(await reworks(told)).toEqual([]);
    expect(noticesOf(told)).toEqual([{ kind: "conflict", base: "main", why: "not-ours", paths: [path], reworks: 0 }]);
    told.github.push(branch, "docs/by-hand.md", "mine");
    told.github.changePull(31, { headSha: told.github.headOf(branch) ?? "" });
    await pushed(told);
    expect(noticesOf(told)).toHaveLength(2);
  });

  test("since the phase may not change the file, is told to people", async () => {
    const told = await inReview();
    conflicts(told, sidesOf(".github/workflows/ci.yml"));
    told.changesetFindings.push([
      { check: "paths-allowed", step: "01_idea", path: ".github/workflows/ci.yml", line: null, message: "denied" },
    ]);
    await pushed(told);
    expect(found(told).runs).toBe(1);
    expect(noticesOf(told)).toMatchObject([{ why: "not-ours", paths: [".github/workflows/ci.yml"] }]);
  });

  test("since no file shows it, or the histories have nothing in common, is told to people", async () => {
    for (const sides of [sidesOf("docs/02_market.md", ["1", "2", "1"]), null]) {
      const told = await inReview();
      conflicts(told);
      told.github.mergeTrees = sides;
      await pushed(told);
      expect(noticesOf(told)).toMatchObject([{ why: "unclear" }]);
    }
  });

  test("is none where the base is in the head by now, whatever GitHub says yet", async () => {
    const told = await inReview();
    const baseSha = conflicts(told);
    told.github.mergeTrees = { ...sidesOf("docs/02_market.md"), mergeBaseSha: baseSha };
    await pushed(told);
    expect(noticesOf(told)).toEqual([]);
    expect(await reworks(told)).toEqual([]);
  });
});
