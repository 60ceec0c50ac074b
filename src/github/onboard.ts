/** The pull request that sets a repository up: the workflow file, the settings with comments, the issue forms. */
import type { GitHub, Onboarding } from "../control/ports/github.ts";
import { RetryLater } from "../control/ports/retry-later.ts";
import type { Repository } from "../core/events.ts";
import type { Language } from "../core/task-input.ts";
import type { Api } from "./api.ts";
import { commitOnBranch, messageOf, type Head } from "./branch-commits.ts";
import { branchAppearsMs } from "./gate.ts";
import { readPull, updatePull } from "./gate-state.ts";
import { makeLabel } from "./state-label.ts";
import { blobShaOf, versionOf, type OnboardingFile } from "./onboarding-files.ts";
import { withOwnPart } from "./own-part.ts";
import { headOf, ifReachable, nameOf, pathOf, readRepository } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { linksOf } from "./texts/links.ts";
import { hasTrailer, onboardingCommitMessage, trailers } from "./texts/commits.ts";
import { onboardingBegun, onboardingBody, onboardingTitle, playbookLabel } from "./texts/onboarding.ts";
import { sayIn } from "./texts/words.ts";
import { listFiles, readBlobText } from "./tree.ts";
import { mayWriteWorkflows, workflowRights } from "./workflow-rights.ts";

export const onboardingBranch = "phasegate/onboarding";

export interface OnboardingSettings {
  readonly webUrl: string;
  /** Of texts where neither a task nor its repository says (Q22). */
  readonly language: Language;
  readonly actionRef: string;
  readonly appUrl: string;
  readonly onboardingFiles: readonly OnboardingFile[];
}

/** Every step looks for what an earlier try left: the branch by its commit's trailer, the pull request by its branch. */
export async function onboard(
  api: Api,
  settings: OnboardingSettings,
  repository: Repository,
  wanted: Parameters<GitHub["onboard"]>[1],
): Promise<Onboarding> {
  // First of all: where nothing is open and nothing may be opened, this one request is all.
  const pulls = await ifReachable(() => readPulls(api, repository));
  if (pulls === null) return { kind: "none", why: "no-access" };
  const open = pulls.find(({ state }) => state === "open") ?? null;
  if (open === null) {
    // Merged or closed: somebody has decided, and is not asked again.
    if (pulls.length > 0) return { kind: "none", why: "closed-before" };
    if (!wanted.mayOpen) return { kind: "none", why: "not-open" };
  }
  const facts = await ifReachable(() => readRepository(api, repository));
  if (facts === null) return { kind: "none", why: "no-access" };
  const { defaultBranch, isReadOnly } = facts;
  if (isReadOnly) return { kind: "none", why: "read-only" };
  const headSha = await headOf(api, repository, defaultBranch);
  if (headSha === null) return { kind: "none", why: "empty" };
  const all = settings.onboardingFiles.filter(({ label }) => label === null || wanted.starts(label));
  const labels = all.flatMap(({ label }) => label ?? []);
  const missing = await missingFrom(api, settings, repository, headSha, all);
  if (open === null && !missing.some(({ kind }) => kind === "workflow")) return { kind: "none", why: "set-up" };
  const withWorkflow = missing.some(({ kind }) => kind === "workflow") && (await mayWriteWorkflows(api, repository));
  const added = missing.filter(({ kind }) => kind !== "workflow" || withWorkflow);
  if (open === null && added.length === 0) return { kind: "none", why: "nothing-to-add" };
  if (added.length > 0) {
    await commitFiles(api, repository, { startBranch: defaultBranch, isOpen: open !== null }, added, withWorkflow);
  }
  const pullRequest = open?.number ?? (await openPull(api, settings, repository, defaultBranch));
  // What is withheld a person may have added to the branch since, and to a branch that is a person's we added nothing new.
  const branchSha = (await headOf(api, repository, onboardingBranch)) ?? headSha;
  const lacking = await missingFrom(api, settings, repository, branchSha, missing);
  const byHand = lacking.filter((file) => !added.includes(file));
  const files = missing.filter((file) => !lacking.includes(file));
  await describe(api, settings, repository, { pullRequest, defaultBranch, files, byHand, labels, wanted });
  // GitHub leaves a form's label off where the repository has no such label.
  for (const label of labels) await makeLabel(api, repository, playbookLabel(label, sayIn(settings.language)));
  return { kind: open === null ? "opened" : "updated", pullRequest };
}

