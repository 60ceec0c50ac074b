import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestbed, numberAt, textAt } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";

let bed: Testbed;
beforeAll(async () => {
  bed = await startTestbed();
});
afterAll(async () => {
  await bed.stop();
});

async function accessTokens(body: unknown) {
  const installations = await bed.call("GET", "/app/installations", { token: bed.jwt() });
  const id = numberAt(installations.body, 0, "id");
  return bed.call("POST", `/app/installations/${id}/access_tokens`, { token: bed.jwt(), body });
}

describe("the App's JWT", () => {
  test("is accepted with the App's id and with its client id", async () => {
    expect((await bed.call("GET", "/app", { token: bed.jwt() })).body).toMatchObject({ id: 4242, slug: "phasegate" });
    expect((await bed.call("GET", "/app", { token: bed.jwt({ iss: "Iv23liTestClient" }) })).status).toBe(200);
  });

  test.each([
    ["another issuer", { iss: "7" }],
    ["an expiry in the past", { exp: 1 }],
    ["an expiry more than ten minutes ahead", { exp: Date.parse("2026-09-01T10:20:00Z") / 1000 }],
    ["an issue time in the future", { iat: Date.parse("2026-09-01T10:05:00Z") / 1000 }],
  ])("is refused with %s", async (_, claims) => {
    expect((await bed.call("GET", "/app", { token: bed.jwt(claims) })).status).toBe(401);
  });

  test("is refused when its signature is another's", async () => {
    const [head, body] = bed.jwt().split(".");
    const [, , signature] = bed.jwt({ iss: "other" }).split(".");
    expect((await bed.call("GET", "/app", { token: `${head}.${body}.${signature}` })).status).toBe(401);
  });

  test("does not open a repository", async () => {
    expect((await bed.api("GET", "", undefined, bed.jwt())).status).toBe(401);
  });
});

describe("an installation token", () => {
  test("has GitHub's new format and lives for an hour by the sandbox's clock", async () => {
    const made = await accessTokens({});
    expect(made.status).toBe(201);
    const token = textAt(made.body, "token");
    expect(token).toMatch(/^ghs_4242_[A-Za-z0-9._]{200,}$/);
    expect(made.body).toMatchObject({ expires_at: "2026-09-01T11:00:00Z", repository_selection: "selected" });
    expect((await bed.api("GET", "", undefined, token)).status).toBe(200);

    bed.advance(3_600_000);
    const late = await bed.api("GET", "", undefined, token);
    bed.advance(-3_600_000);
    expect(late).toMatchObject({ status: 401, body: { message: "Bad credentials" } });
  });

  test("is refused once revoked, and so is one that never was", async () => {
    const token = await bed.installationToken();
    expect((await bed.call("DELETE", "/installation/token", { token })).status).toBe(204);
    expect((await bed.api("GET", "", undefined, token)).status).toBe(401);
    expect((await bed.api("GET", "", undefined, "ghs_4242_invented")).status).toBe(401);
    expect((await bed.call("GET", "/installation/repositories")).status).toBe(401);
  });

  test("can be narrowed in permissions and repositories, and answers what it lacks", async () => {
    const made = await accessTokens({ permissions: { issues: "read" }, repositories: ["shop"] });
    expect(made.body).toMatchObject({
      permissions: { issues: "read", metadata: "read" },
      repositories: [{ name: "shop" }],
    });
    const token = textAt(made.body, "token");
    expect((await bed.api("GET", "/issues", undefined, token)).status).toBe(200);
    const refused = await bed.api("POST", "/issues/1/comments", { body: "hello" }, token);
    expect(refused).toMatchObject({ status: 403, body: { message: "Resource not accessible by integration" } });
    expect(refused.headers.get("x-accepted-github-permissions")).toBe("issues=write; pull_requests=write");
  });

  test.each([
    ["a permission that was not granted", { permissions: { administration: "write" } }],
    ["a level above the granted one", { permissions: { secrets: "write" } }],
    ["a level that does not exist", { permissions: { issues: "everything" } }],
    ["a repository outside the installation", { repositories: ["elsewhere"] }],
    ["an id outside the installation", { repository_ids: [1] }],
  ])("is not given for %s", async (_, body) => {
    expect((await accessTokens(body)).status).toBe(422);
  });

  test("lists what it reaches", async () => {
    const token = await bed.installationToken();
    const listed = await bed.call("GET", "/installation/repositories", { token });
    expect(listed.body).toMatchObject({ total_count: 1, repositories: [{ full_name: "octo/shop" }] });
  });
});

