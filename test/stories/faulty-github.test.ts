/** GitHub at its worst: what the app does then must come to the same as on a good day. */
import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { graphql, madeFromNowOn, rest, type FaultRule, type SetFault } from "../sandbox/faults.ts";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";

const request = { title: "A link shortener with a web page", body: "Paste a long URL, get a short one." };

/** Each kind of write that leads a phase from the label to its review. */
const writes: Readonly<Record<string, FaultRule["matches"]>> = {
  token: rest("POST", /\/access_tokens$/u),
  dispatch: rest("POST", /\/dispatches$/u),
  tree: rest("POST", /\/git\/trees$/u),
  commit: rest("POST", /\/git\/commits$/u),
  "move of the branch": graphql("updateRefs"),
  "pull request": rest("POST", /\/pulls$/u),
  "text of the pull request and end of the draft": graphql("markPullRequestReadyForReview"),
  comment: rest("POST", /\/issues\/\d+\/comments$/u),
  "edit of the comment": rest("PATCH", /\/issues\/comments\/\d+$/u),
};

const putOff = "performing an effect";
const limited = "rate limit of GitHub reached";

type Fault = FaultRule extends infer Rule ? (Rule extends FaultRule ? Omit<Rule, "matches" | "times"> : never) : never;

/** Every kind of write goes wrong once. */
function spoilEachWrite({ sandbox }: Story, faultOf: (index: number) => Fault): ReadonlyMap<string, SetFault> {
  return new Map(
    Object.entries(writes).map(([name, matches], index) => [
      name,
      sandbox.faults.add({ ...faultOf(index), matches, times: 1 }),
    ]),
  );
}

function expectAllStruck(faults: ReadonlyMap<string, SetFault>): void {
  expect(Object.fromEntries([...faults].map(([name, fault]) => [name, fault.hits()]))).toEqual(
    Object.fromEntries([...faults.keys()].map((name) => [name, 1])),
  );
}

/** From the label to the first phase in review. */
async function reachReview(told: Story): Promise<number> {
  const { number } = await told.owner.openIssue({ ...request, labels: ["create_app"] });
  await told.next("ReviewCreated");
  await told.settled();
  return number;
}

/** What a reader of the repository finds is what there would be on a good day. */
async function expectNothingTwice({ sandbox, owner, events }: Story, issue: number): Promise<void> {
  const repository = sandbox.repositoryOf(repositoryName);
  expect(repository.runs.size).toBe(1);
  const comments = await owner.comments(issue);
  expect(comments.map(({ user }) => user.login)).toEqual(["phasegate[bot]"]);
  const [pull, ...others] = await owner.pulls("all");
  expect(others).toEqual([]);
  expect(pull).toMatchObject({ draft: false, state: "open" });
  const range = `main..${pull?.head.ref ?? ""}`;
  const log = ["--git-dir", sandbox.gitDirOf(repositoryName), "log", "--format=%s", range];
  const subjects = execFileSync("git", log, { encoding: "utf8" }).trim().split("\n");
  expect(subjects).toEqual([...new Set(subjects)]);
  const steps = events.filter(({ type }) => type === "StepPublished").length;
  // One for each step, and the one that lets CI run.
  expect(subjects.length).toBe(steps + 1);
}

describe("GitHub fails", () => {
  story(
    "after it has done what was asked, with each kind of write: nothing is done twice",
    { provokes: [putOff, "processing a message"] },
    async (told) => {
      const faults = spoilEachWrite(told, () => ({ kind: "error-after", status: 500 }));
      const issue = await reachReview(told);
      expectAllStruck(faults);
      await expectNothingTwice(told, issue);
    },
  );

  story(
    "to answer: the connection breaks after each kind of write, and nothing is done twice",
    { provokes: [putOff, "processing a message"] },
    async (told) => {
      const faults = spoilEachWrite(told, () => ({ kind: "cut", when: "after" }));
      const issue = await reachReview(told);
      expectAllStruck(faults);
      await expectNothingTwice(told, issue);
    },
  );

  story(
    "before it has done anything, with each kind of write: all is done in the end",
    { provokes: [putOff, "processing a message"] },
    async (told) => {
      const faults = spoilEachWrite(told, () => ({ kind: "error-before", status: 502 }));
      const issue = await reachReview(told);
      expectAllStruck(faults);
      await expectNothingTwice(told, issue);
    },
  );
});

describe("GitHub asks the app to wait", () => {
  story(
    "by a secondary limit, as 403 or as 429, at each kind of write: it waits, and goes on",
    { provokes: [putOff, limited, "processing a message"] },
    async (told) => {
      const faults = spoilEachWrite(told, (index) => ({
        kind: "secondary-limit",
        status: index % 2 === 0 ? 403 : 429,
        retryAfterSeconds: 1,
      }));
      const issue = await reachReview(told);
      expectAllStruck(faults);
      await expectNothingTwice(told, issue);
    },
  );

  story(
    "by the primary limit, in the midst of a phase: it waits for the reset, and goes on",
    { provokes: [putOff, limited, "processing a message"] },
    async (told) => {
      const fault = told.sandbox.faults.add({
        kind: "primary-limit",
        resetInSeconds: 300,
        matches: writes["commit"] ?? (() => false),
        times: 1,
      });
      const issue = await reachReview(told);
      expect(fault.hits()).toBe(1);
      // Time has jumped to the reset, which is later than what the app waits where no time is named.
      expect(told.sandbox.context.now().getTime() - Date.now()).toBeGreaterThan(295_000);
      await expectNothingTwice(told, issue);
    },
  );
});

