import { hasPermission, roleAtLeast, roleOf } from "./auth.ts";
import { ourApp } from "./registration.ts";
import { findInstallation, fullName, nodeId } from "./state.ts";
import type { Account, Actor, CheckApp, Installation, Label, Reaction, Repository, SandboxContext } from "./state.ts";

/** The shapes that routes and webhooks share, complete enough for GitHub's own schemas. */
export type Json = Record<string, unknown>;

export function userJson(context: SandboxContext, account: Account): Json {
  // Logins of bots have brackets, which GitHub escapes in addresses.
  const login = encodeURIComponent(account.login);
  const url = `${context.url()}/users/${login}`;
  const html =
    account.type === "Bot"
      ? `${context.url()}/apps/${account.login.replace("[bot]", "")}`
      : `${context.url()}/${login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.type === "Bot" ? "BOT" : account.type === "User" ? "U" : "O", account.id),
    avatar_url: `${context.url()}/avatars/u/${account.id}`,
    gravatar_id: "",
    url,
    html_url: html,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
    user_view_type: "public",
  };
}

export function repositoryUrl(context: SandboxContext, repository: Repository): string {
  return `${context.url()}/repos/${fullName(repository)}`;
}

export function htmlUrl(context: SandboxContext, repository: Repository): string {
  return `${context.url()}/${fullName(repository)}`;
}

/** Addresses below the API's repository, by the field that carries them. */
const REPOSITORY_URLS: Readonly<Record<string, string>> = {
  archive_url: "{archive_format}{/ref}",
  assignees_url: "assignees{/user}",
  blobs_url: "git/blobs{/sha}",
  branches_url: "branches{/branch}",
  collaborators_url: "collaborators{/collaborator}",
  comments_url: "comments{/number}",
  commits_url: "commits{/sha}",
  compare_url: "compare/{base}...{head}",
  contents_url: "contents/{+path}",
  contributors_url: "contributors",
  deployments_url: "deployments",
  downloads_url: "downloads",
  events_url: "events",
  forks_url: "forks",
  git_commits_url: "git/commits{/sha}",
  git_refs_url: "git/refs{/sha}",
  git_tags_url: "git/tags{/sha}",
  hooks_url: "hooks",
  issue_comment_url: "issues/comments{/number}",
  issue_events_url: "issues/events{/number}",
  issues_url: "issues{/number}",
  keys_url: "keys{/key_id}",
  labels_url: "labels{/name}",
  languages_url: "languages",
  merges_url: "merges",
  milestones_url: "milestones{/number}",
  notifications_url: "notifications{?since,all,participating}",
  pulls_url: "pulls{/number}",
  releases_url: "releases{/id}",
  stargazers_url: "stargazers",
  statuses_url: "statuses/{sha}",
  subscribers_url: "subscribers",
  subscription_url: "subscription",
  tags_url: "tags",
  teams_url: "teams",
  trees_url: "git/trees{/sha}",
};

export function repositoryJson(context: SandboxContext, repository: Repository): Json {
  const url = repositoryUrl(context, repository);
  const html = htmlUrl(context, repository);
  const open = [...repository.issues.values()].filter((issue) => issue.state === "open" && !issue.deleted).length;
  const urls = Object.entries(REPOSITORY_URLS).map(([field, path]) => [field, `${url}/${path}`]);
  return {
    id: repository.id,
    node_id: nodeId("R", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    owner: userJson(context, repository.owner),
    html_url: html,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(urls),
    git_url: `${html}.git`,
    ssh_url: `${html}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    size: 0,
    default_branch: repository.defaultBranch,
    open_issues: open,
    open_issues_count: open,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: true,
    has_wiki: false,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    archived: repository.archived,
    disabled: false,
    visibility: repository.private ? "private" : "public",
    allow_forking: true,
    web_commit_signoff_required: false,
    pushed_at: repository.pushedAt,
    created_at: repository.createdAt,
    updated_at: repository.pushedAt,
  };
}

