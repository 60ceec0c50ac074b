/** The scripted person: reviews, vetoes and merges, answers what the agent asks, and adds the secret that it needs. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { EventOf, TaskEvent } from "../../src/core/events.ts";
import { hasValue } from "../../src/core/dialogue.ts";
import type { ProductStep } from "../model/load-product.ts";
import type { World } from "../support/github-world.ts";
import { demoSecret } from "./agent.ts";
import { vetoed } from "./decisions.ts";
import type { DemoEvent } from "./demo-event.ts";
import { isWait, type Told } from "./told.ts";

const PullFiles = z.array(z.object({ filename: z.string(), additions: z.int() }));

/** People read the comment before they answer it. */
const commentMsMax = 30_000;
const lookEveryMs = 100;
const secretBytes = 24;

type Asked = EventOf<"QuestionsAsked">["questions"][number];
type Needed = EventOf<"DependencyRequested">["dependency"];

export interface DemoPerson {
  /** Does what is due after the event. Throws where that can't be done. */
  hear(event: TaskEvent): Promise<void>;
  /** Values that were added, for whoever wants to know where they went. */
  readonly secrets: readonly string[];
}

/** `isContent`: approves and merges everything as it is. `talk`: the turns of a conversation with what is said in each. */
export function demoPerson(
  world: World,
  told: Pick<Told, "gateOf" | "reworksOf">,
  issue: () => number,
  emit: (event: DemoEvent) => void,
  { isContent = false, talk = [] }: { readonly isContent?: boolean; readonly talk?: readonly ProductStep[] } = {},
): DemoPerson {
  const { owner } = world;
  const secrets: string[] = [];
  /** What the task will wait for. */
  const questions: Asked[] = [];
  const dependencies: Needed[] = [];
  let turns = 0;
  return { hear, secrets };

  async function hear(event: TaskEvent): Promise<void> {
    if (event.type === "ReviewCreated") await review(event.phase);
    if (event.type === "FinalGateOpened") await owner.merge(event.pullRequest);
    if (event.type === "QuestionsAsked") questions.push(...event.questions.filter(({ required }) => required));
    if (event.type === "DependencyRequested" && event.dependency.required) dependencies.push(event.dependency);
    // Nobody hurries: the task waits as long as people need.
    if (event.type !== "TaskPaused" || !isWait(event)) return;
    if (event.reason.kind === "conversation") return reply();
    if (event.reason.kind === "workflow-file-awaited") return bringIn(event.reason);
    await answer(questions.splice(0));
    for (const dependency of dependencies.splice(0)) await provide(dependency);
  }

  /** Reads what the agent replied, and says the next thing, or that this is all. */
  async function reply(): Promise<void> {
    const [firstLine = ""] = talk[turns]?.closing.split("\n") ?? [];
    await commentWith(firstLine);
    turns += 1;
    await owner.comment(issue(), talk[turns]?.says ?? "/done");
  }

  /** Copies the file that the comment shows, as a person does who may write workflows. */
  async function bringIn({ path, branch }: { readonly path: string; readonly branch: string }): Promise<void> {
    const body = await commentWith(`The current ${path}, to be copied`);
    const text = /^(`{3,})\w*\n(?<text>[^]*?\n)\1$/mu.exec(body)?.groups?.["text"];
    if (text === undefined) throw new Error(`bringing in ${path}: the comment shows no file`);
    emit({ type: "file-added", path, by: owner.login });
    await owner.push({ branch, files: { [path]: text }, message: `Add ${path}` });
  }

  /** Takes what the agent itself would take. */
  async function answer(due: readonly Asked[]): Promise<void> {
    if (due.length === 0) return;
    await commentWith(`Question ${due[0]?.number}`);
    const lines = due.map(({ number, options, default: fallback }) => {
      const at = options.findIndex((option) => option === fallback);
      const words = options.length > 0 ? String(Math.max(at, 0) + 1) : (fallback ?? "Decide what you think is best.");
      return `/answer ${number}: ${words}`;
    });
    await owner.comment(issue(), lines.join("\n"));
  }

  async function provide({ name, type }: Needed): Promise<void> {
    await commentWith(name);
    if (name === demoSecret.name) {
      const value = randomBytes(secretBytes).toString("base64url");
      secrets.push(value);
      emit({ type: "secret-added", name, by: owner.login });
      owner.setSecret(name, value);
    } else {
      // A real model may ask for what nobody here has.
      await owner.comment(issue(), hasValue(type) ? `/skip ${name}` : `/provided ${name}`);
    }
  }

  /** The scripted person at the gate: asks once for changes in one phase, vetoes a decision in another, approves, merges. */
  async function review(phase: number): Promise<void> {
    const pullRequest = told.gateOf(phase);
    if (pullRequest === null) return;
    if (!isContent && told.reworksOf(phase) === 0) {
      if (phase === pickyPhase) return askForChanges(world, phase, pullRequest, emit);
      if (phase === vetoedPhase && (await veto(pullRequest))) return;
    }
    const files = await owner.request("GET", `/pulls/${pullRequest}/files?per_page=100`);
    if (!Array.isArray(files.body) || files.body.length === 0)
      throw new Error(`reviewing #${pullRequest}: it changes nothing`);
    await owner.review({ number: pullRequest, event: "APPROVE", body: "Reads well, thank you." });
    emit({ type: "reviewed", phase, pullRequest, verdict: "approved", remarks: [], by: owner.login });
    await owner.merge(pullRequest);
  }

  /** Ticks the box of a decision, is asked why, and says it. False where the gate opens with other decisions. */
  async function veto(pullRequest: number): Promise<boolean> {
    const { body } = await owner.pull(pullRequest);
    const ticked = tickVeto(body ?? "", vetoed.number);
    if (!body?.includes(vetoed.decision) || ticked === body) return false;
    await owner.request("PATCH", `/pulls/${pullRequest}`, { body: ticked });
    await commentWith(`/veto ${vetoed.number}`, pullRequest);
    await owner.comment(pullRequest, `/veto ${vetoed.number} because ${vetoed.reason}`);
    return true;
  }

  async function commentWith(words: string, number = issue()): Promise<string> {
    const until = performance.now() + commentMsMax;
    for (;;) {
      const comments = await owner.comments(number);
      const found = comments.find(({ body, user }) => user.login.endsWith("[bot]") && body.includes(words));
      if (found !== undefined) return found.body;
      if (performance.now() > until) throw new Error(`reading what is asked of people: no comment says "${words}"`);
      await delay(lookEveryMs);
    }
  }
}

/** As a click on the box does. */
function tickVeto(body: string, number: number): string {
  return body.replace(new RegExp(`- \\[ \\](.*<!-- phasegate:veto:\\d+:${number} -->)`, "u"), "- [x]$1");
}

/** The phase in which the scripted reviewer is not content at first. */
const pickyPhase = 2;
/** The one in which a decision is vetoed. */
const vetoedPhase = 4;
const remarks = [
  "Say what happens when the same URL is shortened twice.",
  "Please name the limit here, too, so that nobody has to look it up.",
] as const;

/** A review with a comment at a line of two documents. */
async function askForChanges(
  { owner }: World,
  phase: number,
  pullRequest: number,
  emit: (event: DemoEvent) => void,
): Promise<void> {
  const { body } = await owner.request("GET", `/pulls/${pullRequest}/files?per_page=100`);
  const files = PullFiles.parse(body).filter(({ filename }) => filename.endsWith(".md"));
  const said = remarks.flatMap((text, index) => {
    const file = files[index * 2] ?? files[index];
    return file === undefined ? [] : [{ path: file.filename, line: Math.min(3, file.additions), text }];
  });
  await owner.review({
    number: pullRequest,
    event: "REQUEST_CHANGES",
    body: "Good on the whole; two points before I merge it.",
    comments: said.map(({ path, line, text }) => ({ path, line, body: text })),
  });
  emit({ type: "reviewed", phase, pullRequest, verdict: "changes requested", remarks: said, by: owner.login });
}
