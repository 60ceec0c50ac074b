/** What the pull request says that sets a repository up. */
import type { Diagnosis } from "../../control/ports/diagnosis.ts";
import { specsFolder } from "../../core/spec-to-start.ts";
import type { OnboardingFile } from "../onboarding-files.ts";
import { code, link } from "./escape.ts";
import { findingsCount, findingsList, folded } from "./findings-list.ts";
import type { Links } from "./links.ts";
import type { StateLabel } from "./labels.ts";
import type { Say } from "./words.ts";

export function onboardingTitle(say: Say): string {
  return say`Set up Phasegate`;
}

/** Of the body, until it is known what to say. */
export function onboardingBegun(say: Say): string {
  return say`Phasegate looks at this repository. What it finds is written here in a moment.`;
}

/** Servers refuse longer addresses. */
const addressCharactersMax = 7_500;

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
  readonly say: Say;
}): string {
  const { files, byHand, findings, links, branch, defaultBranch, labels, say } = about;
  // That it is missing is what this pull request is for.
  const shown = findings.filter(({ check }) => check !== "workflow-file");
  const example = labels[0] ?? "create_app";
  return [
    say`Phasegate turns a labelled issue into reviewed software, phase by phase. This pull request brings what it needs in this repository. Nothing starts before it is merged.`,
    byHand.length === 0 ? "" : handedOver(byHand, links, branch, say),
    `## ${say`What is in it`}`,
    [...files.flatMap((file) => explained(file, say)), ...formsLine(files, say), ...templatesLine(files, say)].join(
      "\n",
    ),
    `## ${say`Is this repository ready? (${findingsCount(shown, say)})`}`,
    findingsList(shown, say),
    say`\`/doctor\` as a comment on an issue looks again.`,
    `## ${say`When you merge`}`,
    [
      say`1. The files are on ${code(defaultBranch)}, and the app finds them there by itself.`,
      say`2. Open an issue with one of the forms, or set a label such as ${code(example)} on an issue of somebody who described what is wanted. Only people with write access start tasks.`,
      say`3. The app answers with a status comment, and each phase ends in a pull request for you to review.`,
    ].join("\n"),
    say`Close this pull request if you don't want it: it is not opened again. While it is open the app keeps it up to date, until somebody commits to its branch.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function explained({ kind, path }: OnboardingFile, say: Say): readonly string[] {
  switch (kind) {
    case "workflow":
      return [
        say`- ${code(path)} runs the agent as a job of GitHub Actions, when the app asks for it. The job can read this repository and nothing else; commits, pull requests and comments are written by the app. It uses the one version of the action that is named in it.`,
      ];
    case "settings":
      return [say`- ${code(path)} holds every setting as a comment: without a change it sets nothing.`];
    case "form":
    case "template":
      return [];
  }
}

function formsLine(files: readonly OnboardingFile[], say: Say): readonly string[] {
  const named = namesOf(files, "form");
  if (named === "") return [];
  return [
    say`- ${code(".github/ISSUE_TEMPLATE/")} holds a form for each type of task, which sets its label: ${named}. Delete those that you don't want to offer.`,
  ];
}

function templatesLine(files: readonly OnboardingFile[], say: Say): readonly string[] {
  const named = namesOf(files, "template");
  if (named === "") return [];
  const active = code(`${specsFolder}/active/`);
  return [
    say`- ${code(`${specsFolder}/templates/`)} holds a template for each kind of specification: ${named}. Whoever writes one, the agent included, copies it to ${active}, and the check *Phasegate specifications* says what is wrong there. Change them as you like.`,
  ];
}

function namesOf(files: readonly OnboardingFile[], wanted: OnboardingFile["kind"]): string {
  const found = files.filter(({ kind }) => kind === wanted);
  return found.map(({ path }) => code(path.split("/").at(-1) ?? path)).join(", ");
}

/** GitHub lets an App write workflow files only with a permission of their own. */
function handedOver(files: readonly OnboardingFile[], links: Links, branch: string, say: Say): string {
  return files
    .map(({ path, text }) => {
      const whole = links.newFile(branch, path, text);
      const isShort = whole.length <= addressCharactersMax;
      const how = isShort
        ? say`${link(say`Open it here, filled in`, whole)}, and commit it to ${code(branch)}.`
        : say`${link(say`Open an empty one here`, links.newFile(branch, path, ""))}, paste the text below into it, and commit it to ${code(branch)}.`;
      const what = say`> **One file is missing: ${code(path)}.** The app may not write workflow files here (the permission *workflows: write* is optional), so you add it. ${how} Without it no task can start.`;
      return isShort ? what : `${what}\n\n${folded(say`The text of ${path}`, text)}`;
    })
    .join("\n\n");
}

/** The label that starts a task of this type. */
export function playbookLabel(name: string, say: Say): StateLabel {
  return { name, color: "5319e7", description: say`Starts a Phasegate task of the type ${name}`.slice(0, 100) };
}
