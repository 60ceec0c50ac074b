import type { Repository } from "../../core/events.ts";
import { workflowFileName, workflowPath } from "../workflow-file.ts";

/** Addresses of GitHub's pages for one repository. */
export interface Links {
  issue(number: number): string;
  comment(issue: number, id: number): string;
  pull(number: number): string;
  branch(name: string): string;
  file(ref: string, path: string): string;
  /** In its source: a rendered document has no lines. */
  line(ref: string, path: string, line: number): string;
  commit(sha: string): string;
  newFile(branch: string, path: string, content: string): string;
  editFile(branch: string, path: string): string;
  upload(branch: string): string;
  /** Where a step's guide is read: the app's own, as of the version that runs, or the repository's. Null where nobody knows. */
  guide(source: string): string | null;
  /** Where a review of a pull request is given. */
  files(pullRequest: number): string;
  readonly settings: string;
  readonly actionsSettings: string;
  readonly workflowRuns: string;
  /** Where GitHub offers workflows to begin with. */
  readonly newWorkflow: string;
  readonly rules: string;
  readonly secrets: string;
  readonly newSecret: string;
  readonly variables: string;
  readonly newVariable: string;
  /** The page that offers *Suspend* and *Configure* for installed apps is per account; this one lists them for the repository. */
  readonly installations: string;
}

/** `actionRef`: `owner/repository@sha` of the app's own repository, where its guides are read; null where no text speaks of them. */
export function linksOf(webUrl: string, repository: Repository, actionRef: string | null = null): Links {
  const web = webUrl.replace(/\/+$/u, "");
  const root = `${web}/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}`;
  const [own = "", sha = ""] = (actionRef ?? "").split("@");
  return {
    issue: (number) => `${root}/issues/${number}`,
    comment: (issue, id) => `${root}/issues/${issue}#issuecomment-${id}`,
    pull: (number) => `${root}/pull/${number}`,
    branch: (name) => `${root}/tree/${pathOf(name)}`,
    file: (ref, path) => `${root}/blob/${pathOf(ref)}/${pathOf(path)}`,
    line: (ref, path, line) => `${root}/blob/${pathOf(ref)}/${pathOf(path)}?plain=1#L${line}`,
    commit: (sha) => `${root}/commit/${encodeURIComponent(sha)}`,
    newFile: (branch, path, content) =>
      `${root}/new/${pathOf(branch)}?filename=${encodeURIComponent(path)}&value=${encodeURIComponent(content)}`,
    editFile: (branch, path) => `${root}/edit/${pathOf(branch)}/${pathOf(path)}`,
    upload: (branch) => `${root}/upload/${pathOf(branch)}`,
    guide: (source) => {
      if (source.startsWith(".github/")) return `${root}/blob/HEAD/${pathOf(source)}`;
      return source === "" || sha === "" ? null : `${web}/${pathOf(own)}/blob/${sha}/guide/${pathOf(source)}`;
    },
    files: (pullRequest) => `${root}/pull/${pullRequest}/files`,
    settings: `${root}/settings`,
    actionsSettings: `${root}/settings/actions`,
    workflowRuns: `${root}/actions/workflows/${workflowFileName}`,
    newWorkflow: `${root}/actions/new`,
    rules: `${root}/settings/rules`,
    secrets: `${root}/settings/secrets/actions`,
    newSecret: `${root}/settings/secrets/actions/new`,
    variables: `${root}/settings/variables/actions`,
    newVariable: `${root}/settings/variables/actions/new`,
    installations: `${root}/settings/installations`,
  };
}

/** The page that makes the workflow file with one press of a button. */
export function newWorkflowLink(links: Links, branch: string, content: string): string {
  return links.newFile(branch, workflowPath, content);
}

function pathOf(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
