/** What the operator set for all repositories, as the settings of one are held against it. */
import type { Policy } from "../core/decide.ts";
import type { InstallationSettings } from "../core/settings.ts";

/** How long a step may take (Q11). */
const stepMinutes = 20;

export interface Installed extends Omit<InstallationSettings, "stepMinutes" | "reworks" | "reviewDebounceSeconds"> {
  readonly policy: Pick<Policy, "reworksMax" | "reviewDebounceMs">;
}

export function installationOf(installed: Installed): InstallationSettings {
  const { language, model, phaseBudgetUsd, taskBudgetUsd, dayBudgetUsd, network, policy } = installed;
  return {
    language,
    model,
    phaseBudgetUsd,
    taskBudgetUsd,
    dayBudgetUsd,
    network,
    stepMinutes,
    reworks: policy.reworksMax,
    reviewDebounceSeconds: policy.reviewDebounceMs / 1_000,
  };
}
