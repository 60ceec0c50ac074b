/** Figures that the core goes by (Q11, Q12); a deployment may set them. */
export interface Policy {
  /** Reworks after the first attempt. */
  readonly reworksMax: number;
  readonly environmentFaultsMax: number;
  /** Runs in a row that end with their slice and finish no step, before a person is asked. */
  readonly emptySlicesMax: number;
  /** Reworks for failed checks of the repository, before people are asked (Q12). */
  readonly ciReworksMax: number;
  /** Reworks of a phase for conflicts with its base, before people are asked. */
  readonly conflictReworksMax: number;
  /** US dollars that a phase may spend without a step that changes a file, before a person is asked. */
  readonly withoutCommitUsdMax: number;
  /** Events of one task in a minute; more is a loop. */
  readonly eventsPerMinuteMax: number;
  /** Silence after a review that requests changes, before a rework starts. */
  readonly reviewDebounceMs: number;
  /** Between two looks at the names of secrets and variables that a task waits for, in the first hour (Q9). */
  readonly namesEveryMs: number;
  /** From the end of a task until its logs and changesets are deleted. */
  readonly logsKeptMs: number;
}

export const defaultPolicy: Policy = {
  reworksMax: 3,
  environmentFaultsMax: 3,
  emptySlicesMax: 3,
  ciReworksMax: 2,
  conflictReworksMax: 2,
  withoutCommitUsdMax: 3,
  eventsPerMinuteMax: 120,
  reviewDebounceMs: 20_000,
  namesEveryMs: 60_000,
  logsKeptMs: 90 * 24 * 60 * 60_000,
};
