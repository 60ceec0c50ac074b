import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

const listed = () => bed.github.listNames(bed.repository);
const requests = () => bed.sent().filter((line) => line.includes("/actions/"));

async function names(): Promise<readonly string[] | undefined> {
  return (await listed())?.map(({ name }) => name);
}

describe("names of secrets and variables", () => {
  test("come with their ages and without a value", async () => {
    bed.owner.setSecret("STRIPE_KEY", "sk_live_value");
    bed.owner.setVariable("REGION", "eu-value");
    const seen = await listed();
    expect(seen).toEqual([
      { name: "STRIPE_KEY", updatedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/u) },
      { name: "REGION", updatedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/u) },
    ]);
    expect(JSON.stringify(seen)).not.toContain("value");
  });

  test("that have not changed are asked for with what GitHub gave for it, and still known", async () => {
    bed.owner.setSecret("STRIPE_KEY", "one");
    const before = await listed();
    expect(await listed()).toEqual(before);
    expect(bed.statusesOf(/\/actions\//u)).toEqual([200, 200, 200, 200, 304, 304, 304, 304]);
    bed.owner.setSecret("OTHER", "two");
    expect(await names()).toEqual(["OTHER", "STRIPE_KEY"]);
    expect(bed.statusesOf(/\/actions\/secrets$/u)).toEqual([200, 304, 200]);
  });

  test("are read to the last page", async () => {
    for (let number = 100; number < 200; number += 1) bed.owner.setVariable(`V${number}`, "x");
    expect(await names()).toHaveLength(100);
    expect(requests().filter((line) => line.endsWith("/actions/variables"))).toHaveLength(4);
  });

  test("come once, with the age of the one that a run would get", async () => {
    bed.sandbox.settings.lendVariable("octo/shop", "REGION", "lent");
    bed.sandbox.settings.lendSecret("octo/shop", "STRIPE_KEY", "lent");
    const [lent] = (await listed()) ?? [];
    bed.advance(60_000);
    bed.owner.setSecret("STRIPE_KEY", "own");
    bed.owner.setVariable("STRIPE_KEY", "own");
    expect(lent).toMatchObject({ name: "STRIPE_KEY" });
    const now = await listed();
    expect(now?.map(({ name }) => name)).toEqual(["STRIPE_KEY", "REGION"]);
    const own = bed.sandbox.repositoryOf("octo/shop").secrets.get("STRIPE_KEY");
    expect(now?.[0]?.updatedAt).toBe(own?.updatedAt);
  });

  test("are secrets alone where the installation grants no variables", async () => {
    await bed.stop();
    bed = await startGitHubTestbed({ permissions: { metadata: "read", secrets: "read" } });
    bed.owner.setSecret("STRIPE_KEY", "one");
    bed.owner.setVariable("REGION", "eu");
    expect(await names()).toEqual(["STRIPE_KEY"]);
  });

  test("are none that anybody could wait for where the installation grants no secrets", async () => {
    await bed.stop();
    bed = await startGitHubTestbed({ permissions: { metadata: "read", actions_variables: "read" } });
    bed.owner.setVariable("REGION", "eu");
    expect(await listed()).toBeNull();
  });

  test("are asked for again later where GitHub does not answer", async () => {
    bed.failNext(/\/actions\/secrets$/u, { status: 502 });
    await expect(listed()).rejects.toBeInstanceOf(RetryLater);
  });
});
