/** A repository's own playbooks, guides and agents, laid over those of the app. Pure: somebody else reads the files. */
import { nearestOf } from "../core/edit-distance.ts";
import {
  isOfOthers,
  repositoryFolder,
  type ConfigurationFault,
  type RepositoryFile,
} from "../core/repository-files.ts";
import { isDenied, isOpened } from "../core/repository-path.ts";
import { parseYamlValue } from "../yaml/yaml-value.ts";
import { parseGuide } from "./front-matter.ts";
import { guideFileFrom, type GuideFile, type GuideFiles } from "./guide-files.ts";
import { playbooksFrom, type LoadedPlaybook } from "./load-playbook.ts";
import { placeRepositoryFile } from "./place-repository-file.ts";
import { GuideHead, PlaybookHead, RoleHead, VerificationHead } from "./schema.ts";

/** What the installation allows; null where it says nothing. */
export interface PlaybookLimits {
  readonly phaseBudgetUsd: number | null;
  readonly taskBudgetUsd: number | null;
}

export interface RepositoryPlaybooks {
  /** Null where the label starts nothing. Faults are those of the playbook and of what it uses, no others. */
  readonly byLabel: (
    label: string,
  ) =>
    | ({ readonly kind: "playbook" } & LoadedPlaybook)
    | { readonly kind: "faulty"; readonly faults: readonly ConfigurationFault[] }
    | null;
  /** All of the repository's files, in the order of files and lines. */
  readonly faults: readonly ConfigurationFault[];
  /** Labels of the playbooks that the repository brings. */
  readonly labels: readonly string[];
}

export function repositoryPlaybooks(
  builtIn: GuideFiles,
  own: readonly RepositoryFile[],
  limits: PlaybookLimits,
): RepositoryPlaybooks {
  const files = new Map(builtIn);
  const brought = new Map<string, GuideFile>();
  const strays: { readonly fault: ConfigurationFault; readonly label: string | null }[] = [];
  for (const each of own.filter(({ path }) => !isOfOthers(path))) {
    const placed = placeRepositoryFile(each.path);
    if (placed.kind === "guide") brought.set(placed.path, guideFileOf(each));
    else {
      const fault = { file: each.path, line: null, rule: "stray-file", message: placed.message };
      strays.push({ fault, label: placed.label });
    }
  }
  for (const [path, file] of brought) files.set(path, file);
  const read = playbooksFrom(files, (path) => brought.has(path));
  const widening = new Map([...brought].map(([path, file]) => [path, wideningFaults(path, file, builtIn, limits)]));
  const used = new Set([...read.usesOf.values()].flatMap((uses) => [...uses]));
  const unused = [...brought].flatMap(([path, file]) => (used.has(path) ? [] : unusedFaults(path, file, files, used)));

  const faultsOf = (name: string): readonly ConfigurationFault[] => {
    const uses = read.usesOf.get(name) ?? new Set();
    return ordered([...(read.faultsOf.get(name) ?? []), ...[...uses].flatMap((path) => widening.get(path) ?? [])]);
  };
  const labels = new Map(read.labels);
  // What can't be read, or lies in the wrong place, says nothing of its labels: that of the built-in ones and the file's name stand for it.
  for (const [label, name] of playbooksFrom(builtIn).labels) {
    if (!labels.has(label) && brought.has(playbookPath(name)) && !read.playbooks.has(name)) labels.set(label, name);
  }
  const strayLabels = new Map(strays.flatMap(({ fault, label }) => (label === null ? [] : [[label, fault] as const])));

  return {
    byLabel(label) {
      const name = labels.get(label);
      if (name === undefined) {
        const fault = strayLabels.get(label);
        return fault === undefined ? null : { kind: "faulty", faults: [fault] };
      }
      const faults = faultsOf(name);
      const loaded = read.playbooks.get(name);
      if (faults.length > 0 || loaded === undefined) return { kind: "faulty", faults };
      return { kind: "playbook", ...loaded };
    },
    faults: ordered([
      ...strays.map(({ fault }) => fault),
      ...read.faults,
      ...[...widening.values()].flat(),
      ...unused,
    ]),
    labels: [...labels].flatMap(([label, name]) => (brought.has(playbookPath(name)) ? [label] : [])).sort(),
  };
}

function playbookPath(name: string): string {
  return `playbooks/${name}.yml`;
}

function guideFileOf({ path, content }: RepositoryFile): GuideFile {
  if (content.kind === "bytes") return guideFileFrom(path, content.bytes);
  const { rule, message } = content;
  return { shownAs: path, text: null, problem: { rule, message } };
}

/** Of a file that no playbook asks for: that it can't be read, or that its name is almost that of one that is asked for. */
function unusedFaults(
  path: string,
  { shownAs, problem }: GuideFile,
  files: GuideFiles,
  used: ReadonlySet<string>,
): readonly ConfigurationFault[] {
  if (problem !== null) return [{ file: shownAs, line: null, ...problem }];
  const wanted = [...used].filter((each) => files.has(each));
  const near = nearestOf(path, wanted);
  if (near === null) return [];
  const place = near.startsWith("agents/") || near.startsWith("playbooks/") ? near : `guides/${near}`;
  const message = `expected a file that some playbook names, got one that none does; did you mean "${repositoryFolder}/${place}"?`;
  return [{ file: shownAs, line: null, rule: "unused-file", message }];
}

