import type { Language } from "../core/task-input.ts";
import type { Callers } from "../control/ports/callers.ts";
import type { RunEnvironment } from "../control/ports/environment.ts";
import type { GitHub } from "../control/ports/github.ts";
import { specsFolder } from "../core/spec-to-start.ts";
import { createApi, type Api, type ApiOptions } from "./api.ts";
import { createCallers } from "./callers.ts";
import { createShowCheck, createShowConfigurationCheck, createShowSpecificationsCheck } from "./check-run.ts";
import { createCiReader } from "./ci.ts";
import { createComments } from "./comments.ts";
import { arrivedDeliveries, failedDeliveries, redeliver } from "./deliveries.ts";
import { cancelRun, dispatchRun, readRun } from "./dispatch.ts";
import { readEnvelope } from "./envelope.ts";
import { readFailedLogs } from "./failed-logs.ts";
import { authorOf, makeBranch } from "./branch-commits.ts";
import { openFinalGate } from "./final-gate.ts";
import { openGate, presentGate, releaseCi } from "./gate.ts";
import { closeGate, readGate, readReviews, reopenGate } from "./gate-state.ts";
import { hideComment } from "./hide-comment.ts";
import { createFolderLister } from "./list-folder.ts";
import { lastEditorOf } from "./last-editor.ts";
import { closeIssue, readIssue } from "./issue.ts";
import { readInstallations, readInstalled } from "./installed.ts";
import { onboard } from "./onboard.ts";
import { readOnboardingFiles, versionOf } from "./onboarding-files.ts";
import { mergeGate } from "./merge-gate.ts";
import { mergeBaseOf, readMerge } from "./merge-trees.ts";
import { createNames } from "./names.ts";
import { permissionOf } from "./permission.ts";
import { preflight } from "./preflight.ts";
import { findPublished, publish } from "./publish.ts";
import { deleteBranch, headOf, reachOf, readRepository } from "./repository.ts";
import { createRepositoryFilesReader } from "./repository-files.ts";
import { answerThread, readThreads } from "./review-threads.ts";
import { addToRecord, dropRecord, listRecords, readRecord, recordHead } from "./records.ts";
import { requestReview, requiresReview } from "./reviewers.ts";
import { createRunEnvironment } from "./run-environment.ts";
import { createSettingsReader, nothingSet } from "./settings.ts";
import { openSpecIssue } from "./spec-issue.ts";
import { readTree } from "./tree.ts";
import { languageOf, sayIn } from "./texts/words.ts";
import { mayWriteWorkflows } from "./workflow-rights.ts";
import { readVetoBoxes, setVetoBoxes } from "./veto-boxes.ts";
import { readWorkflowFile } from "./workflow-file.ts";

export interface GitHubOptions extends ApiOptions {
  /** Where people see GitHub, e.g. `https://github.com`. */
  readonly webUrl: string;
  /** Of texts where neither a task nor its repository says (Q22). */
  readonly language: Language;
  /** `owner/repo@sha` of our action, as workflow files name it. */
  readonly actionRef: string;
  /** Where runners and people reach this app. */
  readonly appUrl: string;
  /** Of the MCP servers that repositories may name. */
  readonly mcpHosts: readonly string[];
}

export interface GitHubClient extends GitHub {
  /** For the doctor, who looks at what the port has no words for. */
  readonly api: Api;
  /** Of the files that repositories are set up with: the same for the same files. */
  readonly onboardingVersion: string;
  readonly environment: RunEnvironment;
  readonly callers: Callers;
  /** The app's name in addresses; its bot is `<slug>[bot]`. Also the cheapest proof that id and key fit together. */
  appSlug(): Promise<string>;
}

