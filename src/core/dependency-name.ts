import { hasValue, type DependencyType } from "./dialogue.ts";

const nameCharactersMax = 100;

/**
 * GitHub refuses the first for secrets and variables; under the others the agent's process would read its value as a setting of
 * its own, or the model's credential would be lent.
 */
const takenName =
  /^(?:GITHUB_|ACTIONS_|RUNNER_|INPUT_|PHASEGATE_|ANTHROPIC_|CLAUDE_|LD_|DYLD_|NODE_|BUN_|GIT_|NPM_CONFIG_|BASH_|API_TIMEOUT|DISABLE_|MCP_|CI$|PATH$|HOME$|ENV$|IFS$|LANG$|LC_|PWD$|TERM$|TMPDIR$|SHELL$|USER$|(?:HTTPS?|NO|ALL)_PROXY$)/u;

/** A name under which it can be added on GitHub: what is not allowed there is replaced (D1). */
export function dependencyNameOf(type: DependencyType, askedAs: string): string {
  const line = askedAs.replaceAll(/\s+/gu, " ").trim();
  if (!hasValue(type)) return Array.from(line).slice(0, nameCharactersMax).join("") || type;
  const legal = line
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/gu, "_")
    .slice(0, nameCharactersMax);
  if (/^_*$/u.test(legal)) return "APP_VALUE";
  return takenName.test(legal) || /^\d/u.test(legal) ? `APP_${legal}` : legal;
}
