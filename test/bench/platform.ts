/** The whole app against the sandbox: how long it takes from GitHub to GitHub, what it writes there, and what GitHub's limits allow. */
import { randomUUID } from "node:crypto";
import { parseConfig } from "../../src/control/config.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { startApp } from "../../src/start-app.ts";
import type { Exchange } from "../sandbox/state.ts";
import { fakeRunner } from "../support/fake-runner.ts";
import { startWorld, type World } from "../support/github-world.ts";
import { atMost, withoutGoal, type Figure } from "./figure.ts";
import { ceilingOf, kindOf, type RequestKind } from "./github-requests.ts";
import { percentile } from "./rounds.ts";
import { inScratchFolder } from "./scratch-folder.ts";

/** A third of what GitHub allows in an hour, for as many tasks as one sweep looks at. */
const lookedAtMax = Math.floor(5_000 / 3 / 12);

const request = { title: "A link shortener", body: "Paste a long URL, get a short one." };

/** What happened so far, in milliseconds of this process. */
interface Seen {
  readonly events: { readonly at: number; readonly event: TaskEvent }[];
  readonly requests: { readonly at: number; readonly kind: RequestKind }[];
  /** When the runner of each run had its outcome acknowledged. */
  readonly declared: number[];
}

export async function measurePlatform({ isQuick }: { readonly isQuick: boolean }): Promise<readonly Figure[]> {
  const issues = isQuick ? 3 : 10;
  return inScratchFolder(async (folder) => {
    const seen: Seen = { events: [], requests: [], declared: [] };
    const run = await fakeRunner();
    let shiftMs = 0;
    const now = () => new Date(Date.now() + shiftMs);
    const world = await startWorld({
      folder,
      execute: async (job) => {
        const end = await run(job);
        seen.declared.push(performance.now());
        return end;
      },
      onExchange: (exchange: Exchange) => {
        const kind = kindOf(exchange);
        if (kind !== null) seen.requests.push({ at: performance.now(), kind });
      },
    });
    const heard = new EventTarget();
    const app = await startApp(
      parseConfig(world.appEnvironment, () => ""),
      {
        clock: { now },
        newId: randomUUID,
        log: listening(seen, heard),
      },
    );
    const rest = async () => {
      await world.sandbox.webhooks.idle();
      await app.engine.idle();
    };
    try {
      const toDispatch: number[] = [];
      const toReady: number[] = [];
      for (let issue = 0; issue <= issues; issue += 1) {
        const waits = await onePhase(world, seen, heard);
        await rest();
        // The first one warms up.
        if (issue === 0) continue;
        toDispatch.push(waits.toDispatch);
        toReady.push(waits.toReady);
      }
      const phase = await writesOfOneTask(world, seen, heard, rest, { phases: 1 });
      const task = await writesOfOneTask(world, seen, heard, rest, { phases: 4 });
      // Last: whoever runs by the machine's clock takes the app's for wrong from now on.
      const before = seen.requests.length;
      for (let minute = 0; minute < 60; minute += 1) {
        shiftMs += 60_000;
        app.engine.wake();
        await rest();
      }
      const lookingAt = (seen.requests.length - before) / (issues + 2);
      return [
        withoutGoal({ name: "label → dispatch, p50", value: percentile(toDispatch, 50), unit: "ms" }),
        withoutGoal({ name: "label → dispatch, p95", value: percentile(toDispatch, 95), unit: "ms" }),
        withoutGoal({ name: "run result → pull request ready, p50", value: percentile(toReady, 50), unit: "ms" }),
        withoutGoal({ name: "run result → pull request ready, p95", value: percentile(toReady, 95), unit: "ms" }),
        atMost(12, {
          name: "GitHub writes for one phase, beside step commits",
          value: phase.writes - phase.stepCommits,
          unit: "requests",
        }),
        withoutGoal({ name: "writes of its step commits", value: phase.stepCommits, unit: "requests" }),
        withoutGoal({ name: "GitHub requests for a whole task: reads", value: task.reads, unit: "requests" }),
        withoutGoal({ name: "GitHub requests for a whole task: writes", value: task.writes, unit: "requests" }),
        atMost(lookedAtMax, {
          name: "GitHub requests for a task at its gate, an hour",
          value: lookingAt,
          unit: "requests",
        }),
        ...ceilingOf(task).map(({ name, perHour }) => withoutGoal({ name, value: perHour, unit: "tasks/h" })),
      ];
    } finally {
      await app.stop();
      await world.sandbox.stop();
    }
  });
}

