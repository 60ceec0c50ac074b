import { describe, expect, test } from "vitest";
import { changesetIdOf } from "../../../src/core/ids.ts";
import { hasTrailer, stepCommitMessage, trailers, verifiedCommitMessage } from "../../../src/github/texts/commits.ts";
import { runId, taskId } from "../texts-fixtures.ts";

describe("a commit message", () => {
  test("of a step skips CI and is found by its changeset", () => {
    const message = stepCommitMessage({
      subject: "Phase 1: Idea\nmore",
      taskId,
      changesetId: changesetIdOf(runId, "01"),
    });
    expect(message.split("\n")[0]).toBe("Phase 1: Idea more [skip ci]");
    expect(hasTrailer(message, trailers.changeset, "run-1/01")).toBe(true);
    expect(hasTrailer(message, trailers.changeset, "run-1/0")).toBe(false);
  });

  test("of a verified phase lets CI run and is found by phase and attempt", () => {
    const message = verifiedCommitMessage({
      phase: 1,
      phaseTitle: "Planning [skip ci]",
      issue: 7,
      taskId,
      attempt: 12,
    });
    expect(message).not.toMatch(/\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|skip-checks/u);
    expect(hasTrailer(message, trailers.verified, "1/12")).toBe(true);
    expect(hasTrailer(message, trailers.verified, "1/1")).toBe(false);
    expect(hasTrailer(message, trailers.task, taskId)).toBe(true);
  });
});
