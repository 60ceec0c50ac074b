/**
 * The scripted model of the demo: it makes the product, asks one thing that only people can decide, and needs one secret.
 * It contradicts itself once, is told so by the verifier, which it plays as well, and tells its decisions.
 */

import type { AskedDependency, AskedQuestion } from "../../src/runner/dialogue-tools.ts";
import { purposeOf, structured } from "../model/answer-report.ts";
import type { ProductScript } from "../model/load-product.ts";
import type { AnswerBlock, ModelAnswer } from "../model/model-answer.ts";
import type { ModelMessage, ModelRequest } from "../model/model-request.ts";
import { scriptedDecide } from "../model/script.ts";
import { decisionsOf, vetoed } from "./decisions.ts";
import { judges } from "./judge.ts";

const askingStep = "planning/06_product";
const askingFile = "docs/planning/06_product.md";
export const demoQuestion: AskedQuestion = {
  category: "business",
  question: "Some of your links are printed on posters. May a short link ever stop working?",
  options: [
    "Never: what was printed works as long as the domain does",
    "After two years without a visit",
    "Whoever makes the link chooses a date",
  ],
  default: "Never: what was printed works as long as the domain does",
  required: true,
};

const needingStep = "development/06_deploy_prep";
export const demoSecret: AskedDependency = {
  type: "env_variable",
  name: "BACKUP_KEY",
  description:
    "Seals the nightly backup of your links. I try once that what is sealed with your key can be opened again, so that you need not find out on a bad day.",
  required: true,
};

/** Seals a file and opens it again. Says whether it is the same, and nothing about the key. */
const tryTheKey = `node --input-type=module -e '
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { readFileSync } from "node:fs";
const key = scryptSync(process.env.${demoSecret.name}, "linklet backup", 32);
const iv = randomBytes(12);
const cipher = createCipheriv("aes-256-gcm", key, iv);
const plain = readFileSync("README.md");
const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
const decipher = createDecipheriv("aes-256-gcm", key, iv).setAuthTag(cipher.getAuthTag());
const opened = Buffer.concat([decipher.update(sealed), decipher.final()]);
console.log(opened.equals(plain) ? "opened again: the same" : "opened again: NOT the same");
'`;

const ask = "mcp__phasegate__ask_user";
const need = "mcp__phasegate__request_dependency";

export function demoAgent(product: ProductScript): (request: ModelRequest) => ModelAnswer {
  const author = scriptedDecide(product);
  return (request) => {
    const purpose = purposeOf(request);
    if (purpose?.kind === "verify") return judges(request, purpose);
    if (purpose?.kind === "decisions")
      return structured({ decisions: decisionsOf(purpose.phase, isVetoed(request.messages)) });
    const { step, messages } = underWay(request);
    const rest = withoutTalk(request);
    if (step === askingStep && request.tools.includes(ask)) {
      const answer = answerIn(messages);
      if (answer === null)
        return asked(messages, ask) ? waits("your answer") : calls(ask, { questions: [demoQuestion] });
      return withAnswer(author(rest), answer);
    }
    const next = isVetoed(messages) ? withoutVetoed(author(rest)) : author(rest);
    if (step !== needingStep || !request.tools.includes(need) || !isClosing(next)) return next;
    const tried = messages.flatMap(({ toolResults }) => toolResults).find(({ call }) => isTrial(call.input));
    if (tried !== undefined) return closesWith(next, tried.text);
    if (isLent(messages)) return calls("Bash", { command: tryTheKey, description: "Try a sealed backup" });
    return asked(messages, need) ? waits(demoSecret.name) : calls(need, { ...demoSecret });
  };
}

/** The step that the latest prompt names, and the conversation since it was named first. */
function underWay({ messages }: ModelRequest): { step: string | null; messages: readonly ModelMessage[] } {
  const step = messages.map(stepOf).findLast((name) => name !== null) ?? null;
  return { step, messages: messages.slice(messages.findIndex((message) => stepOf(message) === step)) };
}

function stepOf({ role, text, toolResults }: ModelMessage): string | null {
  return role === "user" && toolResults.length === 0 ? (/^Step: (\S+)$/mu.exec(text)?.[1] ?? null) : null;
}

