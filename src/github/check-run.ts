import { createHash } from "node:crypto";
import type { ConfigurationFound } from "../control/ports/configuration.ts";
import type { Spoken } from "../control/ports/notices.ts";
import type { Log } from "../control/ports/surroundings.ts";
import type { CheckShown } from "../control/ports/task-view.ts";
import type { Repository } from "../core/events.ts";
import type { SpecificationsFound } from "../core/spec-to-start.ts";
import type { Language } from "../core/task-input.ts";
import type { PhaseProgress } from "../core/state.ts";
import type { Api, Octokit } from "./api.ts";
import { headOf, nameOf, pathOf, readOrNull } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { checkText, finalCheckText, type CheckAnnotation, type CheckText } from "./texts/check.ts";
import { configurationCheckText, specificationsCheckText } from "./texts/configuration.ts";
import { linksOf } from "./texts/links.ts";
import { languageOf, sayIn, type Say } from "./texts/words.ts";

/** Branch protection names them; they must never change. */
const checkName = "Phasegate";
const configurationCheckName = "Phasegate configuration";
const specificationsCheckName = "Phasegate specifications";

/** GitHub takes no more in one request, and adds those of each to the ones before. */
const annotationsPerRequest = 50;
const checksPerPage = 100;

export interface CheckSettings {
  readonly appId: number;
  readonly webUrl: string;
  /** Of texts where neither a task nor its repository says (Q22). */
  readonly language: Language;
  readonly log: Log;
}

export type ShowCheck = (repository: Repository, check: CheckShown) => Promise<void>;

/** Makes the check run of the branch's head, or brings it up to date; nothing where the app was not given the right. */
export function createShowCheck(api: Api, settings: CheckSettings): ShowCheck {
  const show = createShow(api, settings);

  return async (repository, { view, phase, branch }) => {
    const head = await headOf(api, repository, branch);
    if (head === null) return;
    const progress = view.task.phases.find((candidate) => candidate.phase === phase);
    const links = linksOf(settings.webUrl, repository);
    const say = sayIn(languageOf(view.task, settings.language));
    const text =
      phase === null
        ? finalCheckText(view, head, links, say)
        : checkText({ view, phase, links, say, isVerified: await hasVerifiedFiles(api, repository, progress, head) });
    await show(repository, head, {
      name: checkName,
      text,
      externalId: `${view.task.taskId}/${phase ?? "final"}/${text.attempt}`,
      detailsUrl: (phase === null ? view.task.finalGate?.url : progress?.gate?.url) ?? null,
    });
  };
}

/** The same of a commit's own playbooks, guides, agents and settings. */
export function createShowConfigurationCheck(api: Api, settings: CheckSettings): ShowFound<ConfigurationFound> {
  return createShowFound(api, settings, { name: configurationCheckName, id: "configuration" }, configurationCheckText);
}

/** The same of a commit's specifications. */
export function createShowSpecificationsCheck(api: Api, settings: CheckSettings): ShowFound<SpecificationsFound> {
  return createShowFound(
    api,
    settings,
    { name: specificationsCheckName, id: "specifications" },
    specificationsCheckText,
  );
}

type ShowFound<Found> = (repository: Repository, headSha: string, found: Found, spoken: Spoken) => Promise<void>;

function createShowFound<Found>(
  api: Api,
  settings: CheckSettings,
  { name, id }: { readonly name: string; readonly id: string },
  textOf: (found: Found, say: Say) => Wanted["text"],
): ShowFound<Found> {
  const show = createShow(api, settings);

  return async (repository, headSha, found, spoken) => {
    // Annotations can only be added: other faults, as after a change of what the installation allows, get a check run of their own.
    const digest = createHash("sha256").update(JSON.stringify(found)).digest("hex");
    const text = textOf(found, sayIn(languageOf(spoken, settings.language)));
    await show(repository, headSha, { name, text, externalId: `${id}/${digest}`, detailsUrl: null });
  };
}

/** Our own commit on top changes no file, so what was verified below it is verified there. */
async function hasVerifiedFiles(
  api: Api,
  repository: Repository,
  progress: PhaseProgress | undefined,
  head: string,
): Promise<boolean> {
  const verifiedSha = progress?.verification?.headSha;
  if (verifiedSha === undefined) return false;
  // Changes that were refused never became a commit: what was found wanting is so whatever the head.
  if (verifiedSha === "" || verifiedSha === head) return true;
  const verifiedTree = await treeOf(api, repository, verifiedSha);
  return verifiedTree !== null && verifiedTree === (await treeOf(api, repository, head));
}

