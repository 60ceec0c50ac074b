import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/change.ts";
import { changesetFindings } from "../../src/verify/changeset-findings.ts";
import { codeStep, fakeToken, ideaStep, phaseOf } from "./memory-tree.ts";

const phase = phaseOf([ideaStep, codeStep]);

function written(path: string, content: string | Uint8Array): Change {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { kind: "written", path, mode: "100644", content: bytes };
}

describe("changesetFindings", () => {
  test("finds nothing in the step's own deliverable", async () => {
    expect(await changesetFindings([written("docs/idea.md", "text")], phase, "01_idea")).toEqual([]);
  });

  test("holds a step to its own paths, narrower than the phase's", async () => {
    expect(await changesetFindings([written("src/a.ts", "")], phase, "02_code")).toEqual([]);
    expect(await changesetFindings([written("src/a.ts", "")], phase, "01_idea")).toEqual([
      expect.objectContaining({ check: "paths-allowed", step: "01_idea", path: "src/a.ts" }),
    ]);
  });

  test("finds a secret behind megabytes of text, and says its line", async () => {
    const text = `${"x\n".repeat(2_000_000)}"${fakeToken}"`;
    expect(await changesetFindings([written("src/a.ts", text)], phase, "02_code")).toEqual([
      expect.objectContaining({ check: "no-secrets", step: "02_code", path: "src/a.ts", line: 2_000_001 }),
    ]);
  });

  test("finds the marks of a conflict that nobody resolved, in whatever file", async () => {
    const text = "const a =\n<<<<<<< phase\n  1;\n=======\n  2;\n>>>>>>> base\n";
    expect(await changesetFindings([written("src/a.ts", text)], phase, "02_code")).toEqual([
      expect.objectContaining({ check: "no-placeholder", step: "02_code", path: "src/a.ts", line: 2 }),
    ]);
  });

  test("leaves binary files and deletions unread", async () => {
    const binary = Uint8Array.of(0, ...new TextEncoder().encode(fakeToken));
    const changes: readonly Change[] = [written("a.png", binary), { kind: "deleted", path: "b.ts" }];
    expect(await changesetFindings(changes, phase, "02_code")).toEqual([]);
  });

  test("caps the list with the secrets on top", async () => {
    const changes = Array.from({ length: 100 }, (_, index) => written(`.github/${index}.yml`, fakeToken));
    const findings = await changesetFindings(changes, phase, "02_code");
    expect(findings).toHaveLength(50);
    expect(findings[0]?.check).toBe("no-secrets");
    expect(findings.at(-1)?.message).toContain("151 more findings");
  });
});
