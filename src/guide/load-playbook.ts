import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Criterion, Phase, PlannedWork, Playbook, Step } from "../core/playbook.ts";
import { isWithin } from "./allowed-paths.ts";
import { parseGuide, plainText } from "./front-matter.ts";
import { GuideError } from "./guide-error.ts";
import type { GuideFault } from "./guide-error.ts";
import { hashPlaybook } from "./playbook-json.ts";
import { GuideHead, NAME_PATTERN, PlannedHead, PlaybookHead, VerificationHead } from "./schema.ts";
import type { PhaseHead } from "./schema.ts";
import { parseYamlValue } from "./yaml-value.ts";

export interface LoadedPlaybook {
  readonly playbook: Playbook;
  readonly hash: string;
}

const PLAYBOOKS = "playbooks";
const VERIFICATION = "verification";
const RIPPLE = "ripple.md";
const EXTENSION = ".yml";
/** A guide goes into a prompt whole; one larger than this is a mistake. */
const FILE_BYTES_MAX = 262_144;

/** Reads one playbook with the guides of its steps. Throws `GuideError` with every fault at once. */
export async function loadPlaybook(guideFolder: string, name: string): Promise<LoadedPlaybook> {
  const names = await playbookNames(guideFolder);
  if (!names.includes(name)) {
    const known = names.length === 0 ? "none" : names.join(", ");
    const message = `expected one of the playbooks in "${path.join(guideFolder, PLAYBOOKS)}" (${known}), got ${JSON.stringify(name)}`;
    throw new GuideError("reading playbook", [{ file: PLAYBOOKS, line: null, rule: "unknown-playbook", message }]);
  }
  const faults: GuideFault[] = [];
  const playbook = await resolvePlaybook(guideFolder, name, faults);
  if (playbook === null || faults.length > 0) throw new GuideError(`reading playbook "${name}"`, faults);
  return { playbook, hash: hashPlaybook(playbook) };
}

/** Reads every playbook of the folder, by name. Throws one `GuideError` with the faults of all of them. */
export async function loadPlaybooks(guideFolder: string): Promise<ReadonlyMap<string, LoadedPlaybook>> {
  const loaded = new Map<string, LoadedPlaybook>();
  const faults: GuideFault[] = [];
  const names = await playbookNames(guideFolder);
  if (names.length === 0) {
    faults.push({ file: PLAYBOOKS, line: null, rule: "no-playbook", message: `expected at least one file *${EXTENSION}, got none` });
  }
  for (const name of names) {
    const playbook = await resolvePlaybook(guideFolder, name, faults);
    if (playbook !== null) loaded.set(name, { playbook, hash: hashPlaybook(playbook) });
  }
  if (faults.length > 0) throw new GuideError(`reading the playbooks of "${guideFolder}"`, faults);
  return loaded;
}

async function playbookNames(guideFolder: string): Promise<readonly string[]> {
  const folder = path.join(guideFolder, PLAYBOOKS);
  let files: readonly string[];
  try {
    files = await readdir(folder);
  } catch (cause) {
    throw new Error(`listing playbooks in "${folder}"`, { cause });
  }
  return files
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}

/** Null where the playbook's own file is too broken to look at its guides. */
async function resolvePlaybook(guideFolder: string, name: string, faults: GuideFault[]): Promise<Playbook | null> {
  const file = `${PLAYBOOKS}/${name}${EXTENSION}`;
  const text = await readGuideFile(guideFolder, file, faults);
  if (text === null) return null;
  const parsed = parseYamlValue({ file, text, firstLine: 1 }, PlaybookHead);
  if (parsed.kind === "faulty") {
    faults.push(...parsed.faults);
    return null;
  }
  const { value: head, lineOf } = parsed;
  const fault = (at: readonly PropertyKey[], rule: string, message: string): void => {
    faults.push({ file, line: lineOf(at), rule, message });
  };
  if (head.name !== name || !NAME_PATTERN.test(name)) {
    fault(["name"], "name-differs", `"name": expected the name of the file, "${name}", got "${head.name}"`);
  }
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
    const slugs = new Set<string>();
    for (const [position, slug] of phase.steps.entries()) {
      if (slugs.has(slug)) {
        const message = `"phases.${index}.steps.${position}": expected each step once, got "${slug}" again`;
        fault(["phases", index, "steps", position], "duplicate-step", message);
      }
      slugs.add(slug);
    }
    phases.push(await resolvePhase(guideFolder, phase, slugs, faults));
  }
  return { name: head.name, title: head.title, phases, ripple: await resolveRipple(guideFolder, faults) };
}

async function resolvePhase(
  guideFolder: string,
  head: PhaseHead,
  slugs: ReadonlySet<string>,
  faults: GuideFault[],
): Promise<Phase> {
  const steps: Step[] = [];
  for (const slug of slugs) {
    const step = await resolveStep(guideFolder, head, slug, faults);
    if (step !== null) steps.push(step);
  }
  const verification = await resolveVerification(guideFolder, head.verification, faults);
  const { number, name, title, allowedPaths, testCommand = null, mayBeSkipped, budgetUsd } = head;
  const plans = await resolvePlanned(guideFolder, head, faults);
  const phase = { number, name, title, allowedPaths, ...verification, testCommand, mayBeSkipped, budgetUsd, steps };
  return plans === null ? phase : { ...phase, plans };
}

