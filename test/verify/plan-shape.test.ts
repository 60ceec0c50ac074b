import { describe, expect, test } from "vitest";
import { checkPlanShape, planFaults } from "../../src/verify/plan-shape.ts";
import { ideaStep, memoryTree, phaseOf } from "./memory-tree.ts";

const english = `# Tool library reminders

## 1. Goals

Members bring borrowed tools back in time. The plan delivers a daily reminder.

- Option trading is no part of this.
- Plan A/V equipment as one tool each.

## 2. Risks & Constraints

- [consideration] Extensibility: other channels than mail come later.
- [constraint] One server, no budget for a queue.

## 3. System Architecture & Design Strategy

### 3.1. Architecture overview

One service with a scheduler. Optional modules stay outside; alternative screen readers work too.

### 3.2. Key Technical Decisions

| Decision | Chosen technology | Reason and expected effect |
|---|---|---|
| Storage | SQLite | One writer, no server to run |

### 3.3. Data Modeling

- Member: name, address.
- Loan: tool, member, due date.

## 4. Action Plan / TODO

### Milestone 1: Foundation and environment

- [ ] [TASK-001] Lay out the project.
- [ ] [TASK-002] Let CI run the tests.

### Milestone 2: Reminders

- [ ] **[TASK-003]** Find loans that are due.

### Milestone 3: Stabilisation and release

- [x] TASK-004: Test what happens where the mail server is away.

## 5. System Flow

\`\`\`mermaid
sequenceDiagram
    User->>Server: return
\`\`\`

## 6. Definition of Done

All tasks are done, and a reminder for a loan that is due arrives.
`;

const korean = `# 공구 도서관 알림

## 1. 목표 (Goals)

회원이 빌린 공구를 제때 돌려준다. 대안을 찾느라 시간을 쓰지 않는다.

## 2. 고려사항 및 제약조건 (Risks & Constraints)

- [고려사항] 확장성: 나중에 다른 채널을 더한다.
- [제약조건] 하루 안에 끝난다.

## 3. 시스템 아키텍처 및 설계 전략

### 3.1. 아키텍처 개요

서비스 하나와 스케줄러 하나. 시나리오 1은 시험에서 다룬다.

### 3.2. 핵심 기술 결정

- 저장소 → SQLite → 쓰는 곳이 하나다.

## 4. 상세 실행 계획

### 마일스톤 1: 기반 설계 및 환경 구축

- [ ] [TASK-001] 프로젝트 구조를 잡는다.

### 마일스톤 2: 알림

- [ ] [TASK-002] 기한이 지난 대여를 찾는다.

### 마일스톤 3: 안정화 및 배포

- [ ] [TASK-003] 시험하고 배포한다.

## 6. 완료 조건

모든 작업이 끝났다.
`;

/** The fault's line as it reads, and what is said of it. */
function said(text: string): readonly string[] {
  const lines = text.split("\n");
  return planFaults(text).map(({ line, message }) => `${line === null ? "-" : (lines[line - 1] ?? "?")} => ${message}`);
}

describe("a plan", () => {
  test("in English passes", () => {
    expect(said(english)).toEqual([]);
  });

  test("in Korean passes, without what is optional", () => {
    expect(said(korean)).toEqual([]);
  });

  test("may leave the English behind a Korean heading away, or add it", () => {
    const text = korean.replace("1. 목표 (Goals)", "1. 목표").replace("완료 조건", "완료 조건 (Definition of Done)");
    expect(said(text)).toEqual([]);
  });

  test("may have titles of its own below a section", () => {
    expect(said(english.replace("- Loan: tool", "#### Loans\n\n- Loan: tool"))).toEqual([]);
  });

  test("may begin with front matter, and speak of code within a line", () => {
    expect(said(`---\nauthor: someone\n---\n${english.replace("One service", "One service `npm start`")}`)).toEqual([]);
  });
});