describe("a private repository", () => {
  beforeAll(async () => {
    await bed.sandbox.addRepository({
      owner: "octo",
      name: "vault",
      private: true,
      files: { "a.txt": "a" },
      collaborators: { wanda: "write" },
      install: false,
    });
  });

  test("does not exist for who has no access", async () => {
    const app = await bed.installationToken();
    for (const token of [app, bed.sandbox.tokenOf("stranger")]) {
      expect((await bed.call("GET", "/repos/octo/vault", { token })).status).toBe(404);
    }
    expect((await bed.call("GET", "/repos/octo/vault", { token: bed.sandbox.tokenOf("wanda") })).status).toBe(200);
    expect((await bed.call("GET", "/repos/octo/vault/installation", { token: bed.jwt() })).status).toBe(404);
  });

  test("gives strangers no permission, where a public one lets them read", async () => {
    const token = bed.sandbox.tokenOf("wanda");
    const at = (repository: string, login: string) =>
      bed.call("GET", `/repos/octo/${repository}/collaborators/${login}/permission`, { token });
    expect((await at("vault", "stranger")).body).toMatchObject({ permission: "none", role_name: "none" });
    expect((await at("shop", "stranger")).body).toMatchObject({ permission: "read", role_name: "read" });
    expect((await at("shop", "wanda")).body).toMatchObject({ permission: "write", role_name: "write" });
    expect((await at("shop", "OCTO")).body).toMatchObject({ permission: "admin", user: { login: "octo" } });
    expect((await at("shop", "phasegate[bot]")).status).toBe(404);
    expect((await at("shop", "nobody")).status).toBe(404);
  });
});

test("a renamed repository answers 301, and its address by id leads to it", async () => {
  const repository = await bed.sandbox.addRepository({ owner: "octo", name: "before", files: {}, collaborators: {} });
  repository.formerNames.push("octo/before");
  repository.name = "after";
  const token = bed.sandbox.tokenOf("octo");
  const moved = await bed.call("GET", "/repos/octo/before", { token });
  expect(moved.status).toBe(301);
  expect(moved.headers.get("location")).toBe(`${bed.sandbox.url}/repositories/${repository.id}`);
  const found = await bed.call("GET", `/repositories/${repository.id}`, { token });
  expect(found.headers.get("location")).toBe(`${bed.sandbox.url}/repos/octo/after`);
});

test("answers carry the rate limit", async () => {
  const token = await bed.installationToken();
  const first = await bed.api("GET", "", undefined, token);
  const second = await bed.api("GET", "", undefined, token);
  expect(first.headers.get("x-ratelimit-limit")).toBe("5000");
  expect(Number(first.headers.get("x-ratelimit-remaining")) - Number(second.headers.get("x-ratelimit-remaining"))).toBe(
    1,
  );
});

test("an answer that has not changed is 304 and free", async () => {
  const token = await bed.installationToken();
  const path = "/repos/octo/shop/labels";
  const first = await bed.call("GET", path, { token });
  const again = { "if-none-match": first.headers.get("etag") ?? "" };
  const second = await bed.call("GET", path, { token, headers: again });
  expect(second.status).toBe(304);
  expect(second.headers.get("x-ratelimit-used")).toBe(first.headers.get("x-ratelimit-used"));
  await bed.api("POST", "/labels", { name: "new" });
  expect((await bed.call("GET", path, { token, headers: again })).status).toBe(200);
});

test("every answer fits GitHub's description", () => {
  expect(bed.faults()).toEqual([]);
});
