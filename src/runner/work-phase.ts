/** Prepares all that the steps of a run need: workspace, agent, gateway, and what an earlier run left. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRunPlace } from "./agent-place.ts";
import { allowedModelsOf } from "./allowed-models.ts";
import { createAgentUser } from "./agent-user.ts";
import { misfitOf } from "./checkpoint.ts";
import { provideClaude } from "./claude-binary.ts";
import { startDialogueServer } from "./dialogue-server.ts";
import { limitEgress } from "./egress.ts";
import { fetchCheckpoint, warn } from "./leave-checkpoint.ts";
import { startModelGateway } from "./model-gateway.ts";
import { systemPrompt } from "./prompt.ts";
import { proveSeparation } from "./prove-separation.ts";
import type { Run } from "./run-phase.ts";
import { messageOf } from "./run-texts.ts";
import { takeUp } from "./take-up.ts";
import { trustedPath } from "./trusted-path.ts";
import type { WorkEnd } from "./verify-work.ts";
import { workThroughSteps } from "./work-steps.ts";
import { prepareWorkspace } from "./workspace.ts";

/** What throws is a fault of the environment: the agent's own faults are outcomes. */
export async function work(run: Run): Promise<WorkEnd> {
  const { job, leftovers } = run;
  const id = run.newId().replaceAll("-", "").slice(0, 8);
  const place = await createRunPlace({ id, runnerTemp: run.runnerTemp });
  leftovers.push({ what: "the run's folders", remove: () => place.remove() });
  const path = await trustedPath(run.path);
  // None of them needs another, and each waits for programs most of the time.
  const madeUser = createAgentUser({ ...run, path, id, home: place.home }).then((agent) => {
    leftovers.push({ what: "the agent's user", remove: () => agent.remove() });
    return agent;
  });
  const madeWorkspace = prepareWorkspace({
    ...place,
    headSha: job.headSha,
    baseSha: job.baseSha,
    merge: job.merge,
    path,
    repositoryUrl: `${run.serverUrl}/${job.repository.owner}/${job.repository.name}.git`,
    token: run.repositoryToken,
  });
  const provided = provideClaude({ ...run, ...place });
  const fetched = fetchCheckpoint(run, (checkpoint) => misfitOf(checkpoint, job));
  await allDone([madeUser, madeWorkspace, provided, fetched]);
  const [agent, workspace, executable, checkpoint] = await Promise.all([madeUser, madeWorkspace, provided, fetched]);
  if (!agent.isSeparate) {
    const text =
      "PHASEGATE_UNSAFE_SAME_USER is set: the agent runs as the runner's own user and can read all that the job can";
    warn(run, text);
  }
  const takenUp = await takeUp(run, place, workspace, checkpoint);
  const systemPromptFile = join(place.sharedDir, "system-prompt.md");
  await writeFile(systemPromptFile, systemPrompt(job, workspace.instructions), { mode: 0o644 });
  const agentFolders = [place.workTree, place.home, place.configDir, place.tempDir];
  await allDone(agentFolders.map((folder) => agent.ownFolder(folder)));
  await proveSeparation(agent, {
    path: run.path,
    runnerPid: run.runner.pid,
    unreadable: [place.privateDir, place.gitDir],
    // The programs that the runner calls, too: a user's id may have belonged to whoever made their folder.
    unwritable: [...run.unwritable, place.sharedDir, executable, ...path.split(":")],
    writable: agentFolders,
    executable,
  });
  // Before anything of the agent's is started, and after the last of it has ended.
  const egress = await limitEgress({
    network: job.network?.access ?? "open",
    hosts: job.network?.hosts ?? [],
    agent,
    path,
    platform: run.runner.platform,
    note: run.security.note,
  });
  leftovers.unshift({ what: "the firewall of the agent", remove: () => egress.remove() });
  const gatewayToken = run.newId();
  const count = run.meter.open();
  let spentHereUsd = 0;
  const gateway = await startModelGateway({
    upstream: run.modelUrl,
    credential: run.credential,
    token: gatewayToken,
    budgetUsd: job.budgetUsd,
    prices: job.prices,
    allowedModels: allowedModelsOf(job),
    network: job.network?.access,
    spentUsd: () => run.meter.total().costUsd - spentHereUsd,
    now: run.now,
    fetch: run.fetch,
    onRefusal: (what, kind) => run.security.note(kind, what),
    onUsage: ({ usage, costUsd }) => {
      count({ usage, costUsd });
      spentHereUsd = costUsd;
      run.say({ kind: "usage", spent: run.meter.total() });
    },
  });
  try {
    const dialogue = await startDialogueServer({
      token: run.newId(),
      watchesTools: job.permissions !== undefined,
      onForged: (what) => run.security.note("dialogue-forged", what),
    });
    try {
      const made = {
        place,
        agent,
        gateway,
        dialogue,
        gatewayToken,
        executable,
        systemPromptFile,
        workspace,
        takenUp,
        egress,
      };
      return await workThroughSteps(run, made);
    } finally {
      await egress.look().catch((error: unknown) => warn(run, `looking at the firewall: ${messageOf(error)}`));
      await dialogue.stop();
    }
  } finally {
    await egress.stop();
    // Before the outcome is declared: what was under way counts, too.
    await gateway.stop();
  }
}

/** Waits for all, also where one fails: what is still under way would be in the way of cleaning up. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}
