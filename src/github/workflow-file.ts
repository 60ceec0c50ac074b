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

const outdated = "is of another version than this app";

/** What a refused dispatch says where the file does not know the inputs that the app sends. */
export function outdatedWorkflowFile(ref: string, withGrants: boolean, reason: string): string {
  const missing = withGrants
    ? ": what was provided to the agent travels in the inputs secret_1 to secret_10, which the current file has"
    : "";
  return `${workflowPath} on ${ref} ${outdated}${missing} (${reason})`;
}

export function saysOutdatedFile(message: string): boolean {
  return message.startsWith(workflowPath) && message.includes(outdated);
}
