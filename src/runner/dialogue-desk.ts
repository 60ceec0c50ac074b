/**
 * Takes what the agent of one step asks, by a tool or in words, sends it on, and knows what the step has to wait for.
 * Whatever is asked is noted at once and sent in the background, since the CLI lets a call through where its hook is slow.
 */

import { namedAmong } from "../core/dependency-name.ts";
import { hasValue, sameName } from "../core/dialogue.ts";
import { nameHere } from "../core/services.ts";
import type { PendingAction } from "../protocol/checkpoint.ts";
import { limits, type Job, type PersonAnswer } from "../protocol/runner.ts";
import type { Block } from "./dialogue-blocks.ts";
import type { Desk, Permit, ToolAnswer, ToolCall } from "./dialogue-server.ts";
import {
  answerLines,
  askedMeanwhileText,
  badInputText,
  claimText,
  defaultText,
  dependencyText,
  endTurnText,
  noneLeftText,
  noRoundsText,
  notYetText,
  oneLine,
  reportedText,
  type DependencyState,
} from "./dialogue-texts.ts";
import {
  faultsOf,
  isToolName,
  toolInputs,
  type AskedDependency,
  type AskedError,
  type AskedQuestion,
  type ClaimedPhase,
} from "./dialogue-tools.ts";
import type { Grants, Requests, Resolved, Told } from "./dialogue.ts";
import { allowedText, askingOf, isAskable, refusedText, saidOf, saidOfRequests } from "./tool-permissions.ts";

export interface DeskOptions {
  readonly step: string;
  /** How often the step may still ask questions; null where nothing but the run's own limit holds. */
  readonly roundsLeft: number | null;
  /** Steps of the phase that come after this one. */
  readonly stepsToCome: readonly string[];
  readonly boundary: string;
  readonly requests: Requests;
  readonly resolved: () => Resolved;
  /** Answers that the conversation has. */
  readonly told: readonly Told[];
  readonly grants: Grants;
  /** What people said of tools outside the step's list; undefined where nobody is asked for them. */
  readonly permissions: Job["permissions"];
  /** Of the step. */
  readonly tools: readonly string[];
  readonly workTree: string;
  /** Without counting: the step looks at what it may never show. */
  readonly redact: (text: string) => string;
  /** What the repository's settings say of services. */
  readonly services: Job["services"];
}

export interface StepDesk extends Desk {
  /** For the next process of the step; what is in it is no longer asked for. */
  lend(): Readonly<Record<string, string>>;
  /** The call that is made when the conversation is resumed gets its answer, and these lines behind it. */
  letThrough(call: Extract<PendingAction, { kind: "tool-call" }>, lines: readonly string[]): void;
  /** Of one message of the agent. */
  hear(blocks: readonly Block[]): void;
  /** Answers that the conversation has not got yet. They count as told once the agent has spoken after it. */
  tellAnswers(): readonly PersonAnswer[];
  agentSpoke(): void;
  told(): readonly Told[];
  /** Waits until the app has all that was asked since the last turn. `deferred`: the call that the CLI stopped at. */
  endTurn(deferred: { readonly id: string; readonly name: string } | null): Promise<TurnEnd>;
  /** Asks for what the agent said in passing. The step waits for it where `required`. */
  need(sentences: readonly AskedDependency[], required: boolean): Promise<TurnEnd>;
}

interface TurnEnd {
  /** What people have to do before the step can go on. */
  readonly waits: "waiting-question" | "waiting-dependency" | null;
  /** Where the step waits, what a later run has to answer. */
  readonly pending: readonly PendingAction[];
  /** Names that were lent since the process began: the next one has their values. */
  readonly lent: readonly string[];
  readonly errors: readonly AskedError[];
  readonly claims: readonly ClaimedPhase[];
  /** Said in passing, and sent only once it is needed. */
  readonly sentences: readonly AskedDependency[];
  /** What was wrong with what the agent wrote, for the agent. */
  readonly faults: readonly string[];
  /** What the agent should know with the next thing that it is told. */
  readonly notes: readonly string[];
}

/** One thing that was asked in this turn. */
interface Entry {
  /** Null for what was asked in words. */
  readonly callId: string | null;
  /** What a person has to do before the step can go on; null where it goes on. */
  readonly waits: TurnEnd["waits"];
  /** Null until the app has it. */
  requestId: string | null;
}

