import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { overdueReminder, todayInSeoul } from "./find-overdue.mjs";

const script = new URL("find-overdue.mjs", import.meta.url).pathname;
const samples = new URL("samples/", import.meta.url).pathname;
const today = "2026-03-03";

const sample = (name) => JSON.parse(readFileSync(join(samples, name), "utf8"));
const loan = (number, due = "2026-02-27", returned = null) => ({ loan: `L-${number}`, tool: "Drill", due, returned });

/** As the workflow runs it: nothing in the environment but what it is given, the repository's root as its folder. */
function runOn(name) {
  const root = mkdtempSync(join(tmpdir(), "tool-library-"));
  try {
    mkdirSync(join(root, "data"));
    if (name !== null) cpSync(join(samples, name), join(root, "data", "loans.json"));
    const output = join(root, "output");
    const env = { PATH: process.env.PATH, GITHUB_OUTPUT: output };
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: root, env, encoding: "utf8" });
    return { status, stdout, stderr, output: status === 0 ? readFileSync(output, "utf8") : null };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test("reminds of what is overdue, the longest first", () => {
  assert.deepEqual(overdueReminder(sample("usual.json"), today), {
    count: 3,
    message:
      "Please bring back: L-0207 Ladder 4 m (due 2026-02-20), L-0214 Drill (due 2026-02-27), L-0219 Hedge trimmer (due 2026-03-02)",
  });
});

test("N1: never names a borrower, in the outputs or in the log", () => {
  const { stdout, output } = runOn("usual.json");
  assert.match(output, /L-0207/);
  assert.doesNotMatch(stdout + output, /Borrower/);
});

test("N2: gives one text a run, in the same words on the same loans", () => {
  assert.equal(runOn("usual.json").output.match(/^message=/gm).length, 1);
  assert.deepEqual(
    overdueReminder(sample("usual.json").reverse(), today),
    overdueReminder(sample("usual.json"), today),
  );
});

test("N3: counts nothing where nothing is overdue", () => {
  assert.equal(overdueReminder(sample("empty.json"), today).count, 0);
  assert.equal(overdueReminder([loan("0001", "2026-02-20", "2026-02-21")], today).count, 0);
});

test("a tool is overdue from the day after it was due", () => {
  assert.equal(overdueReminder([loan("0001", "2026-03-03")], today).count, 0);
  assert.equal(overdueReminder([loan("0001", "2026-03-02")], today).count, 1);
});

test("the day turns at midnight in Seoul", () => {
  assert.equal(todayInSeoul(new Date("2026-03-02T14:59:59Z")), "2026-03-02");
  assert.equal(todayInSeoul(new Date("2026-03-02T15:00:00Z")), "2026-03-03");
});

test("N4: names 20 tools at most, and says how many more there are", () => {
  const loans = Array.from({ length: 33 }, (_, at) => loan(String(1_000 + at)));
  const { count, message } = overdueReminder(loans, today);
  assert.equal(count, 33);
  assert.equal(message.match(/L-/g).length, 20);
  assert.match(message, /, and 13 more$/);
});

test("refuses more than 2,000 loans", () => {
  const loans = (length) => Array.from({ length }, (_, at) => loan(String(1_000 + at)));
  assert.equal(overdueReminder(loans(2_000), today).count, 2_000);
  assert.throws(() => overdueReminder(loans(2_001), today), /more than 2000 loans/);
});

test("N5: what a lender typed calls nobody, and adds no output", () => {
  const { output } = runOn("hostile.json");
  const lines = output.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => line.split("=")[0]),
    ["count", "message"],
  );
  assert.equal(lines[0], "count=3");
  assert.match(lines[1], /&lt;!channel&gt; Saw &amp; more/);
  assert.doesNotMatch(lines[1], /[<>]/);
});

test("cuts the name of a tool to 60 characters", () => {
  const { message } = overdueReminder([{ ...loan("0001"), tool: "x".repeat(10_000) }], today);
  assert.match(message, / x{60} \(/);
});

test("stops at a broken loan, and says which one without its content", () => {
  const { status, stderr, stdout } = runOn("broken.json");
  assert.equal(status, 1);
  assert.match(stderr, /loan 1 of data\/loans.json lacks a number, a tool or a day/);
  assert.doesNotMatch(stderr + stdout, /27 February/);
});

test("stops where there are no loans to read", () => {
  const { status, stderr } = runOn(null);
  assert.equal(status, 1);
  assert.match(stderr, /ENOENT.*data\/loans.json/);
});
