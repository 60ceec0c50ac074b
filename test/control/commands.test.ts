import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { VerificationReport } from "../../src/core/report.ts";
import { slashCommands, type CommandName } from "../../src/core/slash-commands.ts";
import type { TaskStatus } from "../../src/core/state.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { says } from "./payloads.ts";
import { world, type Runner, type World } from "./world.ts";

const secondMs = 1_000;
const branch = "phasegate/7-1-planning";

/** Each time another fault: the same one three times in a row would stop the task earlier. */
function failing(attempt: number): VerificationReport {
  return {
    passed: false,
    checks: [{ check: "long-enough", passed: false, looked: 1 }],
    findings: [
      {
        check: "long-enough",
        step: "02_market",
        path: "docs/02_market.md",
        line: null,
        message: `too short, attempt ${attempt}`,
      },
    ],
    notes: [],
  };
}

const situations = {
  draft: async (told) => {
    const reader = { kind: "label-added", issueNumber: 7, label: "create_app", sender: "reader" } as const;
    await told.deliver({ ...reader, repository: { installationId: 1, repositoryId: 2, owner: "octo", name: "links" } });
  },
  "at work": async (told) => {
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
  },
  waiting: async (told) => {
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.question("Which colour?");
    await runner.needs("STRIPE_KEY");
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-question" });
  },
  paused: async (told) => {
    await situations["at work"](told);
    await told.comment("pause");
  },
  "in review": async (told) => {
    await told.label();
    await told.runPhase();
  },
  "failed verification": async (told) => {
    await told.label();
    told.reports.push(...[1, 2, 3, 4].map(failing));
    for (let attempts = 1; attempts <= 4; attempts += 1) await told.runPhase();
    expect((await told.task()).blockedBy).toMatchObject({ kind: "verification-failed" });
  },
  cancelled: async (told) => {
    await situations["in review"](told);
    await told.comment("cancel");
  },
} satisfies Readonly<Record<string, (told: World) => Promise<void>>>;
type Situation = keyof typeof situations;

/** What a command of the owner leads to: the status, and what stands in the way; or the answer. */
type Effect = readonly [status: TaskStatus, blockedBy: string | null] | RegExp;

const cancelled: Effect = ["cancelled", null];
/** Why it stood still is remembered, and counts no more. */
const cancelledIn = (blockedBy: string): Effect => ["cancelled", blockedBy];
const settled = /the task is cancelled/u;
const working = /at work/u;
const waits = /waits for an answer to question 1 .* and STRIPE_KEY/u;
const notAsked = /has asked nothing/u;
const notNamed = /waits for nothing by that name/u;
const notDecided = /has named no decisions/u;
const notSkippable = /does not allow to go on without planning/u;
const noConversation = /there is no conversation to end/u;
const notFailed = /nothing has failed/u;

