import type { ZodType } from "zod";
import { nearestOf } from "../core/edit-distance.ts";
import { approvalOf, playbookNamePattern, verifierRole } from "../core/playbook.ts";
import type { Criterion, Integration, Phase, PlannedWork, Playbook, Role, Step } from "../core/playbook.ts";
import { isWithin } from "./allowed-paths.ts";
import { parseGuide } from "./front-matter.ts";
import type { GuideParse } from "./front-matter.ts";
import { GuideError } from "./guide-error.ts";
import type { GuideFault } from "./guide-error.ts";
import { readGuideFolder } from "./guide-files.ts";
import type { GuideFile, GuideFiles } from "./guide-files.ts";
import { hashPlaybook } from "./playbook-json.ts";
import { GuideHead, IntegrationHead, PlaybookHead, RoleHead, TitledHead, VerificationHead } from "./schema.ts";
import type { PhaseHead } from "./schema.ts";
import { parseYamlValue, textsSaid } from "../yaml/yaml-value.ts";

export interface LoadedPlaybook {
  readonly playbook: Playbook;
  readonly hash: string;
}

const PLAYBOOKS = "playbooks";
const VERIFICATION = "verification";
const ROLES = "agents";
const COMMON = "common";
const RIPPLE = "ripple.md";
const EXTENSION = ".yml";

const parseRole = parserOf(RoleHead);
const parseTitled = parserOf(TitledHead);
const parseIntegration = parserOf(IntegrationHead);
const parseVerification = parserOf(VerificationHead);
const parseStepGuide = parserOf(GuideHead);

/** Reads one playbook of a folder with the guides of its steps. Throws `GuideError` with every fault at once. */
export async function loadPlaybook(guideFolder: string, name: string): Promise<LoadedPlaybook> {
  const files = await readGuideFolder(guideFolder);
  const names = playbookNames(files);
  if (!names.includes(name)) {
    const known = names.length === 0 ? "none" : names.join(", ");
    const message = `expected one of the playbooks in "${guideFolder}/${PLAYBOOKS}" (${known}), got ${JSON.stringify(name)}`;
    throw new GuideError("reading playbook", [{ file: PLAYBOOKS, line: null, rule: "unknown-playbook", message }]);
  }
  const faults: GuideFault[] = [];
  const found = resolvePlaybook(files, name, faults);
  if (found === null || faults.length > 0) throw new GuideError(`reading playbook "${name}"`, faults);
  return { playbook: found.playbook, hash: hashPlaybook(found.playbook) };
}

/** Reads every playbook of the folder, by name. Throws one `GuideError` with the faults of all of them. */
export async function loadPlaybooks(guideFolder: string): Promise<ReadonlyMap<string, LoadedPlaybook>> {
  const { playbooks, faults } = playbooksFrom(await readGuideFolder(guideFolder));
  if (faults.length > 0) throw new GuideError(`reading the playbooks of "${guideFolder}"`, faults);
  return playbooks;
}

/** What a folder came to. */
export interface PlaybooksRead {
  /** By name, those that could be read. */
  readonly playbooks: ReadonlyMap<string, LoadedPlaybook>;
  /** Every fault of any of them. */
  readonly faults: readonly GuideFault[];
  /** Of every playbook by its name, the unreadable ones too: its own faults and those of the files that it uses. */
  readonly faultsOf: ReadonlyMap<string, readonly GuideFault[]>;
  /** Of every playbook by its name: the files that it asked for, whether or not they are there. */
  readonly usesOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** Which playbook a label starts. Where two claim one, it is the one whose fault that is. */
  readonly labels: ReadonlyMap<string, string>;
}

