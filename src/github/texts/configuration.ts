/** What is wrong with a repository's own playbooks, guides, agents, settings and specifications, for the issue and for the pull request. */
import type { ConfigurationFound } from "../../control/ports/configuration.ts";
import { repositoryFolder, type ConfigurationFault } from "../../core/repository-files.ts";
import { specsFolder, type SpecificationsFound } from "../../core/spec-to-start.ts";
import type { CheckAnnotation, CheckText } from "./check.ts";
import { code, oneLine, plain } from "./escape.ts";
import type { Say } from "./words.ts";

/** A comment is read by people: what is more than this is mended in a second round. */
const shownMax = 20;
const annotationsMax = 100;
const messageCharactersMax = 1_000;
const labelsMax = 20;

/** One line of a list for each, with file, line, field and what was expected. */
export function faultList(faults: readonly ConfigurationFault[], say: Say): string {
  const more = faults.length > shownMax ? [say`- and ${faults.length - shownMax} more`] : [];
  return [
    ...faults.slice(0, shownMax).map((fault) => `- ${placeOf(fault, say)}: ${plain(fault.message, 500)}`),
    ...more,
  ].join("\n");
}

function placeOf({ file, line }: ConfigurationFault, say: Say): string {
  const place = code(line === null ? file : `${file}:${line}`, 200);
  return isOwn(file) ? place : say`${place} (built in)`;
}

function isOwn(file: string): boolean {
  return file.startsWith(".github/") || file.startsWith(`${specsFolder}/`);
}

export function configurationCheckText(
  { faults, labels }: ConfigurationFound,
  say: Say,
): Pick<CheckText, "conclusion" | "title" | "summary" | "annotations"> {
  if (faults.length === 0) {
    const named = labels.slice(0, labelsMax).map((label) => code(label, 50));
    const holds = say`Playbooks, guides and agents in ${code(repositoryFolder)} hold for tasks that are created after the merge, the settings for all.`;
    return {
      conclusion: "success",
      title: say`The configuration can be read`,
      summary: named.length === 0 ? holds : `${holds} ${say`Labels of its own playbooks: ${named.join(", ")}.`}`,
      annotations: [],
    };
  }
  return {
    conclusion: "failure",
    title: say.count(faults.length, "fault in the configuration", "faults in the configuration"),
    summary: `${say`After a merge, labels of playbooks with a fault would start nothing, and faulty settings would hold up every run.`}\n\n${faultList(faults, say)}`,
    annotations: faults
      .filter(({ file }) => isOwn(file))
      .slice(0, annotationsMax)
      .map(annotationOf),
  };
}

export function specificationsCheckText(
  { faults, looked }: SpecificationsFound,
  say: Say,
): Pick<CheckText, "conclusion" | "title" | "summary" | "annotations"> {
  const folder = code(`${specsFolder}/active`);
  if (faults.length === 0) {
    return {
      conclusion: "success",
      title: say`The specifications are valid`,
      summary: say`${say.count(looked, "specification", "specifications")} in ${folder}, and nothing is wrong there.`,
      annotations: [],
    };
  }
  return {
    conclusion: "failure",
    title: say.count(faults.length, "fault in the specifications", "faults in the specifications"),
    summary: `${say`A faulty specification starts no task, and its progress is not kept. Mend these in ${folder}.`}\n\n${faultList(faults, say)}`,
    annotations: faults.slice(0, annotationsMax).map(annotationOf),
  };
}

/** GitHub wants a line: a fault of the whole file stands at its first. */
function annotationOf({ file, line, rule, message }: ConfigurationFault): CheckAnnotation {
  return {
    path: file,
    line: line ?? 1,
    level: "failure",
    title: rule,
    message: oneLine(message, messageCharactersMax),
  };
}