/** Every command in every situation. What says nothing to people has an effect; what has none says why. */
const table: Readonly<Record<CommandName, Readonly<Record<Situation, Effect>>>> = {
  run: {
    draft: ["pending", null],
    "at work": working,
    waiting: waits,
    paused: ["pending", null],
    "in review": /the pull request waits for review/u,
    "failed verification": ["pending", null],
    cancelled: settled,
  },
  pause: {
    draft: /has not started/u,
    "at work": ["pending", "paused"],
    waiting: ["pending", "paused"],
    paused: /the task is paused/u,
    "in review": ["review", "paused"],
    "failed verification": /the task is paused/u,
    cancelled: settled,
  },
  resume: {
    draft: /has not started/u,
    "at work": working,
    waiting: waits,
    paused: ["pending", null],
    "in review": /the pull request waits for review/u,
    "failed verification": ["pending", null],
    cancelled: settled,
  },
  retry: {
    draft: /has not started/u,
    "at work": notFailed,
    waiting: waits,
    paused: notFailed,
    "in review": notFailed,
    "failed verification": ["pending", null],
    cancelled: settled,
  },
  rework: {
    draft: /has not started/u,
    "at work": working,
    waiting: waits,
    paused: /the task is paused/u,
    "in review": ["pending", null],
    "failed verification": ["pending", null],
    cancelled: settled,
  },
  approve: {
    draft: /no pull request/u,
    "at work": /no pull request/u,
    waiting: /no pull request/u,
    paused: /no pull request/u,
    "in review": ["review", null],
    "failed verification": /no pull request/u,
    cancelled: settled,
  },
  accept: {
    draft: notFailed,
    "at work": notFailed,
    waiting: notFailed,
    paused: notFailed,
    "in review": notFailed,
    "failed verification": ["review", null],
    cancelled: settled,
  },
  cancel: {
    draft: cancelled,
    "at work": cancelled,
    waiting: cancelledIn("waiting-question"),
    paused: cancelledIn("paused"),
    "in review": cancelled,
    "failed verification": cancelledIn("verification-failed"),
    cancelled,
  },
  delete: {
    draft: cancelled,
    "at work": cancelled,
    waiting: cancelledIn("waiting-question"),
    paused: cancelledIn("paused"),
    "in review": cancelled,
    "failed verification": cancelledIn("verification-failed"),
    cancelled,
  },
  answer: {
    draft: notAsked,
    "at work": notAsked,
    waiting: ["pending", "waiting-dependency"],
    paused: notAsked,
    "in review": notAsked,
    "failed verification": notAsked,
    cancelled: settled,
  },
  provided: {
    draft: notNamed,
    "at work": notNamed,
    waiting: /no secret or variable named STRIPE_KEY/u,
    paused: notNamed,
    "in review": notNamed,
    "failed verification": notNamed,
    cancelled: settled,
  },
  skip: {
    draft: notNamed,
    "at work": notNamed,
    waiting: ["pending", "waiting-question"],
    paused: notNamed,
    "in review": notNamed,
    "failed verification": notNamed,
    cancelled: settled,
  },
  budget: {
    draft: /has not started/u,
    "at work": ["in_progress", null],
    waiting: ["pending", "waiting-question"],
    paused: ["pending", "paused"],
    "in review": ["review", null],
    "failed verification": ["pending", "verification-failed"],
    cancelled: settled,
  },
  priority: {
    draft: /has not started/u,
    "at work": ["in_progress", null],
    waiting: ["pending", "waiting-question"],
    paused: ["pending", "paused"],
    "in review": ["review", null],
    "failed verification": ["pending", "verification-failed"],
    cancelled: settled,
  },
  veto: {
    draft: /no pull request/u,
    "at work": notDecided,
    waiting: notDecided,
    paused: notDecided,
    "in review": notDecided,
    "failed verification": notDecided,
    cancelled: settled,
  },
  "skip-phase": {
    draft: /has not started/u,
    "at work": notSkippable,
    waiting: notSkippable,
    paused: notSkippable,
    "in review": notSkippable,
    "failed verification": notSkippable,
    cancelled: settled,
  },
  done: {
    draft: /has not started/u,
    "at work": noConversation,
    waiting: noConversation,
    paused: noConversation,
    "in review": noConversation,
    "failed verification": noConversation,
    cancelled: settled,
  },
  status: {
    draft: ["draft", null],
    "at work": ["in_progress", null],
    waiting: ["pending", "waiting-question"],
    paused: ["pending", "paused"],
    "in review": ["review", null],
    "failed verification": ["pending", "verification-failed"],
    cancelled,
  },
  doctor: {
    draft: /doctor/u,
    "at work": /doctor/u,
    waiting: /doctor/u,
    paused: /doctor/u,
    "in review": /doctor/u,
    "failed verification": /doctor/u,
    cancelled: /doctor/u,
  },
  config: {
    draft: /config/u,
    "at work": /config/u,
    waiting: /config/u,
    paused: /config/u,
    "in review": /config/u,
    "failed verification": /config/u,
    cancelled: /config/u,
  },
  help: {
    draft: /help/u,
    "at work": /help/u,
    waiting: /help/u,
    paused: /help/u,
    "in review": /help/u,
    "failed verification": /help/u,
    cancelled: /help/u,
  },
};

