/** SECURITY.md says which test shows what: it has to be there, under that name. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");
const text = readFileSync(path.join(root, "SECURITY.md"), "utf8");
const rows = readFileSync(path.join(import.meta.dirname, "rows.test.ts"), "utf8");

test("each attack of its table has the test of its number and name, and each such test its row", () => {
  const told = [...text.matchAll(/^\| (\d+) \| ([^|]+) \|/gmu)].map(([, number, name]) => `${number} ${name}`);
  const shown = [...rows.matchAll(/test\("(\d+) ([^:"]+): /gu)].map(([, number, name]) => `${number} ${name}`);
  expect(told).toEqual(shown);
  expect(told).toHaveLength(20);
});

test("each test that it links to is there", () => {
  const links = [...text.matchAll(/\]\((test\/[^)]+)\)/gu)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((link) => !existsSync(path.join(root, link)))).toEqual([]);
});
