/** A model that says its lines, for each step its own, wherever the conversation goes on. */
import type { AskedDependency, AskedQuestion } from "../../../src/runner/dialogue-tools.ts";
import { reportAnswer, type ReportGiven } from "../../model/answer-report.ts";
import type { AnswerBlock, AnswerError, ModelAnswer } from "../../model/model-answer.ts";
import type { ModelMessage } from "../../model/model-request.ts";
import type { Decide } from "../../model/model-server.ts";

/** What the agent knows while it says a line. */
export interface Scene {
  readonly step: string;
  readonly workTree: string;
  /** Since the step began in this conversation. */
  readonly messages: readonly ModelMessage[];
  /** Text of the result that came last; "" before the first. */
  readonly result: string;
}

/** One message of the agent, or what the provider answers instead: then the line is due again. */
type Line = (scene: Scene) => readonly AnswerBlock[] | ModelAnswer | Promise<readonly AnswerBlock[] | ModelAnswer>;

/** By step, such as `notes/01_first`; a step without lines writes its file at once. */
export type Lines = Readonly<Record<string, readonly Line[]>>;

export const guideFolder = import.meta.dirname;
export const request = { title: "Take notes", body: "Two notes, and one more.", labels: ["write_notes"] };
/** The same notes, verified, and a program with a test after them. */
export const checkedRequest = { ...request, labels: ["check_notes"] };
const steps = ["notes/01_first", "notes/02_second", "more/01_third", "code/01_sum", "ripple/1-02_second"];

/** `given`: what it says as the verifier, and of its decisions; by default all is well, and there are five. */
export function notesAgent(lines: Lines, given: ReportGiven = {}): Decide {
  return async (request) => {
    const report = reportAnswer(request, given);
    if (report !== null) return report;
    const { messages } = request;
    const latest = messages.findLast((message) => stepOf(message) !== null);
    const step = latest === undefined ? null : stepOf(latest);
    if (latest === undefined || step === null) return { blocks: [{ type: "text", text: "Nothing names a step." }] };
    const own = messages.slice(beginningOf(step, messages));
    const due = (lines[step] ?? [writes("A note without questions.")])[own.filter(isLine).length];
    if (due === undefined) return { blocks: [{ type: "text", text: closingWords(own) }] };
    const result = own.flatMap(({ toolResults }) => toolResults).at(-1)?.text ?? "";
    const workTree = own.map(workTreeOf).findLast((path) => path !== null) ?? "";
    const answer = await due({ step, workTree, messages: own, result });
    return "length" in answer ? { blocks: answer } : answer;
  };
}

/** Where the step was named first, or given back: what is to be mended is said anew, also in the same conversation. */
function beginningOf(step: string, messages: readonly ModelMessage[]): number {
  const again = messages.findLastIndex((message) => stepOf(message) === step && isGivenBack(message.text));
  return again === -1 ? messages.findIndex((message) => stepOf(message) === step) : again;
}

/** By a verification, or by people and the repository's checks. */
function isGivenBack(text: string): boolean {
  return /^## (?:Left over from the last attempt|What reviewers ask of this step)$/mu.test(text);
}

/** With an answer to each point of feedback that the step was given. */
function closingWords(own: readonly ModelMessage[]): string {
  const numbers = own.flatMap(({ text }) => /^Answer each of ([F\d, ]+):/mu.exec(text)?.[1]?.split(", ") ?? []);
  const answers = [...new Set(numbers)].map(
    (number) => `[FEEDBACK_ANSWER]\nid: ${number}\nanswer: fixed\ntext: Changed as asked.\n[/FEEDBACK_ANSWER]`,
  );
  return ["The note is written.", ...answers].join("\n\n");
}

/** Said with the step, or with the answer that another machine gives. */
function workTreeOf({ text, toolResults }: ModelMessage): string | null {
  const heard = [text, ...toolResults.map((result) => result.text)].join("\n");
  return /^(?:Work tree: |The work tree is )(\/\S*?)\/?(?: now\.)?$/mu.exec(heard)?.[1] ?? null;
}

/** After a cut the CLI itself puts such a line into the conversation. */
function isLine({ role, text, toolCalls }: ModelMessage): boolean {
  return role === "assistant" && (toolCalls.length > 0 || text !== "No response requested.");
}

function stepOf({ role, text, toolResults }: ModelMessage): string | null {
  if (role !== "user" || toolResults.length > 0) return null;
  const named = /^Step: (\S+)$/mu.exec(text)?.[1];
  return named !== undefined && steps.includes(named) ? named : null;
}

export function says(text: string): Line {
  return () => [{ type: "text", text }];
}

export function asks(...questions: readonly AskedQuestion[]): Line {
  return () => [{ type: "tool_use", name: "mcp__phasegate__ask_user", input: { questions } }];
}

export function needs(dependency: AskedDependency): Line {
  return () => [{ type: "tool_use", name: "mcp__phasegate__request_dependency", input: { ...dependency } }];
}

export function runs(command: string): Line {
  return () => [{ type: "tool_use", name: "Bash", input: { command, description: "Look", timeout: 60_000 } }];
}

/** The step's file; the words may come from what was heard. */
export function writes(words: string | ((scene: Scene) => string)): Line {
  return (scene) => {
    const text = typeof words === "string" ? words : words(scene);
    const path = `${scene.workTree}/docs/${scene.step}.md`;
    const input = { file_path: path, content: `# Note\n\n## Note\n\n${text}\n` };
    return [{ type: "tool_use", name: "Write", input }];
  };
}

/** The line is not said before that. */
export function once(happened: Promise<unknown>, line: Line): Line {
  return async (scene) => {
    await happened;
    return line(scene);
  };
}

/** The provider refuses as long as that is so; then the line is said. */
export function refused(error: AnswerError, isRefused: () => boolean, line: Line): Line {
  return (scene) => (isRefused() ? { error } : line(scene));
}

/** A reply that costs dollars, whatever the model. */
export function dear(line: Line): Line {
  return async (scene) => {
    const blocks = await line(scene);
    if (!("length" in blocks)) return blocks;
    const usage = {
      input_tokens: 1_000,
      output_tokens: 400_000,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    };
    return { blocks, usage };
  };
}

/** Shows that the variable has its value, and not the value. */
export function fingerprints(name: string): Line {
  return runs(`printf %s "\${${name}-nothing}" | sha256sum | cut -c1-16`);
}

export function question(text: string, more: Partial<AskedQuestion> = {}): AskedQuestion {
  return { category: "choice", question: text, options: [], default: null, required: true, ...more };
}

export function dependency(name: string, more: Partial<AskedDependency> = {}): AskedDependency {
  return { type: "api_key", name, description: `Needed for ${name}.`, required: true, ...more };
}
