import { expect, test } from "vitest";
import { createRedactor } from "../../src/core/redact.ts";
import { countingRedactor, createSecurityNotes } from "../../src/runner/security-notes.ts";

const secret = "ledger-9f2c7d41b8e6a503";
const redact = createRedactor([secret]);

test("what is noted is counted by kind with the first example, until it is taken", () => {
  const notes = createSecurityNotes(redact);
  expect(notes.take()).toBeUndefined();
  notes.note("path-refused");
  notes.note("path-refused", ".mcp.json", 2);
  notes.note("path-refused", ".claude");
  notes.note("too-much");
  expect(notes.take()).toEqual([
    { kind: "path-refused", count: 4, example: ".mcp.json" },
    { kind: "too-much", count: 1, example: "" },
  ]);
  expect(notes.take()).toBeUndefined();
});

test("an example is one short line without secrets, and a flood is one number", () => {
  const notes = createSecurityNotes(redact);
  notes.note("tool-denied", `Bash:\n echo ${secret} ${"x".repeat(5_000)}`, 5_000_000);
  notes.note("tool-denied", "", 5_000_000);
  const [note] = notes.take() ?? [];
  expect(note?.count).toBe(1_000_000);
  expect(note?.example).toMatch(/^Bash: echo \*\*\* x+$/u);
  expect(note?.example).toHaveLength(200);
});

test("each text in which something was hidden counts, with what stands around it", () => {
  const notes = createSecurityNotes(redact);
  const counting = countingRedactor(redact, notes);
  expect(counting("nothing here")).toBe("nothing here");
  expect(counting(`${"a".repeat(100)} key=${secret}`)).toContain("key=***");
  expect(notes.redact(`key=${secret}`)).toBe("key=***");
  const [note] = notes.take() ?? [];
  expect(note).toMatchObject({ kind: "secret-masked", count: 1 });
  expect(note?.example).toMatch(/^a{50,60} key=\*\*\*$/u);
});
