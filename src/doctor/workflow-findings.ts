import { parse } from "yaml";
import { z } from "zod";
import { fault, ok, warning, type Finding } from "./finding.ts";

const Workflow = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      steps: z
        .array(z.object({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).optional() }))
        .optional(),
    }),
  ),
});

/** The workflow file of a repository against the one that this deployment hands out. */
export function workflowFindings(
  text: string,
  wanted: { readonly text: string; readonly actionRef: string; readonly appUrl: string; readonly editUrl: string },
): readonly Finding[] {
  const mend = `Replace the file's text with the current one: ${wanted.editUrl}`;
  const parsed = Workflow.safeParse(parsedYaml(text));
  if (!parsed.success) return [fault("workflow-file", "the workflow file is no workflow that can be read", mend)];
  const action = wanted.actionRef.slice(0, wanted.actionRef.indexOf("@"));
  const steps = Object.values(parsed.data.jobs).flatMap((job) => job.steps ?? []);
  const ours = steps.filter((step) => step.uses?.toLowerCase().startsWith(`${action.toLowerCase()}@`));
  const [step] = ours;
  if (step === undefined) {
    const used = steps.flatMap(({ uses }) => uses ?? []).join(", ") || "nothing";
    return [fault("workflow-file", `the workflow file uses ${used}, not ACTION_REF (${wanted.actionRef})`, mend)];
  }
  const findings: Finding[] = [];
  if (step.uses !== wanted.actionRef) {
    const message = `the workflow file uses ${step.uses}, but ACTION_REF is ${wanted.actionRef}; two versions may not understand each other`;
    findings.push(fault("workflow-file", message, mend));
  }
  const appUrl = step.with?.["app_url"];
  if (appUrl !== wanted.appUrl) {
    const message = `the workflow file reports to ${typeof appUrl === "string" ? appUrl : "nobody"}, but PUBLIC_URL is ${wanted.appUrl}`;
    findings.push(fault("workflow-file", message, mend));
  }
  if (findings.length > 0) return findings;
  if (text.replaceAll("\r\n", "\n").trim() !== wanted.text.trim())
    return [
      warning("workflow-file", "the workflow file was changed by hand, or is of another version of the app", mend),
    ];
  return [ok("workflow-file", "the workflow file is the current one")];
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // No YAML at all: the schema says so.
    return undefined;
  }
}
