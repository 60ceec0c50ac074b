/** The tools with which the agent reaches people, and what a call of one may hold. The same shapes are read from blocks of text. */

import { z } from "zod";
import { limits } from "../protocol/runner.ts";

export const serverName = "phasegate";
/** What the CLI puts before the names of our tools. */
export const toolPrefix = `mcp__${serverName}__`;

/** Trimmed, of at most so many characters. */
const words = (max: number) => z.string().trim().max(max);

export const AskedQuestion = z.strictObject({
  category: z.enum(["business", "clarification", "choice", "confirmation"]),
  question: words(limits.questionCharactersMax).min(1),
  options: z
    .array(words(limits.optionCharactersMax).min(1))
    .max(limits.optionsMax)
    .default([])
    .describe("Answers to choose from; people may also answer in words of their own."),
  default: words(limits.optionCharactersMax)
    .nullable()
    .default(null)
    .describe("What you go on with where nobody answers; one of the options, or your own idea."),
  required: z.boolean().describe("true: the work stops until somebody answers. false: you go on with the default."),
});
export type AskedQuestion = z.infer<typeof AskedQuestion>;

const AskUser = z.strictObject({
  questions: z.array(AskedQuestion).min(1).max(limits.questionsMax),
});

export const AskedDependency = z.strictObject({
  type: z.enum(["api_key", "env_variable", "service", "file", "permission", "package"]),
  name: words(limits.nameCharactersMax)
    .min(1)
    .describe("For a key or a variable its name in the environment, e.g. OPENAI_API_KEY; else what it is called."),
  description: words(limits.descriptionCharactersMax).default("").describe("What you need it for."),
  required: z.boolean().describe("true: the work stops until it is there. false: you go on without it."),
});
export type AskedDependency = z.infer<typeof AskedDependency>;

export const AskedError = z.strictObject({
  type: z.enum(["missing_file", "execution_failed", "validation_error"]),
  message: words(limits.errorMessageCharactersMax).min(1),
  details: words(limits.errorDetailsCharactersMax).default(""),
});

export type AskedError = z.infer<typeof AskedError>;

export const claimedPathsMax = 500;

export const ClaimedPhase = z.strictObject({
  phase: z.int().positive().describe("The phase's number."),
  files: z
    .array(words(limits.pathCharactersMax).min(1))
    .max(claimedPathsMax)
    .describe("Paths of the documents of this phase, relative to the work tree."),
});
export type ClaimedPhase = z.infer<typeof ClaimedPhase>;

/** Arguments by the tool's name. */
export const toolInputs = {
  ask_user: AskUser,
  request_dependency: AskedDependency,
  report_error: AskedError,
  complete_phase: ClaimedPhase,
} as const;
export type ToolName = keyof typeof toolInputs;

const descriptions: Readonly<Record<ToolName, string>> = {
  ask_user: `Ask the people of this project one to ${limits.questionsMax} questions. Put all that you have now into one call.`,
  request_dependency:
    "Ask for something that only people can provide: a key, a variable, a service, a file, a permission, a package. A value comes as an environment variable; nobody tells it to you, and you never print it.",
  report_error: "Report what keeps you from doing this step and what you can't mend yourself.",
  complete_phase: "Say that the whole phase is done, and name its documents. They are compared with what is there.",
};

/** As the protocol lists them. */
export const toolList = toolNames().map((name) => ({
  name,
  description: descriptions[name],
  inputSchema: z.toJSONSchema(toolInputs[name], { io: "input" }),
}));

/** As the CLI knows them. */
export const toolNamesOfCli: readonly string[] = toolNames().map((name) => `${toolPrefix}${name}`);

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(toolInputs, name);
}

function toolNames(): ToolName[] {
  return Object.keys(toolInputs).filter(isToolName);
}

const faultsCharactersMax = 1_500;

/** What is wrong with what the agent wrote, in its own words. */
export function faultsOf(error: z.ZodError): string {
  return z.prettifyError(error).slice(0, faultsCharactersMax);
}
