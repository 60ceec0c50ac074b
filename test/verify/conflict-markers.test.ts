import { expect, test } from "vitest";
import { conflictMarkersAt } from "../../src/verify/conflict-markers.ts";

const left = "<<<<<<< phase\nours\n=======\ntheirs\n>>>>>>> base\n";

test.each([
  ["a conflict", left, 1],
  ["the second of two", `# Idea\n\n${left}`, 3],
  ["one with Windows' ends of lines", left.replaceAll("\n", "\r\n"), 1],
  ["one that begins again", `<<<<<<< phase\n${left}`, 2],
])("%s is found at the line where it begins", (_claim, text, line) => {
  expect(conflictMarkersAt(text)).toBe(line);
});

test.each([
  ["a heading that is underlined", "Title\n=======\n\ntext\n"],
  ["marks that are out of order", ">>>>>>> base\n=======\n<<<<<<< phase\n"],
  ["marks without what divides them", "<<<<<<< phase\nours\n>>>>>>> base\n"],
  ["marks that are quoted", left.replaceAll(/^/gmu, "> ")],
  ["half a conflict", "<<<<<<< phase\nours\n=======\ntheirs\n"],
  ["longer lines of the same signs", "<<<<<<<<<<\n==========\n>>>>>>>>>>\n"],
])("%s is none", (_claim, text) => {
  expect(conflictMarkersAt(text)).toBeNull();
});
