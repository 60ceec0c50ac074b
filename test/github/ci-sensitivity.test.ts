import { describe, expect, test } from "vitest";
import { isSensitiveWorkflow } from "../../src/github/ci-sensitivity.ts";

const job = "jobs: { test: { runs-on: ubuntu-latest, steps: [{ run: npm test }] } }";
const readOnly = "permissions: { contents: read }";

describe("a workflow of the repository", () => {
  test.each([
    ["reads a secret on a pull request", `on: pull_request\n${readOnly}\nenv: { K: "\${{ secrets.KEY }}" }\n${job}`],
    [
      "hands all secrets on",
      `on: [push]\n${readOnly}\njobs: { d: { uses: o/r/.github/workflows/x.yml@v1, secrets: inherit } }`,
    ],
    ["looks a secret up by name", `on: push\n${readOnly}\nenv: { K: "\${{ secrets[inputs.k] }}" }\n${job}`],
    ["may write by its own word", `on: { pull_request: {} }\npermissions: write-all\n${job}`],
    ["has one job that may write", `on: push\n${readOnly}\njobs: { a: { permissions: { packages: write } } }`],
    ["says nothing of permissions, where the default is unknown", `on: push\n${job}`],
    ["is no YAML", "on: [push"],
    ["is no mapping", "- push"],
    ["has an `on` that we do not understand", `on: 7\npermissions: write-all\n${job}`],
    ["runs on all branches", `on: { push: { branches: ["**"] } }\npermissions: write-all\n${job}`],
    ["runs on phase branches", `on: { push: { branches: ["phasegate/**"] } }\npermissions: write-all\n${job}`],
    ["ignores some branches", `on: { push: { branches-ignore: [main], tags: [v1] } }\npermissions: write-all\n${job}`],
  ])("is sensitive when it %s", (_claim, text) => {
    expect(isSensitiveWorkflow(text, null)).toBe(true);
  });

  test.each([
    ["only reads", `on: [push, pull_request]\n${readOnly}\n${job}`],
    ["needs no token", `on: pull_request\npermissions: {}\n${job}`],
    ["uses the job's own token to read", `on: push\n${readOnly}\nenv: { T: "\${{ secrets.GITHUB_TOKEN }}" }\n${job}`],
    [
      "runs on the default branch only",
      `on: { push: { branches: [main, "release/**"] } }\npermissions: write-all\n${job}`,
    ],
    ["runs on tags only", `on: { push: { tags: ["v*"] } }\npermissions: write-all\n${job}`],
    ["is started by hand", `on: workflow_dispatch\npermissions: write-all\n${job}`],
    ["runs on a schedule", `on: { schedule: [{ cron: "0 0 * * *" }] }\npermissions: write-all\n${job}`],
    [
      "has jobs that narrow what it says",
      `on: push\npermissions: write-all\njobs: { a: { permissions: { contents: read } } }`,
    ],
    ["is empty", ""],
  ])("is harmless when it %s", (_claim, text) => {
    expect(isSensitiveWorkflow(text, null)).toBe(false);
  });

  test("follows the repository's default token where that is known", () => {
    expect(isSensitiveWorkflow(`on: push\n${job}`, "read")).toBe(false);
    expect(isSensitiveWorkflow(`on: push\n${job}`, "write")).toBe(true);
  });
});
