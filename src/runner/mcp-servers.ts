/**
 * Servers of tools that the repository's settings give to the agent, beside our own (MCP over HTTP). Steps alone get them: whoever
 * judges the work, and whoever is asked for decisions, reads and nothing else. Pure.
 */

import { namedAmong } from "../core/dependency-name.ts";
import { sameName } from "../core/dialogue.ts";
import type { Job } from "../protocol/runner.ts";
import type { Grants } from "./dialogue.ts";

type Server = NonNullable<Job["mcpServers"]>[number];

export interface AgentServers {
  readonly ready: readonly ReadyServer[];
  /** Left out, since people decided to go on without the token. */
  readonly leftOut: readonly Server[];
  /** Their tokens have to be asked for, or asked for anew, before a step begins. */
  readonly wanting: readonly { readonly server: Server; readonly name: string; readonly isGranted: boolean }[];
}

interface ReadyServer {
  readonly name: string;
  readonly url: string;
  /** The variable that the CLI has it in; null where the server asks for none. */
  readonly token: string | null;
}

export function serversOf({ mcpServers = [], dependencies }: Job, grants: Pick<Grants, "names">): AgentServers {
  const ready: ReadyServer[] = [];
  const leftOut: Server[] = [];
  const wanting: AgentServers["wanting"][number][] = [];
  for (const server of mcpServers) {
    const { name, url, tokenSecret } = server;
    if (tokenSecret === null) {
      ready.push({ name, url, token: null });
      continue;
    }
    const { name: token, known } = namedAmong(dependencies, "api_key", tokenSecret);
    const isGranted = known?.state === "granted";
    if (isGranted && grants.names.some((held) => sameName(held, token))) ready.push({ name, url, token });
    else if (known?.state === "skipped") leftOut.push(server);
    else wanting.push({ server, name: token, isGranted });
  }
  return { ready, leftOut, wanting };
}

/** For `--mcp-config`, as JSON: the CLI puts the value in where it says `${NAME}`, so that none stands in an argument. Null where there is nothing. */
export function mcpConfigOf({ ready }: AgentServers): string | null {
  if (ready.length === 0) return null;
  const servers = ready.map(({ name, url, token }) => {
    const headers = token === null ? {} : { headers: { Authorization: `Bearer \${${token}}` } };
    return [name, { type: "http", url, ...headers, alwaysLoad: true }] as const;
  });
  return JSON.stringify({ mcpServers: Object.fromEntries(servers) });
}

/** For `--allowedTools`: all tools of each. */
export function toolRulesOf({ ready }: AgentServers): readonly string[] {
  return ready.map(({ name }) => `mcp__${name}`);
}

/** What the agent is told of them. */
export function serverLines({ ready, leftOut }: AgentServers): readonly string[] {
  return [
    ...ready.map(
      ({ name, token }) =>
        `- The server ${name} gives you tools whose names begin with \`mcp__${name}__\`${token === null ? "" : `, and has its token (${token}) already`}. Where they are missing it did not answer: go on without it, and say in the deliverable what is missing.`,
    ),
    ...leftOut.map(
      ({ name }) =>
        `- The server ${name} is not there, since people decided to go on without its token. Do not ask for it, and say in the deliverable what is missing.`,
    ),
  ];
}

/** For the people who are asked for its token. */
export function tokenWanted({ name, url }: Server): string {
  return `The token of the server ${name} (${url}), whose tools .github/phasegate.yml gives to the agent. It is sent to this server alone, as a bearer token, and lies in the environment of the steps that use it.`;
}
