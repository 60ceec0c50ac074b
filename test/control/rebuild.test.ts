/** Lose the database, lose nothing: a task's history lies in its repository, too, and the task goes on from there. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { RecordFile } from "../../src/control/ports/records.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { RunnerRefused } from "../../src/control/serve-runner/session.ts";
import { isSettled, liveRunOf, currentPhaseOf } from "../../src/core/state.ts";
import { rowsIn, temporaryFolder } from "../store/temporary-store.ts";
import { says } from "./payloads.ts";
import { found, repository, world, type World } from "./world.ts";

/** What people find in the end where nothing is lost. */
const undisturbed = {
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

async function labelled(options: Parameters<typeof world>[0] = {}): Promise<World> {
  const told = await world({ dataDir: await temporaryFolder(), ...options });
  await told.label();
  return told;
}

/** A job whose run is not known any more fails, and GitHub shows it. */
async function runPhase(told: World): Promise<void> {
  const { runId } = await told.liveRun();
  try {
    await told.runPhase();
  } catch (error) {
    if (!(error instanceof RunnerRefused)) throw error;
    told.github.changeRun(runId, { status: "completed", conclusion: "failure" });
  }
}

/** Plays runner, reviewer and time until the task has ended. */
async function playOn(told: World): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) {
    await told.settle();
    const task = await told.task();
    if (isSettled(task)) return told.advance(31_000);
    const run = liveRunOf(task);
    const gate = currentPhaseOf(task)?.gate ?? null;
    const pull = gate === null ? undefined : told.github.pulls.get(gate.pullRequest);
    if (run?.dispatched != null && !run.started && isQueued(told, run.runId)) await runPhase(told);
    else if (task.status === "review" && pull?.draft === false && pull.open) await told.mergeGate(pull.pullRequest);
    else await told.advance(run === null ? 1_000 : 4 * 60_000);
  }
  throw new Error(`the task stands still as ${JSON.stringify(await told.types())}`);
}

function isQueued({ github }: World, runId: string): boolean {
  return github.runs.some((run) => run.runId === runId && run.status !== "completed");
}

/** Of the current phase. */
async function mergeGate(told: World): Promise<void> {
  const gate = currentPhaseOf(await told.task())?.gate;
  await told.mergeGate(gate?.pullRequest ?? 0);
}

function versions({ github }: World, name = "7"): readonly (number | undefined)[] {
  return (github.records.get(name) ?? []).map(({ mark }) => mark.version);
}

