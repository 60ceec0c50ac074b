/** What the conversation of a step is told next. */

import type { Step } from "../core/playbook.ts";
import type { Finding } from "../core/report.ts";
import type { Job } from "../protocol/runner.ts";
import type { Conversation } from "./conversation.ts";
import type { StepDesk } from "./dialogue-desk.ts";
import { dependencyLines, leftOutLines } from "./dialogue-texts.ts";
import type { Grants, Resolved, StepResume } from "./dialogue.ts";
import type { NumberedFeedback } from "./feedback.ts";
import { talkSection, withoutEarlier } from "./issue-talk.ts";
import { serverLines, type AgentServers } from "./mcp-servers.ts";
import { goOnPrompt, mendPrompt, stepPrompt, turnPrompt } from "./prompt.ts";
import type { Workspace } from "./workspace.ts";

export interface Saying {
  readonly prompt: string;
  /** Only the call that the CLI put off is made; the prompt is for a second try. */
  readonly answersCall: boolean;
}

interface SayingOptions {
  readonly job: Job;
  readonly step: Step;
  /** Of an earlier attempt. */
  readonly findings: readonly Finding[];
  readonly feedback: readonly NumberedFeedback[];
  readonly workspace: Pick<Workspace, "workTree" | "bothChanged">;
  readonly conversation: Pick<Conversation, "state">;
  readonly boundary: string;
  readonly resolved: () => Resolved;
  readonly grants: Grants;
  readonly servers: AgentServers;
  readonly resume: StepResume | null;
  /** What a turn asks that is not the first one of its step; null for all that a step begins with. */
  readonly nextTurn: string | null;
}

/** A step that was stopped at a call of a tool goes on with the call's answer, one that waited for words with the next thing said. */
export function openingOf(options: SayingOptions, desk: StepDesk): Saying {
  const { resume, workspace, nextTurn } = options;
  if (nextTurn !== null && options.conversation.state().hasSpoken) {
    return { prompt: turnPrompt(basicsOf(options, desk, []), nextTurn), answersCall: false };
  }
  const call = resume?.pending.find((action) => action.kind === "tool-call");
  const isUnderWay = resume?.pending.every(({ kind }) => kind === "step") ?? true;
  if (resume === null || isUnderWay || !options.conversation.state().hasSpoken) return wholeStep(options, desk);
  if (call !== undefined) {
    const lines = [`The work tree is ${workspace.workTree} now.`, ...leftOutLines(resume.leftOut)];
    // What people said while the call waited reaches the agent with its answer.
    desk.letThrough(call, [...lines, ...talkSection(withoutEarlier(options.job), options.boundary)]);
  }
  return { prompt: goOnPrompt(basicsOf(options, desk, [])), answersCall: call !== undefined };
}

/** All that there is to say about the step: to a conversation that can have heard nothing of it, too. */
export function wholeStep(options: SayingOptions, desk: StepDesk): Saying {
  const { findings, feedback } = options;
  const bothChanged = [...(options.workspace.bothChanged?.keys() ?? [])];
  const prompt = stepPrompt({ ...basicsOf(options, desk, []), findings, feedback, bothChanged });
  return { prompt, answersCall: false };
}

/** What was lent is in the environment of the process that hears this. */
export function goOn(options: SayingOptions, desk: StepDesk, { notes }: Notes, answersCall: boolean): Saying {
  return { prompt: goOnPrompt({ ...basicsOf(options, desk, notes), resumed: null }), answersCall };
}

interface Notes {
  readonly notes: readonly string[];
}

interface Missed extends Notes {
  readonly findings: readonly Finding[];
  readonly unanswered: readonly NumberedFeedback[];
  readonly faults: readonly string[];
}

export function mend(options: SayingOptions, desk: StepDesk, missed: Missed): Saying {
  const { findings, unanswered: feedback, faults, notes } = missed;
  const basics = basicsOf(options, desk, notes);
  // What people provide is known since the step began.
  const news = { ...basics.news, dependencies: [] };
  return { prompt: mendPrompt({ ...basics, findings, feedback, faults, news }), answersCall: false };
}

function basicsOf(options: SayingOptions, desk: StepDesk, notes: readonly string[]) {
  const { job, step, workspace, boundary, conversation, resolved, grants, servers, resume } = options;
  const tokens = servers.ready.map(({ token }) => token);
  const lent = Object.keys(grants.environmentOf(step.slug)).filter((name) => !tokens.includes(name));
  const { hasSpoken } = conversation.state();
  return {
    job: hasSpoken ? withoutEarlier(job) : job,
    step,
    workTree: workspace.workTree,
    boundary,
    news: {
      answers: desk.tellAnswers(),
      dependencies: [
        ...dependencyLines(
          resolved().dependencies.filter(({ name }) => !tokens.includes(name)),
          lent,
          grants.names,
        ),
        ...serverLines(servers),
      ],
      notes,
    },
    resumed: resume === null ? null : { hasConversation: hasSpoken, leftOut: resume.leftOut },
  };
}
