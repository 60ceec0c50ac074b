/** The action as Actions starts it, against bare `claude`, on the same script of 20 tool calls. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import path from "node:path";
import { execa } from "execa";
import { claudeArguments } from "../../src/runner/claude-command.ts";
import type { ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { startModelServer } from "../model/model-server.ts";
import { startDialogueServer } from "../../src/runner/dialogue-server.ts";
import { startFakeApp } from "../runner/fake-app.ts";
import { aJob, aStep } from "../runner/run-world.ts";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import { repositoryName, startWorld } from "../support/github-world.ts";
import { atMost, withoutGoal, type Figure } from "./figure.ts";
import { interleaved, median, medianRatio } from "./rounds.ts";
import { inScratchFolder } from "./scratch-folder.ts";

const toolCalls = 20;
const builtInTools = ["Read", "Write", "Bash"];
/** Less than any model needs for an answer, so that the share of the runner is shown larger than it is. */
const shortThinkingMs = 500;
const model = "claude-sonnet-5-5";
const modelKey = "sk-ant-bench-key-0123456789";
const action = path.join(import.meta.dirname, "..", "..", "action", "dist", "index.js");

interface Measured {
  readonly wallMs: number;
  /** From the start of the process to the first request for a message. */
  readonly firstRequestMs: number;
  /** Largest resident set of the started process alone, without its children. */
  readonly peakBytes: number;
}

export async function measureRunner({ isQuick }: { readonly isQuick: boolean }): Promise<readonly Figure[]> {
  return inScratchFolder(async (folder) => {
    await chmod(folder, 0o711);
    let onMessage: () => void = () => undefined;
    let thinkingMs = 0;
    const server = await startModelServer({
      decide: async (request) => {
        if (thinkingMs > 0) await sleep(thinkingMs);
        return author(request);
      },
      onRequest: ({ path, request }) => {
        if (path === "/v1/messages" && request !== null) onMessage();
      },
    });
    const world = await startWorld({ folder });
    const git = ["--git-dir", world.sandbox.gitDirOf(repositoryName), "rev-parse", "main"];
    const headSha = (await execa("git", git)).stdout.trim();
    const step = aStep({ slug: "01_idea", tools: builtInTools });
    const app = await startFakeApp(
      aJob({ headSha, steps: [step], repository: { owner: "acme", name: "links" }, model }),
    );
    const identity = await startIdentityServer();
    const claude = await claudeBinaryPath();
    const watch = { first: (listener: () => void) => void (onMessage = listener) };

    const asAction = async () => {
      const runnerTemp = await freshFolder(folder);
      const handedOver = app.outcomes.length;
      const measured = await measure(watch, process.execPath, [action], {
        cwd: runnerTemp,
        env: {
          PATH: process.env["PATH"],
          HOME: process.env["HOME"],
          INPUT_APP_URL: app.url,
          INPUT_RUN: "run-1",
          INPUT_ANTHROPIC_API_KEY: modelKey,
          INPUT_CLAUDE_PATH: claude,
          INPUT_MODEL_BASE_URL: server.url,
          INPUT_GITHUB_TOKEN: world.sandbox.tokenOf("owner"),
          GITHUB_SERVER_URL: world.sandbox.url,
          RUNNER_TEMP: runnerTemp,
          ACTIONS_ID_TOKEN_REQUEST_URL: `${identity.url}/?bench=1`,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bench",
          ...(process.getuid?.() === 0 ? {} : { PHASEGATE_UNSAFE_SAME_USER: "1" }),
        },
        input: "",
      });
      const outcome = app.outcomes[handedOver]?.outcome;
      if (outcome?.kind !== "completed") throw new Error(`running the action: declared ${JSON.stringify(outcome)}`);
      return measured;
    };
    const tools = await startDialogueServer({ token: "bench", watchesTools: false });
    tools.attend({ judge: () => "pass", use: () => ({ text: "Nobody asks here.", isError: true }) });
    const asClaude = () => claudeAlone([]);
    /** The same, with our tools and the hook before each of their calls. */
    const asClaudeWithTools = () => claudeAlone(["--mcp-config", tools.mcpConfig, "--settings", tools.settings]);
    const claudeAlone = async (more: readonly string[]) => {
      const home = await freshFolder(folder);
      const workTree = path.join(home, "links");
      await execa("git", ["clone", "--quiet", world.sandbox.gitDirOf(repositoryName), workTree]);
      const systemPromptFile = path.join(home, "system.txt");
      await writeFile(systemPromptFile, "You write documents.\n");
      const sessionId = crypto.randomUUID();
      const measured = await measure(watch, claude, [...bareArguments({ sessionId, systemPromptFile }), ...more], {
        cwd: workTree,
        env: {
          PATH: process.env["PATH"],
          HOME: home,
          ANTHROPIC_BASE_URL: server.url,
          ANTHROPIC_API_KEY: modelKey,
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
          DISABLE_AUTOUPDATER: "1",
          ...(more.length === 0 ? {} : tools.environment),
        },
        input: `Step: planning/01_idea\nWork tree: ${workTree}\n`,
      });
      await readFile(path.join(workTree, "docs", "01_idea.md"));
      return measured;
    };
    try {
      const { one, other } = await interleaved(isQuick ? 1 : 5, asAction, asClaude);
      thinkingMs = shortThinkingMs;
      const thinking = await interleaved(1, asAction, asClaude);
      thinkingMs = 0;
      const talk = await interleaved(isQuick ? 1 : 9, asClaudeWithTools, asClaude);
      const walls = { action: one.map(({ wallMs }) => wallMs), claude: other.map(({ wallMs }) => wallMs) };
      return [
        atMost(1.05, {
          name: `runner against bare claude, ${toolCalls} tool calls, wall`,
          value: medianRatio(walls.action, walls.claude),
          unit: "×",
        }),
        atMost(1.05, {
          name: `the same, each answer after ${shortThinkingMs / 1_000} s of thinking`,
          value: medianRatio(
            thinking.one.map(({ wallMs }) => wallMs),
            thinking.other.map(({ wallMs }) => wallMs),
          ),
          unit: "×",
        }),
        atMost(1.05, {
          name: `claude with the dialogue tools against without, ${toolCalls} tool calls, wall`,
          value: medianRatio(
            talk.one.map(({ wallMs }) => wallMs),
            talk.other.map(({ wallMs }) => wallMs),
          ),
          unit: "×",
        }),
        withoutGoal({ name: "wall: runner", value: median(walls.action) / 1_000, unit: "s" }),
        withoutGoal({ name: "wall: bare claude", value: median(walls.claude) / 1_000, unit: "s" }),
        withoutGoal({
          name: "wall: what the runner adds",
          value: median(one.map(({ wallMs }, round) => wallMs - (other[round]?.wallMs ?? 0))) / 1_000,
          unit: "s",
        }),
        atMost(100, {
          name: "memory: what the runner adds to claude, peak",
          value: median(one.map(({ peakBytes }) => peakBytes)) / 2 ** 20,
          unit: "MiB",
        }),
        withoutGoal({
          name: "memory: bare claude, peak",
          value: median(other.map(({ peakBytes }) => peakBytes)) / 2 ** 20,
          unit: "MiB",
        }),
        atMost(1.5, {
          name: "action start → first model request",
          value: median(one.map(({ firstRequestMs }) => firstRequestMs)) / 1_000,
          unit: "s",
        }),
        withoutGoal({
          name: "of these: bare claude start → first model request",
          value: median(other.map(({ firstRequestMs }) => firstRequestMs)) / 1_000,
          unit: "s",
        }),
      ];
    } finally {
      await tools.stop();
      await app.close();
      await server.stop();
      await world.sandbox.stop();
      identity.close();
    }
  });
}

