import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { type ActionsBed, type ActionsBedOptions, startActionsBed } from "./actions-testbed.ts";
import { person } from "./person.ts";
import { listAt, textAt, valueAt } from "./sandbox-testbed.ts";

const MANY = 12;
/** As the workflow of a repository maps what was granted (Q28). */
const WORKFLOW = `
name: Work
on:
  workflow_dispatch:
    inputs:
      secret_1: {}
      secret_2: {}
      secret_3: {}
jobs:
  only:
    runs-on: ubuntu-latest
    steps:
      - id: first
        run: |
          node -e 'for (const n of [1, 2, 3]) console.log(n, require("node:crypto").createHash("sha256").update(process.env["SLOT_" + n]).digest("hex"))'
          echo "one $SLOT_1"
          echo "two $SLOT_2"
        env:
          SLOT_1: \${{ secrets[inputs.secret_1] || vars[inputs.secret_1] }}
          SLOT_2: \${{ secrets[inputs.secret_2] || vars[inputs.secret_2] }}
          SLOT_3: \${{ secrets[inputs.secret_3] || vars[inputs.secret_3] }}
      - run: echo "the step has '\${SLOT_1-nothing}'"
`;
const PERMISSIONS = { metadata: "read", actions: "write", secrets: "write", actions_variables: "write" } as const;

const beds: ActionsBed[] = [];
async function bed(options: Partial<ActionsBedOptions> = {}): Promise<ActionsBed> {
  const started = await startActionsBed({ workflow: WORKFLOW, permissions: PERMISSIONS, ...options });
  beds.push(started);
  return started;
}

afterEach(async () => {
  for (const started of beds.splice(0)) await started.stop();
});