/** As the author would have it if nobody had asked for anything, and nothing had happened on another machine. */
function withoutTalk(request: ModelRequest): ModelRequest {
  const isTalk = ({ name, input }: ModelMessage["toolCalls"][number]) =>
    name === ask || name === need || isTrial(input);
  const messages = onThisMachine(request.messages)
    .map((message) => ({
      ...message,
      toolCalls: message.toolCalls.filter((call) => !isTalk(call)),
      toolResults: message.toolResults.filter(({ call }) => !isTalk(call)),
    }))
    .filter((message, at) => {
      const before = request.messages[at];
      return before?.toolResults.length === 0 || message.toolResults.length > 0;
    });
  return { ...request, messages, toolResults: request.toolResults.filter(({ call }) => !isTalk(call)) };
}

/** An answer that another machine gives says where the work tree is now. */
function onThisMachine(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const step = messages.findLastIndex((message) => stepOf(message) !== null);
  const before = /^Work tree: (\S+?)\/?$/mu.exec(messages[step]?.text ?? "")?.[1];
  const now = /^The work tree is (\S+?)\/? now\.$/mu.exec(heard(messages.slice(step + 1)))?.[1];
  if (before === undefined || now === undefined) return messages;
  return JSON.parse(JSON.stringify(messages).replaceAll(before, now));
}

function isVetoed(messages: readonly ModelMessage[]): boolean {
  return heard(messages).includes(vetoed.reason);
}

/** What rests on the decision goes by the new one. */
function withoutVetoed(next: ModelAnswer): ModelAnswer {
  return withWritten(next, vetoed.path, (content) =>
    content.replace(vetoed.before, vetoed.after).replace(/\n## After review\n[^]*$/u, ""),
  );
}

function isTrial(input: Readonly<Record<string, unknown>>): boolean {
  return input["command"] === tryTheKey;
}

function asked(messages: readonly ModelMessage[], tool: string): boolean {
  return messages.some(({ toolCalls }) => toolCalls.some(({ name }) => name === tool));
}

function heard(messages: readonly ModelMessage[]): string {
  return messages
    .filter(({ role }) => role === "user")
    .flatMap(({ text, toolResults }) => [text, ...toolResults.map((result) => result.text)])
    .join("\n");
}

/** The person's own first line. */
function answerIn(messages: readonly ModelMessage[]): string | null {
  return /^.* answers:\n\| (.*)$/mu.exec(heard(messages))?.[1] ?? null;
}

function isLent(messages: readonly ModelMessage[]): boolean {
  return heard(messages).includes(`${demoSecret.name} is in your environment`);
}

function isClosing(answer: ModelAnswer): boolean {
  return "blocks" in answer && answer.blocks.every(({ type }) => type === "text");
}

function calls(name: string, input: Readonly<Record<string, unknown>>): ModelAnswer {
  return { blocks: [{ type: "tool_use", name, input }] };
}

function waits(what: string): ModelAnswer {
  return { blocks: [{ type: "text", text: `I wait for ${what}.` }] };
}

/** What people decided stands in the document, where the next reader looks for it. */
function withAnswer(next: ModelAnswer, answer: string): ModelAnswer {
  const decided = `\n## Decided by you\n\n- ${demoQuestion.question} **${answer}.**\n`;
  return withWritten(next, askingFile, (content) => `${content.trimEnd()}\n${decided}`);
}

function withWritten(next: ModelAnswer, path: string, change: (content: string) => string): ModelAnswer {
  if (!("blocks" in next)) return next;
  const changed = (block: AnswerBlock): AnswerBlock => {
    if (block.type !== "tool_use" || block.name !== "Write") return block;
    const { file_path: written, content } = block.input;
    if (!String(written).endsWith(`/${path}`)) return block;
    return { ...block, input: { ...block.input, content: change(String(content)) } };
  };
  return { ...next, blocks: next.blocks.map(changed) };
}

function closesWith(next: ModelAnswer, trial: string): ModelAnswer {
  if (!("blocks" in next)) return next;
  const text = `A backup, sealed with \`${demoSecret.name}\`, ${trial.trim()}.`;
  return { ...next, blocks: [...next.blocks, { type: "text", text }] };
}
