import { describe, expect, test } from "vitest";
import type { JobDependency, PersonAnswer, RunnerRequest } from "../../src/protocol/runner.ts";
import { openDesk, type DeskOptions, type StepDesk } from "../../src/runner/dialogue-desk.ts";
import type { ToolCall } from "../../src/runner/dialogue-server.ts";

interface DeskWorld {
  readonly desk: StepDesk;
  readonly requests: RunnerRequest[];
}

function deskOf(
  given: {
    readonly answers?: readonly PersonAnswer[];
    readonly dependencies?: readonly JobDependency[];
    readonly held?: readonly string[];
    readonly requestsMax?: number;
  } & Partial<DeskOptions> = {},
): DeskWorld {
  const requests: RunnerRequest[] = [];
  const lent = new Set<string>();
  const held = given.held ?? [];
  const desk = openDesk({
    step: "01_idea",
    roundsLeft: null,
    stepsToCome: [],
    boundary: "stop-7c1d",
    told: [],
    services: undefined,
    permissions: undefined,
    tools: ["Read"],
    workTree: "/work/tree",
    redact: (text) => text.replaceAll("sk-secret", "***"),
    requests: {
      async send(request) {
        const id = `run-1/${requests.length + 1}`;
        requests.push({ ...request, id });
        return await Promise.resolve(id);
      },
      left: () => (given.requestsMax ?? 20) - requests.length,
    },
    resolved: () => ({ answers: given.answers ?? [], dependencies: given.dependencies ?? [] }),
    grants: {
      names: held,
      environmentOf: () => Object.fromEntries([...lent].map((name) => [name, "a value"])),
      lend: (_, name) => held.includes(name) && lent.add(name).has(name),
    },
    ...given,
  });
  desk.lend();
  return { desk, requests };
}

const question = {
  category: "business" as const,
  question: "Who pays?",
  options: [],
  default: "Users",
  required: true,
};
const asking = (id: string | null, ...questions: readonly object[]): ToolCall => ({
  id,
  name: "ask_user",
  input: { questions },
});
const needing = (id: string | null, more: object = {}): ToolCall => ({
  id,
  name: "request_dependency",
  input: { type: "api_key", name: "STRIPE_KEY", description: "", required: true, ...more },
});
const dependency: JobDependency = {
  name: "STRIPE_KEY",
  askedAs: "STRIPE_KEY",
  type: "api_key",
  state: "granted",
  steps: [],
  slot: 1,
};
const answer: PersonAnswer = {
  number: 1,
  requestId: "run-0/1",
  index: 0,
  question: "Who pays?",
  text: "Advertisers",
  by: "owner",
  at: "2026-11-21T00:00:00Z",
};

describe("of two things whose names come to the same", () => {
  const first: JobDependency = { ...dependency, name: "APP_VALUE", askedAs: "열쇠" };
  const second: JobDependency = { ...dependency, name: "APP_VALUE_2", askedAs: "비밀", slot: 2 };

  test("each is lent under its own, whichever name it is asked for by", async () => {
    for (const name of ["비밀", "APP_VALUE_2"]) {
      const { desk } = deskOf({ dependencies: [first, second], held: ["APP_VALUE", "APP_VALUE_2"] });
      expect(desk.judge(needing("call-1", { name }))).toBe("defer");
      expect((await desk.endTurn({ id: "call-1", name: "request_dependency" })).lent).toEqual(["APP_VALUE_2"]);
    }
  });

  test("the key is asked for although the service of that name is confirmed", async () => {
    const service: JobDependency = { ...dependency, name: "Redis", askedAs: "Redis", type: "service", slot: null };
    const { desk, requests } = deskOf({ dependencies: [service] });
    expect(desk.judge(needing("call-1", { name: "REDIS" }))).toBe("defer");
    expect((await desk.endTurn({ id: "call-1", name: "request_dependency" })).waits).toBe("waiting-dependency");
    expect(requests).toHaveLength(1);
  });
});

