import type { Repository, SandboxContext, Workflow } from "./state.ts";
import { type WorkflowFile, parseWorkflowFile } from "./workflow-file.ts";

const WORKFLOW_PATH = /^[^/]+\.ya?ml$/;
const WORKFLOWS_FOLDER = ".github/workflows";

/** The workflows of a repository: the files on its default branch. An id stays with its path. */
export async function listWorkflows(context: SandboxContext, repository: Repository): Promise<Workflow[]> {
  const head = await context.git(repository).ref(`refs/heads/${repository.defaultBranch}`);
  return head === null ? [] : workflowsAt(context, repository, head);
}

/** Those whose files are in a commit: an event of a branch runs what stands there. */
export async function workflowsAt(context: SandboxContext, repository: Repository, sha: string): Promise<Workflow[]> {
  const git = context.git(repository);
  const folder = await git.entry(sha, WORKFLOWS_FOLDER);
  const tree = folder === null ? null : await git.tree(folder.sha, false);
  const names = (tree?.entries ?? []).filter(({ type, path }) => type === "blob" && WORKFLOW_PATH.test(path));
  const present = new Set(names.map(({ path }) => `${WORKFLOWS_FOLDER}/${path}`));
  for (const path of present) await rememberWorkflow(context, repository, path, sha);
  return [...repository.workflows.values()].filter((workflow) => present.has(workflow.path));
}

/** By id or by file name, as GitHub takes both; null when there is none. */
export async function findWorkflow(
  context: SandboxContext,
  repository: Repository,
  idOrFile: string,
): Promise<Workflow | null> {
  const workflows = await listWorkflows(context, repository);
  const found = workflows.find(
    ({ id, path }) => String(id) === idOrFile || path === idOrFile || path === `${WORKFLOWS_FOLDER}/${idOrFile}`,
  );
  return found ?? null;
}

/** The file as it is at a commit, or null; throws when it is no valid workflow. */
export async function workflowFileAt(
  context: SandboxContext,
  repository: Repository,
  path: string,
  sha: string,
): Promise<WorkflowFile | null> {
  const content = await context.git(repository).file(sha, path);
  return content === null ? null : parseWorkflowFile(path, content.toString("utf8"));
}

async function rememberWorkflow(
  context: SandboxContext,
  repository: Repository,
  path: string,
  head: string,
): Promise<void> {
  const name = await nameOf(context, repository, path, head);
  const known = repository.workflows.get(path);
  if (known !== undefined) {
    known.name = name;
    return;
  }
  const now = context.timestamp();
  repository.workflows.set(path, {
    id: context.newId(),
    path,
    name,
    state: "active",
    createdAt: now,
    updatedAt: now,
  });
}

/** A workflow that has no name, or cannot be parsed, goes by its path. */
async function nameOf(context: SandboxContext, repository: Repository, path: string, head: string): Promise<string> {
  try {
    return (await workflowFileAt(context, repository, path, head))?.name ?? path;
  } catch {
    // GitHub lists a broken file too, and says what is wrong only when it should run.
    return path;
  }
}
