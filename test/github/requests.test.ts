import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { taskIdFrom } from "../../src/core/ids.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import {
  answered,
  asked,
  created,
  needed,
  questionsAsked,
  runId,
  runStarted,
  taskOf,
  viewOf,
  waitsForAnswer,
} from "./texts-fixtures.ts";
import { phrase } from "../../src/core/phrase.ts";

let bed: GitHubTestbed;
let issue: number;

beforeEach(async () => {
  bed = await startGitHubTestbed();
  issue = (await bed.owner.openIssue({ title: "A link shortener", body: "Please" })).number;
});

afterEach(() => bed.stop());

const key = `${runId}/1`;

function questions(...events: readonly TaskEvent[]) {
  const task = taskOf(created({ issue }), ...runStarted, questionsAsked([asked()]), ...events);
  return { task, key, request: { kind: "questions", questions: task.questions } } as const;
}

async function bodies(): Promise<readonly string[]> {
  return (await bed.owner.comments(issue)).map(({ body }) => body);
}

describe("the comment on what an issue lacks", () => {
  const fault = { field: "Priority", given: "P1", expected: phrase`high or low` };

  test("is made once, edited as the text changes, after a restart too, and says when all is there", async () => {
    await bed.github.showFaults(bed.repository, issue, "k1", [fault, { ...fault, field: "Base branch" }], null);
    await bed.anotherClient().showFaults(bed.repository, issue, "k1", [fault], null);
    const [asking, ...others] = await bodies();
    expect(others).toEqual([]);
    expect(asking).toMatch(/^<!-- phasegate:form:k1 -->\n\*\*The task can't start yet: one thing/u);

    await bed.anotherClient().showFaults(bed.repository, issue, "k1", [], null);
    expect(await bodies()).toEqual([expect.stringContaining("says all that the task needs")]);
  });

  test("is not made where nothing is missing", async () => {
    await bed.github.showFaults(bed.repository, issue, "k1", [], null);
    expect(await bodies()).toEqual([]);
  });
});

describe("the comment of a request", () => {
  test("is made once, and edited as the request changes, after a restart too", async () => {
    await bed.github.showRequest(bed.repository, questions());
    await bed.anotherClient().showRequest(bed.repository, questions(answered(1, "Freemium", 2)));
    const all = await bodies();
    expect(all).toHaveLength(1);
    expect(all[0]).toMatch(/^<!-- phasegate:request:run-1%2F1 -->\n### Answered: question 1/u);
  });

  test("is left alone where it says the same", async () => {
    await bed.github.showRequest(bed.repository, questions());
    bed.sent();
    await bed.github.showRequest(bed.repository, questions());
    expect(bed.sent()).toEqual([]);
    await bed.anotherClient().showRequest(bed.repository, questions());
    expect(bed.sent().filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  test("is one, though two ask for it at the same time", async () => {
    await Promise.all([
      bed.github.showRequest(bed.repository, questions()),
      bed.github.showRequest(bed.repository, questions(answered(1, "Freemium", 2))),
    ]);
    expect(await bodies()).toHaveLength(1);
  });

  test("whose answer was lost is looked for when the lists must know it", async () => {
    bed.failNext(/POST .*\/comments$/u, "lost-answer");
    const failure = await bed.github.showRequest(bed.repository, questions()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryLater);
    expect(failure).toMatchObject({ retryAfterMs: 15_000 });
    await bed.github.showRequest(bed.repository, questions());
    expect(await bodies()).toHaveLength(1);
  });

  test("that somebody deleted is made anew", async () => {
    await bed.github.showRequest(bed.repository, questions());
    const [comment] = await bed.owner.comments(issue);
    await bed.owner.deleteComment(comment?.id ?? 0);
    bed.advance(15_000);
    await bed.github.showRequest(bed.repository, questions(answered(1, "Freemium", 2)));
    expect(await bodies()).toHaveLength(1);
  });

  test("that a person forged is none of ours", async () => {
    await bed.owner.comment(issue, "<!-- phasegate:request:run-1%2F1 -->\nNothing to answer here");
    await bed.github.showRequest(bed.repository, questions());
    expect(await bodies()).toHaveLength(2);
  });

  test("names the default branch to whoever commits a file that the agent asked for", async () => {
    const task = taskOf(created({ issue }), ...runStarted, needed({ type: "file", name: "logo.svg" }));
    const [dependency] = task.dependencies;
    if (dependency === undefined) throw new Error("a dependency was expected");
    const request = { kind: "dependency", dependency, isNoticed: true } as const;
    await bed.github.showRequest(bed.repository, { task, key, request });
    expect((await bodies())[0]).toContain("https://github.com/octo/shop/upload/main");
  });

  test("of an issue that is gone needs no writing", async () => {
    const { task, ...shown } = questions();
    const gone = { ...task, issue: { ...task.issue, number: 4_711 } };
    await expect(bed.github.showRequest(bed.repository, { ...shown, task: gone })).resolves.toBeUndefined();
  });
});

describe("the status comment", () => {
  const view = () => viewOf([created({ issue }), ...runStarted, questionsAsked([asked()]), ...waitsForAnswer]);
  const link = (id: number) => `[**Question 1**](https://github.com/octo/shop/issues/${issue}#issuecomment-${id})`;
  const status = async () => (await bodies()).find((body) => body.includes("phasegate:status"));

  test("links to the comments of what is open, found once by whoever did not make them", async () => {
    await bed.github.showRequest(bed.repository, questions());
    const [comment] = await bed.owner.comments(issue);
    const another = bed.anotherClient();
    await another.showStatus(bed.repository, view());
    expect(await status()).toContain(link(comment?.id ?? 0));
    bed.sent();
    await another.showStatus(bed.repository, view());
    expect(bed.sent().filter((line) => line.includes("/comments"))).toEqual([]);
  });

  test("goes without the link where the comment is not there yet", async () => {
    await bed.github.showStatus(bed.repository, view());
    expect(await status()).toContain("- **Question 1** (choice): Which revenue model");
  });

  test("is not confused by another task's requests", async () => {
    await bed.github.showRequest(bed.repository, questions());
    const other = { ...view(), task: { ...view().task, taskId: taskIdFrom("task-2"), questions: [] } };
    await bed.github.showStatus(bed.repository, other);
    expect(await status()).not.toContain("issuecomment");
  });
});

describe("hiding a comment", () => {
  test("folds it away, again without harm", async () => {
    const { id } = await bed.owner.comment(issue, "sk-a-key");
    const comment = bed.sandbox.repositoryOf("octo/shop").issueComments.get(id);
    const { body } = await bed.owner.request("GET", `/issues/comments/${id}`);
    const nodeId = String(Reflect.get(Object(body), "node_id"));
    expect(await bed.github.hideComment(bed.repository, nodeId)).toBe(true);
    expect(await bed.github.hideComment(bed.repository, nodeId)).toBe(true);
    expect(comment?.minimizedReason).toBe("off-topic");
  });

  test.each([
    [{ status: 200, body: { data: null, errors: [{ type: "FORBIDDEN", message: "Resource not accessible" }] } }],
    [{ status: 200, body: { data: null, errors: [{ type: "UNPROCESSABLE", message: "Could not minimize" }] } }],
    [{ status: 403 }],
  ])("says so where GitHub refuses with %j", async (fault) => {
    bed.failNext(/graphql HideComment$/u, fault);
    expect(await bed.github.hideComment(bed.repository, "IC_1")).toBe(false);
  });

  test("says so where the comment is gone", async () => {
    expect(await bed.github.hideComment(bed.repository, "IC_4711")).toBe(false);
    expect(await bed.github.hideComment(bed.repository, "")).toBe(false);
  });

  test("is tried again where GitHub does not answer", async () => {
    bed.failNext(/graphql HideComment$/u, { status: 502 });
    await expect(bed.github.hideComment(bed.repository, "IC_1")).rejects.toBeInstanceOf(RetryLater);
  });
});
