import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const entry = join(import.meta.dirname, "../../action/main.ts");

test("the action names every fault of its inputs, and is red", async () => {
  const run = await execa(process.execPath, [entry], {
    extendEnv: false,
    env: { PATH: process.env["PATH"], CLAUDE_CODE_USE_BEDROCK: "1", INPUT_APP_URL: "http://example.org" },
    reject: false,
    stdin: "ignore",
  });
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toBe("");
  const faults = run.stdout.split("\n").map((line) => /^::error::(\w+):/.exec(line)?.[1]);
  expect(faults).toEqual(["app_url", "run", "CLAUDE_CODE_USE_BEDROCK", "anthropic_api_key", "RUNNER_TEMP"]);
});
