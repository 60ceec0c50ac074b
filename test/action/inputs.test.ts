import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { asEnvironment, inputNames, parseInputs, takeValues } from "../../action/inputs.ts";

const env = {
  INPUT_APP_URL: "https://phasegate.example.org/app/",
  INPUT_RUN: "run-1",
  INPUT_ANTHROPIC_API_KEY: "sk-ant-key",
  INPUT_GITHUB_TOKEN: "ghs_token",
  RUNNER_TEMP: "/tmp/runner",
  GITHUB_SERVER_URL: "https://github.com",
  PATH: "/bin",
};

function faultsOf(changes: Readonly<Record<string, string | undefined>>): readonly string[] {
  const parsed = parseInputs({ ...env, ...changes });
  return parsed.kind === "faults" ? parsed.faults : [];
}

test("action.yml has exactly the inputs that the action reads", async () => {
  const text = await readFile(join(import.meta.dirname, "../../action.yml"), "utf8");
  const manifest = z
    .object({ inputs: z.record(z.string(), z.unknown()), runs: z.object({ using: z.string(), main: z.string() }) })
    .parse(parse(text));
  expect(Object.keys(manifest.inputs)).toEqual(inputNames);
  expect(manifest.runs).toEqual({ using: "node24", main: "action/dist/index.js" });
});

describe("the inputs", () => {
  test("are read into values", () => {
    expect(parseInputs(env)).toEqual({
      kind: "inputs",
      inputs: {
        appUrl: "https://phasegate.example.org/app",
        runId: "run-1",
        task: "",
        phase: "",
        credential: { kind: "api-key", value: "sk-ant-key" },
        claudePath: null,
        modelUrl: new URL("https://api.anthropic.com"),
        repositoryToken: "ghs_token",
        serverUrl: "https://github.com",
        runnerTemp: "/tmp/runner",
        path: "/bin",
        unsafeSameUser: false,
      },
    });
  });

  test("take the subscription's token where there is no key", () => {
    const parsed = parseInputs({ ...env, INPUT_ANTHROPIC_API_KEY: " ", INPUT_CLAUDE_CODE_OAUTH_TOKEN: "oauth" });
    expect(parsed).toMatchObject({ inputs: { credential: { kind: "oauth-token", value: "oauth" } } });
  });

  test("are faulty all at once", () => {
    const faults = faultsOf({
      INPUT_APP_URL: "",
      INPUT_RUN: "a b",
      INPUT_ANTHROPIC_API_KEY: "",
      INPUT_CLAUDE_PATH: "claude",
      RUNNER_TEMP: undefined,
    });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([
      "app_url",
      "run",
      "anthropic_api_key",
      "claude_path",
      "RUNNER_TEMP",
    ]);
  });

  test("send tokens in the clear on loopback only", () => {
    expect(faultsOf({ INPUT_APP_URL: "http://phasegate.example.org" })).toHaveLength(1);
    expect(faultsOf({ INPUT_APP_URL: "http://127.evil.example.org" })).toHaveLength(1);
    expect(faultsOf({ INPUT_APP_URL: "https://user:pass@example.org" })).toHaveLength(1);
    expect(faultsOf({ INPUT_APP_URL: "http://127.0.0.1:3000", INPUT_MODEL_BASE_URL: "http://localhost:1" })).toEqual(
      [],
    );
    expect(faultsOf({ INPUT_MODEL_BASE_URL: "http://10.0.0.1" })[0]).toMatch(/^model_base_url: /);
  });

  test("refuse Bedrock and Vertex, and GitHub Enterprise Server, with a sentence", () => {
    expect(faultsOf({ CLAUDE_CODE_USE_BEDROCK: "1" })[0]).toMatch(/Version 1 refuses them/);
    expect(faultsOf({ CLAUDE_CODE_USE_VERTEX: "true" })[0]).toMatch(/Version 1 refuses them/);
    expect(faultsOf({ CLAUDE_CODE_USE_VERTEX: "0" })).toEqual([]);
    expect(faultsOf({ GITHUB_SERVER_URL: "https://git.example.org" })[0]).toMatch(/GitHub Enterprise Server/);
  });
});

test("granted values are taken out of the environment, by their slots, and handed on as they came", () => {
  const given = { PHASEGATE_SECRET_1: "one\nmore", PHASEGATE_SECRET_3: "", PHASEGATE_SECRET_10: "ten" };
  const env: Record<string, string | undefined> = { ...given, PATH: "/bin" };
  const values = takeValues(env);
  expect(env).toEqual({ PATH: "/bin" });
  expect([...values]).toEqual([
    [1, "one\nmore"],
    [3, ""],
    [10, "ten"],
  ]);
  expect(asEnvironment(values)).toEqual(given);
});
