import type { Effect } from "../core/effects.ts";
import type { Budgeting } from "./budget.ts";
import type { CommandHandling } from "./handle-command.ts";
import type { Playbooks } from "./ports/configuration.ts";
import type { GitHub } from "./ports/github.ts";
import type { Verifier } from "./ports/verifier.ts";
import type { Seal } from "./seal.ts";

export interface Performing extends CommandHandling, Pick<Budgeting, "dayBudgetUsd"> {
  readonly github: GitHub;
  readonly appSeal: Seal;
  readonly verifier: Verifier;
  readonly playbooks: Playbooks;
  readonly model: string;
  /** Strips what a person could not see from the text that the agent will get. */
  readonly freeze: (raw: string) => { readonly text: string; readonly hiddenRemoved: number };
}

export type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;
