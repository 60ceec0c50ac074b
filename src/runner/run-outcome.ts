import type { Outcome } from "../core/outcome.ts";
import type { ClaudeOutcome } from "./claude-outcome.ts";

export interface RunMoney {
  readonly spentUsd: number;
  readonly budgetUsd: number;
}

interface RunFacts {
  readonly step: string;
  readonly money: RunMoney;
  /** As the settings have it. */
  readonly model: string;
  /** All models where it is undefined. */
  readonly allowedModels: readonly string[] | undefined;
  readonly isStopped: boolean;
}

type Unfinished = Exclude<ClaudeOutcome, { kind: "completed" }>;

/**
 * What the end of one process means for the run. `failed` is the agent's fault and uses up an attempt;
 * `lost` is that of the machine or the network, which another attempt of the agent could not mend.
 */
export function outcomeOfRun(outcome: Unfinished, facts: RunFacts): Outcome {
  if (facts.isStopped) return { kind: "cancelled" };
  const doing = `step ${facts.step}`;
  switch (outcome.kind) {
    case "rate-limited":
      return { kind: "rate-limited", resetsAt: outcome.resetsAt, message: outcome.message };
    case "budget-exhausted":
      return { kind: "budget-exhausted", ...facts.money };
    case "cancelled":
      return { kind: "lost", message: `${doing}: Claude Code was ended from outside` };
    case "timed-out":
      switch (outcome.why) {
        case "no-output":
          return { kind: "lost", message: `${doing}: Claude Code said nothing for too long and was ended` };
        case "step-time":
          return failed(`${doing}: took longer than its time and was ended`);
        case "slice-end":
          return { kind: "slice-ended" };
      }
      break;
    case "question":
      return failed(`${doing}: the agent stopped at a question (${outcome.deferred.name})`);
    case "crashed": {
      const how = outcome.signal ?? `exit code ${outcome.exitCode ?? "unknown"}`;
      return { kind: "lost", message: `${doing}: Claude Code crashed (${how}): ${outcome.stderrTail.trim()}`.trim() };
    }
    case "failed":
      switch (outcome.reason) {
        case "authentication":
        case "billing":
        case "model-not-found":
          return { kind: "provider-refused", why: outcome.reason, message: `${doing}: ${outcome.message}` };
        case "model-not-allowed":
          return failed(`${doing}: ${outcome.message}: ${modelWords(facts)}`);
        case "api":
          return { kind: "lost", message: `${doing}: the model provider did not answer: ${outcome.message}` };
        case "no-conversation":
          return { kind: "lost", message: `${doing}: ${outcome.message}` };
        case "max-turns":
        case "invalid-request":
        case "structured-output":
        case "other":
          return failed(`${doing}: ${outcome.reason}: ${outcome.message}`);
      }
  }
}

function modelWords({ model, allowedModels }: RunFacts): string {
  const names = allowedModels === undefined ? "any name" : `names that begin with ${allowedModels.join(" or ")}`;
  return `its setting is "${model}", which lets it use ${names}. Another model in .github/phasegate.yml (\`model\`, or \`models\` for a role), or CLAUDE_MODEL of the app, mends it`;
}

function failed(message: string): Outcome {
  return { kind: "failed", message, findings: [] };
}
