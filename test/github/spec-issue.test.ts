import { afterEach, beforeEach, expect, test } from "vitest";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { noInput } from "../../src/core/task-input.ts";
import { defaultSettings } from "../../src/core/settings.ts";

let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

const spoken = { input: noInput, settings: defaultSettings };

const spec = {
  id: "spec-2026-02-18-001",
  path: ".phasegate/specs/active/spec-2026-02-18-001.yaml",
  title: "Remind of overdue tools",
  description: "For @octo/lenders, see #1.",
  tags: ["create_app"],
  requirements: [{ id: "REQ-001", description: "A borrower is reminded." }],
  acceptance: ["A reminder arrives."],
};

test("the issue of a specification is made once, with its label and its words as data", async () => {
  const made = await bed.github.openSpecIssue(bed.repository, spec, "create_app", spoken);
  expect(made.title).toBe("Remind of overdue tools");
  expect(made.body).toContain("```\nFor @octo/lenders, see #1.\n\nREQ-001: A borrower is reminded.");
  expect(await bed.github.openSpecIssue(bed.repository, spec, "create_app", spoken)).toEqual(made);
  expect(await bed.github.readIssue(bed.repository, made.number)).toMatchObject({
    authorIsBot: true,
    labels: ["create_app"],
    open: true,
  });
});

test("another specification has another issue", async () => {
  const first = await bed.github.openSpecIssue(bed.repository, spec, "create_app", spoken);
  const other = await bed.github.openSpecIssue(
    bed.repository,
    { ...spec, id: "spec-2026-02-18-002" },
    "create_app",
    spoken,
  );
  expect(other.number).not.toBe(first.number);
});
