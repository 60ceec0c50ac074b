import { lendSecret, lendVariable } from "./actions-settings.ts";
import { installationJson, userJson } from "./payloads.ts";
import { ourApp } from "./registration.ts";
import type { Json } from "./payloads.ts";
import { findInstallation, fullName, nodeId } from "./state.ts";
import type { Account, Installation, MergeMethod, Permissions, Repository, SandboxContext } from "./state.ts";

/** What owners click together in the settings of a repository or of an installation, by `owner/name` or by the owner's login. */
export type Settings = {
  rename(repository: string, name: string): void;
  archive(repository: string): void;
  unarchive(repository: string): void;
  /** The App loses it unless it is installed at the new owner and gets it there. */
  transfer(repository: string, owner: string): void;
  deleteRepository(repository: string): void;
  /** A rule that a pull request into the branch needs so many approvals. */
  requireReviews(repository: string, branch: string, approvals: number): void;
  /** A rule that a pull request into the branch needs these checks or statuses to pass. */
  requireChecks(repository: string, branch: string, names: readonly string[]): void;
  /** A rule that only the queue merges into the branch. */
  requireMergeQueue(repository: string, branch: string): void;
  allowMerges(repository: string, ...methods: readonly MergeMethod[]): void;
  /** The next readers of a pull request hear that nobody knows yet whether it can be merged. */
  hideMergeability(repository: string, reads: number): void;
  disableWorkflow(repository: string, path: string): void;
  disableActions(repository: string): void;
  /** A secret or variable of the organisation, new or changed, that this repository may use. */
  lendSecret(repository: string, name: string, value: string): void;
  lendVariable(repository: string, name: string, value: string): void;
  suspend(owner: string): void;
  unsuspend(owner: string): void;
  uninstall(owner: string): void;
  /** Anew or on one more repository of its owner. */
  install(repository: string): void;
  /** Takes one repository away from the installation. */
  removeFromInstallation(repository: string): void;
};