/** Null where the commit is gone. */
async function treeOf(api: Api, repository: Repository, sha: string): Promise<string | null> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { contents: "read" },
    doing: `reading the commit ${sha} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.git.getCommit({ ...pathOf(repository), commit_sha: sha }),
  });
  return answer?.data.tree.sha ?? null;
}

/** Writes one check run of a commit; nothing, but a word in the log, where the app was not given the right. */
function createShow(api: Api, settings: CheckSettings) {
  /** Repositories, by id, for whom it was said that the right is missing. */
  const warned = new Set<number>();

  return async (repository: Repository, head: string, wanted: Wanted): Promise<void> => {
    try {
      await show(repository, head, wanted);
    } catch (error) {
      if (!(error instanceof RequestFailed) || (error.status !== 403 && error.status !== 404)) throw error;
      if (warned.has(repository.repositoryId)) return;
      warned.add(repository.repositoryId);
      settings.log.warn(
        { repository: nameOf(repository), err: error },
        "no check run: the app may not write checks there",
      );
    }
  };

  async function show(repository: Repository, head: string, wanted: Wanted): Promise<void> {
    const { text } = wanted;
    const there = await find(repository, head, wanted);
    if (there === null) {
      await addAnnotations(repository, await create(repository, head, wanted), text, annotationsPerRequest);
    } else if (saysTheSame(there, wanted)) {
      await addAnnotations(repository, there.id, text, there.output.annotations_count);
    } else {
      await update(repository, there, wanted);
    }
  }

  /** Ours of this attempt. An earlier one on the same commit stays as it was: GitHub shows the newest of a name. */
  async function find(repository: Repository, head: string, { name, externalId }: Wanted): Promise<CheckRun | null> {
    const { data } = await api.read({
      repository,
      permissions: { checks: "write" },
      doing: `looking for the check run of ${head} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.checks.listForRef({
          ...pathOf(repository),
          ref: head,
          check_name: name,
          app_id: settings.appId,
          filter: "all",
          per_page: checksPerPage,
        }),
    });
    const ours = data.check_runs.filter((run) => run.app?.id === settings.appId && run.name === name);
    return ours.find((run) => run.external_id === externalId) ?? null;
  }

  async function create(repository: Repository, head: string, wanted: Wanted): Promise<number> {
    const { data } = await api.write({
      repository,
      permissions: { checks: "write" },
      doing: `making the check run of ${head} in ${nameOf(repository)}`,
      made: `check ${head} ${wanted.externalId} ${wanted.name}`,
      send: (octokit) =>
        octokit.rest.checks.create({
          ...pathOf(repository),
          name: wanted.name,
          head_sha: head,
          external_id: wanted.externalId,
          ...stateOf(wanted),
          output: outputOf(wanted.text, 0),
        }),
    });
    return data.id;
  }

  async function update(repository: Repository, there: CheckRun, wanted: Wanted): Promise<void> {
    const from = there.output.annotations_count;
    await send(repository, there.id, { ...stateOf(wanted), output: outputOf(wanted.text, from) });
    await addAnnotations(repository, there.id, wanted.text, from + annotationsPerRequest);
  }

  /** Those that one request could not take. */
  async function addAnnotations(
    repository: Repository,
    checkRunId: number,
    text: Wanted["text"],
    from: number,
  ): Promise<void> {
    for (let next = from; next < text.annotations.length; next += annotationsPerRequest) {
      await send(repository, checkRunId, { output: outputOf(text, next) });
    }
  }

  async function send(
    repository: Repository,
    checkRunId: number,
    change: Partial<ReturnType<typeof stateOf>> & { readonly output: ReturnType<typeof outputOf> },
  ): Promise<void> {
    await api.write({
      repository,
      permissions: { checks: "write" },
      doing: `bringing the check run ${checkRunId} of ${nameOf(repository)} up to date`,
      send: (octokit) => octokit.rest.checks.update({ ...pathOf(repository), check_run_id: checkRunId, ...change }),
    });
  }
}

interface Wanted {
  readonly name: string;
  readonly text: Pick<CheckText, "conclusion" | "title" | "summary" | "annotations">;
  /** By it a repeat finds the one of its attempt again. */
  readonly externalId: string;
  readonly detailsUrl: string | null;
}

type CheckRun = Awaited<ReturnType<Octokit["rest"]["checks"]["listForRef"]>>["data"]["check_runs"][number];

function saysTheSame(there: CheckRun, { text, detailsUrl }: Wanted): boolean {
  return (
    there.status === (text.conclusion === null ? "in_progress" : "completed") &&
    there.conclusion === text.conclusion &&
    there.output.title === text.title &&
    there.output.summary === text.summary &&
    (detailsUrl === null || there.details_url === detailsUrl)
  );
}

function stateOf({ text: { conclusion }, detailsUrl }: Wanted) {
  const details = detailsUrl === null ? {} : { details_url: detailsUrl };
  return conclusion === null
    ? { ...details, status: "in_progress" as const }
    : { ...details, status: "completed" as const, conclusion };
}

function outputOf({ title, summary, annotations }: Wanted["text"], from: number) {
  const some = annotations.slice(from, from + annotationsPerRequest).map(annotationFrom);
  return { title, summary, ...(some.length === 0 ? {} : { annotations: some }) };
}

function annotationFrom({ path, line, level, title, message }: CheckAnnotation) {
  return { path, start_line: line, end_line: line, annotation_level: level, title, message };
}
