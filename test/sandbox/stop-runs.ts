import { type LostRunner, actionsRuntimeOf } from "./actions-runtime.ts";
import type { SandboxContext } from "./state.ts";
import { killProcessTree } from "./step-process.ts";

/** The machine under a run dies: every process of it is killed, and no post step runs. */
export async function killRun(context: SandboxContext, runId: number, noticed: LostRunner): Promise<void> {
  const live = actionsRuntimeOf(context).liveRuns.get(runId);
  if (live === undefined) throw new Error(`killing run ${runId}: it is not live`);
  live.lost = noticed;
  // First, since the job's own way to stop begins with a signal that the action may answer.
  await Promise.all([...live.processGroups].map(killProcessTree));
  live.force.abort();
  await Promise.all([...live.processGroups].map(killProcessTree));
}

/** GitHub notices that the runner under a silently killed run is lost, and fails the run. */
export async function reportLostRun(context: SandboxContext, runId: number): Promise<void> {
  const live = actionsRuntimeOf(context).liveRuns.get(runId);
  if (live?.lost !== "silent") throw new Error(`reporting run ${runId} lost: it was not killed silently`);
  live.lossNoticed.abort();
  await live.done;
}

/** Kills every process that runs still have and waits for the end of all attempts. */
export async function stopRuns(context: SandboxContext): Promise<void> {
  const live = [...actionsRuntimeOf(context).liveRuns.values()];
  await Promise.all(
    live.map(async ({ run, force, processGroups, done }) => {
      run.cancel?.abort();
      force.abort();
      await Promise.all([...processGroups].map(killProcessTree));
      await done;
    }),
  );
}
