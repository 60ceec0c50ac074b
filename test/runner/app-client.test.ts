import { describe, expect, test } from "vitest";
import { nothingSpent } from "../../src/core/usage.ts";
import type { Checkpoint } from "../../src/protocol/checkpoint.ts";
import { runnerRoutes } from "../../src/protocol/runner.ts";
import { openSession, type AppOptions, type RunSession } from "../../src/runner/app-client.ts";
import { startFakeApp, type FakeApp } from "./fake-app.ts";
import { aJob, aStep } from "./run-world.ts";

const job = aJob({ headSha: "1".repeat(40), steps: [aStep({ slug: "01_idea" })] });
const never = new AbortController().signal;
const unavailable = { status: 503, body: { error: "unavailable", message: "starting" } };
const step = { step: "01_idea", changes: [], spent: nothingSpent, findings: [], answers: [], told: [] };
const checkpoint: Checkpoint = {
  version: 1,
  taskId: "task-1",
  checkpointId: "checkpoint-1",
  runId: "run-1",
  createdAt: "2026-11-21T10:00:00.000Z",
  reason: "auto",
  executionState: {
    conversation: null,
    lastMessageId: null,
    toolsUsed: [],
    currentPhase: "planning",
    currentStep: null,
    progress: 0,
  },
  resumeContext: {
    lastOutput: "",
    pendingActions: [],
    environment: [],
    headSha: "1".repeat(40),
    changes: [],
    leftOut: [],
    round: 0,
    told: [],
  },
  rateLimitInfo: null,
};
const account = "0123456789abcdef";

async function withApp(
  work: (app: FakeApp, open: () => Promise<RunSession>, pauses: number[], tokens: () => number) => Promise<void>,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<void> {
  const app = await startFakeApp(job);
  const pauses: number[] = [];
  let tokens = 0;
  const options: AppOptions = {
    appUrl: app.url,
    fetch,
    wait: async (ms) => {
      await Promise.resolve();
      pauses.push(ms);
    },
  };
  const getOidcToken = async (): Promise<string> => {
    tokens += 1;
    return await Promise.resolve(`oidc-${tokens}`);
  };
  try {
    await work(
      app,
      () => openSession(options, { runId: "run-1", account, getOidcToken }, never),
      pauses,
      () => tokens,
    );
  } finally {
    await app.close();
  }
}

describe("the session", () => {
  test("is opened with a fresh OIDC token at each try", async () => {
    await withApp(async (app, open, pauses) => {
      app.faults.set(runnerRoutes.session, [unavailable, { status: 502, body: "<html>" }]);
      const session = await open();
      expect(session.job).toEqual(job);
      expect(app.sessions).toEqual([
        { protocol: 5, oidcToken: "oidc-3", runId: "run-1", account, limitsNetwork: true },
      ]);
      expect(pauses).toEqual([1_000, 2_000]);
    });
  });

  test("is not asked for again once the app refused, and its sentence is kept", async () => {
    await withApp(async (app, open, pauses) => {
      const body = { error: "already-started", message: "comment /run on the issue" };
      app.faults.set(runnerRoutes.session, [{ status: 409, body }]);
      await expect(open()).rejects.toMatchObject({
        name: "AppRefused",
        code: "already-started",
        message: body.message,
      });
      expect(pauses).toEqual([]);
    });
  });

  test("of an app that can't be reached ends in a sentence that names the address", async () => {
    const fetch = async (): Promise<Response> => await Promise.reject(new TypeError("fetch failed"));
    await withApp(async (app, open, pauses) => {
      await expect(open()).rejects.toThrow(`reaching the app at ${app.url}: fetch failed. Check that the app runs`);
      expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 30_000]);
    }, fetch);
  });

  test.each([
    ["that answers in version 1", { status: 200, body: { protocol: 1, runToken: "t", job } }],
    ["that serves version 1 alone", { status: 400, body: { error: "unsupported-protocol", message: "serves 1" } }],
  ])("of an app %s is given up at once, in one sentence that says what to update", async (_what, fault) => {
    await withApp(async (app, open, pauses) => {
      app.faults.set(runnerRoutes.session, [fault]);
      await expect(open()).rejects.toMatchObject({
        code: "unsupported-protocol",
        message:
          "this action speaks protocol 5 and the app does not: update the app, or set the `uses:` line of .github/workflows/phasegate.yml to the app's ACTION_REF",
      });
      expect(pauses).toEqual([]);
    });
  });

  test("does not follow a redirect, which could lead the tokens elsewhere", async () => {
    await withApp(
      async (app, open) => {
        await expect(open()).rejects.toThrow(/reaching the app/);
        expect(app.sessions).toEqual([]);
      },
      async (_, init) => {
        expect(init?.redirect).toBe("error");
        return await Promise.reject(new TypeError("unexpected redirect"));
      },
    );
  });
});

