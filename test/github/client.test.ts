import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

describe("permission on a repository", () => {
  test.each([
    ["octo", "admin"],
    ["mia", "write"],
    ["wanda", "write"],
    ["tina", "read"],
    ["rita", "read"],
    ["nobody-of-that-name", "none"],
  ])("of %s is %s", async (login, permission) => {
    expect(await bed.github.permissionOf(bed.repository, login)).toBe(permission);
  });

  test("of a stranger is not write", async () => {
    expect(["read", "none"]).toContain(await bed.github.permissionOf(bed.repository, "stranger"));
  });

  test("is asked anew each time", async () => {
    expect(await bed.github.permissionOf(bed.repository, "wanda")).toBe("write");
    bed.sandbox.repositoryOf("octo/shop").collaborators.set("wanda", "read");
    expect(await bed.github.permissionOf(bed.repository, "wanda")).toBe("read");
  });

  test("is unknown, not none, where GitHub does not answer", async () => {
    bed.failNext(/\/collaborators\//u, { status: 503 });
    await expect(bed.github.permissionOf(bed.repository, "wanda")).rejects.toBeInstanceOf(RetryLater);
  });
});

describe("an issue", () => {
  test("is read with its author and labels", async () => {
    const { number } = await bed.owner.openIssue({ title: "T", body: "B", labels: ["create_app"] });
    expect(await bed.github.readIssue(bed.repository, number)).toEqual({
      title: "T",
      body: "B",
      author: "wanda",
      authorIsBot: false,
      labels: ["create_app"],
      open: true,
    });
    expect(await bed.github.readIssue(bed.repository, 4_711)).toBeNull();
  });

  test("is closed as completed; one that somebody closed, or that is gone, is left as it is", async () => {
    const [{ number }, other] = [await bed.owner.openIssue({ title: "T" }), await bed.owner.openIssue({ title: "O" })];
    await bed.owner.closeIssue(other.number, "not_planned");
    for (const each of [number, number, other.number, 4_711]) await bed.github.closeIssue(bed.repository, each);
    expect(await bed.owner.issue(number)).toMatchObject({ state: "closed", state_reason: "completed" });
    expect(await bed.owner.issue(other.number)).toMatchObject({ state_reason: "not_planned" });
    expect(bed.sent().filter((line) => line.startsWith("PATCH"))).toHaveLength(1);
  });
});

describe("the app", () => {
  test("knows its name", async () => {
    expect(await bed.github.appSlug()).toBe("phasegate");
  });
});

describe("a call", () => {
  const call = () => bed.github.headOf(bed.repository, "main");

  test("takes a fresh token once where the old one is refused", async () => {
    await call();
    bed.sandbox.context.state.tokens.clear();
    expect(await call()).toMatch(/^[0-9a-f]{40}$/u);
  });

  test("whose fresh token is refused too is tried later", async () => {
    bed.failNext(/git\/ref/u, { status: 401 });
    bed.failNext(/git\/ref/u, { status: 401 });
    await expect(call()).rejects.toBeInstanceOf(RetryLater);
  });

  test("that GitHub never answers ends after the timeout", async () => {
    const github = bed.anotherClient({ timeoutMs: 50 });
    await bed.github.headOf(bed.repository, "main");
    bed.failNext(/git\/ref/u, "no-answer");
    await expect(github.headOf(bed.repository, "main")).rejects.toThrow(/no answer from GitHub/u);
  });

  test("is not made before a secondary limit lifts, nor any other of the installation", async () => {
    bed.failNext(/git\/ref/u, {
      status: 403,
      message: "You have exceeded a secondary rate limit.",
      headers: { "retry-after": "7" },
    });
    await expect(call()).rejects.toMatchObject({ retryAfterMs: 7_000 });
    bed.sent();
    bed.advance(3_000);
    await expect(bed.github.permissionOf(bed.repository, "wanda")).rejects.toMatchObject({ retryAfterMs: 4_000 });
    expect(bed.sent()).toEqual([]);
    bed.advance(4_000);
    expect(await call()).toMatch(/^[0-9a-f]{40}$/u);
  });

  test("without an installation says so", async () => {
    bed.sandbox.context.state.installations.clear();
    await expect(call()).rejects.toThrow("is the app still installed there");
  });

  test("given an App's signature that GitHub refuses, as with a clock that is off, then it is tried again and the words name both causes", async () => {
    bed.failNext(/access_tokens/u, { status: 401 });
    await expect(call()).rejects.toMatchObject({
      retryAfterMs: 5_000,
      message: expect.stringContaining("is PRIVATE_KEY the App's, and this machine's clock right?"),
    });
    expect(await call()).toMatch(/^[0-9a-f]{40}$/u);
  });

  test("reuses its token until five minutes before it ends", async () => {
    const minted = () =>
      [...bed.sandbox.context.state.tokens.values()].filter(({ kind }) => kind === "installation").length;
    await call();
    await call();
    expect(minted()).toBe(1);
    bed.advance(61 * 60_000);
    await call();
    expect(minted()).toBe(2);
  });

  test("gets a token for its one repository and permission only", async () => {
    await bed.github.permissionOf(bed.repository, "wanda");
    const [token] = [...bed.sandbox.context.state.tokens.values()].filter(({ kind }) => kind === "installation");
    expect(token?.permissions).toEqual({ metadata: "read" });
    expect(token?.repositoryIds).toEqual(new Set([bed.repository.repositoryId]));
  });
});
