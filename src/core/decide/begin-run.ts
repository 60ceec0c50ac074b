import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { liveRunOf, type ExistingTask } from "../state.ts";
import { accepted, refused, type Decision } from "./decision.ts";

export function recordDispatch(command: CommandOf<"RecordDispatch">, state: ExistingTask): Decision {
  const run = liveRunOf(state);
  if (run?.runId !== command.runId) return refused({ code: "unknown-run" });
  if (run.dispatched !== null) return accepted();
  return accepted({
    type: "RunDispatched",
    at: command.at,
    runId: command.runId,
    workflowRunId: command.workflowRunId,
    url: command.url,
  });
}

export function openSession(command: CommandOf<"OpenSession">, state: ExistingTask): Decision {
  const run = liveRunOf(state);
  if (run?.runId !== command.runId) return refused({ code: "unknown-run" });
  // The runner may be faster than GitHub's answer to the dispatch. Who comes first is the run; no other may follow.
  if (run.dispatched !== null && run.dispatched.workflowRunId !== command.workflowRunId) {
    return refused({ code: "unknown-run" });
  }
  // A session is opened once: a second job with the same run would be a second agent on one branch.
  if (run.started) return refused({ code: "already-running", status: state.status });
  const { at, runId, workflowRunId, url } = command;
  const dispatched: TaskEvent[] =
    run.dispatched === null ? [{ type: "RunDispatched", at, runId, workflowRunId, url }] : [];
  const { account } = command;
  const identified: TaskEvent[] =
    account === null || account === state.account ? [] : [{ type: "AccountIdentified", at, runId, account }];
  return accepted(...dispatched, ...identified, { type: "RunStarted", at, runId });
}
