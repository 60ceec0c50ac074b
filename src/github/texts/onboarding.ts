/** What the pull request says that sets a repository up. */
import type { Diagnosis } from "../../control/ports.ts";
import { specsFolder } from "../../core/spec-to-start.ts";
import type { OnboardingFile } from "../onboarding-files.ts";
import { code, link } from "./escape.ts";
import { findingsCount, findingsList, folded } from "./findings-list.ts";
import type { Links } from "./links.ts";
import type { StateLabel } from "./labels.ts";

export const onboardingTitle = "Set up Phasegate";

/** Servers refuse longer addresses. */
const addressCharactersMax = 7_500;

const explained: Readonly<Record<OnboardingFile["kind"], string>> = {
  workflow:
    "runs the agent as a job of GitHub Actions, when the app asks for it. The job can read this repository and nothing else; commits, pull requests and comments are written by the app. It uses the one version of the action that is named in it.",
  settings: "holds every setting as a comment: without a change it sets nothing.",
  form: "",
  template: "",
};

export function onboardingBody(about: {
  /** In this pull request. */
  readonly files: readonly OnboardingFile[];
  /** That a person has to add, since the app may not. */
  readonly byHand: readonly OnboardingFile[];
  readonly findings: readonly Diagnosis[];
  readonly links: Links;
  readonly branch: string;
  readonly defaultBranch: string;
  readonly labels: readonly string[];
}): string {
  const { files, byHand, findings, links, branch, defaultBranch, labels } = about;
  // That it is missing is what this pull request is for.
  const shown = findings.filter(({ check }) => check !== "workflow-file");
  const example = labels[0] ?? "create_app";
  return [
    "Phasegate turns a labelled issue into reviewed software, phase by phase. This pull request brings what it needs in this repository. Nothing starts before it is merged.",
    byHand.length === 0 ? "" : handedOver(byHand, links, branch),
    `## What is in it\n\n${files
      .filter(({ kind }) => explained[kind] !== "")
      .map(explain)
      .join("\n")}${formsLine(files)}${templatesLine(files)}`,
    `## Is this repository ready? (${findingsCount(shown)})\n\n${findingsList(shown)}\n\n\`/doctor\` as a comment on an issue looks again.`,
    [
      "## When you merge",
      "",
      `1. The files are on ${code(defaultBranch)}, and the app finds them there by itself.`,
      `2. Open an issue with one of the forms, or set a label such as ${code(example)} on an issue of somebody who described what is wanted. Only people with write access start tasks.`,
      "3. The app answers with a status comment, and each phase ends in a pull request for you to review.",
    ].join("\n"),
    "Close this pull request if you don't want it: it is not opened again. While it is open the app keeps it up to date, until somebody commits to its branch.",
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function explain({ kind, path }: OnboardingFile): string {
  return `- ${code(path)} ${explained[kind]}`;
}

function formsLine(files: readonly OnboardingFile[]): string {
  const named = namesOf(files, "form");
  if (named === "") return "";
  return `\n- ${code(".github/ISSUE_TEMPLATE/")} holds a form for each type of task, which sets its label: ${named}. Delete those that you don't want to offer.`;
}

function templatesLine(files: readonly OnboardingFile[]): string {
  const named = namesOf(files, "template");
  if (named === "") return "";
  const active = code(`${specsFolder}/active/`);
  return `\n- ${code(`${specsFolder}/templates/`)} holds a template for each kind of specification: ${named}. Whoever writes one, the agent included, copies it to ${active}, and the check *Phasegate specifications* says what is wrong there. Change them as you like.`;
}

function namesOf(files: readonly OnboardingFile[], wanted: OnboardingFile["kind"]): string {
  const found = files.filter(({ kind }) => kind === wanted);
  return found.map(({ path }) => code(path.split("/").at(-1) ?? path)).join(", ");
}

/** GitHub lets an App write workflow files only with a permission of their own. */
function handedOver(files: readonly OnboardingFile[], links: Links, branch: string): string {
  return files
    .map(({ path, text }) => {
      const whole = links.newFile(branch, path, text);
      const isShort = whole.length <= addressCharactersMax;
      const how = isShort
        ? `${link("Open it here, filled in", whole)}, and commit it to ${code(branch)}.`
        : `${link("Open an empty one here", links.newFile(branch, path, ""))}, paste the text below into it, and commit it to ${code(branch)}.`;
      const what = `> **One file is missing: ${code(path)}.** The app may not write workflow files here (the permission *workflows: write* is optional), so you add it. ${how} Without it no task can start.`;
      return isShort ? what : `${what}\n\n${folded(`The text of ${path}`, text)}`;
    })
    .join("\n\n");
}

/** The label that starts a task of this type. */
export function playbookLabel(name: string): StateLabel {
  return { name, color: "5319e7", description: `Starts a Phasegate task of the type ${name}`.slice(0, 100) };
}