describe("GitHub lags", () => {
  story("in its lists of comments, runs and pull requests: what was just made is not made again", {}, async (told) => {
    const { sandbox } = told;
    const misses = madeFromNowOn(sandbox.context);
    const lists = [/\/runs$/u, /\/pulls$/u, /\/issues\/\d+\/comments$/u].map((path) =>
      sandbox.faults.add({ kind: "lagging-list", misses, matches: rest("GET", path), times: 3 }),
    );
    const issue = await reachReview(told);
    expect(lists.every((list) => list.hits() > 0)).toBe(true);
    for (const list of lists) list.end();
    await expectNothingTwice(told, issue);
  });

  story(
    "in its list of commits, and the answer to a commit is lost: it is not made again all the same",
    { provokes: [putOff] },
    async (told) => {
      const { faults } = told.sandbox;
      const lost = faults.add({ kind: "cut", when: "after", matches: graphql("updateRefs"), times: 1 });
      const lag = faults.add({
        kind: "lagging-list",
        misses: ({ commit }) => JSON.stringify(commit).includes("Phase 1"),
        matches: rest("GET", /\/commits$/u),
        times: Number.POSITIVE_INFINITY,
      });
      const issue = await reachReview(told);
      expect(lost.hits()).toBe(1);
      expect(lag.hits()).toBeGreaterThan(1);
      await expectNothingTwice(told, issue);
    },
  );

  story(
    "in its list of runs, and the answer to a dispatch is lost: the second job is turned away, the work is done once",
    { provokes: [putOff, "runner refused"] },
    async (told) => {
      const { faults } = told.sandbox;
      const lost = faults.add({ kind: "error-after", status: 500, matches: rest("POST", /\/dispatches$/u), times: 1 });
      const lag = faults.add({
        kind: "lagging-list",
        misses: () => true,
        matches: (asked) => lost.hits() > 0 && rest("GET", /\/runs$/u)(asked),
        times: 1,
      });
      await reachReview(told);
      expect([lost.hits(), lag.hits()]).toEqual([1, 1]);
      const runs = [...told.sandbox.repositoryOf(repositoryName).runs.values()];
      expect(runs.length).toBe(2);
      expect(runs.filter(({ conclusion }) => conclusion === "success").length).toBe(1);
      const steps = told.events.flatMap((event) => (event.type === "StepCompleted" ? [event.step] : []));
      expect(steps).toEqual([...new Set(steps)]);
      expect(told.events.filter(({ type }) => type === "RunStarted").length).toBe(1);
    },
  );

  story(
    "in its list of pull requests, and the answer to a new one is lost: there is no second one",
    { provokes: [putOff] },
    async (told) => {
      const { faults } = told.sandbox;
      const lost = faults.add({ kind: "cut", when: "after", matches: rest("POST", /\/pulls$/u), times: 1 });
      const lag = faults.add({
        kind: "lagging-list",
        misses: () => true,
        matches: (asked) => lost.hits() > 0 && rest("GET", /\/pulls$/u)(asked),
        times: 1,
      });
      const issue = await reachReview(told);
      expect([lost.hits(), lag.hits()]).toEqual([1, 1]);
      await expectNothingTwice(told, issue);
    },
  );

  story(
    "behind its own branches: the pull request is opened when GitHub knows the branch",
    { provokes: [putOff] },
    async (told) => {
      const fault = told.sandbox.faults.add({
        kind: "error-before",
        status: 422,
        message: "Validation Failed: PullRequest head invalid",
        matches: writes["pull request"] ?? (() => false),
        times: 2,
      });
      const issue = await reachReview(told);
      expect(fault.hits()).toBe(2);
      await expectNothingTwice(told, issue);
    },
  );
});

describe("webhooks", () => {
  const all = () => true;

  story("come twice, late and in the wrong order, and lead to the same", {}, async (told) => {
    const { webhooks } = told.sandbox;
    webhooks.duplicate = all;
    webhooks.late = all;
    const { number } = await told.owner.openIssue({ ...request, labels: ["create_app"] });
    webhooks.release("reversed");
    await told.next("RunDispatched");
    webhooks.release("reversed");
    await told.next("ReviewCreated");
    webhooks.release("reversed");
    await told.settled();
    await expectNothingTwice(told, number);

    await told.acceptGate(1);
    // The merge is heard before the approval, and the push of the branch after both.
    webhooks.release("reversed");
    await told.next("PhaseCompleted");
    webhooks.late = () => false;
    webhooks.release();
    await told.next("ReviewCreated");
    await told.settled();
    const merged = told.events.filter(({ type }) => type === "PhaseCompleted" || type === "PhaseStarted");
    expect(merged.map(({ type }) => type)).toEqual(["PhaseStarted", "PhaseCompleted", "PhaseStarted"]);
    expect((await told.owner.pulls("all")).length).toBe(2);
  });
});
