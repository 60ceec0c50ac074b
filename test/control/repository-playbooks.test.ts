import { describe, expect, test } from "vitest";
import type { RepositoryFiles } from "../../src/control/ports/configuration.ts";
import { issuePayload, payloadOf } from "./payloads.ts";
import { repository, world, type World } from "./world.ts";

let folders = 0;

/** By names of playbooks: what their files say. */
function filesOf(playbooks: Readonly<Record<string, string>>): RepositoryFiles {
  const files = Object.entries(playbooks).map(([name, text]) => ({
    path: `.github/phasegate/playbooks/${name}.yml`,
    content: { kind: "bytes", bytes: Buffer.from(text) } as const,
  }));
  return { sha: `folder-${(folders += 1)}`, files };
}

/** What the default branch has from now on. */
function has(told: World, playbooks: Readonly<Record<string, string>>): void {
  told.github.repositoryFiles.set(told.github.headOf("main") ?? "", filesOf(playbooks));
}

const faultOf = (name: string) => ({
  file: `.github/phasegate/playbooks/${name}.yml`,
  line: 3,
  rule: "wrong-type",
  message: '"phases": expected array, got "fault"',
});

async function labelled(told: World, label: string): Promise<void> {
  told.github.openIssue(7, { labels: [label] });
  await told.label(label);
}

describe("a repository with playbooks of its own", () => {
  test("starts a task with one of them, frozen under its hash", async () => {
    const told = await world();
    has(told, { release: "mine" });
    await labelled(told, "release");
    const { playbook, status } = await told.task();
    expect({ status, name: playbook.name, phases: playbook.phases.map(({ name }) => name) }).toEqual({
      status: "pending",
      name: "release",
      phases: ["own"],
    });
    expect(playbook.hash).toBe("hash of the repository's release");
    has(told, { release: "fault" });
    expect(JSON.parse((await told.store.readText(playbook.hash)) ?? "")).toMatchObject({ name: "release" });
  });

  test("has its own in place of the app's, and the app's others with their aliases beside it", async () => {
    const told = await world();
    has(told, { create_app: "mine" });
    await labelled(told, "create_app");
    expect((await told.task()).playbook.phases.map(({ name }) => name)).toEqual(["own"]);
    const other = await world();
    has(other, { create_app: "mine" });
    await labelled(other, "modify_project");
    expect((await other.task()).playbook.name).toBe("modify_app");
  });

  test("that says one wrong gets its faults in one comment, and no task", async () => {
    const told = await world();
    has(told, { release: "fault" });
    await labelled(told, "release");
    await told.label("release");
    expect(told.github.notices()).toEqual([
      { kind: "playbook-faulty", label: "release", faults: [faultOf("release")] },
    ]);
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toEqual([]);
  });

  test("is not held up by the fault of one that the task does not use", async () => {
    const told = await world();
    has(told, { release: "fault" });
    await labelled(told, "create_app");
    expect((await told.task()).status).toBe("pending");
    expect(told.github.notices()).toEqual([]);
  });

  test("that mended it is heard with the next label", async () => {
    const told = await world();
    has(told, { release: "fault" });
    await labelled(told, "release");
    has(told, { release: "mine" });
    await told.label("release");
    expect((await told.task()).playbook.name).toBe("release");
  });

  test("has the labels that are there at the opening looked at once for all", async () => {
    const told = await world();
    has(told, { release: "fault" });
    const labels = ["release", "create_app", "bug"];
    told.github.openIssue(7, { labels });
    await told.settle();
    told.github.calls.length = 0;
    await told.webhook("issues", issuePayload("opened", { issue: { labels: labels.map((name) => ({ name })) } }));
    await told.settle();
    expect(told.github.calls.filter((call) => call === "readRepositoryFiles")).toHaveLength(1);
    expect(told.github.notices()).toMatchObject([{ kind: "playbook-faulty", label: "release" }]);
    expect((await told.task()).playbook.name).toBe("create_app");
  });

  test("hears of the second type, not of its faults, while a task is at work", async () => {
    const told = await world();
    has(told, { release: "fault" });
    told.github.openIssue(7, { labels: ["create_app", "release"] });
    await told.label("create_app");
    await told.label("release");
    expect(told.github.notices()).toEqual([{ kind: "second-label", label: "release", running: "create_app" }]);
  });
});

describe("a pull request", () => {
  const pushed = (action: string, headSha: string, sender = "wanda") =>
    payloadOf(
      action,
      {
        pull_request: { number: 9, head: { sha: headSha, repo: { id: 2 } }, base: { sha: "base-0", repo: { id: 2 } } },
      },
      sender,
    );

  /** A branch with one commit on top of the default branch. */
  async function withHead(playbooks: Readonly<Record<string, string>> | null): Promise<World> {
    const told = await world();
    const main = told.github.branches.get("main") ?? [];
    told.github.branches.set("ours", [...main, { sha: "head-1", mark: "", files: new Map() }]);
    if (playbooks !== null) told.github.repositoryFiles.set("head-1", filesOf(playbooks));
    return told;
  }

  test.each([
    ["opened", "wanda"],
    ["opened", "phasegate[bot]"],
    ["synchronize", "wanda"],
    ["synchronize", "renovate[bot]"],
  ])("%s by %s is told what its playbooks come to", async (action, sender) => {
    const told = await withHead({ release: "fault", ship: "mine" });
    await told.webhook("pull_request", pushed(action, "head-1", sender));
    await told.settle();
    expect([...told.github.configurationChecks]).toEqual([
      ["head-1", { faults: [faultOf("release")], labels: ["release", "ship"] }],
    ]);
    expect(told.complaints()).toEqual([]);
  });

  test("without any configuration has its head looked at, and nothing else", async () => {
    const told = await withHead(null);
    await told.settle();
    told.github.calls.length = 0;
    await told.webhook("pull_request", pushed("opened", "head-1"));
    await told.settle();
    expect(told.github.calls).toEqual(["readRepositoryFiles", "readSettingsFaults", "readSpecsSha"]);
  });

  test("that changes the settings alone is told their faults", async () => {
    const told = await withHead(null);
    const fault = {
      file: ".github/phasegate.yml",
      line: 1,
      rule: "settings",
      message: "merge: expected manual or auto",
    };
    told.github.settingsFaults.set("head-1", { sha: "file", faults: [fault] });
    await told.webhook("pull_request", pushed("opened", "head-1"));
    await told.settle();
    expect([...told.github.configurationChecks]).toEqual([["head-1", { faults: [fault], labels: [] }]]);
  });

  test("that changes nothing of it is told nothing", async () => {
    const told = await withHead(null);
    const same = filesOf({ release: "fault" });
    told.github.repositoryFiles.set("head-1", same);
    told.github.repositoryFiles.set("base-0", same);
    await told.webhook("pull_request", pushed("opened", "head-1"));
    await told.settle();
    expect(told.github.configurationChecks.size).toBe(0);
  });

  test("is not obeyed: what its head says starts nothing before the merge", async () => {
    const told = await withHead({ release: "mine" });
    await told.webhook("pull_request", pushed("opened", "head-1"));
    await labelled(told, "release");
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toEqual([]);
  });
});
