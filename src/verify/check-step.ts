import picomatch from "picomatch";
import type { Phase, Step } from "../core/playbook.ts";
import type { CheckId, Finding, Tree } from "../core/report.ts";
import { capFindings } from "./cap-findings.ts";
import { countedText, parseMarkdown } from "./markdown.ts";
import { findPlaceholders } from "./placeholder.ts";
import { sectionState } from "./section.ts";

/** A document with more placeholders than this is a skeleton; the rest of the list would teach nobody anything. */
const PLACEHOLDERS_SHOWN_MAX = 5;

/** How many files of one glob are opened to find one that is not empty. */
const MATCHES_READ_MAX = 50;

/** Files that a tool fetched or made are nobody's deliverable. */
const NOT_DELIVERED = /(?:^|\/)(?:node_modules|vendor|\.venv|\.git)\//u;

/** The quick checks of one step: its outputs exist, and each of its documents is whole. */
export async function checkStep(tree: Tree, _phase: Phase, step: Step): Promise<readonly Finding[]> {
  return capFindings((await findingsOfStep(tree, step)).findings);
}

export interface StepFindings {
  readonly findings: readonly Finding[];
  /** Outputs and documents that were looked at. */
  readonly outputs: number;
  readonly documents: number;
}

export async function findingsOfStep(tree: Tree, step: Step): Promise<StepFindings> {
  const paths = new Set(tree.paths);
  const findings: Finding[] = [];
  let documents = 0;
  for (const output of step.outputs) {
    if (!isGlob(output)) {
      const text = paths.has(output) ? await tree.read(output) : null;
      const missing = presenceFault(tree, paths, output, text);
      if (missing !== null) {
        findings.push({ check: "outputs-exist", step: step.slug, path: output, line: null, message: missing });
      } else if (isDocument(output) && text !== null) {
        documents += 1;
        findings.push(...checkDocument(step, output, text));
      }
    } else if (!(await hasMatch(tree, output))) {
      const message = `no file with content matches "${output}": write at least one.`;
      findings.push({ check: "outputs-exist", step: step.slug, path: null, line: null, message });
    }
  }
  return { findings, outputs: step.outputs.length, documents };
}

function checkDocument(step: Step, path: string, text: string): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (check: CheckId, line: number | null, message: string): void => {
    findings.push({ check, step: step.slug, path, line, message });
  };
  const length = countCodePoints(countedText(text));
  if (length < step.minCharacters) {
    add("long-enough", null, `the document has ${length} characters: it needs at least ${step.minCharacters}.`);
  }
  const document = parseMarkdown(text);
  const fence =
    document.openFenceLine === null
      ? ""
      : ` The code fence opened on line ${document.openFenceLine} is never closed, so nothing below it counts as a heading.`;
  for (const section of step.sections) {
    const state = sectionState(document, section);
    if (state === "missing") {
      add(
        "sections-present",
        null,
        `the section "${section}" is missing: add the heading "## ${section}" with its text.${fence}`,
      );
    } else if (state === "empty") {
      add("sections-present", null, `the section "${section}" is empty: write its text below the heading.${fence}`);
    }
  }
  const placeholders = findPlaceholders(document);
  for (const { line, text: mark } of placeholders.slice(0, PLACEHOLDERS_SHOWN_MAX)) {
    add("no-placeholder", line, `"${mark}" stands for text that was not written: write it, or remove the line.`);
  }
  if (placeholders.length > PLACEHOLDERS_SHOWN_MAX) {
    const more = placeholders.length - PLACEHOLDERS_SHOWN_MAX;
    add("no-placeholder", null, `${more} more placeholders stand in this document: replace each by its text.`);
  }
  return findings;
}

/** Null where the file is there and has content. */
function presenceFault(tree: Tree, paths: ReadonlySet<string>, output: string, text: string | null): string | null {
  if (!paths.has(output)) {
    const folded = output.toLowerCase();
    const lookAlike = tree.paths.find((path) => path.toLowerCase() === folded);
    return lookAlike === undefined
      ? `the file is missing: write "${output}".`
      : `the file is missing: rename "${lookAlike}" to "${output}", since upper and lower case differ.`;
  }
  if (text === null) {
    return isDocument(output) ? "the document is not readable text: write it as UTF-8 of at most 1 MiB." : null;
  }
  return text.trim() === "" ? "the file is empty: write its content." : null;
}

async function hasMatch(tree: Tree, glob: string): Promise<boolean> {
  const isMatch = picomatch(glob, { dot: true });
  const matches = tree.paths.filter((path) => !NOT_DELIVERED.test(path) && isMatch(path)).slice(0, MATCHES_READ_MAX);
  for (const path of matches) {
    const text = await tree.read(path);
    if (text === null || text.trim() !== "") return true;
  }
  return false;
}

function isGlob(output: string): boolean {
  return picomatch.scan(output).isGlob;
}

function isDocument(output: string): boolean {
  return output.endsWith(".md") && !isGlob(output);
}

/** Counts without an array of them: a document may be a mebibyte long. */
function countCodePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}
