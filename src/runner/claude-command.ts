/** How the CLI is called. Pure. */

import { toolNamesOfCli } from "./dialogue-tools.ts";
import type { ModelCredential } from "./gateway-headers.ts";

export interface ClaudeArguments {
  readonly sessionId: string;
  readonly resume: boolean;
  readonly model: string;
  /** Built-in tools that need nobody's permission. */
  readonly tools: readonly string[];
  /** Those that exist for the agent, and are refused but where the hook lets a call pass. */
  readonly askable: readonly string[];
  readonly systemPromptFile: string;
  /** In JSON; without secrets, since every user of the machine can read them here. */
  readonly mcpConfig: string;
  /** Of servers beside our own; null where there are none. */
  readonly moreMcpConfig: string | null;
  /** What is allowed beyond the tools, e.g. `mcp__notion`. */
  readonly moreRules: readonly string[];
  readonly settings: string;
  /** Of the answer, in JSON; null where the agent answers in words. */
  readonly jsonSchema: string | null;
}

/** A session that only reads. */
export interface ReaderArguments {
  readonly sessionId: string;
  readonly model: string;
  /** Takes the place of the CLI's own. */
  readonly systemPromptFile: string;
  readonly jsonSchema: string;
}

export const readingTools: readonly string[] = ["Read", "Glob", "Grep"];

export interface ClaudeEnvironment {
  /** Value of PATH. */
  readonly path: string;
  readonly home: string;
  readonly configDir: string;
  readonly tempDir: string;
  readonly gatewayUrl: string;
  /** Opens nothing but the gateway. */
  readonly gatewayToken: string;
  readonly credentialKind: ModelCredential["kind"];
  /** Most that one reply may hold; null for the CLI's own figure. */
  readonly maxTokens: number | null;
  /** How programs find their way out, where the run's network is limited. */
  readonly egress: Readonly<Record<string, string>>;
}

/** What a step may ask for. Subagents, schedules and monitors are missing: they outlive the step that started them. */
export const offeredTools: readonly string[] = [
  "Read",
  "Write",
  "Edit",
  "Glob",
  "Grep",
  "Bash",
  "NotebookEdit",
  "TodoWrite",
  // Only where a person approved a row of a plan that names a search. The gateway counts what searches cost.
  "WebSearch",
  "WebFetch",
];

/** The prompt itself comes through stdin, where no list of processes shows it. */
export function claudeArguments({
  sessionId,
  resume,
  model,
  tools,
  askable,
  jsonSchema,
  ...files
}: ClaudeArguments): string[] {
  return [
    "-p",
    "--output-format",
    "stream-json",
    "--verbose",
    ...(resume ? ["--resume", sessionId] : ["--session-id", sessionId]),
    "--model",
    model,
    "--permission-mode",
    "dontAsk",
    "--tools",
    [...new Set([...tools, ...askable])].join(","),
    "--allowedTools",
    [...tools, ...toolNamesOfCli, ...files.moreRules].join(","),
    // A checkout is trusted in this mode. Without these, its hooks and servers would run.
    "--setting-sources",
    "",
    "--strict-mcp-config",
    "--mcp-config",
    files.mcpConfig,
    ...(files.moreMcpConfig === null ? [] : [files.moreMcpConfig]),
    "--settings",
    files.settings,
    "--append-system-prompt-file",
    files.systemPromptFile,
    ...(jsonSchema === null ? [] : ["--json-schema", jsonSchema]),
  ];
}

/** No tool is allowed by name: what the mode lets pass without asking is reading below the working directory, links included. */
export function readerArguments({ sessionId, model, systemPromptFile, jsonSchema }: ReaderArguments): string[] {
  return [
    "-p",
    "--output-format",
    "stream-json",
    "--verbose",
    "--session-id",
    sessionId,
    "--no-session-persistence",
    "--model",
    model,
    "--permission-mode",
    "dontAsk",
    "--tools",
    readingTools.join(","),
    "--setting-sources",
    "",
    "--strict-mcp-config",
    "--system-prompt-file",
    systemPromptFile,
    "--json-schema",
    jsonSchema,
  ];
}

/** All that the agent gets: an allow-list, so nothing of the job's environment comes along. */
export function claudeEnvironment(options: ClaudeEnvironment): Record<string, string> {
  const tokenVariable = options.credentialKind === "api-key" ? "ANTHROPIC_API_KEY" : "CLAUDE_CODE_OAUTH_TOKEN";
  return {
    PATH: options.path,
    HOME: options.home,
    TMPDIR: options.tempDir,
    CLAUDE_CODE_TMPDIR: options.tempDir,
    CLAUDE_CONFIG_DIR: options.configDir,
    LANG: "C.UTF-8",
    TERM: "dumb",
    SHELL: "/bin/bash",
    NO_PROXY: "127.0.0.1,localhost",
    ...options.egress,
    ANTHROPIC_BASE_URL: options.gatewayUrl,
    [tokenVariable]: options.gatewayToken,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
    CLAUDE_CODE_MAX_RETRIES: "4",
    ...(options.maxTokens === null ? {} : { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(options.maxTokens) }),
    // Of servers that the repository's settings name: each process waits for all of them, and a call that hangs would last as the step does.
    MCP_TIMEOUT: "10000",
    MCP_TOOL_TIMEOUT: "120000",
    API_TIMEOUT_MS: "300000",
    CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS: "120000",
  };
}
