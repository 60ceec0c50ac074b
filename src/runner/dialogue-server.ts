/**
 * Where the CLI reaches the runner: a server of tools (MCP), and the hook that decides whether a call of one stops the turn.
 * Listens on loopback only. Assume that the agent calls it directly, with whatever it likes: nothing is given here but words.
 */

import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answerMcp } from "./dialogue-mcp.ts";
import { serverName, toolPrefix } from "./dialogue-tools.ts";
import { readBody } from "./gateway-http.ts";
import { objectAt, parseObject, stringAt } from "./narrow.ts";

/** A call of one of our tools. Whatever is in it was written by the agent. */
export interface ToolCall {
  /** The call's own id; null where the caller did not say. */
  readonly id: string | null;
  /** Without the server's prefix, e.g. `ask_user`. */
  readonly name: string;
  readonly input: unknown;
}

export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** Who answers the agent's calls; each step has one of its own. Neither may throw or wait. */
export interface Desk {
  /** Asked before a call is made. `defer` ends the turn, and resuming makes the call again, with the same id. */
  judge(call: ToolCall): "defer" | "pass";
  use(call: ToolCall): ToolAnswer;
  /** Asked before a call of any other tool. Absent where none is watched. */
  permit?(call: ToolCall): Permit;
}

/** `pass`: by the CLI's own rules, under which whatever is not in the step's list is refused. */
export type Permit =
  | { readonly kind: "pass" | "allow" | "defer" }
  /** `reason` is what the agent hears. */
  | { readonly kind: "deny"; readonly reason: string };

export interface DialogueServer {
  /** For `--mcp-config`. Like the next it holds no secret: the token is in the environment. */
  readonly mcpConfig: string;
  /** For `--settings`. */
  readonly settings: string;
  /** For the CLI's process. */
  readonly environment: Readonly<Record<string, string>>;
  /** From now on this desk answers. */
  attend(desk: Desk): void;
  stop(): Promise<void>;
}

const mcpPath = "/mcp";
const hookPath = "/hook";
const tokenVariable = "PHASEGATE_DIALOGUE_TOKEN";
const bodyBytesMax = 1024 * 1024;
const connectionsMax = 32;
const receiveTimeoutMs = 30_000;
/** The CLI lets a call through where its hook is silent for longer. */
const hookTimeoutSeconds = 30;

interface DialogueOptions {
  /** A throw-away: it opens this server alone. */
  readonly token: string;
  /** People are asked for tools outside a step's list: the hook hears of every call. */
  readonly watchesTools: boolean;
  /** Hears of calls that the CLI does not make. */
  readonly onForged?: (what: string) => void;
}

export async function startDialogueServer({
  token,
  watchesTools,
  onForged = () => {},
}: DialogueOptions): Promise<DialogueServer> {
  let desk: Desk | null = null;
  const server = createServer({ requestTimeout: receiveTimeoutMs }, (request, response) => {
    handle(request, response).catch(() => {
      // The caller went away in mid-sentence; where it has not, it is told that nothing came of it.
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.maxConnections = connectionsMax;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("starting the dialogue server: no port");
  const url = `http://127.0.0.1:${address.port}`;

  return {
    mcpConfig: JSON.stringify({
      mcpServers: {
        [serverName]: {
          type: "http",
          url: `${url}${mcpPath}`,
          headers: { Authorization: `Bearer \${${tokenVariable}}` },
          alwaysLoad: true,
        },
      },
    }),
    settings: JSON.stringify({
      hooks: {
        PreToolUse: [
          {
            matcher: watchesTools ? ".*" : `${toolPrefix}.*`,
            hooks: [
              {
                type: "http",
                url: `${url}${hookPath}`,
                headers: { Authorization: `Bearer $${tokenVariable}` },
                allowedEnvVars: [tokenVariable],
                timeout: hookTimeoutSeconds,
              },
            ],
          },
        ],
      },
    }),
    environment: { [tokenVariable]: token },
    attend(next) {
      desk = next;
    },
    async stop() {
      const closed = server.listening ? once(server, "close") : null;
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    if (!isSame(request.headers.authorization ?? "", `Bearer ${token}`)) {
      onForged("a call without the token of the dialogue");
      return refuse(response, 401);
    }
    if (path !== mcpPath && path !== hookPath) {
      onForged(`${request.method ?? "?"} ${path}`);
      return refuse(response, 404);
    }
    // The CLI also asks for a stream of what the server might say by itself, which is nothing.
    if (request.method !== "POST") return refuse(response, 405);
    const body = await readBody(request, bodyBytesMax);
    if (body === null) return refuse(response, 413);
    const json = parseObject(body.toString("utf8"));
    if (path === hookPath) return reply(response, verdict(json));
    const answer = answerMcp(json, (call) => desk?.use(call) ?? nobodyThere);
    if (answer === null) return refuse(response, 202);
    reply(response, answer);
  }

  function verdict(json: ReturnType<typeof parseObject>): object {
    const name = json === null ? null : stringAt(json, "tool_name");
    if (json === null || desk === null || name === null) return {};
    const call = { id: stringAt(json, "tool_use_id"), name, input: objectAt(json, "tool_input") };
    const permit: Permit = name.startsWith(toolPrefix)
      ? { kind: desk.judge({ ...call, name: name.slice(toolPrefix.length) }) }
      : (desk.permit?.(call) ?? { kind: "pass" });
    if (permit.kind === "pass") return {};
    const reason = permit.kind === "deny" ? { permissionDecisionReason: permit.reason } : {};
    return { hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: permit.kind, ...reason } };
  }
}

const nobodyThere: ToolAnswer = { text: "No step is under way: there is nobody to ask.", isError: true };

function reply(response: ServerResponse, json: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(json));
}

function refuse(response: ServerResponse, status: number): void {
  // After 413 the rest of the request still lies in the connection.
  response.writeHead(status, status === 413 ? { connection: "close" } : {}).end();
}

function isSame(shown: string, expected: string): boolean {
  const [one, other] = [Buffer.from(shown), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
