import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { currentPhaseOf } from "../../src/core/state.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { says } from "./payloads.ts";
import { reportOf, repository, world, type World, type WorldOptions } from "./world.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const onGate = { number: 31, onPullRequest: true } as const;
const onFirstGate = { repository, issueNumber: 31, onPullRequest: true, commentId: 800, sender: "owner" } as const;

/** The first gate, #31, waits for review; the agent took three decisions. */
async function decided(options: WorldOptions = {}): Promise<World> {
  const told = await world(options);
  told.github.permissions.set("wanda", "admin");
  await told.label();
  await told.runPhase(7, reportOf("Links live for ever", "Visitors need no account", "One table"));
  expect((await told.task()).status).toBe("review");
  return told;
}

async function vetoes(told: World) {
  const list = currentPhaseOf(await told.task())?.decisions.list ?? [];
  return list.flatMap(({ number, veto }) => (veto === null ? [] : [[number, veto.by, veto.reason]]));
}

async function reworks(told: World): Promise<number> {
  return (await told.types()).filter((type) => type === "ReworkRequested").length;
}

describe("the gate's body", () => {
  test("that does not show a veto by a comment yet takes it back from nobody", async () => {
    const told = await decided();
    told.github.failNext("presentGate", "before", () => new RetryLater("no answer", minuteMs), { times: 3 });
    await says(told, "/veto 1 because it is slow", { ...onGate, sender: "wanda" });
    await told.gateEdited(31, "wanda");
    expect(await vetoes(told)).toEqual([[1, "wanda", "it is slow"]]);
  });

  test("has a box for each decision that the agent took", async () => {
    const told = await decided();
    expect(told.github.pulls.get(31)?.boxes).toEqual([
      { attempt: 1, number: 1, ticked: false, writtenTicked: false },
      { attempt: 1, number: 2, ticked: false, writtenTicked: false },
      { attempt: 1, number: 3, ticked: false, writtenTicked: false },
    ]);
  });
});

describe("a tick in the gate's body", () => {
  test("is a veto of whoever edited it, who is asked why once; nothing is reworked until somebody says it", async () => {
    const told = await decided();
    await told.tick(31, 2, { sender: "wanda" });
    expect(await vetoes(told)).toEqual([[2, "wanda", null]]);
    await told.gateEdited(31, "wanda");
    await told.advance(10 * minuteMs);
    expect(await reworks(told)).toBe(0);
    const asked = told.github.comments.filter(({ notice }) => notice?.kind === "veto-reason");
    expect(asked).toMatchObject([
      { issueNumber: 31, notice: { number: 2, decision: "Visitors need no account", by: "wanda" } },
    ]);
  });

  test("of somebody without write changes nothing, is taken back, and nobody is asked", async () => {
    const told = await decided();
    const before = (await told.events()).length;
    for (const sender of ["reader", "stranger"]) {
      await told.tick(31, 1, { sender });
      expect(told.github.pulls.get(31)?.boxes.map(({ ticked }) => ticked)).toEqual([false, false, false]);
    }
    // Whoever edits next is not taken for the one who ticked.
    await told.gateEdited(31, "wanda");
    expect(await told.events()).toHaveLength(before);
    expect(told.github.notices()).toEqual([]);
  });

  test("taken away by somebody without write is put back", async () => {
    const told = await decided();
    await told.tick(31, 2);
    await told.tick(31, 2, { ticked: false, sender: "reader" });
    expect(await vetoes(told)).toEqual([[2, "owner", null]]);
    expect(told.github.pulls.get(31)?.boxes.map(({ ticked }) => ticked)).toEqual([false, true, false]);
  });

  test.each([
    ["wanda", [[1, "wanda", null]]],
    ["reader", []],
    [null, [[1, "GitHub", null]]],
  ])("that only the sweep finds counts for whoever GitHub says edited last: %s", async (editor, found) => {
    const told = await decided();
    told.github.tick(31, 1, true, editor);
    await told.advance(6 * minuteMs);
    expect(await vetoes(told)).toEqual(found);
    expect(told.github.pulls.get(31)?.boxes[0]?.ticked).toBe(found.length > 0);
  });

  test("whose webhook comes twice, or late, is one veto", async () => {
    const told = await decided();
    told.github.tick(31, 3);
    const edited = { kind: "gate-edited", pullRequest: 31, sender: "owner" } as const;
    const repository = { installationId: 1, repositoryId: 2, owner: "octo", name: "links" };
    await told.deliver({ ...edited, repository }, "guid-1");
    await told.deliver({ ...edited, repository }, "guid-1");
    await told.deliver({ ...edited, repository }, "guid-2");
    expect((await told.types()).filter((type) => type === "DecisionVetoed")).toHaveLength(1);
  });

  test("that is taken back before anybody reworked it is no veto", async () => {
    const told = await decided();
    await told.tick(31, 2);
    await told.tick(31, 2, { ticked: false });
    expect(await vetoes(told)).toEqual([]);
    await told.advance(10 * minuteMs);
    expect(await reworks(told)).toBe(0);
  });

  test("before the body shows a veto that came by a command leaves that one as it is", async () => {
    const told = await decided();
    const shown = told.github.hangNext("presentGate", "before");
    await told.send({ kind: "command", ...onFirstGate, command: { name: "veto", argument: "3 because it grows" } });
    await told.github.until(() => told.github.calls.at(-1) === "presentGate");
    told.github.tick(31, 2);
    await told.send({ kind: "gate-edited", repository, pullRequest: 31, sender: "wanda" });
    await told.github.until(() => told.github.calls.at(-1) === "permissionOf");
    shown();
    await told.settle();
    expect(await vetoes(told)).toEqual([
      [2, "wanda", null],
      [3, "owner", "it grows"],
    ]);
    await told.tick(31, 3, { ticked: false, sender: "wanda" });
    expect(await vetoes(told)).toEqual([[2, "wanda", null]]);
  });

  test("gets its reason by /veto, which starts the rework after a moment of silence", async () => {
    const told = await decided();
    await told.tick(31, 2);
    await says(told, "/veto 2 because we count who visits", onGate);
    expect(await vetoes(told)).toEqual([[2, "owner", "we count who visits"]]);
    await told.advance(20 * secondMs - 1);
    expect(await reworks(told)).toBe(0);
    await told.advance(1);
    expect(await reworks(told)).toBe(1);
  });
});