describe("a service whose names the settings of the repository give", () => {
  const services = {
    names: [{ service: "Stripe", type: "api_key" as const, name: "OUR_KEY", insteadOf: "STRIPE_KEY" }],
    values: [{ service: "Supabase", name: "SUPABASE_URL", value: "https://abc.supabase.co" }],
  };

  test("is asked for under its own name, although the agent goes by the guide", async () => {
    const { desk, requests } = deskOf({ services });
    expect(desk.judge(needing("call-1"))).toBe("defer");
    await desk.endTurn({ id: "call-1", name: "request_dependency" });
    expect(requests).toMatchObject([{ dependency: { name: "OUR_KEY" } }]);
  });

  test("is lent under its own name, and the agent is told so", () => {
    const { desk } = deskOf({ services, dependencies: [{ ...dependency, name: "OUR_KEY" }], held: ["OUR_KEY"] });
    expect(desk.judge(needing("call-1"))).toBe("defer");
    expect(Object.keys(desk.lend())).toEqual(["OUR_KEY"]);
    expect(desk.use(needing("call-1")).text).toContain("OUR_KEY is in your environment");
  });

  test("is not asked for where the settings hold the value itself", () => {
    const { desk, requests } = deskOf({ services });
    const call = needing("call-1", { type: "env_variable", name: "SUPABASE_URL" });
    expect(desk.judge(call)).toBe("pass");
    expect(desk.use(call)).toMatchObject({ isError: false, text: expect.stringContaining("it is no secret") });
    expect(requests).toEqual([]);
  });
});