function namesIn(body: unknown, list: string): unknown[] {
  return listAt(body, list).map((one) => valueAt(one, "name"));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("settings", () => {
  test("tell names and times of secrets, never values", async () => {
    const { api, faults, sandbox } = await bed();
    const key = await api("GET", "/actions/secrets/public-key");
    const box = Buffer.alloc(64, 1).toString("base64");

    const keyId = typeof key.body === "object" && key.body !== null && "key_id" in key.body ? key.body.key_id : "";
    const made = await api("PUT", "/actions/secrets/my_key", { encrypted_value: box, key_id: keyId });
    const again = await api("PUT", "/actions/secrets/MY_KEY", { encrypted_value: box, key_id: keyId });
    const wrongKey = await api("PUT", "/actions/secrets/MY_KEY", { encrypted_value: box, key_id: "1" });
    const listed = await api("GET", "/actions/secrets");
    const one = await api("GET", "/actions/secrets/my_key");
    const none = await api("GET", "/actions/secrets/other");
    const stranger = await api("GET", "/actions/secrets", undefined, sandbox.tokenOf("rita"));

    expect([made, again, wrongKey, none, stranger].map(({ status }) => status)).toEqual([201, 204, 422, 404, 403]);
    expect(listed.body).toMatchObject({ total_count: 1, secrets: [{ name: "MY_KEY" }] });
    expect(JSON.stringify([listed.body, one.body])).not.toContain(box);
    expect(faults).toEqual([]);
  });

  test("tell of a secret that was changed by its time, and of an organisation's only what is lent", async () => {
    let now = Date.parse("2026-09-01T10:00:00Z");
    const { api, sandbox, faults } = await bed({ clock: () => new Date(now) });
    const wanda = person(sandbox, "wanda");
    wanda.setSecret("api_key", "first");
    now += 60_000;
    wanda.setSecret("API_KEY", "second");
    sandbox.settings.lendSecret("octo/shop", "SHARED_KEY", "lent");
    sandbox.settings.lendVariable("octo/shop", "REGION", "eu-west-1");

    const own = await api("GET", "/actions/secrets");
    const lent = await api("GET", "/actions/organization-secrets");
    const variables = await api("GET", "/actions/organization-variables");

    expect(own.body).toEqual({
      total_count: 1,
      secrets: [{ name: "API_KEY", created_at: "2026-09-01T10:00:00Z", updated_at: "2026-09-01T10:01:00Z" }],
    });
    expect([namesIn(lent.body, "secrets"), valueAt(lent.body, "secrets", 0, "value")]).toEqual([
      ["SHARED_KEY"],
      undefined,
    ]);
    expect(variables.body).toMatchObject({ variables: [{ name: "REGION", value: "eu-west-1" }] });
    expect(faults).toEqual([]);
  });

  test("come in pages: 30 secrets unless more are asked for, 10 variables and never more than 30", async () => {
    const { api, sandbox } = await bed();
    const wanda = person(sandbox, "wanda");
    for (let index = 0; index < MANY; index += 1) wanda.setVariable(`V${index}`, "x");
    for (let index = 0; index < 31; index += 1) {
      wanda.setSecret(`S${index}`, "x");
      sandbox.settings.lendVariable("octo/shop", `O${index}`, "x");
    }
    const count = async (path: string, list: string) =>
      listAt((await api("GET", `/actions/${path}`)).body, list).length;

    expect([
      await count("variables", "variables"),
      await count("variables?page=2", "variables"),
      await count("organization-variables?per_page=100", "variables"),
      await count("secrets", "secrets"),
      await count("secrets?per_page=100", "secrets"),
    ]).toEqual([10, MANY - 10, 30, 30, 31]);
    const first = await api("GET", "/actions/variables");
    expect(first.headers.get("link")).toContain('rel="next"');
  });

  test.each(["secrets", "organization-secrets", "variables", "organization-variables"])(
    "%s that have not changed are 304, which costs nothing, and 200 again after a change",
    async (list) => {
      const { context, sandbox, token } = await bed();
      const ask = (etag: string) =>
        fetch(`${context.url()}/repos/octo/shop/actions/${list}`, {
          headers: { authorization: `Bearer ${token}`, ...(etag === "" ? {} : { "if-none-match": etag }) },
        });
      const used = ({ headers }: Response) => headers.get("x-ratelimit-used");
      const first = await ask("");
      const etag = first.headers.get("etag") ?? "";
      const same = await ask(etag);
      const change = {
        secrets: () => person(sandbox, "wanda").setSecret("NEW", "x"),
        variables: () => person(sandbox, "wanda").setVariable("NEW", "x"),
        "organization-secrets": () => sandbox.settings.lendSecret("octo/shop", "NEW", "x"),
        "organization-variables": () => sandbox.settings.lendVariable("octo/shop", "NEW", "x"),
      }[list];
      change?.();
      const changed = await ask(etag);

      expect([first.status, same.status, changed.status]).toEqual([200, 304, 200]);
      expect(used(same)).toBe(used(first));
      expect(used(changed)).not.toBe(used(first));
    },
  );

  test.each([
    ["secrets", "secrets"],
    ["organization-secrets", "secrets"],
    ["variables", "actions_variables"],
    ["organization-variables", "actions_variables"],
  ])("%s are 403 without `%s: read`, for an App and for who may not write", async (list, permission) => {
    const { api, sandbox } = await bed({ permissions: { ...PERMISSIONS, [permission]: undefined } });
    const app = await api("GET", `/actions/${list}`);
    const rita = await api("GET", `/actions/${list}`, undefined, sandbox.tokenOf("rita"));
    const wanda = await api("GET", `/actions/${list}`, undefined, sandbox.tokenOf("wanda"));

    expect([app.status, rita.status, wanda.status]).toEqual([403, 403, 200]);
    expect(app.headers.get("x-accepted-github-permissions")).toBe(`${permission}=read`);
  });
});

describe("a job that is given names", () => {
  test("gets their values as they were when it was queued, in the step that maps them", async () => {
    const { dispatch, finished, sandbox } = await bed();
    const wanda = person(sandbox, "wanda");
    wanda.setSecret("API_KEY", "own value");
    wanda.setVariable("API_KEY", "a variable of the same name");
    wanda.setVariable("REGION", "eu-west-1");
    sandbox.settings.lendSecret("octo/shop", "API_KEY", "the organisation's");

    const run = await dispatch({ secret_1: "API_KEY", secret_2: "REGION", secret_3: "" });
    wanda.setSecret("API_KEY", "too late");
    wanda.setVariable("REGION", "too late");
    await finished(run);

    const log = run.jobs[0]?.log ?? "";
    expect(log).toContain(`1 ${sha256("own value")}`);
    expect(log).toContain(`2 ${sha256("eu-west-1")}`);
    expect(log).toContain(`3 ${sha256("")}`);
    expect(log).toContain("the step has 'nothing'");
  });

  test("hides secrets in its log, and no variables", async () => {
    const { dispatch, finished, sandbox } = await bed();
    const wanda = person(sandbox, "wanda");
    wanda.setSecret("API_KEY", "own value");
    wanda.setVariable("REGION", "eu-west-1");

    const run = await finished(await dispatch({ secret_1: "API_KEY", secret_2: "REGION" }));

    const log = run.jobs[0]?.log ?? "";
    expect(log).toContain("one ***");
    expect(log).toContain("two eu-west-1");
    expect(log).not.toContain("own value");
  });

  test("has only those secrets that its text names, where it names them outright", async () => {
    const workflow = `
on: workflow_dispatch
jobs:
  only:
    runs-on: ubuntu-latest
    steps:
      - run: echo "$KEY, $OTHER and unmasked-value"
        env: { KEY: "\${{ secrets.API_KEY }}", OTHER: "\${{ secrets['OTHER_KEY'] }}" }
`;
    const { dispatch, finished, sandbox } = await bed({ workflow });
    const wanda = person(sandbox, "wanda");
    wanda.setSecret("API_KEY", "key-value");
    wanda.setSecret("OTHER_KEY", "other-value");
    wanda.setSecret("THIRD_KEY", "unmasked-value");

    const run = await finished(await dispatch());

    expect(run.jobs[0]?.log).toContain("***, *** and unmasked-value");
  });

  test("is refused, all of it, where the workflow has no such input", async () => {
    const { api, repository } = await bed();
    const inputs = { secret_1: "API_KEY", secret_4: "MORE" };
    const answer = await api("POST", "/actions/workflows/work.yml/dispatches", { ref: "main", inputs });

    expect([answer.status, textAt(answer.body, "message")]).toEqual([422, 'Unexpected inputs provided: ["secret_4"]']);
    expect(repository.runs.size).toBe(0);
  });
});
