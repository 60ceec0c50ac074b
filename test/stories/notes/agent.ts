/** A model that says its lines, for each step its own, wherever the conversation goes on. */
import type { AnswerBlock, ModelAnswer } from "../../model/model-answer.ts";
import type { ModelMessage, ModelRequest } from "../../model/model-request.ts";
import type { AskedDependency, AskedQuestion } from "../../../src/runner/dialogue-tools.ts";

/** What the agent knows while it says a line. */
export interface Scene {
  /** Since the step began. */
  readonly messages: readonly ModelMessage[];
  /** Text of the result that came last; "" before the first. */
  readonly result: string;
  readonly workTree: string;
}

/** Null: this line is left out, and stays so, whatever comes. */
type Line = (scene: Scene) => readonly AnswerBlock[] | null;

/** By step, such as `notes/01_first`; a step without lines writes its file at once. */
export type Lines = Readonly<Record<string, readonly Line[]>>;

export const guideFolder = import.meta.dirname;
export const label = "write_notes";
const steps = ["notes/01_first", "notes/02_second", "more/01_third"];

export function notesAgent(lines: Lines): (request: ModelRequest) => ModelAnswer {
  return ({ messages }) => {
    const latest = messages.findLast((message) => stepOf(message) !== null);
    const step = latest === undefined ? null : stepOf(latest);
    if (step === null) return { blocks: [{ type: "text", text: "Nothing names a step." }] };
    const begun = messages.findIndex((message) => stepOf(message) === step);
    const own = messages.slice(begun);
    const scene: Scene = {
      messages: own,
      result: own.flatMap(({ toolResults }) => toolResults).at(-1)?.text ?? "",
      workTree: /^Work tree: (.*?)\/?$/mu.exec(latest?.text ?? "")?.[1] ?? "",
    };
    const said = own.filter(isLine).length;
    const due = (lines[step] ?? [writes("A note without questions.")])
      .map((line) => line(scene))
      .filter((blocks) => blocks !== null);
    return { blocks: due[said] ?? [{ type: "text", text: "The note is written." }] };
  };
}

/** After a cut the CLI itself puts a line of this kind into the conversation. */
function isLine({ role, text, toolCalls }: ModelMessage): boolean {
  return role === "assistant" && (toolCalls.length > 0 || text !== "No response requested.");
}

function stepOf({ role, text, toolResults }: ModelMessage): string | null {
  if (role !== "user" || toolResults.length > 0) return null;
  const named = /^Step: (\S+)$/mu.exec(text)?.[1];
  return named !== undefined && steps.includes(named) ? named : null;
}

export function asks(...questions: readonly AskedQuestion[]): Line {
  return () => [{ type: "tool_use", name: "mcp__phasegate__ask_user", input: { questions } }];
}

export function needs(dependency: AskedDependency): Line {
  return () => [{ type: "tool_use", name: "mcp__phasegate__request_dependency", input: { ...dependency } }];
}

export function says(text: string): Line {
  return () => [{ type: "text", text }];
}

export function runs(command: string): Line {
  return () => [{ type: "tool_use", name: "Bash", input: { command, description: "Look", timeout: 60_000 } }];
}

/** The step's file; the words may come from what was heard. */
export function writes(words: string | ((scene: Scene) => string)): Line {
  return (scene) => {
    const step = scene.messages.map(stepOf).find((name) => name !== null) ?? "";
    const text = typeof words === "string" ? words : words(scene);
    const input = { file_path: `${scene.workTree}/docs/${step}.md`, content: `# Note\n\n## Note\n\n${text}\n` };
    return [{ type: "tool_use", name: "Write", input }];
  };
}

/** A name as a fingerprint: it shows that the value is there, and is not the value. */
export function fingerprints(name: string): Line {
  return runs(`printf %s "$${name}" | sha256sum | cut -c1-16`);
}

export function question(text: string, more: Partial<AskedQuestion> = {}): AskedQuestion {
  return { category: "choice", question: text, options: [], default: null, required: true, ...more };
}
