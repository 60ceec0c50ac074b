import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { TaskView } from "../../src/control/ports/task-view.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { at, created, inReview, running, started, viewOf } from "./texts-fixtures.ts";

let bed: GitHubTestbed;
let issue: number;

beforeEach(async () => {
  bed = await startGitHubTestbed();
  issue = (await bed.owner.openIssue({ title: "A link shortener", body: "Please" })).number;
});

afterEach(() => bed.stop());

function view(events: Parameters<typeof viewOf>[0]): TaskView {
  return viewOf([created({ issue }), ...events]);
}

async function bodies(): Promise<readonly string[]> {
  return (await bed.owner.comments(issue)).map(({ body }) => body);
}

describe("the status comment", () => {
  test("is written once and edited after", async () => {
    await bed.github.showStatus(bed.repository, view(started));
    await bed.github.showStatus(bed.repository, view(running));
    await bed.anotherClient().showStatus(bed.repository, view(inReview));
    const all = await bodies();
    expect(all).toHaveLength(1);
    expect(all[0]).toContain("<!-- phasegate:status:task-1 -->");
    expect(all[0]).toContain("waits for review");
  });

  test("is written once, though two ask for it at the same time", async () => {
    await Promise.all([
      bed.github.showStatus(bed.repository, view(started)),
      bed.github.showStatus(bed.repository, view(running)),
    ]);
    expect(await bodies()).toHaveLength(1);
  });

  test("is left alone where it says the same", async () => {
    await bed.github.showStatus(bed.repository, view(running));
    bed.sent();
    await bed.github.showStatus(bed.repository, view(running));
    expect(bed.sent()).toEqual([]);
    await bed.anotherClient().showStatus(bed.repository, view(running));
    expect(bed.sent().filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  test("is written anew where somebody deleted it", async () => {
    await bed.github.showStatus(bed.repository, view(started));
    const [comment] = await bed.owner.comments(issue);
    await bed.owner.request("DELETE", `/issues/comments/${comment?.id ?? 0}`);
    bed.advance(15_000);
    await bed.github.showStatus(bed.repository, view(running));
    expect(await bodies()).toHaveLength(1);
  });

  test("a person's comment with the same marker is none of ours", async () => {
    await bed.owner.comment(issue, "<!-- phasegate:status:task-1 -->\nI am the app");
    await bed.github.showStatus(bed.repository, view(running));
    const all = await bodies();
    expect(all).toHaveLength(2);
    expect(all[0]).toContain("I am the app");
  });

  test.each([[/POST .*\/comments$/u], [/PATCH .*\/comments/u]])(
    "when the answer to %s is lost, the repeat leaves one comment",
    async (match) => {
      bed.failNext(match, "lost-answer");
      const failures: unknown[] = [];
      for (const shown of [view(started), view(started), view(running), view(running)]) {
        await bed.github.showStatus(bed.repository, shown).catch((error: unknown) => failures.push(error));
      }
      expect(failures).toEqual([expect.any(RetryLater)]);
      expect(await bodies()).toHaveLength(1);
    },
  );

  test("whose answer was lost is looked for again only when the lists must know it", async () => {
    bed.failNext(/POST .*\/comments$/u, "lost-answer");
    const failure = await bed.github.showStatus(bed.repository, view(started)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryLater);
    expect(failure).toMatchObject({ retryAfterMs: 15_000 });
  });

  test("goes back to what it said before an edit whose answer was lost", async () => {
    await bed.github.showStatus(bed.repository, view(started));
    bed.failNext(/PATCH .*\/comments/u, "lost-answer");
    await expect(bed.github.showStatus(bed.repository, view(running))).rejects.toBeInstanceOf(RetryLater);
    await bed.github.showStatus(bed.repository, view(started));
    expect((await bodies())[0]).toContain("a run is being asked for");
  });

  test("an issue that is gone needs no comment", async () => {
    const gone = viewOf([created({ issue: 4_711 }), ...running]);
    await expect(bed.github.showStatus(bed.repository, gone)).resolves.toBeUndefined();
    await bed.github.showStatus(bed.repository, view(running));
    bed.failNext(/POST .*\/comments$/u, { status: 410 });
    const [comment] = await bed.owner.comments(issue);
    await bed.owner.request("DELETE", `/issues/comments/${comment?.id ?? 0}`);
    bed.advance(15_000);
    await expect(bed.github.showStatus(bed.repository, view(inReview))).resolves.toBeUndefined();
  });

  test("is found behind more comments than one page holds", async () => {
    for (let number = 0; number < 101; number += 1) await bed.owner.comment(issue, `talk ${number}`);
    await bed.github.showStatus(bed.repository, view(started));
    bed.sent();
    await bed.anotherClient().showStatus(bed.repository, view(running));
    expect(bed.sent().filter((line) => line.startsWith("POST"))).toEqual([]);
  });
});

describe("the pin of the status comment", () => {
  const pin = /PUT .*\/pin$/u;
  const pins = () => bed.sent().filter((line) => pin.test(line));

  test("is set right after the comment was made, and never again", async () => {
    bed.failNext(pin, { status: 200, body: {} });
    await bed.github.showStatus(bed.repository, view(started));
    expect(pins()).toHaveLength(1);
    await bed.github.showStatus(bed.repository, view(running));
    await bed.anotherClient().showStatus(bed.repository, view(inReview));
    expect(pins()).toEqual([]);
  });

  test("is set by the repeat where GitHub did not answer", async () => {
    bed.failNext(pin, { status: 502 });
    await expect(bed.github.showStatus(bed.repository, view(started))).rejects.toBeInstanceOf(RetryLater);
    bed.sent();
    bed.failNext(pin, { status: 200, body: {} });
    await bed.github.showStatus(bed.repository, view(started));
    expect(pins()).toHaveLength(1);
    expect(await bodies()).toHaveLength(1);
  });

  test.each([403, 404, 410, 422])(
    "that GitHub refuses with %d is no fault, and not asked for again",
    async (status) => {
      bed.failNext(pin, { status });
      await bed.github.showStatus(bed.repository, view(started));
      bed.sent();
      const other = (await bed.owner.openIssue({ title: "Another", body: "Please" })).number;
      const task = viewOf([created({ issue: other, taskId: "task-2" }), ...started]);
      await bed.github.showStatus(bed.repository, task);
      expect(pins()).toEqual([]);
    },
  );
});

describe("the label of the state", () => {
  const labelWrites = () => bed.sent().filter((line) => !line.startsWith("GET") && line.includes("/labels"));

  async function labels(): Promise<readonly string[]> {
    return (await bed.owner.issue(issue)).labels.map(({ name }) => name);
  }

  test("is one at a time, beside what people set", async () => {
    await bed.owner.label(issue, "create_app", "phasegate:failed");
    const seen: (readonly string[])[] = [];
    const reason = { kind: "gate-closed", pullRequest: 8 } as const;
    for (const events of [
      [],
      started,
      running,
      inReview,
      [...running, { type: "TaskPaused", at, reason: { kind: "waiting-question" } }],
      [...running, { type: "TaskPaused", at, reason: { kind: "waiting-dependency" } }],
      [...inReview, { type: "TaskPaused", at, reason }],
      [...inReview, { type: "TaskPaused", at, reason }, { type: "TaskCancelled", at, by: "owner" }],
    ] as const) {
      await bed.github.showStatus(bed.repository, view(events));
      seen.push(await labels());
    }
    expect(seen).toEqual(
      ["draft", "running", "running", "review", "waiting-question", "waiting-dependency", "paused", "cancelled"].map(
        (state) => ["create_app", `phasegate:${state}`],
      ),
    );
  });

  test("comes with a colour and a description", async () => {
    await bed.github.showStatus(bed.repository, view(inReview));
    const { body } = await bed.owner.request("GET", "/labels/phasegate%3Areview");
    expect(body).toMatchObject({ color: "fbca04", description: "A pull request waits for your review" });
  });

  test("costs one write a change where the repository has it, and no request without a change", async () => {
    for (const events of [started, inReview]) await bed.github.showStatus(bed.repository, view(events));
    bed.sent();
    await bed.github.showStatus(bed.repository, view(started));
    expect(labelWrites()).toEqual([`PUT /repos/octo/shop/issues/${issue}/labels`]);
    await bed.github.showStatus(bed.repository, view(running));
    expect(bed.sent().filter((line) => line.includes("/labels"))).toEqual([]);
    await bed.anotherClient().showStatus(bed.repository, view(running));
    expect(labelWrites()).toEqual([]);
  });

  test("that a person took off comes back with the next change of state", async () => {
    await bed.github.showStatus(bed.repository, view(started));
    await bed.owner.unlabel(issue, "phasegate:running");
    await bed.github.showStatus(bed.repository, view(running));
    expect(await labels()).toEqual([]);
    await bed.github.showStatus(bed.repository, view(inReview));
    expect(await labels()).toEqual(["phasegate:review"]);
  });

  test("is made by whoever is faster", async () => {
    bed.failNext(/POST .*\/shop\/labels$/u, async () => {
      await bed.owner.request("POST", "/labels", { name: "phasegate:running", color: "ffffff" });
    });
    await bed.github.showStatus(bed.repository, view(started));
    expect(await labels()).toEqual(["phasegate:running"]);
  });

  test("is set by the repeat where GitHub did not answer", async () => {
    bed.failNext(/PUT .*\/labels$/u, { status: 502 });
    await expect(bed.github.showStatus(bed.repository, view(started))).rejects.toBeInstanceOf(RetryLater);
    await bed.github.showStatus(bed.repository, view(started));
    expect(await labels()).toEqual(["phasegate:running"]);
  });

  test("that GitHub refuses holds up no status", async () => {
    bed.failNext(/PUT .*\/labels$/u, { status: 403 });
    await bed.github.showStatus(bed.repository, view(started));
    expect((await bodies())[0]).toContain("a run is being asked for");
  });

  test("is the newest task's, whatever becomes of an older one", async () => {
    const older = view([...running, { type: "TaskCancelled", at, by: "owner" }]);
    const { task } = viewOf([created({ issue, taskId: "task-2" }), ...running]);
    await bed.github.showStatus(bed.repository, { ...older, task: { ...task, ordinal: 2 } });
    await bed.github.showStatus(bed.repository, older);
    expect(await labels()).toEqual(["phasegate:running"]);
  });
});

describe("a notice", () => {
  const notice = { kind: "second-label", label: "modify_app", running: "create_app" } as const;

  test("is written once for each key, whatever the key holds", async () => {
    for (const key of ["one", "one", "two", "t--> <!-- x"]) {
      await bed.github.notify(bed.repository, issue, key, notice, null);
      await bed.anotherClient().notify(bed.repository, issue, key, notice, null);
    }
    const all = await bodies();
    expect(all).toHaveLength(3);
    expect(all[2]).toMatch(/^<!-- phasegate:notice:t%2D%2D%3E%20%3C!%2D%2D%20x -->\n/u);
  });

  test("is in the language of the task that it is about, else in that of the installation", async () => {
    const korean = { input: { language: "ko" }, settings: { language: null } } as const;
    await bed.github.notify(bed.repository, issue, "one", notice, korean);
    await bed.github.notify(bed.repository, issue, "two", notice, null);
    const [first, second] = await bodies();
    expect(first).toContain("*다음 할 일:*");
    expect(second).toContain("*Next:*");
  });

  test("when its answer is lost, the repeat writes no second one", async () => {
    bed.failNext(/POST .*\/comments$/u, "lost-answer");
    await expect(bed.github.notify(bed.repository, issue, "one", notice, null)).rejects.toBeInstanceOf(RetryLater);
    await bed.github.notify(bed.repository, issue, "one", notice, null);
    expect(await bodies()).toHaveLength(1);
  });

  test("about a missing workflow file links to the page that makes it on the default branch", async () => {
    const { task } = view(started);
    const reason = { kind: "no-workflow-file" } as const;
    await bed.github.notify(bed.repository, issue, "one", { kind: "blocked", reason, task }, task);
    expect((await bodies())[0]).toContain("https://github.com/octo/shop/new/main?filename=");
  });
});
