/** The form that all guides share, whatever playbook they belong to. */
import picomatch from "picomatch";
import { describe, expect, test } from "vitest";
import { loadPlaybooks } from "../../src/guide/load-playbook.ts";
import { readGuideFolder } from "../../src/guide/guide-files.ts";

const guideFolder = new URL("../../guide", import.meta.url).pathname;
const playbooks = await loadPlaybooks(guideFolder);
const files = await readGuideFolder(guideFolder);

const names = ["architecture", "create_app", "custom", "modify_app", "plan", "run", "workflow"];

const steps = [...playbooks.values()].flatMap(({ playbook }) =>
  playbook.phases.flatMap((phase) =>
    phase.steps.map((step) => ({ id: `${playbook.name}/${phase.name}/${step.slug}`, playbook, phase, step })),
  ),
);

/** Of one file, for a person: without what Markdown needs for itself. */
function bodyOf(path: string): readonly string[] {
  const text = files.get(path)?.text ?? "";
  return text.slice(text.indexOf("\n---", 4) + 4).trim().split("\n");
}

function headingsOf(lines: readonly string[]): readonly string[] {
  let fenced = false;
  return lines.filter((line) => {
    if (/^(?:```|~~~)/u.test(line)) fenced = !fenced;
    return !fenced && line.startsWith("## ");
  });
}

describe("the playbooks that ship", () => {
  test.each(names)("have %s among them", (name) => {
    expect(playbooks.has(name)).toBe(true);
  });

  test("say what one gets, who does each step, and who judges", () => {
    for (const { playbook } of playbooks.values()) {
      expect(playbook.description.length).toBeGreaterThan(40);
      expect(playbook.roles.map(({ name }) => name)).toContain("verifier");
    }
    expect(steps.filter(({ step }) => step.role === null).map(({ id }) => id)).toEqual([]);
  });

  test("have a reviewer wherever code is written", () => {
    const phases = steps.filter(({ step }) => step.tools.includes("Bash") && step.allowedPaths.includes("**"));
    expect(phases.length).toBeGreaterThan(10);
    // A conversation is reviewed by whoever talks.
    const worked = phases.filter(({ phase }) => phase.mode === "steps");
    expect(worked.filter(({ phase }) => !phase.reviewers.includes("reviewer")).map(({ id }) => id)).toEqual([]);
  });

  test("write each file in one step of a phase alone, but for those that all share", () => {
    const shared = new Set(["README.md", "CHANGELOG.md", ".gitignore"]);
    for (const { playbook } of playbooks.values()) {
      const plain = playbook.phases.flatMap((phase) =>
        phase.steps.flatMap(({ outputs }) => outputs.filter((output) => !picomatch.scan(output).isGlob)),
      );
      const own = plain.filter((output) => !shared.has(output));
      expect(own.filter((output, at) => own.indexOf(output) !== at)).toEqual([]);
    }
  });
});

describe("the guide of a step", () => {
  const headings = [
    "## Purpose",
    "## Input",
    "## Method",
    "## Sections",
    "## Example",
    "## How it is checked",
    "## Common mistakes",
    "## What to ask",
  ];

  test.each(steps)("has its parts in order, at a length that is read: $id", ({ phase, step }) => {
    // What all steps of its phase begin with stands before.
    const lines = step.guide.slice(step.guide.indexOf(`# ${step.title}`)).split("\n");
    expect(headingsOf(lines)).toEqual(headings);
    // A turn has nothing to explain of its deliverable.
    expect(lines.length).toBeGreaterThanOrEqual(phase.mode === "conversation" ? 60 : 120);
    expect(lines.length).toBeLessThanOrEqual(250);
  });

  test.each(steps)("explains every required section: $id", ({ step }) => {
    for (const section of step.sections) expect(step.guide).toContain(`- **${section}**: `);
  });

  test.each(steps)("names the documents that it writes: $id", ({ step }) => {
    const documents = step.outputs.filter((output) => output.endsWith(".md") && !picomatch.scan(output).isGlob);
    expect(documents.filter((path) => !step.guide.includes(path))).toEqual([]);
  });

  test("leaves nothing open that the app does not fill in", () => {
    for (const { id, step } of steps) {
      const places = [...step.outputs, ...step.allowedPaths].flatMap((path) => path.match(/<[^>]*>/gu) ?? []);
      expect([id, places.filter((place) => !["<issue>", "<slug>", "<run>", "<spec>"].includes(place))]).toEqual([id, []]);
    }
  });
});

describe("the guides that stand in every prompt", () => {
  const common = [...files.keys()].filter((path) => path.startsWith("common/"));

  test("are the four, short", () => {
    expect(common.toSorted()).toEqual([
      "common/AUTONOMOUS_EXECUTION.md",
      "common/COMMUNICATION_PROTOCOL.md",
      "common/QUALITY_BAR.md",
      "common/QUICK_START.md",
    ]);
    for (const path of common) expect([path, bodyOf(path).length <= 60]).toEqual([path, true]);
  });

  test("begin with where to begin", () => {
    expect(playbooks.get("create_app")?.playbook.common).toMatch(/^# Quick start/u);
  });
});

describe("the guides of services", () => {
  test("are named by the secret that brings them into a prompt", () => {
    const { integrations = [] } = playbooks.get("create_app")?.playbook ?? {};
    expect(integrations.map(({ name, secrets, phases }) => [name, secrets[0], phases])).toEqual([
      ["integrations/github", "GH_API_TOKEN", null],
      ["integrations/notion", "NOTION_TOKEN", null],
      ["integrations/slack", "SLACK_BOT_TOKEN", null],
      ["integrations/supabase", "SUPABASE_URL", null],
      ["figma/01_connect", "FIGMA_ACCESS_TOKEN", null],
      ["figma/02_concept_and_moodboard", "FIGMA_ACCESS_TOKEN", ["planning"]],
      ["figma/03_wireframe_and_prototype", "FIGMA_ACCESS_TOKEN", ["design"]],
      ["figma/04_dev_handoff", "FIGMA_ACCESS_TOKEN", ["development"]],
    ]);
  });
});

describe("the roles", () => {
  const roles = [...files.keys()].filter((path) => path.startsWith("agents/"));

  test("are all that the field knows, and ours", () => {
    expect(roles.map((path) => path.slice("agents/".length, -".md".length)).toSorted()).toEqual([
      "architecture-planner",
      "background-developer",
      "code-quality-keeper",
      "consultant",
      "environment-parity-guardian",
      "executor",
      "git-manager",
      "isolation-validator",
      "junior-developer",
      "k8s-config-expert",
      "mentor",
      "planner",
      "product-planner",
      "project-lead",
      "reviewer",
      "solution-architect",
      "spec-manager",
      "verifier",
    ]);
  });

  test.each(roles)("say how they work, what they may not, their limits, and whom they work with: %s", (path) => {
    const headings = headingsOf(bodyOf(path));
    for (const heading of ["## Workflow", "## Constraints", "## Heartbeat and limits", "## Related roles"]) {
      expect(headings).toContain(heading);
    }
  });
});
