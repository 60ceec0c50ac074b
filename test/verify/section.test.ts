import { describe, expect, test } from "vitest";
import { parseMarkdown } from "../../src/verify/markdown.ts";
import { sectionState } from "../../src/verify/section.ts";

function state(text: string, section = "Problem"): string {
  return sectionState(parseMarkdown(text), section);
}

describe("sectionState", () => {
  test.each([
    "# Problem",
    "## problem",
    "###### PROBLEM ##",
    "## 1. Problem",
    "## 1.2 Problem",
    "## 3) Problem:",
    "## (4) Problem",
    "## A. Problem",
    "## IV. Problem",
    "## 2 – Problem",
    "## **Problem**",
    "## `Problem`",
    "## 🎯 Problem",
    "## [Problem](#problem)",
    "## 문제 (Problem)",
    "## Problem (draft)",
    "Problem\n-------",
    "Problem\n=======",
  ])("takes %j for the section Problem", (heading) => {
    expect(state(`${heading}\n\nPeople mistype links.\n`)).toBe("filled");
  });

  test.each([
    "Problem",
    "#Problem",
    "####### Problem",
    "## The problem",
    "## Problems",
    "## A problem",
    "```\n## Problem\n```",
    "~~~text\n```\n## Problem\n~~~",
    "    # not here",
    "- Problem\n---",
  ])("does not take %j for it", (text) => {
    expect(state(`${text}\n\nPeople mistype links.\n`)).toBe("missing");
  });

  test.each([
    "## Problem\n",
    "## Problem\n\n---\n\n## Next\ntext\n",
    "## Problem\n<!-- write the\nproblem -->\n",
    "## Problem\n### Details\n### More\n## Next\ntext\n",
    "## Problem\n```\n\n```\n",
    "## Problem\n- \n",
  ])("calls %j empty", (text) => {
    expect(state(text)).toBe("empty");
  });

  test.each([
    "## Problem\n### Details\nPeople mistype links.\n",
    "## Problem\n```mermaid\ngraph TD\n```\n",
    "## Problem\n## Problem\nPeople mistype links.\n",
    "## Problem\n| a | b |\n|---|---|\n",
    "## Problem\r\n\r\nPeople mistype links.\r\n",
  ])("calls %j filled", (text) => {
    expect(state(text)).toBe("filled");
  });

  test.each([
    ["Access and limits", "## Access & Limits"],
    ["How it works", "## 3. How It Works"],
    ["What this means for the product", "## What this means for the product?"],
  ])("matches %j", (section, heading) => {
    expect(state(`${heading}\ntext\n`, section)).toBe("filled");
  });
});
