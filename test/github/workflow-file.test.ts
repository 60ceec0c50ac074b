import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readWorkflowFile } from "../../src/github/workflow-file.ts";

const file = readWorkflowFile({ actionRef: "phasegate/phasegate@0123", appUrl: "https://phasegate.example" });

describe("the workflow file that a repository gets", () => {
  test("can read, can prove who it is, and nothing else", () => {
    const { permissions, jobs } = parse(file);
    expect(permissions).toEqual({});
    expect(Object.values(jobs)).toMatchObject([{ permissions: { contents: "read", "id-token": "write" } }]);
  });

  test("is started by dispatch alone, with the inputs that the client sends", () => {
    const { on } = parse(file);
    expect(Object.keys(on)).toEqual(["workflow_dispatch"]);
    expect(Object.keys(on.workflow_dispatch.inputs)).toEqual(["run", "task", "phase"]);
  });

  test("uses one action, that of this deployment, and tells it where the app is", () => {
    const [step, ...more] = parse(file).jobs.phase.steps;
    expect(more).toEqual([]);
    expect(step).toMatchObject({ uses: "phasegate/phasegate@0123", with: { app_url: "https://phasegate.example" } });
  });

  test("has no marker left, and fits into a link", () => {
    expect(file).not.toMatch(/\{\{[A-Z_]+\}\}/u);
    expect(encodeURIComponent(file).length).toBeLessThan(6_000);
  });

  test("names the run by the label that the client looks for", () => {
    expect(parse(file)["run-name"]).toBe("Phasegate · ${{ inputs.phase }}");
  });
});
