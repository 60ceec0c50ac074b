import type { Clock } from "../control/ports/surroundings.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Call } from "../github/api.ts";
import { findInstalled } from "../github/installed.ts";
import { headOf, nameOf, pathOf, readOrNull, readRepository } from "../github/repository.ts";
import { RequestFailed } from "../github/request-failed.ts";
import { settingsPath } from "../github/settings-file.ts";
import { createFolderLister } from "../github/list-folder.ts";
import { createSettingsReader } from "../github/settings.ts";
import { linksOf, newWorkflowLink, type Links } from "../github/texts/links.ts";
import { readWorkflowFile, workflowFileName, workflowPath } from "../github/workflow-file.ts";
import { triggersOf, type WorkflowTriggers } from "../github/workflow-triggers.ts";
import { listWorkflowFiles, readWorkflowText } from "../github/workflow-texts.ts";
import type { AppRights } from "../setup/app-manifest.ts";
import { fault, guarded, ok, warning, type Finding } from "./finding.ts";
import { tightest, type Network } from "../core/network.ts";
import type { SettingsFound } from "../core/settings.ts";
import { compareRights } from "./compare-rights.ts";
import { networkFindings } from "./network-findings.ts";
import { workflowFindings } from "./workflow-findings.ts";

export interface RepositoryExamination {
  readonly api: Api;
  readonly webUrl: string;
  readonly actionRef: string;
  readonly publicUrl: string;
  /** Of the App, as GitHub knows it. */
  readonly slug: string;
  /** What the App asks for. */
  readonly rights: AppRights;
  readonly clock: Clock;
  readonly mcpHosts: readonly string[];
  /** Most that runs may reach, as the operator says. */
  readonly network: Network;
}

const modelSecrets = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"];
const secretsPerPage = 100;
const jobsPerPage = 30;

/** Whether the app can work in one repository. */
export async function examineRepository(
  examination: RepositoryExamination,
  owner: string,
  name: string,
): Promise<readonly Finding[]> {
  return await guarded("repository", async () => {
    const installed = await findInstallation(examination, owner, name);
    if ("level" in installed) return [installed];
    const { repository, permissions } = installed;
    const { defaultBranch } = await readRepository(examination.api, repository);
    const links = linksOf(examination.webUrl, repository);
    const there = ok("repository", `${nameOf(repository)} has the App`);
    const headSha = await headOf(examination.api, repository, defaultBranch);
    if (headSha === null) {
      const mend = `${examination.webUrl}/${nameOf(repository)}/new/${defaultBranch}?filename=README.md`;
      return [there, fault("repository", `${nameOf(repository)} has no commit yet`, mend)];
    }
    return [
      there,
      ...permissions,
      ...(await guarded("workflow-file", () => examineWorkflow(examination, repository, defaultBranch, links))),
      ...(await guarded("actions", () => examineActions(examination.api, repository, links))),
      ...(await guarded("model-credential", () => examineCredential(examination.api, repository, links))),
      ...(await guarded("added-names", () => examineNames(examination.api, repository, links))),
      ...(await guarded("repository-settings", () => examineSettings(examination, repository, defaultBranch, headSha))),
      ...(await guarded("checks", () => examineChecks(examination.api, repository, headSha, links))),
      ...(await guarded("ci", () => examineCi(examination.api, repository, headSha, links))),
      ...(await guarded("branch-protection", () =>
        examineProtection(examination.api, repository, defaultBranch, links),
      )),
      ...(await guarded("agent-user", () => examineRunner(examination, repository, headSha))),
    ];
  });
}

