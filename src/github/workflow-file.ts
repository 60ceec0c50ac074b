import { readFileSync } from "node:fs";

/** Where the workflow lies in a repository that Phasegate works in. */
export const workflowPath = ".github/workflows/phasegate.yml";
export const workflowFileName = "phasegate.yml";

const template = new URL("../../.github/onboarding/phasegate.yml", import.meta.url);

/** The workflow file as a repository gets it, with the action and the app's address of this deployment. */
export function readWorkflowFile(settings: { readonly actionRef: string; readonly appUrl: string }): string {
  const text = readFileSync(template, "utf8");
  return text.replaceAll("{{ACTION_REF}}", settings.actionRef).replaceAll("{{APP_URL}}", settings.appUrl);
}
