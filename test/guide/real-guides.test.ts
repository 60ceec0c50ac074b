import picomatch from "picomatch";
import { describe, expect, test } from "vitest";
import { loadPlaybook, loadPlaybooks, loadVerification } from "../../src/guide/load-playbook.ts";

const guideFolder = new URL("../../guide", import.meta.url).pathname;
const { playbook } = await loadPlaybook(guideFolder, "create_app");
const steps = playbook.phases.flatMap((phase) => phase.steps.map((step) => ({ id: `${phase.name}/${step.slug}`, phase, step })));

describe("the guides that ship", () => {
  test("load without a fault", async () => {
    expect((await loadPlaybooks(guideFolder)).has("create_app")).toBe(true);
  });

  test("make create_app of 9, 5, 6 and 5 steps in four phases", () => {
    expect(playbook.phases.map(({ name, steps }) => [name, steps.length])).toEqual([
      ["planning", 9],
      ["design", 5],
      ["development", 6],
      ["test", 5],
    ]);
  });

  test("say how to bring in line what follows from a change, and how that is judged", () => {
    expect(playbook.ripple.guide).toContain("# What follows from a change");
    expect(playbook.ripple.criteria.map(({ id }) => id)).toEqual(["ripple-agrees", "ripple-is-small"]);
    for (const { id } of playbook.ripple.criteria) expect(playbook.ripple.verifierGuide).toContain(`## ${id}`);
  });

  test.each(steps)("explain every required section: $id", ({ step }) => {
    for (const section of step.sections) expect(step.guide).toContain(`- **${section}**: `);
  });


  test.each(steps)("point only to documents that an earlier step or the same one writes: $id", ({ id, step }) => {
    const position = steps.findIndex((other) => other.id === id);
    const written = new Set(steps.slice(0, position + 1).flatMap((other) => other.step.outputs));
    const named = [...step.guide.matchAll(/`(docs\/[^`]+\.md)`/gu)].map((match) => match[1] ?? "");
    expect(named.filter((path) => !written.has(path))).toEqual([]);
  });

  test("ask for ids where they are given out, and for their citation where code is written", () => {
    const guideOf = (id: string): string => steps.find((candidate) => candidate.id === id)?.step.guide ?? "";
    expect(guideOf("planning/07_features")).toMatch(/\*\*Feature list\*\*.*begins with its id/u);
    expect(guideOf("design/01_screens")).toMatch(/\*\*Screen list\*\*.*begins with the screen's id/u);
    expect(guideOf("design/05_architecture")).toMatch(/\*\*Decisions\*\*.*begins with its id/u);
    for (const id of ["development/03_business_logic", "development/05_tests"]) expect(guideOf(id)).toContain("REQ-001");
  });

  test("hand out Bash only where code is run", () => {
    const withBash = steps.filter(({ step }) => step.tools.includes("Bash")).map(({ phase }) => phase.name);
    expect(new Set(withBash)).toEqual(new Set(["development", "test"]));
  });

  test("ask for a document in each step of planning, design and test", () => {
    const folders: Readonly<Record<string, string>> = { planning: "planning", design: "design", test: "testing" };
    for (const { phase, step } of steps.filter(({ phase }) => phase.name in folders)) {
      expect(step.outputs).toEqual([`docs/${folders[phase.name]}/${step.slug}.md`]);
    }
  });

  test.each(["package.json", "pyproject.toml", "server/go.mod", "app/build.gradle.kts", "src/App.csproj", "index.html"])(
    "accept %s as the manifest of a project",
    (path) => {
      const step = steps.find(({ id }) => id === "development/01_project_init")?.step;
      expect(step?.outputs.some((output) => picomatch(output, { dot: true })(path))).toBe(true);
    },
  );
});

describe.each(["planning", "design", "development", "testing", "modify", "workflow"])("the criteria of %s", (name) => {
  test("load, and leave no judged criterion unexplained", async () => {
    const { criteria, verifierGuide } = await loadVerification(guideFolder, name);
    const headings = verifierGuide.split("\n").filter((line) => line.startsWith("## "));
    const judged = criteria.filter(({ kind }) => kind === "judged").map(({ id }) => id);
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.filter((id) => !headings.some((heading) => heading.split(/[ ,]+/u).includes(id)))).toEqual([]);
  });

  test("tell whoever judges what is evidence, how sure to be, and what is no fault", async () => {
    const { verifierGuide } = await loadVerification(guideFolder, name);
    const lines = verifierGuide.split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(40);
    expect(lines.length).toBeLessThanOrEqual(100);
    expect(lines).toEqual(expect.arrayContaining(["## What counts as evidence", "## How sure you are", "## Common false alarms"]));
  });
});

describe("the criteria of create_app", () => {
  const checksOf = (name: string, severity: string): readonly string[] =>
    (playbook.phases.find((phase) => phase.name === name)?.criteria ?? []).flatMap((criterion) =>
      criterion.kind === "deterministic" && criterion.severity === severity ? [criterion.check] : [],
    );
  const ofDocuments = ["outputs-exist", "long-enough", "sections-present", "no-placeholder", "links-resolve", "ids-known"];
  const ofCode = ["code-exists", "tests-exist", "tests-pass", "env-ignored", "no-secrets"];

  test.each([
    ["planning", [...ofDocuments, "no-secrets"]],
    ["design", [...ofDocuments, "no-secrets"]],
    ["development", [...ofDocuments, ...ofCode]],
    ["test", [...ofDocuments, ...ofCode]],
  ])("ask of %s what must hold", (phase, checks) => {
    expect(checksOf(phase, "must").toSorted()).toEqual(checks.toSorted());
  });

  test("let people go on without the test phase alone", () => {
    expect(playbook.phases.filter(({ mayBeSkipped }) => mayBeSkipped).map(({ name }) => name)).toEqual(["test"]);
  });

  test("ask of planning for no citation, since whoever cites it comes later", () => {
    expect(checksOf("planning", "should")).toEqual([]);
    expect(checksOf("design", "should")).toEqual(["ids-cited"]);
  });
});