/** The repository with the ids that tokens need and what its owner gives the App, or why there is none. */
async function findInstallation(
  { api, webUrl, slug, rights }: RepositoryExamination,
  owner: string,
  name: string,
): Promise<{ readonly repository: Repository; readonly permissions: readonly Finding[] } | Finding> {
  const install = `${webUrl}/apps/${slug}/installations/new`;
  try {
    const found = await findInstalled(api, owner, name);
    const { installation } = found;
    if (installation.suspended_at !== null)
      return fault("repository", `the App is suspended in ${owner}/${name}`, installation.html_url);
    const given = { permissions: { ...installation.permissions }, events: installation.events };
    return {
      repository: await found.repository(),
      // What it gives beyond app.yml is for the operator to know, and hinders no task.
      permissions: compareRights(rights, given, {
        check: "installation",
        who: "the installation",
        mend: installation.html_url,
      }).filter(({ message }) => !message.includes("more than app.yml asks for")),
    };
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 404)
      return fault(
        "repository",
        `the App is not installed in ${owner}/${name}, or there is no such repository`,
        install,
      );
    throw error;
  }
}

async function examineWorkflow(
  { api, actionRef, publicUrl, webUrl }: RepositoryExamination,
  repository: Repository,
  branch: string,
  links: Links,
): Promise<readonly Finding[]> {
  const text = readWorkflowFile({ actionRef, appUrl: publicUrl });
  const answer = await readOrNull(api, {
    repository,
    permissions: { contents: "read" },
    doing: `reading ${workflowPath} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.getContent({ ...pathOf(repository), path: workflowPath, ref: branch }),
  });
  if (answer === null || Array.isArray(answer.data) || answer.data.type !== "file") {
    const message = `${workflowPath} is not on ${branch}`;
    return [fault("workflow-file", message, newWorkflowLink(links, branch, text))];
  }
  const editUrl = `${webUrl}/${nameOf(repository)}/edit/${branch}/${workflowPath}`;
  const found = Buffer.from(answer.data.content, "base64").toString("utf8");
  return workflowFindings(found, { text, actionRef, appUrl: publicUrl, editUrl });
}

/** The setting itself needs a permission that the App does not ask for; the workflow's own state does not. */
async function examineActions(api: Api, repository: Repository, links: Links): Promise<readonly Finding[]> {
  const setting = await readIfAllowed(api, {
    repository,
    permissions: { administration: "read" },
    doing: `reading the Actions setting of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.getGithubActionsPermissionsRepository(pathOf(repository)),
  });
  if (setting !== "unreadable" && setting?.data.enabled === false)
    return [fault("actions", "Actions are switched off", links.actionsSettings)];
  if (setting !== "unreadable" && setting?.data.allowed_actions === "local_only")
    return [fault("actions", "only actions of this repository itself are allowed", links.actionsSettings)];
  const workflow = await readIfAllowed(api, {
    repository,
    permissions: { actions: "read" },
    doing: `reading the state of ${workflowPath} in ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.getWorkflow({ ...pathOf(repository), workflow_id: workflowFileName }),
  });
  if (workflow === "unreadable")
    return [warning("actions", "whether Actions are on cannot be read", links.actionsSettings)];
  if (workflow === null)
    return [
      warning(
        "actions",
        "GitHub lists no such workflow yet: its file is missing, or Actions are off",
        links.actionsSettings,
      ),
    ];
  if (workflow.data.state !== "active")
    return [fault("actions", `the workflow is switched off (${workflow.data.state})`, links.workflowRuns)];
  return [ok("actions", "GitHub lists the workflow as active")];
}

async function examineCredential(api: Api, repository: Repository, links: Links): Promise<readonly Finding[]> {
  const asked = {
    repository,
    permissions: { secrets: "read" },
    doing: `reading the names of secrets of ${nameOf(repository)}`,
  } as const;
  const paged = { ...pathOf(repository), per_page: secretsPerPage };
  const own = await readIfAllowed(api, { ...asked, send: (octokit) => octokit.rest.actions.listRepoSecrets(paged) });
  const shared = await readIfAllowed(api, {
    ...asked,
    send: (octokit) => octokit.rest.actions.listRepoOrganizationSecrets(paged),
  });
  if (own === "unreadable") {
    const mend = `Accept the permission secrets: read, or look yourself: ${links.secrets}`;
    return [warning("model-credential", "names of secrets cannot be read", mend)];
  }
  const names = [...(own?.data.secrets ?? []), ...(shared === "unreadable" ? [] : (shared?.data.secrets ?? []))].map(
    ({ name }) => name.toUpperCase(),
  );
  const found = modelSecrets.filter((name) => names.includes(name));
  if (found.length === 0)
    return [fault("model-credential", `there is no secret ${modelSecrets.join(" or ")}`, links.newSecret)];
  return [ok("model-credential", `the secret ${found.join(" and ")} is there (its value can't be read)`)];
}

/** Whether what people add for the agent is noticed by itself. */
async function examineNames(api: Api, repository: Repository, links: Links): Promise<readonly Finding[]> {
  const paged = { ...pathOf(repository), per_page: 1 };
  const secrets = await readIfAllowed(api, {
    repository,
    permissions: { secrets: "read" },
    doing: `reading the names of secrets of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.listRepoSecrets(paged),
  });
  const variables = await readIfAllowed(api, {
    repository,
    permissions: { actions_variables: "read" },
    doing: `reading the names of variables of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.listRepoVariables(paged),
  });
  if (secrets === "unreadable")
    return [
      warning(
        "added-names",
        "a secret or variable that somebody adds for the agent is not noticed by itself: people must comment /provided NAME",
        `Accept the permission secrets: read for the App: ${links.installations}`,
      ),
    ];
  if (variables === "unreadable")
    return [
      warning(
        "added-names",
        "a variable that somebody adds for the agent is not noticed by itself: people must comment /provided NAME",
        `Accept the permission variables: read for the App: ${links.installations}`,
      ),
    ];
  return [ok("added-names", "secrets and variables that people add for the agent are noticed by name")];
}

/** A file that can't be read stops every task at its next run. */
async function examineSettings(
  examination: RepositoryExamination,
  repository: Repository,
  branch: string,
  headSha: string,
): Promise<readonly Finding[]> {
  const { settings, faults } = await readSettingsOf(examination, repository, headSha);
  const file = `${examination.webUrl}/${nameOf(repository)}/blob/${branch}/${settingsPath}`;
  if (faults.length > 0) return faults.map((each) => fault("repository-settings", each, file));
  const { merge, requesterMayApprove, integration, ci } = settings;
  const said = [
    `merge: ${merge}`,
    `requester_may_approve: ${requesterMayApprove}`,
    `integration: ${integration}`,
    `ci: ${ci ?? "ready, or approved where workflows hold secrets or a write token"}`,
  ];
  return [ok("repository-settings", said.join(", "))];
}

async function readSettingsOf(
  { api, clock, mcpHosts }: RepositoryExamination,
  repository: Repository,
  headSha: string,
): Promise<SettingsFound> {
  return await createSettingsReader({ api, list: createFolderLister(api), clock, mcpHosts }).readSettings(
    repository,
    headSha,
  );
}

/** Whether the app can show its own verdict as a check, and read those of other services. */
async function examineChecks(
  api: Api,
  repository: Repository,
  headSha: string,
  links: Links,
): Promise<readonly Finding[]> {
  const asked = { ...pathOf(repository), ref: headSha, per_page: 1 };
  const checks = await readIfAllowed(api, {
    repository,
    permissions: { checks: "write" },
    doing: `reading the check runs of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.checks.listForRef(asked),
  });
  const statuses = await readIfAllowed(api, {
    repository,
    permissions: { statuses: "read" },
    doing: `reading the statuses of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.getCombinedStatusForRef(asked),
  });
  const findings: Finding[] = [];
  if (checks === "unreadable")
    findings.push(
      warning(
        "checks",
        "no check run will show how a phase was verified, and check runs of other services count for nothing",
        `Accept the permission checks: write for the App: ${links.installations}`,
      ),
    );
  if (statuses === "unreadable")
    findings.push(
      warning(
        "checks",
        "commit statuses of other services count for nothing",
        `Accept the permission commit statuses: read for the App: ${links.installations}`,
      ),
    );
  return findings.length > 0 ? findings : [ok("checks", "checks can be shown, and those of other services are read")];
}

/** What else looks at a gate than Phasegate's own checks. */
async function examineCi(api: Api, repository: Repository, headSha: string, links: Links): Promise<readonly Finding[]> {
  const files = await listWorkflowFiles(api, repository, headSha);
  if (files === null) return [ok("ci", "there are more workflows than are looked at")];
  const found: WorkflowTriggers[] = [];
  for (const file of files) {
    const triggers = triggersOf(file.path, await readWorkflowText(api, repository, file));
    if (triggers !== null) found.push(triggers);
  }
  if (found.length > 0)
    return [ok("ci", `workflows on push or pull request: ${found.map(({ name }) => name).join(", ")}`)];
  const message = "no workflow of this repository runs on pull requests, so only Phasegate's own checks look at one";
  return [warning("ci", message, links.newWorkflow)];
}

const rulesPerPage = 100;

/** Of the newer rules anybody may read what they are, of the older protection only whether it is there. */
async function examineProtection(
  api: Api,
  repository: Repository,
  branch: string,
  links: Links,
): Promise<readonly Finding[]> {
  const rules = await readIfAllowed(api, {
    repository,
    permissions: { metadata: "read" },
    doing: `reading the rules of ${branch} in ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.getBranchRules({ ...pathOf(repository), branch, per_page: rulesPerPage }),
  });
  const types = rules === "unreadable" || rules === null ? [] : rules.data.map(({ type }) => type);
  const read = await readIfAllowed(api, {
    repository,
    permissions: { contents: "read" },
    doing: `reading the branch ${branch} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.getBranch({ ...pathOf(repository), branch }),
  });
  const isProtected = read !== "unreadable" && read?.data.protected === true;
  if (types.length > 0) return [ok("branch-protection", `${branch} has rules: ${[...new Set(types)].join(", ")}`)];
  if (isProtected) return [ok("branch-protection", `${branch} is protected`)];
  const message = `${branch} has no rule: people can push to it past a review, and merge a pull request whose check "Phasegate" failed`;
  return [warning("branch-protection", message, links.rules)];
}

/** GitHub's own runners can make a user for the agent; what others can, the newest job hints at. */
async function examineRunner(
  examination: RepositoryExamination,
  repository: Repository,
  headSha: string,
): Promise<readonly Finding[]> {
  const { api } = examination;
  const { settings } = await readSettingsOf(examination, repository, headSha);
  const network = tightest(examination.network, settings.network);
  const permissions = { actions: "read" } as const;
  const doing = `looking at the newest run in ${nameOf(repository)}`;
  const runs = await readIfAllowed(api, {
    repository,
    permissions,
    doing,
    send: (octokit) =>
      octokit.rest.actions.listWorkflowRuns({ ...pathOf(repository), workflow_id: workflowFileName, per_page: 1 }),
  });
  const newest = runs === "unreadable" ? undefined : runs?.data.workflow_runs[0];
  if (newest === undefined)
    return [
      ok("agent-user", "no run yet; GitHub's own runners can give the agent a user of its own"),
      ...networkFindings(network, []),
    ];
  const jobs = await readIfAllowed(api, {
    repository,
    permissions,
    doing,
    send: (octokit) =>
      octokit.rest.actions.listJobsForWorkflowRun({ ...pathOf(repository), run_id: newest.id, per_page: jobsPerPage }),
  });
  const labels = jobs === "unreadable" || jobs === null ? [] : jobs.data.jobs.flatMap((job) => job.labels);
  const own = labels.filter((label) => !/^(?:ubuntu)-/u.test(label));
  if (own.length === 0) {
    return [ok("agent-user", "the newest run was on a runner of GitHub's, on Linux"), ...networkFindings(network, [])];
  }
  return [
    warning(
      "agent-user",
      `the newest run asked for a runner with the labels ${own.join(", ")}; the agent needs a user of its own there`,
      "On such a runner (Linux, as its service's user), this must print 0: sudo -n id -u && command -v useradd setpriv. Or set the repository variable PHASEGATE_RUNNER to ubuntu-latest.",
    ),
    ...networkFindings(network, own),
  ];
}

/** Null where there is nothing of the kind. */
async function readIfAllowed<Result>(api: Api, call: Call<Result>): Promise<Result | "unreadable" | null> {
  try {
    return await readOrNull(api, call);
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 403) return "unreadable";
    throw error;
  }
}
