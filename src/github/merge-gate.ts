/**
 * Merges a gate, with a method that repository and rules allow: a merge commit, else a squash, else a rebase.
 * The merge commit is GitHub's own default; it keeps one commit for each step, whose trailers name step and run, and is
 * undone in one. A rebase comes last: the newest of the commits that it lays down may carry `[skip ci]`, and then nothing
 * runs on the default branch.
 */
import { z } from "zod";
import type { MergeResult } from "../control/ports/gates.ts";
import type { TaskView } from "../control/ports/task-view.ts";
import type { Repository } from "../core/events.ts";
import { outlineOfPhase } from "../core/state.ts";
import type { Api } from "./api.ts";
import { readPull } from "./gate-state.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";

interface GateToMerge {
  readonly pullRequest: number;
  readonly headSha: string;
  readonly view: TaskView;
  readonly phase: number;
}

type Method = "merge" | "squash" | "rebase";

const methods: readonly Method[] = ["merge", "squash", "rebase"];
const rulesPerPage = 100;

export async function mergeGate(api: Api, repository: Repository, gate: GateToMerge): Promise<MergeResult> {
  const pull = await readPull(api, repository, gate.pullRequest);
  if (pull === null) return refused("the pull request is gone");
  // By an earlier try whose answer was lost, or by a person meanwhile.
  if (pull.merged) return { kind: "merged", mergeSha: pull.merge_commit_sha ?? "" };
  if (pull.state !== "open") return refused("the pull request is closed");
  if (pull.head.sha !== gate.headSha) return refused("its head has moved since it was approved");
  if (pull.draft === true) return refused("it is still a draft");
  if (pull.mergeable === false) return { kind: "conflict" };
  if (pull.mergeable === null)
    return { kind: "not-yet", message: "GitHub is still working out whether it can be merged" };
  const rules = await readRules(api, repository, pull.base.ref);
  if (rules.hasQueue) {
    return refused(`${pull.base.ref} is merged into by GitHub's merge queue only; add the pull request to the queue`);
  }
  const allowed = (await methodsOf(api, repository)).filter((method) => rules.allows(method));
  if (allowed.length === 0) {
    return refused("the repository's settings and the rules of its branch leave no method to merge with");
  }
  return merge(api, repository, gate, allowed);
}

/** Settings are not shown to everybody: what a repository does not allow it says when asked, and the next method is tried. */
async function merge(
  api: Api,
  repository: Repository,
  gate: GateToMerge,
  allowed: readonly Method[],
): Promise<MergeResult> {
  for (const method of allowed) {
    const result = await tryMethod(api, repository, gate, method);
    if (result !== "not-allowed") return result;
  }
  return refused(`the repository allows none of: ${allowed.join(", ")}`);
}

async function tryMethod(
  api: Api,
  repository: Repository,
  gate: GateToMerge,
  method: Method,
): Promise<MergeResult | "not-allowed"> {
  const { pullRequest } = gate;
  try {
    const { data } = await api.write({
      repository,
      permissions: { contents: "write", pull_requests: "write" },
      doing: `merging #${pullRequest} of ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.pulls.merge({
          ...pathOf(repository),
          pull_number: pullRequest,
          sha: gate.headSha,
          merge_method: method,
          ...(method === "rebase" ? {} : wordsOf(gate)),
        }),
    });
    return { kind: "merged", mergeSha: data.sha };
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    return resultOf(error);
  }
}

/** What GitHub's refusal means. Its words are all that tells a check that is not done from one that failed. */
function resultOf({ status, reason }: RequestFailed): MergeResult | "not-allowed" {
  const message = sentenceOf(reason);
  if (status === 409 && /head branch/iu.test(reason)) return refused("its head has moved since it was approved");
  if (/(?:merge commits|squash merges|rebase merges) are not allowed/iu.test(reason)) return "not-allowed";
  if (/base branch was modified|try the merge again|in progress|being (?:computed|checked)/iu.test(reason)) {
    return { kind: "not-yet", message };
  }
  // "is failing" beside it is for a person: waiting would not mend it.
  if (
    /status checks? .*(?:expected|pending|queued)/isu.test(reason) &&
    !/is failing|are failing|failed/iu.test(reason)
  ) {
    return { kind: "not-yet", message };
  }
  return refused(message);
}

/** GitHub wraps the rule in a headline and empty lines. */
function sentenceOf(reason: string): string {
  const lines = reason.split("\n").map((line) => line.trim());
  const said = lines.filter((line) => line !== "" && line !== "Repository rule violations found");
  return said.join(" ") || reason;
}

/**
 * Of the playbook's words alone: an issue's title could hold `[skip ci]`, which would keep the default branch's workflows from
 * running, or `fixes #1`, which would close that.
 */
function wordsOf({ pullRequest, view, phase }: GateToMerge): {
  readonly commit_title: string;
  readonly commit_message: string;
} {
  const { playbook, issue } = view.task;
  const { title } = outlineOfPhase(view.task, phase);
  return {
    commit_title: `Phase ${phase} of ${playbook.phases.length}, ${title} (#${pullRequest})`,
    commit_message: `Part of #${issue.number}`,
  };
}

interface Rules {
  readonly hasQueue: boolean;
  readonly allows: (method: Method) => boolean;
}

const Rule = z.object({
  type: z.string(),
  parameters: z.object({ allowed_merge_methods: z.array(z.string()).optional() }).nullish(),
});

/** Of rulesets; the older branch protection speaks up when the merge is tried. */
async function readRules(api: Api, repository: Repository, branch: string): Promise<Rules> {
  const rules = z.array(Rule).parse(await listRules(api, repository, branch));
  const isLinear = rules.some(({ type }) => type === "required_linear_history");
  const lists = rules.flatMap(({ parameters }) => {
    const list = parameters?.allowed_merge_methods;
    return list === undefined ? [] : [list];
  });
  return {
    hasQueue: rules.some(({ type }) => type === "merge_queue"),
    allows: (method) => !(isLinear && method === "merge") && lists.every((list) => list.includes(method)),
  };
}

async function listRules(api: Api, repository: Repository, branch: string): Promise<unknown> {
  try {
    const answer = await readOrNull(api, {
      repository,
      permissions: { metadata: "read" },
      doing: `reading the rules of ${branch} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.repos.getBranchRules({ ...pathOf(repository), branch, per_page: rulesPerPage }),
    });
    return answer?.data ?? [];
  } catch (error) {
    // Private repositories of free plans have no rules.
    if (error instanceof RequestFailed && error.status === 403) return [];
    throw error;
  }
}

async function methodsOf(api: Api, repository: Repository): Promise<readonly Method[]> {
  const { data } = await api.read({
    repository,
    permissions: { contents: "write" },
    doing: `reading the merge settings of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.get(pathOf(repository)),
  });
  const allowed = { merge: data.allow_merge_commit, squash: data.allow_squash_merge, rebase: data.allow_rebase_merge };
  return methods.filter((method) => allowed[method] !== false);
}

function refused(message: string): MergeResult {
  return { kind: "refused", message };
}
