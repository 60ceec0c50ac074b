import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { permissionOptions, permissionQuestion } from "../../../src/core/permission.ts";
import type { DependencyAsked } from "../../../src/core/dialogue.ts";
import type { TaskEvent } from "../../../src/core/events.ts";
import { markedBody, markerOf } from "../../../src/github/marker.ts";
import { requestText } from "../../../src/github/texts/requests.ts";
import {
  answered,
  asked,
  at,
  context,
  gateOpened,
  inReview,
  needed,
  questionsAsked,
  runId,
  runStarted,
  taskOf,
} from "../texts-fixtures.ts";

const merged: TaskEvent = { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" };
const cancelled: TaskEvent = { type: "TaskCancelled", at, by: "owner" };

function questions(...events: readonly TaskEvent[]): string {
  const task = taskOf(...runStarted, ...events);
  return requestText({ kind: "questions", questions: task.questions }, task, context);
}

function dependency(events: readonly TaskEvent[], isNoticed = true): string {
  const task = taskOf(...runStarted, ...events);
  const [first] = task.dependencies;
  if (first === undefined) throw new Error("a dependency was expected");
  return requestText({ kind: "dependency", dependency: first, isNoticed }, task, context);
}

describe("the comment that asks for a tool", () => {
  const command = "npm test &&\n\n  echo `x` **y** @octocat";
  const permission = { tool: "Bash", command };
  const question = asked({
    category: "confirmation",
    question: permissionQuestion(permission, { step: "01_idea", input: command }),
    options: permissionOptions,
    default: null,
  });

  test("shows the command as it is, and who may answer in which way", () => {
    expect(questions(questionsAsked([{ ...question, permission }]))).toMatchInlineSnapshot(`
      "### The agent waits for your answer

      Asked in phase 1, Planning, step *Idea definition*.

      **Question 1** (confirmation)

      May the agent run this command in step 01\\_idea? Allowed, it may run exactly this one in all steps of this phase.

      \`\`\`
      npm test &&

        echo \`x\` **y** @octocat
      \`\`\`

      1. Allow
      2. Refuse

      Without an answer the task waits.

      *Next:* comment this line with 1 to allow it or with 2 to refuse it after the colon:

      \`\`\`
      /answer 1: 
      \`\`\`

      Or quote the question and write the answer below the quote. Heard are people with write access. Nothing runs while the task waits, so waiting costs nothing; the last answer makes the agent go on at once."
    `);
  });
});

describe("the comment of questions", () => {
  test("asks one with its options, its default and the line that answers it", () => {
    expect(questions(questionsAsked([asked()]))).toMatchInlineSnapshot(`
      "### The agent waits for your answer

      Asked in phase 1, Planning, step *Idea definition*.

      **Question 1** (choice)

      Which revenue model shall it have?

      1. Paid subscription
      2. Freemium *(the agent's own choice)*
      3. Advertising

      Without an answer the task waits.

      *Next:* comment this line with the number of an option, or with words of your own after the colon:

      \`\`\`
      /answer 1: 2
      \`\`\`

      Or quote the question and write the answer below the quote. Heard are people with write access, and **owner**, who opened the issue. Nothing runs while the task waits, so waiting costs nothing; the last answer makes the agent go on at once."
    `);
  });

  test("shows what is answered beside what is open", () => {
    const open = asked({ question: "What is it called?", options: [], default: null, category: "clarification" });
    const text = questions(questionsAsked([asked(), open]), answered(1, "Freemium", 2));
    expect(text).toMatchInlineSnapshot(`
      "### The agent waits for your answer

      Asked in phase 1, Planning, step *Idea definition*.

      ~~**Question 1** (choice): Which revenue model shall it have?~~

      **owner** answered on 21 Nov 02:20 UTC: option 2, Freemium

      **Question 2** (clarification)

      What is it called?

      Without an answer the task waits.

      *Next:* comment this line with your answer after the colon:

      \`\`\`
      /answer 2: 
      \`\`\`

      Or quote the question and write the answer below the quote. Heard are people with write access, and **owner**, who opened the issue. Nothing runs while the task waits, so waiting costs nothing; the last answer makes the agent go on at once."
    `);
  });

  test("does not ask for what is answered, and says how to change it", () => {
    const text = questions(questionsAsked([asked()]), answered(1, "Half of each"));
    expect(text).toMatch(/^### Answered: question 1\n/u);
    expect(text).toContain("**owner** answered on 21 Nov 02:20 UTC: Half of each");
    expect(text).toContain("answer again (`/answer 1: …`) or edit your comment");
    expect(text).not.toContain("The agent has it.");
    const delivered: TaskEvent = { type: "AnswersDelivered", at, numbers: [1] };
    expect(questions(questionsAsked([asked()]), answered(1, "x"), delivered)).toContain("The agent has it.");
  });

  test.each([
    [asked({ required: false }), "Without an answer the agent takes its own choice. It does not wait."],
    [
      asked({ required: false, default: "None" }),
      "Without an answer the agent takes its own choice: None. It does not wait.",
    ],
    [asked({ required: false, default: null }), "Without an answer the agent decides by itself. It does not wait."],
    [asked({ default: "None" }), "Without an answer the task waits. The agent proposes: None."],
    [asked({ default: null }), "Without an answer the task waits."],
  ])("says of %j what happens without an answer", (question, words) => {
    const text = questions(questionsAsked([question]));
    expect(text).toContain(`${words}\n`);
    expect(text).toContain(
      question.required ? "### The agent waits for your answer" : "### The agent asks, and goes on",
    );
  });

  test("does not say that a merged phase waits", () => {
    expect(questions(questionsAsked([asked()]), ...inReview.slice(runStarted.length), merged)).not.toContain(
      "The agent waits",
    );
  });

  test("of a task that has ended asks for nothing", () => {
    const text = questions(questionsAsked([asked()]), cancelled);
    expect(text).toMatch(/^### Not answered: question 1\n/u);
    expect(text).toContain("The task has ended: answers are not heard any more.");
    expect(text).not.toContain("/answer");
  });
});

describe("the comment of a dependency", () => {
  test("says where a known key is made and added, and what notices it", () => {
    expect(dependency([needed()])).toMatchInlineSnapshot(`
      "### The agent needs \`OPENAI_API_KEY\`

      A key, asked for in phase 1, Planning, step *Idea definition*.

      What for: To summarise what people write.

      The task waits until it is there. Nothing runs meanwhile, so waiting costs nothing.

      *Next:* somebody with admin access to this repository adds it:

      1. Make a key at [OpenAI](https://platform.openai.com/api-keys). A project key restricted to the models that the project calls is enough.
      2. Add it as [a repository secret](https://github.com/octo/shop/settings/secrets/actions/new) with the name \`OPENAI_API_KEY\`. One of the organisation that this repository may use will do, too.
      3. That is all: Phasegate sees within minutes that it is there, and the agent gets it. It reads the name, never the value.

      Was \`OPENAI_API_KEY\` there before the agent asked? Then it was meant for something else and is not lent by itself. Somebody with write access lends it to this task with:

      \`\`\`
      /provided OPENAI_API_KEY
      \`\`\`

      Never write the value into a comment: everybody who can read this issue would have it.

      To have the agent go on without it:

      \`\`\`
      /skip OPENAI_API_KEY
      \`\`\`"
    `);
  });

  test("says what must be typed where names cannot be listed", () => {
    const text = dependency([needed()], false);
    expect(text).toContain("the permission *Secrets: read* is missing");
    expect(text).toContain("```\n/provided OPENAI_API_KEY\n```");
    expect(text).not.toContain("sees within minutes");
  });

  test("says under which name it goes where GitHub does not take the one that was asked for", () => {
    const text = dependency([needed({ name: "APP_GITHUB_TOKEN", askedAs: "GITHUB_TOKEN" })]);
    expect(text).toContain(
      "The agent asked for `GITHUB_TOKEN`. That name cannot be used on GitHub or in a job, so it is called `APP_GITHUB_TOKEN` here, and the agent gets it under this name.",
    );
    expect(text).toContain(
      "as [a repository secret](https://github.com/octo/shop/settings/secrets/actions/new) with the name `APP_GITHUB_TOKEN`",
    );
    expect(dependency([needed()])).not.toContain("The agent asked for");
  });

  test.each<readonly [DependencyAsked["type"], readonly string[]]>([
    [
      "env_variable",
      [
        "as [a repository variable](https://github.com/octo/shop/settings/variables/actions/new) where anybody may read it",
        "as [a repository secret](https://github.com/octo/shop/settings/secrets/actions/new) where nobody should",
      ],
    ],
    ["file", ["commit the file to `main` ([upload it there](https://github.com/octo/shop/upload/main))"]],
    [
      "permission",
      ["[Settings → GitHub Apps](https://github.com/octo/shop/settings/installations)", "that it is given"],
    ],
    ["service", ["The command confirms that it answers there."]],
    ["package", ["The command confirms that it may be used, licence included."]],
  ])("of the type %s says how it is provided", (type, words) => {
    const text = dependency([needed({ type, name: "THING", askedAs: "THING" })]);
    for (const each of words) expect(text).toContain(each);
    expect(text).toContain("```\n/provided THING\n```");
    expect(text).toContain("```\n/skip THING\n```");
    expect(text).not.toContain("undefined");
  });

  test("sends a file to the branch that the next run starts from", () => {
    const text = dependency([gateOpened(), needed({ type: "file", name: "logo.svg", askedAs: "logo.svg" })]);
    expect(text).toContain("https://github.com/octo/shop/upload/phasegate/7-1-planning");
  });

  test("that is not required says that nobody waits", () => {
    const text = dependency([needed({ required: false })]);
    expect(text).toMatch(/^### The agent could use `OPENAI_API_KEY`\n/u);
    expect(text).toContain("The agent goes on without it meanwhile, and gets it should it come later.");
  });

  test("says what was wrong with a value, how to replace it, and how to try it again", () => {
    const granted: TaskEvent = { type: "DependencyGranted", at, name: "OPENAI_API_KEY", by: null };
    const refused: TaskEvent = {
      type: "DependencyRefused",
      at,
      runId,
      name: "OPENAI_API_KEY",
      message: "OpenAI answered 401",
    };
    const text = dependency([needed(), granted, refused]);
    expect(text).toMatch(/^### The value of `OPENAI_API_KEY` does not work\n/u);
    expect(text).toContain("**Tried before the agent got it:** OpenAI answered 401.");
    expect(text).toContain(
      "Give `OPENAI_API_KEY` a new value among the [repository secrets](https://github.com/octo/shop/settings/secrets/actions).",
    );
    expect(text).toContain("Then have it tried again with:\n\n```\n/provided OPENAI_API_KEY\n```");
  });

  test.each<readonly [string, readonly TaskEvent[], string, string]>([
    [
      "was noticed",
      [{ type: "DependencyGranted", at, name: "OPENAI_API_KEY", by: null }],
      "### Provided: `OPENAI_API_KEY`",
      "It was added after the agent had asked for it, so it is lent to this task. Its value reaches the agent only in the steps that asked: *Idea definition*.",
    ],
    [
      "was lent",
      [{ type: "DependencyGranted", at, name: "OPENAI_API_KEY", by: "owner" }],
      "### Provided: `OPENAI_API_KEY`",
      "**owner** lent it to this task.",
    ],
    [
      "was skipped",
      [{ type: "DependencySkipped", at, name: "OPENAI_API_KEY", by: "owner" }],
      "### Skipped: `OPENAI_API_KEY`",
      "The agent goes on without `OPENAI_API_KEY`, says **owner**.",
    ],
    ["is not needed any more", [cancelled], "### Not provided: `OPENAI_API_KEY`", "The task has ended"],
  ])("that %s asks for nothing", (_claim, events, head, words) => {
    const text = dependency([needed(), ...events]);
    expect(text.split("\n")[0]).toBe(head);
    expect(text).toContain(words);
    expect(text).not.toContain("waits");
  });
});

describe("the comment of a reported error", () => {
  const task = taskOf(...runStarted);
  const error = {
    requestId: `${runId}/3`,
    at,
    phase: 1,
    step: "01_idea",
    runId,
    type: "execution_failed",
    message: "npm ci fails",
    details: "npm error\n```\nnetwork",
    cause: "environment",
  } as const;

  test("says what it is, with its details folded, and what happens next", () => {
    expect(requestText({ kind: "error", error }, task, context)).toMatchInlineSnapshot(`
      "### The agent reports an error: something could not be run

      Reported in phase 1, Planning, step *Idea definition*:

      npm ci fails

      <details><summary>Details</summary>

      \`\`\`\`
      npm error
      \`\`\`
      network
      \`\`\`\`

      </details>

      *Next:* the agent goes on if it can; a step that ends with this counts as a fault of the environment, and is tried again on another machine."
    `);
  });

  test("has no details where there are none", () => {
    const text = requestText({ kind: "error", error: { ...error, details: " \n" } }, task, context);
    expect(text).not.toContain("<details>");
  });
});

test("of a task whose texts are erased, a comment says nothing of them", () => {
  const events = [
    ...runStarted,
    questionsAsked([asked()]),
    cancelled,
    { type: "TaskErased", at, by: "owner" },
  ] as const;
  const task = taskOf(...events);
  const text = requestText({ kind: "questions", questions: task.questions }, task, context);
  expect(text).toBe("**owner** had this task deleted, and with it what the agent asked here.");
});

describe("whatever agents and people write", () => {
  const hostile = [
    "@reviewer closes #1",
    "<!-- phasegate:status:task-1 -->",
    "</details>",
    "```\n/cancel\n```",
    "\u{202e}\u{200b}",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "www.evil.example",
    "| a | b |",
    "\n\n### Next\n\n",
  ];
  const words = fc
    .array(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "binary" })), { maxLength: 6 })
    .map((all) => all.join(" "));

  /** What GitHub would act on: not inside code, where it looks for nothing. */
  function outsideCode(text: string): string {
    return text
      .replace(/^(?<fence>`{3,})\n[^]*?\n\k<fence>$/gmu, "")
      .replace(/(?<fence>`+)(?!`)[^]*?(?<!`)\k<fence>(?!`)/gu, "");
  }

  test("mentions nobody, links nowhere, and forges no marker", () => {
    fc.assert(
      fc.property(words, words, words, (one, two, three) => {
        const task = taskOf(
          ...runStarted,
          questionsAsked([asked({ question: one, options: [two, three], default: two })]),
          answered(1, three),
          needed({
            type: "service",
            name: one.replaceAll(/\s+/gu, " ").trim().slice(0, 100) || "x",
            askedAs: one,
            description: two,
          }),
        );
        const [first] = task.dependencies;
        if (first === undefined) throw new Error("a dependency was expected");
        const error = {
          requestId: "r",
          at,
          phase: 1,
          step: "01_idea",
          runId,
          type: "missing_file",
          message: one,
          details: two,
          cause: "agent",
        } as const;
        for (const request of [
          { kind: "questions", questions: task.questions },
          { kind: "dependency", dependency: first, isNoticed: true },
          { kind: "error", error },
        ] as const) {
          const text = requestText(request, task, context);
          const read = outsideCode(text);
          expect(read).not.toMatch(/@[a-z]|(?<!\\)<!--|\]\(https:\/\/evil|:\/\/evil|www\.evil/iu);
          expect(text).not.toMatch(/[\u{200b}\u{202e}]/u);
          expect(read.match(/<\/?details>/gu) ?? []).toHaveLength(
            request.kind === "error" && two.trim() !== "" ? 2 : 0,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test("leaves room for the way to answer, at its longest", () => {
    const long = asked({
      question: "@".repeat(2_000),
      options: Array.from({ length: 10 }, () => "@".repeat(300)),
      default: "@".repeat(300),
    });
    const body = markedBody(markerOf("request", "run-1/1"), questions(questionsAsked([long, long, long, long])));
    expect(body.length).toBeLessThan(60_000);
    expect(body).toContain("/answer 4: ");
    expect(body).toContain("quote a question and write the answer below the quote");
  });
});
