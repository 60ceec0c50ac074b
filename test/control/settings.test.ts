/** What the settings of a repository change in its tasks. */
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import type { Network } from "../../src/core/network.ts";
import { describe, expect, test } from "vitest";
import type { VerificationReport } from "../../src/core/report.ts";
import { defaultSettings, type Limits, type TaskSettings } from "../../src/core/settings.ts";
import { world, type World, type WorldOptions } from "./world.ts";

const secondMs = 1_000;

async function withSettings(settings: Partial<TaskSettings>, options: WorldOptions = {}): Promise<World> {
  const told = await world(options);
  told.github.settings = { ...defaultSettings, ...settings };
  return told;
}

function limited(limits: Partial<Limits>): Pick<TaskSettings, "limits"> {
  return { limits: { ...defaultSettings.limits, ...limits } };
}

/** The same fault again and again would stop the task earlier. */
const tooShort = (message: string): VerificationReport => ({
  passed: false,
  checks: [],
  findings: [{ check: "long-enough", step: "02_market", path: "docs/02_market.md", line: null, message }],
  notes: [],
});

describe("a run", () => {
  test("works with the model and in the language of the repository, and no longer at a step than it allows", async () => {
    const told = await withSettings({ model: "opus", language: "ko", ...limited({ stepMinutes: 7 }) });
    await told.label();
    expect((await told.openRun()).job).toMatchObject({ model: "opus", language: "ko", limits: { stepMinutes: 7 } });
    await told.settle();
    expect([...told.github.views.values()].map(({ model }) => model)).toEqual(["opus"]);
  });

  test("has the installation's where the repository says nothing", async () => {
    const told = await withSettings({});
    await told.label();
    expect((await told.openRun()).job).toMatchObject({ language: "en", limits: { stepMinutes: 20 } });
  });

  test("has for each role the model that the repository names, before the one of the role's file", async () => {
    const role = { description: "", tools: ["Read"], prompt: "Look." };
    const roles = ["writer", "reviewer", "mentor"].map((name) => ({ ...role, name, model: "haiku" }));
    const inherits = { ...role, name: "lead", model: "inherit" };
    const named = [...roles, inherits];
    const told = await withSettings(
      { model: "opus", models: { reviewer: "sonnet" } },
      {
        playbookOf: (playbook) => ({
          ...playbook,
          roles: named,
          phases: playbook.phases.map((phase) => ({
            ...phase,
            reviewers: ["reviewer"],
            steps: phase.steps.map((step, index) => ({ ...step, role: index === 0 ? "writer" : "lead" })),
          })),
        }),
      },
    );
    await told.label();
    const { job } = await told.openRun();
    expect(job.roles.map(({ name, model }) => [name, model])).toEqual([
      ["writer", "haiku"],
      ["reviewer", "sonnet"],
      ["lead", "opus"],
    ]);
  });

  test("is told the names that the repository has for services, in their guides, too", async () => {
    const { integrations } = defaultSettings;
    const told = await withSettings(
      {
        integrations: {
          ...integrations,
          notion: { tokenSecret: "OUR_NOTION" },
          slack: { tokenSecret: null, defaultChannel: "releases" },
        },
      },
      {
        playbookOf: (playbook) => ({
          ...playbook,
          integrations: [
            { name: "notion", title: "Notion", secrets: ["NOTION_TOKEN"], phases: null, guide: "Send $NOTION_TOKEN." },
          ],
        }),
      },
    );
    await told.label();
    const { job } = await told.openRun();
    expect(job.guides.integrations).toEqual([
      { name: "notion", title: "Notion", secrets: ["OUR_NOTION"], guide: "Send $OUR_NOTION." },
    ]);
    expect(job.services).toEqual({
      names: [{ service: "Notion", type: "api_key", name: "OUR_NOTION", insteadOf: "NOTION_TOKEN" }],
      values: [{ service: "Slack", name: "SLACK_DEFAULT_CHANNEL", value: "releases" }],
    });
  });

  test("is told nothing of services where the repository says nothing", async () => {
    const told = await withSettings({});
    await told.label();
    expect((await told.openRun()).job).not.toHaveProperty("services");
  });

  test("gets the servers that are for its playbook, on hosts that the operator allows at this moment", async () => {
    const server = (name: string, host: string, playbooks: readonly string[] | null = null) => ({
      name,
      url: `https://${host}/mcp`,
      tokenSecret: null,
      playbooks,
    });
    const told = await withSettings(
      {
        mcpServers: [
          { ...server("notes", "mcp.example", ["create_app", "workflow"]), tokenSecret: "NOTES_TOKEN" },
          server("others", "mcp.example", ["workflow"]),
          server("gone", "was-allowed.example"),
          server("with-port", "mcp.example:8443"),
        ],
      },
      { mcpHosts: ["mcp.example"] },
    );
    await told.label();
    expect((await told.openRun()).job.mcpServers).toEqual([
      { name: "notes", url: "https://mcp.example/mcp", tokenSecret: "NOTES_TOKEN" },
    ]);
  });

  test("may work no longer at a step than the installation allows", async () => {
    const told = await withSettings(limited({ stepMinutes: 90 }));
    await told.label();
    expect((await told.openRun()).job.limits.stepMinutes).toBe(20);
  });
});

