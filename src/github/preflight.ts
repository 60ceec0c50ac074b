import type { Preflight } from "../control/ports/github.ts";
import type { Repository } from "../core/events.ts";
import { defaultSettings } from "../core/settings.ts";
import type { Api } from "./api.ts";
import { isSensitiveWorkflow, type DefaultToken } from "./ci-sensitivity.ts";
import { headOf, nameOf, pathOf, readIfAllowed, readOrNull, readRepository } from "./repository.ts";
import { faultsText } from "./settings-file.ts";
import type { ReadSettings } from "./settings.ts";
import { workflowFileName, workflowPath } from "./workflow-file.ts";
import { listWorkflowFiles, readWorkflowText } from "./workflow-texts.ts";

const modelSecrets = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"];
const secretsPerPage = 100;

/** What must be so before a run can start, in the order in which a person would mend it. */
export async function preflight(api: Api, readSettings: ReadSettings, repository: Repository): Promise<Preflight> {
  const { defaultBranch } = await readRepository(api, repository);
  const headSha = await headOf(api, repository, defaultBranch);
  if (headSha === null) {
    const fault = { kind: "empty-repository" } as const;
    return { fault, defaultBranch, headSha: "", ciIsSensitive: false, settings: defaultSettings };
  }
  const { settings, faults } = await readSettings(repository, headSha);
  const ofSettings = faults.length === 0 ? null : ({ kind: "settings-invalid", message: faultsText(faults) } as const);
  return {
    fault: (await faultOf(api, repository, defaultBranch)) ?? ofSettings,
    defaultBranch,
    headSha,
    ciIsSensitive: await ciIsSensitive(api, repository, headSha),
    settings,
  };
}

async function faultOf(api: Api, repository: Repository, defaultBranch: string): Promise<Preflight["fault"]> {
  if (!(await hasWorkflowFile(api, repository, defaultBranch))) return { kind: "no-workflow-file" };
  if (await actionsAreOff(api, repository)) return { kind: "actions-disabled" };
  if (await modelSecretIsMissing(api, repository)) return { kind: "no-model-secret" };
  return null;
}

async function hasWorkflowFile(api: Api, repository: Repository, ref: string): Promise<boolean> {
  const answer = await readOrNull(api, {
    repository,
    permissions: { contents: "read" },
    doing: `looking for ${workflowPath} in ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.getContent({ ...pathOf(repository), path: workflowPath, ref }),
  });
  return answer !== null;
}

/** The setting itself needs a permission that most installations do not give; the workflow's own state does not. */
async function actionsAreOff(api: Api, repository: Repository): Promise<boolean> {
  const setting = await readIfAllowed(api, {
    repository,
    permissions: { administration: "read" },
    doing: `reading the Actions setting of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.getGithubActionsPermissionsRepository(pathOf(repository)),
  });
  if (setting?.data.enabled === false) return true;
  const workflow = await readIfAllowed(api, {
    repository,
    permissions: { actions: "read" },
    doing: `reading the state of ${workflowPath} in ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.getWorkflow({ ...pathOf(repository), workflow_id: workflowFileName }),
  });
  return workflow?.data.state.startsWith("disabled") ?? false;
}

/** False where the names may not be read: then the run itself will tell. */
async function modelSecretIsMissing(api: Api, repository: Repository): Promise<boolean> {
  const permissions = { secrets: "read" } as const;
  const doing = `reading the names of the secrets of ${nameOf(repository)}`;
  const own = await readIfAllowed(api, {
    repository,
    permissions,
    doing,
    send: (octokit) => octokit.rest.actions.listRepoSecrets({ ...pathOf(repository), per_page: secretsPerPage }),
  });
  if (own === null) return false;
  if (hasModelSecret(own.data.secrets)) return false;
  const shared = await readIfAllowed(api, {
    repository,
    permissions,
    doing,
    send: (octokit) =>
      octokit.rest.actions.listRepoOrganizationSecrets({ ...pathOf(repository), per_page: secretsPerPage }),
  });
  return shared === null || !hasModelSecret(shared.data.secrets);
}

function hasModelSecret(secrets: readonly { readonly name: string }[]): boolean {
  return secrets.some(({ name }) => modelSecrets.includes(name.toUpperCase()));
}

/** Of more files than anybody reads nobody knows: that counts as sensitive. */
async function ciIsSensitive(api: Api, repository: Repository, headSha: string): Promise<boolean> {
  const files = await listWorkflowFiles(api, repository, headSha);
  if (files === null) return true;
  if (files.length === 0) return false;
  const defaultToken = await defaultTokenOf(api, repository);
  for (const file of files) {
    const text = await readWorkflowText(api, repository, file);
    if (text === null || isSensitiveWorkflow(text, defaultToken)) return true;
  }
  return false;
}

async function defaultTokenOf(api: Api, repository: Repository): Promise<DefaultToken> {
  const setting = await readIfAllowed(api, {
    repository,
    permissions: { administration: "read" },
    doing: `reading the default workflow permissions of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository(pathOf(repository)),
  });
  return setting?.data.default_workflow_permissions ?? null;
}
