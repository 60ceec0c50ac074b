import { setImmediate } from "node:timers/promises";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EnvironmentEntry, RunEnvironment } from "../../src/control/ports/environment.ts";
import type { Permission } from "../../src/control/ports/github.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { Repository } from "../../src/core/events.ts";
import { addressBehind } from "../../src/http/client-address.ts";
import { createCallers } from "../../src/http/callers.ts";
import { environmentRoutes } from "../../src/http/environment.ts";
import { startGitHubTestbed } from "../github/github-testbed.ts";
import { ourApp } from "../sandbox/registration.ts";
import { issueInstallationToken } from "../sandbox/routes/app.ts";

const shop: Repository = { installationId: 7, repositoryId: 5, owner: "octo", name: "shop" };
const tokenOf = (login: string) => `ghp_${login.padEnd(36, "x")}`;
const value = "sk_live_a-value-that-nobody-may-see";

interface Told {
  readonly permissions?: Readonly<Record<string, Permission>>;
  /** Whose tokens may list secrets; everybody's where absent. */
  readonly reaching?: readonly string[];
  readonly environment?: Partial<RunEnvironment>;
  readonly ready?: boolean;
}

function api({ permissions = { wanda: "write" }, reaching, environment = {}, ready = true }: Told = {}) {
  let now = Date.parse("2026-11-21T10:00:00.000Z");
  const logged: string[] = [];
  const asked: string[] = [];
  const done: unknown[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const loginIn = (token: string) => /^ghp_(.+?)x+$/u.exec(token)?.[1] ?? "";
  const callerOf = createCallers({
    clock: { now: () => new Date(now) },
    addressOf: addressBehind([]),
    github: {
      permissionOf(repository, login) {
        asked.push(`permission of ${login} in ${repository.name}`);
        return Promise.resolve(permissions[login] ?? "none");
      },
      callers: {
        async loginOf(token) {
          asked.push("whose token");
          const login = loginIn(token);
          // Whatever was asked in the same turn arrives before the first is answered.
          await setImmediate();
          if (login === "unlucky") throw new RetryLater("GitHub is down", 1_000);
          return login.startsWith("nobody") ? null : login;
        },
        reachesSecrets(token) {
          asked.push("reach of a token");
          return Promise.resolve(reaching === undefined || reaching.includes(loginIn(token)));
        },
        readsIssues: () => Promise.reject(new Error("not asked in this test")),
        findRepository: (owner, name) => Promise.resolve(owner === "octo" && name === "shop" ? shop : null),
      },
    },
  });
  const app = new Hono().route(
    "/",
    environmentRoutes({
      log,
      ready: () => ready,
      callerOf,
      webUrl: "https://github.com",
      github: {
        environment: {
          list: () => Promise.resolve({ entries: [], missing: [] }),
          set(token, repository, entry) {
            done.push([loginIn(token), repository.name, entry]);
            return Promise.resolve("done");
          },
          remove(token, repository, entry) {
            done.push([loginIn(token), repository.name, entry]);
            return Promise.resolve("done");
          },
          ...environment,
        },
      },
    }),
  );

  async function call(
    method: string,
    path: string,
    {
      as = "wanda",
      body,
      from = "203.0.113.7",
      headers = {},
    }: {
      /** Null: without a token. */
      readonly as?: string | null;
      readonly body?: unknown;
      readonly from?: string;
      readonly headers?: Record<string, string>;
    } = {},
  ) {
    const response = await app.request(
      `/api/repos/${path}`,
      {
        method,
        headers: { ...(as === null ? {} : { authorization: `Bearer ${tokenOf(as)}` }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      },
      { incoming: { socket: { remoteAddress: from } } },
    );
    const answer = (await response.json()) as { error?: string; message?: string };
    return { status: response.status, headers: response.headers, answer };
  }
  return {
    call,
    logged,
    asked,
    done,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const list = "octo/shop/environment";
const entry = `${list}/STRIPE_KEY`;
const secret = { kind: "secret", value };

describe("the environment of runs", () => {
  test("is listed by name, kind and age, and by nothing that comes along", async () => {
    const withValue = { kind: "variable", name: "REGION", updatedAt: "2026-11-20T10:00:00Z", value };
    const { call } = api({
      environment: { list: () => Promise.resolve({ entries: [withValue as EnvironmentEntry], missing: [] }) },
    });
    const { status, answer, headers } = await call("GET", list);
    expect(status).toBe(200);
    expect(answer).toEqual({
      repository: "octo/shop",
      entries: [{ kind: "variable", name: "REGION", updatedAt: "2026-11-20T10:00:00Z" }],
      missing: [],
    });
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("gets a secret and loses a variable; who did it is logged, and the value nowhere", async () => {
    const { call, done, logged } = api();
    const set = await call("PUT", `${list}/stripe_key`, { body: secret });
    expect(set).toMatchObject({ status: 200, answer: { repository: "octo/shop", kind: "secret", name: "STRIPE_KEY" } });
    const gone = await call("DELETE", `${list}/REGION?kind=variable`);
    expect(gone).toMatchObject({ status: 200, answer: { kind: "variable", name: "REGION" } });
    expect(done).toEqual([
      ["wanda", "shop", { kind: "secret", name: "STRIPE_KEY", value }],
      ["wanda", "shop", { kind: "variable", name: "REGION" }],
    ]);
    expect(logged).toEqual([
      'info set in the environment of runs {"repository":"octo/shop","kind":"secret","name":"STRIPE_KEY","by":"wanda"}',
      'info deleted from the environment of runs {"repository":"octo/shop","kind":"variable","name":"REGION","by":"wanda"}',
    ]);
    expect(JSON.stringify([set.answer, gone.answer, logged])).not.toContain(value);
  });

  test.each([
    "ANTHROPIC_API_KEY",
    "claude_code_oauth_token",
    "GITHUB_TOKEN",
    "ACTIONS_STEP_DEBUG",
    "PHASEGATE_MODEL_BASE_URL",
    "1ST",
    "A-B",
    "X".repeat(101),
  ])("takes neither a value nor a deletion under the name %s", async (name) => {
    const { call, done } = api();
    for (const refused of [
      await call("PUT", `${list}/${name}`, { body: secret }),
      await call("DELETE", `${list}/${name}?kind=secret`),
    ]) {
      expect(refused).toMatchObject({ status: 422, answer: { error: "bad-name" } });
      expect(refused.answer.message).toContain("https://github.com/octo/shop/settings/secrets/actions");
    }
    expect(done).toEqual([]);
  });

  test.each([
    ["", "bad-value", 422, "0 bytes"],
    ["x".repeat(49_153), "bad-value", 422, "49153 bytes; GitHub takes 1 to 49152"],
    ["é".repeat(30_000), "bad-value", 422, "60000 bytes"],
    ["x".repeat(66_000), "bad-value", 422, "66000 bytes"],
    ["x".repeat(300_000), "too-large", 413, "292 KiB"],
  ])("takes no value of another size than GitHub", async (odd, error, status, words) => {
    const { call, done } = api();
    const refused = await call("PUT", entry, { body: { kind: "secret", value: odd } });
    expect(refused).toMatchObject({ status, answer: { error } });
    expect(refused.answer.message).toContain(words);
    expect(done).toEqual([]);
  });

  test.each(["\u0001", '"', "\n"])(
    "takes a value of the full size that is longer as JSON, of %j",
    async (character) => {
      const { call, done } = api();
      const full = character.repeat(49_152);
      expect(await call("PUT", entry, { body: { kind: "secret", value: full } })).toMatchObject({ status: 200 });
      expect(done).toEqual([["wanda", "shop", { kind: "secret", name: "STRIPE_KEY", value: full }]]);
    },
  );

  test.each([
    "{torn",
    "null",
    { kind: "secret" },
    { kind: "file", value },
    { kind: "secret", value: [value] },
    { ...secret, [value]: 1 },
  ])("says what it expected of a body such as %j, and repeats nothing of it", async (body) => {
    const refused = await api().call("PUT", entry, { body });
    expect(refused).toMatchObject({ status: 400, answer: { error: "bad-request" } });
    expect(refused.answer.message).not.toContain(value);
  });

  test("asks which is meant where a deletion does not say", async () => {
    const { call } = api();
    expect(await call("DELETE", entry)).toMatchObject({ status: 400 });
    expect(await call("DELETE", `${entry}?kind=both`)).toMatchObject({ status: 400 });
  });

  test("says what to grant where the installation does not", async () => {
    const { call, logged } = api({
      environment: { list: () => Promise.resolve({ entries: [], missing: ["secret", "variable"] }) },
    });
    const refused = await call("GET", list);
    expect(refused).toMatchObject({ status: 409, answer: { error: "not-granted" } });
    expect(refused.answer.message).toContain("https://github.com/octo/shop/settings/installations");
    expect(logged).toEqual([]);
  });

  test.each(["secret", "variable"] as const)(
    "says that its list lacks every %s where the app may list none",
    async (kind) => {
      const { call } = api({ environment: { list: () => Promise.resolve({ entries: [], missing: [kind] }) } });
      expect(await call("GET", list)).toMatchObject({ status: 200, answer: { entries: [], missing: [kind] } });
    },
  );

  test("of an archived repository stays as it is, whatever the token may, and says why", async () => {
    const { call } = api({
      environment: { set: () => Promise.resolve("read-only"), remove: () => Promise.resolve("read-only") },
    });
    for (const refused of [await call("PUT", entry, { body: secret }), await call("DELETE", `${entry}?kind=secret`)]) {
      expect(refused).toMatchObject({ status: 409, answer: { error: "read-only" } });
      expect(refused.answer.message).toContain("Unarchive it at https://github.com/octo/shop/settings");
    }
  });

  test.each([
    ["secret", "Secrets: write"],
    ["variable", "Variables: write"],
  ])("says which permission a token lacks that may not write a %s", async (kind, permission) => {
    const { call, logged } = api({
      environment: {
        set: () => Promise.resolve("not-permitted"),
        remove: () => Promise.resolve("not-permitted"),
      },
    });
    for (const refused of [
      await call("PUT", entry, { body: { kind, value } }),
      await call("DELETE", `${entry}?kind=${kind}`),
    ]) {
      expect(refused).toMatchObject({ status: 403, answer: { error: "not-allowed" } });
      expect(refused.answer.message).toContain(
        `"${permission}" there if it is a fine-grained one, or the scope "repo"`,
      );
    }
    expect(logged).toEqual([]);
  });

  test("asks for another token where GitHub has stopped taking this one", async () => {
    const { call } = api({ environment: { set: () => Promise.resolve("token-refused") } });
    expect(await call("PUT", entry, { body: secret })).toMatchObject({
      status: 401,
      answer: { error: "token-refused" },
    });
  });

  test("can be asked for again where GitHub does not answer", async () => {
    const { call } = api({ environment: { list: () => Promise.reject(new RetryLater("GitHub is down", 12_300)) } });
    const { status, headers, answer } = await call("GET", list);
    expect([status, headers.get("retry-after"), answer.error]).toEqual([503, "13", "unavailable"]);
  });

  test("is not touched while the app drains", async () => {
    const { call, done } = api({ ready: false });
    expect(await call("PUT", entry, { body: secret })).toMatchObject({ status: 503 });
    expect(done).toEqual([]);
  });
});

describe("a caller", () => {
  test.each([
    ["without a token", { as: null }],
    ["whose token GitHub refuses", { as: "nobody" }],
    ["with a password", { as: null, headers: { authorization: "Basic d2FuZGE6cGFzcw==" } }],
  ])("%s is asked for one", async (_who, how) => {
    const { call, done } = api();
    const { status, answer, headers } = await call("PUT", entry, { ...how, body: secret });
    expect([status, answer.error]).toEqual([401, "token-refused"]);
    expect(headers.get("www-authenticate")).toContain("Bearer");
    expect(answer.message).toContain("gh auth token");
    expect(done).toEqual([]);
  });

  test.each([`ghs_${"x".repeat(36)}`, `ghr_${"x".repeat(36)}`, "eyJhbGciOi.eyJpc3Mi.c2lnbmF0dXJl", "x".repeat(5_000)])(
    "with the token of a job, of an App or of nothing is refused without asking GitHub",
    async (token) => {
      const { call, asked } = api();
      const refused = await call("GET", list, { headers: { authorization: `Bearer ${token}` } });
      expect(refused.status).toBe(401);
      expect(refused.answer.message).not.toContain(token);
      expect(asked).toEqual([]);
    },
  );

  test("who may only read is told that this needs write", async () => {
    const { call, done } = api({ permissions: { rita: "read" } });
    for (const refused of [
      await call("GET", list, { as: "rita" }),
      await call("PUT", entry, { as: "rita", body: secret }),
      await call("DELETE", `${entry}?kind=secret`, { as: "rita" }),
    ]) {
      expect(refused).toMatchObject({ status: 403, answer: { error: "not-allowed" } });
    }
    expect(done).toEqual([]);
  });

  test("without any right hears the same of a repository that is there and of one that is not", async () => {
    const { call } = api();
    const there = await call("GET", list, { as: "stranger" });
    const absent = await call("GET", "octo/nothing/environment", { as: "stranger" });
    expect([there.status, absent.status]).toEqual([404, 404]);
    expect(there.answer.message).toBe(absent.answer.message?.replace("octo/nothing", "octo/shop"));
  });

  test("who may write hears of a repository without the app that there is none", async () => {
    expect(await api().call("GET", "octo/nothing/environment")).toMatchObject({ status: 404 });
    expect(await api().call("GET", "octo/a%20b/environment")).toMatchObject({ status: 404 });
  });

  test("lists nothing with a token that may not list the secrets itself, and writes with it what GitHub lets it", async () => {
    const { call, done } = api({ reaching: [] });
    const refused = await call("GET", list);
    expect(refused).toMatchObject({ status: 403, answer: { error: "not-allowed" } });
    expect(refused.answer.message).toContain("scope repo");
    expect(await call("PUT", entry, { body: secret })).toMatchObject({ status: 200 });
    expect(done).toHaveLength(1);
  });

  test("is known for a minute by the token, while the permission is asked each time", async () => {
    const permissions: Record<string, Permission> = { wanda: "write" };
    const { call, asked, pass } = api({ permissions });
    await call("GET", list);
    pass(59_000);
    await call("GET", list);
    expect(asked.filter((what) => what === "whose token")).toHaveLength(1);
    permissions["wanda"] = "read";
    expect(await call("GET", list)).toMatchObject({ status: 403 });
    pass(1_000);
    await call("GET", list);
    expect(asked.filter((what) => what === "whose token")).toHaveLength(2);
  });

  test("may call sixty times a minute, from wherever", async () => {
    const { call, pass } = api();
    for (let count = 0; count < 60; count += 1) {
      expect(await call("GET", list, { from: `203.0.113.${count % 2}` })).toMatchObject({ status: 200 });
    }
    const { status, headers, answer } = await call("GET", list);
    expect([status, headers.get("retry-after"), answer.error]).toEqual([429, "60", "too-many-requests"]);
    pass(60_000);
    expect(await call("GET", list)).toMatchObject({ status: 200 });
  });

  test("whose tokens were refused ten times waits, while others at other addresses and known ones do not", async () => {
    const { call, asked } = api({ permissions: { wanda: "write", mia: "write" } });
    await call("GET", list);
    for (let count = 0; count < 10; count += 1) await call("GET", list, { as: "nobody" });
    asked.length = 0;
    expect(await call("GET", list, { as: "mia" })).toMatchObject({ status: 429 });
    expect(asked).toEqual([]);
    expect(await call("GET", list)).toMatchObject({ status: 200 });
    expect(await call("GET", list, { as: "mia", from: "198.51.100.1" })).toMatchObject({ status: 200 });
  });

  test("has GitHub asked about ten refused tokens and no more, also where all are sent at once", async () => {
    const { call, asked } = api();
    const answers = await Promise.all(
      Array.from({ length: 230 }, (_, number) => call("GET", list, { as: `nobody-${number}-` })),
    );
    expect(asked).toHaveLength(10);
    const held = answers.filter(({ status }) => status === 429);
    expect(held).toHaveLength(220);
    expect(held[0]?.headers.get("retry-after")).toBe("1");
    expect((await call("GET", list, { as: "nobody" })).headers.get("retry-after")).toBe("60");
  });

  test("with one token is asked about once, however many calls come at once", async () => {
    const { call, asked } = api();
    const answers = await Promise.all(Array.from({ length: 40 }, () => call("GET", list)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(asked.filter((what) => what === "whose token")).toHaveLength(1);
  });

  test("with a good token uses up nothing, nor with one that GitHub gave no answer about", async () => {
    const names = Array.from({ length: 12 }, (_, number) => `person-${number}-`);
    const { call } = api({ permissions: Object.fromEntries(names.map((name) => [name, "write"])) });
    for (const as of names) expect(await call("GET", list, { as })).toMatchObject({ status: 200 });
    for (let count = 0; count < 12; count += 1) {
      expect(await call("GET", list, { as: "unlucky" })).toMatchObject({ status: 503 });
    }
  });

  test("at an address with too many requests waits, whoever it is", async () => {
    const { call } = api({ permissions: {} });
    for (let count = 0; count < 240; count += 1) await call("GET", list, { as: `person-${count % 5}` });
    expect(await call("GET", list, { as: "person-9" })).toMatchObject({ status: 429 });
  });
});

describe("against the sandbox", () => {
  async function started() {
    const bed = await startGitHubTestbed({ permissions: ourApp.permissions, private: true });
    onTestFinished(() => bed.stop());
    const logged: string[] = [];
    const line = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
    const app = environmentRoutes({
      log: { debug: line, info: line, warn: line, error: line },
      ready: () => true,
      callerOf: createCallers({ clock: { now: () => new Date() }, addressOf: addressBehind([]), github: bed.github }),
      webUrl: "https://github.com",
      github: bed.github,
    });
    const tokens = [...bed.sandbox.context.state.tokens.values()];
    async function call(method: string, path: string, login: string, body?: object) {
      const token = tokens.find(({ account }) => account.login === login)?.token ?? login;
      const response = await app.request(`/api/repos/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, answer: await response.json() };
    }
    return { bed, call, logged };
  }

  test("a writer sets, lists and deletes; GitHub opens what was sealed, and no value comes back", async () => {
    const { bed, call, logged } = await started();
    const stored = bed.sandbox.repositoryOf("octo/shop");
    expect(await call("PUT", entry, "wanda", secret)).toMatchObject({ status: 200 });
    expect(await call("PUT", `${list}/REGION`, "mia", { kind: "variable", value: "eu-west" })).toMatchObject({
      status: 200,
    });
    expect(stored.secrets.get("STRIPE_KEY")?.value).toBe(value);
    expect(stored.variables.get("REGION")?.value).toBe("eu-west");

    const { answer } = await call("GET", list, "octo");
    expect(answer).toMatchObject({ entries: [{ name: "REGION" }, { name: "STRIPE_KEY" }] });
    expect(JSON.stringify([answer, logged])).not.toMatch(/eu-west|sk_live/u);

    expect(await call("DELETE", `${entry}?kind=secret`, "wanda")).toMatchObject({ status: 200 });
    expect(stored.secrets.has("STRIPE_KEY")).toBe(false);
  });

  test("who reads, who triages, and who is a stranger change nothing", async () => {
    const { bed, call } = await started();
    expect(await call("PUT", entry, "rita", secret)).toMatchObject({ status: 403 });
    expect(await call("PUT", entry, "tina", secret)).toMatchObject({ status: 403 });
    expect(await call("PUT", entry, "stranger", secret)).toMatchObject({ status: 404 });
    expect(await call("PUT", entry, `ghp_${"z".repeat(36)}`, secret)).toMatchObject({ status: 401 });
    expect(bed.sandbox.repositoryOf("octo/shop").secrets.size).toBe(0);
  });

  test("a token that only reads what is there lists it, and neither overwrites nor deletes it", async () => {
    const { bed, call } = await started();
    const stored = bed.sandbox.repositoryOf("octo/shop");
    bed.owner.setSecret("STRIPE_KEY", "theirs");
    bed.owner.setVariable("REGION", "theirs");
    const reading = bed.sandbox.makeToken("wanda", {
      repositories: ["octo/shop"],
      permissions: { metadata: "read", secrets: "read", actions_variables: "read" },
    });
    expect(await call("GET", list, reading)).toMatchObject({ status: 200 });
    for (const [method, path, body, permission] of [
      ["PUT", entry, secret, "Secrets: write"],
      ["DELETE", `${entry}?kind=secret`, undefined, "Secrets: write"],
      ["PUT", `${list}/REGION`, { kind: "variable", value: "ours" }, "Variables: write"],
      ["DELETE", `${list}/REGION?kind=variable`, undefined, "Variables: write"],
    ] as const) {
      expect(await call(method, path, reading, body)).toMatchObject({
        status: 403,
        answer: { error: "not-allowed", message: expect.stringContaining(permission) },
      });
    }
    expect([stored.secrets.get("STRIPE_KEY")?.value, stored.variables.get("REGION")?.value]).toEqual([
      "theirs",
      "theirs",
    ]);
  });

  test("who calls with the token of a job is no person", async () => {
    const { bed, call } = await started();
    const { context } = bed.sandbox;
    const [installation] = [...context.state.installations.values()];
    if (installation === undefined) throw new Error("the app is installed nowhere");
    const { token } = issueInstallationToken(context, installation, installation.repositoryIds, ourApp.permissions);
    expect(await call("GET", list, token)).toMatchObject({ status: 401, answer: { error: "token-refused" } });
  });

  test("a repository that was renamed is found under both names, one without the app under none", async () => {
    const { bed } = await started();
    const { callers } = bed.github;
    expect(await callers.findRepository("octo", "shop")).toEqual(bed.repository);
    expect(await callers.findRepository("octo", "nothing")).toBeNull();
    bed.sandbox.settings.rename("octo/shop", "store");
    expect(await callers.findRepository("octo", "store")).toEqual({ ...bed.repository, name: "store" });
    bed.sandbox.settings.suspend("octo");
    expect(await callers.findRepository("octo", "store")).toBeNull();
  });
});
