import type { AppRights } from "../setup/app-manifest.ts";
import { fault, ok, warning, type Finding } from "./finding.ts";

export interface GivenRights {
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
}

/** What does not work without a permission that `app.yml` calls optional. */
const withoutPermission: Readonly<Record<string, string>> = {
  secrets:
    "a missing model credential shows only in the first run, and a secret that is added must be told with /provided",
  actions_variables: "a variable that is added must be told with /provided",
  checks:
    "no check run shows how a phase was verified, so branch protection can't require one, and check runs of other services count for nothing",
  statuses: "commit statuses of other services count for nothing",
  workflows:
    "the pull request that sets a repository up comes without the workflow file, which a person adds by a link",
};
/** Events that only save time: what they tell is read now and then anyhow. */
const withoutEvent: Readonly<Record<string, string>> = {
  push: "a gate that conflicts with its base is noticed minutes later",
  check_run: "the end of a check of another service is noticed minutes later",
  status: "the end of a status of another service is noticed minutes later",
};

const levels: readonly unknown[] = [undefined, "read", "write", "admin"];

/** What `app.yml` asks for against what is given, in both directions. */
export function compareRights(
  wanted: AppRights,
  given: GivenRights,
  about: { readonly check: string; readonly who: string; readonly mend: string },
): readonly Finding[] {
  const { check, who, mend } = about;
  const isShort = ([name, level]: readonly [string, string]) =>
    levels.indexOf(given.permissions[name]) < levels.indexOf(level);
  const isExcess = ([name, level]: readonly [string, unknown]) =>
    levels.indexOf(level) > levels.indexOf(wanted.permissions[name]);
  const short = Object.entries(wanted.permissions).filter(isShort);
  const needed = short.filter(([name]) => !wanted.optionalPermissions.includes(name));
  const optional = short.filter(([name]) => wanted.optionalPermissions.includes(name));
  const excess = Object.entries(given.permissions).filter(isExcess);
  const unheard = wanted.events.filter((event) => !given.events.includes(event));
  const unused = given.events.filter((event) => !wanted.events.includes(event));
  const findings: Finding[] = [];
  if (needed.length > 0) findings.push(fault(`${check}-permissions`, `${who} lacks ${listOf(needed)}`, mend));
  for (const [name, level] of optional) {
    const loss = withoutPermission[name] === undefined ? "" : `: ${withoutPermission[name]}`;
    findings.push(warning(`${check}-permissions`, `${who} lacks the optional ${name}: ${level}${loss}`, mend));
  }
  if (excess.length > 0)
    findings.push(warning(`${check}-permissions`, `${who} has more than app.yml asks for: ${listOf(excess)}`, mend));
  const missed = unheard.filter((event) => withoutEvent[event] === undefined);
  if (missed.length > 0) findings.push(fault(`${check}-events`, `${who} does not hear ${missed.join(", ")}`, mend));
  for (const event of unheard.filter((each) => !missed.includes(each)))
    findings.push(warning(`${check}-events`, `${who} does not hear ${event}: ${withoutEvent[event]}`, mend));
  if (unused.length > 0)
    findings.push(warning(`${check}-events`, `${who} hears more than app.yml asks for: ${unused.join(", ")}`, mend));
  return findings.length > 0 ? findings : [ok(`${check}-rights`, `${who} has the permissions and events of app.yml`)];
}

function listOf(permissions: readonly (readonly [string, unknown])[]): string {
  return permissions.map(([name, level]) => `${name}: ${String(level)}`).join(", ");
}
