import { hasValue, sameName, type Dependency, type DependencyType } from "./dialogue.ts";

const nameCharactersMax = 100;

/**
 * GitHub refuses the first for secrets and variables; under the others the agent's process would read its value as a setting of
 * its own, or the model's credential would be lent.
 */
const takenName =
  /^(?:GITHUB_|ACTIONS_|RUNNER_|INPUT_|PHASEGATE_|ANTHROPIC_|CLAUDE_|LD_|DYLD_|NODE_|BUN_|GIT_|NPM_CONFIG_|BASH_|GCONV_PATH$|LOCPATH$|GLIBC_TUNABLES$|API_TIMEOUT|DISABLE_|MCP_|CI$|PATH$|HOME$|ENV$|IFS$|LANG$|LC_|PWD$|TERM$|TMPDIR$|SHELL$|USER$|(?:HTTPS?|NO|ALL)_PROXY$)/u;

/**
 * A name under which it can be added on GitHub: what is not allowed there is replaced (D1).
 * Two things may come to the same one; from the second on it ends in `_<which>`.
 */
export function dependencyNameOf(type: DependencyType, askedAs: string, which = 1): string {
  const suffix = which === 1 ? "" : `_${which}`;
  const charactersMax = nameCharactersMax - suffix.length;
  const line = lineOf(askedAs);
  if (!hasValue(type)) return `${Array.from(line).slice(0, charactersMax).join("") || type}${suffix}`;
  const bare = line.toUpperCase().replaceAll(/[^A-Z0-9_]/gu, "_");
  const isTaken = takenName.test(bare) || /^\d/u.test(bare);
  const legal = /^_*$/u.test(bare) ? "APP_VALUE" : isTaken ? `APP_${bare}` : bare;
  return `${legal.slice(0, charactersMax)}${suffix}`;
}

/** What it is called already, and that, or else a name that nothing else has. */
export function namedAmong<Known extends Pick<Dependency, "name" | "type" | "askedAs">>(
  dependencies: readonly Known[],
  type: DependencyType,
  askedAs: string,
): { readonly name: string; readonly known: Known | undefined } {
  for (let which = 1; ; which += 1) {
    const name = dependencyNameOf(type, askedAs, which);
    const known = dependencies.find((dependency) => sameName(dependency.name, name));
    if (known === undefined || isSameThing(known, type, askedAs)) return { name: known?.name ?? name, known };
  }
}

/** Whether what is asked for is what is known under the same legal name: letters that GitHub does not take tell names apart. */
function isSameThing(
  known: Pick<Dependency, "name" | "type" | "askedAs">,
  type: DependencyType,
  askedAs: string,
): boolean {
  if (hasValue(known.type) !== hasValue(type)) return false;
  // The agent is told the name, and may ask by it.
  if ([known.askedAs, known.name].some((name) => sameName(lineOf(name), lineOf(askedAs)))) return true;
  return !(losesLetters(known.askedAs) || losesLetters(askedAs));
}

function lineOf(askedAs: string): string {
  return askedAs.replaceAll(/\s+/gu, " ").trim();
}

function losesLetters(askedAs: string): boolean {
  return /[^\p{ASCII}]/u.test(askedAs) || !/[a-z0-9]/iu.test(askedAs) || lineOf(askedAs).length > nameCharactersMax;
}
