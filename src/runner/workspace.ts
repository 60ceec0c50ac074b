/** The work tree of a run, fetched by the runner itself, and the git directory that the agent never sees. */

import { Buffer } from "node:buffer";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { agentConfiguration } from "../core/agent-configuration.ts";
import { messageOf } from "./run-texts.ts";
import { createGit, type Git } from "./git.ts";
import { layBothChanged, mergeTrees, type BothChanged } from "./merge-base.ts";

export interface Workspace {
  readonly git: Git;
  /** Absolute path of the work tree. */
  readonly workTree: string;
  /** The tree that was handed over last, or that the run began with. Git's id of it. */
  readonly baselineTree: string;
  /** What both sides of a merge changed, until something is handed over; null where nothing is merged. */
  readonly bothChanged: BothChanged | null;
  /** `CLAUDE.md` of the base, or its `AGENTS.md` where there is none. */
  readonly instructions: string | null;
}

export interface WorkspaceOrder {
  readonly gitDir: string;
  /** Is made; must not be there. */
  readonly workTree: string;
  /** Value of PATH. */
  readonly path: string;
  /** e.g. `https://github.com/owner/name.git`. */
  readonly repositoryUrl: string;
  /** The job's token that can read; empty where the repository needs none. */
  readonly token: string;
  readonly headSha: string;
  readonly baseSha: string;
  /** Commits of the base that is to be merged into the head, and of where the two parted; null where none is. */
  readonly merge: { readonly baseSha: string; readonly mergeBaseSha: string } | null;
}

const attributes = "* -text -filter -ident -eol -working-tree-encoding -diff -merge\n";
const fetchTimeoutMs = 600_000;
const instructionsLengthMax = 64 * 1024;

/** Throws with a sentence for the person who reads the job's log. */
export async function prepareWorkspace(order: WorkspaceOrder): Promise<Workspace> {
  const { gitDir, workTree, headSha, baseSha, merge } = order;
  for (const sha of shasOf(order)) {
    if (!/^[0-9a-f]{40}$/.test(sha)) throw new Error(`preparing the work tree: "${sha}" is no commit id`);
  }
  await mkdir(gitDir, { recursive: true, mode: 0o700 });
  // Another agent on this machine learns its name from the list of processes.
  await mkdir(workTree, { mode: 0o700 });
  const git = createGit(order);
  await git.run("making the runner's git directory", ["init", "--quiet", "--template=", "--initial-branch=unused"]);
  await mkdir(join(gitDir, "info"), { recursive: true });
  // Stands above every .gitattributes of the repository, so no filter, no conversion of line ends, no keyword.
  await writeFile(join(gitDir, "info", "attributes"), attributes);
  await fetchCommits(git, order);
  const index = join(gitDir, "index");
  const merged = merge === null ? null : await mergeTrees(git, { ...merge, headSha }, `${index}-merge`);
  await git.run("reading the head", ["read-tree", merged?.tree ?? headSha]);
  await git.run("checking out the head", ["checkout-index", "--all", "--force", "--quiet"]);
  await layBaseConfiguration(git, order, `${index}-base`);
  await git.run("looking at the work tree", ["update-index", "-q", "--refresh"]).catch(() => {
    // Exit 1 says that entries need an update, which is what the next command does.
  });
  await git.run("looking at the work tree", ["add", "--all", "--force"]);
  const baselineTree = (await git.run("recording the work tree", ["write-tree"])).toString("utf8").trim();
  if (merged !== null) await layBothChanged(git, order, merged);
  const instructions = await readInstructions(git, baseSha);
  return { git, workTree, baselineTree, bothChanged: merged?.bothChanged ?? null, instructions };
}

function shasOf({ headSha, baseSha, merge }: WorkspaceOrder): readonly string[] {
  return [...new Set([headSha, baseSha, ...(merge === null ? [] : [merge.baseSha, merge.mergeBaseSha])])];
}

async function fetchCommits(git: Git, order: WorkspaceOrder): Promise<void> {
  const { repositoryUrl, token } = order;
  const { protocol, origin } = new URL(repositoryUrl);
  const settings: (readonly [string, string])[] = [[`protocol.${protocol.replace(":", "")}.allow`, "always"]];
  if (token !== "") {
    const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
    settings.push([`http.${origin}/.extraHeader`, `Authorization: Basic ${basic}`]);
  }
  const args = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
  const shas = shasOf(order);
  try {
    await git.run("fetching", [...args, repositoryUrl, ...shas], { settings, timeoutMs: fetchTimeoutMs });
  } catch (cause) {
    throw new Error(fetchFault(repositoryUrl, shas, messageOf(cause).replaceAll(/\s+/g, " ")), { cause });
  }
}

function fetchFault(repositoryUrl: string, shas: readonly string[], words: string): string {
  const doing = `fetching ${shas.map((sha) => sha.slice(0, 12)).join(" and ")} of ${repositoryUrl}`;
  if (/not our ref|couldn't find remote ref|no such remote ref|unadvertised object/i.test(words)) {
    return `${doing}: the repository has no such commit any more. Comment /run on the issue, so that a run starts from where the branch is now.`;
  }
  if (/\b40[134]\b|authentication failed|could not read username|repository not found|not found/i.test(words)) {
    return `${doing}: refused. Check that the workflow file has "permissions: contents: read", and that the repository still has this name.`;
  }
  return `${doing}: ${words}. Check that the runner reaches the server, then comment /run on the issue.`;
}

async function layBaseConfiguration(git: Git, { workTree, baseSha }: WorkspaceOrder, indexFile: string): Promise<void> {
  for (const name of agentConfiguration) await rm(join(workTree, name), { recursive: true, force: true });
  const listed = await git.run("reading the base", [
    "ls-tree",
    "-r",
    "-z",
    "--name-only",
    baseSha,
    ...agentConfiguration,
  ]);
  if (listed.length === 0) return;
  await git.run("reading the base", ["read-tree", baseSha], { indexFile });
  const doing = "checking out the base's own configuration";
  await git.run(doing, ["checkout-index", "--force", "--quiet", "-z", "--stdin"], { indexFile, input: listed });
}

/** Read from the commit and not from the work tree, where the name could be a link. */
async function readInstructions(git: Git, baseSha: string): Promise<string | null> {
  for (const name of ["CLAUDE.md", "AGENTS.md"]) {
    const listed = (await git.run("reading the base", ["ls-tree", baseSha, name])).toString("utf8");
    const blob = /^100(?:644|755) blob ([0-9a-f]{40})\t/.exec(listed)?.[1];
    if (blob === undefined) continue;
    const text = (await git.run(`reading ${name}`, ["cat-file", "blob", blob])).toString("utf8");
    return text.slice(0, instructionsLengthMax);
  }
  return null;
}
