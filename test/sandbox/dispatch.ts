import { GitHubError, invalid, notFound } from "./errors.ts";
import { optionalBoolean, optionalRecord, requiredString } from "./routes/http.ts";
import type { RunToStart } from "./runs.ts";
import type { Account, Repository, SandboxContext, Workflow } from "./state.ts";
import type { WorkflowFile } from "./workflow-file.ts";
import { workflowFileAt } from "./workflows.ts";

const INPUTS_MAX = 25;
const INPUTS_LENGTH_MAX = 65_535;

/** What a dispatch asks for, after every check of GitHub's; throws its refusals. */
export async function readDispatch(
  context: SandboxContext,
  repository: Repository,
  workflow: Workflow,
  actor: Account,
  body: Readonly<Record<string, unknown>>,
): Promise<{ start: RunToStart; wantsDetails: boolean }> {
  const name = requiredString(body, "ref");
  const given = optionalRecord(body, "inputs") ?? {};
  const wantsDetails = optionalBoolean(body, "return_run_details") ?? false;
  if (repository.archived) throw new GitHubError(403, "Repository was archived so is read-only.");
  // GitHub's own wording is not known to us: only the status is relied on.
  if (!repository.actionsEnabled) throw new GitHubError(403, "Actions has been disabled for this repository.");
  if (workflow.state !== "active") throw invalid("Cannot trigger a 'workflow_dispatch' on a disabled workflow");
  if (Object.keys(given).length > INPUTS_MAX) {
    const supplied = Object.keys(given).length;
    throw invalid(`Invalid request.\n\nNo more than ${INPUTS_MAX} properties are allowed; ${supplied} were supplied.`);
  }
  if (JSON.stringify(given).length > INPUTS_LENGTH_MAX) throw invalid("inputs are too large.");

  const { ref, sha } = await resolveRef(context, repository, name);
  const file = await readFile(context, repository, workflow, sha);
  if (file.dispatch === undefined) throw invalid("Workflow does not have 'workflow_dispatch' trigger");
  const inputs = checkInputs(file.dispatch, given);
  const event = "workflow_dispatch";
  return { start: { repository, workflow, file, ref, sha, actor, event, inputs }, wantsDetails };
}

async function resolveRef(
  context: SandboxContext,
  repository: Repository,
  name: string,
): Promise<{ ref: string; sha: string }> {
  const candidates = name.startsWith("refs/") ? [name] : [`refs/heads/${name}`, `refs/tags/${name}`];
  for (const ref of candidates) {
    if (!/^refs\/(heads|tags)\//.test(ref)) continue;
    if ((await context.git(repository).ref(ref)) === null) continue;
    // A tag may be an object of its own; the run is of its commit.
    const sha = await context.git(repository).resolve(ref);
    if (sha !== null) return { ref, sha };
  }
  throw invalid(`No ref found for: ${name}`);
}

/** The file of the ref counts, not that of the default branch. */
async function readFile(
  context: SandboxContext,
  repository: Repository,
  workflow: Workflow,
  sha: string,
): Promise<WorkflowFile> {
  let file: WorkflowFile | null;
  try {
    file = await workflowFileAt(context, repository, workflow.path, sha);
  } catch (error) {
    throw new GitHubError(422, `failed to parse workflow: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (file === null) throw notFound();
  return file;
}

function checkInputs(
  declared: NonNullable<WorkflowFile["dispatch"]>,
  given: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const unexpected = Object.keys(given).filter((name) => !(name in declared));
  if (unexpected.length > 0) throw invalid(`Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  const inputs: Record<string, string> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = given[name] ?? input.default ?? (input.type === "boolean" ? "false" : "");
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      throw invalid(`Invalid value for input '${name}'`);
    }
    const text = String(value);
    if (input.required && text === "") throw invalid(`Required input '${name}' not provided`);
    if (input.type === "choice" && text !== "" && !input.options.includes(text)) {
      throw invalid(`Provided value '${text}' for input '${name}' not in the list of allowed values`);
    }
    inputs[name] = text;
  }
  return inputs;
}
