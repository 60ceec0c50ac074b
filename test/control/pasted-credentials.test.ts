/** Somebody writes a credential where everybody reads it. */
import { describe, expect, test } from "vitest";
import { fakeToken } from "../verify/memory-tree.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { says } from "./payloads.ts";
import { world, type World } from "./world.ts";

async function waiting(options: Parameters<typeof world>[0] = {}): Promise<World> {
  const told = await world(options);
  told.github.openIssue(7, { author: "reader" });
  await told.label();
  const runner = await told.openRun();
  await runner.question("Which key?", { options: [] });
  await runner.needs("STRIPE_KEY");
  await runner.needs("docs/brand.md", { type: "file" });
  await runner.end({ kind: "waiting-question" });
  await told.settle();
  return told;
}

const pasted = { kind: "secret-pasted", what: "a credential of github", hidden: true, names: ["STRIPE_KEY"] };

describe("a comment with a credential in it", () => {
  test.each([
    ["a command's", `/answer ${fakeToken}`],
    ["a plain one", `Here it is: ${fakeToken}`],
    ["an answer that quotes", `> **Question 1** (choice)\n\n${fakeToken}`],
    ["one of several answers", `/answer 1: yes\n\nAnd the token is ${fakeToken}`],
  ])("%s: is hidden, its writer is told once, and it counts for nothing", async (_what, body) => {
    const told = await waiting();
    const before = (await told.events()).length;
    const id = await says(told, body);
    expect(told.github.hidden).toEqual([`IC_${id}`]);
    expect(told.github.notices()).toEqual([pasted]);
    expect(await told.events()).toHaveLength(before);
    expect(JSON.stringify(await told.events())).not.toContain(fakeToken);
    expect(JSON.stringify(told.logged)).not.toContain(fakeToken);
  });

  test("edited into it counts as well, and what it answered before stays", async () => {
    const told = await waiting();
    const id = await says(told, "/answer 1: ask the owner");
    await says(told, `/answer 1: ${fakeToken}`, { id, action: "edited" });
    expect(told.github.hidden).toEqual([`IC_${id}`]);
    expect(await told.task()).toMatchObject({ questions: [{ answer: { text: "ask the owner" } }] });
  });

  test("on the pull request is found, too", async () => {
    const told = await world();
    await told.label();
    await told.runPhase();
    await says(told, `Try ${fakeToken}`, { number: 31, onPullRequest: true });
    expect(told.github.comments.at(-1)).toMatchObject({
      issueNumber: 31,
      notice: { kind: "secret-pasted", names: [] },
    });
  });

  test("that GitHub does not let us hide is said to be in the open", async () => {
    const told = await waiting();
    told.github.refusesToHide = true;
    await says(told, `/answer ${fakeToken}`);
    expect(told.github.notices()).toEqual([{ ...pasted, hidden: false }]);
  });

  test("of a stranger is hidden each time, and they are told once", async () => {
    const told = await waiting();
    await says(told, fakeToken, { sender: "stranger" });
    await says(told, fakeToken, { sender: "stranger" });
    expect(told.github.hidden).toHaveLength(2);
    expect(told.github.notices()).toEqual([pasted]);
  });

  test("on an issue without a task, or of a bot, is none of our business", async () => {
    const told = await waiting();
    told.github.openIssue(9);
    await says(told, fakeToken, { number: 9 });
    await says(told, fakeToken, { sender: "helper[bot]" });
    expect(told.github.hidden).toEqual([]);
    expect(told.github.notices()).toEqual([]);
  });

  test("is answered once although the app dies over it", async () => {
    const told = await waiting({ dataDir: await temporaryFolder() });
    told.dieAfter("hideComment");
    await says(told, `/answer ${fakeToken}`);
    expect(told.github.hidden).toHaveLength(1);
    expect(told.github.notices()).toEqual([pasted]);
    expect((await told.task()).questions).toMatchObject([{ answer: null }]);
  });
});