export function createSettings(
  context: SandboxContext,
  handle: { readonly repositoryOf: (name: string) => Repository; readonly addUser: (login: string) => Account },
): Settings {
  const { repositoryOf, addUser } = handle;
  const { state } = context;

  function tell(repository: Repository, action: string, extra: Json = {}): void {
    context.emit({ event: "repository", action, repository, sender: repository.owner, payload: extra });
  }

  function installationOf(owner: string): Installation {
    for (const installation of state.installations.values()) {
      if (installation.account.login.toLowerCase() === owner.toLowerCase()) return installation;
    }
    throw new Error(`finding the installation of "${owner}": the App is not installed there`);
  }

  function tellOfInstallation(installation: Installation, action: string, extra: Json = {}): void {
    const payload = { installation: installationJson(context, installation), ...extra };
    context.emit({
      event: "installation",
      action,
      repository: null,
      installation,
      sender: installation.account,
      payload,
    });
  }

  return {
    rename(name, to) {
      const repository = repositoryOf(name);
      const from = repository.name;
      repository.formerNames.push(fullName(repository));
      repository.name = to;
      tell(repository, "renamed", { changes: { repository: { name: { from } } } });
    },
    archive(name) {
      const repository = repositoryOf(name);
      repository.archived = true;
      tell(repository, "archived");
    },
    unarchive(name) {
      const repository = repositoryOf(name);
      repository.archived = false;
      tell(repository, "unarchived");
    },
    transfer(name, owner) {
      const repository = repositoryOf(name);
      const from = userJson(context, repository.owner);
      const installation = findInstallation(state, repository);
      repository.formerNames.push(fullName(repository));
      repository.owner = addUser(owner);
      tell(repository, "transferred", { changes: { owner: { from: { user: from } } } });
      installation?.repositoryIds.delete(repository.id);
    },
    deleteRepository(name) {
      const repository = repositoryOf(name);
      const installation = findInstallation(state, repository);
      for (const run of repository.runs.values()) run.cancel?.abort();
      tell(repository, "deleted");
      installation?.repositoryIds.delete(repository.id);
      state.repositories.delete(repository.id);
    },
    requireReviews(name, branch, approvals) {
      repositoryOf(name).approvalsRequired.set(branch, approvals);
    },
    requireChecks(name, branch, names) {
      repositoryOf(name).checksRequired.set(branch, names);
    },
    requireMergeQueue(name, branch) {
      repositoryOf(name).mergeQueues.add(branch);
    },
    allowMerges(name, ...methods) {
      repositoryOf(name).mergeMethods = methods;
    },
    hideMergeability(name, reads) {
      repositoryOf(name).mergeabilityUnknownReads = reads;
    },
    disableWorkflow(name, path) {
      const workflow = repositoryOf(name).workflows.get(path);
      if (workflow === undefined) throw new Error(`disabling the workflow ${path} of ${name}: GitHub never saw it`);
      workflow.state = "disabled_manually";
    },
    disableActions(name) {
      repositoryOf(name).actionsEnabled = false;
    },
    lendSecret: (name, secret, value) => lendSecret(context, repositoryOf(name), secret, value),
    lendVariable: (name, variable, value) => lendVariable(context, repositoryOf(name), variable, value),
    suspend(owner) {
      const installation = installationOf(owner);
      installation.suspendedAt = context.timestamp();
      tellOfInstallation(installation, "suspend");
    },
    unsuspend(owner) {
      const installation = installationOf(owner);
      installation.suspendedAt = null;
      tellOfInstallation(installation, "unsuspend");
    },
    uninstall(owner) {
      const installation = installationOf(owner);
      tellOfInstallation(installation, "deleted", { repositories: briefs(context, installation.repositoryIds) });
      state.installations.delete(installation.id);
    },
    install: (name) => install(context, repositoryOf(name), undefined),
    removeFromInstallation(name) {
      const repository = repositoryOf(name);
      const installation = installationOf(repository.owner.login);
      installation.repositoryIds.delete(repository.id);
      tellOfRepositories(context, installation, "removed", repository);
    },
  };
}

/** One installation for each owner, as GitHub has it; more repositories join it. */
export function install(context: SandboxContext, repository: Repository, permissions: Permissions | undefined): void {
  for (const installation of context.state.installations.values()) {
    if (installation.account.id !== repository.owner.id) continue;
    installation.repositoryIds.add(repository.id);
    installation.permissions = permissions ?? installation.permissions;
    return tellOfRepositories(context, installation, "added", repository);
  }
  const installation: Installation = {
    id: context.newId(),
    account: repository.owner,
    repositoryIds: new Set([repository.id]),
    permissions: permissions ?? (context.options.registration ?? ourApp).permissions,
    createdAt: context.timestamp(),
    suspendedAt: null,
  };
  context.state.installations.set(installation.id, installation);
  const payload = {
    installation: installationJson(context, installation),
    repositories: briefs(context, installation.repositoryIds),
    requester: null,
  };
  const sender = repository.owner;
  context.emit({ event: "installation", action: "created", repository: null, installation, sender, payload });
}

function tellOfRepositories(
  context: SandboxContext,
  installation: Installation,
  action: "added" | "removed",
  repository: Repository,
): void {
  const changed = briefs(context, [repository.id]);
  const payload = {
    installation: installationJson(context, installation),
    repository_selection: "selected",
    repositories_added: action === "added" ? changed : [],
    repositories_removed: action === "removed" ? changed : [],
    requester: null,
  };
  const sender = repository.owner;
  context.emit({ event: "installation_repositories", action, repository: null, installation, sender, payload });
}

function briefs(context: SandboxContext, ids: Iterable<number>): Json[] {
  return [...ids].flatMap((id) => {
    const repository = context.state.repositories.get(id);
    if (repository === undefined) return [];
    return [
      {
        id,
        node_id: nodeId("R", id),
        name: repository.name,
        full_name: fullName(repository),
        private: repository.private,
      },
    ];
  });
}
