/** The commands that people write in comments: one table for the parser, the help and the README. */
import { phrase, type Phrase } from "./phrase.ts";

export type CommandName =
  | "run"
  | "pause"
  | "resume"
  | "retry"
  | "cancel"
  | "delete"
  | "approve"
  | "rework"
  | "answer"
  | "provided"
  | "skip"
  | "budget"
  | "priority"
  | "accept"
  | "veto"
  | "skip-phase"
  | "done"
  | "status"
  | "doctor"
  | "config"
  | "help";

interface CommandRow {
  readonly name: CommandName;
  /** What follows the name, as it is shown: `<needed>` or `[possible]`; null where nothing does. */
  readonly argument: string | null;
  /** Goes on after "The command". */
  readonly does: Phrase;
}

export const slashCommands: readonly CommandRow[] = [
  { name: "run", argument: null, does: phrase`starts a draft, or goes on after a pause` },
  { name: "pause", argument: null, does: phrase`stops the run and waits; finished steps are kept` },
  { name: "resume", argument: null, does: phrase`goes on after a pause` },
  { name: "retry", argument: null, does: phrase`tries again what failed, with all attempts anew` },
  {
    name: "rework",
    argument: "<what to change>",
    does: phrase`has the agent change what you say, and what open threads say`,
  },
  {
    name: "answer",
    argument: "<number or words>",
    does: phrase`answers a question of the agent, by option or in words`,
  },
  {
    name: "provided",
    argument: "<NAME>",
    does: phrase`says that what the agent asked for is there, and lends it to this task`,
  },
  { name: "skip", argument: "<NAME>", does: phrase`has the agent go on without what it asked for` },
  {
    name: "budget",
    argument: "<dollars>",
    does: phrase`sets what the phase, or the task, may spend in US dollars, and goes on`,
  },
  {
    name: "priority",
    argument: "<critical, high, normal or low>",
    does: phrase`says whose turn comes first where several tasks wait for the same model account`,
  },
  {
    name: "approve",
    argument: "[up to $6]",
    does: phrase`approves the pull request that waits for review; with an amount, sets what the next phase may spend`,
  },
  { name: "accept", argument: null, does: phrase`takes a phase as it is although its checks failed` },
  {
    name: "veto",
    argument: "<number> because <reason>",
    does: phrase`has the agent take another decision, and change what follows from it`,
  },
  { name: "skip-phase", argument: null, does: phrase`goes on without the phase, where its playbook allows that` },
  {
    name: "done",
    argument: null,
    does: phrase`ends a conversation: what it changed is checked and waits for your review`,
  },
  { name: "cancel", argument: null, does: phrase`ends the task, its run and its open pull request` },
  {
    name: "delete",
    argument: null,
    does: phrase`ends the task, deletes its phase branches, and erases what the app keeps of its texts and logs`,
  },
  { name: "status", argument: null, does: phrase`brings the status comment up to date` },
  {
    name: "doctor",
    argument: null,
    does: phrase`looks whether this repository has all that tasks need, and says what to mend`,
  },
  { name: "config", argument: null, does: phrase`shows the settings in force, and where each comes from` },
  { name: "help", argument: null, does: phrase`lists the commands` },
];

/** As it is typed: `/rework <what to change>`. */
export function usageOf({ name, argument }: CommandRow): string {
  return argument === null ? `/${name}` : `/${name} ${argument}`;
}
