import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { TestRun } from "../../src/core/report.ts";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import { startEgressProxy } from "../../src/runner/egress-proxy.ts";
import type { TestPlan } from "../../src/runner/find-tests.ts";
import { runTests, type TestOrder } from "../../src/runner/run-tests.ts";
import { createRedactor } from "../../src/core/redact.ts";
import { makeFolder } from "./run-world.ts";

const secret = "hush-hush-0123456789";

async function tested(
  plan: Partial<TestPlan>,
  given: Partial<Pick<TestOrder, "msMax" | "signal" | "takeRefused">> = {},
): Promise<{ readonly run: TestRun; readonly stages: readonly string[]; readonly left: string | null }> {
  await using folder = await makeFolder();
  const [workTree, home, tempDir] = ["tree", "home", "tmp"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [workTree, home, tempDir]) await mkdir(path);
  await writeFile(join(workTree, "present.txt"), "present");
  const path = process.env["PATH"] ?? "/usr/bin:/bin";
  const runner = { uid: process.getuid?.() ?? 1, pid: process.pid, platform: process.platform };
  const stages: string[] = [];
  const run = await runTests({
    plan: { command: "true", install: null, programs: [], ...plan },
    agent: await createAgentUser({ id: "00000000", home, runner, path, unsafeSameUser: true }),
    workTree,
    home,
    tempDir,
    egress: {},
    takeRefused: () => [],
    path,
    msMax: 20_000,
    signal: new AbortController().signal,
    now: () => new Date(),
    redact: createRedactor([secret]),
    onStage: (text) => stages.push(text),
    ...given,
  });
  const left = await readFile(join(workTree, "left.txt"), "utf8").catch(() => null);
  return { run, stages, left };
}

describe("the project's tests", () => {
  test("pass with exit code 0, in the work tree, after what they need was brought", async () => {
    const { run, stages } = await tested({ install: "cp present.txt brought.txt", command: "cat brought.txt" });
    expect(run).toMatchObject({ command: "cat brought.txt", result: "passed", exitCode: 0, tail: "present" });
    expect(stages).toEqual([
      "bringing what the tests need: cp present.txt brought.txt",
      "running the tests: cat brought.txt",
    ]);
  });

  test("fail with any other, and with what a signal ends", async () => {
    expect((await tested({ command: "echo no >&2; exit 3" })).run).toMatchObject({
      result: "failed",
      exitCode: 3,
      tail: "no",
    });
    expect((await tested({ command: "kill -KILL $$" })).run).toMatchObject({ result: "failed", exitCode: null });
  });

  test("fail where what they need can't be brought, unless it is the network's fault", async () => {
    expect((await tested({ install: "echo lock file is out of date; exit 1" })).run.result).toBe("failed");
    const offline = "echo npm error code ENOTFOUND; exit 1";
    expect((await tested({ install: offline })).run.result).toBe("could-not-run");
  });

  test("can't run where the run's network refused what they need, and say what that was", async () => {
    let refused: string[] = [];
    const onRefused = (what: string) => void refused.push(what);
    const proxy = await startEgressProxy({ hosts: [], resolve: async () => [], onRefused });
    onTestFinished(() => proxy.stop());
    const takeRefused = () => refused.splice(0);
    const { port } = new URL(proxy.url);
    const asks = `const { request } = require("node:http"); const asked = { port: ${port}, method: "CONNECT", path: "dependency.example:443" };
      request(asked).on("connect", ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).end();`;
    const install = `echo no dependency; node -e '${asks}'`;
    // Whatever was refused before has nothing to do with it.
    refused = ["agent.example:443"];
    const { run } = await tested({ install }, { takeRefused });
    expect(run).toMatchObject({
      result: "could-not-run",
      tail: "no dependency\n\nThe network of this run does not reach: dependency.example:443.",
    });
    refused = ["agent.example:443"];
    expect((await tested({ install: "exit 1" }, { takeRefused })).run.result).toBe("failed");
  });

  test("can't run without their program, and nothing is started", async () => {
    const { run, stages } = await tested({ programs: ["sh", "no-such-tester", "nor-this"] });
    expect(run).toMatchObject({
      result: "could-not-run",
      exitCode: null,
      tail: "Not on this runner: no-such-tester\nnor-this.",
    });
    expect(stages).toEqual([]);
  });

  test("show the end of what they print, without colours, control characters and secrets", async () => {
    const flood = `i=0; while [ $i -lt 3000 ]; do echo "line $i of the tests"; i=$((i+1)); done`;
    const { run } = await tested({ command: `${flood}; printf '\\033[31mred\\033[0m\\a ${secret}\\r\\n'; exit 1` });
    expect(run.tail).toHaveLength(4_000);
    expect(run.tail.endsWith("line 2999 of the tests\nred ***")).toBe(true);
  });

  test("get no longer than their time, together with what is brought for them", async () => {
    const { run, left } = await tested(
      { install: "while :; do sleep 0.02; done", command: "echo late > left.txt" },
      { msMax: 200 },
    );
    expect(run).toMatchObject({ result: "timed-out", exitCode: null });
    expect(left).toBeNull();
  });

  test("end with what they started, where the run is stopped", async () => {
    const stop = new AbortController();
    const ended = tested({ command: "while :; do sleep 0.02; done" }, { signal: stop.signal });
    stop.abort();
    expect((await ended).run.result).not.toBe("passed");
  });
});
