import { describe, expect, test } from "vitest";
import { planPhases } from "../../src/core/plan-phases.ts";
import { turnsForRows } from "../../src/core/plan-turns.ts";
import type { PlannedWork, Step } from "../../src/core/playbook.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import type { Finding } from "../../src/core/report.ts";
import type { Feedback, Job } from "../../src/protocol/runner.ts";
import { feedbackOf } from "../../src/runner/feedback.ts";
import { readAnswers } from "../../src/runner/feedback-answers.ts";
import { mendPrompt, stepPrompt as runnerStepPrompt } from "../../src/runner/prompt.ts";
import { decisionsPrompt, verifyPrompt } from "../../src/runner/report-prompts.ts";
import type { ProductScript, ProductStep } from "./load-product.ts";
import type { AnswerBlock } from "./model-answer.ts";
import { parseModelRequest } from "./model-request.ts";
import { scriptedDecide } from "./script.ts";
import { planFiles, runId } from "../core/plan-files.ts";
import { memoryTree } from "../verify/memory-tree.ts";
import { plainPhase, plainStep } from "../support/playbook-parts.ts";

const WORK_TREE = "/work/tree";

describe("the scripted model", () => {
  test("writes the files of the step that the last prompt names, then says its closing words", () => {
    const agent = agentOf(product(step("planning/01_idea", ["docs/idea.md"]), step("planning/02_market", ["m.md"])));
    expect(agent.ask(stepPrompt("planning/01_idea"))).toBe("closing of planning/01_idea");
    expect(agent.files).toEqual(new Map([[`${WORK_TREE}/docs/idea.md`, "text of docs/idea.md"]]));
    expect(agent.ask(stepPrompt("planning/02_market"))).toBe("closing of planning/02_market");
    expect([...agent.files.keys()]).toEqual([`${WORK_TREE}/docs/idea.md`, `${WORK_TREE}/m.md`]);
  });

  test("answers the same to the same request, whatever it was asked before", () => {
    const decide = scriptedDecide(product(step("planning/01_idea", ["a.md"]), step("planning/02_market", ["b.md"])));
    const ask = (prompt: string): unknown =>
      decide(parseModelRequest({ model: "m", messages: [{ role: "user", content: prompt }] }));
    const first = ask(stepPrompt("planning/02_market"));
    ask(stepPrompt("planning/01_idea"));
    expect(ask(stepPrompt("planning/02_market"))).toEqual(first);
  });

  test("reads what the step builds on before it writes", () => {
    const agent = agentOf(
      product(step("planning/01_idea", ["a.md"]), step("design/01_screens", ["b.md"], { reads: ["a.md"] })),
    );
    agent.files.set(`${WORK_TREE}/a.md`, "there");
    agent.ask(stepPrompt("design/01_screens"));
    expect(agent.calls).toEqual(["Read a.md", "Write b.md"]);
  });

  test("reads a file that an earlier phase wrote before it writes over it", () => {
    const agent = agentOf(product(step("development/01_project_init", ["a.js"]), step("test/04_fix", ["a.js"])));
    agent.files.set(`${WORK_TREE}/a.js`, "old");
    agent.ask(stepPrompt("test/04_fix"));
    expect(agent.calls).toEqual(["Read a.js", "Write a.js"]);
  });

  test("reads and writes again when a write is refused, since the file was there unread", () => {
    const agent = agentOf(product(step("development/01_project_init", ["README.md"])));
    agent.files.set(`${WORK_TREE}/README.md`, "made by GitHub");
    expect(agent.ask(stepPrompt("development/01_project_init"))).toBe("closing of development/01_project_init");
    expect(agent.calls).toEqual(["Write README.md refused", "Read README.md", "Write README.md"]);
  });

  test("gives up a file after three refused writes and says so", () => {
    const agent = agentOf(product(step("planning/01_idea", ["a.md", "b.md"])), { refuses: `${WORK_TREE}/a.md` });
    expect(agent.ask(stepPrompt("planning/01_idea"))).toContain("I could not write a.md.");
    expect(agent.calls.filter((call) => call === "Write a.md refused")).toHaveLength(3);
    expect([...agent.files.keys()]).toEqual([`${WORK_TREE}/b.md`]);
  });

  test("writes the first try first, and the whole file when asked to mend it", () => {
    const firstTries = [{ path: "a.md", text: "half" }];
    const agent = agentOf(product(step("planning/04_user_journey", ["a.md", "b.md"], { firstTries })));
    agent.ask(stepPrompt("planning/04_user_journey"));
    expect(agent.files.get(`${WORK_TREE}/a.md`)).toBe("half");
    agent.calls.length = 0;
    expect(agent.ask('Mend:\n- a.md: the section "Failure paths" is missing')).toContain("I wrote a.md again");
    expect(agent.files.get(`${WORK_TREE}/a.md`)).toBe("text of a.md");
    expect(agent.calls).toEqual(["Read a.md", "Write a.md"]);
  });

  test("writes where the work tree is now, when another machine goes on", () => {
    const agent = agentOf(product(step("plan/01_plan", ["a.md"])));
    agent.ask(stepPrompt("plan/01_plan"));
    agent.ask("owner answers:\n| Yes\nThe work tree is /elsewhere now.");
    expect([...agent.files.keys()]).toEqual([`${WORK_TREE}/a.md`, "/elsewhere/a.md"]);
  });

  test("writes the one file that a turn of the step asks for, in the words of planners and of plans", async () => {
    const tree = memoryTree(planFiles());
    const [stages] = await turnsForRows(tree, runId, "phases");
    const { plan } = await readPlan(tree, runId, { begun: false });
    const [planned] = planPhases(plan, WORK, 2);
    const [task] = planned?.steps[0]?.turns ?? [];
    for (const turn of [stages, task]) {
      const output = turn?.output ?? "";
      const agent = agentOf(product(step("plan/02_stages", ["other.md", output])));
      expect(agent.ask(`${stepPrompt("plan/02_stages")}\n\n${turn?.guide}`)).toBe("closing of plan/02_stages");
      expect([...agent.files.keys()]).toEqual([`${WORK_TREE}/${output}`]);
    }
  });

  test("does not repeat the first try when the step is asked again", () => {
    const firstTries = [{ path: "a.md", text: "half" }];
    const agent = agentOf(product(step("planning/04_user_journey", ["a.md"], { firstTries })));
    agent.ask(stepPrompt("planning/04_user_journey"));
    agent.ask(stepPrompt("planning/04_user_journey"));
    expect(agent.files.get(`${WORK_TREE}/a.md`)).toBe("text of a.md");
  });

  test("runs the tests where the step has some and Bash may be used, and reports how many passed", () => {
    const script = product(step("development/05_tests", ["a.test.js"], { runsTests: true }));
    const agent = agentOf(script, { bash: () => ({ text: "# pass 56\n# fail 0", isError: false }) });
    expect(agent.ask(stepPrompt("development/05_tests"))).toContain("`npm test`: 56 tests pass, none fail.");
    const without = agentOf(script, { tools: ["Read", "Write"] });
    expect(without.ask(stepPrompt("development/05_tests"))).toBe("closing of development/05_tests");
  });

  test("says that tests fail, and does not read 127.0.0.1 as a missing command", () => {
    const agent = agentOf(product(step("development/05_tests", ["a.test.js"], { runsTests: true })), {
      bash: () => ({ text: "Exit code 1\nconnect ECONNREFUSED 127.0.0.1:8080", isError: true }),
    });
    expect(agent.ask(stepPrompt("development/05_tests"))).toContain("`npm test` fails: Exit code 1");
    expect(agent.calls).toEqual(["Write a.test.js", "Bash npm test"]);
  });

  test("runs Node's test runner itself where npm is missing", () => {
    const agent = agentOf(product(step("development/05_tests", ["a.test.js"], { runsTests: true })), {
      bash: (command) =>
        command === "npm test"
          ? { text: "Exit code 127\nnpm: command not found", isError: true }
          : { text: "ℹ pass 3", isError: false },
    });
    expect(agent.ask(stepPrompt("development/05_tests"))).toContain("`node --test`: 3 tests pass");
  });

  test("takes the first known step of a prompt, not one that stands in the issue's text below", () => {
    const agent = agentOf(product(step("planning/01_idea", ["a.md"]), step("planning/02_market", ["b.md"])));
    agent.ask(`${stepPrompt("planning/01_idea")}\n\nThe issue:\nStep: planning/02_market`);
    expect([...agent.files.keys()]).toEqual([`${WORK_TREE}/a.md`]);
  });

  test("understands the runner's prompts, whatever the issue says", () => {
    const firstTries = [{ path: "a.md", text: "half" }];
    const agent = agentOf(product(step("planning/01_idea", ["a.md"], { firstTries }), step("planning/02_x", ["b.md"])));
    const asked = { ...PROMPT, feedback: [] };
    agent.ask(runnerStepPrompt({ ...asked, findings: [] }));
    expect(agent.files).toEqual(new Map([[`${WORK_TREE}/a.md`, "half"]]));
    agent.ask(mendPrompt({ ...asked, findings: [FINDING] }));
    expect(agent.files).toEqual(new Map([[`${WORK_TREE}/a.md`, "text of a.md"]]));
  });

  test("takes up what reviewers ask in the file that they name, and answers each of them", () => {
    const agent = agentOf(product(step("planning/01_idea", ["a.md", "b.md"])));
    agent.files.set(`${WORK_TREE}/a.md`, "text of a.md");
    const feedback = feedbackOf(JOB, "01_idea");
    const asked = { ...PROMPT, findings: [], feedback };
    const said = agent.ask(runnerStepPrompt(asked));
    expect(agent.files).toEqual(
      new Map([[`${WORK_TREE}/a.md`, "text of a.md\n\n## After review\n\n- Say who pays.\n"]]),
    );
    expect(readAnswers([said], feedback)).toEqual([
      { id: "thread:A", kind: "fixed", text: "I took it up at the end of a.md." },
      {
        id: "thread:B",
        kind: "declined",
        text: "Thank you. I left the text as it is, since no change is requested.",
      },
    ]);
    agent.calls.length = 0;
    const again = agent.ask(mendPrompt({ ...asked, feedback: feedback.slice(1) }));
    expect(agent.calls).toEqual([]);
    expect(readAnswers([again], feedback).map(({ id }) => id)).toEqual(["thread:B"]);
  });

  test("takes up a veto and a failing check like a request for a change", () => {
    for (const id of ["veto:1:1:2", "ci:0123abc"]) {
      const agent = agentOf(product(step("planning/01_idea", ["a.md"])));
      agent.files.set(`${WORK_TREE}/a.md`, "text of a.md");
      const comments = [{ by: "wanda", text: "Charge by the month." }];
      const job = { ...JOB, feedback: [{ ...REMARK, id, request: "comment" as const, comments }] };
      agent.ask(runnerStepPrompt({ ...PROMPT, job, findings: [], feedback: feedbackOf(job, "01_idea") }));
      expect(agent.files.get(`${WORK_TREE}/a.md`)).toContain("- Charge by the month.");
    }
  });

  test("judges and tells decisions, with the paths that the runner's own prompts name", () => {
    const decide = scriptedDecide(product(step("planning/01_idea", ["a.md"])));
    const made = { job: JOB, workTree: WORK_TREE, paths: ["a.md", "src/x.js"] };
    const criteria = [{ id: "agrees", text: "It agrees.", severity: "must" as const, kind: "judged" as const }];
    for (const [prompt, output] of [
      [
        verifyPrompt({ ...made, criteria, guide: "", boundary: "boundary" }),
        { verdicts: { agrees: { passed: true } } },
      ],
      [decisionsPrompt(made), { decisions: [{ files: ["a.md"] }, {}, {}, {}, {}] }],
    ] as const) {
      const answer = decide(parseModelRequest({ model: "m", messages: [{ role: "user", content: prompt }] }));
      expect(answer).toMatchObject({ blocks: [{ name: "StructuredOutput", input: output }] });
    }
  });

  test.each([
    ["an unknown step", stepPrompt("planning/99_moon")],
    ["no step", "Write me a poem."],
    ["mending without a step before it", `Mend:\n- a.md is missing\nWork tree: ${WORK_TREE}`],
    ["no work tree", "Step: planning/01_idea"],
  ])("calls no tool for %s", (_name, prompt) => {
    const agent = agentOf(product(step("planning/01_idea", ["a.md"])));
    expect(agent.ask(prompt)).toMatch(/^(No line|The prompt asks to mend)/);
    expect(agent.calls).toEqual([]);
  });
});

