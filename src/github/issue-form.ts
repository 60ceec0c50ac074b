import type { InputFault } from "../core/input-fault.ts";
import { phrase, type Phrase } from "../core/phrase.ts";
import { noInput, type TaskInput } from "../core/task-input.ts";
import { endsInCode, formSections, type FormSection } from "./form-sections.ts";
import {
  baseBranchOf,
  budgetOf,
  languageOf,
  outputDirectoryOf,
  priorityOf,
  referencesOf,
  type Read,
} from "./form-values.ts";
import { cutAt } from "./hidden-text.ts";
import { freezeText } from "./issue-text.ts";

type FormField = "idea" | "users" | "platform" | "stack" | "constraints" | "details" | OneValue;
type OneValue = "language" | "outputDirectory" | "baseBranch" | "budget" | "priority" | "references";

/** The labels of all our forms, `.github/onboarding/ISSUE_TEMPLATE`, as GitHub makes headings of them. */
export const formLabels: Readonly<Record<string, FormField>> = {
  "What do you want to build?": "idea",
  "What should change?": "idea",
  "What should the workflow do?": "idea",
  "What do you want to work on?": "idea",
  "What should be planned?": "idea",
  "What should be designed?": "idea",
  "What is the goal?": "idea",
  "Who will use it?": "users",
  Platform: "platform",
  "Stack wishes": "stack",
  Constraints: "constraints",
  "When should it run?": "details",
  "How do you know that it works?": "details",
  "Where is it now?": "details",
  Environments: "details",
  "Language of the documents": "language",
  "Output directory": "outputDirectory",
  "Base branch": "baseBranch",
  "Budget in US dollars": "budget",
  Priority: "priority",
  References: "references",
};

const fieldsByLabel: ReadonlyMap<string, FormField> = new Map(
  Object.entries(formLabels).map(([label, field]) => [label.toLowerCase(), field]),
);
const oneValueFields: ReadonlySet<FormField> = new Set<FormField>([
  "language",
  "outputDirectory",
  "baseBranch",
  "budget",
  "priority",
  "references",
]);

/** Of title and text together: less says nothing that an agent could begin with. */
const ideaCharactersMin = 10;
const givenCharactersMax = 100;

export interface IssueForm {
  /** What is wanted, in the person's words: the form's first field, or the whole of a free text. */
  readonly idea: string;
  readonly users: string;
  readonly platform: string;
  readonly stack: string;
  readonly constraints: string;
  /** With the default of each field that is missing or has a fault. */
  readonly input: TaskInput;
  /** Empty where the task can start. */
  readonly faults: readonly InputFault[];
}

/**
 * What an issue asks for, as a person sees it. A text that has no heading of a form's first field is all idea.
 * Never throws: whatever stands there is read, or is a fault.
 */
export function readIssueForm(
  issue: { readonly title: string; readonly body: string },
  limits: { readonly budgetUsdMax: number },
): IssueForm {
  const body = freezeText(issue.body).text;
  const sections = formSections(
    body,
    (heading) => fieldOf(heading) !== null,
    (heading) => isOneValue(fieldOf(heading)),
  );
  const isForm = sections.some(({ heading }) => fieldOf(heading) === "idea");
  const faults: InputFault[] = [];
  const texts = (field: FormField) => sections.filter(({ heading }) => isForm && fieldOf(heading) === field);
  const words = (field: FormField) =>
    texts(field)
      .map(({ text }) => text)
      .join("\n\n")
      .trim();
  const read = <Value>(field: FormField, valueOf: (text: string) => Read<Value>, otherwise: Value): Value => {
    const [first, second] = texts(field);
    if (first === undefined) return otherwise;
    const got = second === undefined ? valueOf(first.text) : { expected: twice(first) };
    if ("value" in got) return got.value;
    const given = second === undefined ? first.text : `${first.text} / ${second.text}`;
    faults.push({ field: first.heading, given: short(given), expected: got.expected });
    return otherwise;
  };

  const idea = isForm ? words("idea") : body;
  const ideaFault = faultOfIdea(isForm, idea, freezeText(issue.title).text, texts("idea")[0]);
  if (ideaFault !== null) faults.push(ideaFault);
  if (isForm && endsInCode(body)) {
    const expected = phrase`every block of code to be closed by a line of its own with ${"```"}: the fields behind it can't be read`;
    faults.push({ field: "Text", given: "```", expected });
  }
  const input: TaskInput = {
    language: read("language", languageOf, noInput.language),
    outputDirectory: read("outputDirectory", outputDirectoryOf, noInput.outputDirectory),
    baseBranch: read("baseBranch", baseBranchOf, noInput.baseBranch),
    budgetUsd: read("budget", (text) => budgetOf(text, limits.budgetUsdMax), noInput.budgetUsd),
    priority: read("priority", priorityOf, noInput.priority),
    references: read("references", referencesOf, noInput.references),
  };
  return {
    idea,
    users: words("users"),
    platform: words("platform"),
    stack: words("stack"),
    constraints: words("constraints"),
    input,
    faults,
  };
}

/** In a form the field counts; in a free text the title says something, too. */
function faultOfIdea(
  isForm: boolean,
  idea: string,
  title: string,
  section: FormSection | undefined,
): InputFault | null {
  const said = isForm ? idea : `${title}${idea}`;
  if (lettersIn(said) >= ideaCharactersMin) return null;
  return {
    field: section?.heading ?? "Text",
    given: short(idea),
    expected: phrase`what you want, in a sentence or more: what it is, for whom, and what it must be able to do`,
  };
}

function lettersIn(text: string): number {
  // A Korean syllable says about as much as two letters.
  return Array.from(text.replace(/[^\p{L}\p{N}]/gu, "").replace(/\p{Script=Hangul}/gu, "$&$&")).length;
}

/** Whose words would count? Nobody can tell. */
function twice({ heading }: FormSection): Phrase {
  return phrase`one part with the heading "${heading}", not several`;
}

function fieldOf(heading: string): FormField | null {
  return fieldsByLabel.get(heading.toLowerCase()) ?? null;
}

function isOneValue(field: FormField | null): boolean {
  return field !== null && oneValueFields.has(field);
}

function short(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  return Array.from(line).length <= givenCharactersMax ? line : `${cutAt(line, givenCharactersMax - 1)}…`;
}
