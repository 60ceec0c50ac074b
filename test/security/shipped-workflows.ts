/** Every workflow that we ship or write. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { readWorkflowFile } from "../../src/github/workflow-file.ts";
import { compileWorkflow } from "../../src/verify/compile-workflow.ts";
import { parseWorkflowDefinition } from "../../src/verify/workflow-definition.ts";
import { branchingDefinition, goodDefinition } from "../verify/workflow-text.ts";

const root = path.join(import.meta.dirname, "..", "..");

/** By what it is. */
export const workflows: Readonly<Record<string, string>> = {
  onboarding: readWorkflowFile({ actionRef: `a/b@${"0".repeat(40)}`, appUrl: "https://app.example" }),
  "our CI": readFileSync(path.join(root, ".github/workflows/ci.yml"), "utf8"),
  "a schedule": compiled("overdue-reminder", goodDefinition),
  "an event": compiled("triage", branchingDefinition),
};

function compiled(name: string, text: string): string {
  const parsed = parseWorkflowDefinition(`.github/phasegate/workflows/${name}.yml`, text);
  if (parsed.kind === "faulty") throw new Error(JSON.stringify(parsed.faults));
  return compileWorkflow(parsed.definition);
}