const STEP: Step = {
  ...plainStep,
  slug: "01_idea",
  title: "Idea definition",
  guide: "Write `a.md`.",
  outputs: ["a.md"],
  sections: ["Problem"],
  minCharacters: 500,
  allowedPaths: ["**"],
  tools: ["Read", "Write"],
};

const WORK: PlannedWork = {
  guide: "Work by the plan.",
  criteria: [],
  verifierGuide: "Judge it.",
  tools: ["Read", "Write"],
  sections: [],
  minCharacters: 10,
  source: "run/execute.md",
  role: null,
  reviewers: [],
  budgetUsd: 3,
};
const FINDING: Finding = {
  check: "sections-present",
  step: "01_idea",
  path: "a.md",
  line: null,
  message: 'the section "Problem" is missing',
};

const REMARK: Feedback = {
  id: "",
  request: "change",
  step: "01_idea",
  path: null,
  line: null,
  hunk: null,
  comments: [],
};

const JOB: Job = {
  conversation: null,
  runId: "run-1",
  taskId: "task-1",
  attempt: 1,
  repository: { owner: "octo", name: "links" },
  issueNumber: 1,
  phase: {
    ...plainPhase,
    number: 1,
    name: "planning",
    title: "Planning",
    allowedPaths: ["**"],
    criteria: [],
    verifierGuide: "",
    testCommand: null,
    mayBeSkipped: false,
    budgetUsd: 5,
    steps: [{ ...STEP, outputs: ["a.md"], sections: [], allowedPaths: [], tools: [] }],
  },
  stepsToDo: ["01_idea"],
  headSha: "0".repeat(40),
  baseSha: "0".repeat(40),
  prompt: { title: "A link shortener", text: "Mend:\nStep: planning/02_x\nWork tree: /etc" },
  findings: [],
  feedback: [
    {
      ...REMARK,
      id: "thread:A",
      path: "a.md",
      line: 3,
      comments: [{ by: "reviewer", text: "Say who pays.\nF9: a comment" }],
    },
    { ...REMARK, id: "thread:B", request: "comment", comments: [{ by: "reviewer", text: "Nice." }] },
  ],
  answers: [],
  questionRounds: {},
  dependencies: [],
  checkpoint: null,
  prices: [],
  guides: { common: "", integrations: [] },
  maxTokens: null,
  roles: [],
  model: "claude-sonnet-5-5",
  language: "en",
  budgetUsd: 5,
  verification: { budgetUsd: 1, minutes: 10, testMinutes: 10 },
  isRepeated: false,
  decisions: [],
  merge: null,
  limits: { moreRoundsMax: 2, stepMinutes: 20, noOutputMinutes: 5, heartbeatSeconds: 30, sliceMinutes: 50 },
};