/** `isBrought` tells files that were laid over others: of two playbooks with one label, theirs is the one at fault. */
export function playbooksFrom(files: GuideFiles, isBrought: (path: string) => boolean = () => false): PlaybooksRead {
  const names = playbookNames(files);
  const resolved = names.map((name) => resolveRecording(files, name));
  const brought = resolved.filter(({ path }) => isBrought(path));
  const labels = claimLabels([resolved.filter(({ path }) => !isBrought(path)), brought]);
  const faults = resolved.flatMap((each) => each.faults);
  if (names.length === 0) {
    faults.push({ file: PLAYBOOKS, line: null, rule: "no-playbook", message: `expected at least one file *${EXTENSION}, got none` });
  }
  return {
    playbooks: new Map(
      resolved.flatMap(({ name, playbook }) =>
        playbook === null ? [] : [[name, { playbook, hash: hashPlaybook(playbook) }] as const],
      ),
    ),
    faults: withoutRepeats(faults),
    faultsOf: new Map(resolved.map((each) => [each.name, withoutRepeats(each.faults)])),
    usesOf: new Map(resolved.map(({ name, uses }) => [name, uses])),
    labels,
  };
}

interface Resolved {
  readonly name: string;
  readonly path: string;
  /** As its author knows it. */
  readonly file: string;
  /** Null where its own file is too broken to look at its guides. */
  readonly playbook: Playbook | null;
  readonly aliases: readonly string[];
  readonly lineOf: (path: readonly PropertyKey[]) => number | null;
  readonly faults: GuideFault[];
  readonly uses: ReadonlySet<string>;
}

function resolveRecording(files: GuideFiles, name: string): Resolved {
  const path = `${PLAYBOOKS}/${name}${EXTENSION}`;
  const faults: GuideFault[] = [];
  const uses = new Set<string>();
  const found = resolvePlaybook(new RecordingFiles(files, uses), name, faults);
  const of = { name, path, file: shownFile(files, path), faults, uses };
  if (found !== null) return { ...of, ...found, aliases: found.playbook.aliases };
  // Whoever sets such a label is to be told why nothing starts.
  return { ...of, playbook: null, aliases: textsSaid(files.get(path)?.text ?? "", "aliases"), lineOf: () => null };
}

/** Notes which files are asked for. */
class RecordingFiles extends Map<string, GuideFile> {
  readonly #uses: Set<string>;

  constructor(files: GuideFiles, uses: Set<string>) {
    super(files);
    this.#uses = uses;
  }

  override get(path: string): GuideFile | undefined {
    this.#uses.add(path);
    return super.get(path);
  }
}