/** What people type after a command that takes something. */
const typedAfter: Readonly<Partial<Record<CommandName, string>>> = {
  rework: "Say more about prices.\nAnd less about us.",
  answer: "2",
  provided: "STRIPE_KEY",
  skip: "STRIPE_KEY",
  budget: "$8",
  priority: "high",
  approve: "up to $6",
  veto: "1 because it is slow",
};

const cells = slashCommands.flatMap(({ name, argument }) =>
  (Object.keys(situations) as Situation[]).flatMap((situation) =>
    [false, true]
      // A draft has no pull request yet.
      .filter((onPullRequest) => !onPullRequest || situation !== "draft")
      .map((onPullRequest) => ({
        name,
        situation,
        typed: argument === null ? `/${name}` : `Thanks.\n\n/${name} ${typedAfter[name] ?? ""}`,
        place: onPullRequest ? { number: 31, onPullRequest } : { number: 7, onPullRequest },
      })),
  ),
);

/** Answers of the app since then, in the words that decide. */
function answers(told: World, since: number): readonly string[] {
  return told.github.comments
    .slice(since)
    .map(({ notice }) =>
      notice?.kind === "refused" ? `${notice.command}: ${notice.reason}` : (notice?.kind ?? "status"),
    );
}

describe("a command that the owner types", () => {
  test.each(cells)("$name, $situation, $place", async ({ name, situation, typed, place }) => {
    const told = await world();
    await situations[situation](told);
    const before = { events: (await told.events()).length, comments: told.github.comments.length };
    await says(told, typed, place);
    const expected = table[name][situation];
    const { status, blockedBy } = await told.task();
    if (expected instanceof RegExp) {
      expect(answers(told, before.comments)).toEqual([expect.stringMatching(expected)]);
      expect(told.github.comments.at(-1)?.issueNumber).toBe(place.number);
      expect(await told.events()).toHaveLength(before.events);
    } else {
      expect([status, blockedBy?.kind ?? null]).toEqual(expected);
      expect(answers(told, before.comments).filter((answer) => answer.startsWith("/"))).toEqual([]);
    }
    expect(told.complaints()).toEqual([]);
  });

  test.each(slashCommands.map(({ name }) => name))(
    "/%s of a reader, a stranger or a bot does and says nothing; the record has it",
    async (name) => {
      const told = await world();
      told.github.permissions.set("helper[bot]", "admin");
      await situations["in review"](told);
      const before = { events: (await told.events()).length, comments: told.github.comments.length };
      const shown = told.github.shown.length;
      for (const sender of ["reader", "stranger", "helper[bot]"]) {
        await says(told, `/${name} now`, { sender });
        await says(told, `/${name} now`, { sender, number: 31, onPullRequest: true });
      }
      // No comment of a bot is a command, and nothing is asked that an answer could be to.
      const noted = name === "answer" ? [] : Array.from({ length: 4 }, () => "SecurityNoted");
      expect((await told.types()).slice(before.events)).toEqual(noted);
      expect((await told.task()).security).toMatchObject(
        noted.length === 0 ? [] : [{ kind: "person-refused", source: "app", count: 4, example: `/${name} by reader` }],
      );
      expect(told.github.comments).toHaveLength(before.comments);
      expect(told.github.shown).toHaveLength(shown);
    },
  );

  test("on another pull request or issue, or edited into a comment, does nothing", async () => {
    const told = await world();
    await situations["in review"](told);
    told.github.openIssue(8);
    const before = (await told.events()).length;
    await says(told, "/cancel", { number: 99, onPullRequest: true });
    await says(told, "/cancel", { number: 8 });
    await says(told, "/cancel", { action: "edited" });
    await says(told, "/cancel", { action: "deleted" });
    await says(told, "> /cancel\n\n`/cancel`\n\n```\n/cancel\n```");
    expect(await told.events()).toHaveLength(before);
  });

  test("and nobody knows is helped once an issue, however often and whatever is typed", async () => {
    const told = await world();
    await situations["in review"](told);
    for (const typed of ["/runn", "/runn", "/aprove", "/start"]) await says(told, typed);
    expect(told.github.notices()).toEqual([{ kind: "unknown-command", typed: "/runn" }]);
  });
});

