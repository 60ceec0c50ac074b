import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { defaultSettings } from "../../src/core/settings.ts";
import { noInput } from "../../src/core/task-input.ts";
import type { GitHubClient } from "../../src/github/client.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { created, running, taskId, viewOf } from "./texts-fixtures.ts";

/** What is made while GitHub's lists lag: whoever made it died over it, or another process of the app looks for it. */

let bed: GitHubTestbed;
let issue = 0;

beforeEach(async () => {
  bed = await startGitHubTestbed();
  issue = (await bed.owner.openIssue({ title: "A link shortener", body: "Please" })).number;
});

afterEach(() => bed.stop());

const spec = {
  id: "spec-2026-02-18-001",
  path: ".phasegate/specs/active/spec-2026-02-18-001.yaml",
  title: "Remind of overdue tools",
  description: "A borrower is reminded.",
  tags: ["create_app"],
  requirements: [{ id: "REQ-001", description: "A borrower is reminded." }],
  acceptance: ["A reminder arrives."],
};
const notice = { kind: "second-label", label: "modify_app", running: "create_app" } as const;
const run = {
  runId: runIdFrom("0f3c9a1e-58d1-4c0e-9d53-9b8f6a3f1c11"),
  taskId,
  phase: "Planning · issue #7",
  ref: "main",
  grants: [],
};

interface Made {
  /** Of GitHub's list in which it is looked for, and how that looks without it. */
  readonly list: RegExp;
  readonly nothing: unknown;
  readonly post: RegExp;
  readonly make: (github: GitHubClient) => Promise<unknown>;
}

const made: Readonly<Record<string, Made>> = {
  "a notice": {
    list: /GET .*\/comments$/u,
    nothing: [],
    post: /POST .*\/comments$/u,
    make: (github) => github.notify(bed.repository, issue, "one", notice, null),
  },
  "a status comment": {
    list: /GET .*\/comments$/u,
    nothing: [],
    post: /POST .*\/comments$/u,
    make: (github) => github.showStatus(bed.repository, viewOf([created({ issue }), ...running])),
  },
  "a run": {
    list: /GET .*\/runs$/u,
    nothing: { total_count: 0, workflow_runs: [] },
    post: /POST .*\/dispatches$/u,
    make: (github) => github.dispatchRun(bed.repository, run),
  },
  "an issue of a specification": {
    list: /GET .*\/issues$/u,
    nothing: [],
    post: /POST .*\/issues$/u,
    make: (github) =>
      github.openSpecIssue(bed.repository, spec, "create_app", { input: noInput, settings: defaultSettings }),
  },
};

describe.each(Object.entries(made))("%s that was just made", (_name, { list, nothing, post, make }) => {
  const posts = () => bed.sent().filter((line) => post.test(line)).length;

  test("is not made again by a process that does not find it yet; once the lists show it, it is found", async () => {
    await make(bed.github);
    expect(posts()).toBe(1);
    bed.advance(4_000);
    bed.failNext(list, { status: 200, body: nothing });
    const failure = await make(bed.anotherClient()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryLater);
    expect(failure).toMatchObject({ retryAfterMs: 11_000 });
    bed.advance(11_000);
    await make(bed.anotherClient());
    expect(posts()).toBe(0);
  });

  test("whose answer was lost is looked for when the lists must show it, and made again where it is not there", async () => {
    bed.failNext(post, { status: 502 });
    const failure = await make(bed.github).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "RetryLater", retryAfterMs: 15_000 });
    bed.advance(15_000);
    bed.sent();
    await make(bed.github);
    expect(posts()).toBe(1);
  });

  test("and was refused can be made at once when nothing stands in the way any more", async () => {
    bed.failNext(post, { status: 403, message: "You have exceeded a secondary rate limit" });
    await expect(make(bed.github)).rejects.toMatchObject({ name: "RateLimited", retryAfterMs: 60_000 });
    // The clock of another process, which has not heard of the limit.
    await make(bed.anotherClient());
    expect(posts()).toBe(2);
  });
});
