/** A model that makes one product. Each answer follows from the request alone, so it survives resumes and restarts. */

import { reportAnswer, type ReportGiven } from "./answer-report.ts";
import type { ProductFile, ProductScript, ProductStep } from "./load-product.ts";
import type { AnswerBlock, ModelAnswer } from "./model-answer.ts";
import type { ModelMessage, ModelRequest, ToolResult } from "./model-request.ts";

/** What the latest prompt asks for, and what has been done about it since. */
interface Assignment {
  readonly step: ProductStep;
  readonly workTree: string;
  readonly files: readonly ProductFile[];
  readonly mends: boolean;
  /** What is to be answered at the end. */
  readonly feedback: readonly AskedFeedback[];
  readonly results: readonly ToolResult[];
}

interface AskedFeedback {
  /** F1, F2, … */
  readonly number: string;
  readonly wantsChange: boolean;
  /** Null where it is about the deliverable as a whole. */
  readonly path: string | null;
  /** The reviewer's first line. */
  readonly words: string;
}

const WRITES_AT_ONCE = 4;
const WRITE_ATTEMPTS_MAX = 3;
const TEST_COMMANDS = ["npm test", "node --test"];
const TEST_TIMEOUT_MS = 60_000;
const FAILURE_SHOWN_LENGTH = 400;

/** `given`: what it says of its work beside the steps. */
export function scriptedDecide(
  product: ProductScript,
  given: ReportGiven = {},
): (request: ModelRequest) => ModelAnswer {
  return (request) => {
    const report = reportAnswer(request, given);
    if (report !== null) return report;
    const assignment = findAssignment(product, request);
    if (typeof assignment === "string") return { blocks: [{ type: "text", text: assignment }] };
    const calls =
      firstReads(product, assignment, request) ?? nextWrites(assignment) ?? nextTestRun(assignment, request.tools);
    return { blocks: calls ?? [{ type: "text", text: closingWords(assignment) }] };
  };
}

/** Returns a sentence for people where the request asks for nothing that is known. */
function findAssignment(product: ProductScript, request: ModelRequest): Assignment | string {
  const { messages } = request;
  const asking = messages.findLastIndex((message) => isPrompt(message) && asksSomething(product, message.text));
  const prompt = messages[asking];
  if (prompt === undefined) return 'No line "Step: <phase>/<step>" names a step that I know. I changed nothing.';
  const earlier = messages.slice(0, asking).filter(isPrompt);
  const step = stepOf(product, prompt.text) ?? last(earlier.map(({ text }) => stepOf(product, text)));
  if (step === undefined) return 'The prompt asks to mend, but no line "Step: <phase>/<step>" came before it.';
  const workTree =
    movedTo(messages.slice(asking + 1)) ??
    workTreeOf(prompt.text) ??
    last(earlier.map(({ text }) => workTreeOf(text))) ??
    cwdOf(request.system);
  if (workTree === undefined) return 'No line "Work tree: <absolute path>" says where to write. I changed nothing.';
  const mends = asksToMend(prompt.text);
  // Where something is left over, the first try was made by an earlier attempt.
  const again = mends || prompt.text.includes(LEFT_OVER) || earlier.some(({ text }) => stepOf(product, text) === step);
  const opening = messages
    .slice(0, asking + 1)
    .findLast((message) => isPrompt(message) && !asksToMend(message.text) && stepOf(product, message.text) === step);
  const feedback = feedbackIn(opening?.text ?? "");
  const due = feedback.filter(({ number }) => numbersToAnswer(prompt.text).includes(number));
  const files = mends
    ? namedFiles(step, prompt.text, due)
    : ofTurn(again ? step.files : withFirstTries(step), prompt.text);
  const isMereReview = !mends && feedback.length > 0 && !prompt.text.includes(LEFT_OVER);
  return {
    step,
    workTree,
    mends,
    feedback: due,
    files: isMereReview
      ? step.files
          .filter((file) => remarksOn(file, step, feedback).length > 0)
          .map((file) => reviewed(file, step, feedback))
      : files.map((file) => reviewed(file, step, feedback)),
    results: messages.slice(asking + 1).flatMap(({ toolResults }) => toolResults),
  };
}

/** It stands at the head of a prompt. Further down, in the text of an issue, it is just a word. */
const HEAD_LINES = 6;

function asksToMend(text: string): boolean {
  return text.split("\n", HEAD_LINES).some((line) => line.startsWith("Mend:"));
}

function isPrompt({ role, toolResults }: ModelMessage): boolean {
  return role === "user" && toolResults.length === 0;
}

function asksSomething(product: ProductScript, text: string): boolean {
  return asksToMend(text) || stepOf(product, text) !== undefined;
}