describe("a hand-over", () => {
  test("is repeated until it is acknowledged", async () => {
    await withApp(async (app, open, pauses) => {
      const session = await open();
      app.faults.set(runnerRoutes.step, [unavailable, { status: 429, body: null }, { status: 200, body: { odd: 1 } }]);
      expect(await session.handOverStep(step, never)).toEqual({ acknowledged: true, stop: false, answers: [] });
      expect(app.steps).toEqual([step]);
      expect(pauses).toEqual([1_000, 2_000, 4_000]);
    });
  });

  test("ends after five minutes without an answer", async () => {
    await withApp(async (app, open, pauses) => {
      const session = await open();
      app.faults.set(
        runnerRoutes.outcome,
        Array.from({ length: 16 }, () => unavailable),
      );
      const declared = session.declareOutcome(
        { outcome: { kind: "completed" }, report: null, spent: nothingSpent },
        never,
      );
      await expect(declared).rejects.toThrow(/\/runner\/outcome answered 503: starting/);
      expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(5 * 60_000);
      expect(app.outcomes).toEqual([]);
    });
  });

  test("that is too large is not sent", async () => {
    await withApp(async (app, open) => {
      const session = await open();
      const content = "a".repeat(33 * 1024 * 1024);
      const changes = [{ kind: "written" as const, path: "a", mode: "100644" as const, contentBase64: content }];
      await expect(session.handOverStep({ ...step, changes }, never)).rejects.toMatchObject({ code: "too-large" });
      expect(app.steps).toEqual([]);
    });
  });

  test("ends at once when the run is stopped", async () => {
    await withApp(async (app, open, pauses) => {
      const session = await open();
      const stop = new AbortController();
      stop.abort();
      await expect(session.handOverStep(step, stop.signal)).rejects.toMatchObject({ name: "AppUnreachable" });
      expect(pauses).toEqual([]);
      expect(app.steps).toEqual([]);
    });
  });
});

describe("a checkpoint", () => {
  test("is fetched as it was stored, and what is of another shape is refused", async () => {
    await withApp(async (app, open) => {
      const session = await open();
      await expect(session.readCheckpoint(never)).rejects.toMatchObject({ code: "no-checkpoint" });
      await session.saveCheckpoint(checkpoint, never);
      expect(await session.readCheckpoint(never)).toEqual(checkpoint);
      app.faults.set(
        runnerRoutes.checkpoint,
        Array.from({ length: 7 }, () => ({ status: 200, body: { ...checkpoint, version: 2 } })),
      );
      await expect(session.readCheckpoint(never)).rejects.toThrow("has another shape than expected");
    });
  });

  test("is sent three times and no more: the work does not wait for it", async () => {
    await withApp(async (app, open, pauses) => {
      const session = await open();
      app.faults.set(
        runnerRoutes.checkpoint,
        Array.from({ length: 16 }, () => unavailable),
      );
      await expect(session.saveCheckpoint(checkpoint, never)).rejects.toMatchObject({ name: "AppUnreachable" });
      expect(pauses).toEqual([1_000, 2_000]);
    });
  });

  test("that is too large is not sent", async () => {
    await withApp(async (app, open) => {
      const session = await open();
      const files = [{ path: "a", gzipBase64: "a".repeat(24 * 1024 * 1024) }];
      const conversation = { sessionId: "0b4e4b4e-1111-4222-8333-444455556666", files };
      const large = { ...checkpoint, executionState: { ...checkpoint.executionState, conversation } };
      await expect(session.saveCheckpoint(large, never)).rejects.toMatchObject({ code: "too-large" });
      expect(app.checkpoints).toEqual([]);
    });
  });
});