describe("/rework", () => {
  test("gives the agent the words after it, to the end of the comment, with what open threads say", async () => {
    const told = await world();
    await situations["in review"](told);
    const threadId = told.github.thread(31);
    await says(told, "/rework Say more in 01_idea.md.\nAnd less <!-- hidden -->here.", { id: 900 });
    expect(await told.task()).toMatchObject({ phases: [{ rework: { by: ["owner"], source: "command" } }] });
    const { job } = await told.openRun();
    expect(job.feedback.map(({ id, step, comments }) => [id, step, comments.map(({ text }) => text)])).toEqual([
      [`thread:${threadId}`, "01_idea", [`Change ${threadId}.`]],
      ["comment:900", "01_idea", ["Say more in 01_idea.md.\nAnd less here."]],
    ]);
  });

  test("without words takes up the open threads, and says so where there are none", async () => {
    const told = await world();
    await situations["in review"](told);
    await says(told, "/rework");
    expect(told.github.notices()).toEqual([
      { kind: "refused", command: "/rework", reason: expect.stringContaining("no open thread") },
    ]);
    const threadId = told.github.thread(31);
    await says(told, "/rework");
    expect((await told.openRun()).job.feedback.map(({ id }) => id)).toEqual([`thread:${threadId}`]);
  });

  test("makes a review that waits for its moment unnecessary: one rework, not two", async () => {
    const told = await world();
    await situations["in review"](told);
    told.github.thread(31);
    await told.review(31, { verdict: "changes_requested" });
    await says(told, "/rework At once.");
    await told.runPhase();
    await told.advance(60 * secondMs);
    expect((await told.types()).filter((event) => event === "ReworkRequested")).toHaveLength(1);
    expect((await told.task()).status).toBe("review");
  });

  test("has its words answered once, in a comment on the pull request", async () => {
    const told = await world();
    await situations["in review"](told);
    await says(told, "/rework Say more.", { id: 900 });
    await told.runPhase();
    const said = told.github.comments.filter(({ notice }) => notice?.kind === "feedback-answered");
    expect(said).toMatchObject([
      { issueNumber: 31, notice: { answers: [{ id: "comment:900", by: "owner", kind: "fixed", text: "Done." }] } },
    ]);
  });
});

describe("/approve", () => {
  test("is recorded and lets CI run", async () => {
    const told = await world();
    told.github.ciIsSensitive = true;
    await situations["in review"](told);
    await says(told, "/approve", { number: 31, onPullRequest: true });
    expect(await told.task()).toMatchObject({ phases: [{ gate: { review: "approved", approvedBy: ["owner"] } }] });
    expect(told.github.marksOf(branch)).toContain("verified:1/1");
    expect(told.github.notices()).toEqual([]);
  });

  test("says that it is not enough where a rule of the branch wants a review", async () => {
    const told = await world();
    told.github.requiresReview = true;
    await situations["in review"](told);
    await says(told, "/approve", { id: 900 });
    expect(told.github.notices()).toEqual([{ kind: "review-required", pullRequest: 31 }]);
    expect(await told.task()).toMatchObject({ phases: [{ gate: { review: "approved" } }] });
  });

  test("outlives every look at GitHub's reviews, until the head moves", async () => {
    const told = await world();
    await situations["in review"](told);
    await says(told, "/approve");
    await told.advance(11 * 60 * secondMs);
    expect(await told.task()).toMatchObject({ phases: [{ gate: { review: "approved" } }] });
    told.github.push(branch, "docs/01_idea.md", "By hand.");
    await told.reviewsChanged(31);
    expect(await told.task()).toMatchObject({ phases: [{ gate: { review: "in_review", approvedBy: [] } }] });
  });
});

