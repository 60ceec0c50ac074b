import { describe, expect, test } from "vitest";
import { currentPhaseOf, pullRequestOf } from "../../src/core/state.ts";
import { world, type World } from "./world.ts";

const minuteMs = 60_000;
const features = "## Feature list\n\n- REQ-001 Short links\n- REQ-002 Count each opening\n";
const otherwise = features.replace("Count each opening", "Count nothing");

/** Phase 1 gives out REQ-001 and REQ-002, of which its second step cites the latter; it is merged. Phase 2 runs. */
async function planned(market = "Sellers like REQ-002."): Promise<World> {
  const told = await world();
  await told.label();
  const runner = await told.openRun();
  await runner.step("01_idea", features);
  await runner.step("02_market", market);
  await runner.end({ kind: "completed" });
  await told.settle();
  await told.mergeGate(31);
  return told;
}

/** Phase 2 cites REQ-001 and waits for review. */
async function designed(market?: string): Promise<World> {
  const told = await planned(market);
  const runner = await told.openRun();
  await runner.step("01_screens", "The page of REQ-001.");
  await runner.end({ kind: "completed" });
  await told.settle();
  return told;
}

/** A person edits the document on the default branch; no webhook says so, and the sweep finds it. */
async function edited(told: World, text: string, path = "docs/01_idea.md"): Promise<void> {
  told.github.push("main", path, text);
  await told.advance(6 * minuteMs);
}

/** REQ-002 was changed, phase 2 is merged, and the run of what follows has its work. */
async function begun() {
  const told = await designed();
  await edited(told, otherwise);
  await told.mergeGate(32);
  return { told, runner: await told.openRun() };
}

async function ripples(told: World) {
  return (await told.events()).flatMap((event) => (event.type === "RippleFound" ? [event] : []));
}

describe("an approved item that somebody changes", () => {
  test("is told with the gates that it touches, once, and touches only what cites it", async () => {
    const told = await designed();
    await edited(told, otherwise);
    await told.advance(20 * minuteMs);
    expect(await ripples(told)).toMatchObject([
      {
        phase: 3,
        changed: {
          by: "owner",
          items: [{ id: "REQ-002", kind: "changed", path: "docs/01_idea.md", phase: 1 }],
          touched: [{ phase: 1, step: "02_market", paths: ["docs/02_market.md"] }],
          checked: [{ phase: 1, passed: true }],
        },
      },
    ]);
    expect(told.github.comments.filter(({ notice }) => notice?.kind === "ripple")).toMatchObject([
      { issueNumber: 7, notice: { phase: 3 } },
    ]);
    expect((await told.task()).status).toBe("review");
  });

  test("opens these parts again as one more phase after the one that is under way, and the task ends with it", async () => {
    const { told, runner } = await begun();
    expect(runner.job.phase).toMatchObject({ number: 3, name: "ripple", title: "What follows from REQ-002" });
    expect(runner.job.stepsToDo).toEqual(["1-02_market"]);
    expect(runner.job.phase.steps).toMatchObject([
      { guide: "Bring it in line.\n\nWrite 02_market.", outputs: ["docs/02_market.md"] },
    ]);
    expect(runner.job.attempt).toBe(1);
    const [point] = runner.job.feedback;
    expect(point?.comments).toEqual([
      { by: "owner", text: expect.stringMatching(/Count each opening[^]*Count nothing/u) },
    ]);
    const change = { kind: "written", path: "docs/02_market.md", mode: "100644" } as const;
    await runner.handOver(
      "1-02_market",
      [{ ...change, contentBase64: Buffer.from("Nobody counts.").toString("base64") }],
      [{ id: point?.id ?? "", kind: "fixed", text: "No counting any more." }],
    );
    await runner.end({ kind: "completed" });
    await told.settle();
    expect([...told.github.pulls.values()].map(({ branch }) => branch)).toEqual([
      "phasegate/7-1-planning",
      "phasegate/7-2-design",
      "phasegate/7-3-ripple",
    ]);
    expect(currentPhaseOf(await told.task())?.gate?.review).toBe("in_review");
    await told.mergeGate(33);
    expect((await told.task()).status).toBe("completed");
  });

  test("needs no pull request where the agent says of each part why it holds", async () => {
    const { told, runner } = await begun();
    const [point] = runner.job.feedback;
    await runner.idleStep("1-02_market", [{ id: point?.id ?? "", kind: "declined", text: "It speaks of sellers." }]);
    await runner.end({ kind: "completed" });
    await told.settle();
    const task = await told.task();
    expect(task.status).toBe("completed");
    expect(currentPhaseOf(task)?.completed).toMatchObject({ skipped: true, by: "" });
    expect(told.github.pulls.size).toBe(2);
    expect(
      told.github.comments.flatMap(({ notice }) => (notice?.kind === "ripple-settled" ? [notice] : [])),
    ).toMatchObject([
      { items: [{ id: "REQ-002" }], parts: [{ title: "planning: 02_market", text: "It speaks of sellers." }] },
    ]);
  });

  test("is an attempt that failed where the agent neither changes a part nor answers for it", async () => {
    const { told, runner } = await begun();
    await runner.idleStep("1-02_market");
    await runner.end({ kind: "completed" });
    await told.settle();
    expect(await told.types()).not.toContain("RippleSettled");
    expect((await told.events()).findLast(({ type }) => type === "PhaseVerified")).toMatchObject({ passed: false });
  });

  test("and changes again before the phase begins is taken as it is then", async () => {
    const told = await designed();
    await edited(told, otherwise);
    await edited(told, features.replace("Count each opening", "Count by country"));
    expect((await ripples(told)).map(({ phase }) => phase)).toEqual([3, 3]);
    await told.mergeGate(32);
    const runner = await told.openRun();
    expect(runner.job.feedback).toHaveLength(1);
    expect(JSON.stringify(runner.job.feedback)).toMatch(/Count each opening.*Count by country/u);
  });

  test("and is put back before the phase begins opens nothing", async () => {
    const told = await designed();
    await edited(told, otherwise);
    await edited(told, features);
    expect((await ripples(told)).at(-1)).toMatchObject({ changed: { items: [], touched: [] } });
    await told.mergeGate(32);
    expect((await told.task()).status).toBe("completed");
  });

  test("that nothing cites is told, and opens no gate", async () => {
    const told = await designed("Nothing of it.");
    await edited(told, otherwise);
    expect(await ripples(told)).toMatchObject([{ phase: null, changed: { touched: [] } }]);
    await told.mergeGate(32);
    expect((await told.task()).status).toBe("completed");
  });

  test("may be left as it is with /skip-phase", async () => {
    const told = await designed();
    await edited(told, otherwise);
    await told.mergeGate(32);
    await told.comment("skip-phase");
    expect((await told.task()).status).toBe("completed");
  });

  test("is no change where only its marks or other text of the document changed", async () => {
    const told = await designed();
    await edited(told, `# Idea\n\n${features.replace("- REQ-002", "* **REQ-002**")}\nMore words.\n`);
    expect(await ripples(told)).toEqual([]);
  });

  test("lets parts be opened that no longer pass their checks, too", async () => {
    const told = await designed("Nothing of it.");
    told.reports.push({
      passed: false,
      checks: [{ check: "links-resolve", passed: false, looked: 1 }],
      findings: [
        {
          check: "links-resolve",
          step: "02_market",
          path: "docs/02_market.md",
          line: 3,
          message: "the link leads nowhere",
        },
      ],
      notes: [],
    });
    await edited(told, otherwise);
    expect(await ripples(told)).toMatchObject([
      {
        phase: 3,
        changed: { touched: [{ step: "02_market" }], checked: [{ phase: 1, passed: false }] },
      },
    ]);
  });
});

