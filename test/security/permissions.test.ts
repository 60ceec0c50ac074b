/** Least privilege: what `app.yml` asks for is what the app needs, and each optional permission may be missing. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isMap, isScalar, parseDocument } from "yaml";
import { describe, expect, test } from "vitest";
import { compareRights } from "../../src/doctor/compare-rights.ts";
import { readAppRights } from "../../src/setup/app-manifest.ts";
import { permissionRows } from "../fixtures/contract/permission-rows.ts";
import { listOperations, readDescription } from "../sandbox/openapi.ts";
import { ourApp } from "../sandbox/registration.ts";
import { story } from "../support/story.ts";

const root = path.join(import.meta.dirname, "..", "..");
const appYml = readFileSync(path.join(root, "app.yml"), "utf8");
const rights = readAppRights(appYml);
const about = { check: "installation", who: "the installation", mend: "accept it" };

/** e.g. `contents: write`: whatever a token of ours is narrowed to, anywhere. */
function namedInCalls(): ReadonlySet<string> {
  const folder = path.join(root, "src", "github");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const texts = files.map((file) => readFileSync(path.join(folder, file), "utf8"));
  const literals = texts.flatMap((text) =>
    [...text.matchAll(/\{[^{}]*:\s*"(?:read|write)"[^{}]*\}/gu)].map(([all]) => all),
  );
  return new Set(
    literals.flatMap((literal) =>
      [...literal.matchAll(/(\w+): "(read|write)"/gu)].map(([, name = "", level = ""]) => `${name}: ${level}`),
    ),
  );
}

/** What stands above each permission in the file. */
function reasons(): Readonly<Record<string, string>> {
  const permissions = parseDocument(appYml).get("default_permissions");
  if (!isMap(permissions)) throw new Error("reading app.yml: it has no permissions");
  // What stands before the first of a map, the parser takes for the map's.
  const ofFirst = permissions.commentBefore ?? "";
  return Object.fromEntries(
    permissions.items.map(({ key }, at) => [
      String(key),
      (isScalar(key) ? (key.commentBefore ?? (at === 0 ? ofFirst : "")) : "").replaceAll(/\n\s*/gu, " "),
    ]),
  );
}

const operations = listOperations(readDescription(path.join(root, "test", "fixtures", "contract", "github-rest.json")));

