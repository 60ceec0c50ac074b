/** Specifications that somebody pushes are looked at, whoever it is. */
import { describe, expect, test } from "vitest";
import { goodSpec, specPath } from "../verify/spec-text.ts";
import { payloadOf } from "./payloads.ts";
import { currentPhaseOf } from "../../src/core/state.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { repository, world, type World } from "./world.ts";

const faulty = goodSpec.replace("version: 1.0.0", "version: 1");
const fault = {
  file: specPath,
  line: 3,
  rule: "wrong-type",
  message: expect.stringContaining('"version": expected string, got 1'),
};
const checks = (told: World) => [...told.github.specificationsChecks];

/** A branch whose newest commit has these files, on top of a default branch with those. */
async function withHead(files: Readonly<Record<string, string>>, base: Readonly<Record<string, string>> = {}) {
  const told = await world();
  const parted = { sha: "base-1", mark: "", files: new Map(Object.entries(base)) };
  told.github.branches.set("main", [parted]);
  told.github.branches.set("ours", [parted, { sha: "head-1", mark: "", files: new Map(Object.entries(files)) }]);
  await told.settle();
  told.github.calls.length = 0;
  return told;
}

describe("a push", () => {
  const pushed = (told: World, specsSha?: string) =>
    told.deliver({
      kind: "base-moved",
      repository,
      branch: "main",
      isDefault: true,
      ...(specsSha === undefined ? {} : { specsSha }),
    });

  test("that changes specifications is told what is wrong with them, at line and field", async () => {
    const told = await withHead({ [specPath]: faulty });
    await pushed(told, "head-1");
    expect(checks(told)).toEqual([["head-1", { faults: [fault], looked: 1 }]]);
  });

  test("is told that all is well, too, and the same once more where it is heard again", async () => {
    const told = await withHead({ [specPath]: goodSpec });
    await pushed(told, "head-1");
    await pushed(told, "head-1");
    expect(checks(told)).toEqual([["head-1", { faults: [], looked: 1 }]]);
  });

  test("that changes none reads nothing", async () => {
    const told = await withHead({ [specPath]: faulty });
    await pushed(told);
    expect(checks(told)).toEqual([]);
    expect(told.github.calls).not.toContain("readTree");
  });

  test("of a person with write comes from the webhook itself", async () => {
    const told = await withHead({ [specPath]: faulty });
    const push = {
      ref: "refs/heads/main",
      after: "head-1",
      commits: [{ added: [], modified: [specPath], removed: [] }],
      repository: { id: 2, name: "links", owner: { login: "octo" }, default_branch: "main" },
    };
    await told.webhook("push", payloadOf("", push, "owner"));
    await told.settle();
    expect(checks(told)).toMatchObject([["head-1", { faults: [{ file: specPath }] }]]);
    expect(told.complaints()).toEqual([]);
  });
});

describe("a pull request", () => {
  const end = (sha: string, id = 2) => ({ sha, repo: { id } });
  const pushed = (action: string, sender: string, head = end("head-1")) =>
    payloadOf(action, { pull_request: { number: 9, head, base: end("base-1") } }, sender);

  test.each([
    ["opened", "wanda"],
    ["synchronize", "wanda"],
    ["synchronize", "phasegate[bot]"],
  ])("%s by %s has the specifications of its head looked at", async (action, sender) => {
    const told = await withHead({ [specPath]: faulty }, { [specPath]: goodSpec });
    await told.webhook("pull_request", pushed(action, sender));
    await told.settle();
    expect(checks(told)).toEqual([["head-1", { faults: [fault], looked: 1 }]]);
    expect(told.complaints()).toEqual([]);
  });

  test("that changes none is told nothing, whatever is wrong with those that it began with", async () => {
    const told = await withHead({ [specPath]: faulty, "a.txt": "a" }, { [specPath]: faulty });
    await told.webhook("pull_request", pushed("opened", "wanda"));
    await told.settle();
    expect(checks(told)).toEqual([]);
  });

  test("without specifications costs one look", async () => {
    const told = await withHead({ "a.txt": "a" });
    await told.webhook("pull_request", pushed("opened", "wanda"));
    await told.settle();
    expect(told.github.calls).toEqual(["readRepositoryFiles", "readSettingsFaults", "readSpecsSha"]);
  });

  test("from another repository is not read", async () => {
    const told = await withHead({ [specPath]: faulty });
    await told.webhook("pull_request", pushed("opened", "wanda", end("head-1", 3)));
    await told.settle();
    expect(told.github.calls).toEqual([]);
  });
});

describe("a push to a gate", () => {
  test("is checked, though GitHub fails once after the push was heard", async () => {
    const told = await world();
    await told.label();
    await told.runPhase();
    const pullRequest = currentPhaseOf(await told.task())?.gate?.pullRequest ?? 0;
    const branch = "phasegate/7-1-planning";
    told.github.push(branch, specPath, goodSpec);
    const pushed = { headSha: told.github.headOf(branch) ?? "", baseSha: told.github.headOf("main") ?? "base" };
    told.github.failNext("showSpecificationsCheck", "before", () => new RetryLater("502", 1_000));
    await told.deliver({ kind: "reviews-changed", repository, pullRequest, isPush: true, pushed });
    await told.advance(10 * 60_000);
    expect([...told.github.specificationsChecks.keys()]).toContain(pushed.headSha);
  });
});