describe("a phase that changes what an earlier one approved", () => {
  async function changing(text: string): Promise<World> {
    const told = await planned();
    const runner = await told.openRun();
    const file = (path: string, content: string) =>
      ({ kind: "written", path, mode: "100644", contentBase64: Buffer.from(content).toString("base64") }) as const;
    await runner.handOver("01_screens", [file("docs/01_screens.md", "REQ-001."), file("docs/01_idea.md", text)]);
    await runner.end({ kind: "completed" });
    await told.settle();
    return told;
  }

  test("says so in its gate, and what follows comes with the merge, before anything else", async () => {
    const told = await changing(otherwise);
    expect(currentPhaseOf(await told.task())?.changed).toMatchObject({
      items: [{ id: "REQ-002" }],
      touched: [{ phase: 1, step: "02_market" }],
    });
    expect(await ripples(told)).toEqual([]);
    await told.mergeGate(32);
    expect(await ripples(told)).toHaveLength(1);
    const runner = await told.openRun();
    expect(runner.job.stepsToDo).toEqual(["1-02_market"]);
    // What came with the merge is not found a second time.
    await told.advance(20 * minuteMs);
    expect(await ripples(told)).toHaveLength(1);
  });

  test("is not said of one whose branch is only older than what a person has changed on the base", async () => {
    const told = await designed();
    await edited(told, otherwise);
    await told.comment("rework", "owner", 7, "say more");
    await told.runPhase();
    const task = await told.task();
    expect(currentPhaseOf(task)?.verification).toMatchObject({ attempt: 2, passed: true });
    expect(currentPhaseOf(task)?.changed).toBeNull();
    expect(await ripples(told)).toHaveLength(1);
  });

  test("and takes the change back in a rework opens nothing", async () => {
    const told = await changing(otherwise);
    await told.comment("rework", "owner", 7, "leave REQ-002 as it was");
    const runner = await told.openRun();
    const content = { kind: "written", path: "docs/01_idea.md", mode: "100644" } as const;
    const answers = runner.job.feedback.map(({ id }) => ({ id, kind: "fixed", text: "Put back." }) as const);
    await runner.handOver(
      "01_screens",
      [{ ...content, contentBase64: Buffer.from(features).toString("base64") }],
      answers,
    );
    await runner.end({ kind: "completed" });
    await told.settle();
    expect(currentPhaseOf(await told.task())?.changed).toBeNull();
    await told.mergeGate(pullRequestOf(await told.task()) ?? 0);
    expect((await told.task()).status).toBe("completed");
  });
});

test("a push to the default branch is looked at within seconds, one to another branch not at all", async () => {
  const told = await designed();
  told.github.push("main", "docs/01_idea.md", otherwise);
  const repository = { installationId: 1, repositoryId: 2, owner: "octo", name: "links" };
  const moved = { kind: "base-moved", repository, branch: "main" } as const;
  await told.deliver({ ...moved, branch: "feature", isDefault: false });
  await told.advance(10_000);
  expect(await ripples(told)).toEqual([]);
  await told.deliver({ ...moved, isDefault: true });
  await told.advance(10_000);
  expect(await ripples(told)).toHaveLength(1);
});

test("a look that fails again and again holds nothing up, and the next sweep looks anew", async () => {
  const told = await designed();
  told.github.push("main", "docs/01_idea.md", otherwise);
  told.github.failNext("authorOf", "before", () => new Error("GitHub answered 500"), { times: 8 });
  for (let minutes = 0; minutes < 60; minutes += 5) await told.advance(5 * minuteMs);
  expect((await told.task()).blockedBy).toBeNull();
  expect(await ripples(told)).toHaveLength(1);
});
