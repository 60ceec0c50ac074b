import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { checkSpecValid, specFaults } from "../../src/verify/spec-valid.ts";
import { parseSpec } from "../../src/verify/spec.ts";
import { codeStep, memoryTree, phaseOf } from "./memory-tree.ts";
import { goodSpec, specPath } from "./spec-text.ts";

/** Rule and line of each fault, with the line as it reads. */
function faultsOf(text: string, path = specPath): readonly string[] {
  const parsed = parseSpec(path, text);
  if (parsed.kind === "parsed") return [];
  const lines = text.split("\n");
  return parsed.faults.map(({ line, rule }) => `${rule} | ${(lines[line - 1] ?? "").trim()}`);
}

function messageOf(text: string): string {
  const parsed = parseSpec(specPath, text);
  return parsed.kind === "parsed" ? "" : parsed.faults.map(({ message }) => message).join("\n");
}

describe("a specification", () => {
  test("that is whole is read", () => {
    expect(parseSpec(specPath, goodSpec)).toMatchObject({
      kind: "parsed",
      spec: {
        id: "spec-2026-02-18-001",
        status: "pending",
        tasks: [{ id: "TASK-001" }, { dependencies: ["TASK-001"] }],
      },
    });
  });

  test("may leave away what follows from the rest", () => {
    const text = goodSpec.replace(/progress:[\s\S]*/u, "").replace("    status: pending # set by the app\n", "");
    expect(faultsOf(text)).toEqual([]);
  });

  test.each([
    ["id: spec-2026-02-18-001", "id: spec-2026-02-30-001", "wrong-value | id: spec-2026-02-30-001"],
    ["id: spec-2026-02-18-001", "id: spec-2026-02-18-000", "wrong-value | id: spec-2026-02-18-000"],
    ["id: spec-2026-02-18-001", "id: spec-2026-02-18-002", "wrong-value | id: spec-2026-02-18-002"],
    ["version: 1.0.0", "version: 1.0", "wrong-type | version: 1.0"],
    ["status: pending\n", "status: done\n", "wrong-value | status: done"],
    ["title: Remind of overdue tools", "title: Tools", "too-small | title: Tools"],
    ["createdAt: 2026-02-18T09:30:00Z", "createdAt: yesterday", "wrong-value | createdAt: yesterday"],
    [
      "updatedAt: 2026-02-18T09:30:00Z",
      "updatedAt: 2026-02-17T09:30:00Z",
      "wrong-value | updatedAt: 2026-02-17T09:30:00Z",
    ],
    ["priority: high # asked for twice", "priority: urgent", "wrong-value | priority: urgent"],
    ["estimatedTime: 2h", "estimate: 2h", "unknown-field | estimate: 2h"],
    ["acceptance:\n  - A reminder arrives.", "acceptance: []", "too-small | acceptance: []"],
    ["- A reminder arrives.", "- <what holds>", "placeholder | - <what holds>"],
    ["dependencies: [TASK-001]", "dependencies: [TASK-009]", "unknown-task | dependencies: [TASK-009]"],
    ["dependencies: [TASK-001]", "dependencies: [TASK-002]", "circle | dependencies: [TASK-002]"],
    ["dependencies: [] # none", "dependencies: [TASK-002]", "circle | dependencies: [TASK-002]"],
    ["id: TASK-002", "id: TASK-001", "repeated-id | - id: TASK-001"],
    ["  pending: 2", "  pending: 1", "wrong-sum | pending: 1"],
    ["id: REQ-001", "id: R-1", "wrong-value | - id: R-1"],
    ["change: written", "changed: written", "missing-field | - at: 2026-02-18T09:30:00Z"],
    ["status: pending\n", "status: pending\nstatus: review\n", "yaml | status: review"],
  ])("%s written as %s is a fault at its line", (right, wrong, fault) => {
    const text = goodSpec.replace(right, wrong);
    expect(text).not.toBe(goodSpec);
    expect(faultsOf(text)).toContain(fault);
  });

  test("is what the guide shows", async () => {
    const guide = await readFile(new URL("../../guide/modify/00_spec.md", import.meta.url), "utf8");
    const shown = (/```yaml\n([\s\S]*?)```/u.exec(guide)?.[1] ?? "").replaceAll("<spec>", "spec-2026-02-18-1012");
    expect(shown).not.toBe("");
    expect(faultsOf(shown.replace("<issue>", "12"), ".phasegate/specs/active/spec-2026-02-18-1012.yaml")).toEqual([]);
  });

  test("tells all faults at once", () => {
    const text = goodSpec
      .replace("priority: high", "priority: urgent")
      .replace("version: 1.0.0", "version: one")
      .replace("estimatedTime", "estimate");
    expect(faultsOf(text)).toHaveLength(3);
  });

  test("names the way of a circle", () => {
    const text = goodSpec.replace("dependencies: [] # none", "dependencies: [TASK-002]");
    expect(messageOf(text)).toContain("TASK-001 needs TASK-002 needs TASK-001");
  });

  test.each(["feature", "fix", "refactor"])(
    "made from the template %s is whole once its texts are written",
    async (name) => {
      const template = await readFile(new URL(`../../guide/specs/templates/${name}.yaml`, import.meta.url), "utf8");
      expect(faultsOf(template)).not.toEqual([]);
      const written = template
        .replace("id: spec-YYYY-MM-DD-NNN", "id: spec-2026-02-18-001")
        .replaceAll(/(createdAt|updatedAt|at): <[^<>]+>/gu, "$1: 2026-02-18T09:30:00Z");
      expect(new Set(faultsOf(written).map((fault) => fault.split(" ")[0]))).toEqual(new Set(["placeholder"]));
      expect(faultsOf(written.replaceAll(/<[^<>\n]+>/gu, "a sentence of some length"))).toEqual([]);
    },
  );
});