/** Open and closed ones, newest first. */
async function readPulls(api: Api, repository: Repository) {
  const { data } = await api.read({
    repository,
    permissions: { pull_requests: "read" },
    doing: `looking for the pull request of ${onboardingBranch} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.pulls.list({
        ...pathOf(repository),
        state: "all",
        head: `${repository.owner}:${onboardingBranch}`,
      }),
  });
  return data.filter((pull) => pull.head.ref === onboardingBranch);
}

/** What the default branch lacks. Settings and forms belong to the repository once they are there; the workflow file has to fit the app. */
async function missingFrom(
  api: Api,
  { actionRef, appUrl }: OnboardingSettings,
  repository: Repository,
  headSha: string,
  all: readonly OnboardingFile[],
): Promise<readonly OnboardingFile[]> {
  const there = new Map((await listFiles(api, repository, headSha)).map((file) => [file.path, file]));
  const missing: OnboardingFile[] = [];
  for (const file of all) {
    const found = there.get(file.path);
    const isCurrent =
      found !== undefined && (file.kind !== "workflow" || (await isCurrentWorkflow(found.sha, file.text)));
    if (!isCurrent) missing.push(file);
  }
  return missing;

  /** As we hand it out, or changed by hand around the two lines that count. */
  async function isCurrentWorkflow(sha: string, text: string): Promise<boolean> {
    if (sha === blobShaOf(text)) return true;
    const found = await readBlobText(api, repository, sha);
    return found !== null && found.includes(actionRef) && found.includes(appUrl);
  }
}

async function commitFiles(
  api: Api,
  repository: Repository,
  branch: { readonly startBranch: string; readonly isOpen: boolean },
  files: readonly OnboardingFile[],
  withWorkflow: boolean,
): Promise<void> {
  const version = versionOf(files);
  const permissions = withWorkflow ? workflowRights : ({ contents: "write" } as const);
  const isNew = (await headOf(api, repository, onboardingBranch)) === null;
  await commitOnBranch(api, repository, {
    branch: onboardingBranch,
    startBranch: branch.startBranch,
    message: onboardingCommitMessage(version, isNew),
    allowEmpty: false,
    permissions,
    treeOf: async (head) => ((await staysAs(head)) ? head.treeSha : treeWith(head)),
  });

  /** It has these files, or people committed to the open pull request: its files are theirs from then on. */
  async function staysAs({ commitSha }: Head): Promise<boolean> {
    const message = await messageOf(api, repository, commitSha);
    if (hasTrailer(message, trailers.onboarding, version)) return true;
    return branch.isOpen && !message.includes(`${trailers.onboarding}: `);
  }

  async function treeWith({ treeSha }: Head): Promise<string> {
    const { data } = await api.write({
      repository,
      permissions,
      doing: `making a tree in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.git.createTree({
          ...pathOf(repository),
          base_tree: treeSha,
          tree: files.map(({ path, text }) => ({
            path,
            mode: "100644" as const,
            type: "blob" as const,
            content: text,
          })),
        }),
    });
    return data.sha;
  }
}

async function openPull(
  api: Api,
  { language }: OnboardingSettings,
  repository: Repository,
  base: string,
): Promise<number> {
  const say = sayIn(language);
  try {
    const { data } = await api.write({
      repository,
      // Making a pull request reads both branches.
      permissions: { pull_requests: "write", contents: "read" },
      doing: `opening the pull request of ${onboardingBranch} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.pulls.create({
          ...pathOf(repository),
          head: onboardingBranch,
          base,
          title: onboardingTitle(say),
          body: withOwnPart(onboardingBegun(say), say),
        }),
    });
    return data.number;
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.status !== 422) throw error;
    // Made by an earlier try after our look, or the branch is not known yet to the server that we asked.
    const made = (await readPulls(api, repository)).find(({ state }) => state === "open");
    if (made !== undefined) return made.number;
    if (/no commits between|head invalid/iu.test(error.reason)) {
      throw new RetryLater(error.message, branchAppearsMs, { cause: error });
    }
    throw error;
  }
}

/** What people wrote around our part of the body stays. */
async function describe(
  api: Api,
  settings: OnboardingSettings,
  repository: Repository,
  about: {
    readonly pullRequest: number;
    readonly defaultBranch: string;
    readonly files: readonly OnboardingFile[];
    readonly byHand: readonly OnboardingFile[];
    readonly labels: readonly string[];
    readonly wanted: Parameters<GitHub["onboard"]>[1];
  },
): Promise<void> {
  const { pullRequest, defaultBranch, files, byHand, labels, wanted } = about;
  const say = sayIn(settings.language);
  const text = onboardingBody({
    files,
    byHand,
    findings: await wanted.examine(),
    links: linksOf(settings.webUrl, repository),
    branch: onboardingBranch,
    defaultBranch,
    labels,
    say,
  });
  const current = (await readPull(api, repository, pullRequest))?.body ?? "";
  const body = withOwnPart(text, say, current);
  if (body !== current) await updatePull(api, repository, pullRequest, { body });
}