describe("a tool outside the step's list, where people are asked", () => {
  const calls = (name: string, input: object, id: string | null = "call-1"): ToolCall => ({ id, name, input });
  const bash = (command: string, id: string | null = "call-1") => calls("Bash", { command }, id);
  const allowed = { requestId: "run-0/1", tool: "Bash", command: "npm test -- <work tree>/a", isAllowed: true };

  test("is asked for by the runner, with its command and no path of this machine", async () => {
    const { desk, requests } = deskOf({ permissions: [] });
    expect(desk.permit?.(bash(" npm test -- /work/tree/a "))).toEqual({ kind: "defer" });
    const end = await desk.endTurn({ id: "call-1", name: "Bash" });
    expect(end).toMatchObject({ waits: "waiting-question", pending: [{ toolName: "Bash", requestIds: ["run-1/1"] }] });
    const command = "npm test -- <work tree>/a";
    expect(requests).toEqual([
      { kind: "permission", id: "run-1/1", step: "01_idea", tool: "Bash", command, input: command },
    ]);
  });

  test("by its name shows what the call holds, cut and without secrets", async () => {
    const { desk, requests } = deskOf({ permissions: [] });
    const input = { file_path: "/work/tree/a.md", content: `sk-secret${"x".repeat(2_000)}` };
    expect(desk.permit?.(calls("Write", input))).toEqual({ kind: "defer" });
    await desk.endTurn({ id: "call-1", name: "Write" });
    const [request] = requests;
    expect(request).toMatchObject({ kind: "permission", tool: "Write", command: null });
    expect(request?.kind === "permission" ? request.input : "").toMatch(
      /^\{"file_path":"<work tree>\/a\.md","content":"\*\*\*x+ …$/u,
    );
    expect(request?.kind === "permission" ? request.input.length : 0).toBeLessThanOrEqual(600);
  });

  test("is used where people allowed it: a command word for word, any other by its name", () => {
    const search = { requestId: "run-0/2", tool: "WebSearch", command: null, isAllowed: true };
    const { desk, requests } = deskOf({ permissions: [allowed, search] });
    expect(desk.permit?.(bash("npm test -- /work/tree/a"))).toEqual({ kind: "allow" });
    expect(desk.permit?.(calls("WebSearch", { query: "shops" }))).toEqual({ kind: "allow" });
    for (const command of ["npm test -- /work/tree/a; curl evil", "npm test", "npm test -- /work/tree/*"]) {
      expect(desk.permit?.(bash(command, command))).toEqual({ kind: "defer" });
    }
    expect(requests.length).toBeLessThanOrEqual(3);
  });

  test("stays refused where people refused it", () => {
    const { desk } = deskOf({ permissions: [{ ...allowed, isAllowed: false }] });
    expect(desk.permit?.(bash("npm test -- /work/tree/a"))).toMatchObject({
      kind: "deny",
      reason: expect.stringContaining("People refused this"),
    });
  });

  test("that the agent waited for is called anew, since the work tree is another one now", () => {
    const said: PersonAnswer = { ...answer, requestId: "run-0/1", question: "May the agent?", text: "Allow" };
    const { desk } = deskOf({ permissions: [allowed], answers: [said] });
    desk.letThrough({ kind: "tool-call", toolUseId: "call-1", toolName: "Bash", requestIds: ["run-0/1"] }, [
      "The work tree is /work/tree now.",
    ]);
    const permit = desk.permit?.(bash("npm test -- /elsewhere/tree/a"));
    expect(permit).toMatchObject({ kind: "deny", reason: expect.stringContaining("People allowed this use of Bash.") });
    expect(permit).toMatchObject({ reason: expect.stringContaining("The work tree is /work/tree now.") });
    desk.agentSpoke();
    expect(desk.told()).toEqual([{ number: 1, at: answer.at }]);
    expect(desk.permit?.(bash("npm test -- /work/tree/a", "call-2"))).toEqual({ kind: "allow" });
  });

  test("is not asked for where nobody could see what is allowed", () => {
    const { desk, requests } = deskOf({ permissions: [] });
    const unfit = [
      `echo ${"x".repeat(1_000)}`,
      "echo \u202Egpj.exe",
      "echo \u200B",
      "echo \r\u001B[2K",
      "echo sk-secret",
      "rm <work tree>/a",
      "",
    ];
    for (const command of unfit) expect(desk.permit?.(bash(command, command))).toMatchObject({ kind: "deny" });
    expect(desk.permit?.(calls("Bash", {}))).toMatchObject({ kind: "deny" });
    expect(requests).toEqual([]);
  });

  test("is nobody's matter that is in the list, that no person may allow, or where the settings ask nobody", () => {
    const { desk, requests } = deskOf({ permissions: [] });
    for (const name of ["Read", "Agent", "ScheduleWakeup", "mcp__notes__read", "StructuredOutput"]) {
      expect(desk.permit?.(calls(name, {}))).toEqual({ kind: "pass" });
    }
    expect(deskOf().desk.permit?.(bash("ls"))).toEqual({ kind: "pass" });
    expect(desk.permit?.(bash("ls", null))).toEqual({ kind: "pass" });
    expect(requests).toEqual([]);
  });

  test("is asked for once in a turn, and no more than the run may ask", () => {
    const { desk } = deskOf({ permissions: [], requestsMax: 1 });
    expect(desk.permit?.(bash("ls", "call-1"))).toEqual({ kind: "defer" });
    expect(desk.permit?.(bash("ls", "call-1"))).toEqual({ kind: "defer" });
    expect(desk.permit?.(bash("ls", "call-2"))).toMatchObject({ kind: "deny" });
    expect(desk.permit?.(bash("pwd", "call-3"))).toMatchObject({
      reason: expect.stringContaining("as often as it may"),
    });
  });

  test("is allowed by no question of the agent's own, whatever its words are", () => {
    const words = "May the agent run this command in step 01_idea?\n\nls";
    const said: PersonAnswer = { ...answer, question: words, text: "Allow" };
    const { desk } = deskOf({ permissions: [], answers: [said] });
    expect(desk.use(asking("call-1", { ...question, question: words, options: ["Allow", "Refuse"] })).text).toContain(
      "| Allow",
    );
    expect(desk.permit?.(bash("ls", "call-2"))).toEqual({ kind: "defer" });
  });
});

describe("a step that may ask two rounds of questions", () => {
  const other = (text: string, required = true) => ({ ...question, question: text, required });

  test("asks twice, and has to decide after that, whichever way it asks", async () => {
    const { desk, requests } = deskOf({ roundsLeft: 2 });
    expect(desk.judge(asking("call-1", other("Who pays?"), other("Who uses it?")))).toBe("defer");
    expect(desk.use(asking("call-2", other("In which country?", false))).isError).toBe(false);
    expect(desk.judge(asking("call-3", other("Which colour?")))).toBe("pass");
    const refused = desk.use(asking("call-3", other("Which colour?")));
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining("settle what is open by yourself") });
    desk.hear([{ kind: "question", question: other("Which font?") }]);
    const turn = await desk.endTurn({ id: "call-1", name: "ask_user" });
    expect(turn.notes).toEqual([expect.stringContaining("Ask no more")]);
    expect(requests.map((request) => request.kind === "questions" && request.questions.length)).toEqual([2, 1]);
  });

  test("asks for a key all the same", () => {
    const { desk } = deskOf({ roundsLeft: 0 });
    expect(desk.judge(needing("call-1"))).toBe("defer");
  });
});