/** What the phases have in common that this one plans; null where it plans none, or its guide is faulty. */
async function resolvePlanned(guideFolder: string, phase: PhaseHead, faults: GuideFault[]): Promise<PlannedWork | null> {
  if (phase.plans === undefined) return null;
  const { guide, verification, budgetUsd } = phase.plans;
  const file = `${phase.guide}/${guide}.md`;
  const text = await readGuideFile(guideFolder, file, faults);
  if (text === null) return null;
  const parsed = parseGuide(file, text, PlannedHead);
  if (parsed.kind === "faulty") {
    faults.push(...parsed.faults);
    return null;
  }
  const { head: { tools, minCharacters }, body } = parsed.document;
  return { guide: body, ...(await resolveVerification(guideFolder, verification, faults)), tools, minCharacters, budgetUsd };
}

/** The same for all playbooks: what follows from a changed item is always handled alike. */
async function resolveRipple(guideFolder: string, faults: GuideFault[]): Promise<Playbook["ripple"]> {
  // A folder without it leaves the agent to the guides of the steps that are touched.
  if (!(await readdir(guideFolder)).includes(RIPPLE)) return { guide: "", criteria: [], verifierGuide: "" };
  const guide = (await readGuideFile(guideFolder, RIPPLE, faults)) ?? "";
  return { guide: guide.trim(), ...(await resolveVerification(guideFolder, "ripple", faults)) };
}

interface Verification {
  readonly criteria: readonly Criterion[];
  readonly verifierGuide: string;
}

/** Reads one file of criteria, whether or not a playbook names it. Throws `GuideError` with every fault at once. */
export async function loadVerification(guideFolder: string, name: string): Promise<Verification> {
  const faults: GuideFault[] = [];
  const verification = await resolveVerification(guideFolder, name, faults);
  if (faults.length > 0) throw new GuideError(`reading the criteria "${name}"`, faults);
  return verification;
}

/** Without criteria where the file is faulty; then a fault says why. */
async function resolveVerification(guideFolder: string, name: string, faults: GuideFault[]): Promise<Verification> {
  const file = `${VERIFICATION}/${name}.md`;
  const nothing: Verification = { criteria: [], verifierGuide: "" };
  const text = await readGuideFile(guideFolder, file, faults);
  if (text === null) return nothing;
  const parsed = parseGuide(file, text, VerificationHead);
  if (parsed.kind === "faulty") {
    faults.push(...parsed.faults);
    return nothing;
  }
  const { head: { criteria }, body, lineOf } = parsed.document;
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

async function resolveStep(guideFolder: string, phase: PhaseHead, slug: string, faults: GuideFault[]): Promise<Step | null> {
  const file = `${phase.guide}/${slug}.md`;
  const text = await readGuideFile(guideFolder, file, faults);
  if (text === null) return null;
  const parsed = parseGuide(file, text, GuideHead);
  if (parsed.kind === "faulty") {
    faults.push(...parsed.faults);
    return null;
  }
  const { head, body, lineOf } = parsed.document;
  const allowedPaths = head.allowedPaths ?? phase.allowedPaths;
  for (const [index, glob] of allowedPaths.entries()) {
    if (isWithin(glob, phase.allowedPaths)) continue;
    const message = `"allowedPaths.${index}": expected a glob within those of phase "${phase.name}" (${phase.allowedPaths.join(", ")}), got "${glob}"`;
    faults.push({ file, line: lineOf(["allowedPaths", index]), rule: "wider-than-phase", message });
  }
  for (const [index, output] of head.outputs.entries()) {
    if (isWithin(output, allowedPaths)) continue;
    const message = `"outputs.${index}": expected a path that the step may write (${allowedPaths.join(", ")}), got "${output}"`;
    faults.push({ file, line: lineOf(["outputs", index]), rule: "output-not-allowed", message });
  }
  const { title, outputs, sections, minCharacters, tools, turnsFor } = head;
  const step = { slug, title, guide: body, outputs, sections, minCharacters, allowedPaths, tools };
  return turnsFor === undefined ? step : { ...step, turnsFor };
}

/** The file's text with LF line ends, or null after adding a fault that says why there is none. */
async function readGuideFile(guideFolder: string, file: string, faults: GuideFault[]): Promise<string | null> {
  const absolute = path.join(guideFolder, file);
  try {
    const { size } = await stat(absolute);
    if (size > FILE_BYTES_MAX) {
      faults.push({ file, line: null, rule: "too-large", message: `expected at most ${FILE_BYTES_MAX} bytes, got ${size}` });
      return null;
    }
    return plainText(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(absolute)));
  } catch (cause) {
    if (cause instanceof TypeError) {
      faults.push({ file, line: null, rule: "not-utf8", message: "expected UTF-8 text, got other bytes" });
      return null;
    }
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") {
      faults.push({ file, line: null, rule: "missing-file", message: `expected the file "${absolute}", got nothing` });
      return null;
    }
    throw new Error(`reading guide "${absolute}"`, { cause });
  }
}