/** The first known name counts: the text stands further down and can hold such a line too. */
function stepOf(product: ProductScript, text: string): ProductStep | undefined {
  const names = [...text.matchAll(/^Step: (\S+)$/gm)].map((match) => match[1]);
  const known = new Map(product.steps.map((step) => [`${step.phase}/${step.slug}`, step]));
  return names.map((name) => known.get(name ?? "")).find((step) => step !== undefined);
}

function workTreeOf(text: string): string | undefined {
  return /^Work tree: (\/.*?)\/?$/m.exec(text)?.[1];
}

/** An answer that another machine gives says where the work tree is now. */
function movedTo(messages: readonly ModelMessage[]): string | undefined {
  const heard = messages.flatMap(({ text, toolResults }) => [text, ...toolResults.map((result) => result.text)]);
  return last(heard.map((text) => /^The work tree is (\/.*?)\/? now\.$/m.exec(text)?.[1]));
}

/** The CLI tells the model where it runs. */
function cwdOf(system: string): string | undefined {
  return last([...system.matchAll(/working directory: (\/.*)$/gim)].map((match) => match[1]));
}

/** Where nothing but answers is missing, no file is wrong. */
function namedFiles(step: ProductStep, prompt: string, due: readonly AskedFeedback[]): readonly ProductFile[] {
  const named = step.files.filter(({ path }) => prompt.includes(path));
  return named.length > 0 || due.length > 0 ? named : step.files;
}

/** Where a step has several turns, a prompt asks for the file of one. */
function ofTurn(files: readonly ProductFile[], prompt: string): readonly ProductFile[] {
  const asked = [...prompt.matchAll(/^Write the (?:table|result to) `([^`]+)`, and nothing else\. Then end\.$/gm)];
  return asked.length === 0 ? files : files.filter(({ path }) => asked.some(([, output]) => output === path));
}

const LEFT_OVER = "## Left over from the last attempt";

/** The heads of the items; what reviewers wrote stands behind `| `. */
function feedbackIn(prompt: string): readonly AskedFeedback[] {
  const [, section = ""] = prompt.split(/^## What reviewers ask of this step$/m);
  const heads = [
    ...section.matchAll(
      /^(F\d+): (a change is requested|a comment|a decision is vetoed|a check of the repository fails), (?:in (.+?)(?:, line \d+)?|about .+)$/gm,
    ),
  ];
  return heads.map(({ 0: head, 1: number = "", 2: request, 3: path = null, index }, at) => {
    const block = section.slice(index + head.length, heads[at + 1]?.index);
    const words = /^.* says:\n\| (.*)$/m.exec(block)?.[1] ?? "";
    return { number, wantsChange: request !== "a comment", path, words };
  });
}

function numbersToAnswer(prompt: string): readonly string[] {
  return /^Answer each of ([F\d, ]+):/m.exec(prompt)?.[1]?.split(", ") ?? [];
}

/** The requests that a file can take up: those about it, and in the step's first file those about the whole. */
function remarksOn(file: ProductFile, step: ProductStep, feedback: readonly AskedFeedback[]): readonly AskedFeedback[] {
  if (!/\.(?:md|js)$/.test(file.path)) return [];
  const isFirst = step.files.find(({ path }) => /\.(?:md|js)$/.test(path)) === file;
  return feedback.filter(({ wantsChange, path }) => wantsChange && (path === null ? isFirst : path === file.path));
}

/** The change that a request comes to: one line at the end of the file for each. */
function reviewed(file: ProductFile, step: ProductStep, feedback: readonly AskedFeedback[]): ProductFile {
  const original = step.files.find(({ path }) => path === file.path) ?? file;
  const lines = remarksOn(original, step, feedback).map(({ words }) => plain(words));
  if (lines.length === 0) return file;
  const added = file.path.endsWith(".md")
    ? ["", "## After review", "", ...lines.map((line) => `- ${line}`)]
    : ["", ...lines.map((line) => `// After review: ${line}`)];
  return { ...file, text: `${file.text.trimEnd()}\n${added.join("\n")}\n` };
}