describe("the record of a task", () => {
  test("gets one commit at its beginning, each gate, each wait, each end of one, and the end", async () => {
    const told = await labelled();
    const after = async (what: () => Promise<unknown>) => {
      const before = versions(told).length;
      await what();
      await told.settle();
      return versions(told).length - before;
    };
    expect(versions(told)).toHaveLength(1);
    const runner = await told.openRun();
    expect(await after(() => runner.question("Which colour?"))).toBe(0);
    expect(await after(() => runner.end({ kind: "waiting-question" }))).toBe(1);
    expect(await after(() => says(told, "/answer 2"))).toBe(1);
    expect(await after(() => told.runPhase())).toBe(1);
    expect((await told.task()).status).toBe("review");
    expect(await after(() => mergeGate(told))).toBe(0);
    expect(await after(() => told.advance(31_000))).toBe(1);
    expect(await after(() => told.runPhase())).toBe(1);
    expect(await after(() => mergeGate(told))).toBe(0);
    expect(await after(() => told.advance(31_000))).toBe(1);
    expect(versions(told).at(-1)).toBe((await told.events()).length);
    // Nothing has happened since.
    expect(await after(() => told.advance(60 * 60_000))).toBe(0);
    expect(told.complaints()).toEqual([]);
  });

  test("shows nothing of what people and agents wrote", async () => {
    const told = await labelled();
    await told.runPhase();
    const text = JSON.stringify(told.github.records.get("7"));
    expect(text).not.toContain("shortener");
    expect(text).not.toContain("Paste a long URL");
    expect(text).not.toContain("owner");
  });

  test("is found to be complete by an app that died before it knew so", async () => {
    const told = await labelled();
    told.dieAfter("addToRecord");
    await told.comment("pause");
    expect(versions(told)).toHaveLength(2);
    expect(versions(told).at(-1)).toBe((await told.events()).length);
  });

  test("goes with the task that is deleted", async () => {
    const told = await labelled();
    await told.runPhase();
    await told.comment("delete");
    await told.advance(31_000);
    expect(told.github.records.has("7")).toBe(false);
    expect((await told.task()).erasedBy).toBe("owner");
  });

  test("of a second task on the same issue lies beside that of the first", async () => {
    const told = await labelled();
    await told.comment("cancel");
    await told.label();
    await told.advance(31_000);
    expect([...told.github.records.keys()]).toEqual(["7", "7-r2"]);
  });

  test("that cannot be written holds nobody up, and the next turn keeps all of it", async () => {
    const told = await labelled();
    told.github.failNext("addToRecord", "before", () => new Error("GitHub answered 403"), { times: 8 });
    await told.runPhase();
    await told.advance(10 * 60_000);
    expect((await told.task()).status).toBe("review");
    expect(versions(told)).toHaveLength(1);
    await mergeGate(told);
    await told.advance(31_000);
    expect(versions(told)).toHaveLength(2);
    expect(await told.loseDatabase()).toEqual([expect.stringContaining("it is pending in phase 2")]);
  });

  const forgeries: Readonly<Record<string, (told: World, files: readonly RecordFile[]) => readonly RecordFile[]>> = {
    "holds no file": () => [],
    "holds what others wrote": () => [{ path: "000001.json", text: "hello" }],
    "holds what the database knows as well": (_, files) => files,
    "can't be read": (told) => {
      const tooMany = () => new Error("it has 100000 files, more than a record ever has");
      told.github.failNext("readRecord", "before", tooMany);
      return [];
    },
  };

  test.each(Object.keys(forgeries))(
    "goes on where somebody marks a commit with a number that it has not, and this %s",
    async (what) => {
      const told = await labelled();
      const commits = told.github.records.get("7") ?? [];
      const [last] = commits.slice(-1);
      if (last === undefined) throw new Error("there is no record");
      const files = forgeries[what]?.(told, last.files) ?? [];
      const forged = { ...last, commitSha: "forged", mark: { ...last.mark, version: 1_000_000 }, files };
      told.github.records.set("7", [...commits, forged]);
      await told.comment("pause");
      expect(versions(told).at(-1)).toBe((await told.events()).length);
      expect(told.complaints()).toContain(
        "a record of something else was there; it stays among the commits before the new one",
      );
      expect(await told.loseDatabase()).toEqual([expect.stringContaining("brought back")]);
    },
  );

  test("that may know more is not written over while GitHub does not let it be read", async () => {
    const told = await labelled();
    const commits = told.github.records.get("7") ?? [];
    const [last] = commits.slice(-1);
    if (last === undefined) throw new Error("there is no record");
    told.github.records.set("7", [...commits, { ...last, commitSha: "forged", mark: { ...last.mark, version: 99 } }]);
    told.github.failNext("readRecord", "before", () => new RetryLater("GitHub's rate limit", 60_000));
    await told.comment("pause");
    expect(versions(told).at(-1)).toBe(99);
    await told.advance(61_000);
    expect(versions(told).at(-1)).toBe((await told.events()).length);
  });

  test("is written anew under a new key, all of it", async () => {
    const told = await labelled();
    await told.die();
    told.checkpointKeys = [{ id: "k2", key: Buffer.alloc(32, 2) }, ...told.checkpointKeys];
    await told.start();
    await told.runPhase();
    const newest = told.github.records.get("7")?.at(-1);
    expect(newest?.files).toHaveLength(1);
    expect(newest?.mark.keyId).toBe("k2");
    told.checkpointKeys = told.checkpointKeys.slice(0, 1);
    expect(await told.loseDatabase()).toEqual([expect.stringContaining("brought back")]);
  });
});

