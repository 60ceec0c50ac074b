/** The files that a repository gets to begin with, as this deployment hands them out. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { specsFolder } from "../core/spec-to-start.ts";
import { settingsPath } from "./settings-file.ts";
import { readWorkflowFile, workflowPath } from "./workflow-file.ts";

const folder = new URL("../../.github/onboarding/", import.meta.url);
const templatesFolder = new URL("../../guide/specs/templates/", import.meta.url);
const formsFolder = ".github/ISSUE_TEMPLATE";

export interface OnboardingFile {
  readonly kind: "workflow" | "settings" | "form" | "template";
  readonly path: string;
  readonly text: string;
  /** Of a form, the one that it sets. */
  readonly label: string | null;
}

/** Read at once, so that a broken deployment fails at its start. */
export function readOnboardingFiles(settings: {
  readonly actionRef: string;
  readonly appUrl: string;
}): readonly OnboardingFile[] {
  const forms = readdirSync(new URL("ISSUE_TEMPLATE/", folder))
    .filter((name) => name.endsWith(".yml"))
    .sort()
    .map((name): OnboardingFile => {
      const text = readFileSync(new URL(`ISSUE_TEMPLATE/${name}`, folder), "utf8");
      const label = /^phasegate-(?<label>.+)\.yml$/u.exec(name)?.groups?.["label"] ?? null;
      return { kind: "form", path: `${formsFolder}/${name}`, text, label };
    });
  const templates = readdirSync(templatesFolder)
    .sort()
    .map((name): OnboardingFile => {
      const text = readFileSync(new URL(name, templatesFolder), "utf8");
      return { kind: "template", path: `${specsFolder}/templates/${name}`, text, label: null };
    });
  return [
    { kind: "workflow", path: workflowPath, text: readWorkflowFile(settings), label: null },
    {
      kind: "settings",
      path: settingsPath,
      text: readFileSync(new URL("settings.yml", folder), "utf8").replaceAll("{{APP_URL}}", settings.appUrl),
      label: null,
    },
    ...forms,
    ...templates,
  ];
}

/** What git calls a file with this text. */
export function blobShaOf(text: string): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest("hex");
}

/** The same for the same files. */
export function versionOf(files: readonly OnboardingFile[]): string {
  const hash = createHash("sha256");
  for (const { path, text } of files) hash.update(`${path}\0${text}\0`);
  return hash.digest("hex").slice(0, 16);
}
