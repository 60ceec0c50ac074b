import { writeFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runnerRoutes, type Job } from "../../src/protocol/runner.ts";
import { runPhase, type RunEnd, type RunOptions } from "../../src/runner/run-phase.ts";
import { startFakeApp, type FakeApp } from "./fake-app.ts";
import { aJob, aStep, canHaveSecondUser, makeFolder, makeRepository, runOptions, secrets } from "./run-world.ts";

const completed =
  '{"type":"result","subtype":"success","is_error":false,"result":"done","terminal_reason":"completed"}';

interface Ended {
  readonly end: RunEnd;
  readonly app: FakeApp;
  readonly log: readonly string[];
  /** What the run left in its folder. */
  readonly left: readonly string[];
}

/** A whole run, with a shell script in place of the CLI. */
async function runWith(
  script: string,
  prepare: (app: FakeApp, root: string) => Partial<RunOptions> | Promise<Partial<RunOptions>> = () => ({}),
  given: Partial<Omit<Job, "phase">> = {},
): Promise<Ended> {
  await using folder = await makeFolder();
  const repository = await makeRepository(folder.path, { "README.md": "A product\n" });
  const app = await startFakeApp(aJob({ ...given, headSha: repository.sha, steps: [aStep({ slug: "01_idea" })] }));
  const claudePath = join(folder.path, "claude");
  await writeFile(claudePath, `#!/bin/sh\n${script}\n`);
  await chmod(claudePath, 0o755);
  const log: string[] = [];
  const options = { ...runOptions(folder.path, { appUrl: app.url, modelUrl: "http://127.0.0.1:9" }, log), claudePath };
  try {
    const end = await runPhase({ ...options, ...(await prepare(app, folder.path)) });
    return { end, app, log, left: (await readdir(folder.path)).filter((name) => name.startsWith("phasegate-")) };
  } finally {
    await app.close();
  }
}

