import picomatch from "picomatch";
import type { Phase, Step } from "../core/playbook.ts";
import type { Finding, Tree } from "../core/report.ts";
import { alternativesIn } from "./alternatives.ts";
import { codeBlocksOf, parseMarkdown, visibleLines } from "./markdown.ts";
import type { Heading, MarkdownDocument } from "./markdown.ts";
import { isFilled } from "./section.ts";
import type { Looked } from "./tree-check.ts";

const MILESTONES_MIN = 3;

interface PlanHeading {
  readonly number: string;
  readonly english: string;
  readonly korean: string;
  readonly isOptional: boolean;
}

/** The template of a plan, in its order (R2.6). A second number makes a heading of the third level. */
const HEADINGS: readonly PlanHeading[] = [
  { number: "1", english: "Goals", korean: "목표 (Goals)", isOptional: false },
  {
    number: "2",
    english: "Risks & Constraints",
    korean: "고려사항 및 제약조건 (Risks & Constraints)",
    isOptional: false,
  },
  {
    number: "3",
    english: "System Architecture & Design Strategy",
    korean: "시스템 아키텍처 및 설계 전략",
    isOptional: false,
  },
  { number: "3.1", english: "Architecture overview", korean: "아키텍처 개요", isOptional: false },
  { number: "3.2", english: "Key Technical Decisions", korean: "핵심 기술 결정", isOptional: false },
  { number: "3.3", english: "Data Modeling", korean: "데이터 모델링", isOptional: true },
  { number: "4", english: "Action Plan / TODO", korean: "상세 실행 계획", isOptional: false },
  { number: "5", english: "System Flow", korean: "시스템 흐름", isOptional: true },
  { number: "6", english: "Definition of Done", korean: "완료 조건", isOptional: false },
];

type Language = "english" | "korean";

interface Fault {
  readonly line: number | null;
  readonly message: string;
}

/**
 * The one document of each step is a plan: the headings of its template in their order and one language,
 * one settled solution without alternatives and code, and tasks with ids below at least three milestones.
 */
export async function checkPlanShape(tree: Tree, phase: Phase): Promise<Looked> {
  const findings: Finding[] = [];
  let looked = 0;
  for (const step of phase.steps) {
    const paths = documentsOf(tree, step);
    for (const path of paths) {
      const text = await tree.read(path);
      if (text === null) continue;
      looked += 1;
      const faults = planFaults(text);
      findings.push(...faults.map((fault): Finding => ({ check: "plan-shape", step: step.slug, path, ...fault })));
    }
    const second = paths[1];
    if (second !== undefined) {
      const message = `a plan is one document, and there are ${paths.length}: bring them together in "${paths[0] ?? ""}".`;
      findings.push({ check: "plan-shape", step: step.slug, path: second, line: null, message });
    }
  }
  return { findings, looked };
}

/** What is missing altogether is told by `outputs-exist`. */
function documentsOf(tree: Tree, { outputs }: Step): readonly string[] {
  const ofDocuments = outputs.filter((output) => output.endsWith(".md"));
  if (ofDocuments.length === 0) return [];
  const isOutput = picomatch([...ofDocuments], { dot: true });
  return tree.paths.filter((path) => isOutput(path));
}

