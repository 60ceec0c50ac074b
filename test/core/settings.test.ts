import { describe, expect, test } from "vitest";
import {
  areSameSettings,
  defaultSettings,
  limitsOf,
  type InstallationSettings,
  type Limits,
} from "../../src/core/settings.ts";

const installation: InstallationSettings = {
  language: "en",
  model: "sonnet",
  phaseBudgetUsd: null,
  taskBudgetUsd: 25,
  dayBudgetUsd: 50,
  stepMinutes: 20,
  reworks: 3,
  reviewDebounceSeconds: 20,
  network: "open",
};

const inForce = (said: Partial<Limits>, over: Partial<InstallationSettings> = {}) =>
  limitsOf({ limits: { ...defaultSettings.limits, ...said } }, { ...installation, ...over });

describe("limits in force", () => {
  test("are the installation's where nobody says anything", () => {
    expect(inForce({})).toEqual({
      phaseBudgetUsd: null,
      taskBudgetUsd: 25,
      dayBudgetUsd: 50,
      stepMinutes: 20,
      reworks: 3,
    });
  });

  test("are a file's where that is less, and never more than the installation's", () => {
    const less = { phaseBudgetUsd: 1, taskBudgetUsd: 2, dayBudgetUsd: 3, stepMinutes: 4, reworks: 0 };
    expect(inForce(less)).toEqual(less);
    const more = { phaseBudgetUsd: 99, taskBudgetUsd: 99, dayBudgetUsd: 99, stepMinutes: 99, reworks: 9 };
    const { phaseBudgetUsd, ...others } = inForce(more, { phaseBudgetUsd: 7 });
    expect(phaseBudgetUsd).toBe(7);
    expect(others).toEqual({ taskBudgetUsd: 25, dayBudgetUsd: 50, stepMinutes: 20, reworks: 3 });
  });

  test("of a phase stay below those of a task where the installation has none for it", () => {
    expect(inForce({ phaseBudgetUsd: 99 }).phaseBudgetUsd).toBe(25);
  });
});

test("settings are the same in whichever order somebody wrote them", () => {
  const [one, other] = [
    { ...defaultSettings, models: { reviewer: "opus", mentor: "haiku" } },
    { ...defaultSettings, models: { mentor: "haiku", reviewer: "opus" } },
  ];
  expect(areSameSettings(one, other)).toBe(true);
  expect(areSameSettings(one, { ...other, models: { mentor: "opus", reviewer: "opus" } })).toBe(false);
  expect(areSameSettings({ ...one, mention: ["wanda", "rita"] }, { ...one, mention: ["rita", "wanda"] })).toBe(false);
});
