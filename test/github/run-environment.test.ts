import { afterEach, describe, expect, test } from "vitest";
import type { EnvironmentKind } from "../../src/control/ports/environment.ts";
import type { RepositoryToAdd } from "../sandbox/sandbox.ts";
import type { Permissions } from "../sandbox/state.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

let bed: GitHubTestbed;

afterEach(() => bed.stop());

const mayRead = { metadata: "read", contents: "write", secrets: "read", actions_variables: "read" } as const;
/** Of whoever asks, e.g. a writer; the app itself may only read. */
let token: string;

async function start(over: Partial<RepositoryToAdd> = {}): Promise<void> {
  bed = await startGitHubTestbed({ permissions: mayRead, ...over });
  token = bed.sandbox.tokenOf("wanda");
}

/** A fine-grained token of the writer. */
const makeToken = (permissions: Permissions, repositories = ["octo/shop"]) =>
  bed.sandbox.makeToken("wanda", { repositories, permissions });

const stored = () => bed.sandbox.repositoryOf("octo/shop");
const set = (kind: EnvironmentKind, name: string, value: string) =>
  bed.github.environment.set(token, bed.repository, { kind, name, value });
const remove = (kind: EnvironmentKind, name: string) =>
  bed.github.environment.remove(token, bed.repository, { kind, name });

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
    expect(listed.missing).toEqual([]);
    expect(listed.entries).toHaveLength(36);
    expect(listed.entries.at(-1)).toEqual({
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
    expect(await bed.github.environment.list(bed.repository)).toEqual({ entries: [], missing: [] });
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

  test.each(["one", "none"])(
    "is changed by nobody with a token that only reads it, where there is %s",
    async (there) => {
      await start();
      if (there === "one") {
        bed.owner.setSecret("STRIPE_KEY", "theirs");
        bed.owner.setVariable("REGION", "theirs");
      }
      token = makeToken({ metadata: "read", secrets: "read", actions_variables: "read" });
      expect(await set("secret", "STRIPE_KEY", "ours")).toBe("not-permitted");
      expect(await set("variable", "REGION", "ours")).toBe("not-permitted");
      expect(await remove("secret", "STRIPE_KEY")).toBe("not-permitted");
      expect(await remove("variable", "REGION")).toBe("not-permitted");
      expect([stored().secrets.get("STRIPE_KEY")?.value, stored().variables.get("REGION")?.value]).toEqual(
        there === "one" ? ["theirs", "theirs"] : [undefined, undefined],
      );
    },
  );

  test.each<[EnvironmentKind, EnvironmentKind, string]>([
    ["secret", "variable", "secrets"],
    ["variable", "secret", "actions_variables"],
  ])("is changed as far as the token goes: %ss, and no %s", async (kind, other, permission) => {
    await start();
    token = makeToken({ metadata: "read", [permission]: "write" });
    expect(await set(kind, "REGION", "eu")).toBe("done");
    expect(await remove(kind, "REGION")).toBe("done");
    expect(await remove(kind, "REGION")).toBe("done");
    expect([await set(other, "REGION", "eu"), await remove(other, "REGION")]).toEqual([
      "not-permitted",
      "not-permitted",
    ]);
  });

  test("loses nothing by a token that was made for another, private repository, and says so", async () => {
    await start({ private: true });
    bed.owner.setSecret("STRIPE_KEY", "theirs");
    token = makeToken({ metadata: "read", secrets: "write", actions_variables: "write" }, []);
    expect([await remove("secret", "STRIPE_KEY"), await remove("variable", "REGION")]).toEqual([
      "not-permitted",
      "not-permitted",
    ]);
    expect([await set("secret", "STRIPE_KEY", "x"), await set("variable", "REGION", "x")]).toEqual([
      "not-permitted",
      "not-permitted",
    ]);
    expect(stored().secrets.get("STRIPE_KEY")?.value).toBe("theirs");
  });

  test("hears where a token is none any more", async () => {
    await start();
    token = `github_pat_${"x".repeat(40)}`;
    expect([await set("secret", "STRIPE_KEY", "x"), await remove("variable", "REGION")]).toEqual([
      "token-refused",
      "token-refused",
    ]);
  });

  test("of an archived repository is not changed, and that is told apart from a token that lacks something", async () => {
    await start();
    bed.sandbox.settings.archive("octo/shop");
    expect([await set("secret", "STRIPE_KEY", "x"), await remove("variable", "REGION")]).toEqual([
      "read-only",
      "read-only",
    ]);
  });

  test.each<[EnvironmentKind, Permissions]>([
    ["secret", { actions_variables: "read" }],
    ["variable", { secrets: "read" }],
  ])("is listed without each %s where the app may not read those, and says so", async (missing, granted) => {
    await start({ permissions: { metadata: "read", contents: "write", ...granted } });
    bed.owner.setSecret("STRIPE_KEY", "a-value");
    bed.owner.setVariable("REGION", "a-value");
    const listed = await bed.github.environment.list(bed.repository);
    expect(listed.missing).toEqual([missing]);
    expect(listed.entries.map(({ kind }) => kind)).toEqual([missing === "secret" ? "variable" : "secret"]);
  });

  test("is not listed where the app may read none of it", async () => {
    await start({ permissions: { metadata: "read", contents: "write" } });
    expect(await bed.github.environment.list(bed.repository)).toEqual({
      entries: [],
      missing: ["secret", "variable"],
    });
  });
});
