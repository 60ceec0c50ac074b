/** What the repository says to an agent. It counts as it is on the base, not as an earlier phase left it. */
export const agentConfiguration: readonly string[] = [".claude", ".mcp.json", "CLAUDE.md", "AGENTS.md"];

export function isAgentConfiguration(path: string): boolean {
  return agentConfiguration.some((name) => path === name || path.startsWith(`${name}/`));
}