type Sendable = Parameters<Requests["send"]>[0];

export function openDesk(options: DeskOptions): StepDesk {
  const { step, stepsToCome, boundary, requests, resolved, grants, services, roundsLeft } = options;
  let rounds = 0;
  const told: Told[] = [];
  let offered: Told[] = [];
  /** Names in the environment of the process that runs. */
  let inEnvironment: readonly string[] = [];
  let turn = newTurn();
  let sending = Promise.resolve();
  let unsent = 0;
  const through = new Map<string, { readonly requestIds: readonly string[]; readonly lines: readonly string[] }>();
  /** What was asked in this step already, in words that don't differ. */
  const asked = new Set<string>();

  return { judge, use, permit, lend, letThrough, hear, tellAnswers, agentSpoke, told: () => told, endTurn, need };

  function judge(call: ToolCall): "defer" | "pass" {
    const asking = readCall(call);
    if (typeof asking === "string" || call.id === null) return "pass";
    switch (asking.tool) {
      case "ask_user":
        if (through.has(call.id) || !mustWait(asking.questions) || !canAsk(call) || !hasRounds(call)) return "pass";
        askQuestions(call.id, asking.questions);
        return "defer";
      case "request_dependency": {
        const dependency = asHere(asking.dependency);
        const state = stateOf(dependency);
        if (state === "held" && grants.lend(step, nameOf(dependency))) {
          if (canAsk(call)) askDependency(call.id, dependency, false);
          through.set(call.id, { requestIds: [], lines: [] });
          turn.lent.push(nameOf(dependency));
          return "defer";
        }
        if (through.has(call.id) || state !== "open" || !dependency.required || !canAsk(call)) return "pass";
        askDependency(call.id, dependency, true);
        return "defer";
      }
      case "report_error":
      case "complete_phase":
        return "pass";
    }
  }

  function use(call: ToolCall): ToolAnswer {
    const asking = readCall(call);
    if (typeof asking === "string") return { text: asking, isError: true };
    switch (asking.tool) {
      case "ask_user":
        return useQuestions(call, asking.questions);
      case "request_dependency":
        return useDependency(call, asHere(asking.dependency));
      case "report_error":
        reportError(asking.error);
        return { text: reportedText, isError: false };
      case "complete_phase":
        addNew(turn.claims, asking.claim);
        return { text: claimText(stepsToCome), isError: false };
    }
  }

  function permit(call: ToolCall): Permit {
    const { permissions, tools } = options;
    const { id, name: tool, input } = call;
    if (permissions === undefined || id === null || tools.includes(tool) || !isAskable(tool)) return { kind: "pass" };
    const waited = through.get(id);
    const asking = askingOf(tool, input, options);
    if (asking.kind === "unfit") return { kind: "deny", reason: asking.reason };
    const said = waited === undefined ? saidOf(permissions, asking) : saidOfRequests(permissions, waited.requestIds);
    if (said !== null) {
      const { answers } = resolved();
      offer(answers.filter(({ requestId }) => requestId === said.requestId));
      if (waited === undefined) return said.isAllowed ? { kind: "allow" } : { kind: "deny", reason: refusedText };
      const others = untold();
      offer(others);
      const text = said.isAllowed ? allowedText(tool, []) : refusedText;
      return { kind: "deny", reason: [text, ...answerLines(others, boundary), ...waited.lines].join("\n") };
    }
    if (!canAsk(call)) return { kind: "deny", reason: noneLeftText };
    if (!wasNoted(call) && isRepeated(`permission ${tool} ${asking.command ?? ""}`)) {
      return { kind: "deny", reason: endTurnText };
    }
    const { command, input: shown } = asking;
    note(id, "waiting-question", { kind: "permission", step, tool, command, input: shown });
    return { kind: "defer" };
  }

  function useQuestions(call: ToolCall, questions: readonly AskedQuestion[]): ToolAnswer {
    const waited = call.id === null ? undefined : through.get(call.id);
    const answers = questions.map((question, at) => answerTo(question, waited?.requestIds ?? [], at));
    if (waited !== undefined || answers.every((answer) => answer !== null)) {
      const open = questions.filter((_, at) => answers[at] === null);
      const given = answers.filter((answer) => answer !== null);
      const others = waited === undefined ? [] : untold().filter((answer) => !given.includes(answer));
      offer([...given, ...others]);
      const lines = [
        ...answerLines([...given, ...others], boundary),
        ...(open.length === 0 ? [] : ["Nobody answered:", ...open.map(defaultText)]),
        ...(waited?.lines ?? []),
      ];
      return { text: lines.join("\n"), isError: false };
    }
    if (wasNoted(call)) return { text: endTurnText, isError: true };
    if (!canAsk(call)) return { text: noneLeftText, isError: true };
    if (!hasRounds(call)) return { text: noRoundsText, isError: true };
    askQuestions(call.id, questions);
    // Its hook did not stop it: the CLI lets a call through where the hook can't be reached.
    if (mustWait(questions)) return { text: endTurnText, isError: true };
    const given = answers.filter((answer) => answer !== null);
    offer(given);
    const open = questions.filter((_, at) => answers[at] === null);
    return {
      text: [...answerLines(given, boundary), askedMeanwhileText, ...open.map(defaultText)].join("\n"),
      isError: false,
    };
  }

  function useDependency(call: ToolCall, dependency: AskedDependency): ToolAnswer {
    const waited = call.id === null ? undefined : through.get(call.id);
    const state = stateOf(dependency);
    const said = dependencyText(nameOf(dependency), state);
    if (waited !== undefined) {
      const others = untold();
      offer(others);
      return { text: [said, ...answerLines(others, boundary), ...waited.lines].join("\n"), isError: false };
    }
    if (wasNoted(call)) return { text: endTurnText, isError: true };
    if (state !== "open" && state !== "held") return { text: said, isError: false };
    if (!canAsk(call)) return { text: noneLeftText, isError: true };
    const isHeld = state === "held" && grants.lend(step, nameOf(dependency));
    if (isHeld) turn.lent.push(nameOf(dependency));
    askDependency(call.id, dependency, !isHeld && dependency.required);
    return isHeld || dependency.required ? { text: endTurnText, isError: true } : { text: said, isError: false };
  }

  function hear(blocks: readonly Block[]): void {
    const questions: AskedQuestion[] = [];
    for (const block of blocks) {
      switch (block.kind) {
        case "question":
          questions.push(...hearQuestion(block.question));
          break;
        case "dependency":
          hearDependency(block.dependency);
          break;
        case "sentence":
          addNew(turn.sentences, block.dependency);
          break;
        case "error":
          reportError(block.error);
          break;
        case "complete":
          addNew(turn.claims, block.claim);
          if (stepsToCome.length > 0) addNew(turn.faults, notYetText(stepsToCome));
          break;
        case "malformed":
          addNew(turn.faults, block.message);
          break;
      }
    }
    for (let at = 0; at < questions.length; at += limits.questionsMax) {
      const some = questions.slice(at, at + limits.questionsMax);
      if (left() <= 0) addNew(turn.notes, noneLeftText);
      else if (rounds === roundsLeft) addNew(turn.notes, noRoundsText);
      else askQuestions(null, some);
    }
  }

  /** What is to be asked: nothing where it was asked or answered before. */
  function hearQuestion(question: AskedQuestion): readonly AskedQuestion[] {
    if (answerTo(question, [], 0) !== null || isRepeated(`question ${question.question}`)) return [];
    if (!question.required) addNew(turn.notes, `${askedMeanwhileText}\n${defaultText(question)}`);
    return [question];
  }

  function hearDependency(heard: AskedDependency): void {
    const dependency = asHere(heard);
    const name = nameOf(dependency);
    if (isRepeated(`dependency ${name}`)) return;
    const state = stateOf(dependency);
    if (state !== "open" && state !== "held") {
      addNew(turn.notes, dependencyText(name, state));
      return;
    }
    if (left() <= 0) {
      addNew(turn.notes, noneLeftText);
      return;
    }
    const isHeld = state === "held" && grants.lend(step, name);
    if (isHeld) turn.lent.push(name);
    else if (!dependency.required) addNew(turn.notes, dependencyText(name, "open"));
    askDependency(null, dependency, !isHeld && dependency.required);
  }

  function reportError(error: AskedError): void {
    addNew(turn.errors, error);
    if (isRepeated(`error ${error.type} ${error.message}`)) return;
    if (left() > 0) note(null, null, { kind: "error", step, error });
  }

  function askQuestions(callId: string | null, questions: readonly AskedQuestion[]): void {
    const waits = mustWait(questions) ? "waiting-question" : null;
    if (callId === null || turn.entries.every((entry) => entry.callId !== callId)) rounds += 1;
    note(callId, waits, { kind: "questions", step, questions: [...questions] });
  }

  function askDependency(callId: string | null, dependency: AskedDependency, waits: boolean): void {
    note(callId, waits ? "waiting-dependency" : null, { kind: "dependency", step, dependency });
  }

  function note(callId: string | null, waits: TurnEnd["waits"], request: Sendable): void {
    if (callId !== null && turn.entries.some((entry) => entry.callId === callId)) return;
    const entry: Entry = { callId, waits, requestId: null };
    turn.entries.push(entry);
    unsent += 1;
    sending = sendAfter(sending, entry, request);
    // Whoever waits for the turn's end is told.
    sending.catch(() => {});
  }

  async function sendAfter(before: Promise<void>, entry: Entry, request: Sendable): Promise<void> {
    await before;
    unsent -= 1;
    entry.requestId = await requests.send(request);
  }

  async function endTurn(deferred: { readonly id: string; readonly name: string } | null): Promise<TurnEnd> {
    await sending;
    const { entries, ...rest } = turn;
    turn = newTurn();
    const waiting = entries.filter(({ waits }) => waits !== null);
    const kinds = (["waiting-question", "waiting-dependency"] as const).filter((kind) =>
      waiting.some(({ waits }) => waits === kind),
    );
    const idsOf = (some: readonly Entry[]): string[] =>
      some.flatMap(({ requestId }) => requestId ?? []).slice(0, limits.requestsMax);
    const isOfCall = ({ callId }: Entry): boolean => deferred !== null && callId === deferred.id;
    const ofCall = idsOf(entries.filter(isOfCall));
    const others = idsOf(waiting.filter((entry) => !isOfCall(entry)));
    const pending: PendingAction[] = [
      ...(deferred === null
        ? []
        : [{ kind: "tool-call" as const, toolUseId: deferred.id, toolName: deferred.name, requestIds: ofCall }]),
      ...(others.length === 0 ? [] : [{ kind: "requests" as const, requestIds: others }]),
    ];
    return { ...rest, waits: kinds[0] ?? null, pending };
  }

  async function need(sentences: readonly AskedDependency[], required: boolean): Promise<TurnEnd> {
    for (const dependency of sentences) hearDependency({ ...dependency, required });
    return await endTurn(null);
  }

  function lend(): Readonly<Record<string, string>> {
    const environment = grants.environmentOf(step);
    inEnvironment = Object.keys(environment);
    return environment;
  }

  function letThrough(
    { toolUseId, requestIds }: Extract<PendingAction, { kind: "tool-call" }>,
    lines: readonly string[],
  ): void {
    through.set(toolUseId, { requestIds, lines });
  }

  function tellAnswers(): readonly PersonAnswer[] {
    const answers = untold();
    offer(answers);
    return answers;
  }

  function agentSpoke(): void {
    told.push(...offered);
    offered = [];
  }

  function offer(answers: readonly PersonAnswer[]): void {
    const news = answers.map(({ number, at }) => ({ number, at }));
    offered.push(...news.filter((answer) => !includes([...told, ...offered], answer)));
  }

  function untold(): readonly PersonAnswer[] {
    const had = [...options.told, ...told];
    return resolved().answers.filter(({ number, at }) => !includes(had, { number, at }));
  }

  /** By the request that it was asked with, or by its words: a conversation that was lost asks again. */
  function answerTo({ question }: AskedQuestion, requestIds: readonly string[], index: number): PersonAnswer | null {
    const { answers } = resolved();
    const isAsked = (answer: PersonAnswer): boolean => requestIds.includes(answer.requestId) && answer.index === index;
    // What was answered to an earlier step is no answer to whoever asks the same in other circumstances.
    const isOfStep = ({ number, at }: PersonAnswer): boolean => !includes(options.told, { number, at });
    return (
      answers.findLast(isAsked) ??
      answers.findLast((answer) => isOfStep(answer) && isSame(answer.question, question)) ??
      null
    );
  }

  function mustWait(questions: readonly AskedQuestion[]): boolean {
    return questions.some((question) => question.required && answerTo(question, [], 0) === null);
  }

  function stateOf({ type, name }: AskedDependency): DependencyState {
    const { name: legal, known } = namedAmong(resolved().dependencies, type, name);
    if (hasValue(type) && services?.values.some((given) => sameName(given.name, legal)) === true) return "given";
    if (hasValue(type) && inEnvironment.some((lent) => sameName(lent, legal))) return "lent";
    switch (known?.state ?? "open") {
      case "open":
        return "open";
      case "skipped":
        return "skipped";
      case "granted":
        if (!hasValue(known?.type ?? type)) return "confirmed";
        if (grants.names.some((held) => sameName(held, legal))) return "held";
        // With a slot there may be a value in the next job, which says so where there is none.
        return known?.slot === null ? "absent" : "open";
    }
  }

  /** An agent that goes by a guide may ask by the name that stands there. */
  function asHere(dependency: AskedDependency): AskedDependency {
    if (!hasValue(dependency.type)) return dependency;
    return { ...dependency, name: nameHere(services?.names ?? [], dependency.name) };
  }

  /** What it is called where it is added and lent. */
  function nameOf({ type, name }: AskedDependency): string {
    return namedAmong(resolved().dependencies, type, name).name;
  }

  function wasNoted({ id }: ToolCall): boolean {
    return id !== null && turn.entries.some(({ callId }) => callId === id);
  }

  function canAsk(call: ToolCall): boolean {
    return wasNoted(call) || left() > 0;
  }

  function hasRounds(call: ToolCall): boolean {
    return wasNoted(call) || rounds !== roundsLeft;
  }

  function left(): number {
    return requests.left() - unsent;
  }

  function isRepeated(words: string): boolean {
    const key = oneLine(words).toLowerCase();
    if (asked.has(key)) return true;
    asked.add(key);
    return false;
  }
}

