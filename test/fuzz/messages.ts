/** What a runner and GitHub send when all is well. */
import { createHmac } from "node:crypto";
import { Checkpoint } from "../../src/protocol/checkpoint.ts";
import { protocolVersion, runnerRoutes } from "../../src/protocol/runner.ts";
import { webhookPath } from "../../src/http/server.ts";
import { checkpointOf } from "../control/checkpoint-of.ts";
import { commentPayload, issuePayload, payloadOf, pullRequestPayload } from "../control/payloads.ts";
import { questionOf, spent } from "../control/world.ts";
import type { Random } from "../simulation/random.ts";
import { webhookSecret, type FuzzedApp, type Issuer } from "./app.ts";

export interface Message {
  readonly target: "session" | "events" | "step" | "request" | "checkpoint" | "read-checkpoint" | "outcome" | "webhook";
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for none. */
  readonly body: unknown;
}

export type Target = Message["target"];

/** Every status that a target is documented to answer with, whatever it is sent. */
export const statusesOf: Readonly<Record<Target, readonly number[]>> = {
  session: [200, 400, 403, 404, 409, 413, 426, 429],
  events: [200, 400, 401, 413],
  step: [200, 400, 401, 413],
  request: [200, 400, 401, 413],
  checkpoint: [200, 400, 401, 413],
  "read-checkpoint": [200, 401, 404],
  outcome: [200, 400, 401, 413],
  webhook: [202, 400, 401, 413, 429],
};

export function signed(body: string | Buffer, event: string, delivery: string): Readonly<Record<string, string>> {
  const mac = createHmac("sha256", webhookSecret).update(body).digest("hex");
  return {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": delivery,
    "x-hub-signature-256": `sha256=${mac}`,
  };
}

export async function messageFor(
  target: Target,
  random: Random,
  { told, one, waiting }: FuzzedApp,
  issuer: Issuer,
  number: number,
): Promise<Message> {
  const json = { "content-type": "application/json" };
  const held = { ...json, authorization: `Bearer ${one.token}` };
  const { runId } = one.job;
  const step = random.pick(one.job.stepsToDo);
  const at = told.time.now().toISOString();
  switch (target) {
    case "session": {
      const claims = {
        jti: `fuzz-${number}`,
        repository_id: "2",
        run_id: String(waiting.workflowRunId),
        run_attempt: "1",
        event_name: "workflow_dispatch",
        workflow_ref: "octo/links/.github/workflows/phasegate.yml@refs/heads/main",
        ref: "refs/heads/main",
      };
      const oidcToken = await issuer.sign(claims, told.time.now());
      const body = { protocol: protocolVersion, runId: waiting.runId, account: "0123456789abcdef", oidcToken };
      return { target, method: "POST", path: runnerRoutes.session, headers: json, body };
    }
    case "events": {
      const live = [
        { kind: "log", level: "info", text: "It works." },
        { kind: "action", step, text: "Write docs/01_idea.md", document: "docs/01_idea.md" },
        { kind: "usage", spent },
      ];
      const body = { events: live.map((event, index) => ({ number: number * 3 + index + 1, at, event })) };
      return { target, method: "POST", path: runnerRoutes.events, headers: held, body };
    }
    case "step": {
      const contentBase64 = Buffer.from(`The text of ${step}.`).toString("base64");
      const change = { kind: "written", path: `docs/${step}.md`, mode: "100644", contentBase64 };
      const body = { step, changes: [change], spent, findings: [], answers: [], told: [] };
      return { target, method: "POST", path: runnerRoutes.step, headers: held, body };
    }
    case "request": {
      const id = `${runId}/${1 + random.below(20)}`;
      const dependency = { type: "api_key", name: "STRIPE_KEY", description: "To charge.", required: true };
      const body = random.pick([
        { kind: "questions", id, step, questions: [questionOf("Which colour?")] },
        { kind: "dependency", id, step, dependency },
        { kind: "value-refused", id, step, name: "STRIPE_KEY", message: "401" },
        { kind: "error", id, step, error: { type: "missing_file", message: "It is not there.", details: "" } },
      ]);
      return { target, method: "POST", path: runnerRoutes.request, headers: held, body };
    }
    case "checkpoint": {
      const body = Checkpoint.parse(checkpointOf(one.job, `c${number}`));
      return { target, method: "PUT", path: runnerRoutes.checkpoint, headers: held, body };
    }
    case "read-checkpoint":
      return { target, method: "GET", path: runnerRoutes.checkpoint, headers: held, body: null };
    case "outcome": {
      const outcome = random.pick([
        { kind: "slice-ended" },
        { kind: "failed", message: "It did not work.", findings: [] },
        { kind: "waiting-question" },
        { kind: "completed" },
      ]);
      const report = { verdicts: [], judgeFault: null, tests: null, decisions: [] };
      return { target, method: "POST", path: runnerRoutes.outcome, headers: held, body: { outcome, report, spent } };
    }
    case "webhook": {
      const [event, body] = random.pick<readonly [string, object]>([
        ["issues", issuePayload("labeled", { label: "create_app" })],
        ["issues", issuePayload("edited", { issue: { body: "Another." } })],
        ["issue_comment", commentPayload("/answer 1: 2", { id: number + 1 })],
        ["issue_comment", commentPayload("/budget 3", { id: number + 1, sender: "reader" })],
        ["pull_request", pullRequestPayload("synchronize")],
        ["pull_request_review", payloadOf("submitted", { pull_request: { number: 31 }, review: { id: 1 } })],
        ["workflow_run", payloadOf("completed", { workflow_run: { id: waiting.workflowRunId, head_sha: "a" } })],
        ["push", payloadOf("", { ref: "refs/heads/main", after: "b", commits: [{ added: ["a"] }] })],
      ]);
      return { target, method: "POST", path: webhookPath, headers: { "x-event": event }, body };
    }
  }
}
