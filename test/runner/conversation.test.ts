import { readFile, writeFile, chmod } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import { startConversation, type Conversation } from "../../src/runner/conversation.ts";
import { makeFolder } from "./run-world.ts";

const completed =
  '{"type":"result","subtype":"success","is_error":false,"result":"done","terminal_reason":"completed"}';
const spoken =
  '{"type":"assistant","message":{"id":"msg_1","model":"claude","content":[{"type":"text","text":"I think."},{"type":"tool_use","id":"t","name":"Read","input":{}}]}}';

/** With a shell script in place of the CLI, which finds the number of its try in `$n`, and writes down what it was given. */
async function conversationWith(
  folder: string,
  script: string,
): Promise<{ readonly conversation: Conversation; readonly said: (n: number) => Promise<string> }> {
  const executable = join(folder, "claude");
  const count = `n=$(($(cat ${folder}/n 2>/dev/null || echo 0) + 1)); echo $n > ${folder}/n`;
  const note = `{ cat; echo; echo "$*"; env; } > ${folder}/said-$n`;
  await writeFile(executable, `#!/bin/sh\n${count}\n${note}\n${script}\n`);
  await chmod(executable, 0o755);
  const runner = { uid: 1, pid: 1, platform: "linux" };
  const agent = await createAgentUser({ id: "00000000", home: "/", runner, path: "/usr/bin", unsafeSameUser: true });
  let ids = 0;
  const conversation = startConversation({
    agent,
    executable,
    env: { PATH: "/usr/bin:/bin", HOME: "/home/agent" },
    cwd: folder,
    noOutputMs: 20_000,
    graceMs: 200,
    signal: new AbortController().signal,
    gateway: () => ({ refusedForBudget: false, rateLimit: null, lastError: null }),
    redact: (text) => text,
    model: "claude",
    systemPromptFile: "/system-prompt.md",
    session: { id: "session-0", resume: true },
    dialogue: { mcpConfig: "{}", settings: "{}", environment: { PHASEGATE_DIALOGUE_TOKEN: "token" } },
    newId: () => {
      ids += 1;
      return `session-${ids}`;
    },
    wait: async () => await Promise.resolve(),
    now: () => new Date("2026-11-21T00:00:00Z"),
    onRetry: () => {},
  });
  return { conversation, said: (n) => readFile(join(folder, `said-${n}`), "utf8") };
}

const message = {
  prompt: "the prompt",
  answersCall: false,
  tools: ["Read", "Task"],
  lent: {},
  stepMs: 20_000,
  sliceEndsAt: new Date("2026-11-21T00:50:00Z").getTime(),
  onEvent: () => {},
};

describe("a conversation", () => {
  test("answers a call without a prompt, and says the prompt where that has to be tried again", async () => {
    await using folder = await makeFolder();
    const { conversation, said } = await conversationWith(folder.path, `[ $n = 1 ] && exit 9; echo '${completed}'`);
    expect(await conversation.say({ ...message, answersCall: true })).toMatchObject({ kind: "completed" });
    expect(await said(1)).toMatch(/^\n-p .*--resume session-0/);
    expect(await said(2)).toMatch(/^the prompt\n-p .*--resume session-0/);
  });

  test("has tools for people besides those of the step, and no others", async () => {
    await using folder = await makeFolder();
    const { conversation, said } = await conversationWith(folder.path, `echo '${completed}'`);
    await conversation.say(message);
    const args = await said(1);
    expect(args).toContain("--tools Read --allowedTools Read,mcp__phasegate__ask_user,");
    expect(args).toContain("--mcp-config {} --settings {}");
  });

  test("lends values in the environment, and none in the place of what the runner sets", async () => {
    await using folder = await makeFolder();
    const { conversation, said } = await conversationWith(folder.path, `echo '${completed}'`);
    await conversation.say({ ...message, lent: { STRIPE_KEY: "a value", HOME: "/x", PHASEGATE_DIALOGUE_TOKEN: "x" } });
    const lines = (await said(1)).split("\n");
    expect(lines).toContain("STRIPE_KEY=a value");
    expect(lines).toContain("HOME=/home/agent");
    expect(lines).toContain("PHASEGATE_DIALOGUE_TOKEN=token");
    await conversation.say(message);
    expect(await said(2)).not.toContain("STRIPE_KEY");
  });

  test("whose transcript is not there starts afresh at the next thing said", async () => {
    await using folder = await makeFolder();
    const lost =
      '{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["No conversation found with session ID: session-0"]}';
    const { conversation, said } = await conversationWith(folder.path, `echo '${lost}'`);
    expect(await conversation.say(message)).toMatchObject({ kind: "failed", reason: "no-conversation" });
    expect(conversation.state()).toMatchObject({ sessionId: "session-1", hasSpoken: false });
    await conversation.say(message);
    expect(await said(2)).toContain("--session-id session-1");
  });

  test("knows what a checkpoint needs of it", async () => {
    await using folder = await makeFolder();
    const { conversation } = await conversationWith(folder.path, `echo '${spoken}'; echo '${completed}'`);
    await conversation.say(message);
    const state = { sessionId: "session-0", hasSpoken: true, lastMessageId: "msg_1", lastOutput: "I think." };
    expect(conversation.state()).toEqual({ ...state, toolsUsed: ["Read"] });
  });

  test("is not begun once the run's slice is over", async () => {
    await using folder = await makeFolder();
    const { conversation, said } = await conversationWith(folder.path, `echo '${completed}'`);
    const sliceEndsAt = new Date("2026-11-21T00:00:00Z").getTime();
    expect(await conversation.say({ ...message, sliceEndsAt })).toEqual({ kind: "timed-out", why: "slice-end" });
    await expect(said(1)).rejects.toThrow("ENOENT");
  });
});
