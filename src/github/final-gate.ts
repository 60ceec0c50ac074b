import { RetryLater } from "../control/ports/retry-later.ts";
import type { TaskView } from "../control/ports/task-view.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { branchAppearsMs, findOpenPull, type GateSettings } from "./gate.ts";
import { headOf, nameOf, pathOf } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { finalGateBody, finalGateTitle } from "./texts/final-gate.ts";
import { linksOf } from "./texts/links.ts";
import { languageOf, sayIn } from "./texts/words.ts";

interface FinalGate {
  readonly branch: string;
  readonly base: string;
  readonly view: TaskView;
}

/** The open pull request of the task's branch, or a new one. Null where the base has all that is on the branch. */
export async function openFinalGate(
  api: Api,
  settings: GateSettings,
  repository: Repository,
  gate: FinalGate,
): Promise<{ readonly pullRequest: number; readonly url: string } | null> {
  const there = await findOpenPull(api, repository, gate);
  if (there !== null) return there;
  if ((await headOf(api, repository, gate.branch)) === null) return null;
  const { branch, base, view } = gate;
  const say = sayIn(languageOf(view.task, settings.language));
  try {
    const { data } = await api.write({
      repository,
      permissions: { pull_requests: "write", contents: "read" },
      doing: `opening the pull request of ${branch} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.pulls.create({
          ...pathOf(repository),
          head: branch,
          base,
          title: finalGateTitle(view, say),
          body: finalGateBody(view, base, linksOf(settings.webUrl, repository), say),
        }),
    });
    return { pullRequest: data.number, url: data.html_url };
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.status !== 422) throw error;
    const made = await findOpenPull(api, repository, gate);
    if (made !== null) return made;
    if (/no commits between/iu.test(error.reason)) return null;
    if (/head invalid/iu.test(error.reason)) throw new RetryLater(error.message, branchAppearsMs, { cause: error });
    throw error;
  }
}
