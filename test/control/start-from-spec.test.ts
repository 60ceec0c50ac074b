/** A specification on the default branch that nobody wrote an issue for. */
import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { goodSpec, specPath } from "../verify/spec-text.ts";
import { repository, world, type World } from "./world.ts";

const tagged = goodSpec.replace("tags: [mail]", "tags: [mail, create_app]");

async function pushed(text: string, sender = "owner"): Promise<World> {
  const told = await world();
  told.github.push("main", specPath, text);
  await push(told, sender);
  return told;
}

async function push(told: World, sender = "owner"): Promise<void> {
  const specs = { paths: [specPath], sha: told.github.headOf("main") ?? "", sender };
  await told.deliver({ kind: "base-moved", repository, branch: "main", isDefault: true, specs });
}

const issuesOf = (told: World) => [...told.github.issues.keys()].filter((number) => number !== 7);

describe("a specification that somebody with write pushed", () => {
  test("starts the task that a tag of it names, on an issue of its own", async () => {
    const told = await pushed(tagged);
    const [number = 0] = issuesOf(told);
    expect(await told.task(number)).toMatchObject({
      status: "pending",
      issue: { title: "Remind of overdue tools" },
      playbook: { name: "create_app" },
      prompt: { startedBy: "owner" },
    });
  });

  test("is the task's own: its progress goes with the first commit", async () => {
    const told = await pushed(tagged);
    const [number = 0] = issuesOf(told);
    await told.runPhase(number);
    const text = told.github.branches.get(`phasegate/${number}-1-planning`)?.at(-1)?.files.get(specPath);
    expect(text).toContain(`issue: ${number}\n`);
    expect(text).toContain("change: TASK-001 pending to completed");
  });

  test("starts one task, however often the push is told", async () => {
    const told = await pushed(tagged);
    await push(told);
    expect(issuesOf(told)).toHaveLength(1);
    expect(await told.store.tasksOfIssue(repository.repositoryId, issuesOf(told)[0] ?? 0)).toHaveLength(1);
  });

  test("starts it and has its check, though GitHub answers nothing in between", async () => {
    const told = await world();
    told.github.push("main", specPath, tagged);
    told.github.failNext("showSpecificationsCheck", "before", () => new RetryLater("GitHub is down", 10_000));
    const sha = told.github.headOf("main") ?? "";
    const specs = { paths: [specPath], sha, sender: "owner" };
    await told.deliver({ kind: "base-moved", repository, branch: "main", isDefault: true, specsSha: sha, specs });
    await told.advance(60_000);
    expect(issuesOf(told)).toHaveLength(1);
    expect(told.github.specificationsChecks.get(sha)).toMatchObject({ looked: 1 });
  });

  test.each([
    ["without a tag that names a playbook", goodSpec],
    ["that is a draft", tagged.replace("status: pending\n", "status: draft\n")],
    ["that has an issue", tagged.replace("status: pending\n", "status: pending\nissue: 7\n")],
    ["that is faulty", tagged.replace("version: 1.0.0", "version: 1")],
  ])("%s starts nothing", async (_, text) => {
    expect(issuesOf(await pushed(text))).toEqual([]);
  });
});

test("a specification of somebody without write starts nothing", async () => {
  expect(issuesOf(await pushed(tagged, "reader"))).toEqual([]);
});