describe("a call", () => {
  test.each([
    ["ask_user", { questions: [] }, "questions"],
    ["ask_user", { questions: Array.from({ length: 5 }, () => question) }, "questions"],
    ["ask_user", { questions: [{ ...question, category: "money" }] }, "category"],
    ["ask_user", { questions: [{ ...question, question: "x".repeat(2_001) }] }, "question"],
    ["ask_user", { questions: [{ ...question, urgent: true }] }, "urgent"],
    ["ask_user", null, "object"],
    ["request_dependency", { type: "key", name: "A", required: true }, "type"],
    ["request_dependency", { type: "api_key", name: " ", required: true }, "name"],
    ["report_error", { type: "bad", message: "x" }, "type"],
    ["complete_phase", { phase: 0, files: [] }, "phase"],
  ])("of %s that is not in order asks nobody, and says what is wrong", async (name, input, what) => {
    const { desk, requests } = deskOf();
    const call = { id: "toolu_1", name, input };
    expect(desk.judge(call)).toBe("pass");
    const said = desk.use(call);
    expect(said.isError).toBe(true);
    expect(said.text).toMatch(/^Nothing was asked/);
    expect(said.text).toContain(what);
    expect(await desk.endTurn(null)).toMatchObject({ waits: null, pending: [] });
    expect(requests).toEqual([]);
  });

  test("of a tool that is not there is told so", () => {
    expect(deskOf().desk.use({ id: "toolu_1", name: "toString", input: {} })).toEqual({
      text: "There is no tool toString.",
      isError: true,
    });
  });

  test("without an id is not stopped by the hook, but by the tool", async () => {
    const { desk, requests } = deskOf();
    expect(desk.judge(asking(null, question))).toBe("pass");
    expect(desk.use(asking(null, question)).text).toContain("End your turn now");
    expect(await desk.endTurn(null)).toMatchObject({
      waits: "waiting-question",
      pending: [{ kind: "requests", requestIds: ["run-1/1"] }],
    });
    expect(requests).toHaveLength(1);
  });

  test("that was put off and is made all the same is sent once", async () => {
    const { desk, requests } = deskOf();
    expect(desk.judge(asking("toolu_1", question))).toBe("defer");
    expect(desk.judge(asking("toolu_1", question))).toBe("defer");
    expect(desk.use(asking("toolu_1", question))).toMatchObject({ isError: true });
    await desk.endTurn(null);
    expect(requests).toHaveLength(1);
  });

  test("with one question that must be answered waits for all", async () => {
    const { desk } = deskOf();
    const optional = { ...question, question: "Which colour?", required: false };
    expect(desk.judge(asking("toolu_1", optional))).toBe("pass");
    expect(desk.judge(asking("toolu_1", optional, question))).toBe("defer");
  });

  test("beyond what a run may ask is refused, and nothing is waited for", async () => {
    const { desk, requests } = deskOf({ requestsMax: 1 });
    expect(desk.use(asking("toolu_1", { ...question, required: false })).isError).toBe(false);
    expect(desk.judge(asking("toolu_2", question))).toBe("pass");
    expect(desk.use(asking("toolu_2", question)).text).toContain("as often as it may");
    expect(desk.judge(needing("toolu_3"))).toBe("pass");
    expect(desk.use(needing("toolu_3")).text).toContain("as often as it may");
    desk.hear([{ kind: "question", question }]);
    expect(await desk.endTurn(null)).toMatchObject({
      waits: null,
      notes: [expect.stringContaining("as often as it may")],
    });
    expect(requests).toHaveLength(1);
  });

  test("is an error of the step where it can't be sent", async () => {
    const { desk } = deskOf({ requests: { send: async () => await Promise.reject(new Error("gone")), left: () => 9 } });
    expect(desk.judge(asking("toolu_1", question))).toBe("defer");
    await expect(desk.endTurn(null)).rejects.toThrow("gone");
  });
});

