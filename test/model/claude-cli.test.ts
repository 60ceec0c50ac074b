import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import type { ProductScript } from "./load-product.ts";
import { startModelServer } from "./model-server.ts";
import type { ModelServer } from "./model-server.ts";
import { scriptedDecide } from "./script.ts";

const CLAUDE = await claudeBinaryPath();
const TOOLS = "Bash,Edit,Read,Write,Glob,Grep";
const KEY = "sk-ant-not-a-key";

const PRODUCT: ProductScript = {
  steps: [
    {
      phase: "planning",
      slug: "01_idea",
      files: [{ path: "docs/idea.md", text: "# Idea\n\nWhole.\n" }],
      firstTries: [{ path: "docs/idea.md", text: "# Idea\n" }],
      reads: [],
      runsTests: true,
      closing: "I wrote docs/idea.md.",
    },
  ],
};

describe("the real CLI against the model server", () => {
  let folder: string;
  let server: ModelServer;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "phasegate-cli-"));
    await mkdir(join(folder, "tree"));
    server = await startModelServer({ decide: scriptedDecide(PRODUCT), credentials: [KEY] });
  });
  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("writes what the script says, and mends it in a resumed conversation", async () => {
    const id = "5f0c1f3e-3b0a-4f5c-9a54-0d7b8f2f7c11";
    const first = await runClaude(`Step: planning/01_idea\nWork tree: ${folder}/tree`, ["--session-id", id]);
    expect(first).toMatchObject({ subtype: "success", is_error: false });
    expect(first.result).toContain("I wrote docs/idea.md.");
    expect(first.total_cost_usd).toBeGreaterThan(0);
    expect(await readFile(join(folder, "tree/docs/idea.md"), "utf8")).toBe("# Idea\n");

    const second = await runClaude("Mend:\n- docs/idea.md: too short", ["--resume", id]);
    expect(second.result).toContain("I wrote docs/idea.md again");
    expect(second.usage.cache_read_input_tokens).toBeGreaterThan(first.usage.cache_read_input_tokens);
    expect(await readFile(join(folder, "tree/docs/idea.md"), "utf8")).toBe("# Idea\n\nWhole.\n");
    expect(server.requests.every(({ path, request }) => path === "/v1/messages" && request?.stream)).toBe(true);
  });

  async function runClaude(prompt: string, session: readonly string[]): Promise<Result> {
    const flags = ["--output-format", "stream-json", "--verbose", "--model", "claude-sonnet-5-5"];
    const limits = ["--permission-mode", "dontAsk", "--tools", TOOLS, "--allowedTools", TOOLS];
    const { stdout } = await execa(CLAUDE, ["-p", prompt, ...session, ...flags, "--setting-sources", "", ...limits], {
      cwd: join(folder, "tree"),
      extendEnv: false,
      stdin: "ignore",
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: join(folder, "home"),
        CLAUDE_CONFIG_DIR: join(folder, "config"),
        ANTHROPIC_BASE_URL: server.url,
        ANTHROPIC_API_KEY: KEY,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
        CLAUDE_CODE_MAX_RETRIES: "0",
      },
    });
    return Result.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
  }
});

const Result = z.looseObject({
  type: z.literal("result"),
  subtype: z.string(),
  is_error: z.boolean(),
  result: z.string(),
  total_cost_usd: z.number(),
  usage: z.looseObject({ cache_read_input_tokens: z.number() }),
});
type Result = z.infer<typeof Result>;
