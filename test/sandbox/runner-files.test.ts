import { expect, test } from "vitest";
import { parseAssignments } from "./runner-files.ts";

test("reads one-line values and values between delimiters", () => {
  const text = "a=1\nb=x=y\nlong<<END\none\ntwo=2\nEND\r\nempty=\n";
  expect(parseAssignments(text)).toEqual({ a: "1", b: "x=y", long: "one\ntwo=2", empty: "" });
});

test.each(["just text", "a<<END\nnever closed", "=value"])("refuses %j, as the runner does", (text) => {
  expect(() => parseAssignments(text)).toThrow("Unable to process file command");
});