describe("an answer", () => {
  const call = { kind: "tool-call" as const, toolUseId: "toolu_1", toolName: "mcp__phasegate__ask_user" };

  test("goes to the call that asked, whatever else it asked", () => {
    const { desk } = deskOf({ answers: [{ ...answer, index: 1, question: "How much?" }] });
    desk.letThrough({ ...call, requestIds: ["run-0/1"] }, ["The work tree is /b now."]);
    const resumed = asking("toolu_1", question, { ...question, question: "How  MUCH?" });
    expect(desk.judge(resumed)).toBe("pass");
    const { text, isError } = desk.use(resumed);
    expect(isError).toBe(false);
    expect(text).toContain("Question 1: How much?\nowner answers:\n| Advertisers\nstop-7c1d");
    expect(text).toContain('Nobody answered:\n- "Who pays?": go on with the default: Users');
    expect(text).toContain("The work tree is /b now.");
    expect(desk.judge(asking("toolu_2", { ...question, question: "Else?" }))).toBe("defer");
  });

  test("to a conversation that was lost is found by the question's words", () => {
    const { desk, requests } = deskOf({ answers: [answer] });
    expect(desk.judge(asking("toolu_9", { ...question, question: "who  pays?" }))).toBe("pass");
    expect(desk.use(asking("toolu_9", { ...question, question: "who  pays?" })).text).toContain("| Advertisers");
    desk.hear([{ kind: "question", question }]);
    expect(requests).toEqual([]);
  });

  test("to an earlier step is none to whoever asks the same again", () => {
    const { desk } = deskOf({ answers: [answer], told: [{ number: 1, at: answer.at }] });
    expect(desk.judge(asking("toolu_9", question))).toBe("defer");
    expect(desk.tellAnswers()).toEqual([]);
  });

  test("that was changed is told again, and counts as told once the agent has spoken", () => {
    const { desk } = deskOf({ answers: [answer], told: [{ number: 1, at: "2026-11-20T00:00:00Z" }] });
    expect(desk.tellAnswers()).toEqual([answer]);
    expect(desk.told()).toEqual([]);
    expect(desk.tellAnswers()).toEqual([answer]);
    desk.agentSpoke();
    expect(desk.told()).toEqual([{ number: 1, at: answer.at }]);
    expect(desk.tellAnswers()).toEqual([]);
  });
});