describe("checkSpecValid", () => {
  const phase = phaseOf([codeStep]);

  test("passes what is whole, and what explains the folder", async () => {
    const files = {
      [specPath]: goodSpec,
      ".phasegate/specs/active/.gitkeep": "",
      ".phasegate/specs/templates/fix.yaml": "",
    };
    expect(await checkSpecValid(memoryTree(files), phase)).toEqual({ findings: [], looked: 1 });
  });

  test("tells path, line and step", async () => {
    const tree = memoryTree({ [specPath]: goodSpec.replace("pending: 2", "pending: 3") });
    const { findings } = await checkSpecValid(tree, phase);
    expect(findings).toEqual([
      {
        check: "spec-valid",
        step: "02_code",
        path: specPath,
        line: goodSpec.split("\n").indexOf("  pending: 2") + 1,
        message: '"progress.pending": the tasks come to 2, got 3.',
      },
    ]);
  });

  test("has a rule for each fault, for whoever looks without a phase", async () => {
    const tree = memoryTree({
      [specPath]: goodSpec.replace("version: 1.0.0", "version: 1"),
      ".phasegate/specs/active/spec-tomorrow.yaml": "notes",
    });
    expect(await specFaults(tree)).toMatchObject({
      faults: [
        { file: specPath, line: 3, rule: "wrong-type" },
        { file: ".phasegate/specs/active/spec-tomorrow.yaml", line: null, rule: "wrong-name" },
      ],
      looked: 1,
    });
  });

  test.each(["spec-1.yaml", "spec-2026-02-18-001.yml", "more/spec-2026-02-18-001.yaml"])(
    "fails the name %s",
    async (name) => {
      const { findings, looked } = await checkSpecValid(
        memoryTree({ [`.phasegate/specs/active/${name}`]: goodSpec }),
        phase,
      );
      expect(findings).toMatchObject([{ line: null, message: expect.stringContaining("spec-YYYY-MM-DD-NNN.yaml") }]);
      expect(looked).toBe(0);
    },
  );

  test("fails an id that the archive has", async () => {
    const tree = memoryTree({
      [specPath]: goodSpec,
      ".phasegate/specs/archive/2026-02/spec-2026-02-18-001.yaml": goodSpec,
    });
    expect((await checkSpecValid(tree, phase)).findings).toMatchObject([
      { message: expect.stringContaining("in the archive") },
    ]);
  });

  test("fails what is no text", async () => {
    const { findings } = await checkSpecValid(memoryTree({ [specPath]: null }), phase);
    expect(findings).toMatchObject([{ message: expect.stringContaining("not readable text") }]);
  });
});
