import { describe, expect, test } from "vitest";
import { boxesIn, keepTicks, withBoxes } from "../../src/github/veto-boxes.ts";

const mark = (number: number, attempt = 1) => `<!-- phasegate:veto:${attempt}:${number} -->`;

function ticks(body: string): readonly string[] {
  return boxesIn(body).map(({ attempt, number, ticked }) => `${attempt}:${number}${ticked ? " x" : ""}`);
}

test("a box is set in the body as it is, and nothing else of it changes", () => {
  const body = `Words\r\n- [x] a ${mark(1)}\r\n- [x] b ${mark(2)}\n- [ ] c ${mark(3)}<!-- vetoed -->\n- [x] d`;
  const boxes = [
    { attempt: 1, number: 1, ticked: false },
    { attempt: 1, number: 3, ticked: true },
    { attempt: 2, number: 2, ticked: false },
  ];
  const set = `Words\r\n- [ ] a ${mark(1)}\r\n- [x] b ${mark(2)}\n- [x] c ${mark(3)}<!-- vetoed -->\n- [x] d`;
  expect(withBoxes(body, boxes)).toBe(set);
});

describe("the boxes in a gate's body", () => {
  test.each<readonly [claim: string, body: string, boxes: readonly string[]]>([
    ["as the app wrote them", `- [ ] **1. a** ${mark(1)}\n- [x] **2. b** ${mark(2)}`, ["1:1", "1:2 x"]],
    ["after an edit on Windows", `- [X] a ${mark(1)}\r\n- [ ] b ${mark(2)}\r\n`, ["1:1 x", "1:2"]],
    ["with words around them", `  * [x] no! a ${mark(1)} since we\nhave none`, ["1:1 x"]],
    ["in a numbered list", `1. [x] a ${mark(1)}`, ["1:1 x"]],
    ["of another attempt beside", `- [x] a ${mark(1, 2)}\n- [ ] a ${mark(1)}`, ["2:1 x", "1:1"]],
    ["that somebody copied: the first counts", `- [ ] a ${mark(1)}\n- [x] a ${mark(1)}`, ["1:1"]],
    ["quoted: none", `> - [x] a ${mark(1)}`, []],
    ["without a marker: none", "- [x] a", []],
    ["with a marker before them: none", `${mark(1)} - [x] a`, []],
    ["in an empty body: none", "", []],
  ])("are read %s", (_claim, body, boxes) => {
    expect(ticks(body)).toEqual(boxes);
  });

  test("are bounded, however often somebody copied them", () => {
    const many = Array.from({ length: 999 }, (_, index) => `- [x] a ${mark(index)}`).join("\n");
    expect(boxesIn(many)).toHaveLength(100);
    expect(boxesIn(`${"x".repeat(70_000)}\n- [x] a ${mark(1)}`)).toEqual([]);
  });

  test.each<readonly [claim: string, written: string, there: string, kept: string]>([
    ["a tick that the app does not know yet", "- [ ] a M", "- [x] a M", "- [x] a M"],
    ["no tick of another attempt", "- [ ] a M", `- [x] a ${mark(1, 7)}`, "- [ ] a M"],
    ["a veto that came by a command", "- [x] a M<!-- vetoed -->", "- [ ] a M", "- [x] a M<!-- vetoed -->"],
    [
      "a tick that somebody took away after the app had written it",
      "- [x] a M<!-- vetoed -->",
      "- [ ] a M<!-- vetoed -->",
      "- [ ] a M<!-- vetoed -->",
    ],
    ["what a body without boxes says of them", "- [x] a M", "", "- [x] a M"],
    ["every other line", "- [ ] b", "- [x] b", "- [ ] b"],
  ])("keep, when the body is written anew, %s", (_claim, written, there, kept) => {
    const withMark = (text: string) => text.replace("M", mark(1));
    expect(keepTicks(withMark(written), withMark(there))).toBe(withMark(kept));
  });
});