/** Each operation that a line of `src` calls, e.g. `GET /repos/{owner}/{repo}/issues`. */
function callsOf(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const text = files.map((file) => readFileSync(path.join(folder, file), "utf8")).join("\n");
  const ids = [...text.matchAll(/\.rest\.(\w+)\.(\w+)/gu)].map(([, scope = "", method = ""]) => {
    const kebab = (name: string) => name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
    return `${kebab(scope)}/${kebab(method)}`;
  });
  const byName = ids.map((id) => {
    const operation = operations.find((each) => each.id === id);
    if (operation === undefined) throw new Error(`finding ${id}: it is not in test/fixtures/contract/operations.ts`);
    return `${operation.method} ${operation.template}`;
  });
  const byPath = [...text.matchAll(/\.request\(\s*"([A-Z]+ \/[^"]*)"/gu)].map(([, operation = ""]) => operation);
  return [...new Set([...byName, ...byPath])].toSorted();
}

const called = callsOf(path.join(root, "src"));

/** By permission and level: words of `app.yml`, and a call without which there would be nothing of the kind. */
const features: Readonly<Record<string, { readonly says: string; readonly call: string }>> = {
  "metadata: read": {
    says: "Is the person who labels, comments or reviews allowed to?",
    call: "GET /repos/{owner}/{repo}/collaborators/{username}/permission",
  },
  "actions: write": {
    says: "Dispatch and cancel runs",
    call: "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
  },
  "checks: write": { says: 'the check run "Phasegate" on each gate', call: "POST /repos/{owner}/{repo}/check-runs" },
  "contents: write": { says: "Phase branches, commits", call: "POST /repos/{owner}/{repo}/git/commits" },
  "issues: write": {
    says: "pin the status comment",
    call: "PUT /repos/{owner}/{repo}/issues/comments/{comment_id}/pin",
  },
  "pull_requests: write": { says: "Open the gate of each phase", call: "POST /repos/{owner}/{repo}/pulls" },
  "secrets: read": {
    says: "see by name whether a model credential is there",
    call: "GET /repos/{owner}/{repo}/actions/secrets",
  },
  "actions_variables: read": {
    says: "see when somebody has added a variable",
    call: "GET /repos/{owner}/{repo}/actions/variables",
  },
  "workflows: write": {
    says: "put the workflow file into the pull request that sets a repository up",
    call: "POST /repos/{owner}/{repo}/git/refs",
  },
  "statuses: read": {
    says: "what services that make commit statuses say of a gate",
    call: "GET /repos/{owner}/{repo}/commits/{ref}/status",
  },
};

const without = (name: string) =>
  Object.fromEntries(Object.entries(ourApp.permissions).filter(([each]) => each !== name));

describe("the App's manifest", () => {
  test("says of each permission which feature needs it", () => {
    const said = reasons();
    expect(Object.keys(said)).toEqual(Object.keys(rights.permissions));
    expect(Object.entries(said).filter(([, reason]) => reason.trim().length < 20)).toEqual([]);
  });

  test("has no permission and no level of one that its feature could be had without", () => {
    const asked = Object.entries(rights.permissions).map(([name, level]) => `${name}: ${level}`);
    expect(Object.keys(features).toSorted()).toEqual(asked.toSorted());
  });

  test.each(Object.entries(features))(
    "asks for %s for a feature whose call needs just that",
    (asked, { says, call }) => {
      const [name = "", level] = asked.split(": ");
      expect(reasons()[name]).toContain(says);
      expect(called).toContain(call);
      const [least = {}, ...others] = permissionRows.find(({ operation }) => operation === call)?.sets ?? [];
      // Another way would do without; a set that holds the first and more is for what the first is not enough for.
      expect(others.filter((set) => Object.entries(least).some(([each, given]) => set[each] !== given))).toEqual([]);
      expect({ ...least, ...others.at(-1) }[name]).toBe(level);
    },
  );

  test("covers every call of the app but those for which somebody may grant more", () => {
    const covers = (set: Readonly<Record<string, string>>) =>
      Object.entries(set).every(([name, level]) => [level, "write"].includes(rights.permissions[name] ?? "none"));
    const rows = permissionRows.filter(({ operation }) => called.includes(operation));
    expect(rows.filter(({ sets }) => !sets.some(covers)).map(({ operation }) => operation)).toEqual([
      "GET /repos/{owner}/{repo}/actions/permissions",
      "GET /repos/{owner}/{repo}/actions/permissions/workflow",
      "DELETE /repos/{owner}/{repo}/actions/secrets/{secret_name}",
      "PUT /repos/{owner}/{repo}/actions/secrets/{secret_name}",
      "POST /repos/{owner}/{repo}/actions/variables",
      "DELETE /repos/{owner}/{repo}/actions/variables/{name}",
      "PATCH /repos/{owner}/{repo}/actions/variables/{name}",
    ]);
  });

  test("is held against all calls: the table has the row of each, save those that need no permission of a repository", () => {
    const rows = permissionRows.map(({ operation }) => operation);
    expect(rows.filter((each) => !called.includes(each))).toEqual([]);
    expect(called.filter((each) => !rows.includes(each))).toEqual([
      // By the App itself.
      "GET /app",
      "GET /app/hook/config",
      "GET /app/hook/deliveries",
      "GET /app/installations",
      // Which repositories there are.
      "GET /installation/repositories",
      "GET /repos/{owner}/{repo}/installation",
      // With the token of whoever asks the app.
      "GET /user",
      "POST /app/hook/deliveries/{delivery_id}/attempts",
      "POST /app/installations/{installation_id}/access_tokens",
    ]);
  });

  test("asks for just what calls of the app are narrowed to, permission by permission and level by level", () => {
    // Not in the manifest: read where somebody granted it all the same.
    const beyond = ["administration: read"];
    const used = [...namedInCalls()].filter((each) => !beyond.includes(each));
    const asked = Object.entries(rights.permissions).map(([name, level]) => `${name}: ${level}`);
    expect(asked.filter((each) => !used.includes(each))).toEqual([]);
    expect(used.filter((each) => !asked.includes(each.replace(/read$/u, "write")) && !asked.includes(each))).toEqual(
      [],
    );
  });

  test.each(Object.keys(rights.permissions).filter((name) => !rights.optionalPermissions.includes(name)))(
    "without %s, which is needed, a fault is found",
    (name) => {
      const [finding] = compareRights(rights, { permissions: without(name), events: rights.events }, about);
      expect(finding).toMatchObject({ level: "fault", message: expect.stringContaining(`lacks ${name}: `) });
    },
  );
});

describe("an installation that did not grant", () => {
  for (const name of rights.optionalPermissions) {
    story(
      `${name} has its tasks all the same, and /doctor says what is missing and what that costs`,
      {
        permissions: without(name),
        provokes: name === "checks" ? ["no check run: the app may not write checks there"] : [],
      },
      async (told) => {
        const { owner } = told;
        const { number } = await owner.openIssue({ title: "Links", body: "Short ones.", labels: ["create_app"] });
        await told.next("ReviewCreated");
        await told.acceptGate(1);
        await told.next("PhaseCompleted");
        await told.next("ReviewCreated");
        await owner.comment(number, "/doctor");
        await told.settled();
        const answer = (await owner.comments(number)).map(({ body }) => body).find((body) => body.includes("optional"));
        expect(answer).toMatch(
          new RegExp(`lacks the optional ${name.replaceAll("_", String.raw`\\?_`)}: \\w+: .{20}`, "u"),
        );
      },
    );
  }
});