/** As the runner starts it, but for our own tools: what comes with them is in pairs of flag and value. */
function bareArguments(files: { readonly sessionId: string; readonly systemPromptFile: string }): readonly string[] {
  const args = claudeArguments({
    ...files,
    jsonSchema: null,
    askable: [],
    moreMcpConfig: null,
    moreRules: [],
    resume: false,
    model,
    tools: builtInTools,
    mcpConfig: "",
    settings: "",
  });
  const isOurs = (at: number) => ["--mcp-config", "--settings"].includes(args[at] ?? "");
  return args.filter((_, at) => !isOurs(at) && !isOurs(at - 1));
}

/** Nineteen short commands, then one that writes the document: the CLI's own work, without any thinking. */
function author({ tools: offered, lastUserText, toolResults }: ModelRequest): ModelAnswer {
  const done = toolResults.length;
  const workTree = /^Work tree: (\S+?)\/?$/mu.exec(lastUserText)?.[1];
  if (!offered.includes("Bash") || workTree === undefined || done >= toolCalls) {
    return { blocks: [{ type: "text", text: "Done." }] };
  }
  const document = `# Idea\n\n## Problem\n\n${"Long links break in mails and nobody reads them out. ".repeat(4)}\n`;
  const command =
    done < toolCalls - 1
      ? `cat README.md | wc -c; echo ${done}`
      : `mkdir -p ${workTree}/docs && cat > ${workTree}/docs/01_idea.md <<'END'\n${document}END`;
  return { blocks: [{ type: "tool_use", name: "Bash", input: { command, description: `call ${done}` } }] };
}

interface Started {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input: string;
}

async function measure(
  watch: { first(listener: () => void): void },
  file: string,
  args: readonly string[],
  { cwd, env, input }: Started,
): Promise<Measured> {
  const startedAt = performance.now();
  let firstRequestMs = Number.NaN;
  watch.first(() => {
    if (Number.isNaN(firstRequestMs)) firstRequestMs = performance.now() - startedAt;
  });
  const child = spawn(file, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  const keep = (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  child.stdin.end(input);
  let peakBytes = 0;
  // The kernel keeps the peak itself, so a look now and then misses only what grows in the very last moment.
  const looking = setInterval(() => {
    void peakOf(child.pid).then((bytes) => (peakBytes = Math.max(peakBytes, bytes)));
  }, 50);
  const [code] = await once(child, "close");
  const wallMs = performance.now() - startedAt;
  clearInterval(looking);
  if (code !== 0) throw new Error(`measuring "${path.basename(file)}": ended with ${code}: ${said}`);
  return { wallMs, firstRequestMs, peakBytes };
}

async function peakOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1] ?? 0) * 1_024;
}

/** Others may walk through it, as through a runner's. */
async function freshFolder(folder: string): Promise<string> {
  const fresh = await mkdtemp(path.join(folder, "run-"));
  await mkdir(fresh, { recursive: true });
  await chmod(fresh, 0o755);
  return fresh;
}

/** Gives each job its identity token, as Actions does; the app that is played here asks for none in particular. */
async function startIdentityServer() {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ value: "identity" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("starting the identity server: no port");
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