describe("/veto", () => {
  test.each([
    ["/veto 3 because it is slow", "it is slow"],
    ["/veto 3: it is slow", "it is slow"],
    ["/veto #3 – because: it is slow", "it is slow"],
    ["/veto decision 3 it is slow", "it is slow"],
    ["/veto 3", null],
  ])("%j vetoes the third decision", async (typed, reason) => {
    const told = await decided();
    await says(told, typed, { ...onGate, sender: "wanda" });
    expect(await vetoes(told)).toEqual([[3, "wanda", reason]]);
    expect(told.github.notices().map(({ kind }) => kind)).toEqual(reason === null ? ["veto-reason"] : []);
  });

  test.each([
    ["/veto", "takes the number of a decision and a reason"],
    ["/veto the third", "takes the number of a decision and a reason"],
    ["/veto 4 because no", "there is no decision 4; the pull request lists decisions 1 to 3"],
  ])("%j is refused, with what there is", async (typed, words) => {
    const told = await decided();
    await says(told, typed, onGate);
    expect(await vetoes(told)).toEqual([]);
    expect(told.github.notices()).toMatchObject([{ command: "/veto", reason: expect.stringContaining(words) }]);
  });

  test("counts as often as a comment says it, each with its words up to the next command", async () => {
    const told = await decided();
    await says(told, "/veto 1 because\nthey clutter\n\n/veto 9 no\n/veto 3: it grows\n/status", onGate);
    expect(await vetoes(told)).toEqual([
      [1, "owner", "they clutter"],
      [3, "owner", "it grows"],
    ]);
    expect(told.github.notices()).toMatchObject([{ reason: expect.stringContaining("there is no decision 9") }]);
    await told.advance(20 * secondMs);
    expect((await told.openRun()).job.feedback.map(({ id }) => id)).toEqual(["veto:1:1:1", "veto:1:1:3"]);
  });

  test("on the issue counts, too", async () => {
    const told = await decided();
    await says(told, "/veto 1 because they clutter");
    expect(await vetoes(told)).toEqual([[1, "owner", "they clutter"]]);
  });

  test("several within the moment of silence are one rework, with the words of each at the step of its files", async () => {
    const told = await decided();
    await says(told, "/veto 1 because they clut\u200Bter", onGate);
    await told.advance(15 * secondMs);
    await says(told, "/veto 3 because it grows", { ...onGate, sender: "wanda" });
    await told.advance(15 * secondMs);
    expect(await reworks(told)).toBe(0);
    await told.advance(5 * secondMs);
    expect(await reworks(told)).toBe(1);
    expect(await told.task()).toMatchObject({ phases: [{ rework: { by: ["owner", "wanda"], source: "veto" } }] });
    const { job } = await told.openRun();
    expect(job.feedback.map(({ id, step, request, comments }) => [id, step, request, comments[0]?.by])).toEqual([
      ["veto:1:1:1", "01_idea", "change", "owner"],
      ["veto:1:1:3", "01_idea", "change", "wanda"],
    ]);
    const [text] = job.feedback.flatMap(({ comments }) => comments.map((comment) => comment.text));
    expect(text).toContain('I veto decision 1: "Links live for ever"');
    expect(text).toContain('"Not: Links live for ever"');
    expect(text).toContain("My reason: they clutter");
    expect(text).toContain("docs/01_idea.md");
  });

  test("has the agent's next run know what it decided before", async () => {
    const told = await decided();
    await says(told, "/veto 1 because they clutter", onGate);
    await told.advance(20 * secondMs);
    const { job } = await told.openRun();
    expect(job.decisions.map(({ decision }) => decision)).toEqual([
      "Links live for ever",
      "Visitors need no account",
      "One table",
    ]);
  });

  test("is answered, and the next list has boxes that nobody ticked", async () => {
    const told = await decided();
    await told.tick(31, 1);
    await says(told, "/veto 1 because they clutter", onGate);
    await told.advance(20 * secondMs);
    await told.runPhase(7, reportOf("Links end after a year", "Visitors need no account"));
    await told.settle();
    expect((await told.task()).status).toBe("review");
    expect(told.github.notices()).toContainEqual({
      kind: "feedback-answered",
      answers: [expect.objectContaining({ id: "veto:1:1:1", kind: "fixed" })],
    });
    expect(told.github.pulls.get(31)?.boxes).toEqual([
      { attempt: 2, number: 1, ticked: false, writtenTicked: false },
      { attempt: 2, number: 2, ticked: false, writtenTicked: false },
    ]);
    expect(await vetoes(told)).toEqual([]);
    await told.advance(10 * minuteMs);
    expect(await reworks(told)).toBe(1);
  });

  test("is taken up by a review's rework that starts first, and not once more", async () => {
    const told = await decided();
    const threadId = told.github.thread(31);
    await told.review(31, { verdict: "changes_requested" });
    await told.advance(10 * secondMs);
    await says(told, "/veto 3 because it grows", onGate);
    await told.advance(10 * secondMs);
    const { job } = await told.openRun();
    expect(job.feedback.map(({ id }) => id)).toEqual([`thread:${threadId}`, "veto:1:1:3"]);
    await told.advance(minuteMs);
    expect(await reworks(told)).toBe(1);
  });

  test("is taken up by /rework", async () => {
    const told = await decided();
    await says(told, "/veto 3 because it grows", onGate);
    await says(told, "/rework And say less.", { ...onGate, id: 900 });
    const { job } = await told.openRun();
    expect(job.feedback.map(({ id }) => id)).toEqual(["veto:1:1:3", "comment:900"]);
    await told.advance(minuteMs);
    expect(await reworks(told)).toBe(1);
  });
});

