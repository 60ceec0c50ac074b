import { describe, expect, test } from "vitest";
import { handleCommand } from "../../src/control/handle-command.ts";
import { defaultPolicy } from "../../src/core/decide.ts";
import { world, type World } from "./world.ts";

const max = defaultPolicy.eventsPerMinuteMax;

/** Something that goes in circles: each time an event, and nothing comes of it. */
async function circle(told: World, times: number): Promise<void> {
  const { taskId, repository } = await told.task();
  for (let turn = 0; turn < times; turn += 1) {
    const name = `links-${turn % 2}`;
    await handleCommand(told.serving, taskId, { type: "MoveRepository", repository: { ...repository, name } });
  }
}

describe("a task to which more happens in a minute than work makes happen", () => {
  test("is stopped once, with its run, and people are told", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    const known = (await told.events()).length;
    await circle(told, max - known);
    expect((await told.task()).blockedBy).toBeNull();
    await circle(told, 20);
    await told.settle();
    const task = await told.task();
    expect(task).toMatchObject({ status: "pending", run: null, blockedBy: { kind: "runaway", events: max + 1 } });
    expect((await told.types()).filter((type) => type === "TaskPaused")).toHaveLength(1);
    expect(told.github.runs).toMatchObject([{ conclusion: "cancelled" }]);
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "runaway" } }]);
  });

  test("goes on when a person says so, and is stopped again where that mended nothing", async () => {
    const told = await world();
    await told.label();
    await circle(told, max + 1);
    await told.comment("run");
    expect((await told.task()).blockedBy).toBeNull();
    await circle(told, max + 1);
    expect((await told.task()).blockedBy).toMatchObject({ kind: "runaway" });
  });

  test("is left alone where as much happens in more than a minute", async () => {
    const told = await world();
    await told.label();
    for (let minute = 0; minute < 4; minute += 1) {
      await circle(told, max / 2);
      await told.advance(61_000);
    }
    expect((await told.task()).blockedBy).toBeNull();
  });
});