describe("a run", () => {
  test("that the app refuses ends red, with the app's sentence", async () => {
    const { end, log } = await runWith("exit 1", (app) => {
      const body = { error: "already-started", message: "comment /run on the issue" };
      app.faults.set(runnerRoutes.session, [{ status: 409, body }]);
      return {};
    });
    expect(end).toEqual({ outcome: null, isGreen: false });
    expect(log).toEqual(["error: opening the session with the app (already-started): comment /run on the issue"]);
  });

  test("that the app stops ends its agent and declares itself cancelled", async () => {
    const { end, app, left } = await runWith("trap '' TERM; while :; do sleep 0.1; echo '{}'; done", (app) => {
      app.stopRun();
      return {};
    });
    expect(end).toEqual({ outcome: { kind: "cancelled" }, isGreen: false });
    expect(app.outcomes.map(({ outcome }) => outcome)).toEqual([{ kind: "cancelled" }]);
    expect(left).toEqual([]);
  });

  test("whose job is cancelled says so within six seconds", async () => {
    const stop = new AbortController();
    let stoppedAt = 0;
    const { end, app } = await runWith("exec sleep 100", () => ({
      signal: stop.signal,
      log: (_, text) => {
        if (!text.startsWith("step 1")) return;
        stoppedAt = performance.now();
        stop.abort();
      },
    }));
    expect(performance.now() - stoppedAt).toBeLessThan(6_000);
    expect(end.outcome).toEqual({ kind: "cancelled" });
    expect(app.outcomes).toHaveLength(1);
  });

  test("whose job is cancelled gives its checkpoint four seconds, and declares its outcome all the same", async () => {
    const stop = new AbortController();
    const said: string[] = [];
    let stoppedAt = 0;
    const { end, app, log } = await runWith("exec sleep 100", () => ({
      signal: stop.signal,
      fetch: async (url, init) => {
        if (init?.method !== "PUT") return await globalThis.fetch(url, init);
        return await new Promise((_, reject) => {
          init.signal?.addEventListener("abort", () => reject(new Error("nobody answered")));
        });
      },
      log: (level, text) => {
        said.push(`${level}: ${text}`);
        if (!text.startsWith("step 1")) return;
        stoppedAt = performance.now();
        stop.abort();
      },
    }));
    expect(performance.now() - stoppedAt).toBeLessThan(9_000);
    expect(log).toEqual([]);
    expect(said.some((line) => line.startsWith("warn: the checkpoint was not stored"))).toBe(true);
    expect(end).toEqual({ outcome: { kind: "cancelled" }, isGreen: false });
    expect(app.outcomes).toHaveLength(1);
  });

  test("whose job is cancelled declares its outcome also where git never gets through the work tree", async () => {
    const stop = new AbortController();
    let stoppedAt = 0;
    const { end, app } = await runWith("exec sleep 100", async (_, root) => {
      const hangs = join(root, "hangs");
      await mkdir(join(root, "bin"));
      const git = `#!/bin/sh\n[ -e "${hangs}" ] && exec sleep 10\nPATH=/usr/bin:/bin exec git "$@"\n`;
      await writeFile(join(root, "bin/git"), git, { mode: 0o755 });
      return {
        path: `${join(root, "bin")}:${process.env["PATH"] ?? ""}`,
        signal: stop.signal,
        log: (_level, text) => {
          if (!text.startsWith("step 1")) return;
          writeFileSync(hangs, "");
          stoppedAt = performance.now();
          stop.abort();
        },
      };
    });
    expect(performance.now() - stoppedAt).toBeLessThan(9_000);
    expect(end.outcome).toEqual({ kind: "cancelled" });
    expect(app.outcomes).toHaveLength(1);
  });

  test("that fails at the step which it took up leaves a checkpoint without its conversation", async () => {
    const failed = JSON.stringify({ type: "result", subtype: "error_max_turns", is_error: true, errors: ["too many"] });
    const { end, app } = await runWith(`cat >/dev/null; echo '${failed}'`, () => ({}), {
      checkpoint: { checkpointId: "checkpoint-0" },
    });
    expect(end.outcome).toMatchObject({ kind: "failed" });
    expect(app.checkpoints).toMatchObject([
      { reason: "error", executionState: { conversation: null, currentStep: null }, resumeContext: { changes: [] } },
    ]);
  });

  test("that fails at a step which it began leaves the checkpoint before it alone", async () => {
    const failed = JSON.stringify({ type: "result", subtype: "error_max_turns", is_error: true, errors: ["too many"] });
    const { end, app } = await runWith(`cat >/dev/null; echo '${failed}'`);
    expect(end.outcome).toMatchObject({ kind: "failed" });
    expect(app.checkpoints).toEqual([]);
  });

  test("whose CLI crashes again and again is lost, after two more tries", async () => {
    const { end, app, log } = await runWith("echo boom >&2; exit 9");
    expect(end).toEqual({
      outcome: { kind: "lost", message: "step 01_idea: Claude Code crashed (exit code 9): boom" },
      isGreen: false,
    });
    expect(app.outcomes.map(({ outcome }) => outcome.kind)).toEqual(["lost"]);
    expect(log.filter((line) => line.includes("started again"))).toHaveLength(2);
    expect(app.steps).toEqual([]);
  });

  test("whose agent delivers nothing hands over its findings and fails", async () => {
    const { end, app } = await runWith(`cat >/dev/null; echo '${completed}'`);
    expect(app.steps.map(({ changes, findings }) => ({ changes, checks: findings.map(({ check }) => check) }))).toEqual(
      [{ changes: [], checks: ["outputs-exist"] }],
    );
    expect(end.outcome).toMatchObject({ kind: "failed", findings: [{ check: "outputs-exist" }] });
    expect(end.isGreen).toBe(false);
  });

  test("whose outcome is never acknowledged is red, however well it went", async () => {
    const document =
      "# D\\n\\n## Problem\\n\\nLong links break in mails, and nobody can read them out on the phone.\\n";
    const script = `cat >/dev/null; mkdir -p docs; printf '${document}' > docs/01_idea.md; echo '${completed}'`;
    const { end, app, log } = await runWith(script, (app) => {
      const body = { error: "unavailable", message: "down" };
      app.faults.set(
        runnerRoutes.outcome,
        Array.from({ length: 16 }, () => ({ status: 503, body })),
      );
      return {};
    });
    expect(app.steps).toHaveLength(1);
    expect(end).toEqual({ outcome: { kind: "completed" }, isGreen: false });
    expect(log.at(-2)).toMatch(/^error: declaring the outcome "completed": reaching the app/);
    // This job has nowhere to leave an envelope.
    expect(log.at(-1)).toMatch(/^error: leaving what the app has not got as an artifact: .*; it is lost$/);
  });

  describe("whose agent says a secret", () => {
    const content = [
      { type: "tool_use", id: "t", name: "Bash", input: { command: `echo ${secrets.oidcRequestToken}` } },
    ];
    const saying = JSON.stringify({ type: "assistant", message: { id: "m", model: "claude", content } });
    const document =
      "# D\\n\\n## Problem\\n\\nLong links break in mails, and nobody can read them out on the phone.\\n";
    const script = `cat >/dev/null; mkdir -p docs; printf '${document}' > docs/01_idea.md; echo '${saying}'; echo '${completed}'`;
    const masked = [{ kind: "secret-masked", count: 1, example: "Bash echo ***" }];

    test("counts it once, although people read it in two places", async () => {
      const { app, log } = await runWith(script);
      const events = app.batches.flatMap((batch) => batch.events.map(({ event }) => event));
      expect(events).toContainEqual(expect.objectContaining({ kind: "action", text: "Bash echo ***" }));
      expect(log.join("\n")).toContain("Bash echo ***");
      expect(app.steps.map(({ security }) => security)).toEqual([masked]);
      expect(app.outcomes.map(({ security }) => security)).toEqual([undefined]);
    });

    test("tells it with its outcome where it is stopped before the step is handed over", async () => {
      const stop = new AbortController();
      const { app } = await runWith(script, () => ({
        signal: stop.signal,
        fetch: async (url, init) => {
          const { pathname } = new URL(url instanceof Request ? url.url : url);
          if (pathname !== runnerRoutes.step) return await globalThis.fetch(url, init);
          stop.abort();
          throw new Error("nobody answered");
        },
      }));
      expect(app.steps).toEqual([]);
      expect(app.outcomes).toMatchObject([{ outcome: { kind: "cancelled" }, security: masked }]);
    });
  });

  test("that can't have a second user starts nothing", async () => {
    const { end, app } = await runWith(`touch "$0.ran"`, () => ({
      unsafeSameUser: false,
      runner: { uid: 1000, pid: 1, platform: "linux" },
    }));
    expect(end.outcome).toMatchObject({ kind: "lost", message: expect.stringContaining("passwordless sudo") });
    expect(app.outcomes).toHaveLength(1);
  });

  // Reason to skip: without a second user there is nobody to keep apart.
  test.skipIf(!canHaveSecondUser)("whose agent could reach the job's files starts nothing", async () => {
    const { end } = await runWith("exit 0", async (_, root) => {
      const open = join(root, "open");
      await writeFile(open, "");
      await chmod(open, 0o666);
      return { unwritable: [open] };
    });
    expect(end.outcome).toMatchObject({
      kind: "lost",
      message: expect.stringMatching(/it writes .*open\. Nothing was started/),
    });
  });
});

test("no user of a run is left on the machine", async () => {
  await runWith("exit 1");
  expect(await readFile("/etc/passwd", "utf8")).not.toContain(`runner ${process.pid} `);
});
