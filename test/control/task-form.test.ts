import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../store/temporary-store.ts";
import { repository, world, type World } from "./world.ts";

/** As GitHub renders it. */
const form = (fields: Readonly<Record<string, string>>) =>
  Object.entries({ "What do you want to build?": "A page where neighbours lend out tools.", ...fields })
    .map(([label, value]) => `### ${label}\n\n${value}`)
    .join("\n\n");
const faulty = form({ "Budget in US dollars": "a lot", "Output directory": "../elsewhere" });
const whole = form({
  "Budget in US dollars": "8",
  "Output directory": "apps/tools",
  "Base branch": "develop",
  "Language of the documents": "English",
  Priority: "high",
});

function edit(told: World, body: string, sender = "owner"): Promise<void> {
  told.github.openIssue(7, { body });
  return told.deliver({ kind: "issue-edited", repository, issueNumber: 7, sender });
}

function withBranch(told: World, name: string): void {
  told.github.branches.set(name, [{ sha: `${name}-0`, mark: "", files: new Map() }]);
}

/** With the branch that the whole form names. */
async function developed(...options: Parameters<typeof world>): Promise<World> {
  const told = await world(...options);
  withBranch(told, "develop");
  return told;
}

const fieldsAsked = (told: World) => told.github.forms.map(({ faults }) => faults.map(({ field }) => field));

describe("a labelled issue", () => {
  test("whose form is whole starts with what it says, and is asked nothing", async () => {
    const told = await developed();
    told.github.openIssue(7, { body: whole });

    await told.label();

    expect(await told.task()).toMatchObject({
      status: "pending",
      taskBudgetUsd: 8,
      input: {
        language: "en",
        outputDirectory: "apps/tools",
        baseBranch: "develop",
        budgetUsd: 8,
        priority: "high",
        references: [],
      },
    });
    expect(told.github.forms).toEqual([]);
  });

  test("with faults becomes a draft, and one comment names them all", async () => {
    const told = await developed();
    told.github.openIssue(7, { body: faulty });

    await told.label();

    expect((await told.task()).status).toBe("draft");
    expect(fieldsAsked(told)).toEqual([["Output directory", "Budget in US dollars"]]);
    expect(told.github.forms[0]?.faults[1]).toMatchObject({ given: "a lot" });
    expect(told.github.runs).toEqual([]);
  });

  test("that names a branch which is not there is asked for one", async () => {
    const told = await developed();
    told.github.openIssue(7, { body: form({ "Base branch": "release" }) });

    await told.label();

    expect((await told.task()).status).toBe("draft");
    expect(fieldsAsked(told)).toEqual([["Base branch"]]);
    withBranch(told, "release");
    await told.comment("run");
    expect((await told.task()).status).toBe("pending");
  });

  test("that names a branch works from it to its end, and the issue is closed by the app", async () => {
    const told = await developed();
    told.github.openIssue(7, { body: form({ "Base branch": "develop" }) });
    await told.label();

    const first = await told.openRun();
    expect(first.job.headSha).toBe("develop-0");
    await told.runOn(first);
    await told.playOn();
    expect([...told.github.pulls.values()].map(({ base }) => base)).toEqual(["develop", "develop"]);
    expect(await told.task()).toMatchObject({ status: "completed" });
    expect(told.github.issues.get(7)).toMatchObject({ open: false });
  });

  test("that says nothing becomes a draft, too", async () => {
    const told = await developed();
    told.github.openIssue(7, { title: "App", body: "" });

    await told.label();

    expect((await told.task()).status).toBe("draft");
    expect(fieldsAsked(told)).toEqual([["Text"]]);
  });

  test("is asked once although the app dies over it", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.github.openIssue(7, { body: faulty });
    told.dieAfter("showFaults");

    await told.label();

    expect(told.github.forms).toHaveLength(1);
    expect((await told.task()).status).toBe("draft");
  });
});

describe("the edit of an issue whose form has faults", () => {
  async function draft(sender = "owner"): Promise<World> {
    const told = await developed();
    told.github.openIssue(7, { body: faulty, author: "reader" });
    await told.label("create_app", { sender });
    return told;
  }

  test("by a writer starts the task once nothing is missing, and the comment says so", async () => {
    const told = await draft();

    await edit(told, form({ "Budget in US dollars": "8", "Output directory": "../elsewhere" }));
    expect(fieldsAsked(told)).toEqual([["Output directory"]]);
    expect((await told.task()).status).toBe("draft");

    await edit(told, whole);
    expect(fieldsAsked(told)).toEqual([[]]);
    expect(await told.task()).toMatchObject({ status: "pending", input: { budgetUsd: 8 } });
  });

  test("by its author without the right shows what is left, and starts nothing until a writer says /run", async () => {
    const told = await draft();

    await edit(told, whole, "reader");
    expect(fieldsAsked(told)).toEqual([[]]);
    expect((await told.task()).status).toBe("draft");

    await told.comment("run");
    expect(await told.task()).toMatchObject({ status: "pending", input: { outputDirectory: "apps/tools" } });
  });

  test("by a writer does not start what was labelled without the right", async () => {
    const told = await draft("reader");

    await edit(told, whole);

    expect((await told.task()).status).toBe("draft");
  });

  test("changes nothing of a task that has started", async () => {
    const told = await draft();
    await edit(told, whole);
    const before = await told.events();

    await edit(told, faulty);

    expect(await told.events()).toEqual(before);
    expect(fieldsAsked(told)).toEqual([[]]);
  });

  test("of an issue without a task says nothing", async () => {
    const told = await developed();

    await edit(told, faulty);

    expect(told.github.forms).toEqual([]);
  });
});

describe("/run on a draft", () => {
  test("whose form still has faults says which, and starts nothing", async () => {
    const told = await developed();
    told.github.openIssue(7, { body: faulty });
    await told.label();

    await told.comment("run");

    expect((await told.task()).status).toBe("draft");
    expect(told.github.notices()).toContainEqual({
      kind: "refused",
      command: "/run",
      reason: expect.stringContaining('"Output directory", "Budget in US dollars"'),
    });
  });

  test("that was mended without a webhook that we heard starts it, and brings the comment up to date", async () => {
    const told = await developed();
    told.github.openIssue(7, { body: faulty });
    await told.label();
    told.github.openIssue(7, { body: whole });

    await told.comment("run");

    expect((await told.task()).status).toBe("pending");
    expect(fieldsAsked(told)).toEqual([[]]);
  });
});
