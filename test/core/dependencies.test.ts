/** What the agent needs and people provide (D1, Q9, Q28). */
import { describe, expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import { dependencyNameOf } from "../../src/core/dependency-name.ts";
import type { DependencyType } from "../../src/core/dialogue.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { agentStatusOf, grantsOf, openDependenciesOf } from "../../src/core/state.ts";
import {
  asks,
  at,
  command,
  dispatched,
  gateOpened,
  given,
  lacking,
  merged,
  namesSeen,
  needs,
  provides,
  runEndedWith,
  running,
  runLost,
  says,
  sessionOpened,
  skips,
  stepCompleted,
  stepPublished,
  taskAfter,
  writer,
} from "./given.ts";

const waits = { kind: "waiting-dependency" } as const;
const key = "OPENAI_API_KEY";
const session = (runId: string, n: number) => [dispatched(runId, n), sessionOpened(runId, n)];
const refuses = (runId: string, name = key) =>
  command({ type: "RefuseValue", runId: runIdFrom(runId), name, message: "OpenAI does not take it" });
const slotsAfter = (...commands: readonly TaskCommand[]) =>
  Object.fromEntries(grantsOf(taskAfter(...commands)).map(({ slot, dependency }) => [dependency.name, slot]));
const dependencyAfter = (...commands: readonly TaskCommand[]) => taskAfter(...commands).dependencies[0];

describe("the name under which a value is added", () => {
  test.each([
    ["OPENAI_API_KEY", "OPENAI_API_KEY"],
    ["OpenAI API key", "OPENAI_API_KEY"],
    ["stripe.secret-key", "STRIPE_SECRET_KEY"],
    ["  SLACK\n TOKEN ", "SLACK_TOKEN"],
    ["3SCALE_KEY", "APP_3SCALE_KEY"],
    // GitHub refuses it.
    ["GITHUB_TOKEN", "APP_GITHUB_TOKEN"],
    ["github-token", "APP_GITHUB_TOKEN"],
    // The model's own credential is never lent, and nothing changes how its process runs.
    ["ANTHROPIC_API_KEY", "APP_ANTHROPIC_API_KEY"],
    ["CLAUDE_CODE_OAUTH_TOKEN", "APP_CLAUDE_CODE_OAUTH_TOKEN"],
    ["NODE_OPTIONS", "APP_NODE_OPTIONS"],
    ["ld_preload", "APP_LD_PRELOAD"],
    // Read by the program that starts it, too, which has more rights.
    ["GCONV_PATH", "APP_GCONV_PATH"],
    ["PATH", "APP_PATH"],
    ["https_proxy", "APP_HTTPS_PROXY"],
    ["PATHFINDER_KEY", "PATHFINDER_KEY"],
    ["비밀", "APP_VALUE"],
    ["***", "APP_VALUE"],
    ["", "APP_VALUE"],
  ])("%j is %s", (askedAs, name) => {
    expect(dependencyNameOf("api_key", askedAs)).toBe(name);
  });

  test("is never longer than what crosses to the runner, prefix and all", () => {
    for (const askedAs of ["K".repeat(300), `GITHUB_${"K".repeat(300)}`]) {
      for (const which of [1, 2, 10]) expect(dependencyNameOf("api_key", askedAs, which)).toHaveLength(100);
    }
  });

  test.each<DependencyType>(["service", "file", "permission", "package"])(
    "of a %s is the agent's own, on one line",
    (type) => {
      expect(dependencyNameOf(type, " the logo,\n as SVG ")).toBe("the logo, as SVG");
      expect(dependencyNameOf(type, " \n ")).toBe(type);
    },
  );

  test("is one for what is one, and another for another thing", () => {
    const names = (...asked: readonly TaskCommand[]) =>
      taskAfter(...running, ...asked).dependencies.map(({ name }) => name);
    expect(names(needs("OpenAI key", { id: "1" }), needs("OPENAI_KEY", { id: "2" }))).toEqual(["OPENAI_KEY"]);
    expect(names(needs("비밀", { id: "1" }), needs("열쇠", { id: "2" }))).toEqual(["APP_VALUE", "APP_VALUE_2"]);
    const twoKeys = [needs("결제_KEY", { id: "1" }), needs("지도_KEY", { id: "2" })];
    expect(names(...twoKeys, needs("결제_KEY", { id: "3" }))).toEqual(["___KEY", "___KEY_2"]);
    // The agent is told these names, and may ask by them.
    expect(names(...twoKeys, needs("___KEY", { id: "3" }), needs("___KEY_2", { id: "4" }))).toEqual([
      "___KEY",
      "___KEY_2",
    ]);
  });

  test("is not that of a service that is confirmed: the key beside it has a value of its own", () => {
    const history = [...running, needs("Redis", { type: "service", id: "1" }), needs("REDIS", { id: "2" })];
    expect(taskAfter(...history).dependencies.map(({ name, type }) => [name, type])).toEqual([
      ["Redis", "service"],
      ["REDIS_2", "api_key"],
    ]);
    expect(slotsAfter(...history, provides("Redis"), provides("REDIS_2"))).toEqual({ REDIS_2: 1 });
  });
});

describe("what the agent needs", () => {
  test("has the task wait for it, and shows so", () => {
    given(...running, needs(key))
      .when(runEndedWith(waits))
      .then("RunEnded", "TaskPaused");
    expect(agentStatusOf(taskAfter(...lacking))).toBe("waiting_dependency");
  });

  test("and only wishes for does not", () => {
    expect(openDependenciesOf(taskAfter(...running, needs(key, { required: false })))).toEqual([]);
    given(...running, needs(key, { required: false }))
      .when(runLost())
      .then("RunEnded", "RunRequested");
  });

  test("is asked for once by one step, and by another again: both get it", () => {
    given(...running, needs(key))
      .when(needs(key, { id: "other" }))
      .then();
    given(...running, needs(key), skips(key))
      .when(needs(key))
      .then();
    const both = [...running, needs(key), needs(key, { id: "other", step: "02_market" })];
    expect(dependencyAfter(...both)).toMatchObject({
      requestId: `run-1/${key}`,
      steps: [
        { phase: 1, step: "01_idea" },
        { phase: 1, step: "02_market" },
      ],
    });
  });

  test("though it only wished for it at first is waited for now, granted or not", () => {
    const wished = [...running, needs(key, { required: false })];
    given(...wished)
      .when(needs(key, { id: "other" }))
      .then("DependencyRequested");
    given(...wished, needs(key, { id: "other" }))
      .when(runEndedWith(waits))
      .then("RunEnded", "TaskPaused");
    // It came meanwhile, but the job of this run does not have it: the next one does.
    given(...wished, provides(key), needs(key, { id: "other" }))
      .when(runEndedWith(waits))
      .then("RunEnded", "RunRequested");
  });

  test("and then only wishes for is still needed, until the phase that needed it is over", () => {
    const both = [...running, needs(key), needs(key, { id: "2", step: "02_market", required: false })];
    expect(openDependenciesOf(taskAfter(...both))).toHaveLength(1);
    const over = [...running, needs(key), stepCompleted("01_idea"), stepPublished(1, "01_idea"), gateOpened(1, 31)];
    const next = [...over, runEndedWith(waits), merged(31), ...session("run-2", 2)];
    const wished = needs(key, { id: "3", step: "01_screens", runId: "run-2", required: false });
    expect(openDependenciesOf(taskAfter(...next, wished))).toEqual([]);
    given(...next)
      .when(runLost("run-2"))
      .then("RunEnded", "RunRequested");
  });

  test("though a person skipped it is asked for anew, in a comment of its own", () => {
    const skipped = [...lacking, skips(key), ...session("run-skipped", 2)];
    given(...skipped)
      .when(needs(key, { id: "again", runId: "run-skipped" }))
      .then("DependencyRequested");
    const again = [...skipped, needs(key, { id: "again", runId: "run-skipped" })];
    expect(dependencyAfter(...again)).toMatchObject({ state: "open", requestId: "run-skipped/again", by: null });
    given(...again)
      .when(needs(key, { id: "again", runId: "run-skipped" }))
      .then();
  });

  test("is asked for by a run at work, and by no other", () => {
    given(...running, runLost())
      .when(needs(key))
      .thenRefused({ code: "unknown-run" });
  });
});

describe("/provided", () => {
  test("lends it to the task, which goes on at once", () => {
    const [granted] = given(...lacking)
      .when(provides("openai_api_key"))
      .then("DependencyGranted", "TaskResumed", "RunRequested");
    expect(granted).toMatchObject({ name: key, by: "owner" });
    given(...lacking, provides(key))
      .when(provides(key))
      .then();
  });

  test("of one of two leaves the task waiting for the other", () => {
    const two = [...running, needs(key), needs("STRIPE_KEY"), runEndedWith(waits)];
    given(...two)
      .when(provides(key))
      .then("DependencyGranted");
    given(...two, provides(key))
      .when(skips("STRIPE_KEY"))
      .then("DependencySkipped", "TaskResumed", "RunRequested");
  });

  test("names it as it is listed, or as the agent called it", () => {
    const mapped = [...running, needs("GITHUB_TOKEN"), runEndedWith(waits)];
    for (const name of ["APP_GITHUB_TOKEN", "app_github_token", "GITHUB_TOKEN"]) {
      given(...mapped)
        .when(provides(name))
        .then("DependencyGranted", "TaskResumed", "RunRequested");
    }
  });

  test("confirms what has no value, and takes no slot for it", () => {
    const file = [...running, needs("the logo, as SVG", { type: "file" }), needs(key), runEndedWith(waits)];
    expect(slotsAfter(...file, provides("the logo, as SVG"), provides(key))).toEqual({ [key]: 1 });
  });

  test("beyond ten values is refused, and /skip is the way on; what has no value still goes", () => {
    const names = Array.from({ length: 11 }, (_, index) => `KEY_${index}`);
    const asked = [...running, ...names.map((name) => needs(name)), needs("a logo", { type: "file" })];
    const full = [...asked, runEndedWith(waits), ...names.slice(0, 10).map((name) => provides(name))];
    given(...full)
      .when(provides("KEY_10"))
      .thenRefused({ code: "too-many-grants", max: 10 });
    given(...full)
      .when(namesSeen({ KEY_10: "23:00:00.000" }))
      .then();
    given(...full, provides("a logo"))
      .when(skips("KEY_10"))
      .then("DependencySkipped", "TaskResumed", "RunRequested");
    // A slot is never given to another name: it would lend the value of the one before.
    given(...full, skips("KEY_0"))
      .when(provides("KEY_10"))
      .thenRefused({ code: "too-many-grants", max: 10 });
    given(...full, skips("KEY_0"))
      .when(provides("KEY_0"))
      .then("DependencyGranted");
  });
});

describe("a slot", () => {
  test("is given in the order of the grants, and stays whatever comes of the others", () => {
    const three = [...running, needs("A_KEY"), needs("B_KEY"), needs("C_KEY")];
    const granted = [...three, provides("B_KEY"), provides("A_KEY")];
    expect(slotsAfter(...granted)).toEqual({ B_KEY: 1, A_KEY: 2 });
    expect(slotsAfter(...granted, skips("B_KEY"), provides("C_KEY"))).toEqual({ A_KEY: 2, C_KEY: 3 });
    expect(slotsAfter(...granted, refuses("run-1", "A_KEY"), provides("C_KEY"), provides("A_KEY"))).toEqual({
      A_KEY: 2,
      B_KEY: 1,
      C_KEY: 3,
    });
  });
});

describe("/skip", () => {
  test("has a task go on without what it needs", () => {
    given(...lacking)
      .when(skips(key))
      .then("DependencySkipped", "TaskResumed", "RunRequested");
    expect(grantsOf(taskAfter(...lacking, skips(key)))).toEqual([]);
    given(...lacking, skips(key))
      .when(skips(key))
      .then();
  });

  test("takes back a grant: no later job carries the value", () => {
    expect(slotsAfter(...lacking, provides(key))).toEqual({ [key]: 1 });
    expect(slotsAfter(...lacking, provides(key), skips(key))).toEqual({});
  });
});

describe("a name that GitHub lists", () => {
  const asked = [...running, at("10:05:00.400", needs(key)), runEndedWith(waits)];

  test.each([
    ["added after it was asked for", "10:05:01.000"],
    ["changed in the same second, since GitHub tells no smaller part of it", "10:05:00.000"],
  ])("%s is lent, and the task goes on by itself", (_how, time) => {
    const [granted] = given(...asked)
      .when(namesSeen({ OTHER: "10:06:00.000", [key]: time }))
      .then("DependencyGranted", "TaskResumed", "RunRequested");
    expect(granted).toMatchObject({ name: key, by: null });
  });

  test("that was there before is not: that takes a person's word (Q9)", () => {
    given(...asked)
      .when(namesSeen({ [key]: "10:04:59.999" }))
      .then();
    given(...asked, namesSeen({ [key]: "10:04:59.999" }))
      .when(provides(key))
      .then("DependencyGranted", "TaskResumed", "RunRequested");
  });

  test("and nobody asked for is never lent", () => {
    given(...asked)
      .when(namesSeen({ STRIPE_KEY: "11:00:00.000", GITHUB_TOKEN: "11:00:00.000" }))
      .then();
  });

  test("is noticed once", () => {
    const seen = namesSeen({ [key]: "10:06:00.000" });
    given(...asked, seen)
      .when(seen)
      .then();
  });

  test("is noticed though a second step asked for it after it had been added", () => {
    const twice = [
      ...running,
      at("10:05:00.000", needs(key)),
      at("10:09:00.000", needs(key, { id: "2", step: "02_market" })),
    ];
    given(...twice, runEndedWith(waits))
      .when(namesSeen({ [key]: "10:07:00.000" }))
      .then("DependencyGranted", "TaskResumed", "RunRequested");
  });

  test("after it was skipped is not noticed, and asked for anew only where it is newer than that", () => {
    given(...asked, skips(key))
      .when(namesSeen({ [key]: "10:06:00.000" }))
      .then();
    const again = at("10:30:00.000", needs(key, { id: "again", runId: "run-skipped" }));
    const anew = [...asked, skips(key), ...session("run-skipped", 2), again];
    given(...anew)
      .when(namesSeen({ [key]: "10:29:00.000" }))
      .then();
    given(...anew)
      .when(namesSeen({ [key]: "10:31:00.000" }))
      .then("DependencyGranted");
  });

  test("of what has no value is nothing", () => {
    given(...running, at("10:05:00.000", needs("LOGO", { type: "file" })), runEndedWith(waits))
      .when(namesSeen({ LOGO: "10:06:00.000" }))
      .then();
  });

  test("is lent to a task that is at work, stopped or asking something else, and wakes none of them", () => {
    const seen = namesSeen({ [key]: "10:06:00.000" });
    const need = at("10:05:00.000", needs(key));
    const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
    for (const history of [
      [...running, need],
      [...asked, pause],
      [...running, need, asks("1"), runEndedWith({ kind: "waiting-question" })],
    ]) {
      given(...history)
        .when(seen)
        .then("DependencyGranted");
    }
    given(...asked, command({ type: "CancelTask", by: writer }))
      .when(seen)
      .then();
  });
});

describe("a value that was tried and is wrong, or is not there", () => {
  const granted = [...lacking, at("10:20:00.000", provides(key)), ...session("run-provided", 2)];

  test("opens what was granted, and the task waits for it again", () => {
    const [refused] = given(...granted)
      .when(refuses("run-provided"))
      .then("DependencyRefused");
    expect(refused).toMatchObject({ name: key, message: "OpenAI does not take it" });
    const history = [...granted, refuses("run-provided")];
    given(...history)
      .when(runEndedWith(waits, "run-provided"))
      .then("RunEnded", "TaskPaused");
    expect(dependencyAfter(...history)).toMatchObject({ state: "open", refused: "OpenAI does not take it", by: null });
    given(...history)
      .when(refuses("run-provided"))
      .then();
  });

  test("is noticed once it is changed, also while the run that found it wrong was still at work", () => {
    const refused = at("10:25:00.000", refuses("run-provided"));
    const history = [...granted, refused, runEndedWith(waits, "run-provided")];
    given(...history)
      .when(namesSeen({ [key]: "10:19:00.000" }))
      .then();
    given(...history)
      .when(namesSeen({ [key]: "10:23:00.000" }))
      .then("DependencyGranted", "TaskResumed", "RunRequested");
  });

  test("may be given by /provided again, or skipped; the words about the old one are gone", () => {
    const history = [...granted, refuses("run-provided"), runEndedWith(waits, "run-provided")];
    expect(dependencyAfter(...history, provides(key))).toMatchObject({ state: "granted", refused: null });
    given(...history)
      .when(skips(key))
      .then("DependencySkipped", "TaskResumed", "RunRequested");
  });

  test("and is only wished for has the next run go on without it", () => {
    const wished = [...running, needs(key, { required: false }), provides(key), refuses("run-1")];
    given(...wished)
      .when(runEndedWith(waits))
      .then("RunEnded", "RunRequested");
    expect(grantsOf(taskAfter(...wished))).toEqual([]);
  });

  test("is heard of the run at work alone", () => {
    given(...granted)
      .when(refuses("run-1"))
      .thenRefused({ code: "unknown-run" });
  });
});

describe("a run that asks for what is there already", () => {
  test("in another step gets it with the next run, which begins at once", () => {
    const granted = [
      ...lacking,
      provides(key),
      ...session("run-provided", 2),
      stepCompleted("01_idea", "run-provided"),
    ];
    const more = needs(key, { id: "2", step: "02_market", runId: "run-provided" });
    given(...granted, more)
      .when(runEndedWith(waits, "run-provided"))
      .then("RunEnded", "RunRequested");
  });

  test("in the same step again and again is stopped as a fault", () => {
    const rounds = ["run-provided", "r2", "r3", "r4"].flatMap((runId, index) => [
      ...session(runId, index + 2),
      needs(key, { id: "again", runId }),
      runEndedWith(waits, runId, `r${index + 2}`),
    ]);
    const state = taskAfter(...lacking, provides(key), ...rounds);
    expect(state.blockedBy).toMatchObject({ kind: "environment", faults: 4 });
  });
});

test("while it lacks something the task is answered like while it waits for an answer", () => {
  const resume = command({ type: "ResumeTask", by: writer });
  given(...lacking)
    .when(resume)
    .thenRefused({ code: "waiting", questions: [], dependencies: [key] });
  given(...lacking)
    .when(says("2"))
    .thenRefused({ code: "no-question" });
});