describe("headings", () => {
  test.each([
    ["## 6. Definition of Done", "## 6. Done when", 'write "## 6. Definition of Done"'],
    ["## 1. Goals", "## Goals", 'write "## 1. Goals"'],
    ["## 1. Goals", "### 1. Goals", 'write "## 1. Goals"'],
    ["## 1. Goals", "## 1. 목표 (Goals)", 'write "## 1. Goals"'],
    ["### 3.1. Architecture overview", "## 3.1. Architecture overview", 'write "### 3.1. Architecture overview"'],
    ["## 5. System Flow", "## 5. Budget", 'write "## 5. System Flow"'],
    ["## 5. System Flow", "## Appendix", "no heading of a plan"],
    ["### 3.3. Data Modeling", "### 3.4. Caching", "no heading of a plan"],
    ["## 5. System Flow", "# Another plan", "second title"],
  ])("fails %s written as %s", (right, wrong, message) => {
    const faults = said(english.replace(right, wrong));
    expect(faults).toEqual([expect.stringContaining(message)]);
    expect(faults[0]).toContain(`${wrong} => `);
  });

  test("asks for Korean where most headings are Korean", () => {
    expect(said(korean.replace("6. 완료 조건", "6. Definition of Done"))).toEqual([
      '## 6. Definition of Done => the heading "6. Definition of Done" differs from the template: write "## 6. 완료 조건".',
    ]);
  });

  test("fails one that is missing, at no line", () => {
    const text = english.replace(/## 2\. Risks[\s\S]*?(?=## 3\.)/u, "");
    expect(said(text)).toEqual(['- => the heading "## 2. Risks & Constraints" is missing: add it with its text.']);
  });

  test("fails one that is empty", () => {
    const text = korean.replace("모든 작업이 끝났다.\n", "");
    expect(said(text)).toEqual([expect.stringContaining('the section "6. 완료 조건" is empty')]);
  });

  test("fails two that changed places", () => {
    const [before, flow, done] = [english.slice(0, english.indexOf("## 5.")), /## 5[\s\S]*(?=## 6)/u, /## 6[\s\S]*/u];
    const text = `${before}${done.exec(english)?.[0] ?? ""}\n${flow.exec(english)?.[0] ?? ""}`;
    expect(said(text)).toEqual([expect.stringMatching(/^## 6\. Definition of Done => .*stands too early/u)]);
  });

  test("fails one that is there twice", () => {
    expect(said(english.replace("## 5. System Flow", "## 1. Goals\n\nMore.\n\n## 5. System Flow"))).toEqual([
      expect.stringContaining("is there twice"),
    ]);
  });

  test("fails a text without a title", () => {
    expect(said(english.replace("# Tool library reminders\n", ""))).toEqual([
      expect.stringContaining("the title is missing"),
    ]);
  });
});

describe("code", () => {
  test.each([
    ["a fence", "```js\nlet a;\n```"],
    ["a fence that names nothing", "~~~\nlet a;\n~~~"],
    ["a quoted fence", "> ```sh\n> npm start\n> ```"],
    ["an indented block", "    npm start\n\n    npm test"],
    ["HTML", "<pre>npm start</pre>"],
    ["a fence behind a diagram", "```mermaid\ngraph TD\n```\n```sh\nnpm start\n```"],
  ])("fails as %s", (_, block) => {
    const faults = said(english.replace("All tasks are done", `${block}\n\nAll tasks are done`));
    expect(faults).toEqual([expect.stringContaining("a plan holds no code")]);
  });

  test("may be a diagram", () => {
    expect(said(korean.replace("모든 작업", "~~~ Mermaid\ngraph TD\n~~~\n\n모든 작업"))).toEqual([]);
  });

  test("is not what continues an item of a list", () => {
    expect(said(english.replace("- Loan: tool", "- Loan:\n\n    tool"))).toEqual([]);
  });
});

describe("alternatives", () => {
  test.each([
    "- Option A: polling",
    "- **Option 2** sends it by mail",
    "**Alternative 1:** a queue",
    "#### Plan B",
    "#### Storage: Option A",
    "1. Approach B - a worker",
    "#### Alternatives considered",
    "- Alternative: a queue",
    "| Option A | Option B |",
    "The mail server is away: **Plan B** is a log.",
    "#### 대안",
    "- 대안: 대기열을 쓴다",
    "- **대안 2** (대기열)",
    "- A안: 폴링",
    "#### A안/B안",
    "- 제1안은 폴링이다",
    "- 옵션 A: 폴링",
    "- 플랜 B: 폴링",
  ])("fail as %s", (line) => {
    const faults = said(english.replace("- Member: name", `${line}\n- Member: name`));
    expect(faults).toEqual([expect.stringMatching(/ => ".+" names an alternative/u)]);
  });

  test.each([
    "- Plan a visit with each member.",
    "- Options of a loan: length, deposit.",
    "- Alternative text for each picture.",
    "- Option keys are read from the settings.",
    "- Planning: B tools come first.",
    "- Scenario 1: a member returns late.",
    "- Approaches the limit of one server.",
    "- Solution Architect: Wanda.",
    "- 대안적인 채널은 나중에 더한다.",
    "- 안전: 모든 자료를 암호화한다.",
    "- 30분 안에 보낸다. 1 안에 들지 않는다.",
    "- 보안: 토큰을 감춘다.",
    "The text says `Option A` of the vendor's menu.",
  ])("are not: %s", (line) => {
    expect(said(english.replace("- Member: name", `${line}\n- Member: name`))).toEqual([]);
  });
});

describe("tasks", () => {
  test.each([
    ["- [ ] [TASK-002] Let", "- Let", 'write "- [ ] [TASK-002]'],
    ["- [ ] [TASK-002] Let", "- [ ] Let", 'write "- [ ] [TASK-002]'],
    ["- [ ] [TASK-002] Let", "1. [TASK-002] Let", 'write "- [ ] [TASK-002]'],
    ["TASK-004", "TASK-003", "TASK-003 is given on line 41 already"],
    ["TASK-004", "TASK-005", "TASK-005 follows out of order: this is TASK-004"],
    ["### Milestone 3", "### Milestone 4", "this is milestone 3, not 4"],
    ["- [ ] **[TASK-003]** Find loans that are due.", "They come by mail.", "the milestone has no task"],
    ["### Milestone 1: Foundation and environment\n", "", "belongs to no milestone"],
    ["### Milestone 3: Stabilisation and release\n", "", "the action plan has 2 milestones, and needs at least 3"],
  ])("%s written as %s", (right, wrong, message) => {
    const faults = said(english.replace(right, wrong));
    expect(faults.join("\n")).toContain(message);
  });

  test("tell of numbers out of order once", () => {
    const text = english.replace("TASK-001", "TASK-009").replace("TASK-002", "TASK-008");
    expect(said(text)).toEqual([expect.stringContaining("TASK-009 follows out of order: this is TASK-001")]);
  });

  test("may lie below milestones in bold", () => {
    expect(said(english.replaceAll(/^### (Milestone.*)$/gmu, "**$1**"))).toEqual([]);
  });
});

describe("checkPlanShape", () => {
  const path = "docs/plans/7-reminders.md";
  const phase = phaseOf([{ ...ideaStep, outputs: [path] }]);

  test("tells path, step and line", async () => {
    const tree = memoryTree({ [path]: english.replace("## 1. Goals", "## 1. Aims"), "docs/other.md": "" });
    const { findings, looked } = await checkPlanShape(tree, phase);
    expect(looked).toBe(1);
    expect(findings).toMatchObject([{ check: "plan-shape", step: "01_idea", path, line: 3 }]);
  });

  test("leaves a missing plan to the check of outputs", async () => {
    expect(await checkPlanShape(memoryTree({}), phase)).toEqual({ findings: [], looked: 0 });
  });

  test("wants one document", async () => {
    const tree = memoryTree({ "docs/plans/7-a.md": english, "docs/plans/7-b.md": english });
    const { findings } = await checkPlanShape(tree, phaseOf([{ ...ideaStep, outputs: ["docs/plans/7-*.md"] }]));
    expect(findings).toMatchObject([
      { path: "docs/plans/7-b.md", message: expect.stringContaining("a plan is one document") },
    ]);
  });
});