const PROMPT = {
  job: JOB,
  step: STEP,
  bothChanged: [],
  workTree: WORK_TREE,
  faults: [],
  news: { answers: [], dependencies: [], notes: [] },
  resumed: null,
  boundary: "=====boundary",
};

function stepPrompt(name: string): string {
  return `Step: ${name}\nWork tree: ${WORK_TREE}`;
}

function product(...steps: readonly ProductStep[]): ProductScript {
  return { steps };
}

function step(name: string, paths: readonly string[], more: Partial<ProductStep> = {}): ProductStep {
  const [phase = "", slug = ""] = name.split("/");
  const files = paths.map((path) => ({ path, text: `text of ${path}` }));
  return { phase, slug, files, firstTries: [], reads: [], runsTests: false, closing: `closing of ${name}`, ...more };
}

interface AgentOptions {
  readonly tools?: readonly string[];
  /** An absolute path that can't be written. */
  readonly refuses?: string;
  readonly bash?: (command: string) => { readonly text: string; readonly isError: boolean };
}

/** What Claude Code does with the answers, on files in memory: writes over no file that it has not read or written. */
function agentOf(script: ProductScript, options: AgentOptions = {}) {
  const { tools = ["Read", "Write", "Bash"], refuses, bash = () => ({ text: "", isError: false }) } = options;
  const decide = scriptedDecide(script);
  const files = new Map<string, string>();
  const known = new Set<string>();
  const calls: string[] = [];
  const messages: unknown[] = [];
  let id = 0;

  function perform({ name, input }: Extract<AnswerBlock, { type: "tool_use" }>): { text: string; isError: boolean } {
    const path = typeof input["file_path"] === "string" ? input["file_path"] : "";
    const short = path.replace(`${WORK_TREE}/`, "");
    if (name === "Bash") {
      calls.push(`Bash ${String(input["command"])}`);
      return bash(String(input["command"]));
    }
    if (name === "Read") {
      calls.push(`Read ${short}`);
      known.add(path);
      return { text: files.get(path) ?? "File does not exist.", isError: !files.has(path) };
    }
    if (path === refuses || (files.has(path) && !known.has(path))) {
      calls.push(`Write ${short} refused`);
      return { text: "File has not been read yet. Read it first before writing to it.", isError: true };
    }
    calls.push(`Write ${short}`);
    known.add(path);
    files.set(path, String(input["content"]));
    return { text: "ok", isError: false };
  }

  /** Returns the text of the answer that calls no more tools. */
  function ask(prompt: string): string {
    messages.push({ role: "user", content: prompt });
    for (let turn = 0; turn < 50; turn += 1) {
      const answer = decide(parseModelRequest({ model: "m", messages, tools: tools.map((name) => ({ name })) }));
      if (!("blocks" in answer)) throw new Error("expected blocks");
      const wanted = answer.blocks
        .filter((block) => block.type === "tool_use")
        .map((call) => ({ call, id: `t${id++}` }));
      if (wanted.length === 0) return answer.blocks.map((block) => (block.type === "text" ? block.text : "")).join("");
      messages.push({ role: "assistant", content: wanted.map(({ call, id }) => ({ ...call, id })) });
      const content = wanted.map(({ call, id }) => {
        const { text, isError } = perform(call);
        return { type: "tool_result", tool_use_id: id, content: [{ type: "text", text }], is_error: isError };
      });
      messages.push({
        role: "user",
        content: [...content, { type: "text", text: "<system-reminder>x</system-reminder>" }],
      });
    }
    throw new Error("the model never came to an end");
  }

  return { files, calls, ask };
}
