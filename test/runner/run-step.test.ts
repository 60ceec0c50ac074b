import { expect, test } from "vitest";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import { GitTimedOut } from "../../src/runner/git.ts";
import { runStep } from "../../src/runner/run-step.ts";
import { aJob, aStep, makeFolder } from "./run-world.ts";

test("a work tree that git never gets through is the agent's failure, not the machine's", async () => {
  await using folder = await makeFolder();
  const step = aStep({ slug: "01_idea" });
  const runner = { uid: 1, pid: 1, platform: "linux" };
  const agent = await createAgentUser({ id: "00000000", home: "/", runner, path: "/usr/bin", unsafeSameUser: true });
  const end = await runStep({
    job: aJob({ headSha: "0".repeat(40), steps: [step] }),
    step,
    findings: [],
    feedback: [],
    workspace: {
      workTree: folder.path,
      baselineTree: "0".repeat(40),
      instructions: null,
      git: {
        run: async (doing) => await Promise.reject(new GitTimedOut(`${doing}: git ls-files did not end in 120000 ms`)),
      },
    },
    agent,
    conversation: {
      state: () => ({ sessionId: "s", hasSpoken: false, lastMessageId: null, lastOutput: "", toolsUsed: [] }),
      say: async () => await Promise.resolve({ kind: "completed", text: "done", permissionDenials: [] }),
    },
    checks: {
      checkStep: async () => await Promise.resolve([]),
      verifyPhase: async () => await Promise.resolve({ passed: true, findings: [] }),
      changesetFindings: async () => await Promise.resolve([]),
    },
    boundary: "boundary",
    now: () => new Date("2026-11-21T00:00:00Z"),
    money: () => ({ spentUsd: 0, budgetUsd: 1 }),
    signal: new AbortController().signal,
    say: () => {},
    dialogue: { attend: () => {} },
    requests: { send: async () => await Promise.resolve("run-1/1"), left: () => 20 },
    resolved: () => ({ answers: [], dependencies: [] }),
    told: [],
    grants: { names: [], environmentOf: () => ({}), lend: () => false },
    resume: null,
    sliceEndsAt: new Date("2026-11-21T00:50:00Z").getTime(),
  });
  const message =
    "step 01_idea: its changes can't be handed over: looking for changes: git ls-files did not end in 120000 ms";
  const outcome = { kind: "failed", message, findings: [] };
  expect(end).toEqual({ kind: "ended", outcome, pending: [], round: 0, told: [] });
});
