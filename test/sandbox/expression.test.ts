import { describe, expect, test } from "vitest";
import { type ExpressionScope, evaluateCondition, interpolate } from "./expression.ts";

const scope: ExpressionScope = {
  contexts: {
    inputs: { secret_1: "MODEL_KEY", secret_2: "region", empty: "", flag: true },
    secrets: { MODEL_KEY: "sk-1" },
    vars: { REGION: "eu-west-1" },
    github: { ref: "refs/heads/main", token: "ghs_x" },
    steps: { look: { outputs: { answer: "42" } } },
  },
  job: { failed: false, cancelled: false },
};
const failed: ExpressionScope = { ...scope, job: { failed: true, cancelled: false } };
const cancelled: ExpressionScope = { ...scope, job: { failed: false, cancelled: true } };

describe("an expression", () => {
  test.each([
    ["${{ secrets[inputs.secret_1] }}", "sk-1"],
    ["${{ secrets[inputs.empty] }}", ""],
    ["${{ secrets[inputs.secret_1] || vars[inputs.secret_1] }}", "sk-1"],
    ["${{ secrets[inputs.secret_2] || vars[inputs.secret_2] }}", "eu-west-1"],
    ["${{ secrets[inputs.empty] || vars[inputs.empty] }}", ""],
    ["${{ secrets[inputs.undeclared] || vars[inputs.undeclared] }}", ""],
    ["${{ secrets.model_key }}", "sk-1"],
    ["${{ vars.RUNNER || 'ubuntu-latest' }}", "ubuntu-latest"],
    ["run ${{ inputs.secret_1 }} on ${{ github.ref }}", "run MODEL_KEY on refs/heads/main"],
    ["${{ steps.look.outputs['answer'] == 42 }}", "true"],
    ["${{ inputs.flag && 'yes' || 'no' }}", "yes"],
    ["${{ !inputs.flag }}", "false"],
    ["${{ (github.ref == 'REFS/heads/main') && startsWith(github.ref, 'refs/') }}", "true"],
    ["${{ 'it''s' }}", "it's"],
    ["${{ format('{0}-{1}', 'a', 2) }}", "a-2"],
    ["${{ github.nothing.at.all }}", ""],
    ["no expression", "no expression"],
  ])("%s is %s", (text, value) => {
    expect(interpolate(text, scope)).toBe(value);
  });

  test.each([
    ["${{ hashFiles('x') }}", "does not know the expression function"],
    ["${{ 'open }}", "cannot read"],
    ["${{ a b }}", 'unexpected "b"'],
    ["${{ (1 }}", 'expected ")"'],
    ["${{ }}", "ends too early"],
  ])("refuses %s", (text, fault) => {
    expect(() => interpolate(text, scope)).toThrow(fault);
  });
});

describe("a condition", () => {
  test("needs success so far unless it asks for the status", () => {
    const conditions = [undefined, "inputs.flag", "always()", "${{ failure() }}", "cancelled()", "success()"];
    const verdicts = (state: ExpressionScope): boolean[] => conditions.map((one) => evaluateCondition(one, state));

    expect(verdicts(scope)).toEqual([true, true, true, false, false, true]);
    expect(verdicts(failed)).toEqual([false, false, true, true, false, false]);
    expect(verdicts(cancelled)).toEqual([false, false, true, false, true, false]);
  });
});
