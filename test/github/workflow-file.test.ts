import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { grantsMax } from "../../src/core/dialogue.ts";
import { readWorkflowFile } from "../../src/github/workflow-file.ts";

const file = readWorkflowFile({ actionRef: "phasegate/phasegate@0123", appUrl: "https://phasegate.example" });

const slots = Array.from({ length: grantsMax }, (_, index) => index + 1);

describe("the workflow file that a repository gets", () => {
  test("can read, can prove who it is, and nothing else", () => {
    const { permissions, jobs } = parse(file);
    expect(permissions).toEqual({});
    expect(Object.values(jobs)).toMatchObject([{ permissions: { contents: "read", "id-token": "write" } }]);
  });

  test("is started by dispatch alone, with the inputs that the client sends", () => {
    const { on } = parse(file);
    expect(Object.keys(on)).toEqual(["workflow_dispatch"]);
    const required = Object.entries<{ required?: boolean }>(on.workflow_dispatch.inputs).filter(
      ([, input]) => input.required,
    );
    expect(required.map(([name]) => name)).toEqual(["run", "task", "phase"]);
    expect(Object.keys(on.workflow_dispatch.inputs)).toEqual([
      "run",
      "task",
      "phase",
      ...slots.map((slot) => `secret_${slot}`),
    ]);
  });

  test("uses one action, that of this deployment, and tells it where the app is", () => {
    const [step, ...more] = parse(file).jobs.phase.steps;
    expect(more).toEqual([]);
    expect(step).toMatchObject({ uses: "phasegate/phasegate@0123", with: { app_url: "https://phasegate.example" } });
  });

  test("gives the action, and nothing else, the value of each name that was sent: a secret before a variable", () => {
    const { env, jobs } = parse(file);
    expect([env, jobs.phase.env]).toEqual([undefined, undefined]);
    expect(jobs.phase.steps[0].env).toEqual(
      Object.fromEntries(
        slots.map((slot) => [
          `PHASEGATE_SECRET_${slot}`,
          `\${{ secrets[inputs.secret_${slot}] || vars[inputs.secret_${slot}] }}`,
        ]),
      ),
    );
  });

  test("has no marker left, and fits into a link", () => {
    expect(file).not.toMatch(/\{\{[A-Z_]+\}\}/u);
    expect(encodeURIComponent(file).length).toBeLessThan(6_000);
  });

  test("names the run by the label that the client looks for", () => {
    expect(parse(file)["run-name"]).toBe("Phasegate · ${{ inputs.phase }}");
  });
});