/** The port `GitHub` over GitHub's API. Reads the workflow template at once, so that a broken deployment fails at its start. */
export function createGitHub(options: GitHubOptions): GitHubClient {
  const api = createApi(options);
  const workflowFile = readWorkflowFile(options);
  const onboardingFiles = readOnboardingFiles(options);
  let slug: Promise<string> | null = null;
  const listNames = createNames(api);
  const list = createFolderLister(api);
  const { readSettings, readSettingsFaults } = createSettingsReader({ ...options, api, list });
  const readCi = createCiReader(api, options);
  /** For addresses outside the API, to which no token goes. */
  const outside = { api, fetch: options.fetch ?? fetch, timeoutMs: options.timeoutMs };
  const comments = createComments(api, { ...options, workflowFile, appSlug });

  async function appSlug(): Promise<string> {
    slug ??= api.asApp("asking GitHub who the app is", async (octokit) => {
      const { data } = await octokit.rest.apps.getAuthenticated();
      return data?.slug ?? "";
    });
    try {
      return await slug;
    } catch (error) {
      slug = null;
      throw error;
    }
  }

  return {
    api,
    appSlug,
    onboardingVersion: versionOf(onboardingFiles),
    environment: createRunEnvironment(api),
    callers: createCallers(api),
    permissionOf: (repository, login) => permissionOf(api, repository, login),
    readIssue: (repository, number) => readIssue(api, repository, number),
    openSpecIssue: (repository, spec, label, spoken) =>
      openSpecIssue(api, repository, spec, { label, say: sayIn(languageOf(spoken, options.language)) }),
    closeIssue: (repository, number) => closeIssue(api, repository, number),
    preflight: (repository) => preflight(api, readSettings, repository),
    async readSettings(repository) {
      const { defaultBranch } = await readRepository(api, repository);
      const headSha = await headOf(api, repository, defaultBranch);
      return headSha === null ? nothingSet : readSettings(repository, headSha);
    },
    readRepositoryFiles: createRepositoryFilesReader(api, list),
    readSettingsFaults,
    showConfigurationCheck: createShowConfigurationCheck(api, options),
    async readSpecsSha(repository, sha) {
      const entries = await list(repository, sha, specsFolder);
      return entries.find(({ name, type }) => name === "active" && type === "dir")?.sha ?? "";
    },
    showSpecificationsCheck: createShowSpecificationsCheck(api, options),
    dispatchRun: (repository, run) => dispatchRun(api, repository, run),
    listNames,
    readRun: (repository, workflowRunId) => readRun(api, repository, workflowRunId),
    readEnvelope: (repository, workflowRunId, runId) => readEnvelope(outside, repository, workflowRunId, runId),
    cancelRun: (repository, workflowRunId) => cancelRun(api, repository, workflowRunId),
    async defaultBranchOf(repository) {
      const { defaultBranch } = await readRepository(api, repository);
      return { name: defaultBranch, headSha: (await headOf(api, repository, defaultBranch)) ?? "" };
    },
    authorOf: (repository, sha) => authorOf(api, repository, sha),
    headOf: (repository, branch) => headOf(api, repository, branch),
    mayWriteWorkflows: (repository) => mayWriteWorkflows(api, repository),
    publish: (repository, publication) => publish(api, repository, publication),
    findPublished: (repository, branch, changesetId) => findPublished(api, repository, branch, changesetId),
    mergeBaseOf: (repository, ends) => mergeBaseOf(api, repository, ends),
    readMerge: (repository, ends) => readMerge(api, repository, ends),
    openGate: (repository, gate) => openGate(api, options, repository, gate),
    makeBranch: (repository, branch, sha) => makeBranch(api, repository, branch, sha),
    openFinalGate: (repository, gate) => openFinalGate(api, options, repository, gate),
    readTree: (repository, sha) => readTree(api, repository, sha),
    presentGate: (repository, gate) => presentGate(api, options, repository, gate),
    releaseCi: (repository, gate) => releaseCi(api, repository, gate),
    readGate: (repository, pullRequest) => readGate(api, repository, pullRequest),
    reopenGate: (repository, pullRequest) => reopenGate(api, repository, pullRequest),
    closeGate: (repository, pullRequest) => closeGate(api, repository, pullRequest),
    readReviews: (repository, pullRequest) => readReviews(api, repository, pullRequest),
    readThreads: (repository, pullRequest) => readThreads(api, { appSlug }, repository, pullRequest),
    answerThread: (repository, reply) => answerThread(api, { ...options, appSlug }, repository, reply),
    requestReview: (repository, pullRequest, logins) => requestReview(api, repository, pullRequest, logins),
    requiresReview: (repository, pullRequest) => requiresReview(api, repository, pullRequest),
    deleteBranch: (repository, branch) => deleteBranch(api, repository, branch),
    failedDeliveries: (since, limit) => failedDeliveries(api, since, limit),
    arrivedDeliveries: (since) => arrivedDeliveries(api, since),
    redeliver: (deliveryId) => redeliver(api, deliveryId),
    showStatus: (repository, view) => comments.showStatus(repository, view),
    notify: (...asked) => comments.notify(...asked),
    showFaults: (...asked) => comments.showFaults(...asked),
    showRequest: (repository, shown) => comments.showRequest(repository, shown),
    showCheck: createShowCheck(api, options),
    setVetoBoxes: (repository, pullRequest, boxes) => setVetoBoxes(api, repository, pullRequest, boxes),
    lastEditorOf: (repository, pullRequest) => lastEditorOf(api, repository, pullRequest),
    readVetoBoxes: (repository, pullRequest) => readVetoBoxes(api, repository, pullRequest),
    readCi,
    readFailedLogs: (repository, sha) => readFailedLogs({ ...outside, appId: options.appId }, repository, sha),
    mergeGate: (repository, gate) => mergeGate(api, repository, gate),
    readInstallations: () => readInstallations(api),
    readInstalled: (installationId) => readInstalled(api, installationId),
    onboard: (repository, wanted) => onboard(api, { ...options, onboardingFiles }, repository, wanted),
    reachOf: (repository) => reachOf(api, repository),
    recordHead: (repository, name) => recordHead(api, repository, name),
    addToRecord: (repository, name, addition) => addToRecord(api, repository, name, addition),
    dropRecord: (repository, name) => dropRecord(api, repository, name),
    listRecords: (repository) => listRecords(api, repository),
    readRecord: (repository, commitSha) => readRecord(api, repository, commitSha),
    hideComment: (repository, commentNodeId) => hideComment(api, repository, commentNodeId),
  };
}