/** In one line that no check takes for a placeholder. */
function plain(words: string): string {
  return words
    .replaceAll(/\b(?:todo|tbd|fixme|xxx|lorem ipsum)\b|[`<>[\]]/gi, "")
    .slice(0, 200)
    .trim();
}

function withFirstTries({ files, firstTries }: ProductStep): readonly ProductFile[] {
  return files.map((file) => firstTries.find(({ path }) => path === file.path) ?? file);
}

/** Reads what the step builds on, and the files that it will replace, since Claude Code writes over no unread file. */
function firstReads(product: ProductScript, assignment: Assignment, { messages }: ModelRequest): AnswerBlock[] | null {
  if (assignment.results.length > 0) return null;
  const { step, workTree, files } = assignment;
  const touched = new Set(messages.flatMap(({ toolCalls }) => toolCalls).map(({ input }) => input["file_path"]));
  const earlierSteps = product.steps.slice(0, product.steps.indexOf(step));
  const replaced = files
    .map(({ path }) => path)
    .filter((path) => earlierSteps.some((earlier) => earlier.files.some((file) => file.path === path)))
    .filter((path) => !touched.has(`${workTree}/${path}`));
  const isReview = assignment.feedback.length > 0;
  const paths =
    assignment.mends || isReview ? files.map(({ path }) => path) : [...new Set([...step.reads, ...replaced])];
  if (paths.length === 0) return null;
  const text = assignment.mends ? "I look at what I wrote." : `I begin with what is there: ${paths.join(", ")}.`;
  return [{ type: "text", text }, ...paths.map((path) => readCall(workTree, path))];
}

function nextWrites({ workTree, files, results }: Assignment): AnswerBlock[] | null {
  const calls: AnswerBlock[] = [];
  for (const { path, text } of files) {
    const seen = results.filter(({ call }) => call.input["file_path"] === `${workTree}/${path}`);
    const writes = seen.filter(({ call }) => call.name === "Write");
    if (writes.some(({ isError }) => !isError) || writes.length >= WRITE_ATTEMPTS_MAX) continue;
    const refused = seen.at(-1)?.call.name === "Write";
    calls.push(refused ? readCall(workTree, path) : writeCall(workTree, { path, text }));
    if (calls.length === WRITES_AT_ONCE) break;
  }
  return calls.length > 0 ? calls : null;
}

function nextTestRun({ step, results }: Assignment, tools: readonly string[]): AnswerBlock[] | null {
  if (!step.runsTests || !tools.includes("Bash")) return null;
  const runs = results.filter(({ call }) => call.name === "Bash");
  const latest = runs.at(-1);
  if (latest !== undefined && !(latest.isError && /command not found|npm: not found|Exit code 127/.test(latest.text)))
    return null;
  const command = TEST_COMMANDS[runs.length];
  if (command === undefined) return null;
  const input = { command, description: "Run the tests", timeout: TEST_TIMEOUT_MS };
  return [{ type: "tool_use", name: "Bash", input }];
}

function closingWords(assignment: Assignment): string {
  const { step, files, workTree, mends, results, feedback } = assignment;
  const wrote = (path: string): boolean =>
    results.some(
      ({ call, isError }) => call.name === "Write" && !isError && call.input["file_path"] === `${workTree}/${path}`,
    );
  const missing = files.map(({ path }) => path).filter((path) => !wrote(path));
  const run = results.findLast(({ call }) => call.name === "Bash");
  return [
    mends && files.length > 0
      ? `The findings are right. I wrote ${files.map(({ path }) => path).join(", ")} again, complete.`
      : step.closing,
    ...(missing.length > 0 ? [`I could not write ${missing.join(", ")}.`] : []),
    ...(run === undefined ? [] : [sayTestRun(run)]),
    ...feedback.map((item) => answerTo(item, assignment)),
  ].join("\n\n");
}

/** `fixed` for a request that changed a file, `declined` for all else, with the reason. */
function answerTo(item: AskedFeedback, { step }: Assignment): string {
  const file = step.files.find((file) => remarksOn(file, step, [item]).length > 0);
  const text =
    file === undefined
      ? item.wantsChange
        ? "I left it as it is, since this step has no document that could say it."
        : "Thank you. I left the text as it is, since no change is requested."
      : `I took it up at the end of ${file.path}.`;
  return [
    "[FEEDBACK_ANSWER]",
    `id: ${item.number}`,
    `answer: ${file === undefined ? "declined" : "fixed"}`,
    `text: ${text}`,
    "[/FEEDBACK_ANSWER]",
  ].join("\n");
}

function sayTestRun({ call, isError, text }: ToolResult): string {
  const command = String(call.input["command"]);
  if (isError) return `\`${command}\` fails: ${text.slice(-FAILURE_SHOWN_LENGTH)}`;
  const passed = /^\S* ?pass (\d+)$/m.exec(text)?.[1];
  return passed === undefined ? `\`${command}\` passes.` : `\`${command}\`: ${passed} tests pass, none fail.`;
}

function readCall(workTree: string, path: string): AnswerBlock {
  return { type: "tool_use", name: "Read", input: { file_path: `${workTree}/${path}` } };
}

function writeCall(workTree: string, { path, text }: ProductFile): AnswerBlock {
  return { type: "tool_use", name: "Write", input: { file_path: `${workTree}/${path}`, content: text } };
}

function last<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.findLast((value) => value !== undefined);
}