describe("/accept", () => {
  test("takes a phase as it is, names what failed, and a merge starts the next one", async () => {
    const told = await world();
    await situations["failed verification"](told);
    await says(told, "/accept");
    expect(await told.task()).toMatchObject({
      status: "review",
      phases: [{ accepted: { by: "owner", failed: ["long-enough"] } }],
    });
    expect(told.github.pulls.get(31)).toMatchObject({ draft: false, open: true });
    await told.mergeGate(31);
    expect((await told.task()).phases).toHaveLength(2);
  });
});

/** All that the files of the store hold, as they lie there and as they are after decompression. */
async function everythingIn(dataDir: string): Promise<string> {
  const database = new DatabaseSync(join(dataDir, "phasegate.sqlite"));
  database.exec("pragma wal_checkpoint(truncate); vacuum; pragma wal_checkpoint(truncate);");
  const unpacked: string[] = [];
  for (const { name } of database.prepare("select name from sqlite_master where type = 'table'").all()) {
    for (const row of database.prepare(`select * from "${String(name)}"`).all()) {
      for (const value of Object.values(row)) {
        if (!(value instanceof Uint8Array)) continue;
        for (const unpack of [zstdDecompressSync, gunzipSync]) {
          try {
            unpacked.push(unpack(value).toString("utf8"));
          } catch {
            // Packed in the other way, or not at all: then the raw file shows it.
          }
        }
      }
    }
  }
  database.close();
  const raw = readdirSync(dataDir).map((file) => readFileSync(join(dataDir, file)).toString("latin1"));
  return [...raw, ...unpacked].join("\n");
}

/** As it is, or as the content of a changed file. */
function holds(everything: string, secret: string): boolean {
  return everything.includes(secret) || everything.includes(Buffer.from(secret).toString("base64"));
}

