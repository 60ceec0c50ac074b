import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import { GitTimedOut } from "../../src/runner/git.ts";
import { runStep, type Checks } from "../../src/runner/run-step.ts";
import { prepareWorkspace, type Workspace } from "../../src/runner/workspace.ts";
import { changesetFindings } from "../../src/verify/changeset-findings.ts";
import { aJob, aStep, makeFolder, makeRepository } from "./run-world.ts";

const runner = { uid: 1, pid: 1, platform: "linux" };

/** A step whose agent says that it is done, without any CLI; `works` is what it does each time that it is asked. */
async function stepOf(
  workspace: Workspace,
  works: () => Promise<unknown> = async () => {},
  changesetFindings: Checks["changesetFindings"] = async () => await Promise.resolve([]),
) {
  const step = aStep({ slug: "01_idea", allowedPaths: ["docs/01_idea.md"] });
  const agent = await createAgentUser({ id: "00000000", home: "/", runner, path: "/usr/bin", unsafeSameUser: true });
  return runStep({
    job: aJob({ headSha: "0".repeat(40), steps: [step] }),
    step,
    findings: [],
    feedback: [],
    workspace,
    agent,
    conversation: {
      state: () => ({ sessionId: "s", hasSpoken: false, lastMessageId: null, lastOutput: "", toolsUsed: [] }),
      say: async () => {
        await works();
        return { kind: "completed", text: "done", permissionDenials: [] };
      },
    },
    checks: {
      checkStep: async () => await Promise.resolve([]),
      verifyPhase: async () => await Promise.resolve({ passed: true, findings: [] }),
      changesetFindings,
    },
    boundary: "boundary",
    now: () => new Date("2026-11-21T00:00:00Z"),
    money: () => ({ spentUsd: 0, budgetUsd: 1 }),
    signal: new AbortController().signal,
    say: () => {},
    note: () => {},
    dialogue: { attend: () => {} },
    requests: { send: async () => await Promise.resolve("run-1/1"), left: () => 20 },
    resolved: () => ({ answers: [], dependencies: [] }),
    told: [],
    grants: { names: [], environmentOf: () => ({}), lend: () => false },
    redact: (text) => text,
    servers: { ready: [], leftOut: [], wanting: [] },
    resume: null,
    sliceEndsAt: new Date("2026-11-21T00:50:00Z").getTime(),
  });
}

test("a work tree that git never gets through is the agent's failure, not the machine's", async () => {
  await using folder = await makeFolder();
  const end = await stepOf({
    workTree: folder.path,
    baselineTree: "0".repeat(40),
    bothChanged: null,
    instructions: null,
    git: {
      run: async (doing) => await Promise.reject(new GitTimedOut(`${doing}: git ls-files did not end in 120000 ms`)),
    },
  });
  const message =
    "step 01_idea: its changes can't be handed over: looking for changes: git ls-files did not end in 120000 ms";
  const outcome = { kind: "failed", message, findings: [] };
  expect(end).toEqual({ kind: "ended", outcome, pending: [], round: 0, told: [] });
});

describe("a step that merges", () => {
  /** Both sides changed the same line. */
  async function conflicting(root: string): Promise<Workspace> {
    const repository = await makeRepository(root, { "docs/a.md": "1\n" });
    const headSha = await repository.commit({ "docs/a.md": "2\n" });
    const baseSha = await repository.commit({ "docs/a.md": "3\n" });
    const place = { gitDir: join(root, "git"), workTree: join(root, "tree"), path: process.env["PATH"] ?? "" };
    const merge = { baseSha, mergeBaseSha: repository.sha };
    return prepareWorkspace({ ...place, repositoryUrl: repository.url, token: "", headSha, baseSha, merge });
  }

  test("may change whatever its phase may, and hands over what both sides changed", async () => {
    await using folder = await makeFolder();
    const workspace = await conflicting(folder.path);
    const file = join(workspace.workTree, "docs/a.md");
    const end = await stepOf(workspace, () => writeFile(file, "2 and 3\n"), changesetFindings);
    expect(end).toMatchObject({ kind: "done", changes: [{ path: "docs/a.md" }], findings: [] });
  });

  test("fails where the marks are left: neither side alone is handed over for both", async () => {
    await using folder = await makeFolder();
    const workspace = await conflicting(folder.path);
    let asked = 0;
    const end = await stepOf(workspace, async () => (asked += 1), changesetFindings);
    const message = "step 01_idea: its merge with the base can't be handed over";
    const found = [expect.objectContaining({ check: "no-placeholder", path: "docs/a.md", line: 1 })];
    expect(end).toMatchObject({ kind: "ended", outcome: { kind: "failed", message, findings: found } });
    expect(asked).toBe(3);
    expect(await readFile(join(workspace.workTree, "docs/a.md"), "utf8")).toContain("<<<<<<< phase");
  });

  test("takes back what is neither its own nor part of the merge, and hands over the rest", async () => {
    await using folder = await makeFolder();
    const workspace = await conflicting(folder.path);
    const works = async () => {
      await writeFile(join(workspace.workTree, "docs/a.md"), "2 and 3\n");
      await writeFile(join(workspace.workTree, "main.ts"), "");
    };
    const end = await stepOf(workspace, works, changesetFindings);
    expect(end).toMatchObject({ kind: "done", changes: [{ path: "docs/a.md" }] });
  });
});