export function fullRepositoryJson(context: SandboxContext, repository: Repository, actor: Actor): Json {
  return {
    ...repositoryJson(context, repository),
    permissions: rolePermissions(context, repository, actor),
    allow_rebase_merge: repository.mergeMethods.includes("rebase"),
    allow_squash_merge: repository.mergeMethods.includes("squash"),
    allow_merge_commit: repository.mergeMethods.includes("merge"),
    allow_auto_merge: false,
    allow_update_branch: false,
    delete_branch_on_merge: false,
    subscribers_count: 0,
    network_count: 0,
  };
}

function rolePermissions(context: SandboxContext, repository: Repository, actor: Actor): Json {
  if (actor.kind !== "user") {
    const push =
      hasPermission(context, actor, repository, "contents", "write") &&
      findInstallation(context.state, repository) !== null;
    return { admin: false, maintain: false, push, triage: false, pull: true };
  }
  const role = roleOf(repository, actor.account.login);
  return {
    admin: roleAtLeast(role, "admin"),
    maintain: roleAtLeast(role, "maintain"),
    push: roleAtLeast(role, "write"),
    triage: roleAtLeast(role, "triage"),
    pull: roleAtLeast(role, "read") || !repository.private,
  };
}

/** Whose checks the jobs of Actions are; as on github.com. */
export const ACTIONS_APP: CheckApp = { id: 15_368, slug: "github-actions", name: "GitHub Actions" };

/** Our own App, or another one as it shows beside its checks. */
export function appJson(context: SandboxContext, other?: CheckApp): Json {
  const { clientId } = context.options;
  const app = other ?? { id: context.options.appId, slug: context.options.appSlug, name: context.options.appSlug };
  const owner: Account = { id: 1, login: "app-owner", type: "User" };
  return {
    id: app.id,
    slug: app.slug,
    ...(app.id === context.options.appId ? { client_id: clientId } : {}),
    node_id: `A_kwSB${app.id}`,
    owner: userJson(context, owner),
    name: app.name,
    description: "",
    external_url: `${context.url()}/apps/${app.slug}`,
    html_url: `${context.url()}/apps/${app.slug}`,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    ...(context.options.registration ?? ourApp),
  };
}

export function installationJson(context: SandboxContext, installation: Installation): Json {
  const { appId, appSlug, clientId } = context.options;
  return {
    id: installation.id,
    client_id: clientId,
    account: userJson(context, installation.account),
    repository_selection: "selected",
    access_tokens_url: `${context.url()}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${context.url()}/installation/repositories`,
    html_url: `${context.url()}/settings/installations/${installation.id}`,
    app_id: appId,
    app_slug: appSlug,
    target_id: installation.account.id,
    target_type: installation.account.type,
    permissions: installation.permissions,
    events: (context.options.registration ?? ourApp).events,
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: installation.suspendedAt === null ? null : userJson(context, installation.account),
    suspended_at: installation.suspendedAt,
  };
}

export function labelJson(context: SandboxContext, repository: Repository, label: Label): Json {
  return {
    id: label.id,
    node_id: nodeId("LA", label.id),
    url: `${repositoryUrl(context, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

export const REACTIONS = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"] as const;

export function reactionsJson(reactions: readonly Reaction[], url: string): Json {
  const counts = REACTIONS.map((content) => [content, reactions.filter((each) => each.content === content).length]);
  return { url, total_count: reactions.length, ...Object.fromEntries(counts) };
}

export function reactionJson(context: SandboxContext, reaction: Reaction): Json {
  return {
    id: reaction.id,
    node_id: nodeId("RE", reaction.id),
    user: userJson(context, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}

export function associationOf(repository: Repository, account: Account): string {
  if (repository.owner.id === account.id) return "OWNER";
  return repository.collaborators.has(account.login.toLowerCase()) ? "COLLABORATOR" : "NONE";
}