describe("/delete", () => {
  const secrets = {
    title: "Uniquetitle",
    body: "Uniquebody",
    review: "Uniquereview",
    thread: "Uniquethread",
    path: "docs/uniquepath.md",
    answer: "Uniqueanswer",
    changeset: "Uniquechange",
    log: "Uniquelog",
    finding: "Uniquefinding",
    command: "Uniquecommand",
    lost: "Uniquelost",
    action: "Uniqueaction",
    question: "Uniquequestion",
    option: "Uniqueoption",
    said: "Uniquesaid",
    quoted: "Uniquequoted",
    dependency: "Uniquedependency",
    refused: "Uniquerefused",
    error: "Uniqueerror",
    details: "Uniquedetails",
    pending: "Uniquepending",
  };

  async function lived(told: World): Promise<void> {
    told.github.openIssue(7, { title: secrets.title, body: secrets.body });
    told.reports.push({
      passed: false,
      checks: [{ check: "long-enough", passed: false, looked: 1 }],
      findings: [{ check: "long-enough", step: "01_idea", path: secrets.path, line: 1, message: secrets.finding }],
      notes: [],
    });
    await told.label();
    await told.runPhase();
    await told.runPhase();
    const comments = [{ by: "owner", byBot: false, byUs: false, text: secrets.thread }];
    told.github.thread(31, { comments, path: secrets.path });
    await told.review(31, { verdict: "changes_requested", body: secrets.review });
    await told.advance(20 * secondMs);
    const runner = await told.openRun();
    await runner.say({ kind: "action", step: "02_market", text: secrets.action, document: secrets.path });
    await runner.say({ kind: "log", level: "info", text: secrets.log });
    const answers = runner.job.feedback.map(({ id }) => ({ id, kind: "fixed", text: secrets.answer }) as const);
    await runner.step("02_market", secrets.changeset, 0.5, answers);
    await runner.end({ kind: "completed" });
    await told.settle();
    await says(told, `/rework ${secrets.command}`);
    const last = await told.openRun();
    await last.step("02_market", secrets.changeset);
    await asked(told, last);
    await last.end({ kind: "failed", message: secrets.lost, findings: [] });
    await told.settle();
  }

  /** What the agent asks, and what people say to it. */
  async function asked(told: World, runner: Runner): Promise<void> {
    const step = "02_market";
    await runner.question(secrets.question, { options: [secrets.option], required: false });
    await runner.needs("STRIPE_KEY", { description: secrets.dependency, required: false });
    const error = { type: "execution_failed", message: secrets.error, details: secrets.details } as const;
    await runner.ask({ kind: "error", step, error });
    await told.settle();
    await says(told, `/answer 1: ${secrets.said}`);
    await says(told, `> **Question 1** (choice)\n\n${secrets.quoted}`);
    told.github.addName("STRIPE_KEY", "2030-01-01T00:00:00Z");
    await says(told, "/provided STRIPE_KEY");
    await runner.ask({ kind: "value-refused", step, name: "STRIPE_KEY", message: secrets.refused });
    await runner.ask({ kind: "error", step, error: { ...error, message: secrets.pending } });
  }

  test("leaves nothing of what people and agents wrote anywhere in the store's files", async () => {
    const dataDir = await temporaryFolder();
    const told = await world({ dataDir });
    await lived(told);
    const before = await everythingIn(dataDir);
    expect(Object.values(secrets).filter((secret) => !holds(before, secret))).toEqual([]);
    await says(told, "/delete");
    await told.die();
    const after = await everythingIn(dataDir);
    expect(Object.values(secrets).filter((secret) => holds(after, secret))).toEqual([]);
    await told.start();
  });

  test("ends run and gate, deletes the branches, and the events still fold to what the read models say", async () => {
    const dataDir = await temporaryFolder();
    const told = await world({ dataDir });
    await lived(told);
    const live = await told.liveRun();
    await says(told, "/delete");
    expect([...told.github.branches.keys()]).toEqual(["main"]);
    expect(told.github.pulls.get(31)).toMatchObject({ open: false, merged: false });
    expect(told.github.runs.find(({ runId }) => runId === live.runId)?.conclusion).toBe("cancelled");
    const task = await told.task();
    expect(task).toMatchObject({ status: "cancelled", erasedBy: "owner" });
    expect(stateFrom(await told.events())).toEqual(await told.store.reconstructTaskState(task.taskId));
    expect((await told.types()).at(-1)).toBe("TaskErased");
    expect(told.complaints()).toEqual([]);
  });

  test("during a run tells its runner to stop, and takes nothing more from it", async () => {
    const dataDir = await temporaryFolder();
    const told = await world({ dataDir });
    await told.label();
    const runner = await told.openRun();
    await says(told, "/delete");
    expect(await runner.step("01_idea", "Latecomer")).toMatchObject({ stop: true });
    await runner.say({ kind: "log", level: "info", text: "Lastwords" });
    await told.settle();
    await told.die();
    const after = await everythingIn(dataDir);
    expect(["Latecomer", "Lastwords"].filter((text) => holds(after, text))).toEqual([]);
    await told.start();
  });

  test("again changes nothing, and after the task has ended it still erases", async () => {
    const dataDir = await temporaryFolder();
    const told = await world({ dataDir });
    told.github.openIssue(7, { body: secrets.body });
    await told.label();
    await told.comment("cancel");
    await says(told, "/delete");
    await says(told, "/delete");
    expect((await told.types()).filter((event) => event === "TaskErased")).toHaveLength(1);
    await told.die();
    expect(await everythingIn(dataDir)).not.toContain(secrets.body);
    await told.start();
  });

  test("keeps the text of a second task that was started with the same words", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.github.openIssue(8);
    await told.label();
    await told.label("create_app", { issueNumber: 8 });
    await says(told, "/delete");
    const { job } = await told.openRun(8);
    expect(job.prompt).toEqual({ title: "A link shortener", text: "Paste a long URL, get a short one." });
  });
});
