/** An agent that floods and overspends, run by the real CLI in the real action. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SecurityKind } from "../../src/core/security.ts";
import { canHaveSecondUser } from "../demo/options.ts";
import { guideFolder, notesAgent, request, runs, writes } from "../stories/notes/agent.ts";
import { asked } from "../stories/notes/looks.ts";
import { repositoryName } from "../support/github-world.ts";
import { openStory } from "../support/story.ts";
import { flooding, overspending } from "./attacks.ts";

// Reason to skip: only root (or sudo, through which the action becomes root) can make a second user.
describe.skipIf(!canHaveSecondUser())("an agent that floods and overspends", () => {
  let opened: Awaited<ReturnType<typeof openStory>>;
  let heard = "";
  let files: readonly string[] = [];
  let logBytes = 0;
  let workTree = "";
  const floodPath = /docs\/notes\/many/u;

  beforeAll(async () => {
    let attempts = 0;
    opened = await openStory({
      guideFolder,
      environment: { TASK_BUDGET_USD: "2" },
      decide: notesAgent({
        "notes/01_first": [
          (scene) => {
            attempts += 1;
            workTree = scene.workTree;
            return runs(attempts === 1 ? flooding(workTree) : overspending())(scene);
          },
          writes("A note."),
        ],
      }),
    });
    const { story: told } = opened;
    await told.owner.openIssue({ ...request, labels: ["write_note"] });
    await told.next("ReviewCreated");
    await told.settled();
    const { sandbox } = told;
    heard = asked(told)
      .flatMap(({ messages }) => messages.flatMap(({ toolResults }) => toolResults.map(({ text }) => text)))
      .join("\n");
    const git = ["--git-dir", sandbox.gitDirOf(repositoryName), "log", "--all", "--name-only", "--format="];
    files = execFileSync("git", git, { encoding: "utf8" }).split("\n");
    logBytes = [...sandbox.repositoryOf(repositoryName).runs.values()]
      .flatMap(({ jobs }) => jobs.map(({ log }) => log.length))
      .reduce((sum, length) => sum + length, 0);
  }, 110_000);

  afterAll(() => opened?.close());

  const outcomes = () => opened.story.events.flatMap((event) => (event.type === "RunEnded" ? [event.outcome] : []));

  test("does all of it, so that the rest means something", () => {
    expect(heard).toContain("GOT you, and all that hear you");
    expect(heard).toMatch(/^REFUSED more money 403/mu);
  });

  test("gets 100 MB of output into no log", () => {
    expect(logBytes).toBeLessThan(100_000);
  });

  test("has none of 100,000 files handed over: the attempt fails, and says why", () => {
    const [first] = outcomes();
    expect(first?.kind === "failed" ? first.findings.map(({ message }) => message) : []).toContainEqual(
      expect.stringMatching(/^10000\d files changed/u),
    );
    expect(files.filter((name) => floodPath.test(name))).toEqual([]);
  });

  test("gets no more money than its purse, and what it was refused costs nothing", () => {
    const spentUsd = opened.story.events.reduce((sum, event) => sum + ("spent" in event ? event.spent.costUsd : 0), 0);
    expect(spentUsd).toBeLessThan(0.5);
    expect(outcomes().at(-1)).toEqual({ kind: "completed" });
  });

  test.each<SecurityKind>(["too-much", "model-refused"])("leaves %s in the task's record", (kind) => {
    const notes = opened.story.events.flatMap((event) => (event.type === "SecurityNoted" ? event.notes : []));
    expect(notes.map((note) => note.kind)).toContain(kind);
  });
});