describe("a budget", () => {
  test.each<readonly [claim: string, said: Partial<Limits>, options: WorldOptions, phaseUsd: number, taskUsd: number]>([
    ["of the repository holds", { phaseBudgetUsd: 2, taskBudgetUsd: 9 }, {}, 2, 9],
    ["beyond the installation's is cut", { phaseBudgetUsd: 8, taskBudgetUsd: 90 }, { phaseBudgetUsd: 6 }, 6, 25],
    ["of a phase may be more than the playbook's", { phaseBudgetUsd: 8 }, {}, 8, 25],
    ["of a phase is at most that of a task", { phaseBudgetUsd: 80 }, { taskBudgetUsd: 10 }, 10, 10],
  ])("%s at a task's creation", async (_claim, said, options, phaseUsd, taskUsd) => {
    const told = await withSettings(limited(said), options);
    await told.label();
    const { playbook, taskBudgetUsd } = await told.task();
    expect(taskBudgetUsd).toBe(taskUsd);
    expect(new Set(playbook.phases.map(({ budgetUsd }) => budgetUsd))).toEqual(new Set([phaseUsd]));
  });

  test("of a task is the playbook's where the repository says nothing", async () => {
    const playbookOf: WorldOptions["playbookOf"] = (playbook) => ({ ...playbook, taskBudgetUsd: 11 });
    const [silent, saying] = [
      await withSettings({}, { playbookOf }),
      await withSettings(limited({ taskBudgetUsd: 14 }), { playbookOf }),
    ];
    for (const told of [silent, saying]) await told.label();
    expect([(await silent.task()).taskBudgetUsd, (await saying.task()).taskBudgetUsd]).toEqual([11, 14]);
  });

  test("in a file with faults does not hold", async () => {
    const told = await withSettings(limited({ taskBudgetUsd: 9 }));
    told.github.preflightFault = { kind: "settings-invalid", message: "line 1" };
    await told.label();
    expect((await told.task()).taskBudgetUsd).toBe(25);
  });

  test("of a day holds the tasks of the repository; raised in its file, /run goes on", async () => {
    const told = await withSettings(limited({ dayBudgetUsd: 4 }));
    await told.label();
    const runner = await told.openRun();
    expect(runner.job.budgetUsd).toBe(4);
    for (const step of runner.job.stepsToDo) await runner.step(step, step, 4 / runner.job.stepsToDo.length);
    await runner.end({ kind: "completed" });
    await told.settle();
    await told.mergeGate(31);
    expect((await told.task()).blockedBy).toMatchObject({ scope: "day", spentUsd: 4, budgetUsd: 4 });
    await told.comment("run");
    expect(told.github.runs).toHaveLength(1);
    told.github.settings = { ...defaultSettings, ...limited({ dayBudgetUsd: 7 }) };
    await told.comment("run");
    expect((await told.openRun()).job.budgetUsd).toBe(3);
  });
});

test("a phase goes back to the agent as often as the repository says, and never more often than the installation", async () => {
  const told = await withSettings(limited({ reworks: 0 }));
  await told.label();
  told.reports.push(tooShort("too short"));
  await told.runPhase();
  expect((await told.task()).blockedBy).toEqual({ kind: "verification-failed", attempts: 1 });

  const more = await withSettings(limited({ reworks: 10 }));
  await more.label();
  const others = [1, 2, 3, 4].map((time) => tooShort(`too short, ${time}`));
  more.reports.push(...others);
  for (const _each of others) await more.runPhase();
  expect((await more.task()).blockedBy).toEqual({ kind: "verification-failed", attempts: 4 });
});

test("the rework for a review waits as long as the repository says", async () => {
  const told = await withSettings({ reviewDebounceSeconds: 90 });
  await told.label();
  await told.runPhase();
  told.github.thread(31);
  await told.review(31, { verdict: "changes_requested" });
  await told.advance(90 * secondMs - 1);
  expect(await told.types()).not.toContain("ReworkRequested");
  await told.advance(1);
  expect(await told.types()).toContain("ReworkRequested");
});

test.each<readonly [claim: string, said: TaskSettings["network"], installation: Network, access: Network | undefined]>([
  ["open where nobody closes it, and then nothing is said", null, "open", undefined],
  ["what the repository says, where that is tighter", "registries", "open", "registries"],
  ["what the operator says, where that is tighter", "open", "none", "none"],
])("the network of a run is %s", async (_claim, network, installation, access) => {
  const told = await withSettings({ network }, { network: installation });
  await told.label();
  const { job } = await told.openRun();
  expect(job.network).toEqual(access === undefined ? undefined : { access, hosts: [] });
});

test("an action that knows of no network gets no job whose network is closed, and the task says what helps", async () => {
  const told = await withSettings({ network: "none" });
  await told.label();
  const { runId, workflowRunId } = await told.liveRun();
  const { limitsNetwork: _knows, ...old } = told.proof(runId, workflowRunId);
  await expect(openSession(told.serving, old)).rejects.toThrow("too old to keep the network of this phase");
  expect((await told.task()).blockedBy).toMatchObject({
    kind: "dispatch-refused",
    message: expect.stringContaining("ACTION_REF"),
  });
});