describe("a dependency", () => {
  test.each([
    [
      "is skipped",
      {},
      [{ ...dependency, state: "skipped" as const, slot: null }],
      "people decided to go on without it",
    ],
    ["was granted and has no slot", {}, [{ ...dependency, slot: null }], "has no value for it"],
    [
      "was confirmed",
      { type: "service", name: "a bucket" },
      [{ ...dependency, name: "a bucket", type: "service" as const, slot: null }],
      "people say that it is there",
    ],
  ])("that %s is answered at once", async (_, more, dependencies, said) => {
    const { desk, requests } = deskOf({ dependencies });
    expect(desk.judge(needing("toolu_1", more))).toBe("pass");
    expect(desk.use(needing("toolu_1", more))).toEqual({ text: expect.stringContaining(said), isError: false });
    expect(await desk.endTurn(null)).toMatchObject({ waits: null });
    expect(requests).toEqual([]);
  });

  test("that is not required is sent, and gone on without", async () => {
    const { desk, requests } = deskOf();
    expect(desk.judge(needing("toolu_1", { required: false }))).toBe("pass");
    expect(desk.use(needing("toolu_1", { required: false }))).toMatchObject({ isError: false });
    expect(await desk.endTurn(null)).toMatchObject({ waits: null, pending: [] });
    expect(requests).toMatchObject([{ kind: "dependency", step: "01_idea", dependency: { required: false } }]);
  });

  test("under a name that GitHub takes for another is the same, and is told by its own", () => {
    const known = {
      ...dependency,
      name: "APP_GITHUB_TOKEN",
      askedAs: "GITHUB_TOKEN",
      state: "skipped" as const,
      slot: null,
    };
    const { desk } = deskOf({ dependencies: [known] });
    expect(desk.use(needing("toolu_1", { name: "GITHUB_TOKEN" })).text).toMatch(/^APP_GITHUB_TOKEN: people decided/);
  });

  test("that the job holds is lent: the call is put off until a process has it", async () => {
    const { desk, requests } = deskOf({ dependencies: [dependency], held: ["STRIPE_KEY"] });
    expect(desk.judge(needing("toolu_1"))).toBe("defer");
    const deferred = { id: "toolu_1", name: "mcp__phasegate__request_dependency" };
    expect(await desk.endTurn(deferred)).toMatchObject({ waits: null, lent: ["STRIPE_KEY"] });
    expect(requests).toHaveLength(1);
    expect(Object.keys(desk.lend())).toEqual(["STRIPE_KEY"]);
    expect(desk.judge(needing("toolu_1"))).toBe("pass");
    expect(desk.use(needing("toolu_1")).text).toMatch(/^STRIPE_KEY is in your environment/);
  });

  test("that the job holds is lent by the tool where the hook can't be reached", async () => {
    const { desk } = deskOf({ dependencies: [dependency], held: ["STRIPE_KEY"] });
    expect(desk.use(needing("toolu_1"))).toMatchObject({
      isError: true,
      text: expect.stringContaining("End your turn"),
    });
    expect(await desk.endTurn(null)).toMatchObject({ waits: null, lent: ["STRIPE_KEY"] });
  });

  test("that was granted, and whose value is not here yet, is waited for: the next job has it, or says why not", async () => {
    const { desk } = deskOf({ dependencies: [dependency] });
    expect(desk.judge(needing("toolu_1"))).toBe("defer");
  });

  test("that is named in passing is asked for once it is needed", async () => {
    const { desk, requests } = deskOf();
    const passing = { type: "api_key" as const, name: "STRIPE_KEY", description: "", required: true };
    desk.hear([{ kind: "sentence", dependency: passing }]);
    const { sentences, waits } = await desk.endTurn(null);
    expect([sentences, waits, requests]).toEqual([[passing], null, []]);
    expect(await desk.need(sentences, true)).toMatchObject({
      waits: "waiting-dependency",
      pending: [{ kind: "requests" }],
    });
    expect(requests).toMatchObject([{ kind: "dependency", dependency: passing }]);
  });

  test("beside a question is waited for after it", async () => {
    const { desk } = deskOf();
    expect(desk.judge(needing("toolu_1"))).toBe("defer");
    expect(await desk.endTurn(null)).toMatchObject({ waits: "waiting-dependency" });
    expect(desk.judge(needing("toolu_2", { name: "OTHER_KEY" }))).toBe("defer");
    expect(desk.judge(asking("toolu_3", question))).toBe("defer");
    expect(await desk.endTurn({ id: "toolu_3", name: "mcp__phasegate__ask_user" })).toMatchObject({
      waits: "waiting-question",
      pending: [
        { kind: "tool-call", toolUseId: "toolu_3", requestIds: ["run-1/3"] },
        { kind: "requests", requestIds: ["run-1/2"] },
      ],
    });
  });
});

describe("what the agent says in words", () => {
  test("is sent once, four questions to a request", async () => {
    const { desk, requests } = deskOf();
    const blocks = Array.from({ length: 5 }, (_, at) => ({
      kind: "question" as const,
      question: { ...question, question: `Question ${at}?` },
    }));
    desk.hear([...blocks, ...blocks]);
    desk.hear(blocks);
    expect(await desk.endTurn(null)).toMatchObject({ waits: "waiting-question" });
    expect(requests.map((request) => request.kind === "questions" && request.questions.length)).toEqual([4, 1]);
  });

  test("of a phase that has steps to come is put right", async () => {
    const { desk } = deskOf({ stepsToCome: ["02_market"] });
    desk.hear([{ kind: "complete", claim: { phase: 1, files: [] } }]);
    const { claims, faults } = await desk.endTurn(null);
    expect(claims).toEqual([{ phase: 1, files: [] }]);
    expect(faults).toEqual([expect.stringContaining("02_market come in later messages")]);
    const { text } = desk.use({ id: "toolu_1", name: "complete_phase", input: { phase: 1, files: [] } });
    expect(text).toContain("02_market come in later messages");
  });

  test("without end is bounded", async () => {
    const { desk, requests } = deskOf();
    const errors = Array.from({ length: 1_000 }, (_, at) => ({
      kind: "error" as const,
      error: { type: "missing_file" as const, message: `file ${at}`, details: "" },
    }));
    desk.hear(errors);
    desk.hear(errors.map(({ error }) => ({ kind: "malformed", message: error.message })));
    const turn = await desk.endTurn(null);
    expect([turn.errors.length, turn.faults.length, requests.length]).toEqual([20, 20, 20]);
  });
});
