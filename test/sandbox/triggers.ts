import { diffFiles } from "./diff.ts";
import { issueOf } from "./payloads-pulls.ts";
import { startRun } from "./runs.ts";
import type { Account, Pull, Repository, SandboxContext, Workflow } from "./state.ts";
import type { TriggerFilter, WorkflowFile } from "./workflow-file.ts";
import { workflowFileAt, workflowsAt } from "./workflows.ts";

/** Without `types` of its own a workflow runs on these. */
const PULL_ACTIONS: readonly string[] = ["opened", "synchronize", "reopened"];

/** Starts the workflows that run on a push to a branch, as the pushed commit has them. */
export async function runOnPush(
  context: SandboxContext,
  push: {
    readonly repository: Repository;
    readonly account: Account;
    readonly branch: string;
    /** Where the changed files are counted from; null where the branch has no past. */
    readonly from: string | null;
    readonly after: string;
  },
): Promise<void> {
  const { repository, account, branch, after } = push;
  const message = await messageToRun(context, repository, account, after);
  if (message === null) return;
  for (const { workflow, file } of await readWorkflows(context, repository, after)) {
    const filter = file.push;
    if (filter === undefined || !passesBranch(filter, branch)) continue;
    if (!(await passesPaths(context, repository, filter, push.from, after))) continue;
    const about = { repository, workflow, file, actor: account, event: "push", inputs: {} };
    await startRun(context, { ...about, ref: `refs/heads/${branch}`, sha: after, title: firstLine(message) });
  }
}

/** Starts the workflows that run on a pull request. GitHub takes them from a trial merge; here they are the head's. */
export async function runOnPull(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  action: string,
  account: Account,
): Promise<void> {
  if ((await messageToRun(context, repository, account, pull.headSha)) === null) return;
  const base = await context.git(repository).mergeBase(pull.baseSha, pull.headSha);
  for (const { workflow, file } of await readWorkflows(context, repository, pull.headSha)) {
    const filter = file.pullRequest;
    if (filter === undefined || !(filter.types ?? PULL_ACTIONS).includes(action)) continue;
    if (!passesBranch({ ...filter, tags: null, tagsIgnore: null }, pull.baseRef)) continue;
    if (!(await passesPaths(context, repository, filter, base, pull.headSha))) continue;
    const about = { repository, workflow, file, actor: account, event: "pull_request", inputs: {} };
    const title = issueOf(repository, pull).title;
    const ref = `refs/heads/${pull.headRef}`;
    await startRun(context, { ...about, ref, sha: pull.headSha, pullNumber: pull.number, title });
  }
}

const SKIP_MARKS = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]/;
const SKIP_TRAILER = /\n\n+(?:.*\n)*skip-checks: ?true/;

/** The commit's message, or null where nothing runs on it at all. */
async function messageToRun(
  context: SandboxContext,
  repository: Repository,
  account: Account,
  sha: string,
): Promise<string | null> {
  if (!repository.actionsEnabled || repository.archived) return null;
  // What a job does with its own token starts no other one.
  if (account.login === "github-actions[bot]") return null;
  const message = (await context.git(repository).commit(sha))?.message ?? "";
  return SKIP_MARKS.test(message) || SKIP_TRAILER.test(message) ? null : message;
}

async function readWorkflows(
  context: SandboxContext,
  repository: Repository,
  sha: string,
): Promise<readonly { readonly workflow: Workflow; readonly file: WorkflowFile }[]> {
  const found = [];
  for (const workflow of await workflowsAt(context, repository, sha)) {
    if (workflow.state !== "active") continue;
    const file = await fileOrNull(context, repository, workflow.path, sha);
    if (file !== null) found.push({ workflow, file });
  }
  return found;
}

/** GitHub makes a failed run of a file that it can't read; here nothing runs. */
async function fileOrNull(
  context: SandboxContext,
  repository: Repository,
  path: string,
  sha: string,
): Promise<WorkflowFile | null> {
  try {
    return await workflowFileAt(context, repository, path, sha);
  } catch {
    return null;
  }
}

function passesBranch({ branches, branchesIgnore, tags, tagsIgnore }: TriggerFilter, branch: string): boolean {
  if (branches !== null) return passes(branches, branch);
  if (branchesIgnore !== null) return !passes(branchesIgnore, branch);
  // A trigger that names tags alone runs for tags alone.
  return tags === null && tagsIgnore === null;
}

async function passesPaths(
  context: SandboxContext,
  repository: Repository,
  { paths, pathsIgnore }: TriggerFilter,
  from: string | null,
  to: string,
): Promise<boolean> {
  if (paths === null && pathsIgnore === null) return true;
  const changed = (await diffFiles(context.git(repository), from, to)).map(({ path }) => path);
  if (paths !== null) return changed.some((path) => passes(paths, path));
  return changed.some((path) => !passes(pathsIgnore ?? [], path));
}

/** GitHub's filter patterns: the last one that matches decides, and `!` takes away again. */
export function passes(patterns: readonly string[], name: string): boolean {
  let passed = false;
  for (const pattern of patterns) {
    const isNegative = pattern.startsWith("!");
    if (expressionOf(isNegative ? pattern.slice(1) : pattern).test(name)) passed = !isNegative;
  }
  return passed;
}

/** `*` stops at a slash, `**` does not; `?` and `+` speak of the character before them. */
function expressionOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*\/?|\*|[\\^$.|(){}]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? "";
}