/** From a label to a gate that is ready. */
async function onePhase(world: World, seen: Seen, heard: EventTarget) {
  const { number } = await world.owner.openIssue(request);
  const first = { events: seen.events.length, requests: seen.requests.length, declared: seen.declared.length };
  const labelledAt = performance.now();
  await world.owner.label(number, "create_app");
  await happened(seen, heard, "ReviewCreated", first.events);
  const dispatch = seen.requests.slice(first.requests).find(({ kind }) => kind === "dispatch");
  const events = seen.events.slice(first.events);
  const ready = events.find(({ event }) => event.type === "ReviewCreated");
  const published = events.filter(({ event }) => event.type === "StepPublished");
  const declaredAt = seen.declared[first.declared];
  if (dispatch === undefined || ready === undefined || declaredAt === undefined) {
    throw new Error("measuring a phase: it has no dispatch, no outcome or no gate");
  }
  // Our runner hands over all steps at once, no model does: what is before the last one is long published in life.
  const startedAt = Math.max(declaredAt, published.at(-2)?.at ?? 0);
  return { toDispatch: dispatch.at - labelledAt, toReady: ready.at - startedAt };
}

/** Counts what the app asked of GitHub for a task that is left, or completed, after so many phases. */
async function writesOfOneTask(
  world: World,
  seen: Seen,
  heard: EventTarget,
  rest: () => Promise<void>,
  { phases }: { readonly phases: number },
) {
  const first = { events: seen.events.length, requests: seen.requests.length };
  await world.owner.openIssue({ ...request, labels: ["create_app"] });
  let from = first.events;
  for (let phase = 1; phase <= phases; phase += 1) {
    const ready = await happened(seen, heard, "ReviewCreated", from);
    from = ready + 1;
    await rest();
    if (phases === 1) break;
    const gate = seen.events.slice(first.events).findLast(({ event }) => event.type === "GateOpened")?.event;
    if (gate?.type !== "GateOpened") throw new Error("merging a gate: none was opened");
    await world.owner.review({ number: gate.pullRequest, event: "APPROVE" });
    await world.owner.merge(gate.pullRequest);
  }
  if (phases > 1) await happened(seen, heard, "TaskCompleted", from);
  await rest();
  const kinds = seen.requests.slice(first.requests).map(({ kind }) => kind);
  const countOf = (...wanted: readonly RequestKind[]) => kinds.filter((kind) => wanted.includes(kind)).length;
  const steps = seen.events.slice(first.events).filter(({ event }) => event.type === "StepPublished").length;
  return {
    reads: countOf("read"),
    writes: countOf("dispatch", "content", "commit", "write"),
    content: countOf("content"),
    // Besides the steps' own, verification makes one commit that lets CI run, of tree or commit and reference.
    stepCommits: Math.min(countOf("commit"), steps * 3),
  };
}

/** The place of the first such event from `from` on, when it is there. */
async function happened(seen: Seen, heard: EventTarget, type: TaskEvent["type"], from: number): Promise<number> {
  for (;;) {
    const index = seen.events.findIndex(({ event }, place) => place >= from && event.type === type);
    if (index >= 0) return index;
    await new Promise((resolve) => heard.addEventListener("event", resolve, { once: true }));
  }
}

function listening(seen: Seen, heard: EventTarget): Log {
  const complain = (fields: object, message: string) => {
    const error = "err" in fields && fields.err instanceof Error ? `: ${fields.err.message}` : "";
    process.stderr.write(`the app says: ${message}${error}\n`);
  };
  return {
    debug: () => undefined,
    info(fields, message) {
      if (message !== "event" || !("event" in fields)) return;
      seen.events.push({ at: performance.now(), event: fields.event as TaskEvent });
      heard.dispatchEvent(new Event("event"));
    },
    warn: complain,
    error: complain,
  };
}
