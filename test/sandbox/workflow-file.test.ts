import { describe, expect, test } from "vitest";
import { parseWorkflowFile } from "./workflow-file.ts";

const steps = "runs-on: x, steps: [{ run: exit 0 }]";
const jobPermissions = (text: string): unknown => parseWorkflowFile("w.yml", text).jobs[0]?.permissions;

describe("a workflow file", () => {
  test.each([
    ["on: workflow_dispatch", {}],
    ["on: [push, workflow_dispatch]", {}],
    ["on: { push: {}, workflow_dispatch: }", {}],
    ["on: push", undefined],
  ])("with %s can be dispatched or not", (on, dispatch) => {
    expect(parseWorkflowFile("w.yml", `${on}\njobs: { a: { ${steps} } }`).dispatch).toEqual(dispatch);
  });

  test("gives a job the rights that it names, and none beside", () => {
    const text = `on: push\npermissions: write-all\njobs: { a: { permissions: { contents: read, id-token: write }, ${steps} } }`;
    expect(jobPermissions(text)).toEqual({ token: { contents: "read" }, idToken: true });
  });

  test("without permissions has the restricted default, and with empty ones nothing", () => {
    expect(jobPermissions(`on: push\njobs: { a: { ${steps} } }`)).toEqual({
      token: { contents: "read", packages: "read" },
      idToken: false,
    });
    expect(jobPermissions(`on: push\npermissions: {}\njobs: { a: { ${steps} } }`)).toEqual({
      token: {},
      idToken: false,
    });
  });

  test.each([
    ["no jobs", "on: push", "jobs"],
    ["a job without steps", "on: push\njobs: { a: { runs-on: x } }", "jobs.a.steps"],
    ["an unknown permission", `on: push\npermissions: { money: write }\njobs: { a: { ${steps} } }`, "money"],
    ["broken YAML", "on: [push", "w.yml"],
  ])("with %s is refused by name", (_what, text, fault) => {
    expect(() => parseWorkflowFile("w.yml", text)).toThrow(fault);
  });
});
