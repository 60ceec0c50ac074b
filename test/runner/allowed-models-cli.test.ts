/** What the pinned CLI makes of a model's name, and what the gateway then says of it. The model is scripted, everything else is real. */

import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRunPlace } from "../../src/runner/agent-place.ts";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import { allowedModelsOf } from "../../src/runner/allowed-models.ts";
import { claudeArguments, claudeEnvironment } from "../../src/runner/claude-command.ts";
import { startModelGateway } from "../../src/runner/model-gateway.ts";
import { runClaude } from "../../src/runner/run-claude.ts";
import { startModelServer } from "../model/model-server.ts";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import { makeFolder, secrets } from "./run-world.ts";

const executable = await claudeBinaryPath();

async function askAs(model: string, allowedModels: readonly string[] | undefined) {
  await using folder = await makeFolder();
  const path = process.env["PATH"] ?? "/usr/bin:/bin";
  const place = await createRunPlace({ id: randomUUID().slice(0, 8), runnerTemp: folder.path });
  const runner = { uid: process.getuid?.() ?? 1, pid: process.pid, platform: process.platform };
  const agent = await createAgentUser({ id: "00000000", home: place.home, runner, path, unsafeSameUser: true });
  const systemPromptFile = join(place.sharedDir, "system-prompt.md");
  await mkdir(place.workTree);
  await writeFile(systemPromptFile, "Say something.");
  const server = await startModelServer({ decide: () => ({ blocks: [{ type: "text", text: "Something." }] }) });
  const token = randomUUID();
  const refused: string[] = [];
  const gateway = await startModelGateway({
    upstream: new URL(server.url),
    credential: { kind: "api-key", value: secrets.modelKey },
    token,
    budgetUsd: 5,
    allowedModels,
    now: () => new Date(),
    onRefusal: (what) => refused.push(what),
  });
  const outcome = await runClaude({
    agent,
    executable,
    args: claudeArguments({
      sessionId: randomUUID(),
      resume: false,
      model,
      tools: ["Read"],
      askable: [],
      systemPromptFile,
      mcpConfig: '{"mcpServers":{}}',
      moreMcpConfig: null,
      moreRules: [],
      settings: "{}",
      jsonSchema: null,
    }),
    env: claudeEnvironment({
      ...place,
      path,
      gatewayUrl: gateway.url,
      gatewayToken: token,
      credentialKind: "api-key",
      maxTokens: null,
      egress: {},
    }),
    cwd: place.workTree,
    prompt: "Go on.",
    noOutputMs: 60_000,
    stepMs: 60_000,
    sliceMs: 60_000,
    graceMs: 1_000,
    signal: new AbortController().signal,
    onEvent: () => {},
    gateway: () => gateway.snapshot(),
    redact: (text) => text,
  });
  await gateway.stop();
  await server.stop();
  return { outcome, refused, asked: server.requests.flatMap(({ request }) => request?.model ?? []) };
}

test.each([
  "Sonnet",
  "fable",
  "opus[1m]",
  "best",
  "claude-opus-4-1",
  "Claude-Opus-4-20250514",
  "claude-3-5-haiku-latest",
])("what the CLI asks for as %s is what a run with this setting may ask for", async (model) => {
  const { outcome, refused, asked } = await askAs(model, allowedModelsOf({ model, roles: [] }));
  expect(refused).toEqual([]);
  expect(outcome).toMatchObject({ kind: "completed", text: "Something." });
  expect(asked.length).toBeGreaterThan(0);
});

test("a model that the gateway refuses is no fault of the provider, and not tried again", async () => {
  const { outcome, refused, asked } = await askAs("opus", ["claude-haiku"]);
  expect(refused[0]).toMatch(/^the model claude-opus-/u);
  expect(outcome).toMatchObject({ kind: "failed", reason: "model-not-allowed", retryable: false });
  expect(asked).toEqual([]);
});