describe("a database that is lost", () => {
  test("is back, event by event, with all that its tables showed", async () => {
    const told = await labelled();
    await told.runPhase();
    const task = await told.task();
    const [kept = 0] = versions(told).slice(-1);
    const before = (await told.events()).slice(0, kept);
    const shows = async () => ({
      usage: await told.store.usage({ taskId: task.taskId }),
      prompt: await told.store.readText(task.prompt?.hash ?? ""),
      ofGate: await told.store.taskOfPullRequest(repository.repositoryId, currentPhaseOf(task)?.gate?.pullRequest ?? 0),
      audit: rowsIn(told.dataDir, `select type, user_id from events where version <= ${kept} order by version`),
    });
    const shown = await shows();
    expect(await told.loseDatabase()).toEqual([`task 7: brought back with ${kept} events; it is review in phase 1`]);
    await told.settle();
    expect((await told.events()).slice(0, kept)).toEqual(before);
    expect(await shows()).toEqual(shown);
    expect(shown).toMatchObject({ usage: { costUsd: 1 }, ofGate: task.taskId });
    expect(shown.audit[0]).toEqual({ type: "TaskCreated", user_id: "owner" });
  });

  test("while the task waits for an answer holds up nobody: it is answered, and the task ends as if nothing had been", async () => {
    const told = await labelled();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.question("Which colour?");
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    const comments = found(told).comments;
    expect(await told.loseDatabase()).toEqual([
      expect.stringMatching(/^task 7: brought back .*; it is pending in phase 1, and waits \(waiting-question\)$/u),
    ]);
    await told.settle();
    expect(found(told).comments).toEqual(comments);
    await says(told, "/answer 2");
    expect((await told.task()).questions[0]?.answer?.text).toBe("Green");
    await playOn(told);
    expect((await told.task()).status).toBe("completed");
    expect(found(told)).toEqual({
      ...undisturbed,
      runs: 3,
      comments: ["status", "questions", "summary"],
    });
    expect(told.complaints()).toEqual([]);
  });

  test("at a gate that is merged before it is back goes on with the next phase", async () => {
    const told = await labelled();
    await told.runPhase();
    const gate = currentPhaseOf(await told.task())?.gate?.pullRequest ?? 0;
    await told.die();
    told.github.merge(gate, "owner");
    await told.loseDatabase();
    await playOn(told);
    expect((await told.task()).status).toBe("completed");
    expect(found(told)).toEqual(undisturbed);
  });

  test("while a run is at work costs that run: the job is refused, and another begins with the phase", async () => {
    const told = await labelled();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
    expect(await told.loseDatabase()).toEqual([expect.stringContaining("it is pending in phase 1")]);
    await expect(runner.step("02_market")).rejects.toThrow("the run token is unknown");
    await playOn(told);
    expect((await told.task()).status).toBe("completed");
    const { runs, pulls, comments } = found(told);
    expect({ runs, pulls, comments }).toEqual({ ...undisturbed, commits: undefined, runs: 3 });
  });

  test("while the model account is at its limit goes on by itself when that ends, and tells nobody twice", async () => {
    const told = await labelled();
    const runner = await told.openRun();
    const resetsAt = new Date(told.time.now().getTime() + 60 * 60_000).toISOString();
    await runner.end({ kind: "rate-limited", resetsAt, message: "five hours are used up" });
    await told.settle();
    const comments = found(told).comments;
    expect(await told.loseDatabase()).toEqual([expect.stringContaining("waits (rate-limited)")]);
    await told.settle();
    await told.advance(50 * 60_000);
    expect(await told.types()).not.toContain("TaskResumed");
    await told.advance(11 * 60_000);
    expect(await told.types()).toContain("TaskResumed");
    expect(found(told).comments).toEqual(comments);
    await playOn(told);
    expect((await told.task()).status).toBe("completed");
  });

  test("while a person must act leaves the one comment that says so as it is", async () => {
    const told = await labelled();
    told.github.preflightFault = { kind: "no-model-secret" };
    const runner = await told.openRun();
    await runner.end({ kind: "slice-ended" });
    await told.settle();
    const comments = found(told).comments;
    expect(comments).toContain("blocked");
    await told.loseDatabase();
    await told.settle();
    expect(found(told).comments).toEqual(comments);
    told.github.preflightFault = null;
    await told.comment("run");
    await playOn(told);
    expect((await told.task()).status).toBe("completed");
  });

  test("with a step that was never published has it made again", async () => {
    const told = await labelled();
    const runner = await told.openRun();
    told.github.failNext("publish", "before", () => new Error("GitHub answered 500"), { times: 99 });
    await runner.step("01_idea");
    await told.comment("pause");
    await told.advance(31_000);
    expect(await told.types()).toContain("StepCompleted");
    await told.loseDatabase();
    told.github.healAll();
    await told.settle();
    expect(await told.types()).toContain("ChangesetRefused");
    await told.comment("resume");
    await playOn(told);
    expect((await told.task()).status).toBe("completed");
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(3);
  });

  test("after `/delete` brings nothing back", async () => {
    const told = await labelled();
    await told.runPhase();
    await told.comment("delete");
    await told.advance(31_000);
    expect(await told.loseDatabase()).toEqual([]);
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toEqual([]);
  });

  test("does nothing again for a task that had ended", async () => {
    const told = await labelled();
    await told.playOn();
    const before = { found: found(told), calls: told.github.calls.length };
    await told.loseDatabase();
    await told.settle();
    expect((await told.task()).status).toBe("completed");
    expect(found(told)).toEqual(before.found);
    expect(
      told.github.calls.slice(before.calls).filter((call) => !/^(?:list|read|recordHead|failed)/u.test(call)),
    ).toEqual([]);
  });

  test("does not let the repository's checks run on what lost its approval since", async () => {
    const told = await labelled({ playbookOf: (playbook) => playbook });
    told.github.ciIsSensitive = true;
    await told.runPhase();
    const gate = currentPhaseOf(await told.task())?.gate?.pullRequest ?? 0;
    told.github.failNext("releaseCi", "before", () => new Error("GitHub answered 500"), { times: 99 });
    const review = await told.review(gate, { verdict: "approved" });
    told.github.changeReview(review, { verdict: "dismissed" });
    await told.reviewsChanged(gate);
    await told.comment("pause");
    expect(await told.types()).toContain("ReviewWithdrawn");
    await told.loseDatabase();
    told.github.healAll();
    const before = told.github.countOf("releaseCi");
    await told.settle();
    expect(told.github.countOf("releaseCi")).toBe(before);
  });

  test.each([9, 40, 75, 110, 145, 180])(
    "with the process, at its call %i: the task ends with the same gates and comments",
    async (call) => {
      const told = await labelled();
      told.losesDatabase = true;
      told.dieAtCall(call, call % 2 === 0 ? "before" : "after");
      await playOn(told);
      expect(told.isDoomed).toBe(false);
      expect((await told.task()).status).toBe("completed");
      const { pulls, comments } = found(told);
      expect([pulls, comments]).toEqual([undisturbed.pulls, undisturbed.comments]);
    },
  );
});

