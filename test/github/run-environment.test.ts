import { afterEach, describe, expect, test } from "vitest";
import type { EnvironmentKind } from "../../src/control/ports/environment.ts";
import type { RepositoryToAdd } from "../sandbox/sandbox.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

let bed: GitHubTestbed;

afterEach(() => bed.stop());

const mayWrite = { metadata: "read", contents: "write", secrets: "write", actions_variables: "write" } as const;

async function start(permissions: RepositoryToAdd["permissions"] = mayWrite): Promise<void> {
  bed = await startGitHubTestbed(permissions === undefined ? {} : { permissions });
}

const stored = () => bed.sandbox.repositoryOf("octo/shop");
const set = (kind: EnvironmentKind, name: string, value: string) =>
  bed.github.environment.set(bed.repository, { kind, name, value });
const remove = (kind: EnvironmentKind, name: string) => bed.github.environment.remove(bed.repository, { kind, name });

describe("the environment of a repository's runs", () => {
  test("gets a secret that only GitHub can open", async () => {
    await start();
    expect(await set("secret", "stripe_key", "sk_live_안녕")).toBe("done");
    expect(stored().secrets.get("STRIPE_KEY")).toMatchObject({ name: "STRIPE_KEY", value: "sk_live_안녕" });
  });

  test("has a secret replaced, sealed anew", async () => {
    await start();
    await set("secret", "STRIPE_KEY", "one");
    expect(await set("secret", "STRIPE_KEY", "two")).toBe("done");
    expect(stored().secrets.get("STRIPE_KEY")?.value).toBe("two");
    expect(bed.statusesOf(/\/secrets\/STRIPE_KEY$/u)).toEqual([201, 204]);
  });

  test("gets a variable, and has it changed", async () => {
    await start();
    expect(await set("variable", "REGION", "eu")).toBe("done");
    expect(await set("variable", "REGION", "us")).toBe("done");
    expect(stored().variables.get("REGION")?.value).toBe("us");
  });

  test("gets a variable that somebody else makes at the same moment", async () => {
    await start();
    bed.owner.setVariable("REGION", "theirs");
    bed.failNext(/PATCH .*\/actions\/variables\/REGION$/u, { status: 404 });
    bed.failNext(/POST .*\/actions\/variables$/u, { status: 409 });
    expect(await set("variable", "REGION", "ours")).toBe("done");
    expect(stored().variables.get("REGION")?.value).toBe("ours");
  });

  test("is listed to its end, by name, kind and age, and without a value", async () => {
    await start();
    for (let number = 100; number < 135; number += 1) bed.owner.setVariable(`V${number}`, "a-value");
    await set("secret", "STRIPE_KEY", "a-value");
    const listed = await bed.github.environment.list(bed.repository);
    expect(listed).toHaveLength(36);
    expect(listed?.at(-1)).toEqual({
      kind: "secret",
      name: "STRIPE_KEY",
      updatedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/u),
    });
    expect(JSON.stringify(listed)).not.toContain("a-value");
  });

  test.each<EnvironmentKind>(["secret", "variable"])("loses a %s, and one that is gone is deleted", async (kind) => {
    await start();
    await set(kind, "REGION", "eu");
    expect(await remove(kind, "region")).toBe("done");
    expect(await bed.github.environment.list(bed.repository)).toEqual([]);
    expect(await remove(kind, "REGION")).toBe("done");
  });

  test.each(["GITHUB_TOKEN", "github_token", "1ST", "A-B", "", "A/../B"])("takes no name such as %j", async (name) => {
    await start();
    bed.sent();
    expect([await set("secret", name, "x"), await set("variable", name, "x")]).toEqual(["bad-name", "bad-name"]);
    expect(await remove("secret", name)).toBe("bad-name");
    expect(bed.sent()).toEqual([]);
  });

  test.each(["", "x".repeat(49_153)])("takes no value that GitHub would refuse", async (value) => {
    await start();
    expect(await set("secret", "STRIPE_KEY", value)).toBe("bad-value");
  });

  test("says where the installation does not grant it, and changes nothing", async () => {
    await start({ metadata: "read", contents: "write", secrets: "read", actions_variables: "read" });
    bed.owner.setSecret("STRIPE_KEY", "theirs");
    expect(await set("secret", "STRIPE_KEY", "ours")).toBe("not-permitted");
    expect(await set("variable", "REGION", "eu")).toBe("not-permitted");
    expect(await remove("secret", "STRIPE_KEY")).toBe("not-permitted");
    expect(stored().secrets.get("STRIPE_KEY")?.value).toBe("theirs");
    expect(await bed.github.environment.list(bed.repository)).toHaveLength(1);
  });

  test("is not listed where the app may read none of it", async () => {
    await start({ metadata: "read", contents: "write" });
    expect(await bed.github.environment.list(bed.repository)).toBeNull();
  });
});
