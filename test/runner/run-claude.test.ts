import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import type { ClaudeOutcome } from "../../src/runner/claude-outcome.ts";
import { runClaude, type ClaudeProcess } from "../../src/runner/run-claude.ts";
import { makeFolder } from "./run-world.ts";

const completed =
  '{"type":"result","subtype":"success","is_error":false,"result":"done","terminal_reason":"completed"}';

/** Runs a shell script in place of the CLI, as the runner's own user. */
async function runScript(script: string, options: Partial<ClaudeProcess> = {}): Promise<ClaudeOutcome> {
  const runner = { uid: 1, pid: 1, platform: "linux" };
  const agent = await createAgentUser({ id: "00000000", home: "/", runner, path: "/usr/bin", unsafeSameUser: true });
  return await runClaude({
    agent,
    executable: "/bin/sh",
    args: ["-c", script],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
    prompt: "the prompt",
    noOutputMs: 20_000,
    stepMs: 20_000,
    sliceMs: 20_000,
    graceMs: 200,
    signal: new AbortController().signal,
    onEvent: () => {},
    gateway: () => ({ refusedForBudget: false, rateLimit: null, lastError: null }),
    redact: (text) => text.replaceAll("sk-secret", "***"),
    ...options,
  });
}

describe("a process of the CLI", () => {
  test("gets its prompt through stdin and ends with its last result", async () => {
    const outcome = await runScript(`[ "$(cat)" = "the prompt" ] && echo '${completed}'`);
    expect(outcome).toMatchObject({ kind: "completed", text: "done" });
  });

  test("is not waited for by a child that holds the output open, nor survived by it", async () => {
    await using folder = await makeFolder();
    const canary = join(folder.path, "pid");
    const outcome = await runScript(`sleep 100 & echo $! > ${canary}; echo '${completed}'`);
    expect(outcome).toMatchObject({ kind: "completed" });
    const pid = (await readFile(canary, "utf8")).trim();
    const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "gone");
    expect(state === "gone" || state.includes(") Z ")).toBe(true);
  });

  test("is ended after a silence, also where it ignores SIGTERM", async () => {
    const outcome = await runScript("trap '' TERM; while :; do sleep 0.05; done", { noOutputMs: 100, graceMs: 100 });
    expect(outcome).toEqual({ kind: "timed-out", why: "no-output" });
  });

  test("is ended at the end of the step's time, however much it says", async () => {
    const outcome = await runScript("while :; do echo '{}'; sleep 0.02; done", { stepMs: 200, noOutputMs: 5_000 });
    expect(outcome).toEqual({ kind: "timed-out", why: "step-time" });
  });

  test("is ended at the end of the run's slice", async () => {
    const script = "while :; do echo '{}'; sleep 0.02; done";
    expect(await runScript(script, { sliceMs: 100 })).toEqual({ kind: "timed-out", why: "slice-end" });
    // Longer than any timer takes, which would fire at once.
    expect(await runScript(`echo '${completed}'`, { sliceMs: 2 ** 40 })).toMatchObject({ kind: "completed" });
  });

  test("is ended when the run is stopped", async () => {
    const stop = new AbortController();
    const outcome = await runScript(`echo '{"type":"system","subtype":"init"}'; exec sleep 100`, {
      signal: stop.signal,
      onEvent: () => stop.abort(),
    });
    expect(outcome).toEqual({ kind: "cancelled" });
    expect(await runScript("exit 0", { signal: stop.signal })).toEqual({ kind: "cancelled" });
  });

  test("that says nothing has crashed, with its last words, redacted", async () => {
    const outcome = await runScript("echo 'bad sk-secret flag' >&2; exit 3");
    expect(outcome).toEqual({ kind: "crashed", exitCode: 3, signal: null, stderrTail: "bad *** flag\n" });
  });

  test("that was killed has crashed, also where it had printed a success", async () => {
    const outcome = await runScript(`echo '${completed}'; kill -KILL $$`);
    expect(outcome).toMatchObject({ kind: "crashed", signal: "SIGKILL" });
  });

  test("that the gateway refused money has exhausted its budget", async () => {
    const failed = completed.replace("false", "true");
    const outcome = await runScript(`echo '${failed}'`, {
      gateway: () => ({ refusedForBudget: true, rateLimit: null, lastError: null }),
    });
    expect(outcome).toEqual({ kind: "budget-exhausted" });
  });

  test("is rate limited only where the model provider said so", async () => {
    const limited = completed
      .replace("false", "true")
      .replace("}", ',"api_error":"usage_limit_reached","api_error_status":429}');
    const event = '{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":4102444800}}';
    const script = `echo '${event}'; echo '${limited}'`;
    // The agent could have written these lines, to hold back everybody's work until the year 2100.
    expect(await runScript(script)).toMatchObject({ kind: "failed", reason: "api", retryable: true });
    const rateLimit = { status: "rejected", resetsAt: 1_795_228_440 };
    const outcome = await runScript(script, {
      gateway: () => ({ refusedForBudget: false, rateLimit, lastError: null }),
    });
    expect(outcome).toMatchObject({ kind: "rate-limited", resetsAt: "2026-11-21T02:34:00.000Z" });
  });

  test("is refused by the model provider only where the provider said so", async () => {
    const refused = completed
      .replace("false", "true")
      .replace("}", ',"api_error_status":401}')
      .replace('"completed"', '"api_error"');
    const assistant =
      '{"type":"assistant","error":"authentication_failed","api_error_status":401,"message":{"model":"<synthetic>","content":[]}}';
    const script = `echo '${assistant}'; echo '${refused}'`;
    expect(await runScript(script)).toMatchObject({ kind: "failed", reason: "api", retryable: true });
    const lastError = { status: 401 };
    const gateway = () => ({ refusedForBudget: false, rateLimit: null, lastError });
    expect(await runScript(script, { gateway })).toMatchObject({ kind: "failed", reason: "authentication" });
  });

  test("that can't be started is an error that names it", async () => {
    await using folder = await makeFolder();
    const executable = join(folder.path, "claude");
    await writeFile(executable, "no program");
    await expect(runScript("", { executable })).rejects.toThrow(`starting "${executable}"`);
  });
});