/** What goes beyond what the installation allows, or beyond what no repository may change. */
function wideningFaults(
  path: string,
  { shownAs: file, text }: GuideFile,
  builtIn: GuideFiles,
  limits: PlaybookLimits,
): readonly ConfigurationFault[] {
  if (text === null) return [];
  const [folder = ""] = path.split("/");
  switch (folder) {
    case "playbooks":
      return playbookWidening(file, text, limits);
    case "agents":
      return roleWidening(file, text);
    case "verification":
      return verificationWidening(file, text, builtIn.get(path)?.text ?? null);
    case "common":
    case "integrations":
    case "figma":
      return [];
    default:
      return guideWidening(file, text);
  }
}

function playbookWidening(file: string, text: string, limits: PlaybookLimits): readonly ConfigurationFault[] {
  const parsed = parseYamlValue({ file, text, firstLine: 1 }, PlaybookHead);
  if (parsed.kind === "faulty") return [];
  const { value: head, lineOf } = parsed;
  const faults: ConfigurationFault[] = [];
  const bound = (at: readonly PropertyKey[], asked: number | undefined, most: number | null, setting: string): void => {
    if (asked === undefined || most === null || asked <= most) return;
    const message = `"${at.join(".")}": expected at most ${most}, which this installation allows (${setting}), got ${asked}`;
    faults.push({ file, line: lineOf(at), rule: "over-budget", message });
  };
  bound(["taskBudgetUsd"], head.taskBudgetUsd, limits.taskBudgetUsd, "TASK_BUDGET_USD");
  for (const [index, phase] of head.phases.entries()) {
    const at = ["phases", index, "budgetUsd"];
    bound(at, phase.budgetUsd, limits.phaseBudgetUsd, "PHASE_BUDGET_USD");
    faults.push(...deniedPaths(file, ["phases", index, "allowedPaths"], phase.allowedPaths, lineOf));
  }
  return faults;
}

function guideWidening(file: string, text: string): readonly ConfigurationFault[] {
  const parsed = parseGuide(file, text, GuideHead);
  if (parsed.kind === "faulty") return [];
  const { head, lineOf } = parsed.document;
  return [
    ...deniedPaths(file, ["allowedPaths"], head.allowedPaths ?? [], lineOf),
    ...deniedPaths(file, ["outputs"], head.outputs, lineOf),
  ];
}

/** A wide glob is fine, since what is denied stays denied below it; one that names such a place promises what can't be. */
function deniedPaths(
  file: string,
  at: readonly PropertyKey[],
  globs: readonly string[],
  lineOf: (path: readonly PropertyKey[]) => number,
): readonly ConfigurationFault[] {
  return globs.flatMap((glob, index) => {
    if (!isDenied(glob) || isOpened(glob, [glob])) return [];
    const message = `"${[...at, index].join(".")}": expected a path that a phase may change, got "${glob}", which no phase may, since it would steer GitHub, git or the agent`;
    return [{ file, line: lineOf([...at, index]), rule: "denied-path", message }];
  });
}

/** Whoever judges work, or stands for the app itself, changes nothing: a repository may give them other words, but no other hands. */
const RESERVED_ROLES: readonly string[] = ["verifier", "reviewer", "git-manager"];
const READING_TOOLS: readonly string[] = ["Read", "Glob", "Grep"];

function roleWidening(file: string, text: string): readonly ConfigurationFault[] {
  const parsed = parseGuide(file, text, RoleHead);
  if (parsed.kind === "faulty" || !RESERVED_ROLES.includes(parsed.document.head.name)) return [];
  const { head, lineOf } = parsed.document;
  return head.tools.flatMap((tool, index) => {
    if (READING_TOOLS.includes(tool)) return [];
    const message = `"tools.${index}": expected one of ${READING_TOOLS.join(", ")}, since the ${head.name} only reads, got "${tool}"`;
    return [{ file, line: lineOf(["tools", index]), rule: "wider-than-role", message }];
  });
}

/** A built-in file of criteria may get more and other words; what must hold in it goes on to hold. */
function verificationWidening(file: string, text: string, replaced: string | null): readonly ConfigurationFault[] {
  if (replaced === null) return [];
  const parsed = parseGuide(file, text, VerificationHead);
  const before = parseGuide(file, replaced, VerificationHead);
  if (parsed.kind === "faulty" || before.kind === "faulty") return [];
  const { head, lineOf } = parsed.document;
  return before.document.head.criteria.flatMap((criterion) => {
    if (criterion.severity !== "must") return [];
    const index = head.criteria.findIndex(({ id }) => id === criterion.id);
    const now = head.criteria[index];
    const what = criterion.kind === "deterministic" ? `the check "${criterion.check}"` : "a judged criterion";
    if (now === undefined) {
      const message = `"criteria": expected "${criterion.id}" (${what}) as in the built-in file, which must hold, got none`;
      return [{ file, line: lineOf(["criteria"]), rule: "criterion-dropped", message }];
    }
    if (now.severity !== "must") {
      const at = ["criteria", index, "severity"];
      const message = `"${at.join(".")}": expected must for "${criterion.id}", as in the built-in file, got ${now.severity}`;
      return [{ file, line: lineOf(at), rule: "criterion-weaker", message }];
    }
    const isSame = criterion.kind === "judged" ? now.kind === "judged" : now.kind === "deterministic" && now.check === criterion.check;
    if (isSame) return [];
    const at = ["criteria", index, "kind"];
    const message = `"${at.join(".")}": expected ${what} for "${criterion.id}", as in the built-in file, got another`;
    return [{ file, line: lineOf(at), rule: "criterion-weaker", message }];
  });
}

function ordered(faults: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  const once = new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values();
  return [...once].sort((a, b) => (a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1));
}