/** All that keeps a text from being a plan, from its first line to its last. */
export function planFaults(text: string): readonly Fault[] {
  const document = parseMarkdown(text);
  const faults = [
    ...headingFaults(document),
    ...codeFaults(document),
    ...alternativesIn(document).map(({ line, text: label }): Fault => ({
      line,
      message: `"${label}" names an alternative: a plan is one settled solution. Keep what was chosen, and say under 3.2 why.`,
    })),
    ...taskFaults(document),
  ];
  return faults.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function headingFaults(document: MarkdownDocument): readonly Fault[] {
  const language = languageOf(document);
  const faults: Fault[] = [...titleFaults(document)];
  const places = new Map<PlanHeading, readonly Heading[]>();
  for (const heading of document.headings) {
    const wanted = wantedAt(heading);
    const line = lineOf(document, heading);
    if (wanted === null) {
      // A part of a section has whatever name it likes, where it takes no number of the template.
      if (heading.level === 2 || (heading.level === 3 && /^\d+\.\d/u.test(plain(heading.text)))) {
        const message = `"${heading.text}" is no heading of a plan: put its text below one of those of the template, and take it out.`;
        faults.push({ line, message });
      }
      continue;
    }
    places.set(wanted, [...(places.get(wanted) ?? []), heading]);
    const written = asWritten(wanted, language);
    if (!isNamed(heading, wanted, language) || heading.level !== levelOf(wanted)) {
      faults.push({ line, message: `the heading "${heading.text}" differs from the template: write "${written}".` });
    } else if (wanted.number !== "3" && !isFilled(document, heading)) {
      // Section 3 is filled by its parts, each of which is looked at.
      faults.push({ line, message: `the section "${heading.text}" is empty: write its text below the heading.` });
    }
  }
  let latest = -1;
  for (const wanted of HEADINGS) {
    const [first, second] = places.get(wanted) ?? [];
    const written = asWritten(wanted, language);
    if (first === undefined) {
      if (!wanted.isOptional)
        faults.push({ line: null, message: `the heading "${written}" is missing: add it with its text.` });
      continue;
    }
    if (second !== undefined) {
      faults.push({
        line: lineOf(document, second),
        message: `the heading "${written}" is there twice: make one section of both.`,
      });
    }
    const at = document.headings.indexOf(first);
    if (at < latest) {
      const message = `the heading "${written}" stands too early: the template's order is ${HEADINGS.map(({ number }) => number).join(", ")}.`;
      faults.push({ line: lineOf(document, first), message });
    }
    latest = Math.max(latest, at);
  }
  return faults;
}

function titleFaults(document: MarkdownDocument): readonly Fault[] {
  const titles = document.headings.filter(({ level }) => level === 1);
  const [first, second] = titles;
  if (first === undefined)
    return [{ line: null, message: 'the title is missing: begin with "# " and the name of the plan.' }];
  if (document.headings[0] !== first) {
    return [
      { line: lineOf(document, first), message: "the title stands below another heading: begin the document with it." },
    ];
  }
  if (second === undefined) return [];
  return [
    {
      line: lineOf(document, second),
      message: `"${second.text}" is a second title: a plan has one, and sections begin with "## ".`,
    },
  ];
}

/** The heading of the template that this one stands for: by its number, or by its name where it has none. */
function wantedAt(heading: Heading): PlanHeading | null {
  if (heading.level === 1 || heading.level > 3) return null;
  const { number, name } = partsOf(heading.text);
  const named = HEADINGS.find(
    (wanted) => namesOf(wanted, "english").includes(name) || namesOf(wanted, "korean").includes(name),
  );
  if (named !== undefined) return named;
  const numbered = HEADINGS.find((wanted) => wanted.number === number);
  // Below the sections a single number counts something else, such as the steps of a flow.
  return numbered !== undefined && levelOf(numbered) === heading.level ? numbered : null;
}

function isNamed(heading: Heading, wanted: PlanHeading, language: Language): boolean {
  const { number, name } = partsOf(heading.text);
  return number === wanted.number && namesOf(wanted, language).includes(name);
}

/** A Korean heading may have the English in brackets behind it, or leave it away. */
function namesOf(wanted: PlanHeading, language: Language): readonly string[] {
  const english = wordsOf(wanted.english);
  if (language === "english") return [english];
  const korean = wordsOf(wanted.korean.replace(/\s*\([^()]*\)$/u, ""));
  return [korean, `${korean} (${english})`];
}

function levelOf({ number }: PlanHeading): number {
  return number.includes(".") ? 3 : 2;
}

function asWritten(wanted: PlanHeading, language: Language): string {
  return `${"#".repeat(levelOf(wanted))} ${wanted.number}. ${wanted[language]}`;
}

function partsOf(heading: string): { readonly number: string | null; readonly name: string } {
  const match = /^(\d+(?:\.\d+)*)\.?\s+(.*)$/u.exec(plain(heading));
  return { number: match?.[1] ?? null, name: wordsOf(match?.[2] ?? heading) };
}

function wordsOf(text: string): string {
  return plain(text)
    .replaceAll(/\s*&\s*/gu, " and ")
    .replaceAll(/\s*\/\s*/gu, " / ")
    .replaceAll(/\s*\(\s*/gu, " (")
    .toLowerCase();
}

/** Without decoration. */
function plain(text: string): string {
  return text.normalize("NFKC").replaceAll(/[*_`]/gu, "").replaceAll(/\s+/gu, " ").trim();
}

/** The language of most headings; where none is of the template, that of the text. */
function languageOf(document: MarkdownDocument): Language {
  const names = document.headings.map(({ text }) => partsOf(text).name);
  const countOf = (language: Language): number =>
    HEADINGS.filter((wanted) => namesOf(wanted, language).some((name) => names.includes(name))).length;
  const ofEnglish = countOf("english");
  const ofKorean = countOf("korean");
  if (ofEnglish !== ofKorean) return ofKorean > ofEnglish ? "korean" : "english";
  return document.lines.some(({ text }) => /\p{Script=Hangul}/u.test(text)) ? "korean" : "english";
}

function codeFaults(document: MarkdownDocument): readonly Fault[] {
  return codeBlocksOf(document)
    .filter(({ language }) => language?.toLowerCase() !== "mermaid")
    .map(({ line }) => ({
      line,
      message: "a plan holds no code and no commands: say in words what is to be done. Diagrams are ```mermaid blocks.",
    }));
}

const TASK_ITEM = /^\s*[-*+]\s+\[[ xX]\]\s+[*_`[(]*TASK-(\d{3,})\b/u;
const LIST_ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+(.*)$/u;
const MILESTONE = /^(?:#{1,6}\s+|\*\*|__)+\s*\[?(?:milestone|마일스톤)\s*(\d+)(?!\d)/iu;

/** Section 4: every item is a task with an id, below a milestone. */
function taskFaults(document: MarkdownDocument): readonly Fault[] {
  const section = document.headings.find(({ level, text }) => level === 2 && partsOf(text).number === "4");
  if (section === undefined) return [];
  const from = document.lines[section.from]?.number ?? Infinity;
  const to = document.lines[section.to]?.number ?? Infinity;
  const texts = new Map(document.lines.map(({ number, text }) => [number, text]));
  const faults: Fault[] = [];
  const milestones: { readonly line: number; tasks: number }[] = [];
  const seen = new Map<string, number>();
  let isInOrder = true;
  for (const { number: line, text: shown } of visibleLines(document)) {
    if (line < from || line >= to || shown.trim() === "") continue;
    const text = texts.get(line) ?? "";
    const milestone = MILESTONE.exec(text.trim());
    if (milestone !== null) {
      milestones.push({ line, tasks: 0 });
      if (Number(milestone[1]) !== milestones.length) {
        faults.push({
          line,
          message: `this is milestone ${milestones.length}, not ${milestone[1] ?? ""}: count them from 1, in their order.`,
        });
      }
      continue;
    }
    if (LIST_ITEM.exec(text) === null) continue;
    const digits = TASK_ITEM.exec(text)?.[1];
    if (digits === undefined) {
      const message = `an item of the action plan is a task: write "- [ ] [${taskId(seen.size + 1)}] " and what is to be done, or join it to the task that it belongs to.`;
      faults.push({ line, message });
      continue;
    }
    const id = `TASK-${digits}`;
    const latest = milestones.at(-1);
    if (latest === undefined) faults.push({ line, message: `${id} belongs to no milestone: put it below one.` });
    else latest.tasks += 1;
    const earlier = seen.get(id);
    if (earlier !== undefined) {
      faults.push({ line, message: `${id} is given on line ${earlier} already: each task has an id of its own.` });
      continue;
    }
    seen.set(id, line);
    const wanted = taskId(seen.size);
    if (id !== wanted && isInOrder) {
      faults.push({
        line,
        message: `${id} follows out of order: this is ${wanted}. Number the tasks from TASK-001, without a gap.`,
      });
      isInOrder = false;
    }
  }
  const line = lineOf(document, section);
  if (milestones.length < MILESTONES_MIN) {
    const message = `the action plan has ${milestones.length} milestones, and needs at least ${MILESTONES_MIN}: write a heading "### Milestone 1: ..." for each.`;
    faults.push({ line, message });
  }
  for (const milestone of milestones.filter(({ tasks }) => tasks === 0)) {
    faults.push({
      line: milestone.line,
      message: `the milestone has no task: write what is to be done as "- [ ] [${taskId(seen.size + 1)}] ...".`,
    });
  }
  return faults;
}

function taskId(number: number): string {
  return `TASK-${String(number).padStart(3, "0")}`;
}

/** A heading's own line lies before its text: one line, or two where it is underlined. */
function lineOf(document: MarkdownDocument, { from }: Heading): number | null {
  let at = from - 1;
  if (document.lines[at - 1]?.kind === "heading" && /^ {0,3}(?:=+|-{2,})\s*$/u.test(document.lines[at]?.text ?? ""))
    at -= 1;
  return document.lines[at]?.number ?? null;
}