describe("a process that dies over a veto", () => {
  test("before its rework is recorded: it is started once, and the agent gets the words", async () => {
    const told = await decided({ dataDir: await temporaryFolder() });
    await says(told, "/veto 3 because it grows", onGate);
    await told.advance(20 * secondMs - 1);
    told.dieAtCall(6, "after");
    await told.advance(1);
    expect(told.isDoomed).toBe(false);
    expect(await reworks(told)).toBe(1);
    expect((await told.openRun()).job.feedback.map(({ id }) => id)).toEqual(["veto:1:1:3"]);
  });

  test("after it read the boxes: each tick is one veto", async () => {
    const told = await decided({ dataDir: await temporaryFolder() });
    told.dieAfter("readVetoBoxes");
    await told.tick(31, 1);
    // The sweep of the new process looks, too.
    expect(told.github.countOf("readVetoBoxes")).toBeGreaterThan(1);
    expect((await told.types()).filter((type) => type === "DecisionVetoed")).toHaveLength(1);
  });

  test("after it asked for the reason: it asks once", async () => {
    const told = await decided({ dataDir: await temporaryFolder() });
    told.dieAfter("notify");
    await told.tick(31, 1);
    expect(told.github.countOf("notify")).toBe(2);
    expect(told.github.notices().map(({ kind }) => kind)).toEqual(["veto-reason"]);
  });
});

test("vetoes of two phases are two, though attempt and number are the same", async () => {
  const told = await decided();
  await says(told, "/veto 1 because it is slow", onGate);
  await told.advance(20 * secondMs);
  await told.runPhase();
  await told.mergeGate(31);
  await told.runPhase(7, reportOf("Two screens"));
  await says(told, "/veto 1 because it is dear", { number: 32, onPullRequest: true });
  await told.advance(20 * secondMs);
  const ids = (await told.events()).flatMap((event) => (event.type === "ReworkRequested" ? event.ids : []));
  expect(ids).toEqual(["veto:1:1:1", "veto:2:1:1"]);
});

describe("/rework in a comment of a review thread", () => {
  test("takes up that thread, whose words are not said twice", async () => {
    const told = await decided();
    const text = "/rework Say who pays.";
    const threadId = told.github.thread(31, { comments: [{ by: "owner", byBot: false, byUs: false, text }] });
    await says(told, text, onGate);
    const { job } = await told.openRun();
    expect(job.feedback.map(({ id, comments }) => [id, comments.map((comment) => comment.text)])).toEqual([
      [`thread:${threadId}`, [text]],
    ]);
  });
});
