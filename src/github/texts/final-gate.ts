import type { TaskView } from "../../control/ports/task-view.ts";
import type { PhaseProgress } from "../../core/state.ts";
import { code, link, person, plain, title } from "./escape.ts";
import { dollars } from "./format.ts";
import type { Links } from "./links.ts";
import type { Say } from "./words.ts";

/** The pull request that brings a task's own branch into the default one (Q6). */
export function finalGateTitle({ task }: TaskView, say: Say): string {
  return say`All ${say.count(task.playbook.phases.length, "phase", "phases")}: ${title(task.issue.title, 120)}`;
}

/** Written once, at its opening: each sentence stays true whatever follows. */
export function finalGateBody({ task, model }: TaskView, base: string, links: Links, say: Say): string {
  const rows = task.playbook.phases.map(({ number, title: name }) => {
    const phase = task.phases.find((candidate) => candidate.phase === number);
    return `| ${number} ${plain(name, 60)} | ${gateOf(phase, links, say)} | ${acceptedBy(phase)} | ${dollars(phase?.spent.costUsd ?? 0)} |`;
  });
  const costUsd = task.phases.reduce((sum, { spent }) => sum + spent.costUsd, 0);
  return [
    `Closes #${task.issue.number}`,
    say`**Merging this pull request completes the task**: it brings into ${code(base)} what was accepted phase by phase on this branch.`,
    [
      say`- Every change in it passed one of the gates below, unless somebody committed to this branch by hand.`,
      say`- To change something first, commit to this branch. The agent's work on this issue is done; what it should change later is a new issue.`,
      say`- *Squash and merge*: take the lines that ask to skip CI out of the proposed message, or your workflows will not run on the merge.`,
    ].join("\n"),
    `## ${say`Phases`}`,
    [say`| Phase | Gate | Accepted by | Cost |`, "|---|---|---|---|", ...rows].join("\n"),
    `---\n${say`Issue: ${link(`#${task.issue.number}`, links.issue(task.issue.number))} · In all ${dollars(costUsd)} · Model: ${code(model, 80)}`}`,
  ].join("\n\n");
}

function gateOf(phase: PhaseProgress | undefined, links: Links, say: Say): string {
  const gate = phase?.gate ?? null;
  if (phase?.completed?.skipped === true) return say`skipped`;
  return gate === null ? "" : link(`#${gate.pullRequest}`, links.pull(gate.pullRequest));
}

function acceptedBy(phase: PhaseProgress | undefined): string {
  const completed = phase?.completed ?? null;
  return completed === null ? "" : person(completed.by);
}
