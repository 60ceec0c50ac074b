import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater, type TaskView } from "../../src/control/ports.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { created, inReview, running, started, viewOf } from "./texts-fixtures.ts";

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

describe("a notice", () => {
  const notice = { kind: "second-label", label: "modify_app", running: "create_app" } as const;

  test("is written once for each key, whatever the key holds", async () => {
    for (const key of ["one", "one", "two", "t--> <!-- x"]) {
      await bed.github.notify(bed.repository, issue, key, notice);
      await bed.anotherClient().notify(bed.repository, issue, key, notice);
    }
    const all = await bodies();
    expect(all).toHaveLength(3);
    expect(all[2]).toMatch(/^<!-- phasegate:notice:t%2D%2D%3E%20%3C!%2D%2D%20x -->\n/u);
  });

  test("when its answer is lost, the repeat writes no second one", async () => {
    bed.failNext(/POST .*\/comments$/u, "lost-answer");
    await expect(bed.github.notify(bed.repository, issue, "one", notice)).rejects.toBeInstanceOf(RetryLater);
    await bed.github.notify(bed.repository, issue, "one", notice);
    expect(await bodies()).toHaveLength(1);
  });

  test("about a missing workflow file links to the page that makes it on the default branch", async () => {
    const { task } = view(started);
    const reason = { kind: "no-workflow-file" } as const;
    await bed.github.notify(bed.repository, issue, "one", { kind: "blocked", reason, task });
    expect((await bodies())[0]).toContain("https://github.com/octo/shop/new/main?filename=");
  });
});
