import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Runs a test on a guide folder made of the given files, and removes it afterwards. */
export async function withGuideFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "guide-"));
  try {
    await mkdir(path.join(folder, "playbooks"));
    for (const [file, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), content);
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const smallPlaybook = `name: small
title: Small
phases:
  - number: 1
    name: planning
    title: Planning
    guide: planning
    budgetUsd: 2.5
    allowedPaths: ["docs/**"]
    verification: planning
    steps: [01_idea, 02_plan]
description: Something small.
`;

export function guideText(fields: string, body = "# Guide\n\nWrite it well.\n"): string {
  return `---\n${fields}---\n\n${body}`;
}

const ideaGuide = guideText(`title: Idea
outputs: [docs/idea.md]
sections: [Problem]
minCharacters: 300
allowedPaths: [docs/idea.md]
tools: [Read, Write]
`);

export const planGuide = guideText(`title: Plan
outputs: [docs/plan.md]
sections: [Order]
tools: [Read, Write]
`);

export const planningCriteria = `---
criteria:
  - id: documents-exist
    text: All documents exist.
    kind: deterministic
    check: outputs-exist
    severity: must
  - id: documents-agree
    text: The documents agree.
    kind: judged
    severity: should
---

# Judging

Read both.
`;

export const smallFolder = {
  "playbooks/small.yml": smallPlaybook,
  "planning/01_idea.md": ideaGuide,
  "planning/02_plan.md": planGuide,
  "verification/planning.md": planningCriteria,
} as const;
