/** What an installation token needs for a call, held against GitHub's own table. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { permissionRows } from "../fixtures/contract/permission-rows.ts";
import { startTestbed, type Testbed } from "./sandbox-testbed.ts";
import type { Permissions } from "./state.ts";

const everything: Permissions = {
  metadata: "read",
  actions: "write",
  actions_variables: "write",
  administration: "write",
  checks: "write",
  contents: "write",
  issues: "write",
  pull_requests: "write",
  secrets: "write",
  statuses: "write",
  workflows: "write",
};

let bed: Testbed;
beforeAll(async () => {
  bed = await startTestbed({ private: true, permissions: everything });
});
afterAll(async () => {
  await bed.stop();
});

/** What stands for the parameters: there is nothing of the kind, so nobody could change anything. */
const values: Readonly<Record<string, string>> = {
  owner: "octo",
  repo: "shop",
  username: "wanda",
  branch: "none",
  basehead: "none...none",
  path: "none.txt",
  archive_format: "zip",
  commit_sha: "0".repeat(40),
  file_sha: "0".repeat(40),
  tree_sha: "0".repeat(40),
};

async function callWith(permissions: Permissions, operation: string) {
  const [method = "", template = ""] = operation.split(" ");
  const filled = template
    .replace(/\{ref\}$/u, "heads/none")
    .replaceAll(/\{(\w+)\}/gu, (_, name: string) => values[name] ?? "1");
  const token = await bed.installationToken({ permissions });
  return bed.call(method, filled, { token, ...(method === "GET" ? {} : { body: {} }) });
}

/** All but the sets, each permission of which is one level below what it should be. */
function allBut(sets: readonly Permissions[]): Permissions {
  const kept: Record<string, Permissions[string]> = { ...everything };
  for (const [name, level] of sets.flatMap((set) => Object.entries(set))) {
    if (level === "read") delete kept[name];
    else kept[name] = "read";
  }
  return kept;
}

describe.each(permissionRows)("$operation", ({ operation, sets }) => {
  // Nobody is without metadata.
  test.skipIf("metadata" in (sets[0] ?? {}))(
    "is refused to a token that has all but what GitHub asks for",
    async () => {
      expect(await callWith(allBut(sets), operation)).toMatchObject({
        status: 403,
        body: { message: "Resource not accessible by integration" },
      });
    },
  );

  test.each(sets)("is open to a token with $0 alone", async (set) => {
    expect((await callWith(set, operation)).status).not.toBe(403);
  });
});