interface Turn {
  readonly entries: Entry[];
  readonly lent: string[];
  readonly errors: AskedError[];
  readonly claims: ClaimedPhase[];
  readonly sentences: AskedDependency[];
  readonly faults: string[];
  readonly notes: string[];
}

function newTurn(): Turn {
  return { entries: [], lent: [], errors: [], claims: [], sentences: [], faults: [], notes: [] };
}

const listMax = 20;

/** An agent may say the same without end. */
function addNew<Item>(list: Item[], item: Item): void {
  if (list.length < listMax && !list.includes(item)) list.push(item);
}

type Asking =
  | { readonly tool: "ask_user"; readonly questions: readonly AskedQuestion[] }
  | { readonly tool: "request_dependency"; readonly dependency: AskedDependency }
  | { readonly tool: "report_error"; readonly error: AskedError }
  | { readonly tool: "complete_phase"; readonly claim: ClaimedPhase };

/** What is wrong with it, where something is. */
function readCall({ name, input }: ToolCall): Asking | string {
  if (!isToolName(name)) return `There is no tool ${oneLine(name)}.`;
  switch (name) {
    case "ask_user": {
      const { data, error } = toolInputs[name].safeParse(input);
      return error === undefined ? { tool: name, questions: data.questions } : badInputText(faultsOf(error));
    }
    case "request_dependency": {
      const { data, error } = toolInputs[name].safeParse(input);
      return error === undefined ? { tool: name, dependency: data } : badInputText(faultsOf(error));
    }
    case "report_error": {
      const { data, error } = toolInputs[name].safeParse(input);
      return error === undefined ? { tool: name, error: data } : badInputText(faultsOf(error));
    }
    case "complete_phase": {
      const { data, error } = toolInputs[name].safeParse(input);
      return error === undefined ? { tool: name, claim: data } : badInputText(faultsOf(error));
    }
  }
}

function includes(answers: readonly Told[], { number, at }: Told): boolean {
  return answers.some((answer) => answer.number === number && answer.at === at);
}

function isSame(one: string, other: string): boolean {
  return words(one) === words(other);
}

function words(text: string): string {
  return text.replaceAll(/\s+/gu, " ").trim().toLowerCase();
}