describe("a rebuild", () => {
  test("adds to a database from an older backup what this lacks", async () => {
    const told = await labelled();
    await told.die();
    const backup = await readFile(path.join(told.dataDir, "phasegate.sqlite"));
    await told.start();
    await told.runPhase();
    await told.die();
    await writeFile(path.join(told.dataDir, "phasegate.sqlite"), backup);
    expect(await told.rebuild()).toEqual([
      expect.stringMatching(/^task 7: 1\d events added to the \d that were there; it is review in phase 1$/u),
    ]);
    await told.start();
    await playOn(told);
    expect(found(told)).toEqual(undisturbed);
  });

  test("waits where GitHub asks it to, and says so", async () => {
    const told = await labelled();
    told.github.failNext("listRecords", "before", () => new RetryLater("listing: GitHub answered 502", 1_000));
    told.github.failNext("readRecord", "before", () => new RetryLater("reading: GitHub's rate limit", 60_000));
    expect(await told.loseDatabase()).toEqual([
      "listing: GitHub answered 502; waiting 10 s",
      "task 7, 1 of 1: reading: GitHub's rate limit; waiting 60 s",
      expect.stringContaining("task 7: brought back"),
    ]);
    expect(told.waits).toEqual([10_000, 60_000]);
  });

  test("gives a task up that GitHub puts off each time, and goes on with the next one", async () => {
    const told = await labelled();
    told.github.openIssue(8);
    await told.label("create_app", { issueNumber: 8 });
    told.github.failNext("recordHead", "before", () => new RetryLater("reading: GitHub answered 502", 1_000), {
      times: 8,
    });
    expect((await told.loseDatabase()).slice(-2)).toEqual([
      "task 7: refused, reading: GitHub answered 502",
      expect.stringContaining("task 8: brought back"),
    ]);
    expect(told.waits).toHaveLength(7);
  });

  test("is not deceived by the mark of a task that lies under another name", async () => {
    const told = await labelled();
    const [whole] = told.github.records.get("7") ?? [];
    if (whole === undefined) throw new Error("there is no record");
    await told.die();
    told.github.records.set("8", [{ ...whole, commitSha: "moved", files: [] }]);
    expect(await told.rebuild()).toContain("task 8: refused, it is empty");
    await told.start();
  });

  test("leaves a task alone of which the database knows as much, or more, and reads none of its files", async () => {
    const told = await labelled();
    await told.runPhase();
    await told.die();
    expect(await told.rebuild()).toEqual([
      expect.stringMatching(/^task 7: left as it is, the database knows \d+ events and the record \d+; /u),
    ]);
    await told.start();
    await told.comment("pause");
    await told.die();
    expect(await told.rebuild()).toEqual([expect.stringMatching(/^task 7: already there with \d+ events; /u)]);
    expect(told.github.countOf("readRecord")).toBe(0);
    await told.start();
  });

  test("refuses a task that went another way since, and the app does not write over what it does not know", async () => {
    const told = await labelled();
    await told.die();
    const backup = await readFile(path.join(told.dataDir, "phasegate.sqlite"));
    await told.start();
    await told.runPhase();
    const record = versions(told);
    await told.die();
    await writeFile(path.join(told.dataDir, "phasegate.sqlite"), backup);
    await told.start();
    await told.comment("pause");
    expect(versions(told)).toEqual(record);
    expect(told.complaints()).toContain(
      "the record on GitHub knows more than the database: stop the app and run npm run rebuild",
    );
    await told.die();
    expect(await told.rebuild()).toEqual([
      expect.stringMatching(/^task 7: refused, from event \d+ on the database went another way/u),
    ]);
    await told.start();
  });

  test("names the setting where the key is not there, and goes on with the next task", async () => {
    const told = await labelled();
    await told.die();
    told.checkpointKeys = [{ id: "k2", key: Buffer.alloc(32, 2) }];
    await told.start();
    told.github.openIssue(8);
    await told.label("create_app", { issueNumber: 8 });
    expect(await told.loseDatabase()).toEqual([
      'task 7: refused, it is sealed with the key "k1", which is not among those of this installation; put that key back into CHECKPOINT_KEYS, behind the one that seals now',
      expect.stringContaining("task 8: brought back"),
    ]);
  });

  const damages: Readonly<
    Record<string, { readonly damage: (files: readonly RecordFile[]) => readonly RecordFile[]; readonly says: string }>
  > = {
    "whose first file is missing": { damage: (files) => files.slice(1), says: "what comes after event 0 is missing" },
    "whose file in the middle is missing": {
      damage: (files) => files.filter((_, index) => index !== 1),
      says: "what comes after event",
    },
    "that somebody wrote into": {
      damage: (files) => files.map((file) => ({ ...file, text: "hello" })),
      says: "is none of ours",
    },
    "of another task": {
      damage: (files) => files.map((file) => ({ ...file, text: file.text.replace('"taskId":"', '"taskId":"x') })),
      says: "it was changed or moved",
    },
    "of another repository": {
      damage: (files) =>
        files.map((file) => ({ ...file, text: file.text.replace('"repositoryId":2', '"repositoryId":3') })),
      says: "that of another repository",
    },
    "that was changed": {
      damage: (files) =>
        files.map((file) => ({ ...file, text: file.text.replace(/"sealed":"..../u, '"sealed":"AAAA') })),
      says: "it was changed or moved",
    },
    "that is empty": { damage: () => [], says: "it is empty" },
  };

  test.each(Object.entries(damages))("refuses a record %s", async (_, { damage, says: words }) => {
    const told = await labelled();
    await told.runPhase();
    await mergeGate(told);
    await told.advance(31_000);
    const commits = told.github.records.get("7") ?? [];
    told.github.records.set(
      "7",
      commits.map((commit) => ({ ...commit, files: damage(commit.files) })),
    );
    const [line] = await told.loseDatabase();
    expect(line).toMatch(/^task 7: refused, /u);
    expect(line).toContain(words);
  });

  test("refuses a record that was copied to another repository", async () => {
    const told = await labelled();
    expect(await told.loseDatabase({ ...repository, repositoryId: 99 })).toEqual([
      "task 7: refused, it is that of another repository",
    ]);
  });

  test("knows a repository that was renamed or got the App anew", async () => {
    const told = await labelled();
    await told.runPhase();
    const moved = { ...repository, installationId: 12, name: "renamed" };
    await told.loseDatabase(moved);
    expect((await told.task()).repository).toEqual(moved);
  });
});