/** In each group names before aliases. A label that is claimed again is a fault of whoever comes later. */
function claimLabels(groups: readonly (readonly Resolved[])[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const claim = ({ name, file, faults, lineOf }: Resolved, label: string, at: readonly PropertyKey[]): void => {
    const other = labels.get(label);
    labels.set(label, name);
    if (other === undefined) return;
    const message = `"${at.join(".")}": expected a label of its own, got "${label}", which starts "${other}"`;
    faults.push({ file, line: lineOf(at), rule: "duplicate-label", message });
  };
  for (const group of groups) {
    for (const each of group) claim(each, each.name, ["name"]);
    for (const each of group) for (const [index, alias] of each.aliases.entries()) claim(each, alias, ["aliases", index]);
  }
  return labels;
}

/** A guide that several playbooks use has its faults once. */
function withoutRepeats(faults: readonly GuideFault[]): readonly GuideFault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

function playbookNames(files: GuideFiles): readonly string[] {
  return [...files.keys()]
    .filter((file) => file.startsWith(`${PLAYBOOKS}/`) && file.endsWith(EXTENSION))
    .map((file) => file.slice(PLAYBOOKS.length + 1, -EXTENSION.length))
    .sort();
}

/** Null where the playbook's own file is too broken to look at its guides. */
function resolvePlaybook(files: GuideFiles, name: string, faults: GuideFault[]): Pick<Resolved, "lineOf"> & { readonly playbook: Playbook } | null {
  const found = textOf(files, `${PLAYBOOKS}/${name}${EXTENSION}`, faults);
  if (found === null) return null;
  const { shownAs: file, text } = found;
  const parsed = parseYamlValue({ file, text, firstLine: 1 }, PlaybookHead);
  if (parsed.kind === "faulty") {
    faults.push(...parsed.faults);
    return null;
  }
  const { value: head, lineOf } = parsed;
  const fault = (at: readonly PropertyKey[], rule: string, message: string): void => {
    faults.push({ file, line: lineOf(at), rule, message });
  };
  if (head.name !== name || !playbookNamePattern.test(name)) {
    fault(["name"], "name-differs", `"name": expected the name of the file, "${name}", got "${head.name}"`);
  }
  const naming = (at: readonly PropertyKey[]): Naming => ({ file, line: lineOf(at), field: at.join(".") });
  /** By name; null for one that can't be read, whose faults are told once. */
  const roles = new Map<string, Role | null>();
  const roleOf: RoleOf = (named, place) => {
    if (named === undefined) return null;
    const known = roles.get(named);
    if (known !== undefined) return known;
    const role = resolveRole(files, named, place, faults);
    roles.set(named, role);
    return role;
  };
  const phases: Phase[] = [];
  const phaseNames = new Set<string>();
  for (const [index, phase] of head.phases.entries()) {
    if (phase.number !== index + 1) {
      const message = `"phases.${index}.number": expected ${index + 1}, since phases count from 1 without holes, got ${phase.number}`;
      fault(["phases", index, "number"], "phase-number", message);
    }
    if (phaseNames.has(phase.name)) {
      fault(["phases", index, "name"], "duplicate-phase", `"phases.${index}.name": expected a name of its own, got "${phase.name}" again`);
    }
    phaseNames.add(phase.name);
    if (phase.plans !== undefined && index < head.phases.length - 1) {
      const message = `"phases.${index}.plans": expected no phase behind one that plans what follows`;
      fault(["phases", index, "plans"], "plans-before-last", message);
    }
    if ((phase.plans === undefined) !== (phase.work === undefined)) {
      const message = `"phases.${index}": expected "plans" and "work" together, got ${phase.plans === undefined ? '"work"' : '"plans"'} alone`;
      fault(["phases", index], "plans-without-work", message);
    }
    const slugs = new Set<string>();
    for (const [position, entry] of phase.steps.entries()) {
      const slug = typeof entry === "string" ? entry : entry.step;
      if (slugs.has(slug)) {
        const message = `"phases.${index}.steps.${position}": expected each step once, got "${slug}" again`;
        fault(["phases", index, "steps", position], "duplicate-step", message);
      }
      slugs.add(slug);
    }
    if (phase.mode === "conversation" && slugs.size !== 1) {
      const message = `"phases.${index}.steps": expected one step, since a conversation has one that is done again, got ${slugs.size}`;
      fault(["phases", index, "steps"], "conversation-steps", message);
    }
    phases.push(resolvePhase(files, phase, roleOf, faults, (at) => naming(["phases", index, ...at])));
  }
  // A folder without one has the words that the runner itself knows.
  if (files.has(`${ROLES}/${verifierRole}.md`)) roleOf(verifierRole, naming([]));
  const playbook = {
    name: head.name,
    aliases: head.aliases,
    title: head.title,
    description: head.description,
    taskBudgetUsd: head.taskBudgetUsd ?? null,
    common: resolveCommon(files, faults),
    integrations: resolveIntegrations(files, faults),
    roles: [...roles.values()].flatMap((role) => role ?? []),
    phases,
    ripple: resolveRipple(files, faults),
  };
  return { playbook, lineOf };
}

/** Where a playbook names another file, for a fault that says that there is none. */
interface Naming {
  readonly file: string;
  readonly line: number;
  readonly field: string;
}

type RoleOf = (name: string | undefined, named: Naming) => Role | null;

function resolvePhase(
  files: GuideFiles,
  head: PhaseHead,
  roleOf: RoleOf,
  faults: GuideFault[],
  naming: (at: readonly PropertyKey[]) => Naming,
): Phase {
  const steps: Step[] = [];
  const preface =
    head.preface === undefined
      ? null
      : guideOf(files, `${head.guide}/${head.preface}.md`, parseTitled, faults, naming(["preface"]))?.body;
  const seen = new Set<string>();
  for (const [position, entry] of head.steps.entries()) {
    const [slug, role] = typeof entry === "string" ? [entry, head.role] : [entry.step, entry.role];
    if (seen.has(slug)) continue;
    seen.add(slug);
    const named = naming(["steps", position]);
    const step = resolveStep(files, head, slug, roleOf(role, typeof entry === "string" ? naming(["role"]) : named), named, faults);
    if (step !== null) steps.push(preface == null ? step : { ...step, guide: `${preface.trim()}\n\n${step.guide}` });
  }
  const { criteria, verifierGuide } = resolveVerification(files, head.verification, faults, naming(["verification"]));
  const { number, name, title, mode, plans = null, allowedPaths, testCommand = null, mayBeSkipped, budgetUsd } = head;
  const reviewers = head.reviewers.flatMap((reviewer, index) => roleOf(reviewer, naming(["reviewers", index]))?.name ?? []);
  const work = resolveWork(files, head, roleOf, faults, (at) => naming(["work", ...at]));
  const phase: Phase = {
    number,
    name,
    title,
    mode,
    plans,
    root: "",
    reviewers,
    afterFailure: roleOf(head.afterFailure, naming(["afterFailure"]))?.name ?? null,
    allowedPaths,
    criteria: [...criteria, ...reviewers.map(approvalCriterion)],
    verifierGuide,
    testCommand,
    mayBeSkipped,
    ...(head.network === undefined ? {} : { network: head.network }),
    budgetUsd,
    steps,
  };
  return work === null ? phase : { ...phase, work };
}

/** What the phases have in common that this one plans; null where it plans none, or its guide is faulty. Their paths come from the tables. */
function resolveWork(
  files: GuideFiles,
  phase: PhaseHead,
  roleOf: RoleOf,
  faults: GuideFault[],
  naming: (at: readonly PropertyKey[]) => Naming,
): PlannedWork | null {
  if (phase.work === undefined) return null;
  const { step, verification, budgetUsd, ...people } = phase.work;
  const found = guideOf(files, `${phase.guide}/${step}.md`, parseStepGuide, faults, naming(["step"]));
  if (found === null) return null;
  const { head: { sections, minCharacters, tools }, body, file } = found;
  const { criteria, verifierGuide } = resolveVerification(files, verification, faults, naming(["verification"]));
  const role = roleOf(people.role, naming(["role"]));
  const reviewers = people.reviewers.flatMap((reviewer, index) => roleOf(reviewer, naming(["reviewers", index]))?.name ?? []);
  return {
    guide: body,
    source: file,
    criteria: [...criteria, ...reviewers.map(approvalCriterion)],
    verifierGuide,
    tools: tools ?? role?.tools ?? [],
    sections,
    minCharacters,
    role: role?.name ?? null,
    reviewers,
    budgetUsd,
  };
}

function approvalCriterion(reviewer: string): Criterion {
  const who = reviewer.replaceAll("-", " ");
  return { id: approvalOf(reviewer), kind: "judged", severity: "must", text: `The ${who} approves of the work, that is, finds no blocker in it.` };
}

function resolveRole(files: GuideFiles, name: string, named: Naming, faults: GuideFault[]): Role | null {
  const found = guideOf(files, `${ROLES}/${name}.md`, parseRole, faults, named);
  if (found === null) return null;
  const { head: { description, model, tools, ...head }, body, file, lineOf } = found;
  if (head.name !== name) {
    const message = `"name": expected the name of the file, "${name}", got "${head.name}"`;
    faults.push({ file, line: lineOf(["name"]), rule: "name-differs", message });
  }
  return { name, description, model, tools, prompt: body };
}

/** Where to begin stands first. */
const COMMON_FIRST = `${COMMON}/QUICK_START.md`;

function resolveCommon(files: GuideFiles, faults: GuideFault[]): string {
  const names = namesIn(files, COMMON).toSorted((a, b) => Number(b === COMMON_FIRST) - Number(a === COMMON_FIRST));
  return names.flatMap((name) => guideOf(files, name, parseTitled, faults)?.body ?? []).join("\n\n");
}

/** Figma's are several, for the phases in which each helps. */
const INTEGRATION_FOLDERS = ["integrations", "figma"] as const;

function resolveIntegrations(files: GuideFiles, faults: GuideFault[]): readonly Integration[] {
  return INTEGRATION_FOLDERS.flatMap((folder) =>
    namesIn(files, folder).flatMap((path) => {
      const found = guideOf(files, path, parseIntegration, faults);
      if (found === null) return [];
      const { title, secrets, phases = null } = found.head;
      return [{ name: path.slice(0, -".md".length), title, secrets, phases, guide: found.body }];
    }),
  );
}

function namesIn(files: GuideFiles, folder: string): readonly string[] {
  return [...files.keys()].filter((name) => name.startsWith(`${folder}/`) && name.endsWith(".md")).sort();
}

/** The same for all playbooks: what follows from a changed item is always handled alike. */
function resolveRipple(files: GuideFiles, faults: GuideFault[]): Playbook["ripple"] {
  // A folder without it leaves the agent to the guides of the steps that are touched.
  if (!files.has(RIPPLE)) return { guide: "", criteria: [], verifierGuide: "" };
  const guide = textOf(files, RIPPLE, faults)?.text ?? "";
  return { guide: guide.trim(), ...resolveVerification(files, "ripple", faults) };
}

interface Verification {
  readonly criteria: readonly Criterion[];
  readonly verifierGuide: string;
}

/** Reads one file of criteria, whether or not a playbook names it. Throws `GuideError` with every fault at once. */
export async function loadVerification(guideFolder: string, name: string): Promise<Verification> {
  const faults: GuideFault[] = [];
  const verification = resolveVerification(await readGuideFolder(guideFolder), name, faults);
  if (faults.length > 0) throw new GuideError(`reading the criteria "${name}"`, faults);
  return verification;
}

/** Without criteria where the file is faulty; then a fault says why. */
function resolveVerification(files: GuideFiles, name: string, faults: GuideFault[], named?: Naming): Verification {
  const found = guideOf(files, `${VERIFICATION}/${name}.md`, parseVerification, faults, named);
  if (found === null) return { criteria: [], verifierGuide: "" };
  const { head: { criteria }, body, file, lineOf } = found;
  const ids = new Set<string>();
  const checks = new Set<string>();
  for (const [index, criterion] of criteria.entries()) {
    if (ids.has(criterion.id)) {
      const message = `"criteria.${index}.id": expected an id of its own, got "${criterion.id}" again`;
      faults.push({ file, line: lineOf(["criteria", index, "id"]), rule: "duplicate-criterion", message });
    }
    ids.add(criterion.id);
    if (criterion.kind === "judged") continue;
    if (checks.has(criterion.check)) {
      const message = `"criteria.${index}.check": expected each check once, got "${criterion.check}" again`;
      faults.push({ file, line: lineOf(["criteria", index, "check"]), rule: "duplicate-check", message });
    }
    checks.add(criterion.check);
  }
  const isJudged = criteria.some(({ kind }) => kind === "judged");
  return { criteria, verifierGuide: isJudged ? body : "" };
}

function resolveStep(
  files: GuideFiles,
  phase: PhaseHead,
  slug: string,
  role: Role | null,
  named: Naming,
  faults: GuideFault[],
): Step | null {
  const found = guideOf(files, `${phase.guide}/${slug}.md`, parseStepGuide, faults, named);
  if (found === null) return null;
  const { head, body, file, lineOf } = found;
  const fault = (at: readonly PropertyKey[], rule: string, message: string): void => {
    faults.push({ file, line: lineOf(at), rule, message });
  };
  const allowedPaths = head.allowedPaths ?? phase.allowedPaths;
  for (const [index, glob] of allowedPaths.entries()) {
    if (isWithin(glob, phase.allowedPaths)) continue;
    const message = `"allowedPaths.${index}": expected a glob within those of phase "${phase.name}" (${phase.allowedPaths.join(", ")}), got "${glob}"`;
    fault(["allowedPaths", index], "wider-than-phase", message);
  }
  if (head.outputs.length === 0 && phase.mode !== "conversation") {
    const message = '"outputs": expected at least one entry, since only the turn of a conversation has none, got none';
    fault(["outputs"], "no-deliverable", message);
  }
  for (const [index, output] of head.outputs.entries()) {
    if (isWithin(output, allowedPaths)) continue;
    const message = `"outputs.${index}": expected a path that the step may write (${allowedPaths.join(", ")}), got "${output}"`;
    fault(["outputs", index], "output-not-allowed", message);
  }
  const tools: readonly string[] = head.tools ?? role?.tools ?? [];
  if (tools.length === 0) fault(["tools"], "no-tools", '"tools": expected the tools of the step, since it has no role, got nothing');
  for (const [index, tool] of tools.entries()) {
    if (role === null || role.tools.includes(tool)) continue;
    const message = `"tools.${index}": expected a tool of the role "${role.name}" (${role.tools.join(", ")}), got "${tool}"`;
    fault(["tools", index], "wider-than-role", message);
  }
  const { title, outputs, sections, minCharacters, questionRoundsMax = null, turnsFor } = head;
  const step = { slug, title, guide: body, source: file, outputs, sections, minCharacters, allowedPaths, tools, role: role?.name ?? null, questionRoundsMax };
  return turnsFor === undefined ? step : { ...step, turnsFor };
}

interface FoundGuide<Head> {
  readonly head: Head;
  readonly body: string;
  /** As its author knows it. */
  readonly file: string;
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

/** Null after adding faults that say why there is none. */
function guideOf<Head>(
  files: GuideFiles,
  path: string,
  parse: GuideParser<Head>,
  faults: GuideFault[],
  named?: Naming,
): FoundGuide<Head> | null {
  const found = textOf(files, path, faults, named);
  if (found === null) return null;
  const parsed = parse(found);
  if (parsed.kind === "parsed") return { ...parsed.document, file: found.shownAs };
  faults.push(...parsed.faults);
  return null;
}

type ReadableFile = GuideFile & { readonly text: string };
type GuideParser<Head> = (file: ReadableFile) => GuideParse<Head>;

/** Most files are used by several playbooks, and the app's own again for each repository: each is parsed once. */
function parserOf<Head>(schema: ZodType<Head>): GuideParser<Head> {
  const known = new WeakMap<GuideFile, GuideParse<Head>>();
  return (file) => {
    const parsed = known.get(file) ?? parseGuide(file.shownAs, file.text, schema);
    known.set(file, parsed);
    return parsed;
  };
}

/** Null after adding a fault that says why there is none: where it is named, if a playbook names it. */
function textOf(
  files: GuideFiles,
  path: string,
  faults: GuideFault[],
  named?: Naming,
): ReadableFile | null {
  const found = files.get(path);
  const file = found?.shownAs ?? path;
  if (isReadable(found)) return found;
  if (found?.problem != null) {
    faults.push({ file, line: null, ...found.problem });
    return null;
  }
  const field = named === undefined ? "" : `"${named.field}": `;
  const near = nearestOf(path, files.keys());
  const hint = near === null ? "" : `; did you mean "${near}"?`;
  const message = `${field}expected the file "${path}", got nothing${hint}`;
  faults.push({ file: named?.file ?? file, line: named?.line ?? null, rule: "missing-file", message });
  return null;
}

function isReadable(file: GuideFile | undefined): file is ReadableFile {
  return file !== undefined && file.text !== null;
}

function shownFile(files: GuideFiles, path: string): string {
  return files.get(path)?.shownAs ?? path;
}
